"""What people ask the store. Reads the documented views, so that SQL users see the same rows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.acts.due import OpenFailures
from soc2_pac.model import CollectionStatus, Scope, Status, utc_text, utc_time
from soc2_pac.store import counts, tables
from soc2_pac.store.database import batched
from soc2_pac.store.evidence_list import EvidenceItem as EvidenceItem  # noqa: PLC0414 - a question, too
from soc2_pac.store.evidence_list import EvidencePosition as EvidencePosition  # noqa: PLC0414
from soc2_pac.store.evidence_list import evidence as evidence  # noqa: PLC0414
from soc2_pac.store.finding_list import Finding as Finding  # noqa: PLC0414
from soc2_pac.store.finding_list import Position as Position  # noqa: PLC0414
from soc2_pac.store.finding_list import findings as findings  # noqa: PLC0414
from soc2_pac.store.finding_list import like
from soc2_pac.store.scopes import retired

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

T = TypeVar("T")
_CHUNK = 5000
_IN = 500


@dataclass(frozen=True, slots=True)
class FindingPeriod:
    """One period of a finding's history, as ``v_finding_history`` shows it."""

    fingerprint: str
    rule: str
    severity: str
    scope: str
    kind: str | None
    resource: str | None
    status: Status
    message: str
    evidence: str | None
    valid_from: str
    valid_to: str | None
    failing_since: str | None
    sla_due: str | None
    opened_by_evaluation: int
    closed_by_evaluation: int | None
    rule_version: str
    thresholds: str
    basis: str | None = None
    outside: bool = False
    adjustment: str | None = None


@dataclass(frozen=True, slots=True)
class FindingDocument:
    """Something that a current finding rests on, as ``v_finding_documents`` shows it."""

    fingerprint: str
    rule: str
    role: str
    """``judged``, ``joined`` (a document that decided it), or ``population`` (a kind read whole)."""
    kind: str
    scope: str
    resource: str | None
    digest: str | None
    """Of the document; ``None`` for a population."""
    collection: int | None
    """Of a population: the last collection of the kind in the scope."""


@dataclass(frozen=True, slots=True)
class CollectionItem:
    """One attempt to list one kind in one scope, as ``v_collections`` shows it."""

    id: int
    run: int
    source: str
    scope: str
    kind: str
    status: CollectionStatus
    reason: str
    permission: str | None
    requests: int
    pages: int
    count: int
    gaps: int
    asked: str
    read: str
    root: str
    started_at: str
    finished_at: str
    collector_version: str
    opened: int
    closed: int


@dataclass(frozen=True, slots=True)
class RunItem:
    """One run, as ``v_runs`` shows it."""

    id: int
    command: str
    started_at: str
    finished_at: str | None
    status: str | None
    tool_version: str
    config_digest: str | None
    collections: int
    complete: int | None
    requests: int | None


def rule_counts(connection: Connection) -> dict[str, tuple[dict[Status, int], int]]:
    """Rule -> (current findings that count, by status; how many of the failures are waived)."""
    found: dict[str, tuple[dict[Status, int], int]] = {}
    accepted: dict[str, int] = {}
    for (rule, _), number in counts.waived(connection).items():
        accepted[rule] = accepted.get(rule, 0) + number
    for one in counts.tallied(connection):
        if not one.outside:
            by_status, _ = found.setdefault(one.rule, ({}, accepted.get(one.rule, 0)))
            by_status[one.status] = by_status.get(one.status, 0) + one.findings
    return found


def open_failures(connection: Connection, leave_out: Collection[str]) -> list[OpenFailures]:
    """Open failures that count and are not waived, by severity and the day on which they are due.

    What failed and cannot be seen now (inconclusive, stale) is open as well: only a pass ends a failure.
    ``leave_out``: providers whose own findings are not among them.
    """
    v = _view(
        "v_findings",
        *("severity", "sla_due", "failing_since", "outside", "waiver", "provider"),
    )
    day = sa.func.substr(v.c.sla_due, 1, 10)
    query = (
        sa.select(
            v.c.severity,
            day,
            sa.func.min(v.c.sla_due),
            sa.func.count(),
            sa.func.min(v.c.failing_since),
        )
        .where(
            # No text comes before the empty one: a due date, by its key.
            v.c.sla_due > "",
            v.c.outside == 0,
            v.c.waiver.is_(None),
            v.c.provider.not_in(sorted(leave_out)),
        )
        .group_by(v.c.severity, day)
        .order_by(v.c.severity, day)
    )
    return [OpenFailures(*row) for row in connection.execute(query)]


def finding_history(connection: Connection, fingerprint: str) -> list[FindingPeriod]:
    """Every period of one finding, oldest first."""
    v = _view("v_finding_history", *(field.name for field in fields(FindingPeriod)))
    query = (
        sa.select(v).where(v.c.fingerprint == fingerprint).order_by(v.c.valid_from, v.c.valid_to)
    )
    return [
        FindingPeriod(
            **{**row._mapping, "status": Status(row.status), "outside": bool(row.outside)}  # noqa: SLF001
        )
        for row in connection.execute(query)
    ]


def finding_documents(connection: Connection, fingerprint: str) -> list[FindingDocument]:
    """Everything that one current finding rests on: documents by their digests, populations by collection."""
    v = _view("v_finding_documents", *(field.name for field in fields(FindingDocument)))
    order = sa.case({"judged": 0, "joined": 1}, value=v.c.role, else_=2)
    query = sa.select(v).where(v.c.fingerprint == fingerprint)
    rows = connection.execute(query.order_by(order, v.c.kind, v.c.scope, v.c.resource))
    return [FindingDocument(**row._mapping) for row in rows]  # noqa: SLF001


def last_instant(connection: Connection) -> str | None:
    """The instant of the last evaluation, UTC; ``None`` where there was none."""
    e = tables.evaluation
    query = sa.select(e.c.as_of).order_by(e.c.id.desc()).limit(1)
    found: str | None = connection.execute(query).scalar()
    return found


def outdated(connection: Connection, now: str, days: int) -> str | None:
    """What is to be said beside verdicts that nobody judged anew for longer than evidence counts.

    A verdict turns stale when an evaluation finds its evidence too old, and not by itself.

    Args:
        connection: reading.
        now: UTC text.
        days: how long evidence counts.
    """
    judged = last_instant(connection)
    if judged is None or utc_time(judged) + timedelta(days=days) > utc_time(now):
        return None
    return f"Last judged on {judged[:10]}, more than {days} days earlier: what passed then may not hold now."


def body(connection: Connection, digest: str) -> tuple[str, str] | None:
    """(full digest, canonical JSON) of the evidence with this digest or unambiguous prefix of one."""
    # Hexadecimal digits: in every order of texts, g comes behind them.
    rows = connection.execute(
        sa.text(
            "SELECT digest, body FROM evidence WHERE digest >= :start AND digest < :end LIMIT 2"
        ),
        {"start": digest.lower(), "end": digest.lower() + "g"},
    ).all()
    return (rows[0][0], rows[0][1]) if len(rows) == 1 else None


def was_seen(connection: Connection, digest: str) -> bool:
    """Whether any collection showed a document, by its whole digest. Goes through all observations."""
    query = sa.text(
        "SELECT 1 FROM observation o JOIN resource r ON r.id = o.resource_id WHERE o.digest = :digest LIMIT 1"
    )
    return connection.execute(query, {"digest": digest}).first() is not None


def collections(
    connection: Connection, *, run: int | None = None, latest: bool = False
) -> list[CollectionItem]:
    """Collections of one run, or the latest of each kind and scope, or all; in order of their ids."""
    v = _view("v_collections", *(field.name for field in fields(CollectionItem)))
    query = sa.select(v).order_by(v.c.id)
    if run is not None:
        query = query.where(v.c.run == run)
    if latest:
        newest = sa.select(sa.func.max(v.c.id)).group_by(v.c.scope, v.c.kind)
        query = query.where(v.c.id.in_(newest))
    return [
        CollectionItem(**{**row._mapping, "status": CollectionStatus(row.status)})  # noqa: SLF001
        for row in connection.execute(query)
    ]


def collections_of(connection: Connection, ids: Collection[int]) -> Iterator[CollectionItem]:
    """Collections by their ids, in order. Streams."""
    v = _view("v_collections", *(field.name for field in fields(CollectionItem)))
    for part in batched(sorted(ids), _IN):
        query = sa.select(v).where(v.c.id.in_(part)).order_by(v.c.id)
        for row in connection.execute(query):
            yield CollectionItem(**{**row._mapping, "status": CollectionStatus(row.status)})  # noqa: SLF001


def collection_roots(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Id of a collection -> the root over what it saw."""
    return _of_collections(connection, tables.collection.c.root, ids)


def collection_starts(connection: Connection, ids: Collection[int]) -> dict[int, str]:
    """Id of a collection -> when it began, UTC."""
    return _of_collections(connection, tables.collection.c.started_at, ids)


def _of_collections(
    connection: Connection, column: sa.Column[Any], ids: Collection[int]
) -> dict[int, str]:
    c = tables.collection
    found: dict[int, str] = {}
    for part in batched(sorted(ids), _IN):
        query = sa.select(c.c.id, column).where(c.c.id.in_(part))
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def runs(connection: Connection, *, limit: int = 20) -> list[RunItem]:
    """The last runs, newest first."""
    v = _view("v_runs", *(field.name for field in fields(RunItem)))
    query = sa.select(v).order_by(v.c.id.desc()).limit(limit)
    return [RunItem(**row._mapping) for row in connection.execute(query)]  # noqa: SLF001


def sources_read(connection: Connection, runs: Collection[int]) -> dict[str, str]:
    """Source -> when the last complete collection of it in these runs ended, UTC text; absent: there was none."""
    c = tables.collection
    query = (
        sa.select(c.c.source, sa.func.max(c.c.finished_at))
        .where(c.c.run_id.in_(sorted(runs)), c.c.status == CollectionStatus.COMPLETE.value)
        .group_by(c.c.source)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


class Known(NamedTuple):
    """What the store has heard of: what a filter can name."""

    providers: frozenset[str]
    scopes: frozenset[str]
    kinds: frozenset[str]


def known(connection: Connection) -> Known:
    """Providers, scopes and kinds that were ever collected, or that a finding is about."""
    s = tables.scope
    scopes = [tuple(row) for row in connection.execute(sa.select(s.c.provider, s.c.boundary))]
    kinds = connection.execute(sa.text(_KINDS)).scalars()
    return Known(
        frozenset(provider for provider, _ in scopes),
        frozenset(f"{provider}:{boundary}" for provider, boundary in scopes),
        frozenset(kinds),
    )


_KINDS = """
WITH RECURSIVE known(kind) AS (
    SELECT MIN(kind) FROM collection
    UNION ALL
    SELECT (SELECT MIN(c.kind) FROM collection c WHERE c.kind > known.kind) FROM known WHERE known.kind IS NOT NULL
)
SELECT kind FROM known WHERE kind IS NOT NULL
"""
"""Each kind is found by the key behind the one before: a step for a kind, and not for a collection."""


def matches_any(scope: str, scopes: Collection[str]) -> bool:
    """Whether a scope, or a prefix that ends in ``*``, matches one of these."""
    if scope.endswith("*"):
        return any(one.startswith(scope[:-1]) for one in scopes)
    return scope in scopes


def remembered_scopes(connection: Connection) -> dict[tuple[str, str], set[Scope]]:
    """(source, kind) -> every real scope that was looked at in the past, and was not retired since."""
    gone = retired(connection, utc_text(clock.now()))
    rows = connection.execute(
        sa.text(
            "SELECT DISTINCT c.source, c.kind, s.provider, s.boundary, s.id "
            "FROM collection c JOIN scope s ON s.id = c.scope_id"
        )
    )
    found: dict[tuple[str, str], set[Scope]] = {}
    for source, kind, provider, boundary, scope_id in rows:
        if not boundary.startswith("?") and scope_id not in gone:
            found.setdefault((source, kind), set()).add(Scope(provider, boundary))
    return found


def cursors(connection: Connection) -> dict[tuple[str, str, Scope, str], str]:
    """(source, kind, scope, collector version) -> where the next look at a population goes on.

    That is what the last complete look left, or a later one that broke off and said how far it was. Where
    the last complete look left nothing, an older cursor does not hold.
    """
    rows = connection.execute(
        sa.text(
            "SELECT c.source, c.kind, s.provider, s.boundary, c.collector_version, p.cursor "
            "FROM population p JOIN collection c ON c.id = p.collection_id "
            "JOIN scope s ON s.id = c.scope_id WHERE c.id IN (SELECT MAX(x.id) FROM collection x "
            "JOIN population y ON y.collection_id = x.id "
            "WHERE x.status = 'complete' OR y.cursor IS NOT NULL "
            "GROUP BY x.source, x.scope_id, x.kind, x.collector_version)"
        )
    )
    return {
        (source, kind, Scope(provider, boundary), version): cursor
        for source, kind, provider, boundary, version, cursor in rows
        if cursor is not None
    }


@dataclass(frozen=True, slots=True)
class PopulationLook:
    """One look at a population, as ``v_populations`` shows it."""

    collection: int
    run: int
    source: str
    scope: str
    kind: str
    status: str
    reason: str
    permission: str | None
    instant: str
    parameters: str
    cursor: str | None
    total: int | None
    read: int
    added: int
    read_root: str
    count: int
    root: str
    pages: int
    requests: int
    started_at: str
    finished_at: str
    collector_version: str


class PopulationDocument(NamedTuple):
    """One event's current document."""

    scope: str
    uid: str
    name: str
    digest: str
    valid_from: str
    body: str


def population_looks(connection: Connection) -> list[PopulationLook]:
    """Every look at every population, oldest first."""
    v = _view("v_populations", *(field.name for field in fields(PopulationLook)))
    rows = connection.execute(sa.select(v).order_by(v.c.collection))
    return [PopulationLook(**row._mapping) for row in rows]  # noqa: SLF001


def documents_of(connection: Connection, kind: str) -> Iterator[PopulationDocument]:
    """Every current document of a kind. Streams."""
    names = ("scope", "resource", "resource_name", "digest", "valid_from", "body")
    v = _view("v_evidence", *names, "kind", "closed_by_collection")
    query = sa.select(*(v.c[name] for name in names)).where(
        v.c.kind == kind, v.c.closed_by_collection.is_(None)
    )
    for row in connection.execute(query.execution_options(yield_per=_CHUNK)):
        yield PopulationDocument(*row)


def verdicts_of(connection: Connection, kind: str) -> Iterator[tuple[str, str, str, str, str]]:
    """(scope, uid, rule, status, message) of every current finding on a resource of a kind. Streams."""
    names = ("scope", "resource", "rule", "status", "message")
    v = _view("v_findings", *names, "kind")
    query = sa.select(*(v.c[name] for name in names)).where(v.c.kind == kind)
    for row in connection.execute(query.execution_options(yield_per=_CHUNK)):
        yield tuple(row)


def bodies(connection: Connection, digests: Collection[str]) -> dict[str, str]:
    """Digest -> canonical JSON."""
    e = tables.evidence
    query = sa.select(e.c.digest, e.c.body).where(e.c.digest.in_(sorted(digests)))
    return {row[0]: row[1] for row in connection.execute(query)}


def resumable(
    connection: Connection, before: int
) -> tuple[list[int], set[tuple[str, str, Scope, str]]]:
    """What an interrupted run had read already.

    Args:
        connection: the reader.
        before: the run that asks.

    Returns:
        (ids of the runs, newest first; (source, kind, scope, collector version) of their complete looks).
        The runs are the last one that collected, when it did not come to its end, and those that it had
        resumed. Nothing where the last one finished.
    """
    r = tables.run
    query = (
        sa.select(r.c.id, r.c.command, r.c.status)
        .where(r.c.id < before, r.c.command.in_(_COLLECTING))
        .order_by(r.c.id.desc())
    )
    ids = []
    for run_id, command, status in connection.execute(query):
        if status == "finished":
            break
        ids.append(run_id)
        if not command.endswith(RESUMED):
            break
    c, s = tables.collection, tables.scope
    looks = sa.select(
        c.c.source, c.c.kind, s.c.provider, s.c.boundary, c.c.collector_version
    ).where(c.c.scope_id == s.c.id, c.c.run_id.in_(ids), c.c.status == "complete")
    done = {
        (source, kind, Scope(provider, boundary), version)
        for source, kind, provider, boundary, version in connection.execute(looks)
    }
    return ids, done


RESUMED = " --resume"
"""How the command of a run that went on with another one ends."""
_COLLECTING = [command + how for command in ("run", "collect") for how in ("", RESUMED)]


def _view(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *(sa.column(column) for column in columns))


def _exact_or_prefix(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    if text.endswith("*"):
        return column.like(like(text[:-1]) + "%", escape="\\")
    return column == text
