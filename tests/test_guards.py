"""Guards over the catalogue: a pass needs its facts, an unknown value is not good, attacks are counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from soc2_collectors.okta.models.detection import EventHook
from soc2_pac import plugins
from soc2_pac.cases import load_cases
from soc2_pac.model import Severity, Status
from soc2_pac.testing import guards
from soc2_pac.testing.guards import (
    hidden_failures,
    idle_facts,
    unfounded_failures,
    unused_excuses,
    unused_rests,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_collectors.okta.models.organization import Organization
    from soc2_pac.model import Verdict
    from soc2_pac.rules import Evidence, Rule

REGISTRY = plugins.load()
BUILT_IN = [
    rule for rule in REGISTRY.rules.values() if rule.function.__module__.startswith("soc2_rules.")
]
each_rule = pytest.mark.parametrize("rule", BUILT_IN, ids=lambda rule: rule.id)


@each_rule
def test_a_pass_needs_its_facts_and_an_unknown_value_is_not_good(rule: Rule) -> None:
    idle = [f"{one.place} {one.how} (case: {one.case})" for one in idle_facts(rule)]
    assert not idle, "\n".join(["still a pass:", *idle])


@each_rule
def test_what_a_rule_excuses_is_read(rule: Rule) -> None:
    assert unused_excuses(rule) == []


joining = pytest.mark.parametrize(
    "rule", [rule for rule in BUILT_IN if rule.joins], ids=lambda rule: rule.id
)


@joining
def test_a_joined_kind_that_is_not_known_hides_no_proven_failure(rule: Rule) -> None:
    assert hidden_failures(rule) == [], (
        "the rule should fail all the same, or say in rests_on why it cannot"
    )


@pytest.mark.parametrize(
    "rule",
    [rule for rule in BUILT_IN if rule.joins and rule.provider == "azure"],
    ids=lambda rule: rule.id,
)
def test_a_joined_kind_that_is_not_known_makes_no_failure(rule: Rule) -> None:
    assert unfounded_failures(rule) == []


@joining
def test_what_a_failure_is_said_to_rest_on_hides_it(rule: Rule) -> None:
    assert unused_rests(rule) == []


def test_a_failure_that_a_denied_kind_hides_is_found() -> None:
    rule = REGISTRY.rules["okta-log-streaming"]
    case = next(one for one in load_cases(rule) if one.status is Status.FAIL)
    _looks_at_everything_first.__module__ = rule.function.__module__  # beside it stand the cases
    blind = replace(rule, function=_looks_at_everything_first)
    hidden = guards._hidden(blind, ["okta.event_hook"])
    assert ("okta.event_hook", case.name) in {(one.kind, one.case) for one in hidden}


def _looks_at_everything_first(
    organization: Organization, evidence: Evidence, *, hook_events: tuple[str, ...] = ()
) -> Verdict:
    evidence.account(EventHook)
    function: Callable[..., Verdict] = REGISTRY.rules["okta-log-streaming"].function
    return function(organization, evidence, hook_events=hook_events)


@each_rule
def test_a_rule_withstood_attacks(rule: Rule) -> None:
    wanted = 3 if rule.severity in (Severity.CRITICAL, Severity.HIGH) else 1
    attacks = [case for case in load_cases(rule) if case.attack]
    assert len(attacks) >= wanted


def test_what_was_read_of_one_object_is_not_counted_for_a_later_one() -> None:
    class Thing(msgspec.Struct):
        name: str

    with guards._noting() as noted:
        for _ in range(100):
            assert Thing("x").name == "x"
    assert len(noted) == 100
