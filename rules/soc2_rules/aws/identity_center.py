"""IAM Identity Center: who is in it, for how long a session lasts, who administers."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.aws.models.identity_center import Group, PermissionSet, User
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


@rule(criteria=["CC6.1", "CC6.3"], severity=Severity.HIGH, needs=[Group])
def aws_permission_set_session(
    permission_set: PermissionSet,
    evidence: Evidence,
    *,
    max_hours: int = 12,
    max_admin_hours: int = 4,
    admin_groups: tuple[str, ...] = (),
) -> Verdict:
    """Sessions of Identity Center end in time, and administrator sets belong to approved groups.

    ``admin_groups`` holds names or ids of groups.

    Why: a stolen session works until it ends, and an administrator set that was given to a person stays when
        the person changes jobs.
    Fix: aws sso-admin update-permission-set --session-duration PT4H; assign the set to a group (aws sso-admin
        create-account-assignment --principal-type GROUP) and name the group in admin_groups.
    """
    session = permission_set.session
    if session is None:
        told = permission_set.details.session_duration
        return inconclusive(f"the session duration cannot be read: {told}")
    limit = max_admin_hours if permission_set.administers else max_hours
    hours = session.total_seconds() / 3600
    if session > timedelta(hours=limit):
        return failed(f"sessions last {hours:g} hours, over {limit}")
    if not permission_set.administers:
        return passed(f"sessions last {hours:g} hours; it grants no administrator rights")
    return _assigned(permission_set, evidence, admin_groups, hours)


def _assigned(
    permission_set: PermissionSet, evidence: Evidence, approved: tuple[str, ...], hours: float
) -> Verdict:
    if permission_set.assignments is None:
        return inconclusive("who has it was not asked")
    names = {group.group_id: group.display_name for group in evidence.here(Group)}
    people = sorted(
        {a.principal_id for a in permission_set.assignments if a.principal_type == "USER"}
    )
    others = sorted(
        {
            names.get(a.principal_id) or a.principal_id
            for a in permission_set.assignments
            if a.principal_type != "USER"
            and not {a.principal_id, names.get(a.principal_id)} & set(approved)
        }
    )
    if people:
        return failed(f"{len(people)} people administer by it directly: {', '.join(people)}")
    if others and not approved:
        return inconclusive(f"admin_groups is not configured; it belongs to {', '.join(others)}")
    if others:
        return failed(f"groups administer by it that are not approved: {', '.join(others)}")
    return passed(f"sessions last {hours:g} hours; administrator rights of approved groups only")
