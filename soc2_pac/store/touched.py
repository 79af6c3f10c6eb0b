"""How much a decision touched: findings and resources of a time, counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from soc2_pac.store import tables
from soc2_pac.store.database import batched

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

_IN = 500


def findings(
    connection: Connection, rules: Collection[str], because: str, start: str, end: str
) -> int:
    """How many findings held at some time from ``start`` up to, and without, ``end`` (UTC texts).

    Args:
        connection: reading.
        rules: of these rules; of all when empty.
        because: only those that a decision touches under this name; all when empty.
        start: the beginning.
        end: the end; the same as ``start`` for that instant.
    """
    f, r, a = tables.finding, tables.rule, tables.adjustment
    query = sa.select(sa.func.count(f.c.fingerprint.distinct())).where(
        *_held(f.c.valid_from, f.c.valid_to, start, end)
    )
    if rules:
        query = query.join(r, r.c.id == f.c.rule_id).where(r.c.name.in_(sorted(rules)))
    if because:
        digests = [
            row.digest
            for row in connection.execute(sa.select(a.c.digest, a.c.body))
            if because in json.loads(row.body)["because"]
        ]
        return sum(
            connection.execute(query.where(f.c.adjustment.in_(some))).scalar_one()
            for some in batched(digests, _IN)
        )
    return connection.execute(query).scalar_one()


def resources(
    connection: Connection, kinds: Collection[str], start: str, end: str
) -> dict[str, int]:
    """Kind -> how many resources of it were there at some time; as :func:`findings`."""
    o, r = tables.observation, tables.resource
    rows = connection.execute(
        sa.select(r.c.kind, sa.func.count(r.c.id.distinct()))
        .join(o, o.c.resource_id == r.c.id)
        .where(r.c.kind.in_(sorted(kinds)), *_held(o.c.valid_from, o.c.valid_to, start, end))
        .group_by(r.c.kind)
    )
    return {row[0]: row[1] for row in rows}


def _held(
    since: sa.ColumnElement[str], until: sa.ColumnElement[str], start: str, end: str
) -> tuple[sa.ColumnElement[bool], ...]:
    begun = since <= start if start == end else since < end
    return begun, sa.or_(until.is_(None), until > start)
