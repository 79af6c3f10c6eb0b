"""The Azure side of acme-robotics: its tenant, two subscriptions, and what it got wrong.

Names and ids are inventions. Ages count back from the time of the call, so that the demo looks the same
on any day. What fills the tenant stands in :mod:`soc2_demo.azure_estate` (the subscriptions) and
:mod:`soc2_demo.azure_entra` (the directory), each with what it got wrong on purpose.
"""

from __future__ import annotations

from datetime import UTC, datetime

from soc2_demo import azure_entra, azure_estate
from soc2_demo.azure import Tenant, subscription
from soc2_demo.azure_words import PRODUCTION, SANDBOX, TENANT


def acme_robotics(now: datetime | None = None) -> Tenant:
    """The company's tenant as of ``now``."""
    now = now or datetime.now(UTC)
    state = Tenant(
        TENANT,
        subscriptions=[
            subscription(PRODUCTION, "acme-production", TENANT),
            subscription(SANDBOX, "acme-sandbox", TENANT),
        ],
    )
    for area in (*azure_entra.AREAS, *azure_estate.AREAS):
        area(state, now)
    return state
