"""Simulated history says so for ever, and is mixed with real history by nobody. On both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from soc2_pac import api, clock
from soc2_pac.acts import Actor
from soc2_pac.audit import instant, period, readiness
from soc2_pac.audit.measured import Options
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.cli import root
from soc2_pac.errors import StoreError
from soc2_pac.store import Store, open_store, simulation

from . import fakes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

THEN = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
ANN = Actor("Ann", "ann")
MARK = "2025-03-04T05:06:07.000Z"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


def run(store: Store, at: datetime | None = None) -> api.Outcome:
    work = api.make_workspace(fakes.config("plain"), fakes.registry())
    if at is None:
        return api.run(work, store)
    with clock.simulated(at):
        return api.run(work, store)


def entries(connection: Connection) -> list[tuple[int, str]]:
    rows = connection.execute(sa.text("SELECT seq, kind FROM ledger ORDER BY seq"))
    return [(row.seq, row.kind) for row in rows]


def test_the_first_write_marks_the_store_and_the_ledger(store: Store) -> None:
    assert store.simulated() is None
    run(store, THEN)
    run(store, THEN + timedelta(days=7))
    assert store.simulated() == MARK
    with store.reading() as connection:
        kinds = [kind for _, kind in entries(connection)]
        assert kinds[:2] == ["store", "simulated"]
        assert kinds.count("simulated") == 1
        (first, second) = store.runs()[::-1]
    assert first.started_at == first.finished_at == MARK
    assert second.started_at == "2025-03-11T05:06:07.000Z"
    assert {one.finished_at for one in store.collections(run=1)} == {MARK}
    assert store.verify().problems == []
    assert store.verify().simulated == MARK


def test_real_history_has_no_mark(store: Store) -> None:
    run(store)
    with store.reading() as connection:
        assert "simulated" not in {kind for _, kind in entries(connection)}
    found = store.verify()
    assert (found.problems, found.simulated) == ([], None)


def test_a_real_run_on_simulated_history_is_refused(store: Store) -> None:
    run(store, THEN)
    with pytest.raises(StoreError, match=r"simulated history.*no real run goes into it"):
        run(store)
    assert len(store.runs()) == 1
    assert store.verify().sound


def test_a_simulated_run_on_real_history_is_refused(store: Store) -> None:
    run(store)
    before = store.checkpoint()
    with pytest.raises(StoreError, match=r"real history: nothing simulated"):
        run(store, THEN)
    assert store.checkpoint().seq == before.seq
    assert store.simulated() is None


def test_a_simulated_act_on_real_history_is_refused(store: Store) -> None:
    run(store)
    with clock.simulated(THEN), pytest.raises(StoreError, match="nothing simulated"):
        store.add_waiver(
            rule="fake-thing-owned", scope="fake:one", resource="t2", reason="r", owner="o",
            approver="a", by=ANN, expires_at=THEN + timedelta(days=9),
        )  # fmt: skip


def test_a_simulated_act_may_come_first(store: Store) -> None:
    with clock.simulated(THEN):
        store.add_waiver(
            rule="fake-thing-owned", scope="fake:one", resource="t2", reason="r", owner="o",
            approver="a", by=ANN, expires_at=THEN + timedelta(days=9),
        )  # fmt: skip
    assert store.simulated() == MARK
    run(store, THEN + timedelta(days=1))
    assert store.verify().sound


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM meta WHERE key = 'simulated'", "is missing"),
        ("UPDATE meta SET value = '2024-01-01T00:00:00.000Z' WHERE key = 'simulated'", "was edited"),
        ("UPDATE meta SET key = 'real' WHERE key = 'simulated'", "was added"),
        ("UPDATE ledger SET kind = 'act' WHERE kind = 'simulated'", "was added"),
        ("UPDATE ledger SET kind = 'simulated' WHERE seq = 4", "marks the history"),
    ],
)  # fmt: skip
def test_a_mark_that_is_removed_or_changed_is_found(
    store: Store, statement: str, said: str
) -> None:
    run(store, THEN)
    with store.database.engine.begin() as connection:
        connection.execute(sa.text(statement))
    found = store.verify()
    assert any(said in problem.what for problem in found.problems), found.problems


def test_a_mark_on_real_history_is_found(store: Store) -> None:
    run(store)
    with store.database.engine.begin() as connection:
        connection.execute(sa.text(f"INSERT INTO meta VALUES ('simulated', '{MARK}')"))
    (problem,) = store.verify().problems
    assert (problem.where, "was added" in problem.what) == ("meta simulated", True)


def test_verify_says_it_on_the_command_line(store_url: str) -> None:
    with open_store(store_url) as opened:
        run(opened, THEN)
    ended = CliRunner().invoke(root, ["verify", "--store", store_url])
    assert (ended.exit_code, ended.stdout.count(simulation.SAID)) == (0, 1)
    ended = CliRunner().invoke(root, ["verify", "--store", store_url, "--format", "json"])
    assert (simulation.SAID in ended.stdout, simulation.SAID in ended.stderr) == (False, True)


@pytest.mark.parametrize("at", [THEN, None])
def test_every_report_says_it(store: Store, at: datetime | None) -> None:
    run(store, at)
    run(store, None if at is None else at + timedelta(days=7))
    options = Options(rules=fakes.registry().rules)
    asked = AuditPeriod(THEN - timedelta(days=1), clock.now() + timedelta(days=1))
    with store.reading() as connection:
        made = [
            period.report(connection, asked, options),
            instant.report(connection, clock.now(), options),
            readiness.report(connection, options),
        ]
    said = [simulation.SAID in report.warnings for report in made]
    assert said == [at is not None] * 3
