"""The emulated org's settings, judged: what was planted is found, and Okta's silence is never a pass."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import soc2_rules
from soc2_collectors.okta.apps import apps
from soc2_collectors.okta.authenticators import authenticators
from soc2_collectors.okta.policies import access_policies
from soc2_collectors.okta.roles import groups
from soc2_demo.okta import Refusal
from soc2_demo.okta_policies import PLANTED
from soc2_pac.canonical import canonical
from soc2_pac.errors import ProviderError
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Status
from soc2_pac.rules import Rule

from .test_policy_kinds import ALL, LISTINGS, bodies

if TYPE_CHECKING:
    from .conftest import Source

KINDS = {collector.kind: collector for collector in (*ALL, apps, groups)}
RULES = {
    found.id: found
    for module in pkgutil.walk_packages(soc2_rules.__path__, "soc2_rules.")
    if module.name.startswith(("soc2_rules.okta.", "soc2_rules.people.okta"))
    for found in vars(importlib.import_module(module.name)).values()
    if isinstance(found, Rule)
    and set(found.kinds) <= set(KINDS)
    and not set(found.kinds) <= {"okta.app", "okta.group"}
}
SCOPE = Scope("okta", "acme-robotics.okta.com")
Judged = dict[str, dict[str, tuple[Status, str]]]


def judged(okta: Source) -> Judged:
    """Status and message by rule and name of the resource; a kind that was not read whole is missing."""
    documents: dict[str, dict[str, dict[str, Any]]] = {}
    for kind, collector in KINDS.items():
        try:
            documents[kind] = bodies(okta, collector)
        except ProviderError:
            continue
    stored = {kind: [canonical(b) for b in found.values()] for kind, found in documents.items()}
    given = GivenDocuments(SCOPE, stored)
    found: Judged = {}
    for rule in RULES.values():
        evidence = JoinedEvidence(rule, given).at(SCOPE) if rule.needs else None
        for body in documents.get(rule.kind, {}).values():
            verdict = judge(
                rule, canonical(body), now=datetime.now(UTC), scope=SCOPE, evidence=evidence,
                thresholds=rule.settle({}),
            )  # fmt: skip
            found.setdefault(rule.id, {})[body["$name"]] = (verdict.status, verdict.message)
    return found


def test_what_was_planted_is_found(okta: Source) -> None:
    found = judged(okta)
    missed = [fault for fault in PLANTED if found[fault.rule][fault.resource][0] is not Status.FAIL]
    assert not missed


def test_nothing_else_fails(okta: Source) -> None:
    planted = {(fault.rule, fault.resource) for fault in PLANTED}
    failing = {
        (rule, name): message
        for rule, resources in judged(okta).items()
        for name, (status, message) in resources.items()
        if status is Status.FAIL
    }
    assert {key: said for key, said in failing.items() if key not in planted} == {}


def test_nothing_is_open_or_broken(okta: Source) -> None:
    settled = (Status.PASS, Status.FAIL, Status.NOT_APPLICABLE)
    odd = {
        (rule, name): said
        for rule, resources in judged(okta).items()
        for name, said in resources.items()
        if said[0] not in settled
    }
    assert odd == {}
    assert len(RULES) == 30


def test_on_the_classic_engine_nothing_passes_that_reads_what_it_lacks(okta: Source) -> None:
    answers = okta.emulator.state.answers
    answers["/.well-known/okta-organization"]["pipeline"] = "v1"
    lacking = Refusal(401, "E0000015", "You do not have permission to access the feature")
    for collector in (access_policies, authenticators):
        answers[LISTINGS[collector]] = lacking
    found = judged(okta)
    needing = {"okta.access_policy", "okta.authenticator"}
    passing = {
        rule.id
        for rule in RULES.values()
        if needing & set(rule.kinds)
        and any(status is Status.PASS for status, _ in found.get(rule.id, {}).values())
    }
    # Those pass before they read what the Classic Engine lacks.
    assert passing == {
        "okta-behavior-detection",
        "okta-global-session-mfa",
        "okta-no-persistent-cookie",
    }
    status, message = found["okta-admin-console-mfa"]["Acme Robotics"]
    assert status is Status.INCONCLUSIVE
    assert "Classic Engine" in message


@pytest.mark.parametrize("path", ["/api/v1/apps", "/api/v1/zones", "/api/v1/behaviors"])
def test_what_cannot_be_joined_is_no_pass(okta: Source, path: str) -> None:
    kind = {
        "/api/v1/apps": "app",
        "/api/v1/zones": "network_zone",
        "/api/v1/behaviors": "behavior_rule",
    }
    okta.emulator.state.answers[path] = Refusal(403)
    found = judged(okta)
    joining = [r for r in RULES.values() if f"okta.{kind[path]}" in [n.kind for n in r.needs]]
    assert joining
    for rule in joining:
        for name, (status, message) in found[rule.id].items():
            # The session policies say themselves what they demand, and act on what is unusual.
            if rule.id not in ("okta-global-session-mfa", "okta-behavior-detection"):
                assert status is not Status.PASS, (rule.id, name, message)
