"""A table: rich on a terminal, aligned plain text in a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from soc2_pac.output import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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


def write(rows: Iterable[Mapping[str, object]], columns: Sequence[str], stream: TextIO) -> int:
    """Write the rows; returns how many. Holds them, to know the widths."""
    cells = [[plain(row.get(column)) for column in columns] for row in rows]
    headings = [column.replace("_", " ") for column in columns]
    if stream.isatty():
        _rich(cells, headings, stream)
    elif cells:
        widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
        stream.writelines(
            "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() + "\n"
            for line in [headings, *cells]
        )
    return len(cells)


def _rich(cells: list[list[str]], headings: list[str], stream: TextIO) -> None:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - only a terminal needs it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    if not cells:
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for line in cells:
        table.add_row(*(Text(cell, style=_STYLES.get(cell, "")) for cell in line))
    Console(file=stream).print(table)
