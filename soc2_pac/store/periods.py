"""The history of a store up to an instant, as reports read it: sums by the database, rows as they come.

Nothing here looks at what was recorded after the instant that is asked about, so a report that is made later equals
the one that was made then. Ids count up in the order of recording: a finding held at an instant if it was opened by
an evaluation up to the last one then, and closed by none of these.
"""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import sqlalchemy as sa

from soc2_pac.store import tables
from soc2_pac.store.database import batched

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from sqlalchemy import Connection

_CHUNK = 5000
_IN = 500


class Horizon(NamedTuple):
    """What was recorded by an instant."""

    at: str
    """The instant, UTC."""
    evaluation: int
    """The last evaluation as of it or earlier; 0 for none."""
    collection: int
    """The last collection that had ended; 0 for none."""

    @property
    def bound(self) -> dict[str, Any]:
        """As parameters of the queries below."""
        return {"e": self.evaluation, "u": self.collection}


def horizon(connection: Connection, at: str) -> Horizon:
    """What was recorded by an instant (UTC text)."""
    e, c = tables.evaluation, tables.collection
    evaluation = connection.execute(sa.select(sa.func.max(e.c.id)).where(e.c.as_of <= at)).scalar()
    collection = connection.execute(
        sa.select(sa.func.max(c.c.id)).where(c.c.finished_at <= at)
    ).scalar()
    return Horizon(at, int(evaluation or 0), int(collection or 0))


def collected(connection: Connection) -> tuple[str, str] | None:
    """When the first collection of the store ended, and the last; ``None`` where there is none."""
    c = tables.collection
    row = connection.execute(
        sa.select(sa.func.min(c.c.finished_at), sa.func.max(c.c.finished_at))
    ).one()
    return None if row[0] is None else (row[0], row[1])


def last_evaluated(connection: Connection) -> str | None:
    """As of when anything was judged last; ``None`` where nothing was."""
    found: str | None = connection.execute(
        sa.select(sa.func.max(tables.evaluation.c.as_of))
    ).scalar()
    return found


def last_recorded(connection: Connection, to: Horizon) -> str | None:
    """When the last collection up to a horizon ended, or as of when anything was judged last, whichever is later.

    ``None`` where nothing was collected.
    """
    c, e = tables.collection, tables.evaluation
    collection = connection.execute(
        sa.select(sa.func.max(c.c.finished_at)).where(
            c.c.id <= to.collection, c.c.finished_at <= to.at
        )
    ).scalar()
    judged = connection.execute(
        sa.select(sa.func.max(e.c.as_of)).where(e.c.id <= to.evaluation, e.c.as_of <= to.at)
    ).scalar()
    return None if collection is None else max(collection, judged or "")


def last_finding(connection: Connection, to: Horizon) -> int:
    """The id of the last finding that was opened up to a horizon: evaluations give them out one after the other."""
    e = tables.evaluation
    opened = sa.select(sa.func.coalesce(sa.func.sum(e.c.opened), 0)).where(e.c.id <= to.evaluation)
    return int(connection.execute(opened).scalar_one())


def marks(connection: Connection) -> dict[str, str]:
    """What the store says of itself: its id, and whether its history is simulated."""
    return {row[0]: row[1] for row in connection.execute(sa.select(tables.meta))}


def configuration(connection: Connection, to: Horizon) -> dict[str, Any]:
    """The configuration of the last run that collected or judged by a horizon; empty where none is known."""
    query = sa.text(
        "SELECT g.body FROM run r JOIN config g ON g.digest = r.config_digest WHERE r.id = (SELECT MAX(x.id) "
        "FROM run x WHERE x.config_digest IS NOT NULL AND (x.id IN (SELECT run_id FROM collection WHERE id <= :u) "
        "OR x.id IN (SELECT run_id FROM evaluation WHERE id <= :e)))"
    )
    body = connection.execute(query, to.bound).scalar()
    found: dict[str, Any] = json.loads(body) if body else {}
    return found


# -- collections ------------------------------------------------------------------------------------


class Attempt(NamedTuple):
    """One collection."""

    id: int
    run: int
    source: str
    scope: int
    kind: str
    status: str
    reason: str
    permission: str | None
    requests: int
    found: int
    started_at: str
    finished_at: str


def attempts(connection: Connection, to: Horizon) -> Iterator[Attempt]:
    """Every collection up to a horizon, in order. Streams."""
    c = tables.collection
    query = (
        sa.select(
            c.c.id, c.c.run_id, c.c.source, c.c.scope_id, c.c.kind, c.c.status, c.c.reason, c.c.permission,
            c.c.requests, c.c.count, c.c.started_at, c.c.finished_at,
        )
        .where(c.c.id <= to.collection)
        .order_by(c.c.id)
    )  # fmt: skip
    for row in connection.execute(query.execution_options(yield_per=_CHUNK)):
        yield Attempt._make(row)


def of_populations(connection: Connection, to: Horizon) -> set[tuple[str, int]]:
    """(kind, scope) of what holds events: what was read of it stays known."""
    c, p = tables.collection, tables.population
    query = (
        sa.select(c.c.kind, c.c.scope_id)
        .join(p, p.c.collection_id == c.c.id)
        .where(c.c.id <= to.collection)
        .distinct()
    )
    return {(row[0], row[1]) for row in connection.execute(query)}


def sightings(connection: Connection, collection: int) -> set[int]:
    """The resources that an incomplete collection did see."""
    s = tables.sighting
    query = sa.select(s.c.resource_id).where(s.c.collection_id == collection)
    return set(connection.execute(query).scalars())


# -- rules ------------------------------------------------------------------------------------------


class Judged(NamedTuple):
    """One evaluation."""

    id: int
    run: int
    as_of: str
    upto: int
    """The last collection that it took into account."""
    versions: tuple[int, ...]
    """Ids of the rule versions that judged."""
    whole: bool
    """Whether these were all rules in force."""
    tool_version: str


class Version(NamedTuple):
    """One version of a rule."""

    id: int
    rule_id: int
    rule: str
    source: str
    """SHA-256 of what judged."""
    thresholds: Mapping[str, Any]
    severity: str
    title: str
    criteria: tuple[str, ...]
    moved_from: int | None


def evaluations(connection: Connection, to: Horizon) -> list[Judged]:
    """Every evaluation up to a horizon, in order."""
    e = tables.evaluation
    query = (
        sa.select(
            e.c.id, e.c.run_id, e.c.as_of, e.c.upto, e.c.rule_versions, e.c.whole, e.c.tool_version
        )
        .where(e.c.id <= to.evaluation)
        .order_by(e.c.id)
    )
    parsed: dict[str, tuple[int, ...]] = {}
    found = []
    for row in connection.execute(query):
        if row[4] not in parsed:
            parsed[row[4]] = tuple(json.loads(row[4]))
        found.append(Judged(row[0], row[1], row[2], row[3], parsed[row[4]], bool(row[5]), row[6]))
    return found


def versions(connection: Connection) -> dict[int, Version]:
    """Every rule version by its id, later ones too: evaluations say which were in force."""
    r, v = tables.rule, tables.rule_version
    query = sa.select(
        v.c.id, v.c.rule_id, r.c.name, v.c.source_digest, v.c.thresholds, v.c.severity, v.c.title,
        v.c.criteria, v.c.moved_from,
    ).join(r, r.c.id == v.c.rule_id)  # fmt: skip
    return {
        row[0]: Version(
            *row[:4], json.loads(row[4]), row[5], row[6], tuple(json.loads(row[7])), row[8]
        )
        for row in connection.execute(query)
    }


def samples(connection: Connection, to: Horizon, rules: Collection[int]) -> dict[int, str]:
    """Rule -> the kind that it judges, by one resource that it judged by then."""
    query = sa.text(
        "SELECT r.kind FROM resource r WHERE r.id = (SELECT f.resource_id FROM finding f WHERE f.rule_id = :rule "
        "AND f.resource_id IS NOT NULL AND f.opened_by <= :e{open} LIMIT 1)"
    )
    found: dict[int, str] = {}
    for rule in sorted(rules):
        # Most rules have an open finding, which an index finds; else all rows are gone through.
        for also in (" AND f.closed_by IS NULL", ""):
            text = sa.text(query.text.replace("{open}", also))
            kind = connection.execute(text, {"rule": rule, "e": to.evaluation}).scalar()
            if kind is not None:
                found[rule] = kind
                break
    return found


# -- time in status ---------------------------------------------------------------------------------


class Edge(NamedTuple):
    """So many verdicts of one sort begin, or end, at one instant within the period."""

    rule: int
    scope: int
    whole: bool
    """They are about the whole scope, and no resource."""
    status: str
    outside: bool
    at: str
    number: int
    """How many begin; negative: how many end."""


class Subjects(NamedTuple):
    """How many resources, and whole scopes, the verdicts of one rule in one scope are about."""

    rule: int
    scope: int
    all: int
    judged: int
    """Resources of which at least one verdict was pass, fail or not applicable."""
    sample: int | None
    """One of the resources; it says which kind the rule judges."""


class Verdicts(NamedTuple):
    """The verdicts of a period, counted."""

    edges: list[Edge]
    """The time for which verdicts of one sort held is the sum over where they end less that over where they begin."""
    subjects: list[Subjects]


_HELD = (
    "f.opened_by <= :e AND f.valid_from <= :end "
    "AND (f.closed_by IS NULL OR f.closed_by > :e OR f.valid_to > :start)"
)
"""A finding as known at the horizon that held at some time of the period."""
_ENDS = "CASE WHEN f.closed_by IS NULL OR f.closed_by > :e OR f.valid_to > :end THEN :end ELSE f.valid_to END"
_STARTS = "CASE WHEN f.valid_from < :start THEN :start ELSE f.valid_from END"
_SETTLED = ("pass", "fail", "not_applicable")


def verdicts(connection: Connection, to: Horizon, start: str, end: str) -> Verdicts:
    """Count the verdicts that held at some time of a period, by where they begin and end; cut to it.

    PostgreSQL groups by hashing. SQLite sorts whatever it groups, which takes longer than counting the rows as they
    come.
    """
    bound = {"e": to.evaluation, "start": start, "end": end}
    if connection.dialect.name == "sqlite":
        return _counted(connection, bound)
    edges = []
    for at, sign in ((_STARTS, 1), (_ENDS, -1)):
        query = sa.text(
            "SELECT f.rule_id, f.scope_id, f.resource_id IS NULL, f.status, COALESCE(a.outside, 0), "  # noqa: S608 - texts of this module
            f"{at}, COUNT(*) FROM finding f LEFT JOIN adjustment a ON a.digest = f.adjustment "
            f"WHERE {_HELD} GROUP BY 1, 2, 3, 4, 5, 6"
        )
        edges += [
            Edge(row[0], row[1], bool(row[2]), row[3], bool(row[4]), row[5], sign * row[6])
            for row in connection.execute(query, bound)
        ]
    query = sa.text(
        "SELECT rule_id, scope_id, COUNT(*), SUM(CASE WHEN resource_id IS NULL THEN 0 ELSE settled END), "  # noqa: S608 - as above
        "MIN(resource_id) FROM (SELECT f.rule_id, f.scope_id, f.resource_id, "
        "MAX(CASE WHEN f.status IN ('pass', 'fail', 'not_applicable') THEN 1 ELSE 0 END) AS settled "
        f"FROM finding f WHERE {_HELD} GROUP BY 1, 2, 3) t GROUP BY 1, 2"
    )
    return Verdicts(edges, [Subjects(*row) for row in connection.execute(query, bound)])


def _plain(
    connection: Connection, query: str, bound: Mapping[str, Any]
) -> Iterable[tuple[Any, ...]]:
    """Rows as they come: those of SQLite's driver itself, which takes half the time for millions. Streams."""
    if connection.dialect.name == "sqlite":
        found: Iterable[tuple[Any, ...]] = cast(
            "Any", connection.exec_driver_sql(query, dict(bound)).cursor
        )
        return found
    text = sa.text(query).execution_options(yield_per=_CHUNK)
    return cast("Iterable[tuple[Any, ...]]", connection.execute(text, bound))


class _Count:
    """Verdicts of one sort."""

    __slots__ = ("ends", "resources", "starts")

    def __init__(self) -> None:
        self.starts: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.resources = array("q")


def _counted(connection: Connection, bound: Mapping[str, Any]) -> Verdicts:
    query = (
        "SELECT f.rule_id, f.scope_id, f.status, f.adjustment, f.resource_id, f.valid_from, "  # noqa: S608 - as above
        f"CASE WHEN f.closed_by > :e THEN NULL ELSE f.valid_to END FROM finding f WHERE {_HELD}"
    )
    counts: dict[tuple[int, int, str, str | None, bool], _Count] = {}
    rows = _plain(connection, query, bound)
    for rule, scope, status, adjustment, resource, first, last in rows:
        key = rule, scope, status, adjustment, resource is None
        count = counts.get(key)
        if count is None:
            count = counts[key] = _Count()
        starts, ends = count.starts, count.ends
        starts[first] = starts.get(first, 0) + 1
        ends[last] = ends.get(last, 0) + 1
        count.resources.append(resource or 0)
    outside = {digest for digest, (beyond, _, _) in adjustments(connection).items() if beyond}
    start, end = bound["start"], bound["end"]
    edges = []
    of: dict[tuple[int, int], list[tuple[bool, array[int]]]] = {}
    for (rule, scope, status, adjustment, whole), count in counts.items():
        kept = rule, scope, whole, status, adjustment in outside
        edges += [Edge(*kept, max(at, start), n) for at, n in count.starts.items()]
        edges += [Edge(*kept, min(at or end, end), -n) for at, n in count.ends.items()]
        settled = status in _SETTLED and not whole
        of.setdefault((rule, scope), []).append((settled, count.resources))
    subjects = []
    for (rule, scope), sorts in of.items():
        every = {number for _, numbers in sorts for number in numbers}
        judged = {number for settled, numbers in sorts if settled for number in numbers}
        subjects.append(
            Subjects(rule, scope, len(every), len(judged), min(every - {0}, default=None))
        )
    return Verdicts(edges, subjects)


class Presence:
    """The documents of one kind in one scope within a period, counted by where they begin and end; cut to it."""

    __slots__ = ("edges", "resources")

    def __init__(self) -> None:
        self.edges: dict[str, int] = {}
        """Instant -> how many begin there, less those that end there."""
        self.resources: set[int] = set()
        """Those that were there at some time."""


def presence(
    connection: Connection, to: Horizon, start: str, end: str
) -> tuple[dict[tuple[str, int], Presence], bool, set[tuple[int, int | None]]]:
    """What was there within a period.

    Returns:
        (kind, scope) -> its documents; whether anything was ever deleted by its end; (collection that showed a
        document, the one that no longer did, or ``None``) of all of them.
    """
    query = (
        "SELECT r.kind, r.scope_id, r.id, o.valid_from, o.valid_to, o.opened_by, o.closed_by FROM observation o "
        "JOIN resource r ON r.id = o.resource_id WHERE o.opened_by <= :u"
    )
    bound = {"u": to.collection}
    found: dict[tuple[str, int], Presence] = {}
    opened: set[tuple[int, int]] = set()
    closed: set[tuple[int, int]] = set()
    shown: set[tuple[int, int | None]] = set()
    rows = _plain(connection, query, bound)
    for kind, scope, resource, first, last, opened_by, closed_by in rows:
        opened.add((resource, opened_by))
        ended = closed_by is not None and closed_by <= to.collection
        if ended:
            closed.add((resource, closed_by))
            if last <= start:
                continue
        if first > end:
            continue
        own = found.get((kind, scope))
        if own is None:
            own = found[kind, scope] = Presence()
        own.resources.add(resource)
        shown.add((opened_by, closed_by if ended else None))
        begins, ends = max(first, start), min(last, end) if ended else end
        own.edges[begins] = own.edges.get(begins, 0) + 1
        own.edges[ends] = own.edges.get(ends, 0) - 1
    # A document that was replaced ended with the collection that opened the next.
    return found, not closed <= opened, shown


class Overhang(NamedTuple):
    """A verdict that stood while its resource was not there: until the next evaluation, say."""

    rule: int
    scope: int
    status: str
    outside: bool
    start: str
    end: str


_GONE = (
    "ended AS MATERIALIZED (SELECT resource_id, closed_by FROM observation WHERE closed_by <= :u "
    "EXCEPT SELECT resource_id, opened_by FROM observation), "
    "gone AS MATERIALIZED (SELECT o.resource_id, o.valid_to AS since, (SELECT MIN(n.valid_from) FROM observation n "
    "WHERE n.resource_id = o.resource_id AND n.opened_by > o.closed_by AND n.opened_by <= :u) AS again FROM ended x "
    "JOIN observation o ON o.resource_id = x.resource_id AND o.closed_by = x.closed_by WHERE o.valid_to < :end)"
)
"""Stretches in which a resource was not there: its document ended, and no other took its place."""


def overhangs(connection: Connection, to: Horizon, start: str, end: str) -> Iterator[Overhang]:
    """Parts of verdicts within a period that lie in time in which their resource was not there. Streams.

    Asked only where something was deleted: all verdicts are gone through.
    """
    query = sa.text(
        f"WITH {_GONE} SELECT f.rule_id, f.scope_id, f.status, COALESCE(a.outside, 0), "  # noqa: S608 - as above
        f"{_STARTS}, {_ENDS}, g.since, g.again FROM finding f JOIN gone g ON g.resource_id = f.resource_id "
        f"LEFT JOIN adjustment a ON a.digest = f.adjustment WHERE {_HELD} "
        "AND (f.closed_by IS NULL OR f.closed_by > :e OR f.valid_to > g.since) "
        "AND (g.again IS NULL OR f.valid_from < g.again)"
    )
    bound = {**to.bound, "start": start, "end": end}
    for row in connection.execute(query.execution_options(yield_per=_CHUNK), bound):
        first, last = max(row[4], row[6]), min(row[5], row[7] or row[5])
        if first < last:
            yield Overhang(row[0], row[1], row[2], bool(row[3]), first, last)


class Unjudged(NamedTuple):
    """A part of a verdict in which it was about another document than the one that was there, or was out of date."""

    rule: int
    scope: int
    resource: int
    status: str
    outside: bool
    start: str
    end: str


class Missed(NamedTuple):
    """A version of a document that some rule may not have judged, within the period."""

    kind: str
    scope: int
    resource: int
    start: str
    end: str
    opened_by: int
    closed_by: int | None


def missed(
    connection: Connection, to: Horizon, start: str, end: str, openers: Collection[int]
) -> Iterator[Missed]:
    """Versions of documents that some collections were the first to show. Streams."""
    query = sa.text(
        "SELECT r.kind, r.scope_id, r.id, CASE WHEN o.valid_from < :start THEN :start ELSE o.valid_from END, "  # noqa: S608 - as above
        f"{_DOCUMENT_ENDS}, o.opened_by, {_DOCUMENT_CLOSED} FROM observation o JOIN resource r ON r.id = o.resource_id "
        f"WHERE o.opened_by IN :openers AND o.valid_from < :end AND {_DOCUMENT_ENDS} > :start ORDER BY o.id"
    ).bindparams(sa.bindparam("openers", expanding=True))
    bound = {"u": to.collection, "start": start, "end": end}
    for some in batched(sorted(openers), _IN):
        for row in connection.execute(query, {**bound, "openers": some}):
            yield Missed._make(row)


_DOCUMENT_ENDS = "CASE WHEN o.closed_by IS NULL OR o.closed_by > :u OR o.valid_to > :end THEN :end ELSE o.valid_to END"
_DOCUMENT_CLOSED = "CASE WHEN o.closed_by > :u THEN NULL ELSE o.closed_by END"


class Beneath(NamedTuple):
    """A part of a verdict, with the version of its document that was there."""

    part: Unjudged
    opened_by: int
    closed_by: int | None
    same: bool
    """The verdict is about that document, though it was judged before."""


def beneath(
    connection: Connection, to: Horizon, start: str, end: str, openers: Collection[int]
) -> Iterator[Beneath]:
    """Verdicts within a period that stood while documents were there which some collections were the first to show.

    Streams.
    """
    query = sa.text(
        f"SELECT f.rule_id, f.scope_id, f.resource_id, f.status, COALESCE(a.outside, 0), {_STARTS}, {_ENDS}, "  # noqa: S608 - as above
        f"o.valid_from, {_DOCUMENT_ENDS}, o.opened_by, {_DOCUMENT_CLOSED}, f.digest = o.digest FROM observation o "
        "JOIN finding f ON f.resource_id = o.resource_id LEFT JOIN adjustment a ON a.digest = f.adjustment "
        f"WHERE o.opened_by IN :openers AND {_HELD} AND f.valid_from < {_DOCUMENT_ENDS} "
        "AND (f.closed_by IS NULL OR f.closed_by > :e OR f.valid_to > o.valid_from) ORDER BY f.id, o.id"
    ).bindparams(sa.bindparam("openers", expanding=True))
    bound = {**to.bound, "start": start, "end": end}
    for some in batched(sorted(openers), _IN):
        for row in connection.execute(query, {**bound, "openers": some}):
            first, last = max(row[5], row[7]), min(row[6], row[8])
            if first < last:
                part = Unjudged(row[0], row[1], row[2], row[3], bool(row[4]), first, last)
                yield Beneath(part, row[9], row[10], bool(row[11]))


def out_of_date(connection: Connection, to: Horizon, start: str, end: str) -> Iterator[Unjudged]:
    """Verdicts that stood after the instant that they named as their end, while their document was there. Streams.

    Nothing judged since; or another version of the rule did, which says nothing of the time before it.
    """
    stood = "CASE WHEN f.closed_by IS NULL OR f.closed_by > :e THEN :end ELSE f.valid_to END"
    query = sa.text(
        "SELECT f.rule_id, f.scope_id, f.resource_id, f.status, COALESCE(a.outside, 0), f.until, "  # noqa: S608 - as above
        f"{stood}, o.valid_from, {_DOCUMENT_ENDS} "
        "FROM finding f JOIN observation o ON o.resource_id = f.resource_id AND o.digest = f.digest "
        "LEFT JOIN adjustment a ON a.digest = f.adjustment WHERE f.until IS NOT NULL AND f.until < :end "
        f"AND f.opened_by <= :e AND f.until < {stood} AND {stood} > :start AND o.opened_by <= :u ORDER BY f.id, o.id"
    )
    for row in connection.execute(query, {**to.bound, "start": start, "end": end}):
        first, last = max(row[5], row[7], start), min(row[6], row[8], end)
        if first < last:
            yield Unjudged(row[0], row[1], row[2], row[3], bool(row[4]), first, last)


# -- failures ---------------------------------------------------------------------------------------


class Failure(NamedTuple):
    """A stretch of failure of one finding: rows with one ``failing_since``."""

    rule: int
    scope: int
    resource: int | None
    since: str
    first: int
    """Id of its first row."""
    last: int
    """Id of its last row."""
    rows: int
    failing: int
    """How many of its rows say ``fail``; the others could not be judged."""
    inside_until: str | None
    """Until when it counted, within the period; ``None``: a decision put it outside of the system all the time.
    :data:`ONGOING`: it counted to its end, or to that of the period."""
    due: str | None
    """By when it was due while it counted."""


ONGOING = "~"
"""After every instant."""


def failures(connection: Connection, to: Horizon, start: str, end: str) -> list[Failure]:
    """Every stretch of failure that began before the end of a period and lasted into it."""
    query = sa.text(
        "SELECT rule_id, scope_id, resource_id, failing_since, MIN(id), MAX(id), COUNT(*), "
        "SUM(CASE WHEN status = 'fail' THEN 1 ELSE 0 END), "
        "MAX(CASE WHEN COALESCE(a.outside, 0) = 1 THEN NULL WHEN closed_by IS NULL OR closed_by > :e THEN '9' "
        "WHEN valid_to > :start AND valid_to > valid_from THEN valid_to END), "
        "MAX(sla_due), MAX(CASE WHEN closed_by IS NULL OR closed_by > :e THEN '9' ELSE valid_to END), "
        "MAX(COALESCE(a.outside, 0)) "
        "FROM finding LEFT JOIN adjustment a ON a.digest = adjustment "
        "WHERE failing_since IS NOT NULL AND opened_by <= :e AND failing_since < :end "
        "GROUP BY rule_id, scope_id, resource_id, failing_since "
        "HAVING MAX(CASE WHEN closed_by IS NULL OR closed_by > :e THEN '9' ELSE valid_to END) > :start"
    )
    bound = {"e": to.evaluation, "start": start, "end": end}
    return [
        Failure._make((*row[:8], ONGOING if not row[11] or row[8] == row[10] else row[8], row[9]))
        for row in connection.execute(query, bound)
    ]


class Row(NamedTuple):
    """One row of a finding's history."""

    id: int
    rule: int
    version: int
    scope: int
    resource: int | None
    status: str
    message: str
    digest: str | None
    until: str | None
    due: str | None
    valid_from: str
    valid_to: str | None
    opened_by: int
    closed_by: int | None
    basis: str | None
    adjustment: str | None


_ROW = (
    "f.id, f.rule_id, f.rule_version_id, f.scope_id, f.resource_id, f.status, f.message, f.digest, f.until, "
    "f.sla_due, f.valid_from, f.valid_to, f.opened_by, f.closed_by, f.basis, f.adjustment"
)


def rows(connection: Connection, to: Horizon, ids: Collection[int]) -> dict[int, Row]:
    """Rows of findings by their ids; what was closed after the horizon is open."""
    query = sa.text(f"SELECT {_ROW} FROM finding f WHERE f.id IN :ids").bindparams(  # noqa: S608 - as above
        sa.bindparam("ids", expanding=True)
    )
    found: dict[int, Row] = {}
    for some in batched(sorted(ids), _IN):
        for row in connection.execute(query, {"ids": some}):
            found[row[0]] = _row(row, to)
    return found


def _row(row: Any, to: Horizon) -> Row:  # noqa: ANN401 - a row of SQLAlchemy's
    held = Row._make(row)
    if held.closed_by is not None and held.closed_by > to.evaluation:
        return held._replace(valid_to=None, closed_by=None)
    return held


class Beside(NamedTuple):
    """A row without failure, of an evaluation that began or ended one."""

    id: int
    rule: int
    scope: int
    resource: int | None
    at: str
    """Its end, or its beginning."""
    evaluation: int


def settled_beside(
    connection: Connection, evaluations: Collection[int], *, after: bool
) -> Iterator[Beside]:
    """Rows without failure that some evaluations closed, or (``after``) that they opened. Streams.

    What stood before a failure was closed by the evaluation that opened the failure, and what came after it was
    opened by the one that closed it.
    """
    by, at = ("opened_by", "valid_from") if after else ("closed_by", "valid_to")
    query = sa.text(
        f"SELECT id, rule_id, scope_id, resource_id, {at}, {by} FROM finding "  # noqa: S608 - as above
        f"WHERE failing_since IS NULL AND {by} IN :some"
    ).bindparams(sa.bindparam("some", expanding=True))
    for some in batched(sorted(evaluations), _IN):
        for row in connection.execute(query.execution_options(yield_per=_CHUNK), {"some": some}):
            yield Beside._make(row)


class Sighted(NamedTuple):
    """A version of a document: between which collections it was seen."""

    resource: int
    digest: str
    name: str
    valid_from: str
    opened_by: int
    closed_by: int | None


def sighted(connection: Connection, to: Horizon, resources: Collection[int]) -> Iterator[Sighted]:
    """Every version of the documents of some resources, as known at the horizon, by resource and in order."""
    o = tables.observation
    for some in batched(sorted(resources), _IN):
        query = (
            sa.select(
                o.c.resource_id, o.c.digest, o.c.name, o.c.valid_from, o.c.opened_by, o.c.closed_by
            )
            .where(o.c.resource_id.in_(some), o.c.opened_by <= to.collection)
            .order_by(o.c.resource_id, o.c.id)
        )
        for row in connection.execute(query):
            one = Sighted._make(row)
            if one.closed_by is not None and one.closed_by > to.collection:
                one = one._replace(closed_by=None)
            yield one


def resources(connection: Connection, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Id of a resource -> (kind, uid)."""
    r = tables.resource
    found: dict[int, tuple[str, str]] = {}
    for some in batched(sorted(ids), _IN):
        query = sa.select(r.c.id, r.c.kind, r.c.uid).where(r.c.id.in_(some))
        found |= {row[0]: (row[1], row[2]) for row in connection.execute(query)}
    return found


def adjustments(connection: Connection) -> dict[str, tuple[bool, str | None, tuple[str, ...]]]:
    """Digest of what was decided for a place -> (whether it is outside, severity, the decisions in words)."""
    a = tables.adjustment
    query = sa.select(a.c.digest, a.c.outside, a.c.severity, a.c.body)
    return {
        row[0]: (bool(row[1]), row[2], tuple(json.loads(row[3])["because"]))
        for row in connection.execute(query)
    }


# -- runs -------------------------------------------------------------------------------------------


class Run(NamedTuple):
    """One run that collected or judged."""

    id: int
    command: str
    started_at: str
    finished_at: str | None
    status: str | None
    tool_version: str
    config: str | None
    """Digest of its configuration."""
    collections: int
    complete: int
    last: str
    """When its last collection ended, or as of when it judged."""


def runs(connection: Connection, to: Horizon) -> list[Run]:
    """Every run that had collected or judged something by a horizon, in order."""
    query = sa.text(
        "SELECT r.id, r.command, r.started_at, r.finished_at, r.status, r.tool_version, r.config_digest, "
        "COALESCE(c.n, 0), COALESCE(c.complete, 0), c.last, e.last FROM run r "
        "LEFT JOIN (SELECT run_id, COUNT(*) AS n, SUM(CASE WHEN status = 'complete' THEN 1 ELSE 0 END) AS complete, "
        "MAX(finished_at) AS last FROM collection WHERE id <= :u GROUP BY run_id) c ON c.run_id = r.id "
        "LEFT JOIN (SELECT run_id, MAX(as_of) AS last FROM evaluation WHERE id <= :e GROUP BY run_id) e "
        "ON e.run_id = r.id WHERE c.n IS NOT NULL OR e.last IS NOT NULL ORDER BY r.id"
    )
    found = []
    for row in connection.execute(query, to.bound):
        # How a run ended that was going on is not known yet.
        over = row[3] is not None and row[3] <= to.at
        finished, status = (row[3], row[4]) if over else (None, None)
        last = max(row[9] or "", row[10] or "")
        found.append(
            Run(row[0], row[1], row[2], finished, status, row[5], row[6], row[7], row[8], last)
        )
    return found


def configurations(connection: Connection, digests: Collection[str]) -> dict[str, str]:
    """Digest of a configuration -> its body, canonical JSON."""
    c = tables.config
    found: dict[str, str] = {}
    for some in batched(sorted(digests), _IN):
        query = sa.select(c.c.digest, c.c.body).where(c.c.digest.in_(some))
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


class Entry(NamedTuple):
    """One entry of the ledger."""

    seq: int
    hash: str
    recorded_at: str


def ledger_end(connection: Connection, at: str) -> Entry | None:
    """The last entry of the ledger that was recorded by an instant."""
    g = tables.ledger
    query = (
        sa.select(g.c.seq, g.c.hash, g.c.recorded_at)
        .where(g.c.recorded_at <= at)
        .order_by(g.c.seq.desc())
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else Entry._make(row)


def ledger_hash(connection: Connection, seq: int) -> str | None:
    """The hash of an entry of the ledger; ``None``: there is no such entry."""
    g = tables.ledger
    found: str | None = connection.execute(sa.select(g.c.hash).where(g.c.seq == seq)).scalar()
    return found


def roots(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Id of a collection -> the root over what it saw."""
    c = tables.collection
    found: dict[int, str] = {}
    for some in batched(sorted(ids), _IN):
        query = sa.select(c.c.id, c.c.root).where(c.c.id.in_(some))
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def attachments(connection: Connection, digests: Collection[str]) -> dict[str, tuple[int, str]]:
    """Digest of a file that somebody handed in -> (its bytes, its media type)."""
    a = tables.attachment
    found: dict[str, tuple[int, str]] = {}
    for some in batched(sorted(digests), _IN):
        query = sa.select(a.c.digest, a.c.size, a.c.media_type).where(a.c.digest.in_(some))
        found |= {row[0]: (row[1], row[2]) for row in connection.execute(query)}
    return found


# -- verdicts that another rule version turned ------------------------------------------------------


def turned(
    connection: Connection, rules: Mapping[int, Collection[int]]
) -> dict[tuple[int, int], int]:
    """(evaluation, rule) -> how many verdicts became another status on the same documents.

    Args:
        connection: to read from.
        rules: evaluation -> the rules of which another version judged from it on.
    """
    found: dict[tuple[int, int], int] = {}
    select = (
        "SELECT rule_id, scope_id, resource_id, {at}, {by}, rule_version_id, digest, status FROM finding "
        "WHERE {by} IN :evaluations AND rule_id IN :rules"
    )
    before = _of(select.format(at="valid_to", by="closed_by"))
    after = _of(select.format(at="valid_from", by="opened_by"))
    bound = {
        "evaluations": sorted(rules),
        "rules": sorted({rule for some in rules.values() for rule in some}),
    }
    if not rules:
        return found
    stood: dict[tuple[Any, ...], tuple[int, str | None, str]] = {}
    for row in connection.execute(before.execution_options(yield_per=_CHUNK), bound):
        if row[0] in rules[row[4]]:
            stood[tuple(row[:5])] = row[5], row[6], row[7]
    for row in connection.execute(after.execution_options(yield_per=_CHUNK), bound):
        old = stood.get(tuple(row[:5]))
        if old is not None and old[0] != row[5] and old[1] == row[6] and old[2] != row[7]:
            key = row[4], row[0]
            found[key] = found.get(key, 0) + 1
    return found


def _of(text: str) -> sa.TextClause:
    names = ("evaluations", "rules")
    return sa.text(text).bindparams(*(sa.bindparam(name, expanding=True) for name in names))


# -- one row for each finding -----------------------------------------------------------------------


class Held(NamedTuple):
    """A row of a finding as known at the horizon, with what it is about."""

    rule: int
    scope: int
    resource: int | None
    status: str
    message: str
    digest: str | None
    failing_since: str | None
    due: str | None
    adjustment: str | None
    valid_from: str
    valid_to: str | None
    version: int
    kind: str | None = None
    """Of the resource; this and what follows is read for one instant only."""
    uid: str | None = None
    name: str | None = None


_HELD_ROW = (
    "SELECT f.rule_id, f.scope_id, f.resource_id, f.status, f.message, f.digest, f.failing_since, f.sla_due, "
    "f.adjustment, f.valid_from, CASE WHEN f.closed_by > :e THEN NULL ELSE f.valid_to END, f.rule_version_id "
    "FROM finding f "
)


def held(
    connection: Connection, to: Horizon, start: str, end: str, pairs: Mapping[int, Collection[int]]
) -> list[Held]:
    """Rows that held at some time of a period, of some rules (id -> ids of scopes), in the order of their ids."""
    query = sa.text(
        f"{_HELD_ROW} WHERE {_HELD} AND f.rule_id IN :rules AND f.scope_id IN :scopes ORDER BY f.id"
    ).bindparams(*(sa.bindparam(name, expanding=True) for name in ("rules", "scopes")))
    bound = {
        "e": to.evaluation,
        "start": start,
        "end": end,
        "rules": sorted(pairs),
        "scopes": sorted({scope for some in pairs.values() for scope in some}),
    }
    rows_ = connection.execute(query, bound)
    return [Held(*row) for row in rows_ if row[1] in pairs[row[0]]]


def held_at(connection: Connection, to: Horizon, *, passing: bool = True) -> Iterator[Held]:
    """Rows that hold at the horizon; one that named an earlier end is :data:`OUT_OF_DATE`. Streams.

    ``passing``: without it, those are left out that pass or do not apply.
    """
    others = (
        "" if passing else " AND (f.status NOT IN ('pass', 'not_applicable') OR f.until <= :at)"
    )
    query = sa.text(
        "SELECT f.rule_id, f.scope_id, f.resource_id, f.status, f.message, f.digest, f.failing_since, f.sla_due, "  # noqa: S608 - as above
        "f.adjustment, f.valid_from, NULL, f.rule_version_id, r.kind, r.uid, o.name, "
        "CASE WHEN f.until <= :at THEN f.until END "
        "FROM finding f LEFT JOIN resource r ON r.id = f.resource_id "
        "LEFT JOIN observation o ON o.resource_id = f.resource_id AND o.opened_by <= :u "
        "AND (o.closed_by IS NULL OR o.closed_by > :u) "
        f"WHERE f.opened_by <= :e AND (f.closed_by IS NULL OR f.closed_by > :e){others} "
        "ORDER BY f.rule_id, f.scope_id, f.resource_id NULLS FIRST"
    )
    bound = {**to.bound, "at": to.at}
    for row in connection.execute(query.execution_options(yield_per=_CHUNK), bound):
        *held_row, over = row
        one = Held(*held_row)
        if over is not None:
            said = f"out of date since {over}; before that: {one.status}, {one.message}"
            one = one._replace(status=OUT_OF_DATE, message=said)
        yield one


OUT_OF_DATE = "stale"
"""The status of a verdict after the instant that it named as its end, until something judges again."""


class Status(NamedTuple):
    """How many findings hold at the horizon."""

    rule: int
    scope: int
    whole: bool
    status: str
    adjustment: str | None
    number: int


def statuses(connection: Connection, to: Horizon, *, adjusted: bool = False) -> list[Status]:
    """How many findings hold at the horizon, by rule, scope, status (see :func:`held_at`) and decision.

    ``adjusted``: only those that a decision about their place touches.
    """
    only = " AND f.adjustment IS NOT NULL" if adjusted else ""
    query = sa.text(
        "SELECT f.rule_id, f.scope_id, CASE WHEN f.resource_id IS NULL THEN 1 ELSE 0 END, "  # noqa: S608 - as above
        f"CASE WHEN f.until <= :at THEN '{OUT_OF_DATE}' ELSE f.status END, f.adjustment, "
        "COUNT(*) FROM finding f WHERE f.opened_by <= :e AND (f.closed_by IS NULL OR f.closed_by > :e)"
        f"{only} GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    )
    return [
        Status(row[0], row[1], bool(row[2]), row[3], row[4], row[5])
        for row in connection.execute(query, {"e": to.evaluation, "at": to.at})
    ]


class Known(NamedTuple):
    """A version of a document, with what it is of."""

    resource: int
    kind: str
    scope: int
    uid: str
    name: str
    digest: str
    valid_from: str
    valid_to: str | None
    opened_by: int


def documents(
    connection: Connection, to: Horizon, start: str, end: str, kinds: Collection[str], scopes: Collection[int]
) -> Iterator[Known]:  # fmt: skip
    """Versions of documents that were there at some time of a period, by resource and in order. Streams."""
    query = sa.text(
        "SELECT r.id, r.kind, r.scope_id, r.uid, o.name, o.digest, o.valid_from, "
        "CASE WHEN o.closed_by > :u THEN NULL ELSE o.valid_to END, o.opened_by FROM resource r "
        "JOIN observation o ON o.resource_id = r.id WHERE r.kind IN :kinds AND r.scope_id IN :scopes "
        "AND o.opened_by <= :u AND o.valid_from <= :end "
        "AND (o.closed_by IS NULL OR o.closed_by > :u OR o.valid_to > :start) ORDER BY r.id, o.id"
    ).bindparams(*(sa.bindparam(name, expanding=True) for name in ("kinds", "scopes")))
    bound = {
        "u": to.collection,
        "start": start,
        "end": end,
        "kinds": sorted(kinds),
        "scopes": sorted(scopes),
    }
    for row in connection.execute(query.execution_options(yield_per=_CHUNK), bound):
        yield Known._make(row)


def bodies_of(
    connection: Connection, to: Horizon, kind: str
) -> Iterator[tuple[str, str, str, str]]:
    """(scope, uid, digest, body) of every document of a kind as known at the horizon. Streams.

    Where its text left the store since, the oldest other one of the resource that is there stands for it: what an
    event is, and when it was, is the same in all of them. Empty: none is there.
    """
    other = (
        "SELECT x.body FROM observation n JOIN evidence x ON x.digest = n.digest "
        "WHERE n.resource_id = r.id AND x.body <> '' ORDER BY n.id LIMIT 1"
    )
    query = sa.text(
        "SELECT s.provider || ':' || s.boundary, r.uid, o.digest, "  # noqa: S608 - as above
        f"CASE WHEN e.body <> '' THEN e.body ELSE COALESCE(({other}), '') END FROM resource r "
        "JOIN scope s ON s.id = r.scope_id JOIN observation o ON o.resource_id = r.id "
        "JOIN evidence e ON e.digest = o.digest WHERE r.kind = :kind AND o.opened_by <= :u "
        "AND (o.closed_by IS NULL OR o.closed_by > :u) ORDER BY r.id"
    )
    bound = {"u": to.collection, "kind": kind}
    for row in connection.execute(query.execution_options(yield_per=_CHUNK), bound):
        yield row[0], row[1], row[2], row[3]
