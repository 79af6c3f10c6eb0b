"""What IAM policies allow, and to whom they are given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.iam import Group, PasswordPolicy, Policy, Role, User
from soc2_collectors.aws.models.policy import ANYTHING
from soc2_collectors.aws.models.rights import (
    ASSUME,
    BOUNDARY,
    CENTRE,
    EXISTING,
    MADE,
    OWN,
    PASS,
    denied,
    holds,
    rights_of,
)
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.aws_administrators import KINDS, Holder, standing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from soc2_collectors.aws.models.escalation import Path
    from soc2_collectors.aws.models.policy import Statement

_WHOLE_SERVICE = re.compile(r"\*+|arn(:[\w*-]*)?:\*+|arn:[^:]*:[^:]*:[*]?:[^:]*:[*]+([/:][*]+)?")
"""Resources that stand for all of a service: ``*``, ``arn:aws:s3:::*``, ``arn:aws:sqs:*:111122223333:*``."""
_MODEST = "makes nobody an administrator"


def _strength(policy: Policy, whose: str) -> Verdict:
    """Whether a policy by itself makes whoever has it an administrator."""
    rights = rights_of(policy.grants)
    if rights.administrator:
        return failed(f"allows {rights.how}{whose}")
    if rights.administrator is None:
        return inconclusive(f"whether its conditions allow this is not known: {rights.how}")
    return passed(_MODEST)


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
    """Attached customer-managed policies do not allow everything, or enough in IAM to get it.

    Each policy is judged by itself. Everything is every action on every resource, ``NotAction`` too; enough is,
    for one, the right to write policies.

    Why: such a policy makes administrators without saying so in its name.
    Fix: write down the actions that are needed; aws accessanalyzer start-policy-generation drafts them from
        CloudTrail.
    """
    if policy.inline:
        return not_applicable("an inline policy, judged by a rule of its own")
    if policy.attached == 0:
        return not_applicable("attached to nobody")
    return _strength(policy, f"; attached to {policy.attached}")


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
    """Customer-managed policies that nobody uses do not allow everything, or enough in IAM to get it.

    Why: one call attaches it, and nobody reviews a policy that lies about.
    Fix: aws iam delete-policy.
    """
    if policy.inline or policy.attached:
        return not_applicable("in use")
    if policy.permissions_boundary_usage_count:
        return not_applicable("in use as a permissions boundary, which grants nothing")
    return _strength(policy, "; attached to nobody")


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_inline_policy_no_administrative_privileges",
        "powerpipe:iam_inline_policy_no_administrative_privileges",
    ],
)
def aws_inline_policy_no_admin(policy: Policy) -> Verdict:
    """Inline policies do not allow everything, or enough in IAM to get it.

    Why: inline policies show in no list of policies, so this is the quietest administrator there
        is.
    Fix: replace it by a managed policy with the actions that are needed. A role of Identity Center (AWSReservedSSO_...)
        has it from its permission set: change it there.
    """
    if not policy.inline:
        return not_applicable("a managed policy, judged by a rule of its own")
    return _strength(policy, f"; within {policy.owner}")


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
    """Policies hold no known way to more rights, on things of any name.

    About a hundred public ways are known: rights in IAM or IAM Identity Center, giving rights to roles and
    users that its holder makes, passing any role to what runs code, running code where a role is, taking on
    any role, and taking permissions boundaries away. A policy that names the resources is not judged by
    what these are. ``allowed_policies`` holds ARNs of policies, or of those whose inline policies are
    allowed.

    Why: the right to write policies, or to run code as any role, is the right to everything.
    Fix: limit the actions to named resources, and iam:PassRole to named roles.
    """
    if policy.arn in allowed_policies or policy.owner in allowed_policies:
        return not_applicable("allowed by configuration")
    found = list(policy.grants.paths(OWN, MADE, BOUNDARY, PASS, EXISTING, ASSUME, CENTRE))
    if certain := [path for path, answer in found if answer]:
        return failed(f"allows {_listed(certain)}")
    if found:
        told = _listed([path for path, _ in found])
        return inconclusive(f"whether its conditions allow this is not known: {told}")
    return passed("no known way")


_SAID = {
    OWN: "in IAM",
    MADE: "on what it makes itself",
    BOUNDARY: "where a boundary limits its holder",
    PASS: "for any role",
    EXISTING: "where a role is",
    ASSUME: "on any role",
    CENTRE: "in IAM Identity Center",
}
_MANY = 5


def _listed(paths: Sequence[Path]) -> str:
    """``iam:PassRole with ec2:RunInstances (for any role)``, sort by sort, the first few."""
    told = [f"{path.told} ({_SAID[path.kind]})" for path in paths[:_MANY]]
    more = f", and {len(paths) - _MANY} more ways" if len(paths) > _MANY else ""
    return ", ".join(told) + more


@rule(
    criteria=["CC6.1", "CC6.3"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:iam_no_custom_policy_permissive_role_assumption",
        "powerpipe:iam_policy_custom_no_permissive_role_assumption",
    ],
)
def aws_no_assume_any_role(policy: Policy, *, allowed_policies: tuple[str, ...] = ()) -> Verdict:
    """Customer policies do not allow sts:AssumeRole on every role, of this account or another one.

    ``allowed_policies`` holds ARNs of policies, or of those whose inline policies are allowed.

    Why: whoever has it becomes each role that trusts the account, in other accounts too.
    Fix: name the roles in Resource: arn:aws:iam::111122223333:role/deploy.
    """
    if policy.arn in allowed_policies or policy.owner in allowed_policies:
        return not_applicable("allowed by configuration")
    grants = policy.grants
    if not any(s.allow and s.covers(_ASSUME) for s in grants.statements):
        return passed("does not allow sts:AssumeRole")
    answer = grants.on_any(_ASSUME)
    if answer:
        return failed("allows sts:AssumeRole on every role")
    others = {account: grants.in_account(account).on_any(_ASSUME) for account in _elsewhere(policy)}
    if wide := sorted(account for account, found in others.items() if found):
        return failed(f"allows sts:AssumeRole on every role of {', '.join(wide)}")
    if answer is None or None in others.values():
        return inconclusive("allows sts:AssumeRole under conditions that cannot be judged")
    return passed("allows sts:AssumeRole, and not on every role")


_ASSUME = "sts:AssumeRole"


def _elsewhere(policy: Policy) -> set[str]:
    """Accounts that a policy speaks of, by its resources or by a condition on whose they are."""
    speaking = [one for one in policy.statements if one.allow and one.covers(_ASSUME)]
    named = [r.split(":")[4] for one in speaking for r in one.resources if r.count(":") > 4]  # noqa: PLR2004 - an ARN
    named += [
        value
        for one in speaking
        for condition in one.conditions
        if condition.key == "aws:resourceaccount" and condition.names_values
        for value in condition.values
    ]
    return {account for text in named if (account := _an_account(text))}


def _an_account(pattern: str) -> str:
    """An account that a pattern stands for; nothing where it stands for every one, or is none."""
    digits = len(pattern) - pattern.count("*")
    account = pattern.replace("?", "0").replace("*", "0" * (12 - digits), 1).replace("*", "")
    return account if digits and _ACCOUNT.fullmatch(account) else ""


_ACCOUNT = re.compile(r"\d{12}")


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
    """Customer policies do not allow a whole service by a wildcard, on every resource.

    A service that the same policy denies again does not count. ``allowed_policies`` holds ARNs of policies, or of those
    whose inline policies are allowed.

    Why: a service's every action includes those that delete data and change who has access.
    Fix: name the actions that are needed.
    """
    if policy.arn in allowed_policies or policy.owner in allowed_policies:
        return not_applicable("allowed by configuration")
    answers = dict(_wildcards(policy))
    if wide := sorted(action for action, answer in answers.items() if answer):
        return failed(f"allows {', '.join(wide)} on every resource")
    if unsure := sorted(action for action, answer in answers.items() if answer is None):
        return inconclusive(f"whether its conditions allow {', '.join(unsure)} is not known")
    return passed("no service-wide wildcard on every resource")


def _wildcards(policy: Policy) -> Iterator[tuple[str, bool | None]]:
    """Actions that stand for whole services, each with whether the policy allows it in the end."""
    grants = policy.grants
    for statement in grants.statements:
        if not statement.allow or not _of_whole_service(statement):
            continue
        for action, probe in _whole(statement):
            request = grants.request(probe, everywhere=True)
            answer = holds(statement, request)
            taken = denied(grants.statements, request)
            if answer is not False and not taken:
                yield action, None if taken is None else answer


def _whole(statement: Statement) -> Iterator[tuple[str, str]]:
    """(what a message names, an action of that service that nobody has named)."""
    for action in statement.actions:
        service, _, rest = action.partition(":")
        if not set(rest) - {"*", "?"} and (rest or not set(action) - {"*"}):
            yield action, f"{service.replace('*', 'any')}:{ANYTHING}"
    for name in statement.not_actions:
        yield f"everything but {name}", f"any:{ANYTHING}"


def _of_whole_service(statement: Statement) -> bool:
    return bool(statement.not_resources) or any(
        _WHOLE_SERVICE.fullmatch(resource) for resource in statement.resources
    )


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=KINDS,
    known_as=[
        "prowler:iam_aws_attached_policy_no_administrative_privileges",
        "prowler:iam_role_administratoraccess_policy",
        "powerpipe:iam_role_no_administrator_access_policy_attached",
        "powerpipe:iam_policy_all_attached_no_star_star",
    ],
)
def aws_aws_admin_policy_attached(
    role: Role, evidence: Evidence, scope: Scope, *, allowed_roles: tuple[str, ...] = ()
) -> Verdict:
    """Only approved roles administer the account.

    A role administers by everything, by enough in IAM to get it, or by another role that does, or that it can give
    every right, and that it can take on or run code with. Rights over single users (a key for one that administers) are
    not followed, and service control policies, which can only take rights away, are not looked at.
    ``allowed_roles`` holds names.

    Why: each holder can do everything; the list should be short, known and reviewed.
    Fix: give the role the actions that it needs, or list it in allowed_roles with the reviewer's
        consent.
    """
    if role.service_linked:
        return not_applicable("AWS owns this role")
    return _approved(role, evidence, scope, role.role_name in allowed_roles)


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=KINDS,
    known_as=["prowler:iam_user_administrator_access_policy"],
)
def aws_admin_users_approved(
    user: User, evidence: Evidence, scope: Scope, *, allowed_users: tuple[str, ...] = ()
) -> Verdict:
    """Only approved IAM users administer the account, by themselves, by a group, or by a role.

    A user administers as a role does: see aws-aws-admin-policy-attached. ``allowed_users`` holds names.

    Why: each holder can do everything, for as long as the user exists; people should come by a role instead.
    Fix: aws iam detach-user-policy, or aws iam remove-user-from-group; list the user in allowed_users with the
        reviewer's consent.
    """
    return _approved(user, evidence, scope, user.user_name in allowed_users)


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=KINDS,
    known_as=["prowler:iam_group_administrator_access_policy"],
)
def aws_admin_groups_approved(
    group: Group, evidence: Evidence, scope: Scope, *, allowed_groups: tuple[str, ...] = ()
) -> Verdict:
    """Only approved IAM groups administer the account.

    ``allowed_groups`` holds names.

    Why: whoever is put into the group can do everything.
    Fix: aws iam detach-group-policy, or list the group in allowed_groups with the reviewer's consent.
    """
    return _approved(group, evidence, scope, group.group_name in allowed_groups)


def _approved(holder: Holder, evidence: Evidence, scope: Scope, approved: bool) -> Verdict:  # noqa: FBT001
    found = standing(evidence, holder, scope)
    if found.administrator is None:
        return inconclusive(found.how)
    if not found.administrator:
        return passed("does not administer")
    if approved:
        return passed(f"on the approved list; administers {found.told}", on=found.on)
    return failed(f"not on the approved list; administers {found.told}", on=found.on)


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
    own = [policy.policy_name for policy in user.user_policy_list]
    own += [policy.policy_name for policy in user.attached_managed_policies or ()]
    if own:
        return failed(f"has policies of its own: {', '.join(sorted(own))}")
    count = len(user.attached)  # raises where AWS did not name them
    return passed(f"{count} policies of its own, in {len(user.groups)} groups")


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
    Fix: make it a managed policy and attach that. A role of Identity Center (AWSReservedSSO_...) has it from its
        permission set: aws sso-admin attach-customer-managed-policy-reference-to-permission-set, then aws sso-admin
        delete-inline-policy-from-permission-set.
    """
    return failed(f"stands within {policy.owner}") if policy.inline else passed("a managed policy")


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
    Fix: aws iam update-account-password-policy --require-uppercase-characters --require-lowercase-characters
        --require-numbers --require-symbols (with the other settings).
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
    if not age or account.policy.expire_passwords is False:
        return failed("passwords do not expire")
    return (
        passed(f"passwords expire after {age} days")
        if age <= max_days
        else failed(f"only after {age} days")
    )
