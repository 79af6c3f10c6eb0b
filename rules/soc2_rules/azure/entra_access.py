"""What a sign-in to the tenant must bring along: conditional access and security defaults."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from soc2_collectors.azure.models.entra import P2, DeviceRegistration, Registration, Tenant, User
from soc2_collectors.azure.models.entra_access import (
    ADMIN_PORTALS,
    AZURE_MANAGEMENT,
    REGISTER_DEVICE,
    ConditionalAccessPolicy,
    Groups,
    NamedLocation,
    PolicyGroup,
    SecurityDefaults,
    meets,
)
from soc2_collectors.azure.models.entra_roles import GLOBAL_ADMINISTRATOR
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.entra import (
    ACCESS,
    NO_DEFAULTS,
    ROLES,
    for_everybody,
    in_place,
    legacy_blocked,
    mfa_lacks,
    policies_for_everybody,
    roles_activated,
    roles_held,
    roles_in_policies,
    roles_joined,
)
from soc2_rules.mechanisms.known import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from soc2_pac.rules import Whole

_NO_TENANT = inconclusive("Graph did not show the tenant")
_MFA = "demands a second factor from everybody in every app"
_DEFAULTS_MFA = (
    "administrators need a second factor at every sign-in, all others where Microsoft sees a need"
)


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=ACCESS,
    known_as=["powerpipe:iam_conditional_access_mfa_enabled"],
    empty=_NO_TENANT,
)
def azure_ca_mfa_all_users(
    tenant: Tenant,  # noqa: ARG001 - one verdict for each tenant
    evidence: Evidence,
    *,
    emergency: tuple[str, ...] = (),
    security_defaults_suffice: bool = True,
) -> Verdict:
    """A second factor is demanded from all users in all apps, emergency accounts left out.

    One policy counts that is enforced, for all users, apps and clients, with no condition that narrows
    it and no way around the second factor; one that only reports does not. It need not be for old clients,
    which know no second factor, where other policies block them. Exclusions of groups are followed to their
    members; whom it leaves out, another policy of the same strictness may be for. ``emergency`` names the
    accounts that may be left out.

    Why: a stolen password alone opens every account for which no second factor is asked.
    Fix: in conditional access, create a policy for all users and all resources that grants access with
        multifactor authentication, exclude two emergency accounts and nobody else, and turn it on; or
        turn on security defaults.
    """
    found = for_everybody(
        evidence,
        _mfa_of_all,
        _MFA,
        emergency=emergency,
        defaults=_DEFAULTS_MFA if security_defaults_suffice else None,
    )
    if found.status is Status.PASS or found is NO_DEFAULTS:
        return found
    modern = policies_for_everybody(evidence, _mfa, _MFA, emergency=emergency)
    if modern.status is Status.FAIL:
        return found
    both = _all([modern, *legacy_blocked(evidence, emergency=emergency)])
    return found if both.status is Status.FAIL and found.status is not Status.FAIL else both


def _mfa_of_all(policy: ConditionalAccessPolicy) -> list[str] | None:
    """Old clients included."""
    lacking = _mfa(policy)
    if lacking is None or policy.legacy_clients:
        return lacking
    return [*lacking, "not for old clients"]


def _mfa(policy: ConditionalAccessPolicy) -> list[str] | None:
    grant = policy.grant_controls
    if grant is None or not grant.speaks_of_mfa:
        return None
    if policy.conditions.applications.include_user_actions:
        return None
    return mfa_lacks(policy)


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    needs=ACCESS,
    known_as=[
        "prowler:entra_conditional_access_policy_require_mfa_for_management_api",
        "prowler:entra_conditional_access_policy_require_mfa_for_admin_portals",
        "powerpipe:ad_mfa_service_mgmt_api",
        "powerpipe:ad_admin_portals_require_mfa",
    ],
    empty=_NO_TENANT,
)
def azure_ca_mfa_admin_portals(
    tenant: Tenant,  # noqa: ARG001 - one verdict for each tenant
    evidence: Evidence,
    *,
    emergency: tuple[str, ...] = (),
) -> Verdict:
    """The admin portals and the management API of Azure demand a second factor.

    For each of the two, one policy counts that is enforced, for all users and clients, with no condition
    that narrows it; one for every app is enough. Security defaults demand it, too. What Microsoft demands there of
    its own (mandatory multifactor authentication), which Graph does not show, does not count.

    Why: whoever gets in there administers the tenant and every subscription.
    Fix: in conditional access, create a policy for all users with the resources "Microsoft Admin Portals"
        and "Windows Azure Service Management API" that grants access with multifactor authentication.
    """
    found = [
        for_everybody(
            evidence,
            functools.partial(_mfa_in, app),
            f"demands a second factor from everybody in {name}",
            emergency=emergency,
            defaults="Azure's portal, command line and API need a second factor",
        )
        for app, name in (
            (ADMIN_PORTALS, "the admin portals"),
            (AZURE_MANAGEMENT, "the management API"),
        )
    ]
    return _all(found)


def _mfa_in(app: str, policy: ConditionalAccessPolicy) -> list[str] | None:
    grant = policy.grant_controls
    if grant is None or not grant.speaks_of_mfa:
        return None
    if not policy.covers_app(app):
        return None
    return [lack for lack in mfa_lacks(policy) if lack != "not for every app"]


def _all(found: Sequence[Verdict]) -> Verdict:
    """All must pass: else those that do not, the failing first."""
    for status in (Status.FAIL, Status.INCONCLUSIVE):
        those = [one for one in found if one.status is status]
        if those:
            return Verdict(status, _said(those), None, _rests_on(those))
    return passed(_said(found), on=_rests_on(found))


def _said(found: Sequence[Verdict]) -> str:
    return "; ".join(dict.fromkeys(one.message for one in found))


def _rests_on(found: Sequence[Verdict]) -> tuple[object, ...]:
    return tuple({id(one): one for verdict in found for one in verdict.on}.values())


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    needs=ACCESS,
    empty=_NO_TENANT,
)
def azure_legacy_auth_blocked(
    tenant: Tenant,  # noqa: ARG001 - one verdict for each tenant
    evidence: Evidence,
    *,
    emergency: tuple[str, ...] = (),
    device_code: bool = True,
) -> Verdict:
    """Clients that know no second factor are blocked, and so is the device code flow.

    Policies count that are enforced, for all users and apps, and not narrowed. One that demands a second
    factor of old clients blocks them, since they have none to give. Security defaults block
    the old clients and not the device code flow; ``device_code`` says whether that must be blocked.

    Why: old protocols take a password alone, and a device code that a victim types in gives a session
        away with the second factor done.
    Fix: in conditional access, create policies for all users and resources that block access: one with
        the client apps "Exchange ActiveSync" and "Other clients", one with the device code flow.
    """
    instead = in_place(evidence, "they block clients without modern authentication")
    found = [instead] if instead else legacy_blocked(evidence, emergency=emergency)
    if device_code:
        found.append(
            for_everybody(
                evidence, _blocks_codes, "blocks the device code flow", emergency=emergency
            )
        )
    return _all(found)


def _blocks_codes(policy: ConditionalAccessPolicy) -> list[str] | None:
    flows = policy.conditions.authentication_flows
    if not policy.blocks or flows is None or "deviceCodeFlow" not in flows.methods:
        return None
    lacking = [] if policy.all_apps else ["not for every app"]
    if not policy.modern_clients:
        lacking.append("not for every client")
    return lacking + [f"narrowed by {name}" for name in policy.narrowed(flows=False)]


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    needs=[ConditionalAccessPolicy, PolicyGroup, User],
    known_as=[
        "prowler:entra_security_defaults_enabled",
        "powerpipe:ad_security_defaults_policy_enabled",
    ],
    empty=inconclusive("Graph did not show the tenant's security defaults"),
)
def azure_security_defaults(
    defaults: SecurityDefaults, evidence: Evidence, *, emergency: tuple[str, ...] = ()
) -> Verdict:
    """Security defaults are on, or enforced policies do the same.

    The same is: a second factor from everybody in every app, and no old clients.

    Why: without either, a password alone opens every account of the tenant.
    Fix: Entra ID, Overview, Properties, Manage security defaults: enable them; or enforce conditional
        access policies that demand multifactor authentication and block legacy authentication.
    """
    if defaults.is_enabled:
        return passed("security defaults are on")
    found = [
        policies_for_everybody(evidence, _mfa, _MFA, emergency=emergency),
        *legacy_blocked(evidence, emergency=emergency),
    ]
    said = _all(found)
    return Verdict(said.status, f"security defaults are off; {said.message}", said.until, said.on)


@rule(
    criteria=["CC6.1", "CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=ACCESS,
    empty=_NO_TENANT,
)
def azure_risk_policies(
    tenant: Tenant, evidence: Evidence, *, emergency: tuple[str, ...] = ()
) -> Verdict:
    """Sign-ins at high risk are blocked or take a second factor, users at high risk a new password.

    For a sign-in at risk, a policy counts that blocks or demands a second factor; for a user at risk, one
    that blocks or demands a new password. Each must be enforced, for all users and apps, and not narrowed.
    Whether a second factor of earlier in the same session is enough is up to the policy's sign-in frequency,
    which is not asked about.

    Why: Microsoft sees leaked passwords and stolen sessions; without a policy nothing comes of it.
    Fix: in conditional access, create a policy for sign-in risk "high" that demands multifactor
        authentication, and one for user risk "high" that demands a password change.
    """
    found = [
        for_everybody(
            evidence, _sign_in_risk, "answers a sign-in at high risk", emergency=emergency
        ),
        for_everybody(evidence, _user_risk, "answers a user at high risk", emergency=emergency),
    ]
    said = _all(found)
    unnamed = [
        one.display_name
        for one in evidence.account(ConditionalAccessPolicy)
        if one.enforced and _user_risk(one) is not None and _UNNAMED in _controls(one)
    ]
    if found[0].status is not Status.FAIL and said.status is Status.FAIL and unnamed:
        return inconclusive(f"Graph does not name what {listed(unnamed)} demands; {said.message}")
    if said.status is not Status.INCONCLUSIVE and P2 not in tenant.licences:
        return inconclusive(f"the tenant has no {P2}, which risk is part of; {said.message}")
    return said


def _sign_in_risk(policy: ConditionalAccessPolicy) -> list[str] | None:
    asked = policy.conditions
    if "high" not in (asked.sign_in_risk_levels or ()):
        return None
    lacking = _risk_lacks(policy)
    if not policy.demands_mfa:
        lacking.append("neither blocks nor demands a second factor")
    return lacking + (["narrowed by user risk"] if asked.user_risk_levels else [])


def _user_risk(policy: ConditionalAccessPolicy) -> list[str] | None:
    asked = policy.conditions
    if "high" not in (asked.user_risk_levels or ()):
        return None
    lacking = _risk_lacks(policy)
    grant = policy.grant_controls
    if grant is None or not grant.cannot_avoid("block", "passwordChange", "riskRemediation"):
        lacking.append("neither blocks nor demands a new password")
    return lacking + (["narrowed by sign-in risk"] if asked.sign_in_risk_levels else [])


_UNNAMED = "unknownFutureValue"
"""As Graph writes a control that is newer than its version 1.0."""


def _controls(policy: ConditionalAccessPolicy) -> frozenset[str]:
    return policy.grant_controls.built_in if policy.grant_controls else frozenset()


def _risk_lacks(policy: ConditionalAccessPolicy) -> list[str]:
    lacking = [] if policy.all_apps else ["not for every app"]
    if not policy.modern_clients:
        lacking.append("not for every client")
    return lacking + [f"narrowed by {name}" for name in policy.narrowed(risk=False)]


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    needs=ACCESS,
    known_as=["powerpipe:ad_require_mfa_for_device_join"],
    empty=inconclusive("Graph did not show the policy of device registration"),
)
def azure_device_join_mfa(
    registration: DeviceRegistration, evidence: Evidence, *, emergency: tuple[str, ...] = ()
) -> Verdict:
    """Joining or registering a device takes a second factor.

    Either the tenant's device setting demands it, or an enforced policy for the act of registering does,
    for all users.

    Why: a device that a thief registers counts as the company's own from then on.
    Fix: in conditional access, create a policy for all users with the user action "Register or join
        devices" that demands multifactor authentication.
    """
    if registration.mfa:
        return passed("the device settings demand a second factor")
    if registration.closed:
        return passed("nobody may join or register a device")
    return for_everybody(
        evidence, _joins, "demands a second factor to register a device", emergency=emergency
    )


def _joins(policy: ConditionalAccessPolicy) -> list[str] | None:
    if REGISTER_DEVICE not in (policy.conditions.applications.include_user_actions or ()):
        return None
    return [lack for lack in mfa_lacks(policy) if lack != "not for every app"]


@rule(
    criteria=["CC6.6"],
    severity=Severity.LOW,
    needs=[NamedLocation, ConditionalAccessPolicy],
    known_as=[
        "prowler:entra_trusted_named_locations_exists",
        "powerpipe:iam_conditional_access_trusted_location_configured",
    ],
    empty=_NO_TENANT,
)
def azure_named_locations(
    tenant: Tenant,  # noqa: ARG001 - one verdict for each tenant
    evidence: Evidence,
) -> Verdict:
    """Trusted networks are named and not the internet, and an enforced policy looks at where somebody is.

    Why: a policy can refuse, or demand more, where nobody of the company works.
    Fix: in conditional access, Named locations, add the company's networks and mark them as trusted; then
        use them, or countries, as a condition of a policy.
    """
    unread = Unread()
    places = unread.of(lambda: evidence.account(NamedLocation))
    shown = not unread
    policies = unread.of(lambda: evidence.account(ConditionalAccessPolicy))
    trusted = [one for one in places if one.is_trusted]
    ranges = Unread()
    wide = [one for one in trusted if ranges.of(lambda p=one: [p] if p.open else [])]  # type: ignore[misc]
    if wide:
        names = listed(one.display_name for one in wide)
        return failed(f"trusted, and open to the internet: {names}", on=wide)
    if unread and policies and not any(_looks_at(one) for one in policies):
        return failed("no enforced policy looks at where somebody is", on=policies)
    if not shown:
        unread.demand_all()
    if not trusted:
        return failed(
            f"no named location is trusted; named: {listed(p.display_name for p in places)}"
        )
    unread.demand_all()
    known = {"AllTrusted", *(one.id for one in places)}
    used = [one for one in policies if _looks_at(one, known)]
    names = listed(one.display_name for one in trusted)
    if not used:
        return failed(f"trusted: {names}; no enforced policy looks at a named location", on=trusted)
    ranges.demand_all()
    by = listed(one.display_name for one in used)
    return passed(f"trusted: {names}; used by {by}", on=[*trusted, *used])


def _looks_at(policy: ConditionalAccessPolicy, places: set[str] | None = None) -> bool:
    """Whether it is enforced for somebody, and looks at one of these places; ``None``: at any."""
    where = policy.conditions.locations
    if where is None:
        return False
    looked_at = {*(where.include_locations or ()), *(where.exclude_locations or ())}
    users = policy.users
    somebody = bool(
        set(users.include_users) - {"None"}
        or users.include_groups
        or users.include_roles
        or users.sorts_in
    )
    seen = looked_at if places is None else places & looked_at
    return bool(seen) and somebody and policy.enforced


_HARDWARE = frozenset(
    {
        "fido2",
        "fido2SecurityKey",
        "passKeyDeviceBound",
        "passKeyDeviceBoundAuthenticator",
        "passKeyDeviceBoundWindowsHello",
        "windowsHelloForBusiness",
    }
)
"""Methods that are bound to one thing, and that no false site can relay."""


@rule(
    criteria=["CC6.1", "CC7.2"],
    severity=Severity.MEDIUM,
    needs=[*ACCESS, Registration, *ROLES],
    empty=_NO_TENANT,
)
def azure_emergency_accounts(
    tenant: Tenant,  # noqa: ARG001 - one verdict for each tenant
    evidence: Evidence,
    *,
    accounts: tuple[str, ...] = (),
    minimum: int = 2,
) -> Verdict:
    """Emergency accounts exist, have a key bound to a device, and one of them is left out of every policy.

    ``accounts`` names them. Each counts that is enabled, of the cloud alone, and a global administrator for
    good: who may activate the role may have it for some hours only. A key is a passkey that cannot leave its
    device, a security key or a phone, or Windows Hello for Business. Of the policies, every one that is
    enforced counts. Alarms on their use are not asked about here.

    Why: a wrong policy, or an outage of the second factor, locks every administrator out of the tenant.
    Fix: create two accounts on the onmicrosoft.com domain, assign Global Administrator for good, register
        a FIDO2 key for each, and exclude them from conditional access policies.
    """
    if not accounts:
        return inconclusive("nobody said which are the emergency accounts: name them in `accounts`")
    unread = Unread()
    held = _known(evidence, roles_held, unread)
    fit, why = _fit(evidence, accounts, held, unread)
    if len(fit) < minimum:
        reasons = f" ({'; '.join(sorted(why))})" if why else ""
        return failed(f"fit for an emergency: {listed(u.login for u in fit)}{reasons}")
    roles = _known(evidence, roles_in_policies, unread)
    if roles is None:  # they decide for whom a policy is
        unread.demand_all()
        roles = {}
    groups = Groups(unread.of(lambda: evidence.account(PolicyGroup)))
    policies = [one for one in evidence.account(ConditionalAccessPolicy) if one.enforced]
    caught: dict[str, list[str]] = {}
    doubts: dict[str, str] = {}
    for user in fit:
        try:
            caught[user.login] = [
                one.display_name
                for one in policies
                if meets(one, groups, user, roles.get(user.id, ()))
            ]
        except FactUnavailable as error:
            doubts[user.login] = str(error)
    free = [login for login, by in caught.items() if not by]
    names = listed(user.login for user in fit)
    if free or doubts:
        unread.demand_all()
    if free:
        return passed(f"fit for an emergency: {names}; left out of policies: {listed(free)}")
    if doubts:
        return inconclusive(
            f"whether policies hold {listed(doubts)} cannot be told: {listed(doubts.values())}"
        )
    said = "; ".join(f"{login} by {listed(caught[login])}" for login in sorted(caught))
    return failed(f"each is held by an enforced policy: {said}")


def _fit(
    evidence: Evidence,
    accounts: tuple[str, ...],
    held: Mapping[str, set[str]] | None,
    unread: Unread,
) -> tuple[list[User], list[str]]:
    """Those of which nothing is known that keeps them from helping in an emergency, and what keeps the others."""
    eligible = [
        known
        for build in (roles_activated, roles_joined)
        if (known := _known(evidence, build, unread)) is not None
    ]
    registered = unread.of(lambda: [evidence.account(Registration)])
    keys = {one.id: one for found in registered for one in found} if registered else None
    fit: list[User] = []
    why: list[str] = []
    for user in evidence.account(User):
        if not user.named_in(accounts):
            continue
        lacking = _unfit(user)
        if held is not None and GLOBAL_ADMINISTRATOR not in held.get(user.id, ()):
            lacking.append("no global administrator")
        if keys is not None:
            lacking += _no_key(keys.get(user.id))
        if any(GLOBAL_ADMINISTRATOR in one.get(user.id, ()) for one in eligible):
            lacking.append(
                "may activate the role of a global administrator, and need not have it for good"
            )
        if lacking:
            why.append(f"{user.login}: {', '.join(lacking)}")
        else:
            fit.append(user)
    return fit, why


def _known(
    evidence: Evidence, build: Callable[[Whole], dict[str, set[str]]], unread: Unread
) -> dict[str, set[str]] | None:
    """The roles of everybody; ``None`` where they are not known."""
    found = unread.of(lambda: [evidence.derived(build)])
    return found[0] if found else None


def _unfit(user: User) -> list[str]:
    """Why an account would not help in an emergency, whatever it may do."""
    lacking = []
    if not user.account_enabled:
        lacking.append("disabled")
    if user.on_premises_sync_enabled:
        lacking.append("synchronised from on premises")
    return lacking


def _no_key(registered: Registration | None) -> list[str]:
    """Whether an account has no key that helps: it, or nothing."""
    if registered is None or not set(registered.methods_registered or ()) & _HARDWARE:
        return ["no key bound to a device"]
    return [] if registered.is_mfa_capable else ["no factor that the tenant admits"]
