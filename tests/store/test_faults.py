"""What can go wrong with the database: locks, other schemas, no rights, no space, a killed process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event

from soc2_pac.errors import IntegrityError, StoreError
from soc2_pac.store import Store, open_store, schema, tables
from soc2_pac.store.database import Database, parse_url, storable

from .helpers import T0, look, one_run, user

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable


def test_two_runs_at_once_are_refused(store_url: str) -> None:
    with open_store(store_url, create=True) as store, open_store(store_url) as other:
        with (
            store.run("run", config=None, tool_version="t"),
            pytest.raises(StoreError, match="another run is working"),
            other.run("run", config=None, tool_version="t"),
        ):
            pass
        one_run(other, [look({"a": user("ann")})])
        assert store.verify().sound


def test_a_newer_schema_is_refused(store_url: str) -> None:
    with open_store(store_url, create=True) as store:
        with store.database.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StoreError, match="newer soc2-pac"):
            open_store(store_url)
        with pytest.raises(StoreError, match="newer soc2-pac"):
            schema.upgrade(store.database)


def test_a_missing_store_is_told(empty_store_url: str) -> None:
    with pytest.raises(StoreError, match="Next: soc2-pac run"):
        open_store(empty_store_url)


def test_the_migrations_make_the_tables(store_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    assert schema.known()[-1] == schema.HEAD
    with open_store(store_url, create=True) as store, store.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


@pytest.mark.parametrize("url", ["mysql://h/d", "nonsense", "", "file.db"])
def test_urls_that_cannot_serve(url: str) -> None:
    with pytest.raises(StoreError):
        parse_url(url)


def test_passwords_are_hidden() -> None:
    assert "hunter2" not in Database("postgresql://u:hunter2@localhost/d").name


def test_a_read_only_store_is_told(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    with open_store(f"sqlite:///{path}", create=True) as store:
        one_run(store, [look({"a": user("ann")})])
    with open_store(f"sqlite:///{path}") as store:

        @event.listens_for(store.database.engine, "connect")
        def read_only(connection: sqlite3.Connection, _: object) -> None:
            # What the file's mode does to everybody but root, who runs tests in containers.
            connection.execute("PRAGMA query_only = ON")

        store.database.engine.dispose()
        assert len(store.findings()) == 3
        with pytest.raises(StoreError, match="read-only"):
            store.add_waiver(rule="r", reason="x", owner="y")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_text("this is not a database, it is a letter to a friend" * 100)
    with pytest.raises(StoreError, match="not a SQLite database"):
        open_store(f"sqlite:///{path}", create=True)


def test_a_full_disk_writes_nothing_of_the_step(tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path}/s.db", create=True) as store:
        one_run(store, [look({"a": user("ann")})])
        with store.database.engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

        store.database.engine.dispose()

        @event.listens_for(store.database.engine, "connect")
        def small(connection: sqlite3.Connection, _: object) -> None:
            connection.execute(f"PRAGMA max_page_count = {pages + 4}")

        big = look({f"u{i}": user(f"u{i}", note="x" * 2000) for i in range(500)})
        with pytest.raises(StoreError, match="disk is full"):
            one_run(store, [big])
    with open_store(f"sqlite:///{tmp_path}/s.db") as store:
        assert {f.resource for f in store.findings()} == {"a"}
        one_run(store, [big])
        assert store.verify().problems == []


def test_records_that_do_not_match_their_root_are_refused(store_url: str) -> None:
    with open_store(store_url, create=True) as store:
        wrong = look({"a": user("ann")})
        object.__setattr__(wrong, "root", "0" * 64)
        with (
            store.run("run", config=None, tool_version="t") as run_id,
            pytest.raises(IntegrityError),
        ):
            store.record(run_id, wrong)
        assert store.evidence() == []


def test_text_that_databases_cannot_keep(store_url: str) -> None:
    name = "a\0b\ud800c\x1b[31m\u202e"
    with open_store(store_url, create=True) as store:
        one_run(
            store, [look({storable(name): {"name": storable(name), "GetMfa": True, "note": name}})]
        )
        assert {f.resource for f in store.findings() if f.resource} == {
            "a\\x00b\\ud800c\x1b[31m\u202e"
        }
        assert store.verify().sound


_WORKER = """
import sys
sys.path.insert(0, {tests!r})
from datetime import timedelta
from store.helpers import T0, look, one_run, user
from soc2_pac.store import open_store
with open_store({url!r}) as store:
    print("ready", flush=True)
    for day in range(1000):
        at = T0 + timedelta(days=day)
        people = {{f"u{{i}}": user(f"u{{i}}", day=day * (i % 3)) for i in range(300)}}
        one_run(store, [look(people, at=at)], at=at)
"""


@pytest.mark.slow
def test_a_killed_process_leaves_a_sound_store(store_url: str) -> None:
    tests = str(Path(__file__).resolve().parents[1])
    open_store(store_url, create=True).close()
    chance = random.Random(7)
    script = textwrap.dedent(_WORKER.replace("from store.helpers", "from tests_store.helpers"))
    script = script.replace("tests_store", "store").format(tests=tests, url=store_url)
    for _ in range(6):
        child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.02, 0.9))
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        with open_store(store_url) as store:
            assert store.verify().problems == []
    with open_store(store_url) as store:
        one_run(store, [look({"a": user("ann")}, at=T0)])
        assert store.verify().problems == []
        assert {run.status for run in store.runs(100)} >= {"interrupted", "finished"}


def test_the_ledger_does_not_fork_under_four_writers(
    store_url: str, make_store_url: Callable[..., str]
) -> None:
    del make_store_url
    from concurrent.futures import ThreadPoolExecutor

    open_store(store_url, create=True).close()
    stores = [open_store(store_url) for _ in range(4)]

    def write(store: Store) -> None:
        for number in range(10):
            store.add_waiver(rule=f"r{number}", reason="x", owner="y")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, stores))
    assert len(stores[0].waivers()) == 40
    assert stores[0].verify().problems == []
    for store in stores:
        store.close()
