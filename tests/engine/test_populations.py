"""Populations through the engine: the cursor, the count that must agree, and what a check reads."""

from __future__ import annotations

import json
import pickle
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest

from soc2_pac import api
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Unit, run_unit
from soc2_pac.errors import DeclarationError
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Scope
from soc2_pac.resources import Collector, collects
from soc2_pac.store import Store, open_store

from . import fakes
from .happenings import Happening, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.config import SourceSettings

ACME = Scope("fake", "acme")
KIND = "fake.happening"


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch) -> None:
    found = fakes.registry(EntryPoint("happenings", "tests.engine.happenings", "soc2_pac"))
    monkeypatch.setattr(fetch, "registry", lambda: found)
    World.days, World.asked, World.trouble = [1, 2, 3], [], ""


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://", create=True) as opened:
        yield opened


def source() -> SourceSettings:
    return fakes.config().sources({"fake": fakes.FakeProvider()})["home"]


def work() -> api.Workspace:
    return api.make_workspace(fakes.config(), fetch.registry())


def run(store: Store, **options: object) -> str:
    """Run the one rule; returns how the look at the population ended."""
    chosen = [item for item in work().active if item.rule.kind == KIND]
    outcome = api.run(work(), store, rules=chosen, **options)  # type: ignore[arg-type]
    return outcome.units[-1].status.value if outcome.units else "none"


def days(store: Store) -> set[str]:
    return {item.resource for item in store.evidence(kind=KIND)}


def test_a_later_run_reads_only_what_is_new(store: Store) -> None:
    assert run(store) == "complete"
    World.days.append(4)
    assert run(store) == "complete"
    assert World.asked == [0, 4]
    assert days(store) == {"d1", "d2", "d3", "d4"}
    assert store.collections()[-1].count == 4
    with store.reading() as connection:
        rows = connection.exec_driver_sql("SELECT parameters, total, read FROM v_populations").all()
    assert [(json.loads(row[0])["query"], row[1], row[2]) for row in rows] == [
        ("days >= 0", 3, 3),
        ("days >= 4", 1, 1),
    ]
    assert store.verify().problems == []


def test_a_look_that_breaks_off_keeps_the_cursor_and_what_it_read(store: Store) -> None:
    run(store)
    World.days += [4, 5, 6]
    World.trouble = "breaks off"
    assert run(store) == "partial"
    World.trouble = ""
    assert run(store) == "complete"
    assert World.asked == [0, 4, 4]
    assert days(store) == {f"d{day}" for day in range(1, 7)}
    with open_store("sqlite://", create=True) as whole:
        run(whole)
        assert whole.collections()[-1].root == store.collections()[-1].root
    assert store.verify().problems == []


def test_a_look_that_says_how_far_it_was_goes_on_from_there(store: Store) -> None:
    World.trouble = "stepwise, breaks off"
    assert run(store) == "partial"
    World.trouble = ""
    assert run(store) == "complete"
    assert World.asked == [0, 1], "the first day was read, and the second was reached"
    assert days(store) == {"d1", "d2", "d3"}
    assert store.verify().problems == []


def test_how_far_a_look_was_does_not_count_when_it_lost_something() -> None:
    World.trouble = "stepwise, breaks off"
    unit = Unit(KIND, ACME, source(), "at")
    result = run_unit(unit, Limits(document_bytes=10))
    assert result.look().population.cursor is None  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ("another count", "3 events were read, and the provider counts 4"),
        ("silent", "ended after 3 events and did not say how many there are"),
        ("no JSON", "is no JSON"),
        ("no JSON and breaks off", "throttled"),
        ("a huge cursor", "300,002 bytes"),
        ("breaks off", "throttled"),
    ],
)
def test_what_is_not_known_to_be_whole_is_partial(trouble: str, reason: str) -> None:
    World.trouble = trouble
    result = run_unit(Unit(KIND, ACME, source(), "at"), Limits())
    assert result.status is S.PARTIAL
    assert reason in result.reason
    look = result.look()
    assert look.population is not None
    assert look.population.cursor is None


def test_an_event_whose_details_are_gone_happened_all_the_same() -> None:
    World.trouble = "gone"
    result = run_unit(Unit(KIND, ACME, source(), "at"), Limits())
    assert (result.status, result.count, result.gaps) == (S.COMPLETE, 3, 3)


def test_no_secret_stands_in_what_was_asked() -> None:
    World.trouble = "a secret"
    look = run_unit(Unit(KIND, ACME, source(), "at"), Limits()).look()
    assert look.population is not None
    assert "ghp_" not in look.population.parameters


def test_another_version_of_the_collector_reads_everything_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(store)
    collector = fetch.registry().collectors[KIND]
    changed = Collector(
        collector.resource, collector.function, collector.calls, collector.per, "", "2", "at"
    )
    monkeypatch.setitem(fetch.registry().collectors, KIND, changed)
    run(store)
    assert World.asked == [0, 0]


def test_a_source_that_cannot_be_reached_ends_nothing(store: Store) -> None:
    run(store)
    fetch.forget_connections()
    rejected = api.make_workspace(fakes.config("rejected"), fetch.registry())
    chosen = [item for item in rejected.active if item.rule.kind == KIND]
    api.run(rejected, store, rules=chosen)
    assert days(store) == {"d1", "d2", "d3"}
    statuses = {f.resource: f.status.value for f in store.findings()}
    assert statuses == {"d1": "fail", "d2": "pass", "d3": "fail", None: "inconclusive"}
    assert store.verify().problems == []


def test_units_and_results_can_be_sent_to_another_process() -> None:
    unit = Unit(KIND, ACME, source(), "at", "2")
    result = run_unit(pickle.loads(pickle.dumps(unit)), Limits())
    sent = pickle.loads(pickle.dumps(result))
    assert World.asked == [2]
    assert sent.look().population == result.look().population
    assert [r.uid for r in sent.look().records] == ["d2", "d3"]


def test_a_resumed_run_does_not_read_a_complete_population_again(store: Store) -> None:
    chosen = [item for item in work().active if item.rule.kind == KIND]

    class Interrupted(BaseException):
        pass

    def stop(event: object) -> None:
        if type(event).__name__ == "UnitFinished":
            raise Interrupted

    World.trouble = "breaks off"
    with pytest.raises(Interrupted):
        api.run(work(), store, rules=chosen, listener=stop)
    World.trouble = ""
    assert run(store, resume=True) == "complete"
    assert days(store) == {"d1", "d2", "d3"}


def test_a_check_reads_the_window_and_keeps_nothing() -> None:
    checked = api.check_rules(work(), ["fake-happening-good"])
    assert {v.uid: v.verdict.status.value for v in checked.verdicts} == {
        "d1": "fail",
        "d2": "pass",
        "d3": "fail",
    }
    World.trouble = "another count"
    checked = api.check_rules(work(), ["fake-happening-good"])
    (scope,) = [v.verdict for v in checked.verdicts if v.uid is None]
    assert (scope.status.value, "the provider counts 4" in scope.message) == ("inconclusive", True)


def test_a_population_names_its_instant() -> None:
    for given in ({"population": True}, {"instant": "at"}):
        with pytest.raises(DeclarationError, match="go together"):
            collects(Happening, calls=["x"], per="account", **given)
