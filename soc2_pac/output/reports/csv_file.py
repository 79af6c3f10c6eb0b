"""One table of a report as CSV: values as they are, for programs and spreadsheets."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

from soc2_pac.output import csv_rows
from soc2_pac.output.reports import main_table

if TYPE_CHECKING:
    from soc2_pac.report import Report


def write(report: Report, target: IO[bytes], table: str | None) -> None:
    """Write a table, the main one where none is named; see :mod:`soc2_pac.output.csv_rows` for what is guarded."""
    found = report.table(table or main_table(report))
    stream = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=True)
    csv_rows.write(found.cells(), [column.name for column in found.columns], stream)
    stream.flush()
    stream.detach()
