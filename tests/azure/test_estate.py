"""The emulated subscriptions, read and judged: what was planted is found, and by the rule that ought to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo import azure_estate
from soc2_demo.azure import Refusal
from soc2_demo.azure_words import PRODUCTION, SANDBOX, TENANT
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Scope, Status
from soc2_pac.resources import GAPS, view

from .test_faults import records
from .walk import KINDS, REGISTRY, look

if TYPE_CHECKING:
    from .conftest import Source

ARM = sorted(
    kind
    for kind, one in KINDS.items()
    if one.per == "subscription" and not kind.startswith("azure.entra.")
)
RULES = {
    name: rule
    for name, rule in REGISTRY.rules.items()
    if name.startswith("azure-") and set(rule.kinds) <= set(ARM)
}
SCOPE = Scope("azure", f"{TENANT}/{PRODUCTION}")


def verdicts(azure: Source) -> dict[str, dict[str, Any]]:
    """Verdict by rule and name of the resource."""
    seen = {kind: [*records(look(azure, kind))] for kind in ARM}
    given = GivenDocuments(SCOPE, {kind: [one.body for one in its] for kind, its in seen.items()})
    judged: dict[str, dict[str, Any]] = {}
    for rule in RULES.values():
        evidence = JoinedEvidence(rule, given, set(seen)).at(SCOPE) if rule.joins else None
        judged[rule.id] = {
            record.name: judge(
                rule, record.body, now=datetime.now(UTC), scope=SCOPE, evidence=evidence,
                thresholds=rule.settle({}),
            )
            for record in seen[rule.kind]
        }  # fmt: skip
    return judged


@pytest.mark.parametrize("kind", ARM)
def test_a_kind_of_a_subscription(azure: Source, kind: str) -> None:
    result = look(azure, kind)
    assert (result.status, result.gaps, result.reason) == (S.COMPLETE, 0, "")
    for record in records(result):
        assert view(KINDS[kind].resource, record.body)
        assert GAPS.encode() not in record.body
    empty = look(azure, kind, SANDBOX)
    assert empty.status is S.COMPLETE


def test_what_was_planted_is_found(azure: Source) -> None:
    judged = verdicts(azure)
    assert {one.rule for one in azure_estate.PLANTED} <= set(RULES)
    missed = [
        f"{fault.rule} {fault.resource}: {judged[fault.rule].get(fault.resource)}"
        for fault in azure_estate.PLANTED
        if fault.resource not in judged[fault.rule]
        or judged[fault.rule][fault.resource].status is not Status.FAIL
    ]
    assert missed == []
    planted = {(fault.rule, fault.resource) for fault in azure_estate.PLANTED}
    more = [
        f"{rule} {name}: {verdict.status} {verdict.message}"
        for rule, found in judged.items()
        for name, verdict in found.items()
        if verdict.status in (Status.FAIL, Status.ERROR, Status.INCONCLUSIVE)
        and (rule, name) not in planted
    ]
    assert more == []


def test_the_database_of_the_system_is_left_out(azure: Source) -> None:
    names = {record.name for record in records(look(azure, "azure.sql.database"))}
    assert names == {"orders", "archive"}


def test_services_that_an_account_lacks_are_not_asked_for(azure: Source) -> None:
    (files,) = (
        row for row in azure.emulator.state.tables["resources"] if row["name"] == "acmelogs"
    )
    files["kind"] = "FileStorage"
    azure.emulator.state.tables["resources"] = [files]
    result = look(azure, "azure.storage.account")
    (record,) = records(result)
    assert b'"blobServices":null' in record.body
    assert b'"queueDiagnosticSettings":null' in record.body
    assert not [path for _, path in azure.emulator.requests if "/blobServices/" in path]


def test_what_may_not_be_read_is_inconclusive_and_says_what_to_grant(azure: Source) -> None:
    path = "/firewallRules"
    for key in [*azure.emulator.state.answers]:
        if key.endswith(path):
            azure.emulator.state.answers[key] = Refusal(403)
    verdict = verdicts(azure)["azure-sql-no-any-ip"]["acme-orders"]
    assert verdict.status is Status.INCONCLUSIVE
    assert "Microsoft.Sql/servers/firewallRules/read" in verdict.message


def test_the_address_of_a_webhook_is_not_kept(azure: Source) -> None:
    hook = "https://hooks.acme-robotics.example/?code=opens-the-door"
    for row in azure.emulator.state.tables["resources"]:
        if row["name"] == "oncall":
            row["properties"]["webhookReceivers"] = [{"name": "chat", "serviceUri": hook}]
    (record,) = records(look(azure, "azure.monitor.action_group"))
    assert b"opens-the-door" not in record.body
    assert b"webhookReceivers" in canonical({"body": record.body.decode()})


def test_only_what_persons_changed_is_kept_and_no_claims(azure: Source) -> None:
    (listing,) = (
        answer
        for path, answer in azure.emulator.state.answers.items()
        if path.endswith("/eventtypes/management/values") and answer
    )
    for event in listing:
        event["claims"] = {"ipaddr": "198.51.100.7"}
    (record,) = records(look(azure, "azure.monitor.human_change"))
    assert b"erik.holm" in record.body
    assert b"198.51.100.7" not in record.body


def test_alerts_of_the_estate_are_heard_but_for_what_was_planted(azure: Source) -> None:
    found = {
        rule: {name: verdict.status for name, verdict in judged.items()}
        for rule, judged in verdicts(azure).items()
        if rule.startswith("azure-alert-") and rule != "azure-alert-receivers"
    }
    assert found == {
        rule: {"acme-production": Status.FAIL if "-sql-" in rule else Status.PASS} for rule in found
    }
    assert found


def test_who_made_changes_must_be_said(azure: Source) -> None:
    (listing,) = (
        answer
        for path, answer in azure.emulator.state.answers.items()
        if path.endswith("/eventtypes/management/values") and answer
    )
    del listing[1]["caller"]
    unnamed, pipeline = records(look(azure, "azure.monitor.human_change")), listing[2].pop("caller")
    assert [b"caller" in one.body for one in unnamed] == [False]
    refused = look(azure, "azure.monitor.human_change")
    assert refused.status is S.FAILED
    assert "does not say who made any of 2 changes" in refused.reason
    listing[1]["caller"] = listing[2]["caller"] = pipeline
    nobody = look(azure, "azure.monitor.human_change")
    assert (nobody.status, nobody.count) == (S.COMPLETE, 0)
