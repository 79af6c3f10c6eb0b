"""Guards over the catalogue: a pass needs its facts, an unknown value is not good, attacks are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from soc2_pac import plugins
from soc2_pac.cases import load_cases
from soc2_pac.model import Severity
from soc2_pac.testing import guards
from soc2_pac.testing.guards import idle_facts, unused_excuses

if TYPE_CHECKING:
    from soc2_pac.rules import Rule

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
