"""Networks: zones, what Okta does about suspicious addresses, and sites that may call it.

Source: Okta Management API, "Network Zones", "ThreatInsight", "Trusted Origins".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors.reach import NO_SOURCE, Sources, networks, unread
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterable

ALL_ZONES = "ALL_ZONES"
"""In place of ids: every zone of the org that policies may name."""
ANONYMIZERS = "ALL_ANONYMIZERS"
TOR = "ANONYMIZER_TOR"
NOT_TOR = "ALL_ANONYMIZERS_EXCEPT_TOR"
_WIDER = frozenset({"ALL_IP_SERVICES", ANONYMIZERS})
_PROXY_TYPES = {"any": ANONYMIZERS, "tor": TOR, "toranonymizer": TOR, "nottoranonymizer": NOT_TOR}
"""``proxyType`` of a dynamic zone in the words of an enhanced one."""


class Services(msgspec.Struct, frozen=True):
    """Sorts of services behind an address, of an enhanced dynamic zone."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "exclude": "nothing is left out where it is empty or missing (Network Zones API)",
    }

    include: list[str] | None = None
    exclude: list[str] | None = None


class ZoneAddress(msgspec.Struct, frozen=True):
    """A network or a range of addresses."""

    type: str | None = None
    """``CIDR`` or ``RANGE``."""
    value: str | None = None


class NetworkZone(Resource, frozen=True, kw_only=True, rename="camel"):
    """A network zone (``GET /api/v1/zones``)."""

    kind = "okta.network_zone"
    may_lack: ClassVar[Mapping[str, str]] = {
        "gateways": "Okta writes null where a zone has none, and not at all of dynamic ones; a zone without "
        "addresses narrows nothing",
        "proxies": "Okta writes null where a zone has none; they only add addresses",
        "locations": "of dynamic zones only; without one, ASNs or services the zone is not counted as narrow",
        "asns": "of dynamic zones only; without one, places or services the zone is not counted as narrow",
        "proxyType": "of dynamic zones only; Okta writes null where it is not chosen",
        "ipServiceCategories": "of enhanced dynamic zones only; without it no service is covered",
        "useAsExemptList": "only the one zone that Okta makes for it has it (release notes, IP exempt zone)",
    }

    id: str
    name: str
    status: str
    type: str
    """``IP``, ``DYNAMIC`` or ``DYNAMIC_V2`` (enhanced)."""
    usage: str
    """``POLICY``: policies may name it; ``BLOCKLIST``: nobody gets in from there."""
    gateways: list[ZoneAddress] | None = None
    proxies: list[ZoneAddress] | None = None
    proxy_type: str | None = None
    locations: Any = None
    asns: Any = None
    ip_service_categories: Services | None = None
    use_as_exempt_list: bool | None = None
    """Whether its addresses are let in past ThreatInsight and every blocklist."""

    @property
    def active(self) -> bool:
        """Whether Okta considers it."""
        return self.status == "ACTIVE"

    @property
    def for_policies(self) -> bool:
        """Whether policies and tokens may name it."""
        return self.usage == "POLICY"

    @property
    def exempt(self) -> bool:
        """Whether Okta lets its addresses past ThreatInsight and every blocklist, as far as it holds any."""
        return bool(self.use_as_exempt_list)

    @property
    def sources(self) -> Sources:
        """The addresses that it holds; of a dynamic zone they may be any, unless it says nothing at all."""
        if self.type == "IP":
            held = (*(self.gateways or ()), *(self.proxies or ()))
            return networks(one.value or "an address that is not said" for one in held)
        return unread(f"{self.name} ({self.type})")

    @property
    def narrows(self) -> bool | None:
        """Whether it tells some addresses from the rest of the internet; ``None``: that cannot be told."""
        if not self.active:
            return False if self.status == "INACTIVE" else None
        if self.type == "IP":
            found = self.sources
            opened = found.is_open()
            return None if opened is None else bool(found) and not opened
        if self.type in ("DYNAMIC", "DYNAMIC_V2"):
            return self.chooses or None
        return None

    @property
    def chooses(self) -> bool:
        """Whether a dynamic zone names places, networks of operators, or services that are in it."""
        services = self.ip_service_categories
        return (
            _included(self.locations)
            or _included(self.asns)
            or bool(services and services.include)
            or (self.proxy_type or "").lower() in _PROXY_TYPES
        )

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
        if services.exclude:
            return frozenset()
        return frozenset(ANONYMIZERS if s in _WIDER else s for s in services.include or ())


def _included(where: object) -> bool:
    chosen = where.get("include") if isinstance(where, dict) else where
    return bool(chosen)


def held(zones: Iterable[NetworkZone]) -> Sources:
    """The addresses that zones hold together."""
    found = NO_SOURCE
    for zone in zones:
        found = found | zone.sources
    return found


def _restricted(where: object) -> bool:
    if isinstance(where, dict):
        return any(_restricted(part) for part in where.values())
    return bool(where)


class ThreatInsight(Resource, frozen=True, kw_only=True, rename="camel"):
    """What Okta does about addresses that it finds suspicious (``GET /api/v1/threats/configuration``)."""

    kind = "okta.threat_insight"
    may_lack: ClassVar[Mapping[str, str]] = {
        "excludeZones": "a list that may be empty: no zone is exempt"
    }

    action: str
    """``none``, ``audit`` or ``block``."""
    exclude_zones: list[str]
    """Ids of zones whose addresses are neither logged nor blocked."""


class OriginScope(msgspec.Struct, frozen=True):
    """What a trusted origin may do."""

    may_lack: ClassVar[Mapping[str, str]] = {"type": "only named"}
    any_value: ClassVar[Mapping[str, str]] = {"type": "only named"}

    type: str
    """``CORS``, ``REDIRECT`` or ``IFRAME_EMBED``."""


class TrustedOrigin(Resource, frozen=True, kw_only=True, rename="camel"):
    """A site that may call Okta from a browser, or embed it (``GET /api/v1/trustedOrigins``)."""

    kind = "okta.trusted_origin"
    may_lack: ClassVar[Mapping[str, str]] = {
        "status": "whatever is not INACTIVE counts as trusted, and is asked",
        "scopes": "only named",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "status": "whatever is not INACTIVE counts as trusted, and is asked",
    }

    id: str
    name: str
    origin: str
    status: str
    scopes: list[OriginScope]
