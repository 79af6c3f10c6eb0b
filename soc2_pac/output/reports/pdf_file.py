"""A report as a PDF that an auditor files: numbered pages, an outline, every row of every table but the streamed ones.

fpdf2 and the font come with the extra ``report``. Lines are broken here and put where they
belong: fpdf2's own tables cost ten times as much.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import IO, TYPE_CHECKING, Any

from soc2_pac.errors import NotInstalled
from soc2_pac.output import plain
from soc2_pac.output.reports import display, naming, rows_said, sentence
from soc2_pac.report import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from soc2_pac.report import Column, Lane, Part, Report, Table

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
"""When every file says that it was made: the same report gives the same bytes."""
_WIDTH, _HEIGHT = 210.0, 297.0
"""A4, millimetres."""
_MARGIN = 16.0
_INNER = _WIDTH - 2 * _MARGIN
_BOTTOM = _HEIGHT - 18.0
_GRID = 7
"""Tables of up to this many columns are grids, and those that fit; rows of others are blocks of labelled values."""
_HEAD = 6
"""So many columns name a block."""
_ENOUGH = 34.0
"""A column of this width can be read, on several lines."""
_USUAL = 200
"""Rows by which the widths of columns are chosen."""
_PAD = 1.2
_COMMON = 24
"""Words up to here come again."""
_STATES = {
    "holds": (46, 125, 50),
    "fails": (183, 28, 28),
    "unknown": (245, 166, 35),
    "outside": (225, 228, 232),
}
_INK, _PALE, _LINE, _SHADE = (26, 32, 44), (99, 110, 123), (214, 219, 225), (240, 243, 246)
_NARROW = (Shape.NUMBER, Shape.DURATION, Shape.STATUS)


def write(report: Report, target: IO[bytes], _table: str | None) -> None:
    """Write the PDF.

    Raises:
        NotInstalled: the extra ``report`` is missing.
    """
    paper = _Paper(report)
    _cover(paper, report)
    _statement(paper, report)
    _parts(paper, report)
    for number, table in enumerate(report.tables, 1):
        _section(paper, table, number)
    target.write(paper.bytes())


def _cover(paper: _Paper, report: Report) -> None:
    paper.new_page()
    paper.space(24)
    paper.text(report.title, size=24, bold=True)
    paper.space(2)
    paper.text(sentence(report.subtitle), size=13, colour=_PALE)
    paper.space(8)
    for warning in report.warnings:
        paper.boxed(sentence(warning))
    paper.space(4)
    facts = [(fact.label, sentence(fact.value)) for fact in report.cover]
    for label, value in (*facts, ("Digest of this report", report.digest)):
        paper.row(
            [(label, 52.0, {"colour": _PALE}), (value, _INNER - 52.0, {})], rule=True, size=9.0
        )


def _statement(paper: _Paper, report: Report) -> None:
    paper.new_page()
    paper.heading("Statement", 1)
    for line in report.statement:
        paper.text(sentence(line), size=10)
        paper.space(1.2)
    paper.heading("Method", 1)
    for paragraph in report.method:
        paper.text(sentence(paragraph), size=9)
        paper.space(2)
    paper.heading("Tables", 1)
    for number, table in enumerate(report.tables, 1):
        shown = 0 if table.streamed else len(table.rows)
        paper.row(
            [
                (str(number), 10.0, {"colour": _PALE}),
                (table.title, 100.0, {}),
                (rows_said(table, shown), _INNER - 110.0, {"colour": _PALE}),
            ],
            size=9.0,
        )


def _parts(paper: _Paper, report: Report) -> None:
    if not report.parts:
        return
    lanes = {(lane.kind, lane.subject): lane for lane in report.lanes}
    paper.new_page()
    paper.heading("Controls and criteria", 1)
    for part in report.parts:
        _part(paper, part, lanes)


def _part(paper: _Paper, part: Part, lanes: dict[tuple[str, str], Lane]) -> None:
    paper.keep(26)
    paper.heading(f"{part.id}  {part.title}", 2)
    said = [part.kind, part.state, f"owner {part.owner}" if part.owner else ""]
    if part.kind == "control" and part.criteria:
        said.append(", ".join(part.criteria))
    paper.text("  ·  ".join(one for one in said if one), size=8, colour=_PALE)
    lane = lanes.get((part.kind, part.id))
    if lane is not None:
        paper.lane(lane)
    for line in part.statement:
        paper.text(sentence(line), size=9)
    for line in part.missing:
        paper.text(f"Missing: {sentence(line)}", size=9, colour=_STATES["fails"])
    if part.rules:
        paper.text(f"Rules: {', '.join(part.rules)}", size=7, colour=_PALE)
    for label in ("Auditor's test", "Auditor's conclusion"):
        paper.row([(label, 34.0, {"colour": _PALE}), ("", _INNER - 34.0, {})], size=8.0, rule=True)
    paper.space(3)


def _section(paper: _Paper, table: Table, number: int) -> None:
    paper.space(4)
    paper.keep(30)
    paper.heading(f"{number}. {table.title}", 1)
    paper.text(table.about, size=8.5, colour=_PALE)
    paper.space(1.5)
    if not table.rows:
        return
    if table.streamed:
        paper.text(
            f"{rows_said(table, 0)}: they are in the JSON, XLSX and CSV of this report.", size=8.5
        )
        return
    wanted = _wanted(paper, table)
    if len(wanted) <= _GRID or sum(min(width, _ENOUGH) for width in wanted) <= _INNER:
        _grid(paper, table, _widths(wanted))
    else:
        _blocks(paper, table)
    paper.text(rows_said(table, len(table.rows)), size=8, colour=_PALE)


def _grid(paper: _Paper, table: Table, widths: list[float]) -> None:

    def head() -> None:
        cells = zip((column.title for column in table.columns), widths, strict=True)
        paper.row([(text, width, {"bold": True}) for text, width in cells], size=7.5, fill=True)

    head()
    paper.on_break = head
    for row in table.rows:
        texts = _texts(row, table.columns)
        paper.row(
            [(text, width, {}) for text, width in zip(texts, widths, strict=True)],
            size=7.5,
            rule=True,
        )
    paper.on_break = None


def _blocks(paper: _Paper, table: Table) -> None:
    """Rows with many columns: a line that names the row, and below it what each column says."""
    named = naming(table, _HEAD)
    rest = [place for place in range(len(table.columns)) if place not in named]
    for row in table.rows:
        texts = _texts(row, table.columns)
        pairs = [
            (table.columns[place].title, texts[place])
            for place in rest
            if texts[place] or table.columns[place].shape is Shape.AUDITOR
        ]
        paper.block("  ·  ".join(texts[place] for place in named if texts[place]), pairs)


def _texts(row: Sequence[Any], columns: Sequence[Column]) -> list[str]:
    return [display(cell, column.shape) for cell, column in zip(row, columns, strict=True)]


def _wanted(paper: _Paper, table: Table) -> list[float]:
    """The width that each column wants, by its heading and its first rows."""
    wanted = []
    first = list(islice(table.rows, _USUAL))
    for place, column in enumerate(table.columns):
        texts = [column.title, *(display(row[place], column.shape) for row in first)]
        longest = max(paper.width(text, 7.5, bold=True) for text in texts) + 2 * _PAD + 0.5
        least = 14.0 if column.shape in _NARROW else 18.0
        wanted.append(max(least, min(longest, _INNER)))
    return wanted


def _widths(wanted: list[float]) -> list[float]:
    """Narrow columns get what they want; the others share what is left."""
    room = _INNER
    widths = [0.0] * len(wanted)
    pending = sorted(range(len(wanted)), key=lambda place: (wanted[place], place))
    while pending:
        place = pending.pop(0)
        widths[place] = min(wanted[place], room / (len(pending) + 1))
        room -= widths[place]
    widths[max(range(len(widths)), key=lambda place: wanted[place])] += room
    return widths


class _Paper:
    """Pages that are written top to bottom. Lengths are millimetres, sizes of text are points."""

    def __init__(self, report: Report) -> None:
        try:
            import font_roboto  # type: ignore[import-untyped]  # noqa: PLC0415
            from fpdf import FPDF  # noqa: PLC0415
            from fpdf.fonts import TTFFont  # noqa: PLC0415
        except ImportError as error:
            msg = "PDF needs fpdf2 and its font. Next: pip install 'soc2-pac[report]', or --format html"
            raise NotInstalled(msg) from error

        paper = self

        class Numbered(FPDF):  # type: ignore[misc,unused-ignore]
            def footer(self) -> None:
                paper.footer()

        self._pdf = pdf = Numbered(format="A4", unit="mm")
        pdf.set_margins(_MARGIN, _MARGIN, _MARGIN)
        pdf.set_auto_page_break(False)
        pdf.c_margin = 0
        pdf.add_font("body", "", font_roboto.Roboto)
        pdf.add_font("body", "B", font_roboto.RobotoBold)
        self._fonts = [font for font in pdf.fonts.values() if isinstance(font, TTFFont)]
        pdf.set_creation_date(_LONG_AGO)
        pdf.set_title(f"{report.title}, {report.subtitle}")
        pdf.set_producer("soc2-pac")
        pdf.set_lang("en")
        pdf.alias_nb_pages("{number of pages}")
        self._foot = f"{report.title}  ·  {sentence(report.subtitle)}  ·  {report.digest[:16]}"
        self._known: dict[bool, dict[str, float]] = {False: {}, True: {}}
        self._words: dict[bool, dict[str, float]] = {False: {}, True: {}}
        self.on_break: Callable[[], None] | None = None
        """What stands at the top of the next page, too: headings of a table."""

    def bytes(self) -> bytes:
        """The whole file."""
        return bytes(self._pdf.output())

    def footer(self) -> None:
        pdf = self._pdf
        self._style(7, bold=False, colour=_PALE)
        self._put(_MARGIN, _HEIGHT - 12, 4, self._fit(self._foot, 7, _INNER - 32), 7)
        pdf.set_xy(_WIDTH - _MARGIN - 26, _HEIGHT - 12)
        # Only cell() fills in the number of pages.
        pdf.cell(26, 4, f"Page {pdf.page_no()} of {{number of pages}}")

    # -- text --------------------------------------------------------------------------------------

    def _put(self, left: float, top: float, high: float, line: str, size: float) -> None:
        """A line, in the middle of its height."""
        self._pdf.text(left, top + high / 2 + 0.3 * size / self._pdf.k, line)

    def width(self, word: str, size: float, *, bold: bool) -> float:
        """How wide a text is that :meth:`shown` gave."""
        known = self._words[bold]
        found = known.get(word)
        if found is None:
            found = sum(self._char(c, bold=bold) for c in word)
            if len(word) < _COMMON:
                known[word] = found
        return found * size

    def _char(self, char: str, *, bold: bool) -> float:
        """Its width at a size of one point; negative where the font does not have it."""
        known = self._known[bold]
        if char not in known:
            font = self._fonts[bold]
            if ord(char) not in font.cmap:
                return -1.0
            known[char] = font.get_text_width(char, 1000, None)[1] / 1000 / self._pdf.k
        return known[char]

    def shown(self, text: str, *, bold: bool) -> str:
        """Text whose characters the font has; others are shown as escapes, none is left out."""
        if text.isascii():
            return text
        return "".join(
            c if self._char(c, bold=bold) >= 0 else c.encode("unicode_escape").decode()
            for c in text
        )

    def lines(self, text: str, size: float, width: float, *, bold: bool) -> list[str]:
        """Text broken into lines, at spaces, and within a word that is wider than a line."""
        found: list[str] = []
        line: list[str] = []
        taken = 0.0
        space = self._char(" ", bold=bold) * size
        for word in self.shown(plain(text), bold=bold).split(" "):
            long = self.width(word, size, bold=bold)
            if line and taken + space + long <= width:
                line.append(word)
                taken += space + long
                continue
            if line:
                found.append(" ".join(line))
            rest, taken = word, long
            while taken > width:
                cut = self._cut(rest, size, width, bold=bold)
                found.append(rest[:cut])
                rest = rest[cut:]
                taken = self.width(rest, size, bold=bold)
            line = [rest]
        found.append(" ".join(line))
        return found

    def _cut(self, word: str, size: float, width: float, *, bold: bool) -> int:
        """How many characters fit; after a mark that ends a piece of an id where one is near."""
        taken = 0.0
        fits = len(word)
        for place, char in enumerate(word):
            taken += self._char(char, bold=bold) * size
            if taken > width:
                fits = max(1, place)
                break
        for place in range(fits, max(fits * 2 // 3, 1), -1):
            if word[place - 1] in "/:.-_,@=":
                return place
        return fits

    def _fit(self, text: str, size: float, width: float) -> str:
        return self.lines(text, size, width, bold=False)[0]

    def _style(self, size: float, *, bold: bool, colour: tuple[int, int, int]) -> None:
        self._pdf.set_font("body", "B" if bold else "", size)
        self._pdf.set_text_color(*colour)

    def text(
        self, text: str, *, size: float, bold: bool = False, colour: tuple[int, int, int] = _INK
    ) -> None:
        """A paragraph."""
        high = size * 0.48
        for line in self.lines(text, size, _INNER, bold=bold):
            self._room(high)
            self._style(size, bold=bold, colour=colour)
            self._put(_MARGIN, self._pdf.y, high, line, size)
            self._pdf.set_y(self._pdf.y + high)

    def heading(self, text: str, level: int) -> None:
        """A heading, in the outline as well."""
        size = {1: 15.0, 2: 11.0}[level]
        self.space(3)
        self.keep(size)
        self._style(size, bold=True, colour=_INK)
        self._pdf.start_section(self.shown(plain(text), bold=True), level=level - 1, strict=False)
        self.text(text, size=size, bold=True)
        self.space(1.5)

    def boxed(self, text: str) -> None:
        """What a reader must know first."""
        lines = self.lines(text, 10, _INNER - 8, bold=True)
        high = len(lines) * 5.0 + 4
        self._room(high + 3)
        top = self._pdf.y
        self._pdf.set_fill_color(255, 244, 214)
        self._pdf.rect(_MARGIN, top, _INNER, high, style="F")
        self._style(10, bold=True, colour=(110, 70, 0))
        for number, line in enumerate(lines):
            self._put(_MARGIN + 4, top + 2 + number * 5.0, 5.0, line, 10)
        self._pdf.set_y(top + high + 3)

    # -- rows --------------------------------------------------------------------------------------

    def row(
        self,
        cells: Sequence[tuple[str, float, dict[str, Any]]],
        *,
        size: float,
        rule: bool = False,
        fill: bool = False,
    ) -> None:
        """Cells side by side, each as high as the highest; a row longer than a page goes on on the next."""
        high = size * 0.46
        broken = [
            self.lines(text, size, width - 2 * _PAD, bold=style.get("bold", False))
            for text, width, style in cells
        ]
        count = max(map(len, broken))
        start = 0
        while start < count:
            room = int((_BOTTOM - self._pdf.y - 2 * _PAD) // high)
            if room < min(count - start, 40):
                self._break()
                room = int((_BOTTOM - self._pdf.y - 2 * _PAD) // high)
            part = min(count - start, max(1, room))
            self._cells(cells, broken, slice(start, start + part), size=size, fill=fill)
            start += part
        if rule:
            self._pdf.set_draw_color(*_LINE)
            self._pdf.set_line_width(0.15)
            self._pdf.line(_MARGIN, self._pdf.y, _WIDTH - _MARGIN, self._pdf.y)

    def _cells(
        self,
        cells: Iterable[tuple[str, float, dict[str, Any]]],
        broken: Iterable[list[str]],
        part: slice,
        *,
        size: float,
        fill: bool,
    ) -> None:
        high, top, left = size * 0.46, self._pdf.y, _MARGIN
        tall = (part.stop - part.start) * high + 2 * _PAD
        if fill:
            self._pdf.set_fill_color(*_SHADE)
            self._pdf.rect(_MARGIN, top, _INNER, tall, style="F")
        for (_, width, style), lines in zip(cells, broken, strict=True):
            self._style(size, bold=style.get("bold", False), colour=style.get("colour", _INK))
            for number, line in enumerate(lines[part]):
                if line:
                    self._put(left + _PAD, top + _PAD + number * high, high, line, size)
            left += width
        self._pdf.set_xy(_MARGIN, top + tall)

    def block(self, head: str, pairs: Sequence[tuple[str, str]]) -> None:
        """A row of a wide table: what names it, and below it each further column with its title."""
        self.keep(20)
        self.row([(head, _INNER, {"bold": True})], size=8.0, fill=True)
        said = "   ".join(f"{title}: {text}" for title, text in pairs)
        self.row([(said, _INNER, {})], size=7.5)
        self.space(1.0)

    # -- the page ----------------------------------------------------------------------------------

    def lane(self, lane: Lane) -> None:
        """A timeline, one bar from the beginning of the period to its end."""
        if not lane.spans:
            return
        first, last = _moment(lane.spans[0].start), _moment(lane.spans[-1].end)
        if last <= first:
            return
        self._room(5)
        top = self._pdf.y + 1
        for span in lane.spans:
            left = _MARGIN + _INNER * (_moment(span.start) - first) / (last - first)
            right = _MARGIN + _INNER * (_moment(span.end) - first) / (last - first)
            self._pdf.set_fill_color(*_STATES[span.status])
            self._pdf.rect(left, top, max(0.2, right - left), 2.4, style="F")
        self._pdf.set_y(top + 4)

    def space(self, high: float) -> None:
        """Room between two things, none at the top of a page."""
        if self._pdf.y > _MARGIN + 0.1 or self._pdf.page_no() == 1:
            self._pdf.set_y(min(self._pdf.y + high, _BOTTOM))

    def keep(self, high: float) -> None:
        """Begin a page unless so much room is left."""
        self._room(high)

    def new_page(self) -> None:
        """Begin a page."""
        self._pdf.add_page()
        self._pdf.set_xy(_MARGIN, _MARGIN)

    def _room(self, high: float) -> None:
        if self._pdf.y + high > _BOTTOM:
            self._break()

    def _break(self) -> None:
        self.new_page()
        if self.on_break is not None:
            again, self.on_break = self.on_break, None
            again()
            self.on_break = again


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
