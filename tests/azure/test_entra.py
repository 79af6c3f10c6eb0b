"""Entra over the emulator: every kind, a missing licence, secrets, and what was planted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo import azure_entra
from soc2_demo.azure import Refusal
from soc2_demo.azure_words import PRODUCTION, TENANT
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import CollectionStatus as S
from soc2_pac.model import Scope, Status
from soc2_pac.resources import GAPS, view
from tests.conftest import RECORDINGS
from tests.databases import unavailable

from .walk import KINDS, REGISTRY, look

if TYPE_CHECKING:
    from soc2_pac.collect.fetch import UnitResult

    from .conftest import Source

ENTRA = sorted(kind for kind in KINDS if kind.startswith("azure.entra."))
SEEN = [
    *ENTRA,
    "azure.authorization.role_assignment",
    "azure.authorization.role_definition",
    "azure.authorization.role_eligibility",
]
"""What rules on Entra read."""
P2 = ("azure.entra.role_instance", "azure.entra.role_policy", "azure.entra.access_review")


def bodies(result: UnitResult) -> dict[str, dict[str, Any]]:
    found = result.spool.records() if result.spool else ()
    return {record.name: json.loads(record.body) for record in found}


@pytest.mark.parametrize("kind", ENTRA)
def test_a_kind_without_faults(azure: Source, kind: str) -> None:
    result = look(azure, kind)
    assert (result.status, result.gaps, result.reason) == (S.COMPLETE, 0, "")
    assert result.count > 0
    assert set(result.calls) == set(KINDS[kind].calls), "what is declared is what is asked"
    for record in result.spool.records() if result.spool else ():
        view(KINDS[kind].resource, record.body)


@pytest.mark.parametrize("kind", ENTRA)
def test_without_the_permission_nothing_is_an_empty_listing(azure: Source, kind: str) -> None:
    first = KINDS[kind].calls[0].replace("{subscriptionId}", PRODUCTION)
    path = first.partition("GET ")[2]
    azure.emulator.faults.add(
        f"^(/v1.0)?{path}([?]|$)",
        status=403,
        body='{"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}',
    )
    result = look(azure, kind)
    assert result.status is S.DENIED
    assert result.count == 0
    assert "read" in str(result.permission).lower()


def test_factors_name_the_domain_by_which_somebody_signs_in(azure: Source) -> None:
    azure.emulator.state.answers["/v1.0/domains"] = [
        {"id": "Acme-Robotics.example", "authenticationType": "Federated"}
    ]
    seen = bodies(look(azure, "azure.entra.registration")).values()
    federated = {one["userPrincipalName"] for one in seen if one["domain"]}
    assert federated
    assert federated == {
        one["userPrincipalName"]
        for one in seen
        if one["userPrincipalName"].endswith("@acme-robotics.example")
    }


@pytest.mark.parametrize("kind", P2)
def test_a_missing_licence_is_named(azure: Source, kind: str) -> None:
    path = "/v1.0" + KINDS[kind].calls[0].removeprefix("GRAPH GET ")
    azure.emulator.state.answers[path] = Refusal(
        400, "AadPremiumLicenseRequired", "The tenant needs an AAD Premium license."
    )
    result = look(azure, kind)
    assert result.status is S.SKIPPED
    assert "Entra ID P2" in result.reason


def test_without_the_licence_nobody_is_eligible(azure: Source) -> None:
    """A role can only be made eligible where the tenant pays for it: no gap, and no role."""
    answers = azure.emulator.state.answers
    for path in [k for k in answers if k.endswith("/roleEligibilityScheduleInstances")]:
        answers[path] = Refusal(
            400, "AadPremiumLicenseRequired", "The tenant needs an AAD Premium license."
        )
    for kind in ("azure.entra.role_eligibility", "azure.authorization.role_eligibility"):
        result = look(azure, kind)
        assert (result.status, result.count) == (S.COMPLETE, 0)
    result = look(azure, "azure.entra.subscription_group")
    assert (result.status, result.count) == (S.COMPLETE, 1)


def test_users_are_read_without_the_licence_for_their_sign_ins(azure: Source) -> None:
    key = "/v1.0/users?$select=id,userPrincipalName,signInActivity"
    azure.emulator.state.answers[key] = Refusal(
        403,
        "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
        "Neither tenant is B2C or tenant doesn't have premium license",
    )
    assert look(azure, "azure.entra.user").status is S.COMPLETE
    result = look(azure, "azure.entra.sign_in_activity")
    assert result.status is S.SKIPPED
    assert "Entra ID P1" in result.reason


def test_a_policy_may_name_a_group_that_is_gone(azure: Source) -> None:
    state = azure.emulator.state
    for key in [k for k in state.answers if k.startswith("/v1.0/groups/")]:
        del state.answers[key]
    result = look(azure, "azure.entra.policy_group")
    assert (result.status, result.gaps) == (S.COMPLETE, 0)
    assert [body["members"] for body in bodies(result).values()] == [None]


def test_members_that_cannot_be_read_are_a_gap(azure: Source) -> None:
    azure.emulator.faults.add(
        "/transitiveMembers",
        status=403,
        body='{"error": {"code": "Authorization_RequestDenied", "message": "Insufficient privileges"}}',
        times=99,
    )
    for kind in ("azure.entra.policy_group", "azure.entra.role_assignment"):
        result = look(azure, kind)
        assert result.status is S.COMPLETE
        assert result.gaps == 1
        (gap,) = [body[GAPS] for body in bodies(result).values() if GAPS in body]
        assert "GroupMember.Read.All" in gap["members"]["permission"]


def test_microsoft_graph_itself_must_be_there(azure: Source) -> None:
    state = azure.emulator.state
    for key in [k for k in state.answers if "$filter=appId" in k]:
        state.answers[key] = []
    result = look(azure, "azure.entra.app_permission")
    assert result.status is S.FAILED
    assert "Microsoft Graph itself" in result.reason


def test_secrets_of_apps_are_not_kept(azure: Source) -> None:
    apps = azure.emulator.state.answers["/v1.0/applications"]
    apps[0]["passwordCredentials"][0]["secretText"] = "s3cr3t-of-an-app"
    apps[0]["passwordCredentials"][0]["hint"] = "s3c"
    text = json.dumps(bodies(look(azure, "azure.entra.application")))
    assert "s3c" not in text


def test_what_changes_at_every_read_is_no_change(azure: Source) -> None:
    first = look(azure, "azure.entra.sign_in_activity")
    for one in azure.emulator.state.answers[
        "/v1.0/users?$select=id,userPrincipalName,signInActivity"
    ]:
        one["signInActivity"]["lastSignInRequestId"] = "another"
    assert bodies(look(azure, "azure.entra.sign_in_activity")) == bodies(first)


RULES = {
    name: rule
    for name, rule in REGISTRY.rules.items()
    if name.startswith("azure-") and rule.kind in ENTRA and set(rule.kinds) <= set(SEEN)
}
SCOPE = Scope("azure", TENANT)


def verdicts(azure: Source, **thresholds: dict[str, Any]) -> dict[str, dict[str, Status]]:
    """Status by rule and name of the resource."""
    seen = {kind: bodies(look(azure, kind)) for kind in SEEN}
    stored = {kind: [canonical(one) for one in found.values()] for kind, found in seen.items()}
    given = GivenDocuments(SCOPE, stored)
    judged: dict[str, dict[str, Status]] = {}
    for rule in RULES.values():
        evidence = JoinedEvidence(rule, given, set(seen)).at(SCOPE) if rule.joins else None
        for name, body in seen[rule.kind].items():
            judged.setdefault(rule.id, {})[name] = judge(
                rule, canonical(body), now=datetime.now(UTC), scope=SCOPE, evidence=evidence,
                thresholds=rule.settle(thresholds.get(rule.id.replace("-", "_"), {})),
            ).status  # fmt: skip
    return judged


NAMED: dict[str, dict[str, Any]] = {
    "azure_ca_mfa_admin_portals": {"emergency": ["glass-*"]},
    "azure_ca_mfa_all_users": {"emergency": ["glass-*"]},
    "azure_emergency_accounts": {"accounts": ["glass-*"]},
    "azure_pim_jit": {"emergency": ["glass-*"]},
    "azure_privileged_mfa": {"emergency": ["glass-*"]},
    "azure_risk_policies": {"emergency": ["glass-*"]},
    "azure_security_defaults": {"emergency": ["glass-*"]},
}


def test_every_entra_question_is_asked() -> None:
    assert len(RULES) == 24
    assert {one.rule for one in azure_entra.PLANTED} <= set(RULES)


def test_what_was_planted_is_found(azure: Source) -> None:
    judged = verdicts(azure, **NAMED)
    missed = [
        f"{fault.rule} {fault.resource}: {judged[fault.rule].get(fault.resource)}"
        for fault in azure_entra.PLANTED
        if judged[fault.rule].get(fault.resource) is not Status.FAIL
    ]
    assert missed == []
    assert judged["azure-ca-mfa-all-users"] == {"Acme Robotics": Status.PASS}
    assert judged["azure-emergency-accounts"] == {"Acme Robotics": Status.PASS}
    statuses = [status for found in judged.values() for status in found.values()]
    assert Status.ERROR not in statuses
    assert statuses.count(Status.PASS) > 2 * statuses.count(Status.FAIL)


def test_members_that_are_hidden_let_nothing_pass(azure: Source) -> None:
    before = verdicts(azure, **NAMED)
    for path in azure.emulator.state.answers:
        if path.endswith("/transitiveMembers"):
            azure.emulator.state.answers[path] = Refusal(403, "Authorization_RequestDenied", "no")
    after = verdicts(azure, **NAMED)
    for rule, found in after.items():
        for name, status in found.items():
            if before[rule][name] is not Status.PASS:
                assert status is not Status.PASS, f"{rule} {name}"
    assert after["azure-ca-mfa-all-users"] == {"Acme Robotics": Status.INCONCLUSIVE}


def _camel(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _camel(one) for name, one in value.items()}
    return [_camel(one) for one in value] if isinstance(value, list) else value


def test_policies_of_a_real_tenant() -> None:
    """An export of a laboratory's tenant; its names are as PowerShell writes them."""
    file = RECORDINGS / "azure" / "scubagear-entra" / "conditional_access_policies.json"
    if not file.is_file():
        unavailable("the recordings are not beside this checkout")
    policies = [canonical(one) for one in _camel(json.loads(file.read_text("utf-8")))]
    plan = {"servicePlanId": "eec0eb4f-6444-4f95-aba0-50c24d67f998", "capabilityStatus": "Enabled"}
    tenant = canonical({"id": TENANT, "displayName": "Laboratory", "assignedPlans": [plan]})
    defaults = canonical({"id": "defaults", "isEnabled": False})
    stored: dict[str, list[bytes]] = {
        "azure.entra.conditional_access_policy": policies,
        "azure.entra.security_defaults": [defaults],
        "azure.entra.policy_group": [],
        "azure.entra.user": [],
    }
    given = GivenDocuments(SCOPE, stored)
    said = {}
    for name in (
        "azure-ca-mfa-all-users",
        "azure-ca-mfa-admin-portals",
        "azure-legacy-auth-blocked",
        "azure-risk-policies",
    ):
        evidence = JoinedEvidence(RULES[name], given, set(stored)).at(SCOPE)
        said[name] = judge(
            RULES[name], tenant, now=datetime.now(UTC), scope=SCOPE, evidence=evidence,
            thresholds=RULES[name].settle({}),
        )  # fmt: skip
    assert {name: verdict.status for name, verdict in said.items()} == dict.fromkeys(
        said, Status.PASS
    ), said
