"""The emulated company, judged: what was planted is found, and by the rule that ought to."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import soc2_rules
from soc2_demo.github_company import PLANTED
from soc2_pac.canonical import canonical
from soc2_pac.errors import ProviderError
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Fact, Gap, Scope, Status
from soc2_pac.resources import GAPS
from soc2_pac.rules import Rule

from .test_kinds import COLLECTORS

if TYPE_CHECKING:
    from .conftest import Source

RULES = {
    found.id: found
    for module in pkgutil.walk_packages(soc2_rules.__path__, "soc2_rules.")
    if module.name.startswith("soc2_rules.github.")
    for found in vars(importlib.import_module(module.name)).values()
    if isinstance(found, Rule)
}
SCOPE = Scope("github", "acme-robotics")


def collected(github: Source) -> dict[str, dict[str, bytes]]:
    """Canonical documents by kind and name; a fact that gives no answer is a gap."""
    return {kind: _bodies(github, kind) for kind in COLLECTORS}


def _bodies(github: Source, kind: str) -> dict[str, bytes]:
    collector = COLLECTORS[kind]
    found = {}
    try:
        for document in collector.documents(github.client(*collector.calls)):
            body: dict[str, Any] = {}
            for key, value in document.body.items():
                if isinstance(value, Gap):
                    gap = {"status": "denied", "operation": key, "reason": value.reason}
                    body.setdefault(GAPS, {})[key] = gap
                    continue
                try:
                    body[key] = value.call() if isinstance(value, Fact) else value
                except ProviderError as error:
                    gap = {"status": "denied", "operation": key, "reason": str(error)}
                    body.setdefault(GAPS, {})[key] = gap
            found[document.name] = canonical(body)
    except ProviderError:
        return {}
    return found


def verdicts(github: Source) -> dict[str, dict[str, Status]]:
    """Status by rule and name of the resource."""
    bodies = collected(github)
    given = GivenDocuments(SCOPE, {kind: list(found.values()) for kind, found in bodies.items()})
    judged: dict[str, dict[str, Status]] = {}
    for rule in RULES.values():
        evidence = JoinedEvidence(rule, given, bodies).at(SCOPE) if rule.joins else None
        judged[rule.id] = {
            name: judge(
                rule, body, now=datetime.now(UTC), scope=SCOPE, evidence=evidence,
                thresholds=rule.settle({}),
            ).status
            for name, body in bodies[rule.kind].items()
        }  # fmt: skip
    return judged


def test_what_was_planted_is_found(github: Source) -> None:
    judged = verdicts(github)
    missed = [
        f"{fault.rule} {fault.resource}: {judged[fault.rule]}"
        for fault in PLANTED
        if not any(
            name.startswith(fault.resource) and status is Status.FAIL
            for name, status in judged[fault.rule].items()
        )
    ]
    assert missed == []


def test_no_rule_breaks_on_the_company(github: Source) -> None:
    broken = [
        (rule, name)
        for rule, found in verdicts(github).items()
        for name, status in found.items()
        if status is Status.ERROR
    ]
    assert broken == []


def test_most_of_the_company_is_right(github: Source) -> None:
    statuses = [status for found in verdicts(github).values() for status in found.values()]
    assert statuses.count(Status.PASS) > 2 * statuses.count(Status.FAIL)


@pytest.mark.parametrize(
    "what", ["/rulesets/", "graphql RepositorySettings", "/hooks", "/analyses"]
)
def test_a_denied_fact_is_never_a_pass(github: Source, what: str) -> None:
    before = verdicts(github)
    github.emulator.faults.add(what, status=403, body='{"message": "Resource not accessible"}')
    for rule, found in verdicts(github).items():
        for name, status in found.items():
            if before[rule][name] is Status.FAIL:
                assert status in (Status.FAIL, Status.INCONCLUSIVE), f"{rule} {name}"


def test_an_evaluating_ruleset_protects_nothing(github: Source) -> None:
    branch = "acme-robotics/telemetry:main"
    assert verdicts(github)["github-required-reviews"][branch] is Status.FAIL
