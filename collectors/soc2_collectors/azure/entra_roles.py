"""Collects who holds roles of the directory, now or by activation, and how they came by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.authorization import NO_PIM
from soc2_collectors.azure.models.entra_roles import (
    RoleAssignment,
    RoleEligibility,
    RoleInstance,
    RolePolicy,
)
from soc2_pac.model import Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
_INSTANCES = "/roleManagement/directory/roleAssignmentScheduleInstances"
_POLICIES = "/policies/roleManagementPolicyAssignments"
_ELIGIBLE = "/roleManagement/directory/roleEligibilityScheduleInstances"
_MEMBERS = "/groups/{groupId}/transitiveMembers"
ELIGIBLE_MEMBERS = "/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances"
"""Who may activate the membership of a group (PIM for Groups); Graph wants the group in the filter."""
_OF_ROLES = "scopeId eq '/' and scopeType eq 'DirectoryRole'"


@collects(
    RoleAssignment,
    calls=[
        f"GRAPH GET {_ASSIGNMENTS}",
        f"GRAPH GET {_MEMBERS}",
        f"GRAPH GET {ELIGIBLE_MEMBERS}",
    ],
    per="tenant",
    cost="pages + 2 for each group that holds a role",
)
def role_assignments(azure: Azure) -> Iterator[Document]:
    """Roles in use now; of groups, who is in them and who may be."""
    for record in azure.graph_items(_ASSIGNMENTS, top=None, expand="principal"):
        yield document(record, name=_NAMES, body=_members(azure, record))


@collects(
    RoleEligibility,
    calls=[
        f"GRAPH GET {_ELIGIBLE}",
        f"GRAPH GET {_MEMBERS}",
        f"GRAPH GET {ELIGIBLE_MEMBERS}",
    ],
    per="tenant",
    cost="pages + 2 for each group that may activate a role",
)
def role_eligibilities(azure: Azure) -> Iterator[Document]:
    """Roles that somebody may activate; none where the tenant has no Entra ID P2."""
    for record in azure.graph_items(_ELIGIBLE, top=None, expand="principal", absent=NO_PIM):
        yield document(record, name=_NAMES, body=_members(azure, record))


_NAMES = ("principal.userPrincipalName", "principal.displayName", "id")


def _members(azure: Azure, record: Mapping[str, Any]) -> dict[str, object]:
    principal = record.get("principal")
    number = record.get("principalId")
    if (
        not isinstance(principal, dict)
        or not isinstance(number, str)
        or principal.get("@odata.type") != "#microsoft.graph.group"
    ):
        return {}

    def read() -> object:
        return azure.graph_list_fact(
            _MEMBERS, groupId=number, select="id,displayName,userPrincipalName"
        ).call()

    # A group may hold several roles.
    return {
        "members": Fact(f"GRAPH GET {_MEMBERS}", lambda: azure.once(("members", number), read)),
        "eligibleMembers": eligible_members(azure, number),
    }


def eligible_members(azure: Azure, group: str) -> Fact:
    """Who may activate the membership of a group, or its ownership; ``null`` where the tenant has no PIM."""
    listing = azure.graph_list_fact(
        ELIGIBLE_MEMBERS,
        top=None,
        filter=f"groupId eq '{group}'",
        expand="principal",
        absent=NO_PIM,
    )
    return Fact(listing.operation, lambda: azure.once(("eligible", group), listing.call))


@collects(RoleInstance, calls=[f"GRAPH GET {_INSTANCES}"], per="tenant", cost="pages")
def role_instances(azure: Azure) -> Iterator[Document]:
    """Roles in use with how long and whether they were activated; Entra ID P2."""
    for record in azure.graph_items(_INSTANCES, top=None, expand="principal"):
        yield document(record, name=_NAMES)


@collects(RolePolicy, calls=[f"GRAPH GET {_POLICIES}"], per="tenant", cost="pages")
def role_policies(azure: Azure) -> Iterator[Document]:
    """What must be done before a role is used; Entra ID P2."""
    for record in azure.graph_items(
        _POLICIES, top=None, filter=_OF_ROLES, expand="policy($expand=rules)"
    ):
        yield document(record, name="roleDefinitionId")
