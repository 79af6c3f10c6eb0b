"""Privileged grants out of the store's history, with what approves them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.company.client import HISTORY
from soc2_collectors.company.models.grant import PrivilegedGrant
from soc2_pac.model import Document, utc_text, utc_time
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from soc2_collectors.company.client import Company
    from soc2_pac.model import Period

_REASONS = 20
"""Why something may be missing: so many are kept from one collection to the next."""


@collects(
    PrivilegedGrant,
    calls=[HISTORY],
    per="organization",
    cost="0: the store; the first reading goes through the history of a year, later ones through what is new",
    population=True,
    instant="at",
)
def grants(company: Company, period: Period) -> Iterator[Document]:
    """Accounts that came to administer their system, with the tickets and review decisions on each."""
    known: Any = period.since_cursor
    start = first = period.began - timedelta(days=company.settings.grants_since_days)
    since, because = None, []
    if known and utc_time(known["from"]) <= start:
        since, first, because = utc_time(known["to"]), utc_time(known["from"]), known["because"]
    found = company.grants(start, period.began, since, PrivilegedGrant.kind)
    because = list(dict.fromkeys([*because, *found.incomplete_because]))[-_REASONS:]
    period.ask(
        query=f"accounts that came to administer their system in the last "
        f"{company.settings.grants_since_days} days, by the store's history",
        start=first,
        end=period.began,
        counted="by the history itself",
        incomplete_because=because,
    )
    for event in found.events:
        body = {**event.document, "tickets": _tickets(company, event.document)}
        yield Document(event.uid, event.name, body)
    period.done(
        total=len(found.events),
        cursor={"from": utc_text(first), "to": utc_text(period.began), "because": because},
    )


def _tickets(company: Company, document: Mapping[str, Any]) -> list[dict[str, str]]:
    names = [str(document[key]).lower() for key in ("account", "login") if document.get(key)]
    return [
        {
            "ticket": one.ticket,
            "by": one.by,
            "date": one.date.isoformat(),
            "note": one.note,
        }
        for one in company.settings.approvals
        if one.fits(str(document["system"]), names)
    ]
