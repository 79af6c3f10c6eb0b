"""Accounts that nobody uses."""

from __future__ import annotations

from datetime import datetime, timedelta

from soc2_collectors.github.models.activity import MemberActivity
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.github_logins import among


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.MEDIUM,
    empty=inconclusive("GitHub shows no members to this identity, and every organisation has some"),
    known_as=["powerpipe:cis_supply_chain_v100_1_3_1"],
)
def github_inactive_members(
    member: MemberActivity, now: datetime, *, reviewed: tuple[str, ...] = ()
) -> Verdict:
    """Members who contribute nothing are reviewed, and removed when nobody needs them.

    Contributions are commits to default branches, issues, pull requests and reviews, as far as the identity
    that collects may see the repositories. Who only reads contributes nothing, and since when somebody is a member
    GitHub does not show, only since when the account is there: ``reviewed`` holds the logins of members whose access
    somebody confirmed, new ones among them.

    Why: an account that nobody uses is watched by nobody either, and keeps its access.
    Fix: organisation settings, People: remove the member, or confirm in the configuration of this rule that
        the access is needed.
    """
    days = member.window_days
    done = member.contributions_collection
    if done.has_any_contributions:
        return passed(f"{member.login} contributed within {days} days before the collection")
    if done.has_any_restricted_contributions:
        return inconclusive(f"GitHub hides from this identity what {member.login} contributed")
    if among(member.login, reviewed):
        return not_applicable(f"{member.login} contributed nothing, and the access was confirmed")
    due = member.created_at + timedelta(days=days)
    if now < due:
        return not_applicable(
            f"the account {member.login} was made on {member.created_at:%Y-%m-%d}", until=due
        )
    return failed(
        f"{member.login} contributed nothing within {days} days before the collection, or since joining, and nobody "
        "confirmed the access"
    )
