"""A whole run over the fake provider: into the store, to findings and exit codes; and live checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import api, live
from soc2_pac.acts import Actor
from soc2_pac.cli.summary import checkpoints_said
from soc2_pac.collect import events
from soc2_pac.collect.fetch import forget_connections
from soc2_pac.errors import ConfigError, IntegrityError, StoreError, UsageError
from soc2_pac.model import Selection, Severity, Status, Verdict
from soc2_pac.store import Store, checkpoint, open_store

from . import fakes

ANN = Actor("Ann", "ann")
WHO = {"owner": "ciso", "date": date(2026, 1, 1)}

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def work(scenario: str = "plain", **tables: object) -> api.Workspace:
    forget_connections()
    return api.make_workspace(fakes.config(scenario, **tables), fakes.registry())


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://", create=True) as opened:
        yield opened


def code(store: Store, outcome: api.Outcome, least: Severity = Severity.INFO) -> int:
    return api.exit_code(store.findings(), outcome, least)


def statuses(store: Store, rule: str) -> dict[str | None, str]:
    return {f.resource: f.status.value for f in store.findings(rules=[rule])}


def test_a_run_collects_judges_and_keeps(store: Store) -> None:
    outcome = api.run(work(), store)
    assert statuses(store, "fake-thing-owned") == {"t1": "pass", "t2": "fail", "t3": "pass"}
    assert statuses(store, "fake-thing-detail") == {"t1": "pass", "t2": "pass", "t3": "pass"}
    assert sum(outcome.calls.values()) == 7 + 4
    assert code(store, outcome) == 1
    assert code(store, outcome, Severity.HIGH) == 0, "the failure is medium"
    assert store.verify().problems == []
    assert [(c.kind, c.count) for c in store.collections(run=outcome.run)] == [
        ("fake.owner", 3),
        ("fake.thing", 3),
    ] or [(c.kind, c.count) for c in store.collections(run=outcome.run)] == [
        ("fake.thing", 3),
        ("fake.owner", 3),
    ]


@pytest.mark.parametrize(
    "scenario",
    ["denied", "throttled", "unreachable", "not enabled", "a defect", "rejected", "expired in mid-run",
     "denied detail", "broken page", "endless", "conflicting duplicates", "too large", "not a number",
     "no document"],
)  # fmt: skip
def test_missing_evidence_is_never_a_pass(store: Store, scenario: str) -> None:
    api.run(work(), store)
    tables = {
        "run": {"max_pages": 20},
        "rules": {"include": [{"rule": "fake-thing-detail", "reason": "a test", **WHO}]},
    }
    outcome = api.run(work(scenario, **tables), store)
    seen = {u.kind for u in outcome.units if u.count}
    found = statuses(store, "fake-thing-detail")
    refused = {"denied detail": "t1", "expired in mid-run": "t2"}
    if scenario in refused:
        assert found[refused[scenario]] == "inconclusive"
    else:
        assert found[None] == "inconclusive"
        assert seen or "pass" not in found.values()
    assert code(store, outcome) in (1, 3)
    assert store.verify().problems == []
    api.run(work(), store)
    assert set(statuses(store, "fake-thing-detail").values()) == {"pass"}, "and it heals"


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM finding_count WHERE status = 'fail'",
        "UPDATE finding_count SET findings = findings - 1 WHERE status = 'fail'",
        "UPDATE finding_count SET status = 'stale' WHERE status = 'fail'",
    ],
)
def test_counts_that_somebody_changed_hide_no_failure(store: Store, sql: str) -> None:
    api.run(work(), store)
    before = store.findings(statuses=["fail"])
    assert before
    with store.database.writing() as connection:
        changed = connection.exec_driver_sql(sql)
        assert changed.rowcount > 0
    with pytest.raises(IntegrityError, match="Next: soc2-pac verify"):
        api.run(work(), store)
    assert not store.verify().sound


def test_what_vanishes_at_once_ends_no_finding(store: Store) -> None:
    api.run(work("plain"), store)
    before = {f.resource for f in store.findings() if f.resource is not None}
    outcome = api.run(work("most deleted meanwhile"), store)
    assert outcome.incomplete
    found = {f.resource: f.status for f in store.findings() if f.resource is not None}
    assert before <= set(found)
    assert all(found[one] is not Status.PASS for one in before)


def test_a_waived_failure_does_not_count(store: Store) -> None:
    outcome = api.run(work(), store)
    store.add_waiver(
        rule="fake-thing-owned", reason="on leave", owner="ciso", approver="cto", by=ANN
    )
    assert code(store, outcome) == 0
    assert statuses(store, "fake-thing-owned")["t2"] == "fail"


def test_thresholds_severities_and_switches(store: Store) -> None:
    rules = {
        "fake-thing-named": {"prefix": "other", "severity": "critical", "reason": "r", **WHO},
        "fake-thing-owned": {"enabled": False, "reason": "no owners here", **WHO},
    }
    ready = work(rules=rules)
    assert ready.off == {"fake-thing-owned": "no owners here (ciso, 2026-01-01)"}
    api.run(ready, store)
    found = store.findings(rules=["fake-thing-named"])
    assert {(f.status, f.severity) for f in found} == {(Status.FAIL, Severity.CRITICAL)}
    assert found[0].thresholds["prefix"] == "other"
    assert statuses(store, "fake-thing-owned") == {}
    with pytest.raises(UsageError, match="no owners here"):
        ready.choose(["fake-thing-owned"])
    with pytest.raises(ConfigError, match="prefix"):
        work(rules={"fake-thing-named": {"prefix": 3}})
    with pytest.raises(ConfigError, match="no threshold 'prefx'"):
        work(rules={"fake-thing-named": {"prefx": "x"}})


def test_only_what_the_rules_need_is_collected(store: Store) -> None:
    ready = work(rules={"include": [{"rule": "fake-thing-detail", "reason": "a test", **WHO}]})
    assert {u.kind for u in api.run(ready, store).units} == {"fake.thing"}


def test_collect_and_evaluate_apart(store: Store) -> None:
    ready = work()
    api.run(ready, store, command="collect", judge=False)
    assert store.findings() == []
    api.run(ready, store, command="evaluate", fetch=False)
    assert len(store.findings()) == 9


def test_evaluation_as_of_the_past(store: Store) -> None:
    ready = work()
    before = datetime.now(UTC)
    api.run(ready, store)
    assert {j.verdict.status for j in api.evaluate_as_of(ready, store, before)} == {
        Status.INCONCLUSIVE
    }
    now = api.evaluate_as_of(ready, store, datetime.now(UTC))
    assert sorted(str(j.verdict.status) for j in now) == ["fail"] + ["pass"] * 8


def test_unknown_names(store: Store) -> None:
    ready = work()
    with pytest.raises(UsageError, match="Did you mean 'fake-thing-owned'"):
        ready.choose(["fake-thing-ownd"])
    with pytest.raises(UsageError, match=r"unknown source 'hme'\. Did you mean 'home'"):
        api.run(ready, store, sources=["hme"])
    with pytest.raises(UsageError, match="unknown kind"):
        api.run(ready, store, kinds=["fake.thingy"])


def test_a_failed_run_is_noted_as_failed(store: Store) -> None:
    with pytest.raises(UsageError):
        api.run(work(), store, kinds=["nothing"])
    assert [run.status for run in store.runs()] == ["failed"]
    assert store.verify().sound


# -- live -----------------------------------------------------------------------------------------------


def test_a_check_makes_only_the_calls_that_it_needs() -> None:
    checked = api.check_rules(work(), ["fake-thing-detail"])
    assert dict(checked.calls) == {"fake:List": 1, "fake:GetDetail": 3}
    assert api.check_rules(work(), ["fake-thing-named"]).calls == {"fake:List": 1}


def test_a_check_joins() -> None:
    checked = api.check_rules(work(), ["fake-thing-owned"])
    assert {v.name: v.verdict.status.value for v in checked.verdicts} == {
        "thing 1": "pass",
        "thing 2": "fail",
        "thing 3": "pass",
    }
    assert dict(checked.calls) == {"fake:List": 1, "fake:Owners": 1, "fake:GetActive": 3}


@pytest.mark.parametrize("scenario", ["denied", "rejected", "unreachable", "a defect"])
def test_a_check_that_cannot_look_is_inconclusive(scenario: str) -> None:
    (verdict,) = api.check_rules(work(scenario), ["fake-thing-detail"]).verdicts
    assert verdict.verdict.status is Status.INCONCLUSIVE


def test_a_check_tells_a_denied_detail() -> None:
    found = _by_uid(api.check_rules(work("denied detail"), ["fake-thing-detail"]))
    assert found["t1"].status is Status.INCONCLUSIVE
    assert "grant fake:GetDetail" in found["t1"].message
    assert found["t2"].status is Status.PASS


def test_a_check_of_a_partial_listing_tells_both() -> None:
    found = _by_uid(api.check_rules(work("broken page"), ["fake-thing-named"]))
    assert found[None].status is Status.INCONCLUSIVE
    assert found["t1"].status is Status.PASS


def test_a_check_and_a_run_say_the_same(store: Store) -> None:
    for scenario in ("plain", "empty", "denied detail", "listed and not found"):
        api.run(work(scenario), store)
        kept = {(f.rule, f.resource): f.status for f in store.findings()}
        checked = api.check_rules(work(scenario), [])
        assert {(v.rule.id, v.uid): v.verdict.status for v in checked.verdicts} == kept, scenario


def test_where_a_service_is_not_offered_no_rule_applies(store: Store) -> None:
    api.run(work("not offered"), store)
    things = {
        f.rule: f for f in store.findings() if f.rule in ("fake-thing-named", "fake-thing-detail")
    }
    assert {f.status for f in things.values()} == {Status.NOT_APPLICABLE}
    assert "not offered here" in things["fake-thing-named"].message
    (judged,) = api.check_rules(work("not offered"), ["fake-thing-detail"]).verdicts
    assert judged.verdict.status is Status.NOT_APPLICABLE


def _by_uid(checked: live.Checked) -> dict[str | None, Verdict]:
    return {v.uid: v.verdict for v in checked.verdicts}


def test_no_source_and_a_locked_store(store: Store) -> None:
    del store
    with pytest.raises(ConfigError, match="no source"):
        api.make_workspace(replace(fakes.config(), raw_sources={}), fakes.registry())
    with pytest.raises(StoreError):
        open_store("sqlite:////nonexistent/place/s.db")


# -- where to look, and going on ---------------------------------------------------------------------------


SCOPES: dict[str, Any] = {"source": {"scopes": ["acme/north", "acme/south", "beta/north", "beta"]}}


@pytest.mark.parametrize(
    ("only", "taken"),
    [
        (Selection(), {"acme/north", "acme/south", "beta/north", "beta"}),
        (Selection(accounts=("acme",)), {"acme/north", "acme/south"}),
        (Selection(regions=("north",)), {"acme/north", "beta/north", "beta"}),
        (Selection(("beta",), ("south",)), {"beta"}),
    ],
)
def test_only_the_chosen_scopes_are_looked_at(
    store: Store, only: Selection, taken: set[str]
) -> None:
    api.run(work(**SCOPES), store)
    outcome = api.run(work(**SCOPES), store, only=only)
    assert {unit.scope.boundary for unit in outcome.units} == taken
    # What was not looked at this time stands as it was seen the last time: nothing is closed.
    assert {f.scope for f in store.findings()} == {
        f"fake:{boundary}" for boundary in SCOPES["source"]["scopes"]
    }


def test_a_choice_that_leaves_nothing_is_an_error(store: Store) -> None:
    with pytest.raises(UsageError, match="no scope of the configured sources is in gamma"):
        api.run(work(**SCOPES), store, only=Selection(accounts=("gamma",)))
    with pytest.raises(UsageError, match=r"Did you mean 'fake\.thing'"):
        api.run(work(), store, kinds=["fake.thin"])
    outcome = api.run(work(), store, kinds=["fake.t*"])
    assert {unit.kind for unit in outcome.units} == {"fake.thing"}


class Interrupted(BaseException):
    """Stands for Ctrl-C."""


def _interrupt_after(number: int) -> events.Listener:
    seen = []

    def listener(event: events.Event) -> None:
        if isinstance(event, events.UnitFinished):
            seen.append(event)
            if len(seen) > number:
                raise Interrupted

    return listener


@pytest.mark.parametrize("interruptions", [1, 2])
def test_a_run_goes_on_where_the_last_ones_were_interrupted(
    store: Store, interruptions: int
) -> None:
    for resume in (False, True)[:interruptions]:
        with pytest.raises(Interrupted):
            api.run(work(**SCOPES), store, resume=resume, listener=_interrupt_after(3))
    kept = {(c.kind, c.scope) for c in store.collections() if c.status == "complete"}
    assert len(kept) == 3 * interruptions
    outcome = api.run(work(**SCOPES), store, resume=True)
    assert len(outcome.resumed) == interruptions
    assert outcome.resumed_listings == len(kept)
    read = {(unit.kind, str(unit.scope)) for unit in outcome.units}
    assert read.isdisjoint(kept)
    assert read | kept == {
        (kind, f"fake:{boundary}")
        for kind in ("fake.thing", "fake.owner")
        for boundary in SCOPES["source"]["scopes"]
    }
    assert store.verify().problems == []
    with open_store("sqlite://", create=True) as fresh:
        api.run(work(**SCOPES), fresh)
        whole = {(f.rule, f.scope, f.resource, f.status) for f in fresh.findings()}
    assert {(f.rule, f.scope, f.resource, f.status) for f in store.findings()} == whole
    # A run that came to its end leaves nothing to go on with.
    again = api.run(work(**SCOPES), store, resume=True)
    assert (again.resumed, again.resumed_listings) == ((), 0)
    assert len(again.units) == 8


def test_what_was_not_read_completely_is_read_again(store: Store) -> None:
    with pytest.raises(Interrupted):
        api.run(work("denied"), store, listener=_interrupt_after(1))
    outcome = api.run(work(), store, resume=True)
    assert outcome.resumed
    assert "fake.thing" in {unit.kind for unit in outcome.units}


def test_an_interrupted_run_before_a_finished_one_is_history(store: Store) -> None:
    with pytest.raises(Interrupted):
        api.run(work(), store, listener=_interrupt_after(1))
    api.run(work(), store)
    api.run(work(), store, command="evaluate", fetch=False)
    assert api.run(work(), store, resume=True).resumed == ()


def test_each_run_exports_a_checkpoint_and_says_where_it_could_not(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    outcome = api.run(work(checkpoints={"folder": str(tmp_path / "kept")}), store)
    (path,) = (tmp_path / "kept").iterdir()
    assert outcome.checkpoints == [str(path)]
    assert store.verify([checkpoint.load(path.read_text(encoding="utf-8"))]).problems == []
    lost = api.run(work(checkpoints={"folder": str(tmp_path / "gone")}), store)
    assert "there is no folder" in lost.checkpoint_lost
    assert code(store, outcome, Severity.HIGH) == 0
    assert code(store, lost, Severity.HIGH) == 3
    assert any(line.startswith("THE CHECKPOINT IS NOT KEPT") for line in checkpoints_said(lost))
