"""The emulated org, judged: what was planted is found, and by the rule that ought to."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import soc2_rules
from soc2_collectors.okta.network import zones
from soc2_collectors.roster import RosterProvider
from soc2_collectors.roster.people import accounts, people
from soc2_collectors.roster.settings import RosterSettings
from soc2_demo import okta_access, okta_company, roster
from soc2_demo.okta import Refusal
from soc2_pac.canonical import canonical
from soc2_pac.collect.fetch import Limits, Meter
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Status
from soc2_pac.rules import Rule

from .test_access import LISTINGS, bodies

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Source

KINDS = {collector.kind: collector for collector in (*LISTINGS, zones)}
ROSTER = {collector.kind: collector for collector in (people, accounts)}
RULES = {
    found.id: found
    for module in pkgutil.walk_packages(soc2_rules.__path__, "soc2_rules.")
    if module.name.startswith(("soc2_rules.okta.", "soc2_rules.people.okta"))
    for found in vars(importlib.import_module(module.name)).values()
    if isinstance(found, Rule) and set(found.kinds) <= {*KINDS, *ROSTER}
}
SCOPE = Scope("okta", "acme-robotics.okta.com")
PLANTED = tuple(
    fault for fault in (*okta_company.PLANTED, *okta_access.PLANTED) if fault.rule in RULES
)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """Documents of the company's roster."""
    roster.write(tmp_path)
    settings = RosterSettings(
        organization="acme-robotics",
        people=str(tmp_path / roster.PEOPLE_FILE),
        accounts=str(tmp_path / roster.ACCOUNTS_FILE),
    )
    connection = RosterProvider().connect(settings)
    scope = Scope("roster", "acme-robotics")
    return {
        kind: {
            document.uid: dict(document.body)
            for document in collector.documents(
                connection.client(scope, Meter(Limits()), frozenset(collector.calls))
            )
        }
        for kind, collector in ROSTER.items()
    }


def verdicts(
    okta: Source, files: dict[str, dict[str, Any]] | None = None, *, refused: bool = False
) -> dict[str, dict[str, Status]]:
    """Status by rule and name of the resource; with ``refused`` a collection may break off."""
    documents: dict[str, dict[str, Any]] = {
        kind: bodies(okta, collector, refused=refused) for kind, collector in KINDS.items()
    } | (files or {})
    stored = {kind: [canonical(b) for b in found.values()] for kind, found in documents.items()}
    given = GivenDocuments(SCOPE, stored)
    judged: dict[str, dict[str, Status]] = {}
    for rule in RULES.values():
        evidence = JoinedEvidence(rule, given, set(documents)).at(SCOPE) if rule.joins else None
        for body in documents[rule.kind].values():
            status = judge(
                rule, canonical(body), now=datetime.now(UTC), scope=SCOPE, evidence=evidence,
                thresholds=rule.settle({}),
            ).status  # fmt: skip
            name = body["$name"]
            if judged.setdefault(rule.id, {}).get(name) is not Status.FAIL:
                judged[rule.id][name] = status
    return judged


def test_every_fault_is_asked_for() -> None:
    every = {fault.rule for fault in okta_access.PLANTED}
    assert every <= set(RULES)


def test_what_was_planted_is_found(okta: Source, files: dict[str, dict[str, Any]]) -> None:
    judged = verdicts(okta, files)
    missed = [
        f"{fault.rule} {fault.resource}: {judged[fault.rule].get(fault.resource)}"
        for fault in PLANTED
        if judged[fault.rule].get(fault.resource) is not Status.FAIL
    ]
    assert missed == []


def test_no_rule_breaks_on_the_org(okta: Source, files: dict[str, dict[str, Any]]) -> None:
    broken = [
        (rule, name)
        for rule, found in verdicts(okta, files).items()
        for name, status in found.items()
        if status is Status.ERROR
    ]
    assert broken == []


def test_without_a_roster_nobody_is_known_to_have_left_in_time(okta: Source) -> None:
    found = verdicts(okta)["okta-deprovisioned-in-sla"].values()
    assert set(found) == {Status.INCONCLUSIVE}


def test_most_of_the_org_is_right(okta: Source, files: dict[str, dict[str, Any]]) -> None:
    statuses = [status for found in verdicts(okta, files).values() for status in found.values()]
    assert statuses.count(Status.PASS) > 2 * statuses.count(Status.FAIL)


@pytest.mark.parametrize("what", ["/factors", "/roles", "/groups", "/users"])
def test_a_denied_fact_is_never_a_pass(
    okta: Source, files: dict[str, dict[str, Any]], what: str
) -> None:
    before = verdicts(okta, files)
    answers = okta.emulator.state.answers
    for path in answers:
        if path.endswith(what) and path not in LISTINGS.values():
            answers[path] = Refusal(403)
    for rule, found in verdicts(okta, files, refused=True).items():
        for name, status in found.items():
            if before[rule][name] is Status.FAIL:
                assert status in (Status.FAIL, Status.INCONCLUSIVE), f"{rule} {name}"
