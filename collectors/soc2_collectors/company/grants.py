"""Privileged grants out of the store's history, with what approves them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.company.client import HISTORY
from soc2_collectors.company.models.grant import PrivilegedGrant
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from soc2_collectors.company.client import Company
    from soc2_pac.model import Period


@collects(
    PrivilegedGrant,
    calls=[HISTORY],
    per="organization",
    cost="0: the store; a second for some 10,000 changes of accounts in the time that is read",
    population=True,
    instant="at",
)
def grants(company: Company, period: Period) -> Iterator[Document]:
    """Accounts that came to administer their system, with the tickets and review decisions on each."""
    start = period.began - timedelta(days=company.settings.grants_since_days)
    found = company.grants(start, period.began)
    period.ask(
        query=f"accounts that came to administer their system in the last "
        f"{company.settings.grants_since_days} days, by the store's history",
        start=start,
        end=period.began,
        counted="by the history itself",
        incomplete_because=list(found.incomplete_because),
    )
    for event in found.events:
        body = {**event.document, "tickets": _tickets(company, event.document)}
        yield Document(event.uid, event.name, body)
    period.done(total=len(found.events))


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
