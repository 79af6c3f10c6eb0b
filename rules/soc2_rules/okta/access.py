"""What apps demand at a sign-in, the Admin Console and the dashboard first."""

from __future__ import annotations

from soc2_collectors.okta.models.app import BOOKMARK, App
from soc2_collectors.okta.models.network import ALL_ZONES, NetworkZone
from soc2_collectors.okta.models.organization import Organization
from soc2_collectors.okta.models.policy import AccessPolicy, certain
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_ADMIN_CONSOLE = "saasure"
_DASHBOARD = "okta_enduser"
_NO_ORG = inconclusive("Okta did not show the org")
_NO_POLICY = inconclusive(
    "Okta showed no app sign-in policy: the Classic Engine has none, the Identity Engine a default one"
)


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[App, AccessPolicy],
    known_as=["prowler:application_admin_console_mfa_required"],
    empty=_NO_ORG,
)
def okta_admin_console_mfa(organization: Organization, evidence: Evidence) -> Verdict:
    """Nobody gets into the Admin Console with one factor.

    Rules of its policy count that are active and not hidden behind one that always matches. A device
    that itself demands a PIN or a biometric counts as two factors. Where people may stay signed in on a
    device, it stands for the second factor: 12 hours are admitted.

    Why: an administrator can give themselves or anybody else every app of the company.
    Fix: Security, Authentication Policies, Okta Admin Console: have every rule that allows access
        demand any two factor types.
    """
    return _two_factors(*_policies(organization, evidence, _ADMIN_CONSOLE, "the Admin Console"))


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[App, AccessPolicy],
    known_as=["prowler:application_dashboard_mfa_required"],
    empty=_NO_ORG,
)
def okta_dashboard_mfa(organization: Organization, evidence: Evidence) -> Verdict:
    """Nobody gets to the dashboard with one factor.

    Rules of its policy count that are active and not hidden behind one that always matches. Where people
    may stay signed in on a device, it stands for the second factor: 12 hours are admitted.

    Why: the dashboard opens every app that the person has.
    Fix: Security, Authentication Policies, Okta Dashboard: have every rule that allows access demand
        any two factor types, and better a phishing-resistant one.
    """
    return _two_factors(*_policies(organization, evidence, _DASHBOARD, "the dashboard"))


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    needs=[App, AccessPolicy],
    known_as=["prowler:application_dashboard_phishing_resistant_authentication"],
    empty=_NO_ORG,
)
def okta_dashboard_phishing_resistant(organization: Organization, evidence: Evidence) -> Verdict:
    """The dashboard demands a factor that a false site cannot relay.

    WebAuthn and smart cards are such, and whatever a rule marks as phishing-resistant.

    Why: codes and push prompts can be relayed by a false sign-in page, and the dashboard opens every app
        that the person has.
    Fix: Security, Authentication Policies, Okta Dashboard: in every rule that allows access tick
        "Phishing resistant" for the possession factor.
    """
    return _phishing_resistant(*_policies(organization, evidence, _DASHBOARD, "the dashboard"))


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    needs=[App, AccessPolicy],
    known_as=["prowler:application_admin_console_phishing_resistant_authentication"],
    empty=_NO_ORG,
)
def okta_admin_console_phishing_resistant(
    organization: Organization, evidence: Evidence
) -> Verdict:
    """The Admin Console demands a factor that a false site cannot relay.

    WebAuthn and smart cards are such, and whatever a rule marks as phishing-resistant.

    Why: codes and push prompts can be relayed by a false sign-in page; most takeovers of
        administrators were.
    Fix: Security, Authentication Policies, Okta Admin Console: in every rule that allows access tick
        "Phishing resistant" for the possession factor.
    """
    return _phishing_resistant(
        *_policies(organization, evidence, _ADMIN_CONSOLE, "the Admin Console")
    )


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    needs=[AccessPolicy],
    empty=inconclusive("Okta showed no app, though each org has its own"),
)
def okta_apps_not_password_only(
    app: App, evidence: Evidence, *, critical: tuple[str, ...] = ()
) -> Verdict:
    """Okta lets nobody into an active app with one factor.

    Bookmarks are not asked: Okta guards the link, and not the site. Whether an app has passwords of its own
    beside Okta is asked by okta-app-sso-federated. ``critical`` names apps, by label, key or id, of which
    every rule must also demand device assurance. Where people may stay signed in on a device, it stands for
    the second factor: 12 hours are admitted.

    Why: the app is as safe as the weakest rule by which somebody gets in.
    Fix: Security, Authentication Policies: have every rule that allows access demand two factor
        types, or assign the app to a policy that does.
    """
    if not app.active:
        return not_applicable("the app is inactive")
    if app.service:
        return not_applicable("a machine's app: nobody signs in to it")
    if app.sign_on_mode is None:
        return not_applicable("a directory: nobody signs in to it by Okta")
    if app.sign_on_mode == BOOKMARK:
        return not_applicable("a bookmark: who signs in does so past Okta")
    policy = _assigned(app, evidence)
    if isinstance(policy, Verdict):
        return policy
    said = _two_factors([policy], None)
    if said.status is Status.FAIL or not app.named_in(critical):
        return said
    free = [one.name for one in policy.entries if not one.assurances]
    if free:
        return failed(
            f"critical, and {policy.name} asks for no device assurance in {listed(free)}",
            on=[policy],
        )
    if said.status is not Status.PASS:
        return said
    return passed(f"{said.message}, and device assurance", on=[policy])


@rule(
    criteria=["CC6.6"],
    severity=Severity.LOW,
    needs=[App, NetworkZone],
    known_as=["prowler:application_authentication_policy_network_zone_enforced"],
    empty=_NO_POLICY,
)
def okta_app_policy_zone(policy: AccessPolicy, evidence: Evidence) -> Verdict:
    """App sign-in policies ask from which network somebody comes.

    Policies count that an active app uses; rules that are active and not hidden behind one that always
    matches; zones that are active and hold some addresses, and not the internet.

    Why: a zone lets a policy demand more, or refuse, where nobody of the company works.
    Fix: Security, Authentication Policies: add a rule bound to a network zone, or one that denies
        access from outside of the zones that are in use.
    """
    if not policy.active:
        return not_applicable("the policy is inactive")
    users = evidence.index(App, "access_policy_id").get(policy.id, ())
    apps = [app.called for app in users if app.active]
    if not apps:
        return not_applicable("no active app uses the policy")
    looking = [one for one in certain(policy.rules) if one.zones]
    if not looking:
        return failed(f"no rule asks for a network zone; active apps that use it: {len(apps)}")
    if not policy.certainly_active:
        return inconclusive(f"the policy has a status that is not known here: {policy.status}")
    zones = {zone.id: zone for zone in evidence.account(NetworkZone)}
    perhaps = False
    for one in looking:
        named = [zones.get(key) for key in one.zones]
        if ALL_ZONES in one.zones:
            named = [zone for zone in zones.values() if zone.for_policies]
        useful = [z for z in named if z is not None and z.for_policies and z.narrows]
        if useful:
            names = listed(zone.name for zone in useful)
            return passed(f"{one.name} asks for network zones: {names}", on=useful)
        perhaps = perhaps or any(zone is None or zone.narrows is None for zone in named)
    names = listed(one.name for one in looking)
    if perhaps:
        return inconclusive(f"which addresses the zones of {names} hold is not known")
    return failed(f"the zones of {names} are inactive, empty, or hold the internet")


def _assigned(app: App, evidence: Evidence) -> AccessPolicy | Verdict:
    if app.access_policy_id is None:
        return inconclusive("Okta names no sign-in policy of the app: the Classic Engine has none")
    found = evidence.index(AccessPolicy, "id").get(app.access_policy_id, ())
    for policy in found:
        if policy.certainly_active:
            return policy
        return inconclusive(f"its policy {policy.name} is {policy.status}")
    return inconclusive(f"its policy {app.access_policy_id} is not among those that Okta shows")


def _policies(
    organization: Organization, evidence: Evidence, key: str, what: str
) -> tuple[list[AccessPolicy], Verdict | None]:
    """The policies of a part of Okta, and why one of them is not known."""
    if organization.classic:
        return [], inconclusive(f"the Classic Engine does not show the policy of {what} by its API")
    apps = [app for app in evidence.account(App) if app.name == key and app.active]
    if not apps:
        return [], inconclusive(f"Okta lists no active app {key}: what {what} demands is not known")
    said = [_assigned(app, evidence) for app in apps]
    found = [one for one in said if isinstance(one, AccessPolicy)]
    return found, next((one for one in said if isinstance(one, Verdict)), None)


def _two_factors(policies: list[AccessPolicy], lacking: Verdict | None) -> Verdict:
    weak = [(one, name) for one in policies for name in one.single_factor]
    if weak:
        names = listed(f"{one.name}: {name}" for one, name in weak)
        return failed(f"one factor is enough by {names}", on=[one for one, _ in weak])
    return lacking or _settled(
        policies,
        [f"{one.name}: {name}" for one in policies for name in one.unclear],
        "demands two factors",
    )


def _phishing_resistant(policies: list[AccessPolicy], lacking: Verdict | None) -> Verdict:
    rules = [(one, entry) for one in policies for entry in one.entries]
    weak = [(one, entry.name) for one, entry in rules if entry.resists_phishing is False]
    if weak:
        names = listed(f"{one.name}: {name}" for one, name in weak)
        return failed(f"admits factors that can be phished by {names}", on=[one for one, _ in weak])
    return lacking or _settled(
        policies,
        [f"{one.name}: {entry.name}" for one, entry in rules if entry.resists_phishing is None],
        "demands a phishing-resistant factor",
    )


def _settled(policies: list[AccessPolicy], unclear: list[str], good: str) -> Verdict:
    if unclear:
        return inconclusive(f"what these rules demand is not known here: {listed(unclear)}")
    empty = [one.name for one in policies if not one.entries]
    if empty:
        return inconclusive(f"no active rule lets anybody in by {listed(empty)}")
    names = [f"{one.name}: {entry.name}" for one in policies for entry in one.entries]
    return passed(f"every rule that lets somebody in {good} ({listed(names)})", on=policies)
