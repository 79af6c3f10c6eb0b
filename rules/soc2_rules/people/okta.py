"""Whose the accounts of the org are; and where there is no roster, the leavers by Okta's own status."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.okta.models.user import User
from soc2_collectors.roster.models.person import RosterAccount, RosterPerson
from soc2_pac.identity import Person
from soc2_pac.model import Scope, Severity, Status, Verdict, inconclusive, not_applicable
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import people

_NOBODY = inconclusive("Okta shows no users to this identity, and every org has some")


@rule(
    criteria=["CC6.2"],
    severity=Severity.HIGH,
    empty=_NOBODY,
    where_sourced=[RosterPerson, RosterAccount],
    one_of=[RosterPerson],
)
def okta_users_match_roster(
    user: User,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Every user is somebody on the roster who works here, or an account that such a person answers for.

    By a line of the mapping of accounts, the personnel number or the mail address. ``exempt`` takes logins or
    patterns. Without a roster there is nothing to compare with: Okta cannot vouch for itself.

    Why: an account at the identity provider opens every application behind it, and one that belongs to
        nobody on the roster is nobody's to close.
    Fix: deactivate the user, or add the person to the roster, or a line to the mapping of accounts.
    """
    found = people.of(evidence)
    owned = found.graph.whose(*people.accounts_of(user, scope, found))
    return people.matched(found, owned, now, exempt, ())


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.CRITICAL,
    empty=_NOBODY,
    where_sourced=(*people.EVERYTHING, *people.LOG),
    one_of=[kind for kind in people.WHERE if kind is not User],
)
def okta_leaver_accounts_closed(
    user: User,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    max_hours: int = 24,
    period_days: int = 365,
) -> Verdict:
    """Whose user is suspended or deactivated has no account left in another system.

    Where a roster is a source it says who left, and roster-leaver-accounts-closed asks. Hours count from the
    change of the user's status; of who was suspended first, and deactivated later, from the suspension, as far
    back as the system log was read.

    Why: deactivating a person at the identity provider closes what is behind it, and nothing else.
    Fix: close the accounts that are named; then put the systems behind the identity provider, or provision
        them from it (SCIM).
    """
    if evidence.sourced(RosterPerson):
        return not_applicable("the roster says who left")
    someone = next(item for item in user.identities(scope) if isinstance(item, Person))
    if not user.known_status:
        return inconclusive(f"{user.login} has a status that is not known here: {user.status}")
    if not someone.gone(now):
        return not_applicable(f"{user.login} works here: {user.status}")
    first, unread = people.suspended(someone, evidence)
    said = people.closed(
        first, people.of(evidence), now, evidence, max_hours=max_hours, period_days=period_days
    )
    if unread and said.status is Status.PASS:
        return inconclusive(
            f"{said.message}; whether suspended before is not known: {unread}", until=said.until
        )
    return said
