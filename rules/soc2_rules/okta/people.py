"""Accounts of people: second factors, disuse, and accounts that never came to life."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.okta.models.times import days_after
from soc2_collectors.okta.models.user import NO_SECOND_FACTOR, User
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_NOBODY = inconclusive("Okta shows no users to this identity, and every org has some")


@rule(criteria=["CC6.1", "CC6.2"], severity=Severity.HIGH, empty=_NOBODY)
def okta_users_without_mfa(
    user: User,
    *,
    not_counted: tuple[str, ...] = NO_SECOND_FACTOR,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Everybody who can sign in has an active second factor.

    ``not_counted`` names types of factors that are no second one: what a person knows, and mail, which Okta
    enrolls by itself. How strong a factor is, is not asked here. ``exempt`` takes logins or patterns.

    Why: a password alone is guessed, reused or phished, and a policy that asks for a factor lets
        whoever comes first enroll it.
    Fix: have the person enroll a factor, and require one: Security, Authenticators, Enrollment.
    """
    if not user.known_status:
        return inconclusive(f"{user.login} has a status that is not known here: {user.status}")
    if not user.signs_in:
        return not_applicable(f"{user.login} cannot sign in: {user.status}")
    if user.named_in(exempt):
        return not_applicable(f"{user.login} is exempt")
    factors = user.second_factors(not_counted)
    if factors:
        return passed(f"{user.login} has {', '.join(factors)}")
    if user.lacks_factor(not_counted):
        return failed(f"{user.login} has no active second factor")
    return inconclusive(f"{user.login} has factors that are not known here")


@rule(
    criteria=["CC6.2"],
    severity=Severity.HIGH,
    empty=_NOBODY,
)
def okta_inactive_users(
    user: User, now: datetime, *, max_idle_days: int = 90, exempt: tuple[str, ...] = ()
) -> Verdict:
    """Accounts that nobody uses are suspended or deactivated.

    What an automation would do is judged by its outcome: whether such accounts are left. ``exempt`` takes
    logins or patterns (accounts that sign in nowhere, say).

    Why: a forgotten account is missed by nobody when somebody else uses it, often that of a person
        who has left.
    Fix: suspend or deactivate the user, and let an automation do it: Workflow, Automations, user
        inactivity.
    """
    if not user.known_status:
        return inconclusive(f"{user.login} has a status that is not known here: {user.status}")
    if not user.signs_in:
        return not_applicable(f"{user.login} cannot sign in: {user.status}")
    if user.named_in(exempt):
        return not_applicable(f"{user.login} is exempt")
    last = user.last_seen
    due = days_after(last, max_idle_days)
    said = "signed in last" if last == user.last_login else "never signed in since"
    if now < due:
        return passed(f"{user.login} {said} on {last:%Y-%m-%d}", until=due)
    return failed(
        f"{user.login} {said} on {last:%Y-%m-%d}, over {max_idle_days} days since {due:%Y-%m-%d}"
    )


@rule(criteria=["CC6.2"], severity=Severity.LOW, empty=_NOBODY)
def okta_user_state_hygiene(
    user: User,
    now: datetime,
    *,
    max_days: int = 30,
    states: tuple[str, ...] = ("STAGED", "PROVISIONED", "RECOVERY", "LOCKED_OUT"),
) -> Verdict:
    """No account stays half made, in recovery or locked out for long.

    Why: such an account waits for whoever has the activation or recovery mail, and no list of
        active users shows it.
    Fix: Directory, People: activate, unlock or deactivate the user.
    """
    if user.status not in states:
        if not user.known_status:
            return inconclusive(f"{user.login} has a status that is not known here: {user.status}")
        return not_applicable(f"{user.login} is {user.status}")
    due = days_after(user.since, max_days)
    said = f"{user.login} is {user.status} since {user.since:%Y-%m-%d}"
    if now < due:
        return passed(said, until=due)
    return failed(f"{said}, over {max_days} days since {due:%Y-%m-%d}")
