"""XLSX files of any size, written as the rows come: populations, samples, and lists that people fill in.

Nothing in them is a formula or a link.

XlsxWriter comes with the extra ``report`` and is imported when the first file is written. A sheet takes 1,048,576
rows; what is beyond stands on further sheets with the same headings.

Source: Microsoft, "Excel specifications and limits": rows and columns of a sheet, characters of a cell and of the
name of a sheet.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Self

from soc2_pac.errors import NotInstalled, UsageError
from soc2_pac.output import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

ROWS = 1_048_576
"""Of a sheet, the headings included."""
_COLUMNS = 16_384
_LONGEST = 32_767
_NAME = 31
_WIDEST = 60
"""Of a column, in characters."""
_NO_NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
_CUT = " ... (cut; whole in the JSON export)"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""When every workbook says that it was made: the same rows give the same bytes."""


class FillIn(NamedTuple):
    """Columns of a sheet that somebody fills in. Every cell of the sheet is a text then, as it was exported."""

    columns: tuple[str, ...]
    """Marked by their colour."""
    choice: str
    """The one of them with a list of words to choose from."""
    words: tuple[str, ...]


class Book:
    """A workbook that is written once, front to back. Use it as a context manager.

    Args:
        target: where its bytes go.
        rows: of a sheet; another number than :data:`ROWS` is for tests.

    Raises:
        NotInstalled: the extra ``report`` is missing.
    """

    def __init__(self, target: IO[bytes], rows: int = ROWS) -> None:
        try:
            import xlsxwriter  # noqa: PLC0415 - with the extra alone
        except ImportError as error:
            msg = "XLSX needs XlsxWriter. Next: pip install 'soc2-pac[report]', or --format csv"
            raise NotInstalled(msg) from error
        self._aside = tempfile.TemporaryDirectory(prefix="soc2-pac-")
        options = {
            "constant_memory": True,
            "tmpdir": self._aside.name,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        self._book = xlsxwriter.Workbook(target, options)
        self._book.set_properties({"created": _LONG_AGO, "author": "soc2-pac"})
        self.head = self._book.add_format({"bold": True, "bg_color": "#DDDDDD"})
        """The format of headings."""
        self.text = self._book.add_format({"num_format": "@"})
        """The format of cells that stay texts when somebody types into them."""
        self.blank = self._book.add_format(
            {"bg_color": "#FFF6CC", "text_wrap": True, "num_format": "@"}
        )
        """The format of cells that somebody fills in."""
        self._rows = rows
        self._names: set[str] = set()
        self._sheets: list[Sheet] = []

    def __enter__(self) -> Self:
        """The book itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write it to its end; of a failure nothing is kept."""
        try:
            if error is None:
                for sheet in self._sheets:
                    sheet.end()
                self._book.close()
            else:
                for page in self._book.worksheets():
                    page.row_data_fh.close()  # the rows so far, aside
        finally:
            self._aside.cleanup()

    def sheet(self, name: str, columns: Sequence[str], fill_in: FillIn | None = None) -> Sheet:
        """A new sheet; :meth:`Sheet.add` gives it rows.

        ``fill_in``: what somebody fills in.

        Raises:
            UsageError: there are more columns than a sheet takes.
        """
        if len(columns) > _COLUMNS:
            msg = f"{len(columns)} columns are more than a sheet takes. Next: --format csv or json"
            raise UsageError(msg)
        made = Sheet(self, name, columns, fill_in)
        self._sheets.append(made)
        return made

    def page(self, name: str, columns: Sequence[str]) -> Any:  # noqa: ANN401 - XlsxWriter has no types
        """A worksheet with its headings, under a name that no other has."""
        base = " ".join(name.translate(_NO_NAME).split()) or "Sheet"
        chosen, number = base[:_NAME].strip(), 1
        while chosen.lower() in self._names:
            number += 1
            end = f" ({number})"
            chosen = f"{base[: _NAME - len(end)].strip()}{end}"
        self._names.add(chosen.lower())
        page = self._book.add_worksheet(chosen)
        for place, column in enumerate(columns):
            page.write_string(0, place, _cell(column), self.head)
        return page

    @property
    def capacity(self) -> int:
        """Rows of a sheet, the headings included."""
        return self._rows


class Sheet:
    """Rows under headings, on as many worksheets as they need."""

    def __init__(
        self, book: Book, name: str, columns: Sequence[str], fill_in: FillIn | None = None
    ) -> None:
        self._book = book
        self._name = name
        self._columns = tuple(columns)
        self._fill_in = fill_in
        self.count = 0
        """Rows so far."""
        self._begin()

    def _begin(self) -> None:
        self._page = self._book.page(self._name, self._columns)
        self._widths = [len(column) for column in self._columns]
        self._next = 1

    def add(self, row: Mapping[str, object]) -> None:
        """Write a row. Rows of several sheets may take turns."""
        if self._next >= self._book.capacity:
            self.end()
            self._begin()
        for place, column in enumerate(self._columns):
            value = row.get(column)
            if self._fill_in is not None:
                blank = column in self._fill_in.columns
                text = self._text(place, value)
                style = self._book.blank if blank else self._book.text
                self._page.write_string(self._next, place, text, style)
            elif value is None or value == "":
                continue
            elif isinstance(value, bool):
                self._page.write_boolean(self._next, place, value)
            elif isinstance(value, float) or (isinstance(value, int) and abs(value) < _EXACT):
                self._page.write_number(self._next, place, value)
            else:
                self._page.write_string(self._next, place, self._text(place, value))
        self._next += 1
        self.count += 1

    def _text(self, place: int, value: object) -> str:
        text = _cell(value)
        self._widths[place] = max(self._widths[place], min(len(text), _WIDEST))
        return text

    def end(self) -> None:
        """Lay out the worksheet that the last rows are on: they are all there."""
        page, last = self._page, self._next - 1
        for place, width in enumerate(self._widths):
            page.set_column(place, place, width + 2)
        if self._fill_in is None:
            page.freeze_panes(1, 0)
            return
        page.freeze_panes(1, 2)
        page.autofilter(0, 0, last, len(self._columns) - 1)
        if last:
            place = self._columns.index(self._fill_in.choice)
            words = {"validate": "list", "source": list(self._fill_in.words)}
            page.data_validation(1, place, last, place, words)

    def all(self, rows: Iterable[Mapping[str, object]]) -> int:
        """Write rows; returns how many."""
        for row in rows:
            self.add(row)
        return self.count


_EXACT = 10**15
"""From here on a spreadsheet rounds numbers: they are written as texts."""


def _cell(value: object) -> str:
    text = plain(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - len(_CUT)] + _CUT
