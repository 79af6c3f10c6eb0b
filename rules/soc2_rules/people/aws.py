"""Whose the IAM users of an account are."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.iam import Credential, User
from soc2_pac.model import Scope, Severity, Verdict, not_applicable
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import people


@rule(
    criteria=["CC6.2"],
    severity=Severity.HIGH,
    empty=not_applicable("there are no IAM users"),
    where_sourced=[*people.TRUTH, Credential],
    one_of=people.WHO,
)
def aws_users_match_roster(
    user: User,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Every IAM user is somebody who works here, or a service that such a person answers for.

    By a line of the mapping of accounts, the tag owner, or a mail address in the tag email or in the user's
    name; never by a likeness of names. ``exempt`` takes user names or patterns.

    Why: a user whom nobody knows has a password or keys to the account, and nobody will remember to
        delete it.
    Fix: say whose it is: aws iam tag-user --user-name USER --tags Key=owner,Value=MAIL, or a line in the
        mapping of accounts. Else delete its password and keys, then the user: aws iam delete-login-profile
        --user-name USER; aws iam delete-access-key --user-name USER --access-key-id KEY; aws iam delete-user
        --user-name USER.
    """
    found = people.of(evidence)
    owned = found.graph.whose(*people.accounts_of(user, scope, found))
    return people.matched(found, owned, now, exempt, (Credential.kind,))
