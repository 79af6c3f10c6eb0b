"""XLSX files: a cover sheet of facts, and a sheet of rows. Every cell is a text: none can be a formula.

XlsxWriter comes with the extra ``report`` and is imported when the first file is written.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.errors import NotInstalled
from soc2_pac.output import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_WIDEST = 60
_LONGEST = 32_767
"""Characters of a cell, the most that Excel takes."""
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""When every workbook says that it was made: the same rows give the same bytes."""


class Choice(NamedTuple):
    """A column in which one of some words is chosen."""

    column: str
    words: tuple[str, ...]


def workbook(
    cover: Iterable[tuple[str, str]],
    sheet: str,
    rows: Iterable[Mapping[str, object]],
    columns: Sequence[str],
    *,
    to_fill_in: Sequence[str] = (),
    choice: Choice | None = None,
) -> bytes:
    """The bytes of a workbook.

    Args:
        cover: what stands on the first sheet, name and value.
        sheet: what the sheet of rows is called.
        rows: each with ``columns``.
        columns: in order; their names are the headings.
        to_fill_in: those that are marked for whoever fills them in.
        choice: one of these with a list to choose from.

    Raises:
        NotInstalled: the extra ``report`` is missing.
    """
    try:
        import xlsxwriter  # noqa: PLC0415 - with the extra alone
    except ImportError as error:
        msg = "XLSX needs XlsxWriter. Next: pip install 'soc2-pac[report]', or --format csv"
        raise NotInstalled(msg) from error
    target = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties({"created": _LONG_AGO, "author": "soc2-pac"})
        head = book.add_format({"bold": True, "bg_color": "#DDDDDD", "text_wrap": True})
        blank = book.add_format({"bg_color": "#FFF6CC", "text_wrap": True, "num_format": "@"})
        text = book.add_format({"num_format": "@"})
        first = book.add_worksheet("Review")
        first.set_column(0, 0, 24)
        first.set_column(1, 1, 100)
        for number, (name, value) in enumerate(cover):
            first.write_string(number, 0, _cell(name), head)
            first.write_string(number, 1, _cell(value), text)
        second = book.add_worksheet(sheet)
        widths = [len(column) for column in columns]
        for place, column in enumerate(columns):
            second.write_string(0, place, column, head)
        last = 0
        for last, row in enumerate(rows, 1):
            for place, column in enumerate(columns):
                value = _cell(row.get(column))
                widths[place] = max(widths[place], min(len(value), _WIDEST))
                second.write_string(last, place, value, blank if column in to_fill_in else text)
        for place, width in enumerate(widths):
            second.set_column(place, place, width + 2)
        second.freeze_panes(1, 2)
        second.autofilter(0, 0, last, len(columns) - 1)
        if choice is not None and last:
            place = list(columns).index(choice.column)
            second.data_validation(
                1, place, last, place, {"validate": "list", "source": list(choice.words)}
            )
    return target.getvalue()


def _cell(value: object) -> str:
    return plain(value)[:_LONGEST]
