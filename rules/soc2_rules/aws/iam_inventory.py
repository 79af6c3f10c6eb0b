"""Which managed policies are in use, who audits, and who can ask AWS for help."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.iam import AccountSummary, Group, Role, User
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Iterator


@rule(
    criteria=["CC6.3"],
    severity=Severity.LOW,
    known_as=[
        "powerpipe:iam_custom_managed_policy_attached_to_role",
        "powerpipe:iam_managed_policy_attached_to_role",
    ],
)
def aws_role_managed_policy_inventory(role: Role, *, approved: tuple[str, ...] = ()) -> Verdict:
    """Roles carry no managed policy that is not on the approved list.

    ``approved`` holds ARNs, ``*`` allowed: ``arn:aws:iam::aws:policy/ReadOnlyAccess``,
    ``arn:aws:iam::111122223333:policy/team-*``. Without it nothing is judged: nobody can say which policies
    were reviewed but you. Policies that stand within a role are not on any list.

    Why: a policy that was added for a day and stayed is found by comparing with what was agreed on.
    Fix: aws iam detach-role-policy, or have the policy reviewed and put its ARN into approved.
    """
    if role.service_linked:
        return not_applicable("AWS owns this role")
    if not approved:
        return not_applicable("not judged: no list of approved policies is configured")
    found = [policy.policy_arn for policy in role.attached_managed_policies]
    unknown = sorted(
        arn for arn in found if not any(fnmatchcase(arn, pattern) for pattern in approved)
    )
    if unknown:
        return failed(f"not on the approved list: {', '.join(unknown)}")
    return passed(f"{len(found)} managed policies, all on the approved list")


@rule(
    criteria=["CC6.3", "CC7.2"],
    severity=Severity.LOW,
    needs=[Role],
    known_as=[
        "prowler:iam_securityaudit_role_created",
        "powerpipe:iam_security_audit_role",
    ],
)
def aws_audit_role(
    account: AccountSummary,
    evidence: Evidence,
    *,
    policies: tuple[str, ...] = ("arn:aws*:iam::aws:policy/SecurityAudit",),
) -> Verdict:
    """A role carries the policy for auditors, and is no administrator.

    ``policies`` holds ARNs, ``*`` allowed, each of which makes an auditor.

    Why: whoever checks the account should be able to see everything and to change nothing.
    Fix: aws iam create-role, then aws iam attach-role-policy --policy-arn
        arn:aws:iam::aws:policy/SecurityAudit.
    """
    del account  # one verdict an account
    holders = [
        role
        for role in evidence.account(Role)
        if not role.service_linked
        and any(
            fnmatchcase(policy.policy_arn, pattern)
            for policy in role.attached_managed_policies
            for pattern in policies
        )
    ]
    good = sorted(role.role_name for role in holders if not role.administrator)
    if good:
        return passed(f"the role {good[0]} carries it")
    if holders:
        names = ", ".join(sorted(role.role_name for role in holders))
        return failed(f"only administrators carry it: {names}")
    return failed("no role carries the policy for auditors")


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
