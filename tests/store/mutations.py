"""Whatever somebody may change in a store: every column, every row, the ledger after them.

Tables and columns come from the schema itself, so that a new one is tried as well. A mutation is made within
a transaction that is rolled back, so that thousands can be tried on one store, on both databases.
"""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, StatementError

from soc2_pac.acts import Actor, Body
from soc2_pac.decisions import Boundary, Place, Variant
from soc2_pac.model import CollectionStatus, Severity
from soc2_pac.store import acts, archive, ledger, messages, tables
from soc2_pac.store.checkpoint import generate_key
from soc2_pac.store.verify import WHOLE, Part, verify

from .helpers import (
    ANN,
    AWAY,
    CHANGES,
    HOME,
    RULES,
    T0,
    active,
    change,
    changes,
    look,
    one_run,
    user,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.records import Look
    from soc2_pac.store import Store
    from soc2_pac.store.checkpoint import Checkpoint
    from soc2_pac.store.verify import Report

DAY = timedelta(days=1)
NO_EVIDENCE: dict[str, str] = {}
"""``table.column`` -> why an edit of it changes nothing that anybody was told."""
TABLES = [
    table.name for table in tables.metadata.sorted_tables if table.name not in tables.NO_EVIDENCE
]


INSIDE = acts.File.inside(b"%PDF", "application/pdf")
OUTSIDE = acts.File("ab" * 32, 6_000_000, "application/pdf", None, "file:large/ab")


class Note(Body, frozen=True, kw_only=True):
    """A body of an act."""

    text: str


def decided(rules: list[ActiveRule]) -> list[ActiveRule]:
    """The same, of which one is outside of the system and one less severe here."""
    who: dict[str, Any] = {
        "scope": "fake:*",
        "reason": "a pilot",
        "owner": "ciso",
        "date": T0.date(),
    }
    first, second, *others = rules
    first = replace(first, boundary=Boundary(exclude=(Place(**who),)))
    second = replace(second, variants=(Variant(**who, severity=Severity.LOW),))
    return [first, second, *others]


def fill(store: Store) -> None:
    """A row in every table, and a history."""
    rules = decided(active([*RULES, *CHANGES]))
    people = {"a": user("ann", team="core"), "b": user("bob", GetMfa=False), "c": user("cyd")}
    team = look({"t": {"name": "core"}}, kind="fake.team")
    with store.run("run", config=(ledger.sha256("{}"), "{}"), tool_version="test"):
        pass
    old = store.add_key(generate_key()[1], reason="first", owner="ciso")
    one_run(store, [look(people), team], rules=rules)
    waiver = store.add_waiver(
        rule="fake-user-mfa", reason="robot", owner="ciso", approver="cto", by=ANN, resource="b"
    )
    partial = look({"a": user("ann", team="x")}, at=T0 + DAY, status=CollectionStatus.PARTIAL)
    one_run(store, [partial], at=T0 + DAY, rules=rules)
    store.revoke_waiver(waiver, reason="fixed", owner="ciso", by=ANN)
    store.revoke_key(old, reason="lost", owner="ciso")
    with store.database.writing() as connection:
        for number, file in enumerate((INSIDE, OUTSIDE)):
            by = Actor("Ann", "ann", f"oidc {number}" if number else None)
            acts.record(connection, "note.added", f"n-{number}", Note(text="x"), by=by, file=file)
        asked = messages.ask(connection, "request", "aud-1", "Why?", about="/findings", by=ANN)
        messages.answer(connection, asked, "Because.", by=ANN)
        messages.opened(connection, "aud-1", "/findings", "status=fail")
    events = {"1": change("ann"), "2": change("bob", 2, approved=False)}
    later = T0 + 2 * DAY
    last = [look({"a": user("ann"), "b": user("bob")}, at=later), changes(events, at=later)]
    one_run(store, last, at=later, rules=rules)
    with store.database.writing() as connection:
        archive.erase(connection, "c", reason="asked for it", owner="dpo", by=ANN)
    with store.reading() as connection:
        for table in tables.metadata.sorted_tables:
            assert connection.execute(table.select()).first(), f"{table.name} has no row"


def go_on(store: Store, start: int = 3, days: int = 2) -> None:
    """More days of the same."""
    rules = decided(active([*RULES, *CHANGES]))
    for day in range(start, start + days):
        at = T0 + day * DAY
        found = {"a": user("ann"), "b": user("bob", team=f"t{day}"), f"n{day}": user("new")}
        one_run(
            store,
            [look(found, at=at), changes({f"c{day}": change("ann")}, at=at)],
            at=at,
            rules=rules,
        )
        partial = look({"a": user("ann")}, at=at + DAY / 2, status=CollectionStatus.PARTIAL)
        one_run(store, [partial], at=at + DAY / 2, rules=rules)


class Histories:
    """Stores whose history was drawn: whatever the product itself writes, in any order."""

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._draw = random.Random(seed)
        self._at = T0
        self._rules = decided(active([*RULES, *CHANGES]))
        self._events: dict[str, dict[str, object]] = {}
        self._waivers: list[str] = []

    def run(self) -> None:
        """One more run, after whatever somebody does between two."""
        draw, store = self._draw, self._store
        # Now and then a clock is ahead of the next one.
        self._at += draw.choice([DAY, DAY, DAY / 24, 30 * DAY, -DAY])
        if draw.random() < 0.2:
            self._waivers.append(
                store.add_waiver(
                    rule="fake-*",
                    reason="r",
                    owner="o",
                    approver="p",
                    by=ANN,
                    resource=draw.choice("abc"),
                )
            )
        elif self._waivers and draw.random() < 0.2:
            store.revoke_waiver(self._waivers.pop(), reason="fixed", owner="o", by=ANN)
        if draw.random() < 0.1:
            key = store.add_key(generate_key()[1], reason="rotation", owner="o")
            if draw.random() < 0.5:
                store.revoke_key(key, reason="lost", owner="o")
        some = draw.sample(self._rules, draw.randint(1, len(self._rules)))
        rules = self._rules if draw.random() < 0.7 else some
        looks = [self._users(), self._teams(), self._changes()]
        draw.shuffle(looks)
        one_run(
            store,
            looks[: draw.randint(0, 3)],
            at=self._at,
            rules=rules,
            full=draw.random() < 0.1,
        )

    def _users(self) -> Look:
        draw = self._draw
        names = draw.sample(["a", "b", "c", "d", "e\u00e9", "f'\"", "g\n"], draw.randint(0, 7))
        found = {
            name: user(
                name, GetMfa=draw.choice([True, False, None]), team=draw.choice(["", "core", "x"])
            )
            for name in names
        }
        scope = draw.choice([HOME, HOME, AWAY])
        return look(found, at=self._at, scope=scope, status=self._status())

    def _teams(self) -> Look:
        found = {t: {"name": t} for t in self._draw.sample(["core", "x", "y"], 2)}
        return look(found, at=self._at, kind="fake.team", status=self._status())

    def _changes(self) -> Look:
        draw = self._draw
        number = str(len(self._events))
        self._events[number] = change("a", draw.randint(1, 28), approved=draw.random() < 0.5)
        read = draw.sample(sorted(self._events), min(3, len(self._events)))
        return changes(
            {n: self._events[n] for n in read},
            at=self._at,
            status=self._status(),
            cursor=draw.choice([None, '"c"']),
        )

    def _status(self) -> CollectionStatus:
        return self._draw.choice([CollectionStatus.COMPLETE] * 3 + [CollectionStatus.PARTIAL])


@dataclass(frozen=True)
class Mutation:
    """One thing that somebody does to the database."""

    name: str
    do: Callable[[Connection], int]
    """Returns how many rows it changed."""


def others(value: Any, draw: random.Random) -> list[Any]:
    """Values that could stand in a column instead."""
    if value is None:
        return [1, "2026-01-01T00:00:00.000Z", "x"]
    if isinstance(value, bytes):
        return [value + b" ", value[:-1], b"", None, 7, value.decode("latin-1") + "x"]
    if isinstance(value, int):
        return [value + 1, value - 1, value + 100, -value - 1, None, "x"]
    same_length = value[:-1] + ("1" if value[-1:] != "1" else "2") if value else "x"
    changed = [
        same_length, value + " ", "", None, 7, b"\xff\xfe", value.replace("fail", "pass"),
        value.upper(), value[: len(value) // 2], value.replace("2026", "2025"), f"{value}\u00e9",
    ]  # fmt: skip
    draw.shuffle(changed)
    return [one for one in changed if one != value]


def rows(connection: Connection, table: str) -> list[dict[str, Any]]:
    """Every row of a table."""
    found = connection.execute(tables.metadata.tables[table].select())
    return [dict(row._mapping) for row in found]


def _where(table: str, row: dict[str, Any]) -> Any:
    keys = tables.metadata.tables[table].primary_key.columns
    return sa.and_(*(key == row[key.name] for key in keys))


def edits(connection: Connection, table: str, draw: random.Random) -> Iterator[Mutation]:
    """Each column of each row, to each other value; endless tables are sampled by who takes them."""
    of = tables.metadata.tables[table]
    columns = [c for c in of.columns if f"{table}.{c.name}" not in NO_EVIDENCE]
    found = [
        (column.name, row, other)
        for row in rows(connection, table)
        for column in columns
        for other in others(row[column.name], draw)
    ]
    draw.shuffle(found)
    # One of each column first, then a second of each: a sample leaves no column out.
    seen: dict[str, int] = defaultdict(int)
    rank: list[tuple[int, int, tuple[str, dict[str, Any], Any]]] = []
    for one in found:
        seen[one[0]] += 1
        rank.append((seen[one[0]], len(rank), one))
    for _, _, (column, row, other) in sorted(rank, key=itemgetter(0, 1)):
        name = f"{table}.{column}: {row[column]!r} -> {other!r}"
        yield Mutation(name, _edit(table, column, row, other))


def _edit(table: str, column: str, row: dict[str, Any], other: Any) -> Callable[[Connection], int]:
    # As text: whoever tampers is not held by the types of our columns.
    sql = sa.text(
        f'UPDATE "{table}" SET "{column}" = :other WHERE '
        + " AND ".join(
            f'"{k.name}" = :k_{k.name}' for k in tables.metadata.tables[table].primary_key
        )
    )
    values = {f"k_{k.name}": row[k.name] for k in tables.metadata.tables[table].primary_key}
    return lambda connection: connection.execute(sql, {"other": other, **values}).rowcount


def _executed(statement: Any) -> Callable[[Connection], int]:
    return lambda connection: int(connection.execute(statement).rowcount)


def deletions(connection: Connection, table: str) -> Iterator[Mutation]:
    """Each row away."""
    of = tables.metadata.tables[table]
    for row in rows(connection, table):
        name = f"deleted {table} {[row[k.name] for k in of.primary_key]}"
        yield Mutation(name, _executed(of.delete().where(_where(table, row))))


def insertions(connection: Connection, table: str) -> Iterator[Mutation]:
    """Each row once more, under another key."""
    of = tables.metadata.tables[table]
    key = next(iter(of.primary_key)).name
    for row in rows(connection, table):
        for step in (1000, -5000):
            new = row[key] + step if isinstance(row[key], int) else f"{row[key]}{step}"
            more = {**row, key: new}
            name = f"added {table} {new!r}"
            yield Mutation(name, _executed(of.insert().values(**more)))


def swaps(connection: Connection, table: str) -> Iterator[Mutation]:
    """The contents of two rows that follow each other exchanged."""
    of = tables.metadata.tables[table]
    keys = {k.name for k in of.primary_key}
    found = rows(connection, table)
    for one, two in itertools.pairwise(found):
        for name in [c.name for c in of.columns]:
            if name in keys or one[name] == two[name]:
                continue

            def swap(c: Connection, name: str = name, one: Any = one, two: Any = two) -> int:
                done = 0
                for row, other in ((one, two), (two, one)):
                    query = of.update().where(_where(table, row)).values({name: other[name]})
                    done += c.execute(query).rowcount
                return done

            yield Mutation(f"swapped {table}.{name} of {[one[k] for k in keys]}", swap)


def covered_up(connection: Connection, draw: random.Random) -> Iterator[Mutation]:
    """A ledgered row edited, and the ledger made to fit: an entry added, or the whole chain written anew."""
    for kind, table in ledger.TABLES.items():
        for row in rows(connection, table.name):
            columns = [
                c for c in ledger.COLUMNS[kind][ledger.in_force(kind)].split() if c in table.c
            ]
            column = draw.choice(columns[1:])
            texts = [one for one in others(row[column], draw) if not isinstance(one, bytes)]
            for other in texts[:2]:
                edit = _edit(table.name, column, row, other)
                name = f"{table.name}.{column} -> {other!r}"
                ref = str(row[columns[0]])
                yield Mutation(f"{name}, and an entry", _with(edit, kind, ref, _append))
                yield Mutation(f"{name}, and a new chain", _with(edit, kind, ref, _chain_anew))


def _with(
    edit: Callable[[Connection], int],
    kind: str,
    ref: str,
    then: Callable[[Connection, str, str], None],
) -> Callable[[Connection], int]:
    def do(connection: Connection) -> int:
        changed = edit(connection)
        then(connection, kind, ref)
        return changed

    return do


def _append(connection: Connection, kind: str, ref: str) -> None:
    ledger.record(connection, kind, ref, "2026-01-05T00:00:00.000Z")


def _chain_anew(connection: Connection, kind: str, ref: str) -> None:
    l = tables.ledger  # noqa: E741 - reads as the table that it is
    prev = ledger.GENESIS
    for row in connection.execute(l.select().order_by(l.c.seq)).all():
        digest = row.body_digest
        if (row.kind, row.ref) == (kind, ref):
            query = ledger.body_query(kind, row.format)
            column = query.selected_columns[0]
            body = connection.execute(query.where(sa.cast(column, sa.Text) == ref)).first()
            digest = ledger.sha256(ledger.body_of(body)) if body else digest
        link = ledger.link_hash(
            row.seq, row.kind, row.ref, digest, row.recorded_at, prev, row.format
        )
        values = {"body_digest": digest, "prev": prev, "hash": link}
        connection.execute(l.update().where(l.c.seq == row.seq).values(**values))
        prev = link


def every(connection: Connection, table: str, seed: str) -> Iterator[Mutation]:
    """All that can be done to one table."""
    yield from edits(connection, table, random.Random(seed))
    yield from deletions(connection, table)
    yield from insertions(connection, table)
    yield from swaps(connection, table)


def tried(store: Store, mutation: Mutation, verifying: Callable[[Connection], bool]) -> bool | None:
    """Whether it was found; None where it changed nothing, or the database refused it. Leaves no trace."""
    sqlite = store.database.sqlite
    with store.database.engine.connect() as connection:
        if sqlite:
            # Before a transaction begins: within one it does nothing.
            _raw(connection).execute("PRAGMA foreign_keys = OFF")
        try:
            if not sqlite:
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            try:
                if not mutation.do(connection):
                    return None
            except (DBAPIError, StatementError, AttributeError):
                return None
            return verifying(connection)
        finally:
            connection.rollback()
            if sqlite:
                _raw(connection).execute("PRAGMA foreign_keys = ON")


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


def by_whole(*kept: Checkpoint) -> Callable[[Connection], bool]:
    """Found by a full verification."""
    return lambda connection: not verify(connection, kept, WHOLE).sound


def within_a_month(since: Checkpoint) -> Callable[[Connection], bool]:
    """Found on one of thirty days by what ``--since`` reads."""
    return lambda connection: any(
        not verify(connection, (), Part(since, turn)).sound for turn in range(30)
    )


def today(since: Checkpoint) -> Callable[[Connection], bool]:
    """Found today by what ``--since`` reads."""
    part = Part.of(since, datetime.now(UTC))
    return lambda connection: not verify(connection, (), part).sound


def reports(store: Store, kept: Checkpoint) -> Iterator[Report]:
    """What every way to verify says of a store as it is."""
    yield store.verify([kept])
    for turn in range(30):
        yield store.verify((), Part(kept, turn))
