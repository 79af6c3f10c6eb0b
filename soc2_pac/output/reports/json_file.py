"""A whole report as JSON, by the schema in ``report.schema.json`` beside this module."""

from __future__ import annotations

from importlib.resources import files
from typing import IO, TYPE_CHECKING

from soc2_pac.canonical import canonical
from soc2_pac.report import plain_values

if TYPE_CHECKING:
    from soc2_pac.report import Report

FORMAT = "soc2-pac report 1"
"""What the field ``format`` says; a change that breaks a reader counts it up."""


def schema() -> bytes:
    """The JSON Schema (2020-12) of what :func:`write` writes."""
    return files(__package__).joinpath("report.schema.json").read_bytes()


def write(report: Report, target: IO[bytes], _table: str | None) -> None:
    """Write canonical JSON (sorted keys, no spaces), rows of tables as objects; streamed tables as they come."""
    whole = plain_values(report)
    del whole["tables"]
    head = canonical({**whole, "format": FORMAT})
    # Keys are sorted: "tables" stands before "title". Within a text the marks would be escaped.
    before, mark, after = head.rpartition(b',"title":')
    target.write(before + b',"tables":[')
    for number, table in enumerate(report.tables):
        columns = [
            {"name": column.name, "shape": str(column.shape), "title": column.title}
            for column in table.columns
        ]
        opening = canonical(
            {"about": table.about, "columns": columns, "count": len(table.rows), "name": table.name}
        )
        target.write((b"," if number else b"") + opening[:-1] + b',"rows":[')
        for place, row in enumerate(table.cells()):
            target.write((b",\n" if place else b"\n") + canonical(row))
        target.write(b'],"title":' + canonical(table.title) + b"}")
    target.write(b"]" + mark + after + b"\n")
