"""A report as a file: one format a module, all of the same values.

No writer asks the store for anything or works out a number: see :mod:`soc2_pac.report`.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import IO, TYPE_CHECKING

from soc2_pac.errors import UsageError
from soc2_pac.output import plain
from soc2_pac.report import Shape, Table, duration
from soc2_pac.text import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from soc2_pac.report import Cell, Column, Report

FORMATS = ("html", "pdf", "xlsx", "csv", "json", "md", "oscal")
_INSTANT = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_MAIN = {"type1": "not-passing", "type2": "deviations", "readiness": "next-steps"}
_NAMING = ("rule", "resource", "scope")
_ENDS = {"oscal": "oscal.json"}


def write(report: Report, form: str, target: IO[bytes], *, table: str | None = None) -> None:
    """Write a report.

    Args:
        report: what to write.
        form: one of :data:`FORMATS`.
        target: where its bytes go.
        table: of CSV and Markdown: this table; left out, CSV holds the one that matters most
            (:func:`main_table`), and Markdown the report with that table.

    Raises:
        UsageError: there is no such table, or the format has no choice of one.
        NotInstalled: the format needs the extra ``report``.
    """
    if table is not None:
        if form not in ("csv", "md"):
            msg = f"--table is for csv and md; {form} holds every table. Next: leave it out"
            raise UsageError(msg)
        names = [one.name for one in report.tables]
        if table not in names:
            msg = (
                f"the report has no table '{table}'.{nearest(table, names)} It has {listed(names)}"
            )
            raise UsageError(msg)
    _writer(form)(report, target, table)


def write_all(report: Report, folder: Path) -> list[Path]:
    """Write every format into a folder, and each table as CSV; returns the files, in order.

    Raises:
        NotInstalled: the extra ``report`` is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for form in FORMATS:
        if form == "csv":
            continue
        files.append(folder / f"{report.kind}.{_ENDS.get(form, form)}")
        with files[-1].open("wb") as target:
            write(report, form, target)
    for table in report.tables:
        files.append(folder / "tables" / f"{table.name}.csv")
        files[-1].parent.mkdir(exist_ok=True)
        with files[-1].open("wb") as target:
            write(report, "csv", target, table=table.name)
    return files


def main_table(report: Report) -> str:
    """The name of the table that a reader wants first."""
    return _MAIN[report.kind]


def display(cell: Cell, shape: Shape) -> str:
    """A cell as people read it, the same in every format for readers; on one line."""
    if cell is None:
        return ""
    if shape is Shape.DURATION and isinstance(cell, int):
        return duration(cell)
    if shape is Shape.NUMBER and isinstance(cell, int):
        return f"{cell:,}"
    if shape is Shape.INSTANT:
        return instant(str(cell))
    if shape is Shape.STATUS:
        return str(cell).replace("_", " ")
    return plain(cell)


def instant(text: str) -> str:
    """``2026-11-23 15:55:06 UTC`` of an instant in UTC; what is no instant stays as it is."""
    day, found, time = text.partition("T")
    return f"{day} {time[:8]} UTC" if found and time.endswith("Z") else plain(text)


def sentence(text: str) -> str:
    """A text of the report with its instants as people read them; on one line."""
    return _INSTANT.sub(lambda found: instant(found[0]), plain(text))


def graded(column: Column) -> bool:
    """Whether its values grade a row: a status, or a severity."""
    return column.shape is Shape.STATUS or column.name == "severity"


def naming(table: Table, most: int) -> list[int]:
    """Places of the columns that tell a reader which row it is: the first, what is graded, and the first texts."""
    columns = table.columns
    first = [0, *(place for place, column in enumerate(columns) if graded(column))]
    told = [place for name in _NAMING for place, one in enumerate(columns) if one.name == name]
    texts = [place for place, column in enumerate(columns) if column.shape is Shape.TEXT]
    # Where rule and resource are known, nothing else is needed to know the row.
    wanted = told if len(told) > 1 else [*told, *texts]
    return list(dict.fromkeys([*first, *wanted]))[:most]


def rows_said(table: Table, shown: int) -> str:
    """What stands under every table, so that no cut is silent."""
    whole = len(table.rows)
    return f"{shown:,} of {whole:,} {'row' if whole == 1 else 'rows'}"


def _writer(form: str) -> Callable[[Report, IO[bytes], str | None], None]:
    """Imported when it is used: some bring large packages."""
    if form not in FORMATS:
        msg = f"there is no format '{form}'.{nearest(form, FORMATS)} Next: one of {listed(FORMATS)}"
        raise UsageError(msg)
    found: Callable[[Report, IO[bytes], str | None], None] = import_module(
        f"{__name__}.{form}_file"
    ).write
    return found
