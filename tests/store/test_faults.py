"""What can go wrong with the database: locks, other schemas, no rights, no space, a killed process."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from soc2_pac.errors import IntegrityError, StoreError
from soc2_pac.model import Status
from soc2_pac.records import storable
from soc2_pac.store import Store, copy, open_store, schema, tables
from soc2_pac.store.database import Database, parse_url

from .helpers import ANN, T0, differing, look, one_run, user

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


@pytest.mark.parametrize("held", [True, False], ids=["in the block", "before it is held"])
def test_a_transaction_that_a_signal_left_open_is_rolled_back(
    store_url: str,
    held: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_store(store_url, create=True) as store:
        # As a traceback keeps it: entered, and never left.
        cut_short = store.database.writing()
        cut_short.__enter__().exec_driver_sql("DELETE FROM meta")
        if not held:
            monkeypatch.setattr(sa.Connection, "get_transaction", lambda _: None)
        one_run(store, [look({"a": user("ann")})])
        assert store.verify().sound
        cut_short.gen.close()


def test_a_signal_in_the_midst_of_a_statement_locks_nobody_out(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(store_url, create=True) as store:
        dialect = store.database.engine.dialect
        usual = dialect.do_execute

        def interrupted(cursor: Any, statement: str, *more: Any) -> None:
            usual(cursor, statement, *more)
            if "FROM meta" in statement:
                raise KeyboardInterrupt

        monkeypatch.setattr(dialect, "do_execute", interrupted)

        def cut_short() -> None:
            with store.database.writing() as connection:
                connection.exec_driver_sql("DELETE FROM removal")
                connection.exec_driver_sql("SELECT key FROM meta")

        # The traceback, which holds the cursor and its statement, is kept as a caller keeps it.
        with pytest.raises(KeyboardInterrupt) as kept:
            cut_short()
        assert kept.tb is not None
        monkeypatch.undo()
        one_run(store, [look({"a": user("ann")})])
        assert store.verify().sound


def test_a_transaction_within_another_is_a_loud_defect(store_url: str) -> None:
    with (
        open_store(store_url, create=True) as store,
        pytest.raises(RuntimeError, match="within another"),
        store.database.writing(),
        store.database.writing(),
    ):
        pass


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
    assert schema.known()[-1] == schema.HEAD
    with open_store(store_url, create=True) as store, store.reading() as connection:
        assert differing(connection) == []


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
            store.add_waiver(rule="r", reason="x", owner="y", approver="cto", by=ANN)


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


def test_a_nul_in_one_field_hides_no_other_from_sql(store_url: str) -> None:
    """As ``docs/views.md`` says it: PostgreSQL refuses a whole document for one NUL in it."""
    with open_store(store_url, create=True) as store:
        one_run(store, [look({"a": user("ann", note="a\0b")})])
        body = "e.body" if store.database.sqlite else r"replace(e.body, '\u0000', '\ufffd')::jsonb"
        with store.reading() as connection:
            found = connection.exec_driver_sql(
                f"SELECT {body} ->> 'name' FROM v_evidence AS e WHERE e.kind = 'fake.user'"
            ).scalar()
        assert found == "ann"


_WORKER = """
import sys
sys.path.insert(0, {tests!r})
from datetime import timedelta
from store.helpers import ANN, T0, look, one_run, user
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
            store.add_waiver(rule=f"r{number}", reason="x", owner="y", approver="cto", by=ANN)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, stores))
    assert len(stores[0].waivers()) == 40
    assert stores[0].verify().problems == []
    for store in stores:
        store.close()


# -- all or nothing -----------------------------------------------------------------------------------------

_COPIER = """
import sys
from soc2_pac.store import copy
from soc2_pac.store.database import Database
def told(table, rows):
    print(table, flush=True)
copy(Database(sys.argv[1]), Database(sys.argv[2]), told)
"""


@pytest.mark.slow
def test_a_copy_that_is_killed_leaves_nothing(
    store_url: str, make_store_url: Callable[..., str]
) -> None:
    with open_store(store_url, create=True) as store:
        people = {f"u{n}": user(f"u{n}") for n in range(3000)}
        one_run(store, [look(people)])
    for wait_for in ("meta", "evidence", "finding"):
        target = make_store_url(migrated=False)
        child = subprocess.Popen(
            [sys.executable, "-c", _COPIER, store_url, target], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert any(line.strip() == wait_for for line in child.stdout)
        child.kill()
        child.wait()
        child.stdout.close()
        other = Database(target)
        assert schema.current(other) is None
        origin = Database(store_url)
        copied = copy(origin, other)
        origin.close()
        assert copied["evidence"] == 3000
        other.close()
        with open_store(target) as whole:
            assert whole.verify().problems == []


_UPGRADER = """
import sys, os
from sqlalchemy import event
from soc2_pac.store import schema
from soc2_pac.store.database import Database
database = Database(sys.argv[1])
left = [int(sys.argv[2])]
@event.listens_for(database.engine, "after_cursor_execute")
def count(*_):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), 9)
schema.upgrade(database)
"""


@pytest.mark.slow
def test_an_upgrade_that_is_killed_leaves_nothing(make_store_url: Callable[..., str]) -> None:
    url = make_store_url(migrated=False)
    for statements in (3, 20, 60):
        ended = subprocess.run([sys.executable, "-c", _UPGRADER, url, str(statements)], check=False)
        assert ended.returncode == -signal.SIGKILL
        database = Database(url)
        assert schema.current(database) is None
        database.close()
    open_store(url, create=True).close()


# -- a clock that was ahead -----------------------------------------------------------------------------------


def test_a_clock_that_was_ahead_is_told_and_all_is_judged_again(
    store_url: str, make_store_url: Callable[..., str]
) -> None:
    from soc2_pac.store.checkpoint import Checkpoint

    def days(store: Store, *ahead: int) -> None:
        one_run(store, [look({"a": user("ann"), "b": user("bob", GetMfa=False)})])
        for years in ahead:
            later = T0 + timedelta(days=365 * years)
            found = {"a": user("ann", GetMfa=False), "b": user("bob", day=years), "c": user("cyd")}
            one_run(store, [look(found, at=later)], at=later)
        at = T0 + timedelta(days=1)
        now = one_run(store, [look({"a": user("ann"), "d": user("dan")}, at=at)], at=at)
        assert (now.ahead is None) == (not ahead)
        again = one_run(store, [], at=at + timedelta(hours=1))
        assert again.ahead is None

    with open_store(store_url, create=True) as store, open_store(make_store_url()) as straight:
        days(store, 1, 12, 80)
        days(straight)

        def said(of: Store) -> set[tuple[object, ...]]:
            return {(f.rule, f.resource, f.status, f.message) for f in of.findings()}

        assert said(store) == said(straight)
        with store.reading() as connection:
            for table in (tables.observation, tables.finding):
                wrong = table.select().where(table.c.valid_to < table.c.valid_from)
                assert connection.execute(wrong).all() == []
        kept = store.checkpoint()
        assert isinstance(kept, Checkpoint)
        assert store.verify([kept]).problems == []


def test_a_look_of_the_future_proves_nothing_now(store_url: str) -> None:
    with open_store(store_url, create=True) as store:
        ahead = T0 + timedelta(days=3650)
        one_run(store, [look({"a": user("ann")}, at=ahead)], at=T0)
        found = [f for f in store.findings() if f.rule == "fake-user-mfa"]
        assert found
        assert all(f.status is Status.STALE and "yet to come" in f.message for f in found)


# -- where the file stands --------------------------------------------------------------------------------------


def test_a_link_that_leads_nowhere_yet_makes_a_private_file(tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "elsewhere" / "real.db")
    open_store(f"sqlite:///{link}", create=True).close()
    assert (tmp_path / "elsewhere" / "real.db").stat().st_mode & 0o777 == 0o600
    circle = tmp_path / "circle.db"
    circle.symlink_to(circle)
    with pytest.raises(StoreError, match="cannot be created"):
        open_store(f"sqlite:///{circle}", create=True)
    with pytest.raises(StoreError, match="URI"):
        open_store(f"sqlite:///file:{link}?mode=rwc", create=True)


def test_a_store_on_read_only_media_can_be_read_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "media" / "s.db"
    with open_store(f"sqlite:///{path}", create=True) as store:
        one_run(store, [look({"a": user("ann")})])
    before = sorted(path.parent.iterdir())
    (path.parent / "s.db.lock").unlink(missing_ok=True)
    path.chmod(0o444)
    path.parent.chmod(0o555)
    # Root may write everywhere; a medium that is mounted read-only answers like this to root, too.
    real = os.access
    monkeypatch.setattr(
        os, "access", lambda p, mode, **k: not mode & os.W_OK and real(p, mode, **k)
    )
    try:
        with open_store(f"sqlite:///{path}") as store:
            assert store.findings()
            assert store.evidence()
            kept = store.checkpoint()
            assert store.verify([kept]).problems == []
            with pytest.raises(StoreError, match="read-only"):
                store.add_waiver(rule="r", reason="x", owner="y", approver="cto", by=ANN)
            with pytest.raises(StoreError, match="written to while"), store.reading():
                os.utime(path, ns=(1, 1))
    finally:
        path.parent.chmod(0o755)
    assert sorted(p for p in path.parent.iterdir() if p.name != "s.db.lock") == [
        p for p in before if p.name != "s.db.lock"
    ]
    path.with_name("s.db-wal").write_bytes(b"x")
    with pytest.raises(StoreError, match="not folded in"):
        open_store(f"sqlite:///{path}")
