"""Collects access review campaigns and their reviews."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.governance import KEPT_DAYS, Campaign
from soc2_pac import clock
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_CAMPAIGNS = "/governance/api/v1/campaigns"
_REVIEWS = "/governance/api/v1/reviews"
_PAGE = 200
_LAUNCHED = ("ACTIVE", "COMPLETED")
"""Statuses of campaigns that have reviews."""


@collects(
    Campaign,
    calls=[f"GET {_CAMPAIGNS}", f"GET {_REVIEWS}"],
    per="organization",
    cost="pages of 200 + pages of 200 reviews for each campaign of the last 400 days",
)
def campaigns(okta: Okta) -> Iterator[Document]:
    """Campaigns, with the reviews of those that were launched and are not long over."""
    for record in okta.items(_CAMPAIGNS, limit=_PAGE, key="data"):
        yield document(record, name="name", body=_reviews(okta, record))


def _reviews(okta: Okta, record: Mapping[str, Any]) -> Callable[[str], Mapping[str, object]]:
    def read(number: str) -> Mapping[str, object]:
        if record.get("status") not in _LAUNCHED or _long_over(record.get("endDate")):
            return {}
        only = f'campaignId eq "{number}"'
        return {"reviews": okta.list_fact(_REVIEWS, limit=_PAGE, key="data", filter=only)}

    return read


def _long_over(end: object) -> bool:
    try:
        ended = datetime.fromisoformat(str(end))
    except ValueError:
        return False
    if ended.tzinfo is None:
        return False
    return ended < clock.now() - timedelta(days=KEPT_DAYS)
