"""How a session of Okta begins and how long it lasts."""

from __future__ import annotations

from collections.abc import Callable

from soc2_collectors.okta.models.app import App
from soc2_collectors.okta.models.policy import AccessPolicy, Session, SignOnPolicy, SignOnRule
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_NONE = inconclusive("Okta showed no global session policy, though each org has a default one")
_ANY_FACTOR = "PASSWORD_IDP_ANY_FACTOR"
_Look = Callable[[Session], tuple[str, bool]]
"""What is said of a session, and whether it is good."""


@rule(
    criteria=["CC6.1", "CC6.6"], severity=Severity.CRITICAL, needs=[App, AccessPolicy], empty=_NONE
)
def okta_global_session_mfa(policy: SignOnPolicy, evidence: Evidence) -> Verdict:
    """No global session policy opens a session of Okta for a password alone.

    Rules count that are active and not hidden behind one that always matches. A rule that leaves the
    factors to the apps passes where every active app's policy demands two of them.

    Why: a session opens every app that the person has, so one guessed or phished password would too.
    Fix: Security, Global Session Policy: in each rule that allows access require a secondary factor,
        or establish the session with any factor of the app policies, and have those demand two.
    """
    entries = _entries(policy)
    if isinstance(entries, Verdict):
        return entries
    loose = [one for one in entries if not one.actions.signon.require_factor]
    alone = [one.name for one in loose if one.actions.signon.primary_factor != _ANY_FACTOR]
    if alone:
        return failed(f"asks for no second factor: {listed(alone)}")
    if not loose:
        return passed("every rule that lets somebody in asks for a second factor")
    left = f"the factors are left to the policies of apps by {listed(one.name for one in loose)}"
    policies = {one.id: one for one in evidence.account(AccessPolicy)}
    ids = {app.access_policy_id for app in evidence.account(App) if app.active and not app.service}
    weak = [p.name for p in policies.values() if p.id in ids and p.single_factor]
    if weak:
        return failed(f"{left}, and one factor is enough for {listed(weak)}")
    unclear = [p.name for p in policies.values() if p.id in ids and (p.unclear or not p.active)]
    if unclear or not ids or ids - set(policies):
        open_ones = listed(unclear) if unclear else "policies that Okta does not show"
        return inconclusive(f"{left}; what these demand is open: {open_ones}")
    return passed(f"{left}, and those of all active apps demand two")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=["prowler:signon_global_session_idle_timeout_15min"],
    empty=_NONE,
)
def okta_session_idle(policy: SignOnPolicy, *, max_minutes: int = 120) -> Verdict:
    """A session of Okta that nobody uses ends within the limit.

    ``max_minutes``: 120 is Okta's own default; 15 where a government's guide binds.

    Why: who sits down at an unlocked computer would otherwise find every app open.
    Fix: Security, Global Session Policy: in each rule set the maximum idle time of a session.
    """
    return _sessions(
        policy,
        lambda session: (
            f"{session.max_session_idle_minutes} min",
            0 < session.max_session_idle_minutes <= max_minutes,
        ),
        f"an unused session ends after {max_minutes} minutes at most",
        f"an unused session lasts longer than {max_minutes} minutes",
    )


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=["prowler:signon_global_session_lifetime_18h"],
    empty=_NONE,
)
def okta_session_lifetime(policy: SignOnPolicy, *, max_hours: int = 18) -> Verdict:
    """A session of Okta ends within the limit however much it is used.

    Why: a stolen session serves whoever has it until it ends; one without an end serves for good.
    Fix: Security, Global Session Policy: in each rule set the maximum lifetime of a session.
    """
    return _sessions(
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


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=["prowler:signon_global_session_cookies_not_persistent"],
    empty=_NONE,
)
def okta_no_persistent_cookie(policy: SignOnPolicy) -> Verdict:
    """A session of Okta does not outlive the browser's.

    Why: on a shared or lost computer the next person would be signed in when the browser opens.
    Fix: Security, Global Session Policy: in each rule switch off cookies that persist across
        browser sessions.
    """
    return _sessions(
        policy,
        lambda session: ("persistent", not session.use_persistent_cookie),
        "session cookies end with the browser",
        "session cookies outlive the browser",
    )


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
