"""Rows for people and programs: one format a file, all written as they come."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FORMATS = ("table", "json", "csv")


def write(
    rows: Iterable[Mapping[str, object]],
    columns: Sequence[str],
    form: str,
    stream: TextIO | None = None,
) -> int:
    """Write rows; returns how many there were.

    Args:
        rows: each with at least ``columns``. JSON shows everything a row has, table and CSV the columns.
        columns: in order; their names are the headings.
        form: one of :data:`FORMATS`.
        stream: standard output when left out.
    """
    target = stream or sys.stdout
    if form == "json":
        from soc2_pac.output import json_rows  # noqa: PLC0415

        return json_rows.write(rows, target)
    if form == "csv":
        from soc2_pac.output import csv_rows  # noqa: PLC0415

        return csv_rows.write(rows, columns, target)
    from soc2_pac.output import table  # noqa: PLC0415

    return table.write(rows, columns, target)


def json_text(value: object) -> str:
    """Indented JSON in the letters of its texts, of which none can steer a terminal: these are escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


def plain(value: object) -> str:
    """A value as one line of text that cannot steer a terminal: control characters are shown as escapes."""
    if value is None:
        return ""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
