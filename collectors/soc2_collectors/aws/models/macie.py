"""Views of Macie."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """``ENABLED`` or not."""

    status: str


class Session(Resource, frozen=True, kw_only=True):
    """Macie in a region."""

    kind = "aws.macie.session"
    volatile = (
        "GetMacieSession.updatedAt",
        "GetAutomatedDiscoveryConfiguration.lastUpdatedAt",
    )
    details: Details | None = fact("GetMacieSession")
    """``None``: Macie is not enabled."""
    discovery: Details | None = fact("GetAutomatedDiscoveryConfiguration")
    """``None``: Macie is not enabled."""
