"""Azure's roles: who owns subscriptions, and which roles were made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.azure.models.arm import chosen, same
from soc2_collectors.azure.models.authorization import (
    OWNER,
    RoleAssignment,
    RoleDefinition,
    RoleEligibility,
)
from soc2_collectors.azure.models.entra_apps import ServicePrincipal
from soc2_collectors.azure.models.security import GUEST_OWNERS, GUEST_WRITERS, Assessment
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms import azure_roles
from soc2_rules.mechanisms.known import Unread

if TYPE_CHECKING:
    from collections.abc import Iterable

_NO_SUBSCRIPTION = inconclusive("Azure did not show the subscription")


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=[RoleAssignment, RoleDefinition, RoleEligibility, Assessment, ServicePrincipal],
    known_as=[
        "powerpipe:iam_subscription_owner_max_3",
        "powerpipe:iam_subscription_owner_more_than_1",
        "powerpipe:iam_subscription_owner_between_2_and_3",
        "powerpipe:iam_external_user_with_owner_role",
        "powerpipe:iam_external_user_with_write_permission",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_subscription_owners(
    subscription: Subscription, evidence: Evidence, *, min_owners: int = 2, max_owners: int = 3
) -> Verdict:
    """Subscriptions have two or three owners, none of them a guest, and no guest may write.

    Counted are those who are assigned for good, here or above, and those who can make themselves an owner:
    User Access Administrator, Role Based Access Control Administrator, and custom roles that can give access.
    A group counts once. Who may activate the same role may have it for some hours alone: whether these are too many
    is not known. At least ``min_owners`` must be owners themselves, or may activate it (Privileged
    Identity Management), which counts for that alone. Microsoft's own app of Privileged Identity Management, which must
    be User Access Administrator, does not count. Guests are found by the recommendations of Defender for Cloud.

    Why: an owner can do everything and give it away; with one alone nobody can stand in.
    Fix: az role assignment delete --assignee ID --role Owner --scope /subscriptions/ID for who does not need
        it; prefer a group with eligible members (PIM).
    """
    unread = Unread()
    assignments = unread.of(lambda: [evidence.here(RoleAssignment)])
    assigned = [one for here in assignments for one in here if one.holds_over(subscription.path)]
    eligibilities = unread.of(lambda: [evidence.here(RoleEligibility)])
    waiting = [one for here in eligibilities for one in here]
    found = azure_roles.without_pim(azure_roles.built_in(assigned), evidence, unread)
    said, counted = _counted(found, waiting)
    too_many = f"expected are {max_owners} at most"
    if eligibilities and counted.lasting > max_owners:
        return failed(f"{said}; {too_many}", on=_documents(found))
    assessments = unread.of(lambda: evidence.here(Assessment))
    guests = {
        key: [
            one
            for one in assessments
            if one.name.casefold() in key and one.resource_id == subscription.path
        ]
        for key in (GUEST_OWNERS, GUEST_WRITERS)
    }
    bad = [one for assessed in guests.values() for one in assessed if one.unhealthy]
    if bad:
        seen = "Defender for Cloud sees guests among owners or writers"
        return failed(seen if unread else f"{said}; {seen}", on=bad)
    definitions = unread.of(lambda: [evidence.here(RoleDefinition)])
    for one in definitions:
        found += azure_roles.custom(assigned, one)
    said, counted = _counted(found, waiting)
    if eligibilities and counted.lasting > max_owners:
        return failed(f"{said}; {too_many}", on=_documents(found))
    if not (assignments and definitions and eligibilities):
        unread.demand_all()
    owners = {one.principal: one.assignment.properties.principal_type for one in found if one.owner}
    eligible: list[RoleEligibility] = []
    if len(owners) < min_owners:
        eligible = [
            one for one in waiting if one.role == OWNER and one.holds_over(subscription.path)
        ]
        owners |= {
            one.properties.principal_id.casefold(): one.properties.principal_type
            for one in eligible
        }
        said += f"; {len({one.properties.principal_id for one in eligible})} may become one"
        if len(owners) < min_owners and not any(same(one, "Group") for one in owners.values()):
            wanted = f"expected are {min_owners} to {max_owners}"
            return failed(f"{said}; {wanted}", on=[*_documents(found), *eligible])
    unread.demand_all()
    if counted.all > max_owners:
        return inconclusive(
            f"{said}; {too_many}, and some may have activated the role for some hours",
            on=[*_documents(found), *waiting],
        )
    if not all(any(one.healthy for one in assessed) for assessed in guests.values()):
        return inconclusive(f"{said}; Defender for Cloud has not assessed whether guests may write")
    if len(owners) < min_owners:
        return inconclusive(f"{said}; how many members the group has is not known here")
    return passed(f"{said}; no guest among owners and writers", on=[*_documents(found), *eligible])


class _Count(NamedTuple):
    """How many administrators there are."""

    all: int
    lasting: int
    """Those who cannot have activated the role, but have it for good."""


def _counted(
    found: list[azure_roles.Administrator], waiting: Iterable[RoleEligibility]
) -> tuple[str, _Count]:
    """How many administrators there are, for a message and in numbers.

    A role that somebody activated is listed like one that is assigned for good: who may activate the same role
    there may have done so.
    """
    sorts = {
        one.principal: (one.assignment.properties.principal_type or "").casefold() for one in found
    }
    owners = {one.principal for one in found if one.owner}
    groups = sum(sorts[one] == "group" for one in owners)
    said = f"{len(owners)} owners are assigned, {groups} of them groups"
    if others := [one.label for one in found if one.principal not in owners]:
        said += f"; owners by what they may do: {listed(set(others))}"
    activated = {(one.properties.principal_id.casefold(), one.role, one.where) for one in waiting}
    lasting = {
        one.principal
        for one in found
        if (one.principal, one.assignment.role, one.assignment.where) not in activated
    }
    return said, _Count(len(sorts), len(lasting))


def _documents(found: list[azure_roles.Administrator]) -> list[RoleAssignment | RoleDefinition]:
    documents: list[RoleAssignment | RoleDefinition] = [one.assignment for one in found]
    return [*documents, *(one.definition for one in found if one.definition)]


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=[RoleAssignment, RoleDefinition, ServicePrincipal],
    known_as=[
        "prowler:iam_role_user_access_admin_restricted",
        "powerpipe:iam_user_access_administrator_role_restricted",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_user_access_admin_root(
    subscription: Subscription, scope: Scope, evidence: Evidence
) -> Verdict:
    """Nobody is User Access Administrator over the whole tenant, or can give access there by another role.

    The whole tenant is the root (``/``) and the root management group, whose id is the tenant's. The other
    roles are Owner, Role Based Access Control Administrator, and custom ones that can assign roles. An
    assignment whose condition keeps these roles back does not count; nor does who may only activate such a
    role (Privileged Identity Management), nor Microsoft's own app by which that is done.

    Why: who elevated access once, for an hour, keeps the right to give every role to anybody.
    Fix: az role assignment delete --role "User Access Administrator" --assignee ID --scope "/".
    """
    tenant = subscription.tenant_id or scope.account
    assigned = [one for one in evidence.here(RoleAssignment) if one.over_tenant(tenant)]
    unread = Unread()
    found = azure_roles.without_pim(azure_roles.built_in(assigned), evidence, unread)
    if not found:
        found = azure_roles.custom(assigned, evidence.here(RoleDefinition))
    if found:
        who = {f"{one.label} at {one.assignment.where}" for one in found}
        return failed(f"may give access to all of the tenant: {listed(who)}", on=_documents(found))
    unread.demand_all()
    return passed("no such assignment at the root or at the root management group")


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_subscription_roles_owner_custom_not_created",
        "powerpipe:iam_no_custom_subscription_owner_roles_created",
        "powerpipe:iam_subscriptions_with_custom_roles_no_overly_permissive",
    ],
)
def azure_custom_owner_roles(role: RoleDefinition) -> Verdict:
    """No custom role equals the owner's, or lets its holder give access to anybody.

    The actions of each permission count, less its ``notActions``: to assign roles, at once or by Privileged
    Identity Management, to change roles, and to elevate access. A role that may do everything else is as good
    as Contributor, and is named so.

    Why: a role that equals the owner's, by another name, escapes every review of owners.
    Fix: az role definition update with the actions that are needed, or delete the role and assign a
        built-in one.
    """
    if not chosen(role.properties.type, "type", good=("CustomRole",), bad=("BuiltInRole",)):
        return not_applicable("not a custom role")
    if found := role.gives_access:
        wide = "everything, and " if role.wide else ""
        return failed(f"allows {wide}{', '.join(found)}")
    if role.silent:
        return inconclusive("Azure shows no action of the role")
    if role.wide:
        return passed("allows everything but to give access, as Contributor does")
    return passed("cannot give access to anybody")
