"""Conditions of role assignments: each form that Azure's language admits, and each way around a list of roles."""

from __future__ import annotations

import pytest

from soc2_collectors.azure.models.authorization import ADMINISTRATORS, OWNER, limits_roles
from soc2_collectors.azure.models.conditions import allows

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
CUSTOM = "11111111-2222-3333-4444-555555555555"
WRITE = "ActionMatches{'Microsoft.Authorization/roleAssignments/write'}"
DELETE = "ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}"
ROLE = "Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
ONLY = f"@{ROLE} ForAnyOfAnyValues:GuidEquals {{{READER}}}"
BUT = f"@{ROLE} ForAnyOfAllValues:GuidNotEquals {{{', '.join(ADMINISTRATORS)}}}"
USERS = (
    "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] "
    "ForAnyOfAnyValues:StringEqualsIgnoreCase {'User'}"
)
OF_DELETED = ONLY.replace("@Request", "@Resource")


@pytest.mark.parametrize(
    "condition",
    [
        f"((!({WRITE})) OR ({ONLY}))",
        f"((!({WRITE})) OR ({BUT}))",
        f"((!({WRITE})) || ({ONLY})) && ((!({DELETE})) || ({OF_DELETED}))",
        f"((!({WRITE}) AND !({DELETE})) OR ({ONLY}))",
        f"((NOT ({WRITE})) or ({ONLY} and {USERS}))",
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/*'}})) OR ({ONLY}))",
        ONLY,
        f"(  (  !({WRITE})\n )\n OR\n (\n {ONLY}\n ) )",
    ],
)
def test_no_administrator_is_made(condition: str) -> None:
    assert limits_roles(condition)
    assert not allows(condition, OWNER)


@pytest.mark.parametrize(
    "condition",
    [
        "",
        USERS,
        f"((!({WRITE})) OR ({USERS}))",
        f"((!({WRITE})) OR ({ONLY})) || ({USERS})",
        f"((!({WRITE})) OR ({ONLY} || {USERS}))",
        f"{ONLY} OR {USERS}",
        f"(!({WRITE}) AND !({DELETE})) OR ({ONLY}) OR ({USERS})",
        f"((!({DELETE})) OR ({ONLY}))",
        f"((!(ActionMatches{{'Microsoft.Storage/*'}})) OR ({ONLY}))",
        f"((!({WRITE})) OR (!({ONLY})))",
        f"((!({WRITE})) OR (@{ROLE} ForAnyOfAnyValues:GuidEquals {{{READER}, {OWNER}}}))",
        f"((!({WRITE})) OR (@{ROLE} ForAnyOfAllValues:GuidNotEquals {{{OWNER}}}))",
        f"((!({WRITE})) OR (@{ROLE} ForAnyOfAnyValues:GuidNotEquals {{{', '.join(ADMINISTRATORS)}}}))",
        f"((!({WRITE})) OR ({OF_DELETED}))",
        f"((!({WRITE})) OR ({ONLY})",
        f"((!({WRITE})) OR ())",
        f"((!({WRITE})) OR ({ONLY})) \u00a7",
    ],
)
def test_an_administrator_may_be_made(condition: str) -> None:
    assert not limits_roles(condition)


def test_a_custom_role_that_gives_access_is_an_administrators_too() -> None:
    custom = f"((!({WRITE})) OR (@{ROLE} ForAnyOfAnyValues:GuidEquals {{{READER}, {CUSTOM}}}))"
    assert limits_roles(custom)
    assert not limits_roles(custom, [CUSTOM])
    but = f"((!({WRITE})) OR ({BUT}))"
    assert limits_roles(but)
    assert not limits_roles(but, [CUSTOM])
    assert limits_roles(f"((!({WRITE})) OR ({ONLY}))", [CUSTOM])
