"""Whose the accounts of the tenant are."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.azure.models.entra import User
from soc2_pac.model import Scope, Severity, Verdict, inconclusive, not_applicable
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import people


@rule(
    criteria=["CC6.2"],
    severity=Severity.HIGH,
    empty=inconclusive("Graph listed no user, and each tenant has one"),
    where_sourced=people.TRUTH,
    one_of=people.WHO,
)
def azure_users_match_roster(
    user: User,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Every member of the tenant is somebody who works here, or an account that such a person answers for.

    By a line of the mapping of accounts, the employee id or the mail address. ``exempt`` takes names or
    patterns of accounts that are nobody's, such as those for emergencies. Guests, who work elsewhere, are
    asked about by azure-guests-controlled.

    Why: an account that belongs to nobody who works here is nobody's to close, and a way in all the same.
    Fix: az ad user update --id USER --account-enabled false, or add the person to the roster, or a line to
        the mapping of accounts.
    """
    if user.guest:
        return not_applicable(f"{user.login} is a guest")
    found = people.of(evidence)
    owned = found.graph.whose(*people.accounts_of(user, scope, found))
    return people.matched(found, owned, now, exempt, ())
