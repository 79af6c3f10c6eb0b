"""Collects conditional access, the groups and places that it names, and security defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.authorization import NO_PIM
from soc2_collectors.azure.entra_roles import ELIGIBLE_MEMBERS, eligible_members
from soc2_collectors.azure.models.entra_access import (
    ConditionalAccessPolicy,
    NamedLocation,
    PolicyGroup,
    SecurityDefaults,
    SubscriptionGroup,
)
from soc2_pac.model import Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_POLICIES = "/identity/conditionalAccess/policies"
_LOCATIONS = "/identity/conditionalAccess/namedLocations"
_DEFAULTS = "/policies/identitySecurityDefaultsEnforcementPolicy"
_ASSIGNMENTS = "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/roleAssignments"
_ELIGIBLE = (
    "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization"
    "/roleEligibilityScheduleInstances"
)
_GROUP = "/groups/{groupId}"
_MEMBERS = "/groups/{groupId}/transitiveMembers"
_DELETED = "Request_ResourceNotFound"
"""What Microsoft Graph says of an object that is not there; another 404 says nothing of it."""


@collects(ConditionalAccessPolicy, calls=[f"GRAPH GET {_POLICIES}"], per="tenant", cost="pages")
def conditional_access_policies(azure: Azure) -> Iterator[Document]:
    """Policies, those that are off or only report among them."""
    for record in azure.graph_items(_POLICIES, top=None):
        yield document(record, name="displayName")


@collects(
    PolicyGroup,
    calls=[f"GRAPH GET {_POLICIES}", f"GRAPH GET {_GROUP}", f"GRAPH GET {_MEMBERS}"],
    per="tenant",
    cost="pages of policies + 2 for each group that they name",
)
def policy_groups(azure: Azure) -> Iterator[Document]:
    """Groups that policies include or exclude."""
    named: set[str] = set()
    for record in azure.graph_items(_POLICIES, top=None):
        named.update(_groups(record))
    for number in sorted(named):
        yield document({"id": number}, body=_members(azure, number))


def _members(azure: Azure, number: str) -> dict[str, object]:
    """What a group is, and who is in it: of one that hides its members the listing may be empty."""
    group = azure.graph_fact(
        _GROUP, groupId=number, select="id,displayName,visibility", absent=(_DELETED,)
    )
    members = azure.graph_list_fact(
        _MEMBERS, groupId=number, select="id,displayName,userPrincipalName"
    )

    def of_group() -> object:
        return azure.once(("group", number), group.call)

    def in_group() -> object:
        # That a group was deleted the group itself says: a listing that is not found is not empty.
        return None if of_group() is None else members.call()

    return {
        "group": Fact(group.operation, of_group),
        "members": Fact(members.operation, in_group),
    }


@collects(
    SubscriptionGroup,
    calls=[
        f"GET {_ASSIGNMENTS}",
        f"GET {_ELIGIBLE}",
        f"GRAPH GET {_GROUP}",
        f"GRAPH GET {_MEMBERS}",
        f"GRAPH GET {ELIGIBLE_MEMBERS}",
    ],
    per="subscription",
    cost="pages of role assignments and eligible roles + 3 for each group among them",
)
def subscription_groups(azure: Azure) -> Iterator[Document]:
    """Groups that hold, or may activate, a role on the subscription, above it or in it."""
    named: set[str] = set()
    assigned = azure.items(_ASSIGNMENTS, api_version="2022-04-01")
    eligible = azure.items(_ELIGIBLE, api_version="2020-10-01", absent=NO_PIM)
    for record in (*assigned, *eligible):
        properties = record.get("properties")
        if isinstance(properties, dict) and properties.get("principalType") == "Group":
            named.add(str(properties.get("principalId")))
    for number in sorted(named):
        body = _members(azure, number) | {"eligibleMembers": eligible_members(azure, number)}
        yield document({"id": number}, body=body)


def _groups(policy: Mapping[str, Any]) -> set[str]:
    conditions = policy.get("conditions")
    users = conditions.get("users") if isinstance(conditions, dict) else None
    if not isinstance(users, dict):
        return set()
    lists = (users.get("includeGroups"), users.get("excludeGroups"))
    return {
        one for found in lists if isinstance(found, list) for one in found if isinstance(one, str)
    }


@collects(NamedLocation, calls=[f"GRAPH GET {_LOCATIONS}"], per="tenant", cost="pages")
def named_locations(azure: Azure) -> Iterator[Document]:
    """Networks and countries that have a name."""
    for record in azure.graph_items(_LOCATIONS, top=None):
        yield document(record, name="displayName")


@collects(SecurityDefaults, calls=[f"GRAPH GET {_DEFAULTS}"], per="tenant", cost="1")
def security_defaults(azure: Azure) -> Iterator[Document]:
    """Whether Microsoft's own minimum is on."""
    yield document(azure.graph_ask(_DEFAULTS), name="displayName")
