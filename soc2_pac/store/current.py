"""The findings that are open, as a preview compares them: read alone, nothing is given out or added."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from soc2_pac.store import tables
from soc2_pac.store.database import batched

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlalchemy import Connection

    from soc2_pac.model import Scope

_IN = 500


class Ruled(NamedTuple):
    """A rule that was judged."""

    id: int
    severity: str
    """Of the version in force."""


class Adjusted(NamedTuple):
    """What was decided for a place."""

    outside: bool
    severity: str | None


class Open(NamedTuple):
    """An open finding by its names."""

    rule: str
    scope: str
    resource: str | None
    status: str
    message: str
    severity: str
    outside: bool


def rules(connection: Connection) -> dict[str, Ruled]:
    """Every rule that was ever judged, by its id."""
    r, i, v = tables.rule, tables.rule_in_force, tables.rule_version
    rows = connection.execute(
        sa.select(r.c.name, r.c.id, v.c.severity)
        .join(i, i.c.rule_id == r.c.id)
        .join(v, v.c.id == i.c.rule_version_id)
    )
    return {row[0]: Ruled(row[1], row[2]) for row in rows}


def adjustments(connection: Connection) -> dict[str, Adjusted]:
    """Every adjustment by its digest."""
    a = tables.adjustment
    rows = connection.execute(sa.select(a.c.digest, a.c.outside, a.c.severity))
    return {row[0]: Adjusted(bool(row[1]), row[2]) for row in rows}


def scope_id(connection: Connection, scope: Scope) -> int | None:
    """The row of a scope; ``None``: the store has not heard of it."""
    s = tables.scope
    found: int | None = connection.execute(
        sa.select(s.c.id).where(s.c.provider == scope.provider, s.c.boundary == scope.boundary)
    ).scalar()
    return found


def names(connection: Connection, resources: Collection[int]) -> dict[int, str]:
    """Row of a resource -> its current name."""
    o = tables.observation
    found: dict[int, str] = {}
    for part in batched(sorted(resources), _IN):
        query = sa.select(o.c.resource_id, o.c.name).where(
            o.c.closed_by.is_(None), o.c.resource_id.in_(part)
        )
        found |= {row[0]: row[1] for row in connection.execute(query)}
    return found


def named(connection: Connection, findings: Collection[int]) -> Iterator[Open]:
    """Open findings by their rows, in order."""
    f, r, i, v = tables.finding, tables.rule, tables.rule_in_force, tables.rule_version
    s, x, a = tables.scope, tables.resource, tables.adjustment
    query = (
        sa.select(
            r.c.name, s.c.provider + ":" + s.c.boundary, x.c.uid, f.c.status, f.c.message,
            sa.func.coalesce(a.c.severity, v.c.severity), sa.func.coalesce(a.c.outside, 0),
        )
        .select_from(
            f.join(r, r.c.id == f.c.rule_id)
            .join(i, i.c.rule_id == f.c.rule_id)
            .join(v, v.c.id == i.c.rule_version_id)
            .join(s, s.c.id == f.c.scope_id)
            .outerjoin(x, x.c.id == f.c.resource_id)
            .outerjoin(a, a.c.digest == f.c.adjustment)
        )
        .order_by(f.c.id)
    )  # fmt: skip
    for part in batched(sorted(findings), _IN):
        for row in connection.execute(query.where(f.c.id.in_(part))):
            yield Open(*row[:6], bool(row[6]))
