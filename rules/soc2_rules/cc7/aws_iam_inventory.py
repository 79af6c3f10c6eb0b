"""Who can ask AWS for help."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.iam import AccountSummary, Group, Role, User
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    criteria=["CC7.4"],
    severity=Severity.LOW,
    needs=[Role, User, Group],
    known_as=[
        "prowler:iam_support_role_created",
        "powerpipe:iam_support_role",
    ],
)
def aws_support_role(
    account: AccountSummary,
    evidence: Evidence,
    *,
    policies: tuple[str, ...] = ("arn:aws*:iam::aws:policy/AWSSupportAccess",),
) -> Verdict:
    """Somebody carries the policy for AWS support cases.

    ``policies`` holds ARNs, ``*`` allowed. That administrators could open cases too does not count: who does
    so in an incident should be known before.

    Why: in an incident nobody should have to find out who may call AWS.
    Fix: aws iam attach-role-policy --policy-arn arn:aws:iam::aws:policy/AWSSupportAccess for the role of
        those who handle incidents.
    """
    del account  # one verdict an account
    found = next(_holders(evidence, policies), None)
    if found is None:
        return failed("no role, no user and no group with members carries the policy")
    return passed(f"{found} carries it")


def _holders(evidence: Evidence, policies: tuple[str, ...]) -> Iterator[str]:
    """ARNs in order: of roles, users, and groups that somebody is in."""
    users = sorted(evidence.account(User), key=lambda user: user.arn)
    inhabited = {name for user in users for name in user.group_list}
    roles = sorted(evidence.account(Role), key=lambda role: role.arn)
    groups = sorted(evidence.account(Group), key=lambda group: group.arn)
    who = (
        *(role for role in roles if not role.service_linked),
        *users,
        *(group for group in groups if group.group_name in inhabited),
    )
    for one in who:
        attached = [policy.policy_arn for policy in one.attached_managed_policies]
        if any(fnmatchcase(arn, pattern) for arn in attached for pattern in policies):
            yield one.arn
