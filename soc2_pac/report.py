"""A report as plain values: what every format renders, and what no format works out for itself.

Engines (:mod:`soc2_pac.audit`) make a :class:`Report` out of a store, an instant or a period, and options. Writers
(:mod:`soc2_pac.output`) turn it into a file. A number is worked out once, and every format shows that one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from soc2_pac.canonical import canonical, digest

if TYPE_CHECKING:
    from collections.abc import Iterator

Cell: TypeAlias = str | int | None
"""A value of a table. ``None``: there is none, which is not the same as nothing was counted."""


class Rows(Protocol):
    """Rows that can be gone through more than once: a tuple, or what streams them in the same order each time."""

    def __iter__(self) -> Iterator[tuple[Cell, ...]]:
        """Each row."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...


class Shape(StrEnum):
    """What the values of a column are, and so how a format writes them."""

    TEXT = "text"
    NUMBER = "number"
    """An integer."""
    INSTANT = "instant"
    """UTC, ``2026-11-23T15:55:06.123Z``."""
    DURATION = "duration"
    """Milliseconds."""
    DIGEST = "digest"
    """SHA-256, hexadecimal."""
    STATUS = "status"
    """Of a finding or a collection."""
    AUDITOR = "auditor"
    """Left empty for the auditor."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    """As JSON and CSV call it: ``failing_since``."""
    title: str
    """As people read it."""
    shape: Shape = Shape.TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one thing, all of them: no engine cuts."""

    name: str
    """``deviations``; what ``--table`` takes."""
    title: str
    about: str
    """What a row is, what an empty table means, in one or two sentences."""
    columns: tuple[Column, ...]
    rows: Rows
    """In a stable order, worst first where there is a worst."""
    streamed: bool = False
    """It has a row for each rule and resource, and ``rows`` are read as they are written. Formats for programs
    (JSON, XLSX, CSV) hold it; those for readers (HTML, PDF, Markdown) say how many rows it has and where they are."""

    def cells(self) -> Iterator[dict[str, Cell]]:
        """Each row by the names of its columns."""
        names = [column.name for column in self.columns]
        for row in self.rows:
            yield dict(zip(names, row, strict=True))


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the cover."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a timeline."""

    start: str
    """UTC."""
    end: str
    status: str
    """``holds``, ``fails`` or ``unknown``; ``outside`` where nothing was in scope."""
    count: int = 0
    """How many resources fail, at most, in it; or how many are not known."""


@dataclass(frozen=True, slots=True)
class Lane:
    """The timeline of one rule, or of all rules of one part."""

    subject: str
    """Id of a rule, a control or a criterion."""
    spans: tuple[Span, ...]
    """Without overlap, in order, from the beginning of the period to its end."""
    kind: str = "rule"
    """``rule``, or that of the part: a control may have the id of a criterion or of a rule."""


@dataclass(frozen=True, slots=True)
class Part:
    """One control, or one criterion where there are no controls."""

    id: str
    kind: str
    """``control``, ``criterion``, or ``annex`` (a control of Annex A of ISO/IEC 27001)."""
    title: str
    owner: str = ""
    criteria: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    """Ids, those that are switched off included."""
    statement: tuple[str, ...] = ()
    """What was seen, in facts: ``412 of 412 resources on 181 of 182 days``. Sentences."""
    missing: tuple[str, ...] = ()
    """What there is no evidence of, a sentence each."""
    state: str = ""
    """``holds``, ``fails``, ``unknown`` (not all of it was seen) or ``people`` (nothing automatic)."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says."""

    kind: str
    """``type1``, ``type2`` or ``readiness``."""
    title: str
    subtitle: str
    """The instant, or the period."""
    cover: tuple[Fact, ...]
    start: str = ""
    """UTC; of a period its beginning, of an instant the instant itself."""
    end: str = ""
    """UTC; the first instant that does not belong to the period."""
    """Store, period, scope, versions, sums, checkpoints, digests."""
    warnings: tuple[str, ...] = ()
    """What a reader must know first: it is limited, the history is simulated, the period was cut."""
    statement: tuple[str, ...] = ()
    """The whole in facts; sentences."""
    method: tuple[str, ...] = ()
    """How it was made and what words mean; paragraphs."""
    parts: tuple[Part, ...] = ()
    lanes: tuple[Lane, ...] = ()
    tables: tuple[Table, ...] = ()
    digest: str = field(default="", compare=False)
    """SHA-256 over the canonical JSON of all of the above; see :func:`sealed`."""

    def table(self, name: str) -> Table:
        """The table of that name. Raises KeyError."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)


def plain_values(report: Report) -> dict[str, Any]:
    """A report as JSON's own types: objects by field. Of streamed tables, the number of rows stands for them."""
    return {f.name: _plain(getattr(report, f.name)) for f in fields(report)}


def _plain(value: object) -> object:
    if isinstance(value, Table):
        rows = len(value.rows) if value.streamed else [list(row) for row in value.rows]
        shown = {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name != "rows"}
        return {**shown, "rows": rows}
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, StrEnum) else value


def sealed(report: Report) -> Report:
    """The same report with its digest."""
    return replace(report, digest=digest(canonical(plain_values(replace(report, digest="")))))


def duration(milliseconds: int) -> str:
    """``181 d 4 h``, ``3 h 10 min``, ``12 s``: the two largest units that are not zero."""
    seconds = milliseconds // 1000
    found: list[str] = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            found.append(f"{count} {unit}")
        elif found:
            break
        if len(found) == 2:  # noqa: PLR2004
            break
    return " ".join(found) or "0 s"
