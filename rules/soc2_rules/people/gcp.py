"""Whose the accounts of the directory are."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.gcp.models.workspace import WorkspaceUser
from soc2_pac.model import Scope, Severity, Verdict, inconclusive
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import people


@rule(
    criteria=["CC6.2"],
    severity=Severity.HIGH,
    empty=inconclusive("Google listed no user, and each directory has one"),
    where_sourced=people.TRUTH,
    one_of=people.WHO,
)
def gcp_users_match_roster(
    user: WorkspaceUser,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Every account of Workspace is somebody's who works here, or one that such a person answers for.

    By a line of the mapping of accounts or a mail address of the account. ``exempt`` takes addresses or
    patterns of accounts that are nobody's, such as those for emergencies.

    Why: an account that belongs to nobody who works here is nobody's to close, and a way in all the same.
    Fix: suspend the account, or add the person to the roster, or a line to the mapping of accounts.
    """
    found = people.of(evidence)
    owned = found.graph.whose(*people.accounts_of(user, scope, found))
    return people.matched(found, owned, now, exempt, ())
