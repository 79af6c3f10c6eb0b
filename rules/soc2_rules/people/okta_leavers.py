"""How soon after people leave their users are closed."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.okta.models.log import LogEvent, closed_since
from soc2_collectors.okta.models.times import days_after, hours_after
from soc2_collectors.okta.models.user import DEPROVISIONED, GONE, User
from soc2_collectors.roster.models.person import RosterAccount, RosterPerson
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import people

_NOBODY = inconclusive("Okta shows no users to this identity, and every org has some")


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.CRITICAL,
    empty=_NOBODY,
    needs=[LogEvent],
    where_sourced=[RosterPerson, RosterAccount],
    one_of=[RosterPerson],
)
def okta_deprovisioned_in_sla(
    user: User,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    sla_hours: int = 24,
    period_days: int = 365,
) -> Verdict:
    """Who leaves is suspended or deactivated in Okta within hours of the instant that the roster names.

    A day without a time is its first instant, UTC. A suspension that nobody undid counts from when it was
    made, by the system log, where the user was deactivated later; where the log that was read begins after
    somebody left, a late deactivation proves nothing. Who left longer than ``period_days`` ago
    is not asked. Users whom the roster does not know are those of ``okta-users-match-roster``.

    Why: the user opens every application behind Okta, and a person who left keeps the password.
    Fix: have the HR system deactivate users in Okta (HR-driven provisioning), or do it on the last day.
    """
    if not evidence.sourced(RosterPerson):
        return inconclusive("no roster says when people leave: configure one")
    if not user.known_status:
        return inconclusive(f"{user.login} has a status that is not known here: {user.status}")
    found = people.of(evidence)
    owned = found.graph.whose(*people.accounts_of(user, scope, found))
    if owned.person is None:
        unknown = found.unknown((RosterPerson.kind, RosterAccount.kind))
        if unknown:
            return inconclusive(f"whose {user.login} is, is not known: {unknown}")
        if people.contested(owned):
            return inconclusive(f"whose {user.login} is, is not known: {owned.reason}")
        return not_applicable(f"{user.login} is nobody's on the roster")
    if owned.account.sort != "person":
        return not_applicable(f"{user.login} is a {owned.account.sort} account")
    left = owned.person.left_at
    if not owned.person.gone(now) or (left is not None and now < left):
        return not_applicable(f"{owned.person} works here", until=left)
    if left is None:
        return inconclusive(f"{owned.person} left, on a day that the roster does not say")
    return _closed(user, left, now, evidence, sla_hours, period_days)


def _closed(
    user: User, left: datetime, now: datetime, evidence: Evidence, sla_hours: int, period_days: int
) -> Verdict:
    """How soon the user of somebody who left was closed."""
    said = f"{user.login} left on {left:%Y-%m-%d}"
    ends, due = days_after(left, period_days), hours_after(left, sla_hours)
    if now >= ends:
        return not_applicable(f"{said}, before the period")
    if user.status not in GONE:
        if now < due:
            return not_applicable(f"{said}, to be closed by {due:%Y-%m-%d %H:%M} UTC", until=due)
        return failed(f"{said}, and is {user.status}", until=ends)
    closed = user.closed_at
    if closed is None or closed > due:
        events = evidence.index(LogEvent, "access_of").get(user.id, ())
        known = [at for at in (closed, closed_since(events)) if at is not None]
        if not known:
            return inconclusive(
                f"{said}, and is {user.status}; since when Okta does not say", until=ends
            )
        closed = min(known)
        if closed > due and user.status == DEPROVISIONED and not _reaches(evidence, left):
            return inconclusive(
                f"{said}, and is {user.status} since {closed:%Y-%m-%d %H:%M} UTC; whether suspended before is not "
                "known: the system log that was read begins later",
                until=ends,
            )
    hours = max(closed - left, timedelta()).total_seconds() / 3600
    if closed <= due:
        return passed(f"{said}, and was closed after {hours:.0f} hours", until=ends)
    return failed(f"{said}, and was closed after {hours:.0f} hours, over {sla_hours}", until=ends)


def _reaches(evidence: Evidence, instant: datetime) -> bool:
    """Whether the system log was read as far back: a deactivation hides the suspension that came before it."""
    return any(event.published <= instant for event in evidence.account(LogEvent))
