"""What apps demand at a sign-in, the Admin Console and the dashboard first."""

from __future__ import annotations

from soc2_collectors.okta.models.app import App
from soc2_collectors.okta.models.organization import Organization
from soc2_collectors.okta.models.policy import AccessPolicy, effective
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
    that itself demands a PIN or a biometric counts as two factors.

    Why: an administrator can give themselves or anybody else every app of the company.
    Fix: Security, Authentication Policies, Okta Admin Console: have every rule that allows access
        demand any two factor types.
    """
    return _two_factors(_policies(organization, evidence, _ADMIN_CONSOLE, "the Admin Console"))


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[App, AccessPolicy],
    known_as=[
        "prowler:application_dashboard_mfa_required",
        "prowler:application_dashboard_phishing_resistant_authentication",
    ],
    empty=_NO_ORG,
)
def okta_dashboard_mfa(
    organization: Organization, evidence: Evidence, *, phishing_resistant: bool = False
) -> Verdict:
    """Nobody gets to the dashboard with one factor.

    Rules of its policy count that are active and not hidden behind one that always matches.
    ``phishing_resistant`` also demands a factor that a false site cannot relay.

    Why: the dashboard opens every app that the person has.
    Fix: Security, Authentication Policies, Okta Dashboard: have every rule that allows access demand
        any two factor types, and better a phishing-resistant one.
    """
    policies = _policies(organization, evidence, _DASHBOARD, "the dashboard")
    said = _two_factors(policies)
    if isinstance(policies, Verdict) or said.status is not Status.PASS or not phishing_resistant:
        return said
    return _phishing_resistant(policies)


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
    policies = _policies(organization, evidence, _ADMIN_CONSOLE, "the Admin Console")
    return policies if isinstance(policies, Verdict) else _phishing_resistant(policies)


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    needs=[AccessPolicy],
    empty=inconclusive("Okta showed no app, though each org has its own"),
)
def okta_apps_not_password_only(
    app: App, evidence: Evidence, *, critical: tuple[str, ...] = ()
) -> Verdict:
    """No active app can be entered with one factor.

    ``critical`` names apps, by label or key, of which every rule must also demand device assurance.

    Why: the app is as safe as the weakest rule by which somebody gets in.
    Fix: Security, Authentication Policies: have every rule that allows access demand two factor
        types, or assign the app to a policy that does.
    """
    if not app.active:
        return not_applicable("the app is inactive")
    if app.service:
        return not_applicable("a machine's app: nobody signs in to it")
    policy = _assigned(app, evidence)
    if isinstance(policy, Verdict):
        return policy
    said = _two_factors([policy])
    if said.status is not Status.PASS or not {app.label, app.name} & set(critical):
        return said
    free = [one.name for one in policy.entries if not one.assurances]
    if free:
        return failed(f"critical, and {policy.name} asks for no device assurance in {listed(free)}")
    return passed(f"{said.message}, and device assurance")


@rule(
    criteria=["CC6.6"],
    severity=Severity.LOW,
    needs=[App],
    known_as=["prowler:application_authentication_policy_network_zone_enforced"],
    empty=_NO_POLICY,
)
def okta_app_policy_zone(policy: AccessPolicy, evidence: Evidence) -> Verdict:
    """App sign-in policies look at the network from which somebody comes.

    Policies count that an active app uses, and rules that are active.

    Why: a zone lets a policy demand more, or refuse, where nobody of the company works.
    Fix: Security, Authentication Policies: add a rule bound to a network zone, or one that denies
        access from outside of the zones that are in use.
    """
    if not policy.active:
        return not_applicable("the policy is inactive")
    users = evidence.index(App, "access_policy_id").get(policy.id, ())
    apps = [app.label for app in users if app.active]
    if not apps:
        return not_applicable("no active app uses the policy")
    bound = [one.name for one in effective(policy.rules) if one.zones]
    if bound:
        return passed(f"looks at network zones: {listed(bound)}")
    return failed(f"no rule looks at a network zone; active apps that use it: {len(apps)}")


def _assigned(app: App, evidence: Evidence) -> AccessPolicy | Verdict:
    if app.access_policy_id is None:
        return inconclusive("Okta names no sign-in policy of the app: the Classic Engine has none")
    found = evidence.index(AccessPolicy, "id").get(app.access_policy_id, ())
    for policy in found:
        if policy.active:
            return policy
        return inconclusive(f"its policy {policy.name} is inactive")
    return inconclusive(f"its policy {app.access_policy_id} is not among those that Okta shows")


def _policies(
    organization: Organization, evidence: Evidence, key: str, what: str
) -> list[AccessPolicy] | Verdict:
    if organization.classic:
        return inconclusive(f"the Classic Engine does not show the policy of {what} by its API")
    apps = [app for app in evidence.account(App) if app.name == key and app.active]
    if not apps:
        return inconclusive(f"Okta lists no active app {key}: what {what} demands is not known")
    found: list[AccessPolicy] = []
    for app in apps:
        policy = _assigned(app, evidence)
        if isinstance(policy, Verdict):
            return policy
        found.append(policy)
    return found


def _two_factors(policies: list[AccessPolicy] | Verdict) -> Verdict:
    if isinstance(policies, Verdict):
        return policies
    weak = [f"{one.name}: {name}" for one in policies for name in one.single_factor]
    if weak:
        return failed(f"one factor is enough by {listed(weak)}")
    return _settled(
        policies,
        [f"{one.name}: {name}" for one in policies for name in one.unclear],
        "demands two factors",
    )


def _phishing_resistant(policies: list[AccessPolicy]) -> Verdict:
    rules = [(f"{one.name}: {entry.name}", entry) for one in policies for entry in one.entries]
    weak = [name for name, entry in rules if entry.resists_phishing is False]
    if weak:
        return failed(f"admits factors that can be phished by {listed(weak)}")
    return _settled(
        policies,
        [name for name, entry in rules if entry.resists_phishing is None],
        "demands a phishing-resistant factor",
    )


def _settled(policies: list[AccessPolicy], unclear: list[str], good: str) -> Verdict:
    if unclear:
        return inconclusive(f"what these rules demand is not known here: {listed(unclear)}")
    empty = [one.name for one in policies if not one.entries]
    if empty:
        return inconclusive(f"no active rule lets anybody in by {listed(empty)}")
    return passed(
        f"every rule that lets somebody in {good} ({listed(one.name for one in policies)})"
    )
