"""Collects role assignments, eligible roles, custom roles, locks, policies and resource groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.authorization import (
    Lock,
    PolicyAssignment,
    PolicyExemption,
    ResourceGroup,
    RoleAssignment,
    RoleDefinition,
    RoleEligibility,
)
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_SUBSCRIPTION = "/subscriptions/{subscriptionId}"
_AUTHORIZATION = f"{_SUBSCRIPTION}/providers/Microsoft.Authorization"
_ASSIGNMENTS = f"{_AUTHORIZATION}/roleAssignments"
_ELIGIBLE = f"{_AUTHORIZATION}/roleEligibilityScheduleInstances"
_ROLES = f"{_AUTHORIZATION}/roleDefinitions"
_LOCKS = f"{_AUTHORIZATION}/locks"
_POLICIES = f"{_AUTHORIZATION}/policyAssignments"
_EXEMPTIONS = f"{_AUTHORIZATION}/policyExemptions"
NO_PIM = ("AadPremiumLicenseRequired",)
"""By which Azure and Graph say that the tenant has no Privileged Identity Management: nobody is eligible."""


@collects(RoleAssignment, calls=[f"GET {_ASSIGNMENTS}"], per="subscription", cost="pages")
def assignments(azure: Azure) -> Iterator[Document]:
    """Assignments in the subscription, below it, and those that it inherits."""
    for assignment in azure.items(_ASSIGNMENTS, api_version="2022-04-01"):
        yield document(assignment)


@collects(RoleEligibility, calls=[f"GET {_ELIGIBLE}"], per="subscription", cost="pages")
def eligibilities(azure: Azure) -> Iterator[Document]:
    """Roles that somebody may activate in the subscription, below it, or above it."""
    for one in azure.items(_ELIGIBLE, api_version="2020-10-01", absent=NO_PIM):
        yield document(one)


@collects(RoleDefinition, calls=[f"GET {_ROLES}"], per="subscription", cost="pages")
def roles(azure: Azure) -> Iterator[Document]:
    """Custom roles; the built-in ones are the same everywhere."""
    for role in azure.items(_ROLES, api_version="2022-04-01", filter="type eq 'CustomRole'"):
        yield document(role, name=("properties.roleName", "name"))


@collects(Lock, calls=[f"GET {_LOCKS}"], per="subscription", cost="pages")
def locks(azure: Azure) -> Iterator[Document]:
    """Locks on the subscription and on everything in it."""
    for lock in azure.items(_LOCKS, api_version="2016-09-01"):
        yield document(lock)


@collects(PolicyAssignment, calls=[f"GET {_POLICIES}"], per="subscription", cost="pages")
def policies(azure: Azure) -> Iterator[Document]:
    """Assigned policies, inherited ones as well."""
    for policy in azure.items(_POLICIES, api_version="2022-06-01"):
        yield document(policy, name=("properties.displayName", "name"))


@collects(PolicyExemption, calls=[f"GET {_EXEMPTIONS}"], per="subscription", cost="pages")
def exemptions(azure: Azure) -> Iterator[Document]:
    """Exemptions from policies, inherited ones as well."""
    for one in azure.items(_EXEMPTIONS, api_version="2022-07-01-preview"):
        yield document(one, name=("properties.displayName", "name"))


@collects(
    ResourceGroup,
    calls=["RESOURCEGRAPH microsoft.resources/subscriptions/resourcegroups"],
    per="subscription",
    cost="pages of 1000",
)
def resource_groups(azure: Azure) -> Iterator[Document]:
    """Resource groups."""
    for group in azure.graph_query(
        "resourcecontainers | where type =~ 'microsoft.resources/subscriptions/resourcegroups'"
    ):
        yield document(group)
