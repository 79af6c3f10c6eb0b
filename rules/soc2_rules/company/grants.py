"""Privileged access that came in the period was approved."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.company.models.grant import PrivilegedGrant, Ticket
from soc2_collectors.github.models.change import PullRequest
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 3


@rule(
    criteria=["CC6.2", "CC6.3"],
    severity=Severity.HIGH,
    where_sourced=[PullRequest],
    empty=not_applicable("no account came to administer its system in the time that was read"),
)
def company_privileged_grant_approved(
    grant: PrivilegedGrant,
    now: datetime,
    evidence: Evidence,
    *,
    approval_days: int = 30,
    max_days_before: int = 90,
    repositories: tuple[str, ...] = (),
) -> Verdict:
    """Each account that came to administer its system was approved by somebody else.

    An approval is one of three. A ticket that the configuration names (``[[sources.company.approvals]]``), of at most
    ``max_days_before`` days before the grant and at most ``approval_days`` after it. A decision of an access review to
    keep the access, within ``approval_days``. Or, where ``repositories`` names those by which access is granted
    (``acme/access``, patterns too), a merged pull request in the same time that another person approved and that
    names the login or the owner in its title or branch. Nobody approves access of their own, and a ticket counts
    from its day on. When the grant was is known between two collections; the later one counts.

    Why: access that nobody approved is how accounts that administer everything add up.
    Fix: have it approved and name the ticket in the configuration, or take the access away. A review decides on
        what is there: ``soc2-pac review start``.
    """
    due = grant.happened_before + timedelta(days=approval_days)
    first = grant.happened_after - timedelta(days=max_days_before)
    what = (
        f"{grant.login} in {grant.system}, since {grant.happened_after:%Y-%m-%d} "
        f"to {grant.happened_before:%Y-%m-%d}"
    )
    decided = [one for one in grant.reviews if one.decided_at < due]
    against = [one for one in decided if one.decision != "keep"]
    if against:
        return failed(f"{what}: {against[0].review} decided to {against[0].decision} it")
    valid = [
        one
        for one in grant.tickets
        if first.date() <= one.date <= due.date() and _another(grant, one.by)
    ]
    tickets = [
        f"{one.ticket} by {one.by} (not proved: the configuration says it)"
        for one in valid
        if _begins(one) <= now
    ]
    if tickets:
        return passed(f"{what}: approved by {_some(tickets)}")
    kept = [
        f"{one.review} by {one.decided_by}{'' if one.proved_by else ' (not proved)'}"
        for one in decided
        if _another(grant, one.decided_by)
    ]
    if kept:
        return passed(f"{what}: kept by {_some(kept)}")
    if repositories and evidence.sourced(PullRequest):
        changes = [
            change
            for change in evidence.everywhere(PullRequest)
            if first <= change.merged_at < due and _grants(change, grant, repositories)
        ]
        if changes:
            named = f"{changes[0].repository.name_with_owner}#{changes[0].number}"
            return passed(f"{what}: approved by {named}", on=changes[:1])
    if now < due:
        until = min([due, *(_begins(one) for one in valid)])
        return not_applicable(f"{what}: to be approved by {due:%Y-%m-%d}", until=until)
    return failed(f"{what}: no approval of another person by {due:%Y-%m-%d}")


def _begins(ticket: Ticket) -> datetime:
    """The first instant of a ticket's day, where on Earth that begins first."""
    return datetime.combine(ticket.date, time(tzinfo=UTC)) - timedelta(hours=14)


def _grants(change: PullRequest, grant: PrivilegedGrant, repositories: Iterable[str]) -> bool:
    """Whether a change is one to a repository of access, names whose it is, and was approved by another person."""
    where = change.repository.name_with_owner.lower()
    if not any(fnmatchcase(where, pattern.lower()) for pattern in repositories):
        return False
    text = f"{change.title}\n{change.head_ref_name}"
    names = [name for name in (grant.login, grant.owner_name) if name]
    if not any(re.search(rf"(?<!\w){re.escape(n)}(?!\w)", text, re.IGNORECASE) for n in names):
        return False
    # Who wrote a part of it that nobody can name may be who approved it.
    return not change.unread() and any(
        one.author is not None
        and one.author.typename == "User"
        and one.author_can_push_to_repository is True
        and _another(grant, one.author.login)
        for one in change.approvals()
    )


def _another(grant: PrivilegedGrant, name: str) -> bool:
    """Whether somebody is named who is not whoever got the access."""
    return bool(name.strip()) and not grant.is_own(name)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
