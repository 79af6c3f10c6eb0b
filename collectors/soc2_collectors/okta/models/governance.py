"""Access certification campaigns of Okta Identity Governance, which is licensed apart.

Source: Okta Identity Governance API, "Campaigns" and "Reviews".
"""

from __future__ import annotations

import msgspec

from soc2_collectors.okta.models.times import Moment
from soc2_pac.resources import Resource, fact

UNREVIEWED = "UNREVIEWED"
APPROVE = "APPROVE"
REVOKE = "REVOKE"
KEPT_DAYS = 400
"""Reviews of campaigns that ended longer ago are not read."""


class Review(msgspec.Struct, frozen=True, rename="camel"):
    """One person's access to one thing, and what the reviewer said."""

    decision: str
    """``APPROVE``, ``REVOKE`` or ``UNREVIEWED``."""
    remediation_status: str | None = None
    """``SUCCESS``, ``NONE``, ``OPEN``, ``ERROR`` or ``MANUAL``; ``None``: nothing was done yet."""


class Campaign(Resource, frozen=True, kw_only=True, rename="camel"):
    """A campaign in which reviewers decide on access (``GET /governance/api/v1/campaigns``)."""

    kind = "okta.campaign"
    volatile = ("_links",)

    id: str
    name: str
    status: str
    """``SCHEDULED``, ``LAUNCHING``, ``ACTIVE``, ``COMPLETED``, ``ERROR`` or ``DELETED``."""
    start_date: Moment
    end_date: Moment
    last_updated: Moment | None = None
    recurring_campaign_id: str | None = None
    reviews: list[Review] = fact("reviews")
    """``GET /governance/api/v1/reviews``; they exist of campaigns that were launched."""
