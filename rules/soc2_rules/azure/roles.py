"""Azure's roles: who owns subscriptions, and which roles were made."""

from __future__ import annotations

from soc2_collectors.azure.models.authorization import (
    OWNER,
    USER_ACCESS_ADMINISTRATOR,
    RoleAssignment,
    RoleDefinition,
)
from soc2_collectors.azure.models.security import GUEST_OWNERS, GUEST_WRITERS, Assessment
from soc2_collectors.azure.models.subscription import Subscription
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_NO_SUBSCRIPTION = inconclusive("Azure did not show the subscription")
_EVERYTHING = frozenset({"*", "*/*", "*/write"})
_RIGHTS = "microsoft.authorization/"


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=[RoleAssignment, Assessment],
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

    Owners are counted as they are assigned, here or above: a group counts once. Guests are found by the
    recommendations of Defender for Cloud.

    Why: an owner can do everything and give it away; with one alone nobody can stand in.
    Fix: az role assignment delete --role Owner for who does not need it; prefer a group with eligible
        members (PIM).
    """
    owners = {
        assignment.properties.principal_id.casefold(): assignment.properties.principal_type
        for assignment in evidence.here(RoleAssignment)
        if assignment.role == OWNER and assignment.holds_over(subscription.path)
    }
    groups = sum((sort or "").casefold() == "group" for sort in owners.values())
    said = f"{len(owners)} owners are assigned, {groups} of them groups"
    if len(owners) > max_owners or (len(owners) < min_owners and not groups):
        return failed(f"{said}; expected are {min_owners} to {max_owners}")
    guests = {
        key: [one for one in evidence.here(Assessment) if one.name.casefold() in key]
        for key in (GUEST_OWNERS, GUEST_WRITERS)
    }
    if any(one.unhealthy for found in guests.values() for one in found):
        return failed(f"{said}; Defender for Cloud sees guests among owners or writers")
    if not all(guests.values()):
        return inconclusive(f"{said}; Defender for Cloud has not assessed whether guests may write")
    if len(owners) < min_owners:
        return inconclusive(f"{said}; how many members the group has is not known here")
    return passed(f"{said}; no guest among owners and writers")


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=[RoleAssignment],
    known_as=[
        "prowler:iam_role_user_access_admin_restricted",
        "powerpipe:iam_user_access_administrator_role_restricted",
    ],
    empty=_NO_SUBSCRIPTION,
)
def azure_user_access_admin_root(subscription: Subscription, evidence: Evidence) -> Verdict:  # noqa: ARG001
    """Nobody is User Access Administrator over the whole tenant.

    Why: who elevated access once, for an hour, keeps the right to give every role to anybody.
    Fix: az role assignment delete --role "User Access Administrator" --assignee ID --scope "/".
    """
    found = {
        f"{one.properties.principal_type or 'principal'} {one.properties.principal_id}"
        for one in evidence.here(RoleAssignment)
        if one.role == USER_ACCESS_ADMINISTRATOR and not one.properties.scope.rstrip("/")
    }
    if found:
        return failed(f"assigned at the root: {listed(found)}")
    return passed("no such assignment at the root")


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
    """Custom roles neither allow everything nor allow to give away rights at will.

    Why: a role that equals the owner's, by another name, escapes every review of owners.
    Fix: az role definition update with the actions that are needed, or delete the role and assign a
        built-in one.
    """
    if role.properties.type.casefold() != "customrole":
        return not_applicable("not a custom role")
    actions = {action.casefold() for one in role.properties.permissions for action in one.actions}
    found = sorted(
        action
        for action in actions
        if action in _EVERYTHING
        or (action.startswith(_RIGHTS) and (action.endswith("/*") and action.count("/") == 1))
        or action == "microsoft.authorization/roleassignments/*"
    )
    if found:
        return failed(f"allows {', '.join(found)}")
    return passed("neither all actions nor all of authorization")
