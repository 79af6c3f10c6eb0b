"""Kinds that a rule reads only where a source of their provider is configured, and derived evidence."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest

from soc2_pac import api
from soc2_pac.canonical import canonical
from soc2_pac.collect import fetch
from soc2_pac.errors import DeclarationError, EvidenceIncomplete, UndeclaredRead, UsageError
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence, Loaded
from soc2_pac.model import Scope, Severity, Verdict, passed
from soc2_pac.rules import Evidence, Whole, rule
from soc2_pac.store import Store, open_store

from . import badges, fakes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.plugins import Registry

RULE = "fake-thing-badge"
HOME = Scope("fake", "acme")


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> Registry:
    found = fakes.registry(EntryPoint("badges", badges.__name__, "soc2_pac"))
    monkeypatch.setattr(fetch, "registry", lambda: found)
    return found


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://", create=True) as opened:
        yield opened


def _work(registry: Registry, badge: str | None) -> api.Workspace:
    fetch.forget_connections()
    config = fakes.config()
    if badge is not None:
        sources = {
            **config.raw_sources,
            "doors": {"provider": "badges", "scenario": badge},
        }
        config = type(config)(
            **{n: getattr(config, n) for n in config.__slots__ if n != "raw_sources"},
            raw_sources=sources,
        )
    return api.make_workspace(config, registry)


def _statuses(store: Store) -> dict[str | None, str]:
    return {f.resource: f.status.value for f in store.findings(rules=[RULE])}


def test_without_a_source_the_rule_reads_nothing_of_it(both: Registry, store: Store) -> None:
    outcome = api.run(_work(both, None), store)
    assert outcome.unsourced == {}, "nothing is missing: nobody said that there are badges"
    assert _statuses(store) == dict.fromkeys(("t1", "t2", "t3"), "inconclusive")
    assert {c.kind for c in store.collections()} == {"fake.thing", "fake.owner"}


def test_with_a_source_it_is_a_need_like_any_other(both: Registry, store: Store) -> None:
    api.run(_work(both, "plain"), store)
    assert _statuses(store) == {"t1": "pass", "t2": "fail", "t3": "fail"}
    api.run(_work(both, "denied"), store)
    assert _statuses(store) == dict.fromkeys(("t1", "t2", "t3"), "inconclusive")
    (message,) = {f.message for f in store.findings(rules=[RULE])}
    assert "badges.badge is needed and not complete" in message


def test_a_source_that_was_never_read_is_inconclusive(both: Registry, store: Store) -> None:
    api.run(_work(both, None), store)
    api.run(_work(both, "plain"), store, fetch=False)
    assert _statuses(store) == dict.fromkeys(("t1", "t2", "t3"), "inconclusive")
    assert {f.message for f in store.findings(rules=[RULE])} == {
        "badges.badge is needed and was never collected"
    }


def test_another_set_of_sources_judges_anew(both: Registry, store: Store) -> None:
    api.run(_work(both, "plain"), store)
    api.run(_work(both, None), store, fetch=False)
    assert _statuses(store) == dict.fromkeys(("t1", "t2", "t3"), "inconclusive"), (
        "documents of a source that is configured no more are not read"
    )
    api.run(_work(both, "plain"), store, fetch=False)
    assert _statuses(store) == {"t1": "pass", "t2": "fail", "t3": "fail"}
    thresholds = {f.resource: f.thresholds for f in store.findings(rules=[RULE])}["t1"]
    assert thresholds["$sourced"] == ["badges.badge"]


def test_the_plan_follows(both: Registry) -> None:
    for badge, expected in ((None, set()), ("plain", {"badges.badge"})):
        work = _work(both, badge)
        plan = api.plan_for(work, work.choose([RULE]))
        assert {unit.kind for unit in plan.units} == {"fake.thing"} | expected


def test_a_check_says_what_a_run_says(both: Registry, store: Store) -> None:
    for badge in (None, "plain", "denied"):
        api.run(_work(both, badge), store)
        checked = api.check_rules(_work(both, badge), [RULE])
        assert {v.uid: v.verdict.status.value for v in checked.verdicts} == _statuses(store), badge


def test_what_is_derived_is_made_once_and_again_when_the_evidence_changes(
    both: Registry, store: Store
) -> None:
    badges.BUILT.clear()
    api.run(_work(both, "plain"), store)
    assert badges.BUILT == [2], "for three things"
    api.run(_work(both, "plain"), store)
    assert badges.BUILT == [2], "nothing changed"
    api.run(_work(both, "malformed"), store)
    assert badges.BUILT == [2, 3], "one that cannot be read spoils no other"
    assert _statuses(store) == {"t1": "pass", "t2": "fail", "t3": "fail"}


def test_evaluation_as_of_the_past_reads_by_todays_sources(both: Registry, store: Store) -> None:
    api.run(_work(both, "plain"), store)
    found = api.evaluate_as_of(_work(both, "plain"), store, datetime.now(UTC))
    assert {j.uid: j.verdict.status.value for j in found if j.rule.id == RULE} == _statuses(store)


# -- evidence itself ------------------------------------------------------------------------------------


def _joined(*bodies: dict[str, object], sourced: bool = True) -> JoinedEvidence:
    given = {"badges.badge": [canonical(body) for body in bodies]}
    return JoinedEvidence(
        badges.fake_thing_badge, GivenDocuments(HOME, given), ["badges.badge"] if sourced else []
    )


def test_an_undeclared_kind_is_refused_whatever_is_sourced() -> None:
    for sourced in (True, False):
        evidence = _joined(sourced=sourced).at(HOME)
        refused = r"fake\.owner without naming it"
        with pytest.raises(UndeclaredRead, match=refused):
            evidence.everywhere(fakes.Owner)
        with pytest.raises(UndeclaredRead, match=refused):
            evidence.sourced(fakes.Owner)
        with pytest.raises(UndeclaredRead, match=refused):
            evidence.index(fakes.Owner, "thing")
        with pytest.raises(UndeclaredRead, match=refused):
            evidence.derived(lambda whole: whole.placed(fakes.Owner))


def test_a_document_that_cannot_be_read_is_told_apart() -> None:
    joined = _joined({"thing": "a", "Valid": True}, {"thing": 3})
    placed = joined.placed(badges.Badge)
    assert [badge.thing for _, badge in placed.resources] == ["a"]
    ((scope, reason),) = placed.unreadable
    assert (scope, "not as expected" in reason) == (HOME, True)
    with pytest.raises(Exception, match="not as expected"):
        joined.at(HOME).everywhere(badges.Badge)


def test_a_building_that_fails_is_tried_once_and_fails_for_all() -> None:
    tried: list[int] = []

    def build(whole: Whole) -> None:
        tried.append(1)
        whole.everywhere(badges.Badge)

    evidence = JoinedEvidence(
        badges.fake_thing_badge, GivenDocuments(HOME, {}), ["badges.badge"]
    ).at(HOME)
    for _ in range(3):
        with pytest.raises(EvidenceIncomplete, match="never collected"):
            evidence.derived(build)
    assert tried == [1]


def test_rules_share_what_was_read_and_not_what_they_may_not_read() -> None:
    @rule(criteria=["CC6.1"], severity=Severity.LOW, needs=[badges.Badge])
    def fake_other(thing: fakes.Thing, evidence: Evidence) -> Verdict:
        """Title of another.

        Why: to test
        Fix: nothing
        """
        return passed(f"{thing.name} {evidence}")

    loaded = Loaded(GivenDocuments(HOME, {"badges.badge": [b'{"thing":"a","Valid":true}']}))
    first = JoinedEvidence(badges.fake_thing_badge, loaded, ["badges.badge"])
    without = JoinedEvidence(badges.fake_thing_badge, loaded)
    second = JoinedEvidence(fake_other, loaded)
    assert first.everywhere(badges.Badge) is second.everywhere(badges.Badge)
    assert without.everywhere(badges.Badge) == []
    assert first.at(HOME).derived(_count) == second.at(HOME).derived(_count) == 1
    assert without.at(HOME).derived(_count) == 0


def _count(whole: Whole) -> int:
    return len(whole.everywhere(badges.Badge))


def test_a_kind_is_needed_or_where_sourced() -> None:
    with pytest.raises(DeclarationError, match=r"badges\.badge stands in 'needs' and in 'where_so"):

        @rule(
            criteria=["CC6.1"],
            severity=Severity.LOW,
            needs=[badges.Badge],
            where_sourced=[badges.Badge],
        )
        def fake_x(thing: fakes.Thing, evidence: Evidence) -> Verdict:
            """Title of this.

            Why: to test
            Fix: nothing
            """
            return passed(f"{thing.name} {evidence}")


def test_the_kinds_of_a_rule() -> None:
    declared = badges.fake_thing_badge
    assert declared.kinds == ("fake.thing", "badges.badge")
    assert declared.sourced_by(["fake"]) == frozenset()
    assert declared.sourced_by(["badges"]) == {"badges.badge"}


def test_a_rule_that_lacks_what_it_judges_by_is_not_in_force(both: Registry) -> None:
    @rule(
        criteria=["CC6.1"],
        severity=Severity.LOW,
        where_sourced=[badges.Badge],
        one_of=[badges.Badge],
    )
    def fake_thing_needs_badges(thing: fakes.Thing, evidence: Evidence) -> Verdict:
        """Things have a badge, and nothing else says so.

        Why: because it is asked here.
        Fix: give it a badge and look again.
        """
        return passed(str(len(evidence.everywhere(badges.Badge))))

    both.rules[fake_thing_needs_badges.id] = fake_thing_needs_badges
    without, there = _work(both, None), _work(both, "plain")
    assert without.unsourced["badges"] == [fake_thing_needs_badges.id]
    assert fake_thing_needs_badges.id not in {item.rule.id for item in without.active}
    with pytest.raises(UsageError, match="no source of provider badges"):
        without.choose([fake_thing_needs_badges.id])
    assert fake_thing_needs_badges.id in {item.rule.id for item in there.active}
    assert "badges" not in there.unsourced


def test_what_a_rule_needs_of_a_provider_without_a_source() -> None:
    @rule(criteria=["CC6.1"], severity=Severity.LOW, needs=[badges.Badge])
    def fake_thing_joins_badges(thing: fakes.Thing, evidence: Evidence) -> Verdict:
        """Things are joined to badges.

        Why: because it is asked here.
        Fix: give it a badge and look again.
        """
        return passed(str(len(evidence.everywhere(badges.Badge))))

    assert fake_thing_joins_badges.lacks({"fake"}) == "badges"
    assert fake_thing_joins_badges.lacks({"badges"}) == "fake"
    assert fake_thing_joins_badges.lacks({"fake", "badges"}) is None


def test_one_of_what_is_not_read() -> None:
    with pytest.raises(DeclarationError, match="one_of"):

        @rule(criteria=["CC6.1"], severity=Severity.LOW, needs=[fakes.Thing], one_of=[badges.Badge])
        def fake_thing_reads_nothing(thing: fakes.Thing, evidence: Evidence) -> Verdict:
            """Things read nothing of badges.

            Why: because it is asked here.
            Fix: give it a badge and look again.
            """
            return passed("")


def test_a_source_that_is_left_out_on_purpose_is_there(both: Registry, store: Store) -> None:
    outcome = api.run(_work(both, "plain"), store, sources=["doors"])
    assert outcome.unsourced == {}
    assert {c.kind for c in store.collections()} == {"badges.badge"}
