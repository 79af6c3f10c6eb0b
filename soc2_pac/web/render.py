"""From values to HTML. Whatever a provider or a person wrote is text here, never markup."""

from __future__ import annotations

import contextlib
import functools
import html
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from markupsafe import Markup

from soc2_pac.audit.spans import ms
from soc2_pac.output import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jinja2 import Environment

_SHORT = 12
"""Digits of a digest that are shown."""
_WHOLE = 64
"""Digits of a whole one."""
_LONG = 400
"""Characters of a cell in a list; the page about the thing has the whole text."""
_NUMBERS = frozenset({
    "fail", "error", "inconclusive", "stale", "pass", "not_applicable", "rules", "failures", "collections", "complete",
    "requests", "count", "gaps", "findings", "rows", "seq", "number", "open", "revoked", "removed", "overdue", "id",
    "run",
})  # fmt: skip
_INSTANTS = frozenset({
    "since", "sla_due", "valid_from", "valid_to", "started_at", "finished_at", "last_complete", "expires_at", "due",
    "fix by", "failing since", "holds until", "recorded_at", "until", "created_at", "revoked_at",
    "start", "end", "opened_at", "answered_at", "last_collection",
    "taken_at", "collected_at", "last_used", "at", "added at",
})  # fmt: skip
_DIGESTS = frozenset({"hash", "body_digest"})
"""Shown by their first digits, and leading nowhere."""
_WORDS = frozenset({"status", "severity", "state", "cause", "change", "before", "after"})
_LABELS = {
    "sla_due": "fix by", "resource_name": "resource", "started_at": "started", "finished_at": "finished",
    "expires_at": "expires", "valid_from": "from", "valid_to": "to", "last_complete": "last complete",
    "recorded_at": "recorded", "opened_at": "opened", "answered_at": "answered", "answered_by": "answered by",
    "created_at": "created", "revoked_at": "revoked", "body_digest": "body",
    "not_applicable": "not applicable", "covers_from": "covers from", "covers_to": "to", "counts_until": "counts until",
}  # fmt: skip
_GOOD = frozenset(
    {"pass", "complete", "current", "finished", "active", "closed", "better", "fixed"}
)
_BAD = frozenset(
    {"fail", "critical", "failing", "failed", "denied", "missing", "interrupted", "new", "worse"}
)
_DOUBT = frozenset(
    {
        "inconclusive",
        "stale",
        "error",
        "partial",
        "high",
        "skipped",
        "no run",
        "never",
        "no longer seen",
        "left out",
    }
)


@dataclass(frozen=True, slots=True)
class Cell:
    """One value as a page shows it."""

    text: str
    href: str = ""
    """Where it leads; always an address of this server."""
    tone: str = ""
    """``good``, ``bad``, ``doubt``, or nothing."""
    mono: bool = False
    title: str = ""
    """The whole value where the text is cut."""


def label(column: str) -> str:
    """The heading of a column."""
    return _LABELS.get(column, column.replace("_", " "))


def shown(columns: Sequence[str]) -> list[str]:
    """The columns of a list on a page: the resource is what leads to its finding there."""
    return [c for c in columns if c != "fingerprint" or "resource_name" not in columns]


def numeric(column: str) -> bool:
    """Whether a column stands right."""
    return column in _NUMBERS


_AS_OF: ContextVar[str | None] = ContextVar("as_of", default=None)


@contextlib.contextmanager
def shown_as_of(asked: str | None) -> Iterator[None]:
    """Within it every address leads to the store as of the same instant."""
    before = _AS_OF.set(asked)
    try:
        yield
    finally:
        _AS_OF.reset(before)


def address(*parts: str, **query: object) -> str:
    """An address of this server; every part and value is escaped."""
    path = "/" + "/".join(quote(part, safe="") for part in parts if part)
    query = {"as_of": _AS_OF.get(), **query}
    asked = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(asked)}" if asked else path


def cells(column: str, row: Mapping[str, Any]) -> list[Cell]:
    """A value of a row, in one or several pieces."""
    value = row.get(column)
    if column == "resource_name" and not value:
        value = row.get("resource") or "(the whole scope)"
    if value is None or value in ("", []):
        return []
    if isinstance(value, list | tuple):
        if not all(isinstance(one, str) for one in value):
            return [_cut(plain(value))]
        return [_cell(column, one, row) for one in value]
    return [_cell(column, value, row)]


def _cell(column: str, value: Any, row: Mapping[str, Any]) -> Cell:  # noqa: ANN401 - whatever a row holds
    if isinstance(value, bool):
        return Cell("yes" if value else "no")
    text = plain(value)
    if column in _WORDS:
        word = text.partition(" ")[0]
        tone = (
            "good"
            if word in _GOOD
            else "bad"
            if word in _BAD
            else "doubt"
            if text in _DOUBT or word in _DOUBT
            else ""
        )
        return Cell(text, tone=tone)
    if column in _INSTANTS and isinstance(value, str):
        return Cell(
            text[:10] if "fingerprint" in row or "digest" in row else text[:16].replace("T", " "),
            title=text,
        )
    if column in _NUMBERS and isinstance(value, int):
        return _number(column, value, row)
    if column == "population" and row.get("status") != "derived":
        return Cell(text, address("documents", kind=text), mono=True)
    if column == "ref" and str(row.get("entry")).startswith("run."):
        return Cell(text, address("runs", text))
    if column in _DIGESTS or (column == "ref" and len(text) == _WHOLE):
        return Cell(text[:_SHORT], mono=True, title=text)
    link = _LINKS.get(column)
    if link is not None and isinstance(value, str):
        shown = (
            text[:_SHORT]
            if column in ("digest", "fingerprint", "evidence", "whole digest")
            else text
        )
        return Cell(
            shown, link(text), mono=column != "control", title=text if shown != text else ""
        )
    if column == "resource_name":
        return _named(text, row)
    return _cut(text)


def _named(text: str, row: Mapping[str, Any]) -> Cell:
    """A resource by its name, leading to the finding or the document of the row."""
    href = ""
    if "fingerprint" in row:
        href = address("findings", str(row["fingerprint"]))
    elif "digest" in row:
        href = address("documents", str(row["digest"]))
    return Cell(text, href, title=plain(row.get("resource")))


def _number(column: str, value: int, row: Mapping[str, Any]) -> Cell:
    text = f"{value:,}" if column not in ("id", "run", "seq") else str(value)
    if column == "number":
        return Cell(text, address("requests", text))
    if column in ("id", "run", "collection"):
        return Cell(text, address("runs", text)) if column != "collection" else Cell(text)
    statuses = ("fail", "error", "inconclusive", "stale", "pass", "not_applicable")
    if column in statuses and value:
        tone = (
            "bad"
            if column == "fail"
            else "good"
            if column == "pass"
            else "doubt"
            if column != "not_applicable"
            else ""
        )
        if "rule" in row:
            return Cell(text, address("findings", rule=row["rule"], status=column), tone)
        if "criterion" in row:
            return Cell(text, address("findings", criterion=row["criterion"], status=column), tone)
        return Cell(text, tone=tone)
    return Cell(text)


def _cut(text: str) -> Cell:
    return Cell(text) if len(text) <= _LONG else Cell(text[:_LONG] + " ...", title=text)


_LINKS: dict[str, Any] = {
    "rule": lambda text: address("rules", text),
    "criterion": lambda text: address("criteria", text),
    "criteria": lambda text: address("criteria", text),
    "control": lambda text: address("controls", text),
    "controls": lambda text: address("controls", text),
    "fingerprint": lambda text: address("findings", text),
    "digest": lambda text: address("documents", text),
    "evidence": lambda text: address("documents", text),
    "kind": lambda text: address("documents", kind=text),
    "judges": lambda text: address("documents", kind=text),
    "reads also": lambda text: address("documents", kind=text),
    "waiver": lambda text: address("waivers", text),
    "person": lambda text: address("people", person=text),
    "review": lambda text: address("reviews", text),
    "scope": lambda text: address("findings", scope=text),
    "resource": lambda text: address("findings", resource=text),
}


def value(column: str, row: Mapping[str, Any]) -> Markup:
    """A value of a row as HTML."""
    return Markup(" ".join(map(_html, cells(column, row))))  # noqa: S704 - _html escapes every part


def _html(cell: Cell) -> str:
    text = html.escape(cell.text)
    title = f' title="{html.escape(cell.title)}"' if cell.title else ""
    if cell.href:
        tone = f"{cell.tone} mono".strip() if cell.mono else cell.tone
        kind = f' class="{tone}"' if tone else ""
        return f'<a href="{html.escape(cell.href)}"{title}{kind}>{text}</a>'
    if cell.tone:
        return f'<span class="badge {cell.tone}">{text}</span>'
    return f"<span{title}>{text}</span>" if title else text


_PROSE = frozenset({"said", "answer", "message", "title", "wording", "about", "reason"})


def body_of(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Markup:
    """The rows of a table. Written here, since a template takes four times as long for the same."""
    kinds = {
        column: "n" if numeric(column) else "long" if column in _PROSE else f"c-{column}"
        for column in columns
    }
    opened = {column: f'<td class="{html.escape(kind)}">' for column, kind in kinds.items()}
    lines = [
        "<tr>" + "".join(f"{opened[c]}{value(c, row)}</td>" for c in columns) + "</tr>"
        for row in rows
    ]
    return Markup("\n".join(lines))  # noqa: S704 - every value is escaped


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of a timeline, of 1,000 in all."""

    tone: str
    left: float
    width: float
    said: str


_TONES = {"pass": "good", "fail": "bad", "not_applicable": "none"}


def bars(periods: Sequence[Mapping[str, Any]], now: str) -> list[Bar]:
    """Periods from left to right, up to now."""
    if not periods:
        return []
    first, last = ms(str(periods[0]["valid_from"])), ms(now)
    length = max(last - first, 1)
    found = []
    for period in periods:
        start, end = str(period["valid_from"]), str(period["valid_to"] or now)
        left = (ms(start) - first) / length * 1000
        width = max((ms(end) - ms(start)) / length * 1000, 2.0)
        status = str(period["status"])
        until = end[:16].replace("T", " ") if period["valid_to"] else "now"
        said = f"{status} from {start[:16].replace('T', ' ')} to {until}"
        found.append(Bar(_TONES.get(status, "doubt"), round(left, 1), round(width, 1), said))
    return found


@functools.cache
def environment() -> Environment:
    """The templates. Every value is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415

    made = Environment(
        loader=PackageLoader("soc2_pac.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        address=address,
        value=value,
        body_of=body_of,
        label=label,
        numeric=numeric,
        shown=shown,
        bars=bars,
    )
    made.filters["plain"] = plain
    return made
