"""IAM Identity Center: who is in it, for how long a session lasts, who administers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.iam import AwsPolicy, Policy
from soc2_collectors.aws.models.identity_center import (
    Group,
    PermissionSet,
    Reference,
    SetBoundary,
    User,
    strength,
)
from soc2_collectors.aws.models.policy import Statement, account_of, statements
from soc2_collectors.aws.models.rights import EVERYTHING, Grants, Rights, grants_of, rights_of
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import (
    Scope,
    Severity,
    Status,
    Verdict,
    failed,
    inconclusive,
    not_applicable,
    passed,
)
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import people
from soc2_rules.mechanisms.known import Unread

if TYPE_CHECKING:
    from collections.abc import Sequence


@rule(criteria=["CC6.2"], severity=Severity.HIGH, where_sourced=people.TRUTH)
def aws_identity_center_roster(
    user: User,
    now: datetime,
    scope: Scope,
    evidence: Evidence,
    *,
    roster: tuple[str, ...] = (),
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Enabled users of Identity Center are on the roster of active people.

    The roster is the source of people, or Okta where there is none, and an account is somebody's by a mail
    address or a line of the mapping. ``roster``, where it is given, stands in its place: user names or mail
    addresses; whoever keeps the list of active people keeps it. ``exempt`` takes user names or patterns.

    Why: an account that outlives its owner's contract is a way in that nobody watches.
    Fix: aws identitystore delete-user, or disable the user at the identity provider; add people who are
        active to roster.
    """
    if user.user_status == "DISABLED":
        return not_applicable("disabled")
    if user.user_status not in (None, "ENABLED"):
        return inconclusive(f"its status is not known: {user.user_status}")
    if not roster:
        found = people.of(evidence)
        owned = found.graph.whose(*people.accounts_of(user, scope, found))
        return people.matched(found, owned, now, exempt, ())
    if people.matches(user.user_name, exempt):
        return not_applicable(f"{user.user_name} is exempt")
    if not user.names:
        return failed("it has neither a user name nor a mail address")
    if user.names & {name.lower() for name in roster}:
        return passed("on the roster")
    return failed("not on the roster")


@rule(criteria=["CC6.1", "CC6.3"], severity=Severity.HIGH, needs=[Group, Policy, AwsPolicy])
def aws_permission_set_session(
    permission_set: PermissionSet,
    evidence: Evidence,
    *,
    max_hours: int = 12,
    max_admin_hours: int = 4,
    admin_groups: tuple[str, ...] = (),
) -> Verdict:
    """Sessions of permission sets end in time, and administrator sets belong to approved groups.

    A set administers by everything, or by enough in IAM to get it: by AWS's policies, an inline one, or a policy of
    the accounts where it is used, under its permissions boundary. What a set says is in force in an account once it is
    provisioned there. For how long people stay signed in to the access portal itself is not read. ``admin_groups``
    holds names or ids of groups.

    Why: a stolen session works until it ends, and an administrator set that was given to a person stays when
        the person changes jobs.
    Fix: aws sso-admin update-permission-set --instance-arn INSTANCE --permission-set-arn ARN --session-duration PT4H,
        then aws sso-admin provision-permission-set --instance-arn INSTANCE --permission-set-arn ARN --target-type
        ALL_PROVISIONED_ACCOUNTS; assign the set to a group (aws sso-admin create-account-assignment with the
        principal type GROUP) and name the group in admin_groups.
    """
    session = permission_set.session
    if session is None:
        told = permission_set.details.session_duration
        return inconclusive(f"the session duration cannot be read: {told}")
    hours = session.total_seconds() / 3600
    if session > timedelta(hours=max_hours):
        return failed(f"sessions last {hours:g} hours, over {max_hours}")
    rights = _rights(permission_set, evidence)
    if rights.administrator is None:
        return inconclusive(f"whether it grants administrator rights is not known: {rights.how}")
    if not rights.administrator:
        told = f"sessions last {hours:g} hours; it grants no administrator rights"
        return _outdated(permission_set) or passed(told)
    if session > timedelta(hours=max_admin_hours):
        return failed(f"sessions of administrators last {hours:g} hours, over {max_admin_hours}")
    verdict = _assigned(permission_set, evidence, admin_groups, hours)
    if verdict.status is Status.PASS:
        return _outdated(permission_set) or verdict
    return verdict


def _outdated(permission_set: PermissionSet) -> Verdict | None:
    """What to say where accounts have an older state of a set, which may be wider and longer."""
    if not permission_set.outdated:
        return None
    where = ", ".join(sorted(permission_set.outdated))
    return inconclusive(f"an older state of it is in force, and not read, in {where}")


def _rights(permission_set: PermissionSet, evidence: Evidence) -> Rights:
    """What a set makes of whoever has it, in any of the accounts where somebody has it."""
    rights = _known(permission_set, evidence)
    if rights.administrator is False and (unread := permission_set.unread):
        return Rights(administrator=None, how=f"what {', '.join(unread)} allows was not read")
    return rights


def _known(permission_set: PermissionSet, evidence: Evidence) -> Rights:
    """What the policies that were read make of whoever has the set."""
    rights = permission_set.proven
    boundary = _boundary(permission_set)
    if rights.administrator and boundary is None:
        return rights
    if rights.administrator is None:
        arns = [policy.arn for policy in permission_set.attached]
        rights = strength(arns, permission_set.inline, permission_set.documents)
    named = boundary.customer_managed_policy_reference if boundary else None
    references = permission_set.references if not rights.administrator or named else ()
    if not references and not named:
        if rights.administrator is False or boundary is None:
            return rights
        return _under(permission_set, [], _of_aws(boundary, evidence))
    found = [
        _in_account(permission_set, references, boundary, account, evidence)
        for account in _accounts(permission_set, [*references, *filter(None, [named])], evidence)
    ]
    unknown = next((one for one in found if one.administrator is None), None)
    return next((one for one in found if one.administrator), unknown or found[0])


def _accounts(
    permission_set: PermissionSet, references: Sequence[Reference], evidence: Evidence
) -> list[str]:
    """Where somebody has the set; where nobody has, wherever the policies that it refers to stand."""
    used = {one.account_id for one in permission_set.assignments or ()}
    there = {
        account_of(policy.arn)
        for policy in evidence.everywhere(Policy)
        if policy.arn and any(one.names(policy.arn) for one in references)
    }
    return sorted(used or there) or [""]


def _in_account(
    permission_set: PermissionSet,
    references: Sequence[Reference],
    boundary: SetBoundary | None,
    account: str,
    evidence: Evidence,
) -> Rights:
    """What a set makes of whoever has it in one account, by the policies that this account has."""
    where = f" of account {account}" if account else ""
    own: list[list[Statement]] = []
    unread = ""
    for reference in references:
        policy = _policy(reference, account, evidence)
        if policy is None:
            unread = f"the policy {reference.name}{where} was not among those collected"
        else:
            own.append(policy.statements)
    named = boundary.customer_managed_policy_reference if boundary else None
    if boundary is None:
        rights = rights_of(_together(permission_set, own))
    elif named is None:
        rights = _under(permission_set, own, _of_aws(boundary, evidence))
    else:
        limit = _policy(named, account, evidence)
        rights = _under(permission_set, own, limit.statements if limit is not None else None)
    if unread and not rights.administrator:
        return Rights(administrator=None, how=unread)
    return rights


def _policy(reference: Reference, account: str, evidence: Evidence) -> Policy | None:
    """The policy of an account that a set names."""
    return next(
        (
            policy
            for policy in evidence.everywhere(Policy)
            if policy.arn and account_of(policy.arn) == account and reference.names(policy.arn)
        ),
        None,
    )


def _boundary(permission_set: PermissionSet) -> SetBoundary | None:
    """What limits a set; where that was not read, nothing: without a limit it may do more."""
    try:
        return permission_set.boundary
    except FactUnavailable:
        return None


def _of_aws(boundary: SetBoundary, evidence: Evidence) -> list[Statement] | None:
    """What a boundary of AWS's allows, which is the same in every account; ``None`` where it was not read."""
    arn = boundary.managed_policy_arn
    return next(
        (policy.statements for policy in evidence.everywhere(AwsPolicy) if policy.arn == arn), None
    )


def _under(
    permission_set: PermissionSet, more: list[list[Statement]], limit: list[Statement] | None
) -> Rights:
    """What a set and some policies make of whoever has them, under a boundary."""
    grants = _together(permission_set, more)
    if rights_of(grants).administrator is False:
        return Rights(administrator=False)
    if limit is None:
        return Rights(administrator=None, how="what its permissions boundary leaves was not read")
    return rights_of(replace(grants, ceilings=(tuple(limit),)))


def _together(permission_set: PermissionSet, more: list[list[Statement]]) -> Grants:
    if permission_set.by_name:
        return grants_of([EVERYTHING, *more])
    texts = permission_set.documents.values()
    documents = [statements(text, granting=True) for text in texts]
    inline = statements(permission_set.inline or None, granting=True)
    return grants_of([*documents, inline, *more])


def _assigned(
    permission_set: PermissionSet, evidence: Evidence, approved: tuple[str, ...], hours: float
) -> Verdict:
    if permission_set.assignments is None:
        return inconclusive("who has it was not asked")
    unread = Unread()
    names = {one.group_id: one.display_name for one in unread.of(lambda: evidence.here(Group))}
    people, others, unknown = set(), set(), set()
    for one in permission_set.assignments:
        if one.principal_type == "USER":
            people.add(one.principal_id)
        elif one.principal_type != "GROUP":
            unknown.add(one.principal_type)
        elif not {one.principal_id, names.get(one.principal_id)} & set(approved):
            others.add(names.get(one.principal_id) or one.principal_id)
    if people:
        who = ", ".join(sorted(people))
        return failed(f"{len(people)} people administer by it directly: {who}")
    unread.demand_all()
    if others and approved:
        who = ", ".join(sorted(others))
        return failed(f"groups administer by it that are not approved: {who}")
    if others:
        who = ", ".join(sorted(others))
        return inconclusive(f"admin_groups is not configured; it belongs to {who}")
    if unknown:
        return inconclusive(f"who has it is not known: {', '.join(sorted(unknown))}")
    count = len(permission_set.assignments)
    return passed(f"sessions last {hours:g} hours; {count} assignments, to approved groups only")
