"""Which managed policies are in use, who audits, and who can ask AWS for help."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.iam import AccountSummary, AttachedPolicy, Group, Role, User
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.aws_administrators import KINDS, standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
    found = [policy.policy_arn for policy in role.attached]
    unknown = sorted(
        arn for arn in found if not any(fnmatchcase(arn, pattern) for pattern in approved)
    )
    if unknown:
        return failed(f"not on the approved list: {', '.join(unknown)}")
    return passed(f"{len(found)} managed policies, all on the approved list")


@rule(
    criteria=["CC6.3"],
    severity=Severity.LOW,
    needs=KINDS,
    known_as=[
        "prowler:iam_securityaudit_role_created",
        "powerpipe:iam_security_audit_role",
    ],
)
def aws_audit_role(
    account: AccountSummary,
    evidence: Evidence,
    scope: Scope,
    *,
    policies: tuple[str, ...] = ("arn:aws*:iam::aws:policy/SecurityAudit",),
) -> Verdict:
    """A role carries the policy for auditors, and is no administrator.

    ``policies`` holds ARNs, ``*`` allowed, each of which makes an auditor.

    Why: whoever checks the account should be able to see everything and to change nothing.
    Fix: aws iam create-role, then aws iam attach-role-policy --role-name ROLE --policy-arn
        arn:aws:iam::aws:policy/SecurityAudit.
    """
    del account  # one verdict an account
    strong: list[str] = []
    unclear: list[str] = []
    for role in sorted(evidence.account(Role), key=lambda role: role.role_name):
        if role.service_linked:
            continue
        if role.attached_managed_policies is None:
            unclear.append(f"the policies of {role.role_name} were not given")
        elif _carries(role.attached_managed_policies, policies):
            found = standing(evidence, role, scope)
            if found.administrator is False:
                return passed(f"the role {role.role_name} carries it", on=[role])
            told = strong if found.administrator else unclear
            told.append(f"{role.role_name} ({found.how})")
    if unclear:
        return inconclusive(f"whether it is no administrator is not known: {', '.join(unclear)}")
    if strong:
        return failed(f"only administrators carry it: {', '.join(strong)}")
    return failed("no role carries the policy for auditors")


def _carries(attached: Sequence[AttachedPolicy], policies: tuple[str, ...]) -> bool:
    return any(fnmatchcase(one.policy_arn, pattern) for one in attached for pattern in policies)


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
    Fix: aws iam attach-role-policy --role-name ROLE --policy-arn arn:aws:iam::aws:policy/AWSSupportAccess
        for the role of those who handle incidents.
    """
    del account  # one verdict an account
    found = next(_holders(evidence, policies), None)
    if found is None:
        return failed("no role, no user and no group with members carries the policy")
    return passed(f"{found.arn} carries it", on=[found])


def _holders(evidence: Evidence, policies: tuple[str, ...]) -> Iterator[Role | User | Group]:
    """Who carries it: roles, users, and groups that somebody is in. Lists that were not given come last."""
    roles = [role for role in evidence.account(Role) if not role.service_linked]
    users, groups = evidence.account(User), evidence.account(Group)
    kinds: tuple[Sequence[Role | User | Group], ...] = (roles, users, groups)
    everybody = [sorted(who, key=lambda one: one.arn) for who in kinds]
    for who in everybody:
        for one in who:
            if not _carries(one.attached_managed_policies or (), policies):
                continue
            if not isinstance(one, Group) or _inhabited(one, users):
                yield one
    for who in everybody:
        for one in who:
            _ = one.attached  # raises where it was not given: who carries it is not known then


def _inhabited(group: Group, users: Sequence[User]) -> bool:
    return any(group.group_name in (user.group_list or ()) for user in users) or any(
        group.group_name in user.groups for user in users
    )
