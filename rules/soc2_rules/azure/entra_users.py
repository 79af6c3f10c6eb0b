"""People of the tenant: second factors, disuse, and roles that outlive an account."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.azure.models.authorization import OWNER
from soc2_collectors.azure.models.authorization import RoleAssignment as AzureRole
from soc2_collectors.azure.models.entra import Registration, SignInActivity, Tenant, User
from soc2_collectors.azure.models.entra_access import SubscriptionGroup, members
from soc2_collectors.azure.models.entra_roles import (
    DIRECTORY_SYNCHRONIZATION,
    GLOBAL_ADMINISTRATOR,
    RoleAssignment,
    role_names,
)
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, Whole, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.entra import NO_DEFAULTS, POLICIES, demanded, mfa_access, roles_held

_NO_USERS = inconclusive("Graph listed no user, and each tenant has one")
_DISABLED = not_applicable("the account is disabled")


@rule(
    criteria=["CC6.1", "CC6.3", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[Registration, RoleAssignment, *POLICIES],
    known_as=["prowler:entra_privileged_user_has_mfa"],
    empty=_NO_USERS,
)
def azure_privileged_mfa(
    user: User, scope: Scope, evidence: Evidence, *, emergency: tuple[str, ...] = ()
) -> Verdict:
    """Holders of privileged roles have a second factor, and something in force demands it.

    Roles of the directory count that are in use now, by a group, too. What demands it is an enforced
    policy for every app and client that nothing narrows, or security defaults. Of ``emergency`` accounts,
    which policies leave out, only the second factor is asked.

    Why: whoever takes over an administrator takes over the tenant.
    Fix: have the person register a method at https://aka.ms/mfasetup, and enforce a conditional access
        policy that demands multifactor authentication of directory roles.
    """
    if user.account_enabled is False:
        return _DISABLED
    roles = evidence.derived(roles_held).get(user.id, set())
    names = role_names(roles)
    if not names:
        return not_applicable("holds no privileged role of the directory")
    said = _registered(user, evidence, f"holds {listed(names)}")
    if said is not None:
        return said
    if user.named_in(emergency):
        return passed(f"an emergency account that holds {listed(names)}: has a second factor")
    return _demanded(user, scope, evidence, roles, f"holds {listed(names)}")


@rule(
    criteria=["CC6.1", "CC6.3", "CC6.6"],
    severity=Severity.HIGH,
    needs=[Registration, RoleAssignment, *POLICIES],
    known_as=[
        "prowler:entra_non_privileged_user_has_mfa",
        "powerpipe:ad_all_user_mfa_enabled",
        "powerpipe:ad_user_mfa_enabled",
    ],
    empty=_NO_USERS,
)
def azure_all_users_mfa(
    user: User, scope: Scope, evidence: Evidence, *, exempt: tuple[str, ...] = ()
) -> Verdict:
    """Ordinary users and guests have a second factor, and something in force demands it.

    Of a guest, whose factor may be one of their own organisation, it is enough that it is demanded. Those
    with privileged roles are asked about elsewhere; ``exempt`` names accounts that are no person's.

    Why: a stolen password alone opens an account without a second factor.
    Fix: have the person register a method at https://aka.ms/mfasetup, and enforce a conditional access
        policy that demands multifactor authentication of all users.
    """
    if user.account_enabled is False:
        return _DISABLED
    if user.named_in(exempt):
        return not_applicable("exempt")
    roles = evidence.derived(roles_held).get(user.id, set())
    if role_names(roles):
        return not_applicable("holds a privileged role: azure-privileged-mfa asks")
    if roles & DIRECTORY_SYNCHRONIZATION:
        return not_applicable("synchronises a directory: no person signs in with it")
    if user.guest:
        return _demanded(user, scope, evidence, roles, "a guest")
    said = _registered(user, evidence, "a member")
    return said or _demanded(user, scope, evidence, roles, "a member")


def _registered(user: User, evidence: Evidence, who: str) -> Verdict | None:
    """What is wrong with the factors of somebody; ``None``: they have a second one."""
    found = evidence.index(Registration, "id").get(user.id, ())
    if not found:
        return inconclusive(f"{who}; the report of registered methods does not list the account")
    if not any(one.is_mfa_registered for one in found):
        return failed(f"{who}, and has no second factor")
    return None


def _demanded(user: User, scope: Scope, evidence: Evidence, roles: set[str], who: str) -> Verdict:
    access = evidence.derived(mfa_access).get(scope.account)
    if access is None:
        return NO_DEFAULTS
    by = demanded(access, user, roles)
    if by is None:
        return failed(f"{who}; nothing in force demands a second factor in every app")
    return passed(f"{who}; a second factor is demanded by {by}")


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.HIGH,
    needs=[RoleAssignment, AzureRole, SubscriptionGroup],
    known_as=[
        "powerpipe:ad_disabled_user_no_role_assignments",
        "powerpipe:iam_deprecated_account",
        "powerpipe:iam_deprecated_account_with_owner_roles",
    ],
    empty=_NO_USERS,
)
def azure_disabled_users_no_roles(user: User, evidence: Evidence) -> Verdict:
    """Disabled accounts hold no role, neither of the directory nor on a subscription.

    Roles count that are in use now, by a group, too.

    Why: whoever enables the account again, by mistake or on purpose, has all of its rights at once.
    Fix: az role assignment delete --assignee USER; a role of the directory: az rest --method delete --url
        https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignments/ID
    """
    if user.account_enabled is None:
        return inconclusive("Graph does not say whether the account is enabled")
    if user.account_enabled:
        return not_applicable("the account is enabled")
    mine = evidence.derived(roles_held).get(user.id, set())
    if mine:
        known = role_names(mine)
        return failed(f"disabled, and holds roles of the directory: {len(mine)} ({listed(known)})")
    if held := _azure_roles(evidence, user):
        where = {one.properties.scope for one in held}
        return failed(f"disabled, and holds Azure roles on {listed(where)}")
    return passed("disabled, and holds no role")


def azure_roles(whole: Whole) -> dict[str, list[AzureRole]]:
    """Id of a user, group or program -> the Azure roles that they hold, by a group, too."""
    inside = members(whole.everywhere(SubscriptionGroup))
    held: dict[str, dict[str, AzureRole]] = {}
    for one in whole.everywhere(AzureRole):
        principal = one.properties.principal_id
        for holder in (principal, *inside.get(principal, ())):
            # What is inherited from above is listed in every subscription.
            held.setdefault(holder, {})[one.id.casefold()] = one
    return {holder: list(found.values()) for holder, found in held.items()}


def _azure_roles(evidence: Evidence, user: User) -> list[AzureRole]:
    return evidence.derived(azure_roles).get(user.id, [])


_LOGS_IN: dict[str, str] = {
    OWNER: "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "9980e02c-c2be-4d73-94e8-173b1dc7cf3c": "Virtual Machine Contributor",
    "1c0163c0-47e6-4577-8991-ea5c82e286e4": "Virtual Machine Administrator Login",
    "fb879df8-f326-4884-b1cf-06f3ad86be52": "Virtual Machine User Login",
    "602da2ba-a5c2-41da-b01d-5360126ab525": "Virtual Machine Local User Login",
    "a6333a3e-0164-44c3-b281-7a577aff287f": "Windows Admin Center Administrator Login",
}
"""Built-in roles by which somebody comes into a machine, or lets themselves in."""


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=[Registration, AzureRole, SubscriptionGroup],
    known_as=[
        "prowler:entra_user_with_vm_access_has_mfa",
        "powerpipe:iam_user_with_owner_permission_on_subscription_mfa_enabled",
    ],
    empty=_NO_USERS,
)
def azure_vm_login_mfa(user: User, evidence: Evidence) -> Verdict:
    """Whoever can log in to virtual machines, or administer them, has a second factor.

    By one of Azure's built-in roles, and by a group, too. Whether something demands the factor is asked
    by azure-all-users-mfa and azure-privileged-mfa.

    Why: a password alone would open the machines, and all that they reach.
    Fix: have the person register a method at https://aka.ms/mfasetup.
    """
    if user.account_enabled is False:
        return _DISABLED
    roles = {_LOGS_IN[one.role] for one in _azure_roles(evidence, user) if one.role in _LOGS_IN}
    if not roles:
        return not_applicable("cannot log in to machines by a built-in role")
    said = _registered(user, evidence, f"holds {listed(roles)}")
    return said or passed(f"holds {listed(roles)}, and has a second factor")


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=[RoleAssignment, User],
    known_as=["prowler:entra_global_admin_in_less_than_five_users"],
    empty=inconclusive("Graph did not show the tenant"),
)
def azure_global_admin_count(
    tenant: Tenant,  # noqa: ARG001 - one verdict for each tenant
    evidence: Evidence,
    *,
    minimum: int = 2,
    maximum: int = 4,
) -> Verdict:
    """There are neither too few nor too many global administrators.

    Enabled users count who hold the role now, by a group, too; those who are only eligible do not.

    Why: each can do anything in the tenant; a single one who is not there leaves nobody who can.
    Fix: give administrators the narrower role that they need, and remove them from Global Administrator.
    """
    people = {one.id: one for one in evidence.account(User) if one.account_enabled is not False}
    holders = {
        holder
        for one in evidence.account(RoleAssignment)
        if one.role_definition_id == GLOBAL_ADMINISTRATOR
        for holder in one.holders()
    }
    names = [people[one].login for one in holders if one in people]
    said = f"global administrators: {listed(names)}"
    if minimum <= len(names) <= maximum:
        return passed(said)
    bound = f"fewer than {minimum}" if len(names) < minimum else f"more than {maximum}"
    return failed(f"{bound} {said}")


@rule(
    criteria=["CC6.2"],
    severity=Severity.HIGH,
    needs=[SignInActivity],
    known_as=["prowler:entra_user_with_recent_sign_in"],
    empty=_NO_USERS,
)
def azure_inactive_users(
    user: User,
    now: datetime,
    evidence: Evidence,
    *,
    max_days: int = 90,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Accounts that nobody signed in to for months are disabled.

    Of an account without a sign-in, the time since it was made counts. ``exempt`` names accounts for
    emergencies.

    Why: nobody misses an account that nobody uses, and nobody sees when somebody else does.
    Fix: az ad user update --id USER --account-enabled false
    """
    if user.account_enabled is False:
        return _DISABLED
    if user.named_in(exempt):
        return not_applicable("exempt")
    found = evidence.index(SignInActivity, "id").get(user.id, ())
    if not found:
        return inconclusive("Graph shows no sign-in activity of the account")
    last = max((one.last for one in found if one.last), default=None)
    since = max((at for at in (last, user.created_date_time) if at), default=None)
    if since is None:
        return inconclusive("Graph gives neither a sign-in nor when the account was made")
    what = f"last sign-in {last:%Y-%m-%d}" if last else f"made {since:%Y-%m-%d}, never signed in"
    if now - since > timedelta(days=max_days):
        return failed(f"{what}: more than {max_days} days")
    return passed(what, until=since + timedelta(days=max_days, seconds=1))
