"""A report as Markdown: for a ticket, a pull request or a wiki."""

from __future__ import annotations

import re
from typing import IO, TYPE_CHECKING

from soc2_pac.output import plain
from soc2_pac.output.reports import display, main_table, rows_said, sentence
from soc2_pac.report import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.report import Report, Table

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~$!&@])")
_DIGEST = 16


def write(report: Report, target: IO[bytes], table: str | None) -> None:
    """Write the report with its main table, or one table alone."""
    lines = _table(report.table(table)) if table else _whole(report)
    for line in lines:
        target.write(line.encode("utf-8", "backslashreplace") + b"\n")


def escaped(text: str) -> str:
    """Text that Markdown, and HTML within it, takes for nothing but text; on one line."""
    return _MARKUP.sub(r"\\\1", plain(text)).replace("\\&", "&amp;").replace("\\<", "&lt;")


def _said(text: str) -> str:
    return escaped(sentence(text))


def _whole(report: Report) -> Iterator[str]:
    yield f"# {_said(report.title)}"
    yield ""
    yield f"**{_said(report.subtitle)}**"
    yield ""
    for warning in report.warnings:
        yield f"> **{_said(warning)}**"
        yield ""
    for line in report.statement:
        yield f"- {_said(line)}"
    yield ""
    yield "| | |"
    yield "|---|---|"
    for fact in report.cover:
        yield f"| {escaped(fact.label)} | {_said(fact.value)} |"
    yield f"| Digest of this report | `{report.digest}` |"
    yield ""
    if report.parts:
        yield "## Controls and criteria"
        yield ""
        for part in report.parts:
            owner = f" ({escaped(part.owner)})" if part.owner else ""
            yield f"### {escaped(part.id)}: {escaped(part.title)}{owner}"
            yield ""
            for line in (*part.statement, *(f"Missing: {one}" for one in part.missing)):
                yield f"- {_said(line)}"
            yield ""
    yield from _table(report.table(main_table(report)))
    yield ""
    others = [one for one in report.tables if one.name != main_table(report)]
    yield "## Further tables"
    yield ""
    for one in others:
        yield f"- `--table {one.name}`: {escaped(one.title)} ({len(one.rows):,})"
    yield ""
    yield "## Method"
    yield ""
    for paragraph in report.method:
        yield _said(paragraph)
        yield ""


def _table(table: Table) -> Iterator[str]:
    yield f"## {escaped(table.title)}"
    yield ""
    yield escaped(table.about)
    yield ""
    if table.rows:
        yield "| " + " | ".join(escaped(column.title) for column in table.columns) + " |"
        yield (
            "|"
            + "|".join(
                "---:" if column.shape in (Shape.NUMBER, Shape.DURATION) else "---"
                for column in table.columns
            )
            + "|"
        )
        for row in table.rows:
            cells = zip(row, table.columns, strict=True)
            yield (
                "| "
                + " | ".join(escaped(display(cell, column.shape)) for cell, column in cells)
                + " |"
            )
        yield ""
    yield rows_said(table, len(table.rows))
