"""A table: rich on a terminal, aligned plain text in a pipe."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, TextIO

from soc2_pac.output import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rich.console import Console

_STYLES = {
    "pass": "green",
    "complete": "green",
    "fail": "red",
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "inconclusive": "yellow",
    "partial": "yellow",
    "denied": "yellow",
    "failed": "red",
    "error": "magenta",
    "stale": "yellow",
}
_WHOLE = frozenset({
    "fingerprint", "kind", "plugin", "requests", "rule", "severity", "state", "status", "valid from",
    "valid to", "waiver",
})  # fmt: skip
"""Columns that are copied or compared: never broken over lines."""
_READABLE = 14
"""The least width of a column of prose."""
_GAP = 2


def write(rows: Iterable[Mapping[str, object]], columns: Sequence[str], stream: TextIO) -> int:
    """Write the rows; returns how many. Holds them, to know the widths."""
    cells = [[plain(row.get(column)) for column in columns] for row in rows]
    headings = [column.replace("_", " ") for column in columns]
    if not cells:
        return 0
    if stream.isatty():
        _on_terminal(cells, headings, stream)
        return len(cells)
    widths = _widths(cells, headings)
    for line in [headings, *cells]:
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        stream.write((" " * _GAP).join(padded).rstrip() + "\n")
    return len(cells)


def _widths(cells: list[list[str]], headings: list[str]) -> list[int]:
    return [max(map(len, column)) for column in zip(headings, *cells, strict=True)]


def _on_terminal(cells: list[list[str]], headings: list[str], stream: TextIO) -> None:
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it

    console = Console(file=stream, highlight=False)
    least = [
        width if heading in _WHOLE else min(width, _READABLE)
        for heading, width in zip(headings, _widths(cells, headings), strict=True)
    ]
    if sum(least) + _GAP * (len(least) - 1) <= console.width:
        _columns(cells, headings, console)
    else:
        _blocks(cells, headings, console)


def _columns(cells: list[list[str]], headings: list[str], console: Console) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=heading in _WHOLE)
    for line in cells:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in line))
    console.print(table)


def _blocks(cells: list[list[str]], headings: list[str], console: Console) -> None:
    """Rows that do not fit side by side: one below the other, what a person scans for at the head."""
    from rich.text import Text  # noqa: PLC0415

    head = next((n for n, name in enumerate(headings) if name not in _WHOLE), len(headings))
    indent = 4 + max(map(len, headings[head:]), default=0) + _GAP
    for line in cells:
        title = Text(" " * _GAP).join(
            Text(cell, style=_STYLES.get(cell, "bold")) for cell in line[:head] if cell
        )
        console.print(title, soft_wrap=True)
        for heading, cell in zip(headings[head:], line[head:], strict=True):
            if cell:
                text = textwrap.fill(
                    cell, console.width, initial_indent=f"    {heading}".ljust(indent),
                    subsequent_indent=" " * indent, break_on_hyphens=False,
                )  # fmt: skip
                console.print(Text(text), soft_wrap=True)
