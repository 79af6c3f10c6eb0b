"""Whatever somebody changes in the database without the signing key, ``verify`` finds it.

Tables and columns come from the schema itself: one that is neither covered nor declared to be no evidence,
with the reason, fails here.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.model import CollectionStatus
from soc2_pac.store import Store, checkpoint, ledger, open_store, tables

from .helpers import CHANGES, RULES, T0, active, change, changes, look, one_run, user

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
ALL = active([*RULES, *CHANGES])
ROWS, VALUES = (
    int(os.environ.get(name, "2")) for name in ("SOC2_PAC_MUTATED_ROWS", "SOC2_PAC_MUTATED_VALUES")
)
"""How many rows of each table, and how many other values of each column; make bench tries more."""
NO_EVIDENCE: dict[str, str] = {}
"""``table.column`` -> why an edit of it changes nothing that anybody was told."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, checkpoint.Checkpoint]:
    """A store with a row in every table and a history, and the checkpoint that is kept elsewhere."""
    path = tmp_path_factory.mktemp("origin") / "s.db"
    with open_store(f"sqlite:///{path}", create=True) as store:
        people = {"a": user("ann", team="core"), "b": user("bob", GetMfa=False), "c": user("cyd")}
        team = look({"t": {"name": "core"}}, kind="fake.team")
        with store.run("run", config=(ledger.sha256("{}"), "{}"), tool_version="test"):
            pass
        one_run(store, [look(people), team], rules=ALL)
        waiver = store.add_waiver(rule="fake-user-mfa", reason="robot", owner="ciso", resource="b")
        partial = look({"a": user("ann", team="x")}, at=T0 + DAY, status=CollectionStatus.PARTIAL)
        one_run(store, [partial], at=T0 + DAY, rules=ALL)
        store.revoke_waiver(waiver, reason="fixed", owner="ciso")
        events = {"1": change("ann"), "2": change("bob", 2, approved=False)}
        later = T0 + 2 * DAY
        last = [look({"a": user("ann"), "b": user("bob")}, at=later), changes(events, at=later)]
        one_run(store, last, at=later, rules=ALL)
        with store.reading() as connection:
            for table in tables.metadata.sorted_tables:
                assert connection.execute(table.select()).first(), f"{table.name} has no row"
        kept = store.checkpoint()
        assert store.verify([kept]).problems == []
        connection = store.database.engine.connect()
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
    return path, kept


def _unsound(path: Path, kept: checkpoint.Checkpoint) -> bool:
    with open_store(f"sqlite:///{path}") as store:
        return not store.verify([kept]).sound


def _columns() -> list[tuple[str, str]]:
    found = [(t.name, c.name) for t in tables.metadata.sorted_tables for c in t.columns]
    return [one for one in found if ".".join(one) not in NO_EVIDENCE]


def _others(value: Any, draw: random.Random) -> list[Any]:
    """Values that could stand there instead."""
    if value is None:
        return [1, "2026-01-01T00:00:00.000Z"]
    if isinstance(value, int):
        return [value + 1, value + 100, None, "x"]
    same_length = value[:-1] + ("1" if value[-1:] != "1" else "2") if value else "x"
    changed = [same_length, value + " ", "", None, 7, b"\xff\xfe", value.replace("fail", "pass")]
    draw.shuffle(changed)
    return [one for one in changed if one != value]


def _primary(table: str) -> list[str]:
    return [column.name for column in tables.metadata.tables[table].primary_key.columns]


def _mutate(path: Path, sql: str, values: tuple[Any, ...]) -> bool:
    """Whether the change was made: the schema itself refuses some."""
    with closing(sqlite3.connect(path)) as file, file:
        try:
            return file.execute(sql, values).rowcount > 0
        except sqlite3.IntegrityError:
            return False


def _rows(path: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as file:
        file.row_factory = sqlite3.Row
        return [dict(row) for row in file.execute(f'SELECT * FROM "{table}"')]


@pytest.mark.parametrize("table", [table.name for table in tables.metadata.sorted_tables])
def test_every_edit_of_every_column_is_found(
    origin: tuple[Path, checkpoint.Checkpoint], tmp_path: Path, table: str
) -> None:
    path, kept = origin
    draw = random.Random(table)
    missed = []
    tried = 0
    for column in [c for t, c in _columns() if t == table]:
        rows = _rows(path, table)
        for row in draw.sample(rows, min(ROWS, len(rows))):
            for other in _others(row[column], draw)[:VALUES]:
                target = tmp_path / "m.db"
                shutil.copyfile(path, target)
                keys = _primary(table)
                where = " AND ".join(f'"{key}" = ?' for key in keys)
                sql = f'UPDATE "{table}" SET "{column}" = ? WHERE {where}'
                if not _mutate(target, sql, (other, *(row[key] for key in keys))):
                    continue
                tried += 1
                if not _unsound(target, kept):
                    missed.append(f"{table}.{column}: {row[column]!r} -> {other!r}")
    assert tried
    assert missed == []


@pytest.mark.parametrize("table", [table.name for table in tables.metadata.sorted_tables])
def test_every_deleted_and_every_added_row_is_found(
    origin: tuple[Path, checkpoint.Checkpoint], tmp_path: Path, table: str
) -> None:
    path, kept = origin
    missed = []
    for row in _rows(path, table)[: 2 * ROWS]:
        keys = _primary(table)
        where = " AND ".join(f'"{key}" = ?' for key in keys)
        target = tmp_path / "m.db"
        shutil.copyfile(path, target)
        assert _mutate(target, f'DELETE FROM "{table}" WHERE {where}', tuple(row[k] for k in keys))
        if not _unsound(target, kept):
            missed.append(f"deleted {table} {[row[key] for key in keys]}")
        shutil.copyfile(path, target)
        more = {**row, keys[0]: row[keys[0]] + (1000 if isinstance(row[keys[0]], int) else "x")}
        names, marks = ", ".join(f'"{n}"' for n in more), ", ".join("?" for _ in more)
        insert = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'
        if _mutate(target, insert, tuple(more.values())) and not _unsound(target, kept):
            missed.append(f"added {table} {more}")
    assert missed == []


SCHEMA = {
    "a view that hides failures": (
        "DROP VIEW v_findings",
        "CREATE VIEW v_findings AS SELECT * FROM v_finding_history WHERE status <> 'fail'",
    ),
    "a trigger": (
        "CREATE TRIGGER t AFTER INSERT ON finding BEGIN UPDATE finding SET status = 'pass'; END",
    ),
    "an index less": ("DROP INDEX observation_current",),
    "a table in place of a view": ("DROP VIEW v_runs", "CREATE TABLE v_runs (id INTEGER)"),
    "a table more": ("CREATE TABLE finding2 (id INTEGER)",),
    "a column more": ("ALTER TABLE finding ADD COLUMN hidden TEXT",),
    "a generated column": (
        "ALTER TABLE finding ADD COLUMN g TEXT GENERATED ALWAYS AS ('x') VIRTUAL",
    ),
}


@pytest.mark.parametrize("name", SCHEMA)
def test_every_change_of_the_schema_is_found(
    origin: tuple[Path, checkpoint.Checkpoint], tmp_path: Path, name: str
) -> None:
    path, kept = origin
    target = tmp_path / "m.db"
    shutil.copyfile(path, target)
    with closing(sqlite3.connect(target)) as file, file:
        for statement in SCHEMA[name]:
            file.execute(statement)
    assert _unsound(target, kept)


def test_a_rewritten_history_is_found_by_the_checkpoint(
    origin: tuple[Path, checkpoint.Checkpoint], tmp_path: Path
) -> None:
    """Whoever knows the code edits a row and chains the ledger anew: only the checkpoint shows it."""
    path, kept = origin
    target = tmp_path / "m.db"
    shutil.copyfile(path, target)
    assert _mutate(target, "UPDATE run SET command = 'x' WHERE id = 1", ())
    with open_store(f"sqlite:///{target}") as store, store.database.writing() as connection:
        prev = ledger.GENESIS
        for row in connection.execute(tables.ledger.select().order_by(tables.ledger.c.seq)).all():
            digest = row.body_digest
            if (row.kind, row.ref) == ("run.started", "1"):
                body = connection.execute(
                    ledger.body_query(row.kind, row.format).where(tables.run.c.id == 1)
                ).one()
                digest = ledger.sha256(ledger.body_of(body))
            link = ledger.link_hash(
                row.seq, row.kind, row.ref, digest, row.recorded_at, prev, row.format
            )
            connection.execute(
                tables.ledger.update()
                .where(tables.ledger.c.seq == row.seq)
                .values(body_digest=digest, prev=prev, hash=link)
            )
            prev = link
    with open_store(f"sqlite:///{target}") as store:
        assert store.verify().sound
        assert any("rewritten" in p.what for p in store.verify([kept]).problems)


def test_an_untouched_store_is_never_refused(
    origin: tuple[Path, checkpoint.Checkpoint], tmp_path: Path
) -> None:
    path, kept = origin
    target = tmp_path / "m.db"
    shutil.copyfile(path, target)
    with open_store(f"sqlite:///{target}") as store:
        for day in range(3, 6):
            at = T0 + day * DAY
            one_run(store, [look({"a": user("ann"), "b": user("bob")}, at=at)], at=at, rules=ALL)
            assert store.verify([kept]).problems == []
            assert isinstance(store, Store)
