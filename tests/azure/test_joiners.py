"""Who may have a role by activating the membership of a group: what is proven without it stays proven."""

from __future__ import annotations

from typing import Any

from soc2_pac import plugins
from soc2_pac.model import Status
from soc2_pac.resources import GAPS
from soc2_pac.testing import judge_document

RULE = plugins.load().rules["azure-privileged-mfa"]
ANN = {
    "id": "u-ann",
    "userPrincipalName": "ann@acme.example",
    "userType": "Member",
    "accountEnabled": True,
}
NO_FACTOR = {
    "id": "u-ann",
    "userPrincipalName": "ann@acme.example",
    "isMfaRegistered": False,
    "methodsRegistered": [],
    "domain": {"id": "acme.example", "authenticationType": "Managed"},
}
GLOBAL = "62e90394-69f5-4237-9190-012177145e10"
PERMISSION = "PrivilegedEligibilitySchedule.Read.AzureADGroup"


def assignment(principal: str, sort: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"a-{principal}",
        "principalId": principal,
        "roleDefinitionId": GLOBAL,
        "principal": {"id": principal, "@odata.type": f"#microsoft.graph.{sort}"},
        **more,
    }


def given(*assignments: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    return {
        "azure.entra.registration": [NO_FACTOR],
        "azure.entra.role_assignment": list(assignments),
        "azure.entra.role_eligibility": [],
        "azure.entra.conditional_access_policy": [],
        "azure.entra.policy_group": [],
        "azure.entra.security_defaults": [{"id": "d", "isEnabled": False}],
    }


DENIED = assignment(
    "g-admins",
    "group",
    members=[],
    **{GAPS: {"eligibleMembers": {"status": "denied", "permission": PERMISSION}}},
)


def test_who_may_join_a_group_is_unknown_and_the_own_role_is_proven() -> None:
    said = judge_document(RULE, ANN, given(DENIED, assignment("u-ann", "user")))
    assert said.status is Status.FAIL
    assert "holds Global Administrator" in said.message


def test_who_may_join_a_group_is_unknown_and_nothing_else_is_held() -> None:
    said = judge_document(RULE, ANN, given(DENIED))
    assert said.status is Status.INCONCLUSIVE
    assert PERMISSION in said.message


def test_who_may_join_a_group_needs_a_factor() -> None:
    joins = [
        {
            "accessId": "member",
            "principalId": "u-ann",
            "principal": assignment("u-ann", "user")["principal"],
        }
    ]
    said = judge_document(
        RULE, ANN, given(assignment("g-admins", "group", members=[], eligibleMembers=joins))
    )
    assert said.status is Status.FAIL
    assert "no second factor" in said.message
