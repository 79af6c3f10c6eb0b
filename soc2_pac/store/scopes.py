"""Scopes that were retired: what was seen in them is history, and nothing of it is current or stale."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.acts.scopes import RETIRED, Retired
from soc2_pac.errors import UsageError
from soc2_pac.model import Scope, utc_text
from soc2_pac.store import acts, tables
from soc2_pac.text import nearest, says_something

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts import Act, Actor


def retired(connection: Connection, at: str, *, earlier: bool = False) -> dict[int, int]:
    """Scope id -> the last collection before it was retired, as of an instant (UTC text).

    A scope in which something was collected later is no longer retired. ``earlier``: leave out what was retired in
    that very instant.
    """
    found: dict[str, int] = {}
    for act in acts.listed(connection, (RETIRED,)):
        if act.recorded_at < at or (act.recorded_at == at and not earlier):
            said = act.said(Retired)
            found.update(dict.fromkeys(said.scopes, said.upto))
    if not found:
        return {}
    s, c = tables.scope, tables.collection
    rows = connection.execute(
        sa.select(s.c.id, s.c.provider, s.c.boundary, sa.func.max(c.c.id))
        .join(c, c.c.scope_id == s.c.id)
        .where(c.c.finished_at <= at)
        .group_by(s.c.id, s.c.provider, s.c.boundary)
    )
    ends = {row[0]: (str(Scope(row[1], row[2])), row[3]) for row in rows}
    return {
        scope_id: found[name]
        for scope_id, (name, last) in ends.items()
        if name in found and last <= found[name]
    }


def retired_by(connection: Connection, at: str) -> dict[str, Act]:
    """Each scope that is retired, as of an instant (UTC text), by name, with the act that retired it."""
    gone = {str(scope) for scope in _scopes(connection, retired(connection, at))}
    found: dict[str, Act] = {}
    for act in acts.listed(connection, (RETIRED,)):
        if act.recorded_at <= at:
            found.update({name: act for name in act.said(Retired).scopes if name in gone})
    return found


class Retirement(NamedTuple):
    """Scopes that were retired by one act."""

    act: Act
    said: Retired
    until: str | None
    """Since when all of them are ours again, by a later collection, UTC; ``None``: some are still retired."""


def retirements(connection: Connection) -> list[Retirement]:
    """Every act that retired scopes, oldest first."""
    s, c = tables.scope, tables.collection
    ids = {
        str(Scope(row[1], row[2])): row[0]
        for row in connection.execute(sa.select(s.c.id, s.c.provider, s.c.boundary))
    }
    found = []
    for act in acts.listed(connection, (RETIRED,)):
        said = act.said(Retired)
        rows = connection.execute(
            sa.select(c.c.scope_id, sa.func.min(c.c.finished_at))
            .where(c.c.id > said.upto, c.c.scope_id.in_(ids[name] for name in said.scopes))
            .group_by(c.c.scope_id)
        ).all()
        again = max(row[1] for row in rows) if len(rows) == len(said.scopes) else None
        found.append(Retirement(act, said, again))
    return found


def retire(
    connection: Connection,
    named: str,
    *,
    reason: str,
    owner: str,
    by: Actor,
    configured: Collection[str] = (),
    now: datetime | None = None,
) -> Act:
    """Retire a scope, all in an account (``aws:111122223333/*``), or all that a source collected.

    Within ``Database.writing``.

    Args:
        connection: writing.
        named: what ends.
        reason: why.
        owner: the person who answers for it.
        by: who records it.
        configured: names of the sources in the configuration: a scope that one of them read completely, the
            last time, is still ours.
        now: when; the clock's time when left out.

    Raises:
        UsageError: reason or owner is empty, nothing of that name is in the store, all of it is retired
            already, or some of it is still collected.
    """
    for name, value in (("reason", reason), ("owner", owner)):
        if not says_something(value):
            msg = f"retiring a scope needs {'an' if name == 'owner' else 'a'} {name}: an auditor will ask"
            raise UsageError(msg)
    now = now or clock.now()
    scopes, upto = _named(connection, named)
    gone = {str(scope) for scope in _scopes(connection, retired(connection, utc_text(now)))}
    left = sorted(set(scopes) - gone)
    if not left:
        msg = f"{named} is retired already. Next: soc2-pac sources list"
        raise UsageError(msg)
    _refuse_collected(connection, left, configured)
    body = Retired(reason=reason, owner=owner, scopes=tuple(left), upto=upto)
    return acts.record(connection, RETIRED, named, body, by=by, now=now)


def _refuse_collected(
    connection: Connection, scopes: list[str], configured: Collection[str]
) -> None:
    c, s = tables.collection, tables.scope
    last = sa.select(sa.func.max(c.c.id).label("id")).group_by(c.c.scope_id, c.c.kind).subquery()
    rows = connection.execute(
        sa.select(c.c.source, s.c.provider, s.c.boundary)
        .join(last, last.c.id == c.c.id)
        .join(s, s.c.id == c.c.scope_id)
        .where(c.c.status == "complete", c.c.source.in_(sorted(configured)))
        .distinct()
    )
    for source, provider, boundary in rows:
        name = str(Scope(provider, boundary))
        if name in scopes:
            msg = (
                f"source {source} is in the configuration, and read {name} completely the last time: it is "
                "still there. Take it out of the configuration first"
            )
            raise UsageError(msg)


def _named(connection: Connection, named: str) -> tuple[list[str], int]:
    """The scopes that somebody named, and the last collection of all."""
    c, s = tables.collection, tables.scope
    rows = connection.execute(
        sa.select(c.c.source, s.c.provider, s.c.boundary, sa.func.max(c.c.id))
        .join(s, s.c.id == c.c.scope_id)
        .group_by(c.c.source, s.c.provider, s.c.boundary)
    ).all()
    last: dict[str, tuple[int, str]] = {}
    for source, provider, boundary, number in rows:
        name = str(Scope(provider, boundary))
        last[name] = max(last.get(name, (0, "")), (number, source))
    whole = named.removesuffix("/*")
    chosen = [
        name
        for name, (_, source) in last.items()
        if named in (name, source)
        or (named != whole and (name == whole or name.startswith(f"{whole}/")))
    ]
    if not chosen:
        known = {*last, *(source for _, source in last.values())}
        msg = f"the store has no source or scope '{named}'.{nearest(named, known)} Next: soc2-pac sources list"
        raise UsageError(msg)
    return chosen, max(row[3] for row in rows)


def _scopes(connection: Connection, ids: dict[int, int]) -> list[Scope]:
    s = tables.scope
    rows = connection.execute(sa.select(s.c.id, s.c.provider, s.c.boundary))
    return [Scope(row[1], row[2]) for row in rows if row[0] in ids]


def listed(connection: Connection) -> Iterator[dict[str, object]]:
    """Each scope with its last collection, one row for each source that collected in it, by name."""
    because = retired_by(connection, utc_text(clock.now()))
    c, s = tables.collection, tables.scope
    complete = sa.func.max(sa.case((c.c.status == "complete", c.c.finished_at)))
    rows = connection.execute(
        sa.select(
            c.c.source,
            s.c.provider,
            s.c.boundary,
            sa.func.count(c.c.kind.distinct()),
            sa.func.max(c.c.finished_at),
            complete,
        )
        .join(s, s.c.id == c.c.scope_id)
        .group_by(c.c.source, s.c.id, s.c.provider, s.c.boundary)
    ).all()
    for source, provider, boundary, kinds, last, whole in sorted(
        rows, key=lambda row: (row[0], row[1], row[2])
    ):
        name = str(Scope(provider, boundary))
        why = because.get(name)
        yield {
            "source": source,
            "scope": name,
            "kinds": kinds,
            "last_collection": last,
            "complete": whole,
            "retired_at": why.recorded_at if why else None,
            "reason": f"{why.said(Retired).reason} ({why.said(Retired).owner})" if why else None,
        }
