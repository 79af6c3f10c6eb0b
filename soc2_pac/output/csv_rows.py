"""CSV that a spreadsheet opens safely: a cell that it would take for a formula gets an apostrophe."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, TextIO

from soc2_pac.output import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def write(rows: Iterable[Mapping[str, object]], columns: Sequence[str], stream: TextIO) -> int:
    """Stream the rows; returns how many."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
        count += 1
    return count


def _cell(value: object) -> str:
    text = plain(value)
    return (
        f"'{text}"
        if text.startswith(("=", "+", "-", "@")) and not isinstance(value, int | float)
        else text
    )
