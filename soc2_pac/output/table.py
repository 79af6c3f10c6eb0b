"""A table: coloured and cut to the width of a terminal, aligned plain text in a pipe."""

from __future__ import annotations

import os
import shutil
import textwrap
import unicodedata
from typing import TYPE_CHECKING, TextIO

import click

from soc2_pac.output import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_COLOURS = {
    "pass": "green",
    "complete": "green",
    "fail": "red",
    "critical": "red",
    "high": "red",
    "medium": "yellow",
    "inconclusive": "yellow",
    "partial": "yellow",
    "denied": "yellow",
    "failed": "red",
    "error": "magenta",
    "stale": "yellow",
}
_BOLD = frozenset({"critical"})
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
        lines = _on_terminal(cells, headings, shutil.get_terminal_size().columns)
        stream.writelines(line + "\n" for line in lines)
        return len(cells)
    widths = _widths(cells, headings)
    for row in [headings, *cells]:
        padded = (_padded(cell, width) for cell, width in zip(row, widths, strict=True))
        stream.write((" " * _GAP).join(padded).rstrip() + "\n")
    return len(cells)


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes: East Asian characters take two, accents on a letter none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "FW")
        for char in text
    )


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - columns_of(cell))


def _widths(cells: list[list[str]], headings: list[str]) -> list[int]:
    return [max(map(columns_of, column)) for column in zip(headings, *cells, strict=True)]


def _on_terminal(cells: list[list[str]], headings: list[str], width: int) -> Iterable[str]:
    natural = _widths(cells, headings)
    least = [
        most if heading in _WHOLE else min(most, _READABLE)
        for heading, most in zip(headings, natural, strict=True)
    ]
    room = width - _GAP * (len(headings) - 1)
    if sum(least) <= room:
        return _side_by_side(cells, headings, _fitted(natural, least, room))
    return _blocks(cells, headings, width)


def _fitted(natural: list[int], least: list[int], room: int) -> list[int]:
    """Widths that fit: the widest columns give first, and none becomes narrower than its least."""
    widths = list(natural)
    while (over := sum(widths) - room) > 0:
        may = [n for n, width in enumerate(widths) if width > least[n]]
        widest = max(widths[n] for n in may)
        top = [n for n in may if widths[n] == widest]
        below = max(
            [least[n] for n in top] + [widths[n] for n in may if widths[n] < widest], default=0
        )
        step = max(1, min(widest - below, over // len(top)))
        for n in top[:over]:
            widths[n] -= step
    return widths


def _side_by_side(cells: list[list[str]], headings: list[str], widths: list[int]) -> Iterable[str]:
    for number, row in enumerate([headings, *cells]):
        folded = [_folded(cell, width) for cell, width in zip(row, widths, strict=True)]
        for height in range(max(map(len, folded))):
            line = [part[height] if height < len(part) else "" for part in folded]
            styled = [
                _styled(_padded(text, width), whole, heading=number == 0)
                for text, width, whole in zip(line, widths, row, strict=True)
            ]
            yield (" " * _GAP).join(styled).rstrip()


def _folded(cell: str, width: int) -> list[str]:
    """The lines of a cell, broken between words where that is possible."""
    if columns_of(cell) <= width:
        return [cell]
    if cell.isascii():
        return textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
    lines = [""]
    for word in cell.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if columns_of(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for char in word:
            if columns_of(lines[-1] + char) > width:
                lines.append("")
            lines[-1] += char
    return lines


def _styled(text: str, cell: str, *, heading: bool = False) -> str:
    if os.environ.get("NO_COLOR"):
        return text
    if heading:
        return click.style(text, bold=True)
    colour = _COLOURS.get(cell)
    return click.style(text, fg=colour, bold=cell in _BOLD or None) if colour else text


def _blocks(cells: list[list[str]], headings: list[str], width: int) -> Iterable[str]:
    """Rows that do not fit side by side: one below the other, what a person scans for at the head."""
    head = next((n for n, name in enumerate(headings) if name not in _WHOLE), len(headings))
    indent = 4 + max(map(len, headings[head:]), default=0) + _GAP
    for row in cells:
        yield (" " * _GAP).join(
            _styled(cell, cell, heading=cell not in _COLOURS) for cell in row[:head] if cell
        )
        for heading, cell in zip(headings[head:], row[head:], strict=True):
            if cell:
                first, *more = _folded(cell, max(width - indent, _READABLE))
                yield f"    {heading}".ljust(indent) + first
                yield from (" " * indent + line for line in more)
