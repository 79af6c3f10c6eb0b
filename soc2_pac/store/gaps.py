"""What collections say of themselves, in order, and which findings are not known: from which gaps are worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from soc2_pac.acts.scopes import RETIRED, Retired
from soc2_pac.errors import UsageError
from soc2_pac.store import acts, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

_CHUNK = 5000
_UNKNOWN = ("inconclusive", "stale")


class Tried(NamedTuple):
    """One attempt to list a kind in a scope."""

    id: int
    source: str
    scope: str
    kind: str
    status: str
    reason: str
    permission: str | None
    gaps: int
    """Facts of single resources that could not be read."""
    started_at: str
    finished_at: str


class Unknown(NamedTuple):
    """A current finding that is inconclusive or stale."""

    fingerprint: str
    rule: str
    scope: str
    resource: str | None


def tried(connection: Connection) -> Iterator[Tried]:
    """Every collection, in order. Streams."""
    c, s = tables.collection, tables.scope
    query = (
        sa.select(
            c.c.id, c.c.source, s.c.provider + ":" + s.c.boundary, c.c.kind, c.c.status, c.c.reason, c.c.permission,
            c.c.gaps, c.c.started_at, c.c.finished_at,
        )
        .join(s, s.c.id == c.c.scope_id)
        .order_by(c.c.id)
    )  # fmt: skip
    for row in connection.execute(query.execution_options(yield_per=_CHUNK)):
        yield Tried._make(row)


def unknown(connection: Connection) -> Iterator[Unknown]:
    """Current findings that are not known, in no order. Streams."""
    query = sa.text(
        "SELECT fingerprint, rule, scope, resource FROM v_findings "
        "WHERE status IN ('inconclusive', 'stale')"
    )
    for row in connection.execute(query.execution_options(yield_per=_CHUNK)):
        yield Unknown._make(row)


def unknown_because(connection: Connection) -> Iterator[tuple[str, str]]:
    """(fingerprint, basis: canonical JSON) of findings that are not known and rest on more than their document."""
    f, b = tables.finding, tables.basis
    query = (
        sa.select(f.c.fingerprint, b.c.body)
        .join(b, b.c.digest == f.c.basis)
        .where(f.c.closed_by.is_(None), f.c.status.in_(_UNKNOWN))
    )
    for row in connection.execute(query.execution_options(yield_per=_CHUNK)):
        yield row[0], row[1]


def documents(connection: Connection, kind: str, scope: str) -> Iterator[tuple[str, str, str]]:
    """(uid, body, valid from) of the current documents of a kind in a scope. Streams."""
    query = sa.text(
        "SELECT resource, body, valid_from FROM v_evidence "
        "WHERE kind = :kind AND scope = :scope AND closed_by_collection IS NULL"
    ).bindparams(kind=kind, scope=scope)
    for row in connection.execute(query.execution_options(yield_per=_CHUNK)):
        yield row[0], row[1], row[2]


def retirements(connection: Connection) -> dict[str, tuple[str, int]]:
    """Scope -> (when it was retired last, the last collection before)."""
    found = {}
    for act in acts.listed(connection, (RETIRED,)):
        said = act.said(Retired)
        found.update(dict.fromkeys(said.scopes, (act.recorded_at, said.upto)))
    return found


def run_started(connection: Connection, run: int) -> str:
    """When a run began, UTC. Raises UsageError where there is no such run."""
    r = tables.run
    found: str | None = connection.execute(sa.select(r.c.started_at).where(r.c.id == run)).scalar()
    if found is None:
        last = connection.execute(sa.select(sa.func.max(r.c.id))).scalar()
        said = f"the last is {last}" if last else "there was none yet"
        msg = f"there is no run {run}: {said}. Next: soc2-pac query runs"
        raise UsageError(msg)
    return found
