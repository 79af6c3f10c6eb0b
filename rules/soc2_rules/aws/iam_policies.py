"""What IAM policies allow, and to whom they are given."""

from __future__ import annotations

import re

from soc2_collectors.aws.models.iam import PasswordPolicy, Policy, Role, User
from soc2_collectors.aws.models.policy import Statement, grants_everything, statements
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule

_ALONE = {
    "iam:CreatePolicyVersion": "policy",
    "iam:SetDefaultPolicyVersion": "policy",
    "iam:CreateAccessKey": "user",
    "iam:CreateLoginProfile": "user",
    "iam:UpdateLoginProfile": "user",
    "iam:AttachUserPolicy": "user",
    "iam:AttachGroupPolicy": "group",
    "iam:AttachRolePolicy": "role",
    "iam:PutUserPolicy": "user",
    "iam:PutGroupPolicy": "group",
    "iam:PutRolePolicy": "role",
    "iam:AddUserToGroup": "group",
    "iam:UpdateAssumeRolePolicy": "role",
}
"""Each of these alone, on any resource of its sort, lets its holder become an administrator."""
_WITH_PASS_ROLE = (
    "ec2:RunInstances",
    "lambda:CreateFunction",
    "glue:CreateDevEndpoint",
    "cloudformation:CreateStack",
    "datapipeline:CreatePipeline",
    "sagemaker:CreateNotebookInstance",
    "codebuild:CreateProject",
    "ecs:RunTask",
    "ssm:StartAutomationExecution",
)
"""Together with ``iam:PassRole`` on any role these run code as any role."""
_ANY_NAME = "any-name-that-nobody-chose"
"""A statement that reaches a resource of this name reaches all of its sort."""
_WHOLE_SERVICE = re.compile(r"\*+|arn:[^:]*:[^:]*:[*]?:[^:]*:[*]+(/[*]+)?")
"""Resources that stand for all of a service: ``*``, ``arn:aws:s3:::*``, ``arn:aws:sqs:*:111122223333:*``."""


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:iam_customer_attached_policy_no_administrative_privileges",
        "powerpipe:iam_policy_no_star_star",
        "powerpipe:iam_policy_custom_attached_no_star_star",
    ],
)
def aws_attached_customer_policy_no_admin(policy: Policy) -> Verdict:
    """Attached customer-managed policies do not grant every action on every resource.

    Why: such a policy makes administrators without saying so in its name.
    Fix: write down the actions that are needed; access-analyzer generate-policy drafts them from
        CloudTrail.
    """
    if policy.inline:
        return not_applicable("an inline policy, judged by a rule of its own")
    if policy.attachment_count == 0:
        return not_applicable("attached to nobody")
    if grants_everything(policy.document):
        return failed(
            f"allows every action on every resource, attached to {policy.attachment_count}"
        )
    return passed("does not allow everything")


@rule(
    criteria=["CC6.3"],
    severity=Severity.LOW,
    known_as=[
        "prowler:iam_customer_unattached_policy_no_administrative_privileges",
        "powerpipe:iam_custom_policy_unattached_no_star_star",
        "powerpipe:iam_custom_policy_unused",
    ],
)
def aws_unattached_admin_policy(policy: Policy) -> Verdict:
    """Customer-managed policies that nobody uses do not grant everything.

    Why: one call attaches it, and nobody reviews a policy that lies about.
    Fix: aws iam delete-policy.
    """
    if policy.inline or policy.attachment_count:
        return not_applicable("in use")
    if grants_everything(policy.document):
        return failed("allows every action on every resource, attached to nobody")
    return passed("does not allow everything")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_inline_policy_no_administrative_privileges",
        "powerpipe:iam_inline_policy_no_administrative_privileges",
    ],
)
def aws_inline_policy_no_admin(policy: Policy) -> Verdict:
    """Inline policies do not grant every action on every resource.

    Why: inline policies show in no list of policies, so this is the quietest administrator there
        is.
    Fix: replace it by a managed policy with the actions that are needed.
    """
    if not policy.inline:
        return not_applicable("a managed policy, judged by a rule of its own")
    if grants_everything(policy.document):
        return failed(f"allows every action on every resource, within {policy.owner}")
    return passed("does not allow everything")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_policy_allows_privilege_escalation",
        "prowler:iam_inline_policy_allows_privilege_escalation",
    ],
)
def aws_no_privilege_escalation(
    policy: Policy, *, allowed_policies: tuple[str, ...] = ()
) -> Verdict:
    """Policies hold no combination of actions that makes their holder an administrator.

    Why: the right to write policies, or to run code as any role, is the right to everything.
    Fix: limit the actions to named resources, or pass-role to named roles by iam:PassedToService.
    """
    if policy.arn in allowed_policies or policy.owner in allowed_policies:
        return not_applicable("allowed by configuration")
    found = statements(policy.document)
    iam = _arn_of_iam(policy.arn or policy.owner or "")
    alone = [
        action
        for action, sort in _ALONE.items()
        if _allowed(found, action, f"{iam}:{sort}/{_ANY_NAME}")
    ]
    if alone:
        return failed(f"allows {', '.join(alone)} on every resource")
    if _allowed(found, "iam:PassRole", f"{iam}:role/{_ANY_NAME}"):
        runs = [
            action
            for action in _WITH_PASS_ROLE
            if any(s.allow and not s.limited and s.covers(action) for s in found)
        ]
        if runs:
            return failed(f"allows iam:PassRole on every role, with {', '.join(runs)}")
    return passed("no known combination")


def _arn_of_iam(arn: str) -> str:
    """``arn:aws:iam::111122223333``: how the ARNs of IAM begin where a policy stands."""
    return ":".join(arn.split(":")[:5])


def _allowed(found: list[Statement], action: str, arn: str) -> bool:
    """Allowed on a resource that nobody has named, and denied there by no statement of the same policy."""
    allows = any(s.allow and not s.limited and s.covers(action) and s.reaches(arn) for s in found)
    denies = any(
        not s.allow and not s.conditions and s.covers(action) and s.reaches(arn) for s in found
    )
    return allows and not denies


@rule(
    criteria=["CC6.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "powerpipe:iam_all_policy_no_service_wild_card",
        "prowler:iam_policy_no_full_access_to_cloudtrail",
        "prowler:iam_policy_no_full_access_to_kms",
        "prowler:iam_inline_policy_no_full_access_to_cloudtrail",
        "prowler:iam_inline_policy_no_full_access_to_kms",
        "powerpipe:iam_policy_no_full_access_to_cloudtrail",
        "powerpipe:iam_policy_no_full_access_to_kms",
    ],
)
def aws_no_service_wildcards(policy: Policy, *, allowed_policies: tuple[str, ...] = ()) -> Verdict:
    """Customer policies do not grant all actions of a service on every resource.

    Why: a service's every action includes those that delete data and change who has access.
    Fix: name the actions that are needed.
    """
    if policy.arn in allowed_policies or policy.owner in allowed_policies:
        return not_applicable("allowed by configuration")
    wide = sorted(
        {
            action
            for s in statements(policy.document)
            if s.allow and not s.limited and _of_whole_service(s)
            for action in (*s.actions, *(f"everything but {name}" for name in s.not_actions))
            if s.not_actions or not set(action.partition(":")[2]) - {"*"}
        }
    )
    return (
        failed(f"allows {', '.join(wide)} on every resource")
        if wide
        else passed("no service-wide wildcard")
    )


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_aws_attached_policy_no_administrative_privileges",
        "prowler:iam_user_administrator_access_policy",
        "prowler:iam_role_administratoraccess_policy",
        "prowler:iam_group_administrator_access_policy",
        "powerpipe:iam_role_no_administrator_access_policy_attached",
        "powerpipe:iam_policy_all_attached_no_star_star",
    ],
)
def aws_aws_admin_policy_attached(role: Role, *, allowed_roles: tuple[str, ...] = ()) -> Verdict:
    """The AWS-managed administrator policy is attached to approved roles only.

    Why: each holder can do everything; the list should be short, known and reviewed.
    Fix: give the role the actions that it needs, or list it in allowed_roles with the reviewer's
        consent.
    """
    if role.service_linked:
        return not_applicable("AWS owns this role")
    if not role.administrator:
        return passed("not attached")
    if role.role_name in allowed_roles:
        return passed("attached, and the role is on the approved list")
    return failed("AdministratorAccess is attached, and the role is not on the approved list")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_policy_attached_only_to_group_or_roles",
        "powerpipe:iam_user_no_inline_attached_policies",
        "powerpipe:iam_user_in_group",
        "powerpipe:iam_user_no_policies",
    ],
)
def aws_permissions_via_groups(user: User) -> Verdict:
    """Users have permissions through groups only.

    Why: rights of single users are forgotten when their role changes.
    Fix: put the user into a group that has the policy, then detach it from the user.
    """
    own = [policy.policy_name for policy in user.attached_managed_policies]
    own += [policy.policy_name for policy in user.user_policy_list]
    return (
        failed(f"has policies of its own: {', '.join(sorted(own))}")
        if own
        else passed("none of its own")
    )


@rule(
    criteria=["CC6.3"],
    severity=Severity.LOW,
    known_as=[
        "powerpipe:iam_group_user_role_no_inline_policies",
    ],
)
def aws_no_inline_policies(policy: Policy) -> Verdict:
    """Users, groups and roles carry no inline policies.

    Why: inline policies show in no list of policies and are reviewed by nobody.
    Fix: make it a managed policy and attach that.
    """
    return failed(f"stands within {policy.owner}") if policy.inline else passed("a managed policy")


def _of_whole_service(statement: Statement) -> bool:
    return bool(statement.not_resources) or any(
        _WHOLE_SERVICE.fullmatch(resource) for resource in statement.resources
    )


_NO_POLICY = "the account has no password policy: AWS's default applies"


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_password_policy_minimum_length_14",
        "powerpipe:iam_account_password_policy_min_length_14",
        "powerpipe:iam_account_password_policy_strong_min_reuse_24",
    ],
)
def aws_password_min_length(account: PasswordPolicy, *, min_length: int = 14) -> Verdict:
    """The password policy demands long passwords.

    Why: length is what makes guessing expensive.
    Fix: aws iam update-account-password-policy --minimum-password-length 14 (with the other
        settings).
    """
    if account.policy is None:
        return failed(_NO_POLICY)
    length = account.policy.minimum_password_length
    if length < min_length:
        return failed(f"demands {length} characters, fewer than {min_length}")
    return passed(f"demands {length} characters")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:iam_password_policy_reuse_24",
        "powerpipe:iam_account_password_policy_reuse_24",
        "powerpipe:iam_account_password_policy_strong_min_reuse_24",
    ],
)
def aws_password_reuse(account: PasswordPolicy, *, min_remembered: int = 24) -> Verdict:
    """The password policy remembers old passwords.

    Why: a password that comes back undoes the change.
    Fix: aws iam update-account-password-policy --password-reuse-prevention 24 (with the other
        settings).
    """
    if account.policy is None:
        return failed(_NO_POLICY)
    remembered = account.policy.password_reuse_prevention or 0
    if remembered < min_remembered:
        return failed(f"remembers {remembered} passwords, fewer than {min_remembered}")
    return passed(f"remembers {remembered} passwords")


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:iam_password_policy_uppercase",
        "prowler:iam_password_policy_lowercase",
        "prowler:iam_password_policy_number",
        "prowler:iam_password_policy_symbol",
        "powerpipe:iam_account_password_policy_one_uppercase_letter",
        "powerpipe:iam_account_password_policy_strong_min_reuse_24",
    ],
)
def aws_password_complexity(account: PasswordPolicy) -> Verdict:
    """The password policy demands capital and small letters, digits and symbols.

    Why: it keeps the plainest words out.
    Fix: aws iam update-account-password-policy with the four --require options.
    """
    if account.policy is None:
        return failed(_NO_POLICY)
    asked = {
        "capital letters": account.policy.require_uppercase_characters,
        "small letters": account.policy.require_lowercase_characters,
        "digits": account.policy.require_numbers,
        "symbols": account.policy.require_symbols,
    }
    lacking = [name for name, demanded in asked.items() if not demanded]
    return (
        failed(f"does not demand {', '.join(lacking)}") if lacking else passed("demands all four")
    )


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:iam_password_policy_expires_passwords_within_90_days_or_less",
        "powerpipe:iam_password_policy_expire_90",
    ],
)
def aws_password_max_age(account: PasswordPolicy, *, max_days: int = 90) -> Verdict:
    """Passwords expire.

    Why: many programmes ask for it. NIST SP 800-63B advises against; switch the rule off with that
        reason then.
    Fix: aws iam update-account-password-policy --max-password-age 90 (with the other settings).
    """
    if account.policy is None:
        return failed(_NO_POLICY)
    age = account.policy.max_password_age
    if age is None:
        return failed("passwords do not expire")
    return (
        passed(f"passwords expire after {age} days")
        if age <= max_days
        else failed(f"only after {age} days")
    )
