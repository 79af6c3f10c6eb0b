"""Accounts with their owners, as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_pac.model import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from soc2_pac.identity import IdentityGraph, Owned


def chosen(
    graph: IdentityGraph, now: datetime, system: str | None, *, unmatched: bool, leavers: bool
) -> Iterator[Owned]:
    """The accounts of a system that nobody owns, or that people who left can use; all where neither is asked for."""
    for owned in graph.accounts:
        if system not in (None, owned.account.system, owned.account.system.partition(":")[0]):
            continue
        left = owned.person is not None and owned.person.gone(now)
        if unmatched and owned.person is not None:
            continue
        if leavers and not (left and owned.account.active is not False):
            continue
        yield owned


def row(owned: Owned, now: datetime) -> dict[str, object]:
    """Everything that is known of an account and its owner."""
    account, person = owned.account, owned.person
    return {
        "person": person.id if person else None,
        "name": person.name if person else None,
        "source": person.source if person else None,
        "here": None if person is None else not person.gone(now),
        "left_at": utc_text(person.left_at) if person and person.left_at else None,
        "department": person.department if person else None,
        "manager": person.manager if person else None,
        "system": account.system,
        "login": account.login,
        "uid": account.uid,
        "sort": account.sort,
        "reason": owned.reason,
        "note": owned.note,
        "active": account.active,
        "mfa": account.mfa,
        "privileged": account.privileged,
        "created": utc_text(account.created) if account.created else None,
        "last_used": utc_text(account.last_used) if account.last_used else None,
        "closed_at": utc_text(account.closed_at) if account.closed_at else None,
    }
