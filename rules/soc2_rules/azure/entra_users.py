"""People of the tenant: second factors, disuse, and roles that outlive an account."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from soc2_collectors.azure.models.arm import same
from soc2_collectors.azure.models.authorization import (
    OWNER,
    RBAC_ADMINISTRATOR,
    USER_ACCESS_ADMINISTRATOR,
    RoleDefinition,
    may,
)
from soc2_collectors.azure.models.authorization import RoleAssignment as AzureRole
from soc2_collectors.azure.models.authorization import RoleEligibility as AzureEligibility
from soc2_collectors.azure.models.entra import Registration, SignInActivity, Tenant, User
from soc2_collectors.azure.models.entra_access import Groups, SubscriptionGroup
from soc2_collectors.azure.models.entra_roles import (
    DIRECTORY_SYNCHRONIZATION,
    GLOBAL_ADMINISTRATOR,
    RoleAssignment,
    RoleEligibility,
    joining,
    role_names,
)
from soc2_pac.model import (
    Scope,
    Severity,
    Status,
    Verdict,
    failed,
    inconclusive,
    not_applicable,
    passed,
)
from soc2_pac.rules import Evidence, Whole, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.entra import (
    NO_DEFAULTS,
    POLICIES,
    ROLES,
    administrators,
    demanded,
    mfa_access,
    named,
    roles_activated,
    roles_held,
    roles_in_policies,
    roles_joined,
    roles_then_in_policies,
)
from soc2_rules.mechanisms.known import Unread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from soc2_collectors.azure.models.authorization import Assigned
    from soc2_collectors.azure.models.entra_access import ConditionalAccessPolicy, SecurityDefaults

_NO_USERS = inconclusive("Graph listed no user, and each tenant has one")
_DISABLED = not_applicable("the account is disabled")
_AGENT = not_applicable(
    "the account of an agent, which can have neither password nor second factor"
)


@rule(
    criteria=["CC6.1", "CC6.3", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[Registration, *ROLES, *POLICIES],
    known_as=["prowler:entra_privileged_user_has_mfa"],
    empty=_NO_USERS,
)
def azure_privileged_mfa(
    user: User, scope: Scope, evidence: Evidence, *, emergency: tuple[str, ...] = ()
) -> Verdict:
    """Holders of privileged roles have a second factor, and something in force demands it.

    Roles of the directory count that are in use now or may be activated, by a group, too, or by activating the
    membership of one. A factor counts that the tenant's policy of methods admits. What demands it is an enforced
    policy for every app and client that nothing narrows, or security defaults. A policy for a role counts for who
    has it now, in the whole directory; for who has no privileged role before they activate one, as well. Of
    ``emergency`` accounts, which policies leave out, only the second factor is asked. Where people sign in at another
    identity provider (a federated domain), that may ask for one which is not registered here: then it is not known.

    Why: whoever takes over an administrator takes over the tenant.
    Fix: have the person register a method at https://aka.ms/mfasetup, and enforce a conditional access
        policy that demands multifactor authentication of directory roles.
    """
    if user.account_enabled is False:
        return _DISABLED
    if user.agent:
        return _AGENT
    glass = user.named_in(emergency)
    now: set[str] = set()
    held = evidence.derived(roles_held).get(user.id, set())
    if names := role_names(held):  # proven, whatever else they may activate
        now = evidence.derived(roles_in_policies).get(user.id, set())
        who = f"holds {listed(names)}"
        proven = Unread().of(
            lambda: [
                _registered(user, evidence, who)
                if glass
                else _with_mfa(user, scope, evidence, [now], who)
            ]
        )
        for verdict in proven:
            if verdict is not None and verdict.status is Status.FAIL:
                return verdict
    roles = evidence.derived(administrators).get(user.id, set())
    then = evidence.derived(roles_then_in_policies).get(user.id, set())
    several = [now, then] if names else [then]
    names = role_names(roles)
    if not names:
        return not_applicable("holds no privileged role of the directory, and may activate none")
    who = f"holds, or may activate, {listed(names)}"
    if glass:
        return _registered(user, evidence, who) or passed(
            f"an emergency account; {who}: has a second factor", on=_factors(user, evidence)
        )
    return _with_mfa(user, scope, evidence, several, who)


@rule(
    criteria=["CC6.1", "CC6.3", "CC6.6"],
    severity=Severity.HIGH,
    needs=[Registration, *ROLES, *POLICIES],
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

    Of a guest or member who signs in elsewhere, and whose factor may be one of their own organisation, it is
    enough that it is demanded. Where people sign in at another identity provider (a federated domain), that may ask
    for a factor which is not registered here: then it is not known. Demands that are set for single users (per-user
    MFA) are not read. Those with privileged roles are asked about elsewhere; ``exempt`` names accounts that are no
    person's. Those of agents (AI) are none, and can have no factor.

    Why: a stolen password alone opens an account without a second factor.
    Fix: have the person register a method at https://aka.ms/mfasetup, and enforce a conditional access
        policy that demands multifactor authentication of all users.
    """
    if user.account_enabled is False:
        return _DISABLED
    if user.agent:
        return _AGENT
    if user.named_in(exempt):
        return not_applicable("exempt")
    roles = evidence.derived(administrators).get(user.id, set())
    if role_names(roles):
        return not_applicable(
            "holds, or may activate, a privileged role: azure-privileged-mfa asks"
        )
    if roles & DIRECTORY_SYNCHRONIZATION:
        return not_applicable("synchronises a directory: no person signs in with it")
    who = "a guest" if user.guest else "a member"
    several = [
        evidence.derived(build).get(user.id, set())
        for build in (roles_in_policies, roles_then_in_policies)
    ]
    if user.elsewhere:
        return _demanded(user, scope, evidence, several, f"{who} who signs in elsewhere")
    return _with_mfa(user, scope, evidence, several, who)


def _with_mfa(
    user: User, scope: Scope, evidence: Evidence, several: Sequence[set[str]], who: str
) -> Verdict:
    """Whether somebody has a second factor, and something demands it: a fault comes before a doubt."""
    unread = Unread()
    verdicts = [
        *unread.of(lambda: [_registered(user, evidence, who)]),
        *unread.of(lambda: [_demanded(user, scope, evidence, several, who)]),
    ]
    found = [one for one in verdicts if one is not None]
    if bad := [one for one in found if one.status is Status.FAIL]:
        return bad[0]
    unread.demand_all()
    return found[0]


def _factors(user: User, evidence: Evidence) -> list[Registration]:
    return list(evidence.index(Registration, "id").get(user.id, ()))


def _registered(user: User, evidence: Evidence, who: str) -> Verdict | None:
    """What is wrong with the factors of somebody; ``None``: they have a second one that they can use."""
    found = _factors(user, evidence)
    if not found:
        return inconclusive(f"{who}; the report of registered methods does not list the account")
    states = {one.has_factor for one in found}
    if True in states:
        return None
    if any(one.elsewhere and not one.is_mfa_registered for one in found):
        return inconclusive(
            f"{who}, and signs in elsewhere: a second factor of that organisation is not shown",
            on=found,
        )
    if provider := sorted({one.domain.id for one in found if one.federated and one.domain}):
        return inconclusive(
            f"{who}, and signs in at the identity provider of {listed(provider)}, which is federated: a second "
            "factor that it asks for is not shown",
            on=found,
        )
    if None in states:
        return inconclusive(
            f"{who}; Graph does not say whether the registered method may be used", on=found
        )
    if any(one.is_mfa_registered for one in found):
        return failed(f"{who}, and has no second factor that the tenant admits", on=found)
    return failed(f"{who}, and has no second factor", on=found)


def _demanded(
    user: User, scope: Scope, evidence: Evidence, several: Sequence[set[str]], who: str
) -> Verdict:
    """Whether something demands a second factor, with each of these sets of roles.

    A policy for a role is not for who may activate it, until they do; nor for who has it in a part of the directory.
    """
    access = evidence.derived(mfa_access).get(scope.account)
    if access is None:
        return NO_DEFAULTS
    by: list[ConditionalAccessPolicy | SecurityDefaults] = []
    for roles in several:
        policy = demanded(access, user, roles)
        if policy is None:
            return failed(
                f"{who}; no conditional access policy in force, nor security defaults, demand a second "
                "factor in every app"
            )
        by += [] if policy in by else [policy]
    names = listed(named(one) for one in by)
    return passed(
        f"{who}; a second factor is demanded by {names}", on=[*_factors(user, evidence), *by]
    )


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.HIGH,
    needs=[*ROLES, AzureRole, AzureEligibility, SubscriptionGroup],
    known_as=[
        "powerpipe:ad_disabled_user_no_role_assignments",
        "powerpipe:iam_deprecated_account",
        "powerpipe:iam_deprecated_account_with_owner_roles",
    ],
    empty=_NO_USERS,
)
def azure_disabled_users_no_roles(user: User, evidence: Evidence) -> Verdict:
    """Disabled accounts hold no role, neither of the directory nor on a subscription, and may activate none.

    Roles count that are in use now, and those that the account may activate, by a group, too, or by activating
    the membership of one.

    Why: whoever enables the account again, by mistake or on purpose, has all of its rights at once.
    Fix: az role assignment delete --assignee USER; a role of the directory: az rest --method delete --url
        https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignments/ID; eligible roles: remove
        them in Privileged Identity Management.
    """
    if user.account_enabled is None:
        return inconclusive("Graph does not say whether the account is enabled")
    if user.account_enabled:
        return not_applicable("the account is enabled")
    unread = Unread()
    of_directory = (
        ("holds", roles_held),
        ("may activate", roles_activated),
        ("may activate", roles_joined),
    )
    for how, build in of_directory:
        if mine := unread.of(lambda b=build: list(evidence.derived(b).get(user.id, ()))):  # type: ignore[misc]
            known = role_names(mine)
            return failed(
                f"disabled, and {how} roles of the directory: {len(mine)} ({listed(known)})"
            )
    of_azure = (
        ("holds", _direct_roles),
        ("may activate", _direct_eligibilities),
        ("holds", azure_roles),
        ("may activate", azure_activated),
        ("may activate", azure_joined),
    )
    for how, held in of_azure:
        if found := unread.of(lambda h=held: evidence.derived(h).get(user.id, [])):  # type: ignore[misc]
            where = {one.properties.scope for one in found}
            return failed(f"disabled, and {how} Azure roles on {listed(where)}", on=found)
    unread.demand_all()
    return passed("disabled, holds no role, and may activate none")


def azure_roles(whole: Whole) -> dict[str, list[Assigned]]:
    """Id of a user, group or program -> the Azure roles that they hold, by a group, too."""
    return _by_holder(whole, whole.everywhere(AzureRole))


def _direct_roles(whole: Whole) -> dict[str, list[Assigned]]:
    """The same of what is assigned to them in person."""
    return _in_person(whole.everywhere(AzureRole))


def _direct_eligibilities(whole: Whole) -> dict[str, list[Assigned]]:
    """The same of what they may activate in person."""
    return _in_person(whole.everywhere(AzureEligibility))


def _in_person(assigned: Sequence[Assigned]) -> dict[str, list[Assigned]]:
    held: dict[str, list[Assigned]] = {}
    for one in assigned:
        held.setdefault(one.properties.principal_id, []).append(one)
    return held


def azure_eligibilities(whole: Whole) -> dict[str, list[Assigned]]:
    """The same of roles that they may activate, or may have by activating the membership of a group."""
    found = azure_activated(whole)
    for holder, joined in azure_joined(whole).items():
        found.setdefault(holder, []).extend(joined)
    return found


def azure_activated(whole: Whole) -> dict[str, list[Assigned]]:
    """The same of roles that must be activated, be it after the membership of a group."""
    eligible = whole.everywhere(AzureEligibility)
    found = _by_holder(whole, eligible)
    for holder, joined in _by_joiner(whole, eligible).items():
        found.setdefault(holder, []).extend(joined)
    return found


def azure_joined(whole: Whole) -> dict[str, list[Assigned]]:
    """The same of roles that a group has now, and that whoever joins it has at once."""
    return _by_joiner(whole, whole.everywhere(AzureRole))


def _by_joiner(whole: Whole, assigned: Sequence[Assigned]) -> dict[str, list[Assigned]]:
    joiners = {one.id: joining(one.eligible_members) for one in whole.everywhere(SubscriptionGroup)}
    found: dict[str, list[Assigned]] = {}
    for one in assigned:
        if same(one.properties.principal_type, "Group"):
            for holder in joiners.get(one.properties.principal_id, ()):
                found.setdefault(holder, []).append(one)
    return found


def _by_holder(whole: Whole, assigned: Sequence[Assigned]) -> dict[str, list[Assigned]]:
    groups = Groups(whole.everywhere(SubscriptionGroup))
    held: dict[str, dict[str, Assigned]] = {}
    for one in assigned:
        of = one.properties
        inside = groups.of(of.principal_id) if same(of.principal_type, "Group") else ()
        for holder in (of.principal_id, *inside):
            # What is inherited from above is listed in every subscription.
            held.setdefault(holder, {})[one.id.casefold()] = one
    return {holder: list(found.values()) for holder, found in held.items()}


_LOGS_IN: dict[str, str] = {
    OWNER: "Owner",
    USER_ACCESS_ADMINISTRATOR: "User Access Administrator",
    RBAC_ADMINISTRATOR: "Role Based Access Control Administrator",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "9980e02c-c2be-4d73-94e8-173b1dc7cf3c": "Virtual Machine Contributor",
    "92aaf0da-9dab-42b6-94a3-d43ce8d16293": "Log Analytics Contributor",  # extensions of machines
    "4f8fab4f-1852-4a58-a46a-8eaf358af14a": "Avere Contributor",
    "a959dbd1-f747-45e3-8ba6-dd80f235f97c": "Desktop Virtualization Virtual Machine Contributor",
    "66f75aeb-eabe-4b70-9f1e-c350c4c9ad04": "Virtual Machine Data Access Administrator",
    "1c0163c0-47e6-4577-8991-ea5c82e286e4": "Virtual Machine Administrator Login",
    "fb879df8-f326-4884-b1cf-06f3ad86be52": "Virtual Machine User Login",
    "602da2ba-a5c2-41da-b01d-5360126ab525": "Virtual Machine Local User Login",
    "a6333a3e-0164-44c3-b281-7a577aff287f": "Windows Admin Center Administrator Login",
}
"""Built-in roles by which somebody comes into a machine, or lets themselves in."""
_COMES_IN = (
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.Compute/virtualMachines/extensions/write",
    "Microsoft.Compute/virtualMachines/runCommand/action",
    "Microsoft.Compute/virtualMachines/runCommands/write",
    "Microsoft.Compute/virtualMachineScaleSets/write",
    "Microsoft.Compute/virtualMachineScaleSets/extensions/write",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/write",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/write",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action",
    "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommands/write",
)
_COMES_IN_BY_DATA = (
    "Microsoft.Compute/virtualMachines/login/action",
    "Microsoft.Compute/virtualMachines/loginAsAdmin/action",
)
"""The same by actions, of custom roles."""


def ways_in(whole: Whole) -> dict[str, str]:
    """Id of a custom role by which somebody comes into a machine, or lets themselves in -> its name."""
    return {
        one.role: one.properties.role_name
        for one in whole.everywhere(RoleDefinition)
        if one.gives_access
        or any(may(one.properties.permissions, action) for action in _COMES_IN)
        or any(
            part.allows_data(action)
            for part in one.properties.permissions
            for action in _COMES_IN_BY_DATA
        )
    }


@rule(
    criteria=["CC6.1", "CC6.3", "CC6.6"],
    severity=Severity.HIGH,
    needs=[Registration, AzureRole, AzureEligibility, RoleDefinition, SubscriptionGroup],
    known_as=[
        "prowler:entra_user_with_vm_access_has_mfa",
        "powerpipe:iam_user_with_owner_permission_on_subscription_mfa_enabled",
    ],
    empty=_NO_USERS,
)
def azure_vm_login_mfa(user: User, evidence: Evidence) -> Verdict:
    """Whoever can log in to virtual machines, or administer them, has a second factor.

    Machines of scale sets count. By one of Azure's built-in roles or by a custom one with such actions, held or to
    be activated, and by a group, too, whose membership they have or may activate. Of who signs in at another
    identity provider (a federated domain), a factor that is not registered here is not known. Whether something
    demands the factor is asked by azure-all-users-mfa and azure-privileged-mfa.

    Why: a password alone would open the machines, and all that they reach.
    Fix: have the person register a method at https://aka.ms/mfasetup.
    """
    if user.account_enabled is False:
        return _DISABLED
    if user.agent:
        return _AGENT
    mine = evidence.derived(azure_roles).get(user.id, [])
    found, names = _ways_in(mine, evidence)
    if not found:
        eligible = evidence.derived(azure_eligibilities).get(user.id, [])
        if not mine and not eligible:
            return not_applicable("holds no Azure role, and may activate none")
        found, names = _ways_in(eligible, evidence)
    if not found:
        return not_applicable("cannot log in to machines by any of its roles")
    who = f"holds, or may activate, {listed({names[one.role] for one in found})}"
    said = _registered(user, evidence, who)
    return said or passed(f"{who}, and has a second factor", on=[*found, *_factors(user, evidence)])


def _ways_in(
    assigned: Sequence[Assigned], evidence: Evidence
) -> tuple[list[Assigned], Mapping[str, str]]:
    """Those by which somebody comes into a machine, and the names of such roles; built-in ones first."""
    if found := [one for one in assigned if one.role in _LOGS_IN]:
        return found, _LOGS_IN
    names = evidence.derived(ways_in) if assigned else {}
    return [one for one in assigned if one.role in names], names


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=[*ROLES, User],
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

    Enabled users count who hold the role now or may activate it, by a group, too, whose membership they have or
    may activate.

    Why: each can do anything in the tenant; a single one who is not there leaves nobody who can.
    Fix: give administrators the narrower role that they need, and remove them from Global Administrator.
    """
    people = {one.id: one for one in evidence.account(User) if one.account_enabled is not False}
    unread = Unread()
    held = [one for one in unread.of(lambda: evidence.account(RoleAssignment)) if _global(one)]
    eligible = [one for one in unread.of(lambda: evidence.account(RoleEligibility)) if _global(one)]
    both = [*held, *eligible]
    names = {
        people[who].login
        for one in both
        for who in (*unread.of(one.holders), *unread.of(one.joiners))
        if who in people
    }
    if unread and len(names) > maximum:
        return failed(f"more than {maximum} global administrators: {listed(names)}", on=both)
    unread.demand_all()
    said = f"global administrators: {listed(names)}"
    if minimum <= len(names) <= maximum:
        return passed(f"{said}, eligible ones included", on=both)
    bound = f"fewer than {minimum}" if len(names) < minimum else f"more than {maximum}"
    return failed(f"{bound} {said}, eligible ones included", on=both)


def _global(one: RoleAssignment | RoleEligibility) -> bool:
    return one.role_definition_id.casefold() == GLOBAL_ADMINISTRATOR


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

    Sign-ins count that succeeded, by a person or by an app for them; Microsoft keeps when since December
    2023. Of an account without one, the time since it was made counts. ``exempt`` names accounts for
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
    limit = timedelta(days=max_days)
    if since is not None and now - since <= limit:
        what = f"last sign-in {last:%Y-%m-%d}" if last else f"made {since:%Y-%m-%d}"
        return passed(what, until=since + limit + timedelta(seconds=1), on=found)
    tried = max((one.last_attempt for one in found if one.last_attempt), default=None)
    if last is None and tried is not None and now - tried <= limit:
        return inconclusive(
            f"an attempt to sign in on {tried:%Y-%m-%d}; Graph does not show whether one succeeded",
            until=tried + limit + timedelta(seconds=1),
            on=found,
        )
    if since is None and tried is None:
        return inconclusive("Graph gives neither a sign-in nor when the account was made")
    if last:
        what = f"last sign-in {last:%Y-%m-%d}"
    elif tried:
        what = f"last attempt to sign in {tried:%Y-%m-%d}"
    else:
        what = f"made {since:%Y-%m-%d}, never signed in"
    return failed(f"{what}: more than {max_days} days", on=found)
