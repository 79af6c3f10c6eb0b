"""History: intervals against what opened and closed them, collections against what they saw."""

from __future__ import annotations

import hashlib
import itertools
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from soc2_pac.canonical import collection_root, collection_root_1
from soc2_pac.store import ledger, tables
from soc2_pac.store.verify.report import stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from soc2_pac.store.verify.report import Report


_OBSERVATION = ("id", "resource_id", "digest", "name", "observed_at", "valid_from")
_FINDING = (
    "id",
    "fingerprint",
    "rule_id",
    "rule_version_id",
    "scope_id",
    "resource_id",
    "status",
    "message",
    "digest",
    "until",
    "failing_since",
    "sla_due",
    "valid_from",
)
"""The columns that opening an interval fixed, in the order in which they were hashed.

From format 2 of evaluations on, a finding's basis comes last.
"""


def observations(connection: Connection, report: Report) -> None:
    """What collections opened and closed."""
    _intervals(connection, report, tables.observation, tables.collection, _OBSERVATION)


def findings(connection: Connection, report: Report) -> None:
    """What evaluations opened and closed."""
    _intervals(connection, report, tables.finding, tables.evaluation, _FINDING)


def open_intervals(connection: Connection, report: Report) -> None:
    """An interval that nothing closed has no end."""
    for table in (tables.observation, tables.finding):
        query = sa.select(table.c.id).where(
            table.c.closed_by.is_(None), table.c.valid_to.is_not(None)
        )
        for number in connection.execute(query).scalars():
            report.find(f"{table.name} {number}", "has an end, and nothing closed it")


def _intervals(
    connection: Connection, report: Report, table: sa.Table, owner: sa.Table, columns: Sequence[str]
) -> None:
    """Recompute each owner's changes root from the intervals that it opened and closed."""
    of_findings = table is tables.finding
    # Rows that older evaluations opened were hashed without the last column.
    with_last = _first_of_format(connection, owner.name, ledger.BASIS) if of_findings else None
    taken = (*columns, "basis") if of_findings else columns
    opened = _grouped(
        stream(
            connection,
            sa.select(table.c.opened_by, *(table.c[name] for name in taken)).order_by(
                table.c.opened_by, table.c.id
            ),
        )
    )
    closed = _grouped(
        stream(
            connection,
            sa.select(table.c.closed_by, table.c.valid_to, table.c.id)
            .where(table.c.closed_by.is_not(None))
            .order_by(table.c.closed_by, table.c.id),
        )
    )
    opens, closes = _Cursor(opened), _Cursor(closed)
    query = sa.select(owner.c.id, owner.c.opened, owner.c.closed, owner.c.changes_root).order_by(
        owner.c.id
    )
    count = 0
    for row in connection.execute(query).all():
        root = ledger.ChangesRoot()
        short = of_findings and (with_last is None or row.id < with_last)
        root.open(_hashed(opens.take(row.id, report, table.name), report, short=short))
        root.close(
            (valid_to, 0, number) for _, valid_to, number in closes.take(row.id, report, table.name)
        )
        count += root.opened
        if (root.opened, root.closed) != (
            row.opened,
            row.closed,
        ) or root.hexdigest() != row.changes_root:
            report.find(
                f"{owner.name} {row.id}",
                f"{table.name} rows were edited, added or deleted: it opened {row.opened} and closed "
                f"{row.closed}, the store has {root.opened} and {root.closed} with another root",
            )
    for cursor in (opens, closes):
        cursor.rest(report, table.name, owner.name)
    report.checked[f"{table.name}s"] = count


def _hashed(rows: Iterator[Any], report: Report, *, short: bool) -> Iterator[tuple[Any, ...]]:
    """The values that opening a row fixed; ``short``: hashed before findings had a basis."""
    for _, *values in rows:
        if not short:
            yield tuple(values)
            continue
        if values[-1] is not None:
            report.find(f"finding {values[0]}", "has a basis, and none was recorded then")
        yield tuple(values[:-1])


def _first_of_format(connection: Connection, kind: str, form: int) -> int | None:
    """The first row of a kind whose entry has at least this format; ids count up, so later ones have, too."""
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    query = sa.select(l.c.ref).where(l.c.kind == kind, l.c.format >= form)
    numbers = [int(ref) for ref in connection.execute(query).scalars() if ref.isdecimal()]
    return min(numbers, default=None)


def _grouped(rows: Iterator[Any]) -> Iterator[tuple[int, Iterator[Any]]]:
    return itertools.groupby(rows, key=lambda row: row[0])


class _Cursor:
    """Walks groups of rows by owner, in step with the owners."""

    def __init__(self, groups: Iterator[tuple[int, Iterator[Any]]]) -> None:
        self._groups = groups
        self._next = next(groups, None)

    def take(self, owner: int, report: Report, table: str) -> Iterator[Any]:
        """The rows of one owner, to be read to the end; rows of owners that do not exist are reported."""
        while self._next is not None and self._next[0] < owner:
            report.find(f"{table} of {self._next[0]}", "belongs to nothing that was recorded")
            self._next = next(self._groups, None)
        if self._next is not None and self._next[0] == owner:
            yield from self._next[1]
            self._next = next(self._groups, None)

    def rest(self, report: Report, table: str, owner_table: str) -> None:
        """Rows whose owner comes after the last one that exists."""
        while self._next is not None:
            report.find(
                f"{table} of {owner_table} {self._next[0]}", "belongs to nothing that was recorded"
            )
            self._next = next(self._groups, None)


def fingerprints(connection: Connection, report: Report) -> None:
    """A fingerprint is made of rule, scope and resource: an edit of their names shows here."""
    f, r, s, res = tables.finding, tables.rule, tables.scope, tables.resource
    query = sa.select(
        f.c.id, f.c.fingerprint, r.c.name, s.c.provider, s.c.boundary, res.c.uid
    ).select_from(
        f.outerjoin(r, r.c.id == f.c.rule_id)
        .outerjoin(s, s.c.id == f.c.scope_id)
        .outerjoin(res, res.c.id == f.c.resource_id)
    )
    for row in stream(connection, query):
        named = f"{row.name}\0{row.provider}:{row.boundary}\0{row.uid or ''}"
        if hashlib.sha256(named.encode()).hexdigest()[:20] != row.fingerprint:
            report.find(
                f"finding {row.id}", "its rule, scope or resource was renamed or is missing"
            )


def roots(connection: Connection, report: Report) -> None:
    """Rebuild what each collection saw from the intervals, and hold it against the recorded root."""
    c = tables.collection
    pairs = connection.execute(
        sa.select(c.c.scope_id, c.c.kind).distinct().order_by(c.c.scope_id, c.c.kind)
    ).all()
    resources = 0
    merkle = _first_of_format(connection, "collection", ledger.MERKLE)
    for scope_id, kind in pairs:
        resources += _replay(connection, report, scope_id, kind, merkle)
    total = (
        connection.execute(sa.select(sa.func.count()).select_from(tables.resource)).scalar() or 0
    )
    report.checked["resources"] = resources
    if resources != total:
        report.find(
            "resource", f"{total - resources} rows belong to no collection's kind and scope"
        )


def _replay(
    connection: Connection, report: Report, scope_id: int, kind: str, merkle: int | None
) -> int:
    """``merkle``: the first collection whose root is a Merkle root."""
    c, o, r = tables.collection, tables.observation, tables.resource
    rows = connection.execute(
        sa.select(r.c.id, r.c.uid, o.c.digest, o.c.opened_by, o.c.closed_by)
        .select_from(r.outerjoin(o, o.c.resource_id == r.c.id))
        .where(r.c.scope_id == scope_id, r.c.kind == kind)
    ).all()
    for row in rows:
        if row.opened_by is None:
            report.find(f"resource {row.id}", "was never observed")
    opens = sorted((row for row in rows if row.opened_by is not None), key=attrgetter("opened_by"))
    closes = sorted((row for row in rows if row.closed_by is not None), key=attrgetter("closed_by"))
    state: dict[int, tuple[str, str]] = {}
    opened, closed = 0, 0
    root: str | None = None
    looks = connection.execute(
        sa.select(c.c.id, c.c.status, c.c.root, c.c.count.label("found"))
        .where(c.c.scope_id == scope_id, c.c.kind == kind)
        .order_by(c.c.id)
    )
    root_of = collection_root_1
    for look in looks.all():
        if root_of is collection_root_1 and merkle is not None and look.id >= merkle:
            root_of, root = collection_root, None
        while closed < len(closes) and closes[closed].closed_by <= look.id:
            state.pop(closes[closed].id, None)
            closed, root = closed + 1, None
        while opened < len(opens) and opens[opened].opened_by <= look.id:
            if opens[opened].closed_by is None or opens[opened].closed_by > look.id:
                state[opens[opened].id] = (opens[opened].uid, opens[opened].digest)
            opened, root = opened + 1, None
        if look.status == "complete":
            root = root or root_of(state.values())
            seen_root, count = root, len(state)
        else:
            s = tables.sighting
            ids = (
                connection.execute(sa.select(s.c.resource_id).where(s.c.collection_id == look.id))
                .scalars()
                .all()
            )
            seen = [state[number] for number in ids if number in state]
            seen_root, count = root_of(seen), len(ids)
        if (seen_root, count) != (look.root, look.found):
            report.find(
                f"collection {look.id}",
                f"saw {look.found} resources; the store's intervals give {count} or others",
            )
    return len({row.id for row in rows})
