"""A report as a workbook: a cover, the controls, and a sheet for each table. No cell is a formula or a link."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from soc2_pac.output.book import Book
from soc2_pac.output.reports import display, rows_said
from soc2_pac.report import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.report import Cell, Column, Report

_DAY = 86_400_000


def write(report: Report, target: IO[bytes], _table: str | None) -> None:
    """Write the workbook, front to back.

    Raises:
        NotInstalled: the extra ``report`` is missing.
    """
    with Book(target) as book:
        book.sheet("Cover", ("Item", "Value")).all(_cover(report))
        book.sheet("Controls", _PART).all(_parts(report))
        for table in report.tables:
            headings = [heading(column) for column in table.columns]
            sheet = book.sheet(table.title, headings)
            for row in table.rows:
                cells = zip(headings, row, table.columns, strict=True)
                sheet.add({name: value(cell, column) for name, cell, column in cells})


_PART = ("Id", "Kind", "Title", "Owner", "Criteria", "State", "Statement", "Missing", "Rules")


def heading(column: Column) -> str:
    """A duration is a number of days here, and says so."""
    return f"{column.title} (days)" if column.shape is Shape.DURATION else column.title


def value(cell: Cell, column: Column) -> Cell | float:
    """A cell as a spreadsheet can count with it."""
    if column.shape is Shape.DURATION and isinstance(cell, int):
        return round(cell / _DAY, 6)
    if isinstance(cell, int) and column.shape is Shape.NUMBER:
        return cell
    return display(cell, column.shape) if cell is not None else None


def _cover(report: Report) -> Iterator[dict[str, object]]:
    yield {"Item": report.title, "Value": report.subtitle}
    for warning in report.warnings:
        yield {"Item": "Note", "Value": warning}
    for line in report.statement:
        yield {"Item": "Statement", "Value": line}
    for fact in report.cover:
        yield {"Item": fact.label, "Value": fact.value}
    yield {"Item": "Digest of this report", "Value": report.digest}
    for paragraph in report.method:
        yield {"Item": "Method", "Value": paragraph}
    for table in report.tables:
        yield {
            "Item": f"Sheet: {table.title}",
            "Value": f"{rows_said(table, len(table.rows))}. {table.about}",
        }


def _parts(report: Report) -> Iterator[dict[str, object]]:
    for part in report.parts:
        yield {
            "Id": part.id,
            "Kind": part.kind,
            "Title": part.title,
            "Owner": part.owner,
            "Criteria": ", ".join(part.criteria),
            "State": part.state,
            "Statement": " ".join(part.statement),
            "Missing": " ".join(part.missing),
            "Rules": ", ".join(part.rules),
        }
