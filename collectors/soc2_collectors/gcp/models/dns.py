"""Views of Cloud DNS.

Source: Cloud DNS API v1, ``managedZones`` and ``policies``.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.gcp.models.located import Held, Located, short


class KeySpec(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A sort of key that a zone is signed with."""

    algorithm: str = ""
    key_type: str = ""


class Dnssec(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a zone is signed."""

    state: str = "off"
    default_key_specs: list[KeySpec] = []


class ZoneData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A zone as Cloud DNS shows it."""

    dns_name: str
    visibility: str = "public"
    dnssec_config: Dnssec | None = None
    """Left out where it was never switched on."""


class ManagedZone(Located, frozen=True, kw_only=True, rename="camel"):
    """A managed zone (``managedZones.list``)."""

    kind = "gcp.dns.managed_zone"
    resource: Held[ZoneData]


class PolicyNetwork(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A network that a policy holds for."""

    network_url: str


class PolicyData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A policy as Cloud DNS shows it."""

    name: str
    enable_logging: bool = False
    networks: list[PolicyNetwork] = []


class DnsPolicy(Located, frozen=True, kw_only=True, rename="camel"):
    """How networks are served by Cloud DNS (``policies.list``)."""

    kind = "gcp.dns.policy"
    resource: Held[PolicyData]

    @property
    def networks(self) -> list[str]:
        """Networks that it holds for, by path."""
        return [short(network.network_url) for network in self.resource.data.networks]
