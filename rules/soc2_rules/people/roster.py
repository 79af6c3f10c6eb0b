"""Joiners, movers and leavers: each person of the roster, over all systems."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from soc2_collectors.roster.models.person import RosterPerson
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Owned, Person
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import people

_NOBODY = inconclusive("the roster names nobody, and somebody works here")


def _not_judged(person: RosterPerson, now: datetime) -> Verdict | None:
    """The verdict on a row that cannot be read, and on somebody who left; ``None`` for who works here."""
    if person.malformed or person.status == "unknown":
        return inconclusive(f"the row cannot be read: {person.malformed or 'it has no status'}")
    if person.status == "left" or (person.leaves_at and person.leaves_at <= now):
        return not_applicable(f"left{_on(person.leaves_at)}")
    return None


def _while_here(person: RosterPerson, said: Verdict) -> Verdict:
    """What is said of somebody who works here holds until the last day, which nobody is asked about after."""
    ends = [moment for moment in (said.until, person.leaves_at) if moment is not None]
    return replace(said, until=min(ends, default=None))


def _on(moment: datetime | None) -> str:
    return f" on {moment:%Y-%m-%d}" if moment else ""


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.CRITICAL,
    empty=_NOBODY,
    where_sourced=(*people.EVERYTHING, *people.LOG),
    one_of=people.WHERE,
)
def roster_leaver_accounts_closed(
    person: RosterPerson,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    max_hours: int = 24,
    period_days: int = 365,
) -> Verdict:
    """Accounts of people who left are closed in every system, and in time.

    An account may outlive its owner by ``max_hours``, counted from ``left_at``; a day without a time is its
    first instant, UTC. Where a system keeps when an account was closed, one that was closed too late fails
    for ``period_days``: that cannot be fixed, only explained. Who was suspended in Okta first, and deactivated
    later, had no access from the suspension on, by the system log. Shared accounts and those of services that
    the person answers for are asked about elsewhere. Rows of one name and one mail address are one person, of
    whom the latest employment is judged.

    Why: an account that outlives its owner's contract is a way in that nobody watches, and the one that
        was forgotten is in the system that the checklist does not name.
    Fix: close the accounts that are named; then let the identity provider close them all (SCIM), or add the
        system to the checklist of who offboards.
    """
    other = _not_judged(person, now)
    if other is None:
        return not_applicable("works here", until=person.leaves_at)
    if person.malformed or person.status == "unknown":
        return other
    someone = next(item for item in person.identities(scope) if isinstance(item, Person))
    found = people.of(evidence)
    if (again := found.later.get(someone.key)) is not None:
        return not_applicable(f"left{_on(person.leaves_at)}, and has a later row: {again}")
    return people.closed(
        someone,
        found,
        now,
        evidence,
        max_hours=max_hours,
        period_days=period_days,
    )


@rule(
    criteria=["CC6.1", "CC6.2"],
    severity=Severity.HIGH,
    empty=_NOBODY,
    where_sourced=people.EVERYTHING,
    one_of=people.WHERE,
)
def roster_mfa_everywhere(
    person: RosterPerson,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    elsewhere: tuple[str, ...] = (),
) -> Verdict:
    """Nobody has an account without a second factor in any system.

    ``elsewhere`` holds systems (``aws-identity-center``, ``github:acme``) that people sign in to through
    another one, which asks for the factor. Accounts with nothing but keys are not asked.

    Why: who reaches one system with a password alone reaches what that system is trusted with, however
        well the others are kept.
    Fix: enroll a factor in the systems that are named, or put them behind single sign-on.
    """
    other = _not_judged(person, now)
    if other is not None:
        return other
    return _while_here(person, _factors(person, people.of(evidence), scope, elsewhere))


def _factors(
    person: RosterPerson, found: people.Population, scope: Scope, elsewhere: tuple[str, ...]
) -> Verdict:
    """Whether each account of somebody has a second factor."""
    blind = found.blind()
    if blind is not None:
        return blind
    source = f"roster:{scope.account}"
    asked = [
        o
        for o in people.own(found, source, person.id)
        if o.account.active is not False
        and o.account.signs_in is not False
        and not people.in_systems(o, elsewhere)
    ]
    without = [o for o in asked if o.account.active and o.account.mfa is False]
    if without:
        return failed(f"no second factor: {people.listed(without)}")
    unknown = [str(o.account) for o in asked if not o.account.mfa]
    if unknown:
        return inconclusive(f"whether there is a second factor is not known: {', '.join(unknown)}")
    return _settled(found, person, asked, "a second factor everywhere", elsewhere, source)


def _settled(
    found: people.Population,
    person: RosterPerson,
    accounts: list[Owned],
    what: str,
    elsewhere: tuple[str, ...],
    source: str,
) -> Verdict:
    """What is true of all accounts, unless some may be missing."""
    disputed = found.graph.disputed(source, person.id)
    if disputed:
        return inconclusive(f"these may be theirs or another's: {', '.join(disputed)}")
    unknown = found.unknown()
    if unknown:
        return inconclusive(f"accounts may be missing: {unknown}")
    lacking = people.nothing_to_compare(found)
    if lacking:
        return lacking
    unseen = people.unseen(found, source, person.id, elsewhere)
    if unseen:
        return inconclusive(f"not collected: {', '.join(unseen)}")
    if not accounts:
        return not_applicable("no account of theirs is asked")
    names = ", ".join(str(o.account) for o in accounts)
    return passed(f"{what}: {names}")


@rule(criteria=["CC6.2", "CC6.3"], severity=Severity.MEDIUM, empty=_NOBODY)
def roster_access_reviewed(person: RosterPerson, now: datetime, *, max_days: int = 92) -> Verdict:
    """Everybody's access was reviewed within the quarter.

    Read from the column ``access_reviewed_at``. Who joined, or came back, has ``max_days`` for the first
    review. A day that has not come yet is no review.

    Why: rights that were given for a task stay when the task is done, unless somebody reviews them.
    Fix: have the manager review what the person can reach, and write down the day.
    """
    other = _not_judged(person, now)
    if other is not None:
        return other
    try:
        said = _reviewed(person, now, max_days)
    except FactUnavailable as error:
        said = inconclusive(str(error))  # a column of a file: no call is left to make
    return _while_here(person, said)


def _reviewed(person: RosterPerson, now: datetime, max_days: int) -> Verdict:
    """Whether the access of somebody was reviewed in time."""
    reviewed = person.access_reviewed_at
    if reviewed and reviewed > now:
        return failed(
            f"the review is dated {reviewed:%Y-%m-%d}, which has not come yet", until=reviewed
        )
    if reviewed and person.joined_at and reviewed < person.joined_at:
        reviewed = None  # of an earlier employment
    since = reviewed or person.joined_at
    if since is None:
        return failed("never reviewed")
    due = since + timedelta(days=max_days)
    what = f"reviewed on {reviewed:%Y-%m-%d}" if reviewed else f"never reviewed; joined{_on(since)}"
    if now < due:
        return passed(f"{what}, due by {due:%Y-%m-%d}", until=due)
    return failed(f"{what}, and was due by {due:%Y-%m-%d}")


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    empty=_NOBODY,
    where_sourced=(*people.EVERYTHING, *people.AWS_RIGHTS),
    one_of=people.WHERE,
)
def roster_privileged_by_group(
    person: RosterPerson,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    departments: tuple[str, ...] = (),
    groups: tuple[str, ...] = (),
    elsewhere: tuple[str, ...] = (),
) -> Verdict:
    """Privileged accounts belong to people whose department or group is meant to have them.

    ``departments`` holds those of the roster that may administer, ``groups`` the names of groups and roles
    of the systems that make an administrator by agreement; ``*`` is allowed in both. ``elsewhere`` holds
    systems whose privileges other rules judge. A role of Entra counts, whether it is held or may be
    activated; roles of Azure subscriptions are not asked about.

    Why: rights that came with a job and stayed after a move to another are held by whom nobody expects.
    Fix: take the privilege from the account, or add the department or group that is meant to have it.
    """
    other = _not_judged(person, now)
    if other is not None:
        return other
    found = people.of(evidence)
    return _while_here(person, _privileges(person, found, scope, departments, groups, elsewhere))


def _privileges(
    person: RosterPerson,
    found: people.Population,
    scope: Scope,
    departments: tuple[str, ...],
    groups: tuple[str, ...],
    elsewhere: tuple[str, ...],
) -> Verdict:
    """Whether the accounts of somebody administer, and are meant to."""
    blind = found.blind()
    if blind is not None:
        return blind
    source = f"roster:{scope.account}"
    accounts = [
        o
        for o in people.own(found, source, person.id)
        if o.account.active is not False and not people.in_systems(o, elsewhere)
    ]
    strong = [o for o in accounts if o.account.active and o.account.privileged]
    if strong and not (departments or groups):
        return inconclusive(
            f"neither departments nor groups is configured; privileged: {people.listed(strong)}"
        )
    wrong = [
        o
        for o in strong
        if not (
            people.matches(person.department or "", departments)
            or any(people.matches(group, groups) for group in o.account.groups)
        )
    ]
    if wrong:
        place = f"is in {person.department}" if person.department else "is in no department"
        return failed(f"{place}, and has {people.listed(wrong)}")
    unknown = [
        str(o.account)
        for o in accounts
        if o.account.privileged is None or (o.account.privileged and not o.account.active)
    ]
    if unknown:
        return inconclusive(f"whether it is privileged is not known: {', '.join(unknown)}")
    what = "privileged as meant" if strong else "no privileges"
    return _settled(found, person, strong or accounts, what, elsewhere, source)
