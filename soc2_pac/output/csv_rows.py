"""CSV that a spreadsheet opens safely: a cell that it would take for a formula gets an apostrophe."""

from __future__ import annotations

import csv
import re
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


_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""What a spreadsheet may take for the beginning of a formula: the signs, also in full width, and behind spaces.

Source: OWASP, "CSV Injection".
"""


def _cell(value: object) -> str:
    text = plain(value)
    return f"'{text}" if not isinstance(value, int | float) and _FORMULA.match(text) else text
