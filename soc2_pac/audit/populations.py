"""A population as an auditor takes it: every event of a period, and the facts that show it to be whole.

Everything comes out of the store, so the same store gives the same bytes. Events are read twice: once for
their instants and digests, once for their contents, so that memory does not grow with the documents.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from soc2_pac import clock
from soc2_pac.canonical import canonical
from soc2_pac.errors import FactUnavailable, UsageError
from soc2_pac.merkle import collection_root
from soc2_pac.model import utc_text, utc_time
from soc2_pac.resources import Resource, view
from soc2_pac.store import findings, queries
from soc2_pac.store.scopes import retired
from soc2_pac.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

    from soc2_pac.store.queries import PopulationLook

_FIXED = ("at", "scope", "uid", "name", "digest", "collected_at")
_DATE = len("2026-01-31")
_MILLISECONDS = 100_000_000_000
"""Numbers beyond this are milliseconds since 1970; as seconds they would lie after the year 5000."""


@dataclass(frozen=True, slots=True)
class AuditPeriod:
    """From an instant up to, and without, another; UTC."""

    start: datetime
    end: datetime

    @classmethod
    def parse(cls, text: str) -> AuditPeriod:
        """``2026-01-01..2026-06-30``: both days belong to it. An instant as the end is left out.

        Raises:
            UsageError: there are no two dates, or the second comes before the first.
        """
        first, dots, last = text.partition("..")
        try:
            start, end = utc_time(first), utc_time(last if dots else "nothing")
        except ValueError as error:
            msg = f"--period: '{text}' is no period. Write 2026-01-01..2026-06-30"
            raise UsageError(msg) from error
        if len(last) <= _DATE:
            try:
                end += timedelta(days=1)
            except OverflowError as error:
                msg = f"--period: '{text}' ends after the last day that can be counted. Write an earlier day"
                raise UsageError(msg) from error
        if end <= start:
            msg = f"--period: '{text}' ends before it begins"
            raise UsageError(msg)
        return cls(start, end)


class Event(NamedTuple):
    """One event of the period, without its document."""

    at: str
    scope: str
    uid: str
    name: str
    digest: str
    collected_at: str
    """When the version of its document that stands here was collected."""


@dataclass(frozen=True, slots=True)
class Population:
    """The events of one kind in a period."""

    header: dict[str, Any]
    """How it was read, and whether it is whole; JSON-like."""
    events: list[Event]
    """By instant, scope and uid."""
    rules: tuple[str, ...]
    verdicts: Mapping[tuple[str, str], Mapping[str, tuple[str, str]]] = field(repr=False)
    """(scope, uid) -> rule -> (status, message)."""
    derived: Mapping[str, dict[str, Any]] | None = field(default=None, repr=False)
    """Digest -> document, of events that were derived; ``None``: they stand in the store."""
    shape: type[Resource] | None = field(default=None, repr=False)
    """The view of the documents, where its kind is installed: it says who did what."""
    collections: tuple[int, ...] = field(default=(), repr=False)
    """Those that it rests on."""
    judged_as: str = ""
    """The kind of documents that rules judge for it."""

    def with_events(self, chosen: list[Event], header: dict[str, Any]) -> Population:
        """The same with some of its events, in another order, and a header that says so."""
        return replace(self, events=chosen, header=header)

    def columns(self, connection: Connection) -> tuple[str, ...]:
        """Of the rows: fixed ones, each rule's verdict and message, what the view says, what the documents say."""
        said: dict[str, None] = {}
        plain: set[str] = set()
        for _, body in self._with_bodies(connection):
            said.update(dict.fromkeys(self._said(body)))
            plain.update(key for key, _ in _flat(body))
        judged = (column for rule in self.rules for column in (rule, f"{rule}: message"))
        return (*_FIXED, *judged, *said, *sorted(plain))

    def rows(self, connection: Connection) -> Iterator[dict[str, Any]]:
        """Each event as one flat row. A list of a document is one cell, as JSON."""
        for event, body in self._with_bodies(connection):
            row: dict[str, Any] = event._asdict()
            judged = self.verdicts.get((event.scope, event.uid), {})
            for rule in self.rules:
                row[rule], row[f"{rule}: message"] = judged.get(rule, ("", ""))
            yield {**row, **self._said(body), **dict(_flat(body))}

    def parts(self, connection: Connection) -> Iterator[tuple[str, dict[str, Any]]]:
        """(path of a list in the documents, one of its items as a flat row), in the order of the events."""
        for event, body in self._with_bodies(connection):
            for path, number, item in _items(body):
                yield path, {"event": event.uid, "name": event.name, "item": number, **item}

    def records(self, connection: Connection) -> Iterator[dict[str, Any]]:
        """Each event with its verdicts and its whole document."""
        for event, body in self._with_bodies(connection):
            judged = self.verdicts.get((event.scope, event.uid), {})
            verdicts = {
                rule: {"status": status, "message": message}
                for rule, (status, message) in sorted(judged.items())
            }
            said = self._said(body)
            yield {**event._asdict(), "verdicts": verdicts, "said": said, "document": body}

    def _said(self, body: dict[str, Any]) -> dict[str, Any]:
        """What the view says of an event; nothing where it cannot read the document."""
        if self.shape is None:
            return {}
        try:
            return dict(view(self.shape, canonical(body)).event_columns())
        except FactUnavailable:
            return {}

    def _with_bodies(self, connection: Connection) -> Iterator[tuple[Event, Any]]:
        if self.derived is not None:
            for event in self.events:
                yield event, self.derived[event.digest]
            return
        size = 500
        for start in range(0, len(self.events), size):
            part = self.events[start : start + size]
            bodies = queries.bodies(connection, {event.digest for event in part})
            for event in part:
                text = bodies[event.digest]
                # A text that was archived or erased leaves what was recorded of its event.
                yield event, json.loads(text) if text else {}


def population(
    connection: Connection,
    kind: str,
    period: AuditPeriod,
    shape: type[Resource] | None = None,
    others: Sequence[str] = (),
) -> Population:
    """The events of a kind in a period, as the store knows them now.

    ``shape``: the view of its documents, which says who did what; without it that is left out. ``others``: kinds
    that a wrong name may have meant.

    Raises:
        UsageError: the store holds no population of that kind.
    """
    looks = queries.population_looks(connection)
    known = sorted({look.kind for look in looks})
    looks = [look for look in looks if look.kind == kind]
    if not looks:
        hint = nearest(kind, [*known, *others])
        msg = f"the store holds no population '{kind}'.{hint} Next: soc2-pac population list"
        raise UsageError(msg)
    instant = looks[-1].instant
    start, end = utc_text(period.start), utc_text(period.end)
    events, undated = [], 0
    for item in queries.documents_of(connection, kind):
        if not item.body:
            undated += 1
            continue
        body = msgspec.json.decode(item.body) if item.body.isascii() else json.loads(item.body)
        at = instant_of(body, instant.split("."))
        if at is None:
            undated += 1
        elif start <= at < end:
            events.append(Event(at, item.scope, item.uid, item.name, item.digest, item.valid_from))
    events.sort()
    verdicts: dict[tuple[str, str], dict[str, tuple[str, str]]] = {}
    wanted = {(event.scope, event.uid) for event in events}
    for scope, uid, rule, status, message in queries.verdicts_of(connection, kind):
        if (scope, uid) in wanted:
            verdicts.setdefault((scope, uid), {})[rule] = (status, message)
    rules = tuple(sorted({rule for judged in verdicts.values() for rule in judged}))
    header = {
        "kind": kind,
        "period": {"from": start, "to": end},
        "instant": instant,
        "count": len(events),
        "digest": collection_root((event.uid, event.digest) for event in events),
        **_completeness(connection, kind, looks, events, undated, start, end),
        "rules": list(rules),
    }
    bearing = tuple(look.collection for look in looks if _bears(look, start, end))
    return Population(
        header, events, rules, verdicts, shape=shape, collections=bearing, judged_as=kind
    )


def _bears(look: PopulationLook, start: str, end: str) -> bool:
    """Whether a collection asked for some of the time of a period, or does not say what it asked for."""
    said = json.loads(look.parameters)
    first, last = said.get("from"), said.get("to")
    if not isinstance(first, str) or not isinstance(last, str):
        return True
    return first < end and last >= start


def summaries(connection: Connection, upto: int | None = None) -> list[dict[str, Any]]:
    """Every population that the store holds, one row for each kind and scope.

    ``upto``: the last collection that counts.
    """
    looks = [
        look
        for look in queries.population_looks(connection)
        if upto is None or look.collection <= upto
    ]
    rows = []
    for kind, scope in sorted({(look.kind, look.scope) for look in looks}):
        own = [look for look in looks if (look.kind, look.scope) == (kind, scope)]
        rows.append({"kind": kind, **described(scope, own)})
    return rows


def _completeness(
    connection: Connection,
    kind: str,
    looks: Sequence[PopulationLook],
    events: Sequence[Event],
    undated: int,
    start: str,
    end: str,
) -> dict[str, Any]:
    gone = retired(connection, utc_text(clock.now()))
    last = findings.looks(connection, kind, findings.last_collection(connection), gone)
    asked = sorted(
        {str(look.scope): look for look in last.values()}.items(), key=lambda item: item[0]
    )
    scopes, reasons = [], []
    for scope, look in asked:
        own = [item for item in looks if item.scope == scope]
        said = described(scope, own) if own else {"scope": scope, "status": look.status.value}
        why = why_incomplete(said, start, end) or ""
        if why:
            failed = (
                f" (the last collection was {look.status}: {look.reason})" if look.reason else ""
            )
            reasons.append(f"{scope}: {why}{failed}")
        count = sum(event.scope == scope for event in events)
        scopes.append({**said, "count_in_period": count, "complete": not why})
    if undated:
        reasons.append(f"{undated} documents do not say when their event was")
    return {
        "complete": not reasons,
        "incomplete_because": reasons,
        "undated": undated,
        "scopes_asked": len(asked),
        "scopes_read": sum(bool(scope["complete"]) for scope in scopes),
        "scopes": scopes,
    }


def described(scope: str, looks: Sequence[PopulationLook]) -> dict[str, Any]:
    """What the looks at one kind in one scope say together; ``looks`` are in order."""
    last = looks[-1]
    complete = [look for look in looks if look.status == "complete"]
    covered = _covered([json.loads(look.parameters) for look in complete])
    asked = complete[-1] if complete else last
    parameters = json.loads(asked.parameters)
    return {
        "scope": scope,
        "source": last.source,
        "status": last.status,
        "reason": last.reason,
        "covered_from": covered[0],
        "covered_to": covered[1],
        "query": parameters.get("query"),
        "parameters": parameters,
        "total": asked.total,
        "read": asked.read,
        "count": complete[-1].count if complete else None,
        "collections": len(looks),
        "complete_collections": len(complete),
        "pages": sum(look.pages for look in looks),
        "requests": sum(look.requests for look in looks),
        "last_collection": last.finished_at,
        "last_complete_collection": complete[-1].finished_at if complete else None,
        "root": complete[-1].root if complete else None,
        "collector_version": last.collector_version,
    }


def _covered(parameters: Sequence[Mapping[str, Any]]) -> tuple[str | None, str | None]:
    """The last stretch of time that complete looks cover without a hole."""
    start: str | None = None
    end: str | None = None
    for one in parameters:
        first, last = one.get("from"), one.get("to")
        if not isinstance(first, str) or not isinstance(last, str):
            continue
        if start is None or end is None or first > end:
            start, end = first, last
        else:
            start, end = min(start, first), max(end, last)
    return start, end


def why_incomplete(said: Mapping[str, Any], start: str, end: str) -> str | None:
    """Why the population of one scope is not known to hold all events of the period."""
    first, last = said.get("covered_from"), said.get("covered_to")
    if not said.get("complete_collections"):
        return "it was never read completely"
    if first is None or last is None:
        return "its collections do not say which time they cover"
    if first > start:
        return f"it is read from {first} on"
    if last < end:
        return f"it is read up to {last}"
    unsure = said["parameters"].get("incomplete_because")
    if isinstance(unsure, list) and unsure:
        return "; ".join(map(str, unsure))
    whole, count = said["parameters"].get("whole_total"), said.get("count")
    if isinstance(whole, int) and isinstance(count, int) and whole > count:
        return f"the provider counts {whole} events in all, and {count} were read"
    return None


def instant_of(body: object, path: Sequence[str]) -> str | None:
    """The instant of an event, UTC text, by the path to it; ``None`` where its document does not say."""
    here = body
    for step in path:
        here = here.get(step) if isinstance(here, dict) else None
    try:
        if isinstance(here, str):
            return utc_text(utc_time(here))
        if isinstance(here, int | float) and not isinstance(here, bool):
            seconds = here / 1000 if here > _MILLISECONDS else here
            return utc_text(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _flat(
    body: Mapping[str, Any], prefix: str = "document.", *, lists: bool = True
) -> Iterator[tuple[str, object]]:
    """Values of a document by their path; a list is one of them, as JSON, or is left out."""
    for key, value in body.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.", lists=lists)
        elif isinstance(value, list):
            if lists:
                yield f"{prefix}{key}", json.dumps(value, sort_keys=True, ensure_ascii=False)
        elif value is not None:
            yield f"{prefix}{key}", value


def _items(
    body: Mapping[str, Any], prefix: str = "", number: str = ""
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path of a list, number of the item such as ``2.1``, its plain values), lists within lists too."""
    for key, value in body.items():
        path = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _items(value, f"{path}.", number)
        elif isinstance(value, list):
            for place, item in enumerate(value, 1):
                here = f"{number}.{place}" if number else str(place)
                said = item if isinstance(item, dict) else {"value": item}
                yield path, here, dict(_flat(said, "", lists=False))
                yield from _items(said, f"{path}.", here)
