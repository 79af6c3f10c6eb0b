"""Whose the accounts of the organisation are."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.github.models.organization import ExternalIdentity, Member, VerifiedMails
from soc2_pac.model import Scope, Severity, Verdict, inconclusive
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import people


@rule(
    criteria=["CC6.2"],
    severity=Severity.HIGH,
    empty=inconclusive("GitHub shows no members to this identity, and every organisation has some"),
    where_sourced=[*people.TRUTH, *people.GITHUB_LINKS],
    one_of=people.WHO,
)
def github_members_match_roster(
    member: Member,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Every member is somebody who works here, or an account that such a person answers for.

    By a line of the mapping of accounts, the SAML or SCIM identity, or a mail address in a verified domain
    of the organisation; never by a likeness of names. ``exempt`` takes logins or patterns.

    Why: a member whom nobody knows reaches the code, and nobody will remember to remove them.
    Fix: gh api --method DELETE orgs/ORGANISATION/members/LOGIN, or say whose the account is: single sign-on, a
        verified mail address, or a line in the mapping of accounts.
    """
    found = people.of(evidence)
    records = people.accounts_of(member, scope, found)
    owned = found.graph.whose(*records)
    return people.matched(found, owned, now, exempt, (ExternalIdentity.kind, VerifiedMails.kind))
