"""Collects network zones, ThreatInsight's settings and trusted origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.network import NetworkZone, ThreatInsight, TrustedOrigin
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.okta.client import Okta

_ZONES = "/api/v1/zones"
_THREATS = "/api/v1/threats/configuration"
_ORIGINS = "/api/v1/trustedOrigins"
_PAGE = 200


@collects(NetworkZone, calls=[f"GET {_ZONES}"], per="organization", cost="pages")
def zones(okta: Okta) -> Iterator[Document]:
    """Network zones, active or not."""
    for zone in okta.items(_ZONES):
        yield document(zone, name="name")


@collects(ThreatInsight, calls=[f"GET {_THREATS}"], per="organization", cost="1")
def threat_insight(okta: Okta) -> Iterator[Document]:
    """The one configuration of ThreatInsight; it has no id of its own."""
    yield Document("threat_insight", "ThreatInsight", okta.ask(_THREATS))


@collects(TrustedOrigin, calls=[f"GET {_ORIGINS}"], per="organization", cost="pages of 200")
def trusted_origins(okta: Okta) -> Iterator[Document]:
    """Trusted origins, active or not."""
    for origin in okta.items(_ORIGINS, limit=_PAGE):
        yield document(origin, name=("name", "origin"))
