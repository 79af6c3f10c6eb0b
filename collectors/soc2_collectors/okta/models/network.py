"""Networks: zones, what Okta does about suspicious addresses, and sites that may call it.

Source: Okta Management API, "Network Zones", "ThreatInsight", "Trusted Origins".
"""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_pac.resources import Resource

ANONYMIZERS = "ALL_ANONYMIZERS"
TOR = "ANONYMIZER_TOR"
NOT_TOR = "ALL_ANONYMIZERS_EXCEPT_TOR"
_WIDER = frozenset({"ALL_IP_SERVICES", "ALL_PROXIES_VPNS", ANONYMIZERS})
_PROXY_TYPES = {"any": ANONYMIZERS, "tor": TOR, "toranonymizer": TOR, "nottoranonymizer": NOT_TOR}
"""``proxyType`` of a dynamic zone in the words of an enhanced one."""


class Services(msgspec.Struct, frozen=True):
    """Sorts of services behind an address, of an enhanced dynamic zone."""

    include: list[str] | None = None
    exclude: list[str] | None = None


class NetworkZone(Resource, frozen=True, kw_only=True, rename="camel"):
    """A network zone (``GET /api/v1/zones``)."""

    kind = "okta.network_zone"

    id: str
    name: str
    status: str
    type: str
    """``IP``, ``DYNAMIC`` or ``DYNAMIC_V2`` (enhanced)."""
    usage: str
    """``POLICY``: policies may name it; ``BLOCKLIST``: nobody gets in from there."""
    gateways: list[Any] | None = None
    proxies: list[Any] | None = None
    proxy_type: str | None = None
    locations: Any = None
    asns: Any = None
    ip_service_categories: Services | None = None

    @property
    def active(self) -> bool:
        """Whether Okta considers it."""
        return self.status == "ACTIVE"

    @property
    def holds_addresses(self) -> bool:
        """Whether any address is in it; the zones that Okta makes are empty at first."""
        if self.type == "IP":
            return bool(self.gateways or self.proxies)
        return True

    @property
    def anonymizers(self) -> frozenset[str]:
        """Which anonymizers it covers wherever they stand, as sorts of services.

        A zone that is bound to places or networks covers none of them whole.
        """
        if _restricted(self.locations) or _restricted(self.asns):
            return frozenset()
        if self.type == "DYNAMIC":
            named = _PROXY_TYPES.get((self.proxy_type or "").lower())
            return frozenset({named} if named else ())
        services = self.ip_service_categories
        if self.type != "DYNAMIC_V2" or services is None:
            return frozenset()
        left_out = set(services.exclude or ())
        if left_out & {TOR, NOT_TOR, *_WIDER}:
            return frozenset()
        return frozenset(ANONYMIZERS if s in _WIDER else s for s in services.include or ())


def _restricted(where: object) -> bool:
    if isinstance(where, dict):
        return any(_restricted(part) for part in where.values())
    return bool(where)


class ThreatInsight(Resource, frozen=True, kw_only=True, rename="camel"):
    """What Okta does about addresses that it finds suspicious (``GET /api/v1/threats/configuration``)."""

    kind = "okta.threat_insight"

    action: str
    """``none``, ``audit`` or ``block``."""
    exclude_zones: list[str]
    """Ids of zones whose addresses are neither logged nor blocked."""


class OriginScope(msgspec.Struct, frozen=True):
    """What a trusted origin may do."""

    type: str
    """``CORS``, ``REDIRECT`` or ``IFRAME_EMBED``."""


class TrustedOrigin(Resource, frozen=True, kw_only=True, rename="camel"):
    """A site that may call Okta from a browser, or embed it (``GET /api/v1/trustedOrigins``)."""

    kind = "okta.trusted_origin"

    id: str
    name: str
    origin: str
    status: str
    scopes: list[OriginScope]
