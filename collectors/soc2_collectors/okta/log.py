"""Collects events of the system log: what changes administration, and who got access, lost it or got it back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.event_types import FAMILIES, OTHERS, SINGLE
from soc2_collectors.okta.models.log import CREATING, DELETING, LEAVING, RETURNING, LogEvent
from soc2_pac.model import utc_text, utc_time
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document, Period

_LOGS = "/api/v1/logs"
_PAGE = 1000
_TERMS = 45
"""Parts of one filter."""
_OVERLAP = timedelta(hours=2)
"""Events reach the log with a delay: each collection reads so much again, and finds what it knows."""


@collects(
    LogEvent,
    calls=[f"GET {_LOGS}"],
    per="organization",
    cost="4 queries; pages of 1000 of what is new",
    version="2",
    population=True,
    instant="published",
)
def log_events(okta: Okta, period: Period) -> Iterator[Document]:
    """Events since the last complete collection, or of the last ``log_since_days``; sign-ins are left out."""
    known: Any = period.since_cursor
    begins = period.began - timedelta(days=okta.log_since_days)
    first, start = (
        (utc_time(known["from"]), utc_time(known["to"]) - _OVERLAP) if known else (begins, begins)
    )
    queries = list(_queries())
    period.ask(
        query=" or ".join(queries),
        start=first,
        end=period.began,
        read_from=utc_text(start),
        counted="Okta gives no count: each listing was read to its last page",
    )
    read: set[str] = set()
    for query in queries:
        # With an end the listing ends; without one Okta would always name a next page.
        for record in okta.items(
            _LOGS,
            limit=_PAGE,
            since=utc_text(start),
            until=utc_text(period.began),
            filter=query,
            sortOrder="ASCENDING",
        ):
            found = document(record, name=("displayMessage", "eventType"), uid="uuid")
            if record.get("eventType") not in OTHERS and found.uid not in read:
                read.add(found.uid)
                yield found
    period.done(total=len(read), cursor={"from": utc_text(first), "to": utc_text(period.began)})


def _queries() -> Iterator[str]:
    """Filters that together name every type of events that is read; each is short enough for an address."""
    wanted = {*SINGLE, *CREATING, *DELETING, *LEAVING, *RETURNING}
    terms = [f'eventType sw "{family}"' for family in FAMILIES]
    terms += [f'eventType eq "{one}"' for one in sorted(wanted)]
    for first in range(0, len(terms), _TERMS):
        yield " or ".join(terms[first : first + _TERMS])
