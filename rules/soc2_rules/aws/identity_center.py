"""IAM Identity Center: who is in it, for how long a session lasts, who administers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from soc2_collectors.aws.models.iam import AwsPolicy, Policy
from soc2_collectors.aws.models.identity_center import (
    Group,
    PermissionSet,
    SetBoundary,
    User,
    strength,
)
from soc2_collectors.aws.models.policy import Statement, statements
from soc2_collectors.aws.models.rights import EVERYTHING, Grants, Rights, grants_of, rights_of
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import people


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
    """Sessions of Identity Center end in time, and administrator sets belong to approved groups.

    A set administers by everything, or by enough in IAM to get it: by AWS's policies, an inline one, or a policy of
    the accounts where it is used, under its permissions boundary. ``admin_groups`` holds names or ids of groups.

    Why: a stolen session works until it ends, and an administrator set that was given to a person stays when
        the person changes jobs.
    Fix: aws sso-admin update-permission-set --session-duration PT4H; assign the set to a group (aws sso-admin
        create-account-assignment --principal-type GROUP) and name the group in admin_groups.
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
        return passed(f"sessions last {hours:g} hours; it grants no administrator rights")
    if session > timedelta(hours=max_admin_hours):
        return failed(f"sessions of administrators last {hours:g} hours, over {max_admin_hours}")
    return _assigned(permission_set, evidence, admin_groups, hours)


def _rights(permission_set: PermissionSet, evidence: Evidence) -> Rights:
    """What a set makes of whoever has it."""
    rights = permission_set.proven
    boundary = _boundary(permission_set)
    if rights.administrator and boundary is None:
        return rights
    if rights.administrator is None:
        arns = [policy.arn for policy in permission_set.attached]
        rights = strength(arns, permission_set.inline, permission_set.documents)
    theirs: list[list[Statement]] = []
    for reference in permission_set.references if not rights.administrator else ():
        own = [p for p in evidence.everywhere(Policy) if reference.names(p.arn or "")]
        if not own:
            how = f"the policy {reference.name} was not among those collected"
            return Rights(administrator=None, how=how)
        theirs += [policy.statements for policy in own]
    # What a policy says in one account does not lessen what it says in another.
    alone = [rights_of(_together(permission_set, [one])) for one in theirs]
    rights = next((one for one in alone if one.administrator), rights)
    if rights.administrator is False or boundary is None:
        return rights
    limits = _limits(boundary, evidence)
    if not limits:
        return Rights(administrator=None, how="what its permissions boundary leaves was not read")
    left = [
        rights_of(replace(_together(permission_set, [one]), ceilings=(tuple(limit),)))
        for one in theirs or [[]]
        for limit in limits
    ]
    return next((one for one in left if one.administrator), left[0])


def _boundary(permission_set: PermissionSet) -> SetBoundary | None:
    """What limits a set; where that was not read, nothing: without a limit it may do more."""
    try:
        return permission_set.boundary
    except FactUnavailable:
        return None


def _limits(boundary: SetBoundary, evidence: Evidence) -> list[list[Statement]]:
    """What a boundary allows, in each account where it was read."""
    reference = boundary.customer_managed_policy_reference
    if reference is not None:
        own = (p for p in evidence.everywhere(Policy) if reference.names(p.arn or ""))
        return [policy.statements for policy in own]
    arn = boundary.managed_policy_arn
    return [policy.statements for policy in evidence.everywhere(AwsPolicy) if policy.arn == arn]


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
    names = {group.group_id: group.display_name for group in evidence.here(Group)}
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
