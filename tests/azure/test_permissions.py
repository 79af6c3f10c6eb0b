"""The custom role and the Graph permissions: generated from what the collectors declare."""

from __future__ import annotations

import json
import re

import pytest

from soc2_collectors.azure.models.authorization import Permission
from soc2_collectors.azure.permissions import (
    ACTIONS,
    GRAPH,
    GRAPH_NEEDS,
    action,
    grant,
    permissions,
    shown,
)
from soc2_pac.errors import UsageError

from .walk import CALLS

STORAGE = "RESOURCEGRAPH microsoft.storage/storageaccounts"
PRICINGS = "GET /subscriptions/{subscriptionId}/providers/Microsoft.Security/pricings"
BLOBS = (
    "GET /subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Storage/"
    "storageAccounts/{accountName}/blobServices/default"
)
LOGS = "GET /{scope}/providers/Microsoft.Insights/diagnosticSettings"
EVENTS = (
    "GET /subscriptions/{subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values"
)
JIT = "GET /subscriptions/{subscriptionId}/providers/Microsoft.Security/jitNetworkAccessPolicies"
PATCHES = "RESOURCEGRAPH microsoft.compute/virtualmachines/patchassessmentresults"
USERS = "GRAPH GET /users"
MEMBERS = "GRAPH GET /groups/{groupId}/transitiveMembers"


@pytest.mark.parametrize(
    ("call", "needed"),
    [
        (STORAGE, "microsoft.storage/storageaccounts/read"),
        (PRICINGS, "Microsoft.Security/pricings/read"),
        (BLOBS, "Microsoft.Storage/storageAccounts/blobServices/read"),
        (LOGS, "Microsoft.Insights/diagnosticSettings/read"),
        (EVENTS, "Microsoft.Insights/eventtypes/values/read"),
        (JIT, "Microsoft.Security/locations/jitNetworkAccessPolicies/read"),
        (PATCHES, "Microsoft.Compute/virtualMachines/patchAssessmentResults/*"),
        ("GET /subscriptions", "Microsoft.Resources/subscriptions/read"),
        ("RESOURCEGRAPH resources", None),
        ("GET /elsewhere", None),
        ("other", None),
    ],
)  # fmt: skip
def test_the_action_of_a_call(call: str, needed: str | None) -> None:
    assert action(call) == needed


@pytest.mark.parametrize("call", CALLS)
def test_every_call_says_what_it_needs(call: str) -> None:
    assert grant(call) is not None
    if call.startswith(GRAPH):
        assert call in GRAPH_NEEDS


def test_nothing_is_asked_for_that_nobody_reads() -> None:
    """What the identity lacks of these is named as missing."""
    assert set(GRAPH_NEEDS) == {call for call in CALLS if call.startswith(GRAPH)}


def test_permissions_only_read() -> None:
    assert list(GRAPH_NEEDS) == sorted(GRAPH_NEEDS)
    needs = {need for several in GRAPH_NEEDS.values() for need in several}
    assert all(".Read." in need or need.endswith(".Read") for need in needs)
    assert not [need for need in needs if "Write" in need]
    # Behind this one every action reads, and no narrower name stands for the type itself.
    wide = "Microsoft.Compute/virtualMachines/patchAssessmentResults/*"
    assert all(need.endswith("/read") or need == wide for need in ACTIONS.values())
    for call in CALLS:
        assert re.fullmatch(r"(GET|GRAPH GET) /[\w./{}$-]+|RESOURCEGRAPH [\w./-]+", call)


def test_permissions_are_those_of_the_declared_calls() -> None:
    text = permissions([STORAGE, BLOBS, USERS], "text")
    assert "microsoft.storage/storageaccounts/read" in text
    assert "Microsoft.Storage/storageAccounts/blobServices/read" in text
    assert "User.Read.All" in text
    assert "Microsoft.Resources/subscriptions/read" in text
    assert "Policy.Read.All" not in text
    assert "plugins" not in text
    assert "GRAPH GET /things" in permissions(["GRAPH GET /things"], "text")


def test_a_call_may_need_several_permissions() -> None:
    said = json.loads(permissions([MEMBERS, USERS], "json"))
    assert said["graph"] == ["GroupMember.Read.All", "Member.Read.Hidden", "User.Read.All"]
    assert "Member.Read.Hidden" in (grant(MEMBERS) or "")


@pytest.mark.parametrize(
    ("actions", "there"),
    [
        (["*/read"], True),
        (["Microsoft.Compute/virtualMachines/patchAssessmentResults/*"], True),
        (["Microsoft.Compute/virtualMachines/patchAssessmentResults/latest/read"], False),
        (["Microsoft.Compute/virtualMachines/read"], False),
    ],
)
def test_what_resource_graph_shows(actions: list[str], there: bool) -> None:  # noqa: FBT001
    assert shown(PATCHES, [Permission(actions=actions)]) is there


def test_permissions_as_json() -> None:
    listing = "GET /subscriptions/{subscriptionId}/providers/Microsoft.Storage/storageAccounts"
    said = json.loads(permissions([STORAGE, listing, PRICINGS, USERS], "json"))
    assert said["role"]["Actions"] == [
        "Microsoft.Authorization/permissions/read",
        "Microsoft.Resources/subscriptions/read",
        "Microsoft.Security/pricings/read",
        "Microsoft.Storage/storageAccounts/read",
    ]
    assert said["role"]["DataActions"] == []
    assert said["graph"] == ["User.Read.All"]
    assert json.loads(permissions([USERS], "json"))["role"]["Actions"] == []


def test_permissions_as_terraform() -> None:
    hcl2 = pytest.importorskip("hcl2")
    text = permissions([STORAGE, USERS], "terraform")
    said = hcl2.loads(text)
    assert {name.strip('"') for block in said["resource"] for name in block} == {
        "azurerm_role_definition", "azurerm_role_assignment", "azuread_app_role_assignment",
    }  # fmt: skip
    assert '"microsoft.storage/storageaccounts/read"' in text
    assert '"User.Read.All"' in text
    with pytest.raises(UsageError):
        permissions([], "yaml")
