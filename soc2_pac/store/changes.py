"""What changed in the store from collection to collection: the raw history from which populations are derived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.store import tables
from soc2_pac.store.database import batched

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

_CHUNK = 2000
_IN = 500


class Collected(NamedTuple):
    """One collection."""

    id: int
    run: int
    source: str
    scope_id: int
    scope: Scope
    kind: str
    status: CollectionStatus
    reason: str
    permission: str | None
    found: int
    requests: int
    pages: int
    started_at: str
    finished_at: str
    version: str
    """The collector's."""

    @property
    def complete(self) -> bool:
        """Whether it may say that something is not there."""
        return self.status is CollectionStatus.COMPLETE


class Version(NamedTuple):
    """A document of a resource, from the collection that first saw it to the one that no longer did."""

    id: int
    resource: int
    scope_id: int
    kind: str
    uid: str
    digest: str
    body: str
    """Canonical JSON; empty where the text left the store."""
    opened_by: int
    closed_by: int | None


def collections(
    connection: Connection, kinds: Collection[str], after: int, upto: int
) -> Iterator[Collected]:
    """Collections of these kinds with ids beyond ``after`` and up to ``upto``, in order. Streams."""
    c = tables.collection
    bounds = c.c.id > after, c.c.id <= upto
    query = _collections().where(c.c.kind.in_(sorted(kinds)), *bounds).order_by(c.c.id)
    for row in connection.execute(query.execution_options(yield_per=_CHUNK)):
        yield _collected(row)


def newest(
    connection: Connection, kinds: Collection[str], upto: int, *, complete: bool = False
) -> list[Collected]:
    """The last collection of each kind in each scope up to an id, or the last that was complete; in order."""
    return _ends(connection, kinds, upto, complete=complete, last=True)


def oldest(connection: Connection, kinds: Collection[str], upto: int) -> list[Collected]:
    """The first complete collection of each kind in each scope up to an id, in order."""
    return _ends(connection, kinds, upto, complete=True, last=False)


def _ends(
    connection: Connection,
    kinds: Collection[str],
    upto: int,
    *,
    complete: bool,
    last: bool,
) -> list[Collected]:
    c = tables.collection
    end = sa.func.max(c.c.id) if last else sa.func.min(c.c.id)
    chosen = (
        sa.select(end)
        .where(c.c.kind.in_(sorted(kinds)), c.c.id <= upto)
        .group_by(c.c.kind, c.c.scope_id)
    )
    if complete:
        chosen = chosen.where(c.c.status == CollectionStatus.COMPLETE.value)
    query = _collections().where(c.c.id.in_(chosen)).order_by(c.c.id)
    return [_collected(row) for row in connection.execute(query)]


def _collections() -> sa.Select[Any]:
    c, s = tables.collection, tables.scope
    return sa.select(
        c.c.id, c.c.run_id, c.c.source, c.c.scope_id, s.c.provider, s.c.boundary, c.c.kind, c.c.status,
        c.c.reason, c.c.permission, c.c.count.label("count_"), c.c.requests, c.c.pages, c.c.started_at, c.c.finished_at,
        c.c.collector_version,
    ).join(s, s.c.id == c.c.scope_id)  # fmt: skip


def _collected(row: sa.Row[Any]) -> Collected:
    scope, status = Scope(row.provider, row.boundary), CollectionStatus(row.status)
    return Collected(
        row.id, row.run_id, row.source, row.scope_id, scope, row.kind, status, row.reason, row.permission,
        row.count_, row.requests, row.pages, row.started_at, row.finished_at, row.collector_version,
    )  # fmt: skip


def versions(
    connection: Connection, kinds: Collection[str], after: int, upto: int
) -> Iterator[Version]:
    """Documents of these kinds that were current right after a collection, and all that came later up to another.

    By their ids: in the order of the collections that opened them. Streams.
    """
    o, r, e = tables.observation, tables.resource, tables.evidence
    query = (
        sa.select(
            o.c.id, r.c.id, r.c.scope_id, r.c.kind, r.c.uid, o.c.digest, e.c.body, o.c.opened_by,
            o.c.closed_by,
        )
        .select_from(o.join(r, r.c.id == o.c.resource_id).join(e, e.c.digest == o.c.digest))
        .where(
            r.c.kind.in_(sorted(kinds)),
            o.c.opened_by <= upto,
            sa.or_(o.c.closed_by.is_(None), o.c.closed_by > after),
        )
        .order_by(o.c.id)
    )  # fmt: skip
    for row in connection.execute(query.execution_options(yield_per=_CHUNK)):
        yield Version._make(row)


def last_finished(connection: Connection, before: str) -> int:
    """The last collection of which all up to it had finished before an instant (UTC text); 0 for none."""
    c = tables.collection
    first = connection.execute(
        sa.select(sa.func.min(c.c.id)).where(c.c.finished_at >= before)
    ).scalar()
    if first is not None:
        return int(first) - 1
    return int(connection.execute(sa.select(sa.func.max(c.c.id))).scalar() or 0)


def scopes(connection: Connection) -> dict[int, Scope]:
    """Every scope by its id."""
    s = tables.scope
    rows = connection.execute(sa.select(s.c.id, s.c.provider, s.c.boundary))
    return {row[0]: Scope(row[1], row[2]) for row in rows}


def configurations(connection: Connection, collections: Collection[int]) -> dict[int, str]:
    """Run -> the configuration that it used (canonical JSON, no secrets), of the runs of these collections."""
    c, r, g = tables.collection, tables.run, tables.config
    found: dict[int, str] = {}
    for part in batched(sorted(collections), _IN):
        query = (
            sa.select(r.c.id, g.c.body)
            .distinct()
            .select_from(c.join(r, r.c.id == c.c.run_id).join(g, g.c.digest == r.c.config_digest))
            .where(c.c.id.in_(part))
        )
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found
