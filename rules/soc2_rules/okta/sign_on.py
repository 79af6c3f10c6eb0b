"""How a session of Okta begins and how long it lasts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from soc2_collectors.okta.models.app import App
from soc2_collectors.okta.models.organization import Organization
from soc2_collectors.okta.models.policy import AccessPolicy, Session, SignOnPolicy, SignOnRule
from soc2_collectors.okta.models.role import Group
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.okta_policies import unless_hidden

_NONE = inconclusive("Okta showed no global session policy, though each org has a default one")
_ANY_FACTOR = "PASSWORD_IDP_ANY_FACTOR"
_Look = Callable[[Session], tuple[str, bool]]
"""What is said of a session, and whether it is good."""


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[App, AccessPolicy, SignOnPolicy, Group],
    empty=_NONE,
)
def okta_global_session_mfa(
    policy: SignOnPolicy, evidence: Evidence, *, max_remembered_minutes: int = 720
) -> Verdict:
    """No global session policy opens a session of Okta for a password alone.

    Rules count that are active and not hidden behind one that always matches. A policy decides nothing, and is
    not asked, where another one comes before it for everybody. A rule that leaves the factors to the apps
    passes where every active app's policy demands two of them.
    ``max_remembered_minutes``: for how long a device on which somebody gave the second factor may stand for
    it, where that person chose so; 12 hours is what NIST SP 800-63B allows between two sign-ins with both
    factors.

    Why: a session opens every app that the person has, so one guessed or phished password would too.
    Fix: Security, Global Session Policy: in each rule that allows access require a secondary factor at
        every sign-in, or establish the session with any factor of the app policies, and have those
        demand two.
    """
    said = _second_factor(policy, evidence, max_remembered_minutes)
    return unless_hidden(policy, said, evidence)


def _second_factor(
    policy: SignOnPolicy, evidence: Evidence, max_remembered_minutes: int
) -> Verdict:
    """Whether every rule by which somebody comes in asks for a second factor."""
    entries = _entries(policy)
    if isinstance(entries, Verdict):
        return entries
    longest = timedelta(minutes=max_remembered_minutes)
    loose = [one for one in entries if not one.actions.signon.require_factor]
    strict = [one for one in entries if one.actions.signon.require_factor]
    alone = [one.name for one in loose if one.actions.signon.primary_factor != _ANY_FACTOR]
    if alone:
        return failed(f"asks for no second factor: {listed(alone)}")
    remembered = [one.name for one in strict if one.actions.signon.remembers(longest)]
    if remembered:
        return failed(
            "on a device that was used before the password is enough, for more than"
            f" {max_remembered_minutes} minutes or without anybody's choice: {listed(remembered)}"
        )
    silent = [one.name for one in strict if one.actions.signon.remembers(longest) is None]
    asking = f"every rule that lets somebody in asks for a second factor: {_named(strict)}"
    if not loose and not silent:
        return passed(asking)
    said = _left_to_apps(loose, evidence) if loose else None
    if said is not None and said.status is Status.FAIL:
        return said
    if silent:
        return inconclusive(f"when the second factor is asked for is not known of {listed(silent)}")
    return said or passed(asking)


def _named(rules: Sequence[SignOnRule]) -> str:
    """Names of rules, with how long a device stands for the second factor."""
    return listed(
        f"{one.name} (once in {signon.factor_lifetime} minutes on a device)"
        if signon.factor_prompt_mode == "SESSION"
        else one.name
        for one in rules
        for signon in [one.actions.signon]
    )


def _left_to_apps(loose: Sequence[SignOnRule], evidence: Evidence) -> Verdict:
    left = f"the factors are left to the policies of apps by {listed(one.name for one in loose)}"
    policies = {one.id: one for one in evidence.account(AccessPolicy)}
    ids = {app.access_policy_id for app in evidence.account(App) if app.signs_people_in}
    used = [one for one in policies.values() if one.id in ids]
    weak = [one for one in used if one.single_factor]
    if weak:
        names = listed(one.name for one in weak)
        return failed(f"{left}, and one factor is enough for {names}", on=weak)
    unclear = [p.name for p in used if p.unclear or not p.certainly_active or not p.entries]
    if unclear or not ids or ids - set(policies):
        open_ones = listed(unclear) if unclear else "policies that Okta does not show"
        return inconclusive(f"{left}; what these demand is open: {open_ones}")
    return passed(
        f"{left}, and those of all active apps demand two: {listed(p.name for p in used)}"
    )


@rule(criteria=["CC6.1"], severity=Severity.MEDIUM, needs=[SignOnPolicy, Group], empty=_NONE)
def okta_session_idle(
    policy: SignOnPolicy, evidence: Evidence, *, max_minutes: int = 120
) -> Verdict:
    """A session of Okta that nobody uses ends within the limit.

    ``max_minutes``: 120 is Okta's own default; 15 where a government's guide binds.

    Why: who sits down at an unlocked computer would otherwise find every app open.
    Fix: Security, Global Session Policy: in each rule set the maximum idle time of a session.
    """
    said = _sessions(
        policy,
        lambda session: (
            f"{session.max_session_idle_minutes} min",
            0 < session.max_session_idle_minutes <= max_minutes,
        ),
        f"an unused session ends after {max_minutes} minutes at most",
        f"an unused session lasts longer than {max_minutes} minutes",
    )
    return unless_hidden(policy, said, evidence)


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    needs=[SignOnPolicy, Group],
    known_as=["prowler:signon_global_session_lifetime_18h"],
    empty=_NONE,
)
def okta_session_lifetime(
    policy: SignOnPolicy, evidence: Evidence, *, max_hours: int = 18
) -> Verdict:
    """A session of Okta ends within the limit however much it is used.

    Why: a stolen session serves whoever has it until it ends; one without an end serves for good.
    Fix: Security, Global Session Policy: in each rule set the maximum lifetime of a session.
    """
    said = _sessions(
        policy,
        lambda session: (
            f"{session.max_session_lifetime_minutes} min"
            if session.max_session_lifetime_minutes
            else "no limit",
            0 < session.max_session_lifetime_minutes <= 60 * max_hours,
        ),
        f"a session ends after {max_hours} hours at most",
        f"a session lasts longer than {max_hours} hours",
    )
    return unless_hidden(policy, said, evidence)


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    needs=[Organization, App, AccessPolicy, SignOnPolicy, Group],
    known_as=["prowler:signon_global_session_cookies_not_persistent"],
    empty=_NONE,
)
def okta_no_persistent_cookie(policy: SignOnPolicy, evidence: Evidence) -> Verdict:
    """A session of Okta does not outlive the browser's, and no app offers to stay signed in.

    The offer that comes after somebody signed in is read of the policies of active apps. The one on the
    sign-in page itself (Security, General, Organization Security) is not shown by Okta's API.

    Why: on a shared or lost computer the next person would be signed in when the browser opens.
    Fix: Security, Global Session Policy: in each rule switch off cookies that persist across
        browser sessions; Security, Authentication Policies: in each rule switch off the prompt to stay
        signed in.
    """
    return unless_hidden(policy, _kept(policy, evidence), evidence)


def _kept(policy: SignOnPolicy, evidence: Evidence) -> Verdict:
    """Whether a session outlives the browser's by the policy, or by what an app offers."""
    said = _sessions(
        policy,
        lambda session: ("persistent", not session.use_persistent_cookie),
        "session cookies end with the browser",
        "session cookies outlive the browser",
    )
    if said.status in (Status.FAIL, Status.NOT_APPLICABLE):
        return said
    if any(organization.classic for organization in evidence.account(Organization)):
        return said  # the Classic Engine makes no such offer, and has no such policies
    ids = {app.access_policy_id for app in evidence.account(App) if app.signs_people_in}
    used = [one for one in evidence.account(AccessPolicy) if one.id in ids]
    kept = [(one, e.name) for one in used for e in one.entries if e.stays_signed_in]
    if kept:
        names = listed(f"{one.name}: {name}" for one, name in kept)
        return failed(
            f"people may choose to stay signed in by {names}", on=[one for one, _ in kept]
        )
    lost = sorted(key or "none" for key in ids - {one.id for one in used if one.entries})
    if lost:
        return inconclusive(f"what policies of apps offer Okta does not show: {listed(lost)}")
    odd = [
        f"{one.name}: {e.name}" for one in used for e in one.entries if e.stays_signed_in is None
    ]
    if odd:
        return inconclusive(f"whether people may stay signed in is not known of {listed(odd)}")
    return said


def _entries(policy: SignOnPolicy) -> list[SignOnRule] | Verdict:
    if not policy.active:
        return not_applicable("the policy is inactive")
    return policy.entries or not_applicable("no active rule of the policy lets anybody in")


def _sessions(policy: SignOnPolicy, look: _Look, good: str, bad: str) -> Verdict:
    entries = _entries(policy)
    if isinstance(entries, Verdict):
        return entries
    seen = [
        (one.name, look(one.actions.signon.session) if one.actions.signon.session else None)
        for one in entries
    ]
    wrong = [f"{name} ({said[0]})" for name, said in seen if said and not said[1]]
    if wrong:
        return failed(f"{bad}: {listed(wrong)}")
    hidden = [name for name, said in seen if said is None]
    if hidden:
        return inconclusive(f"Okta says nothing of sessions in {listed(hidden)}")
    return passed(f"{good}: {listed(one.name for one in entries)}")
