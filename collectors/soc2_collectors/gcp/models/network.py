"""Views of VPC networks: firewall rules, networks, subnets, reserved addresses.

Source: Compute Engine API v1, ``firewalls``, ``networks``, ``subnetworks``, ``addresses``.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.gcp.models.located import Held, Located, short
from soc2_collectors.gcp.models.reach import world


class LogConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether something is logged; off where it is left out."""

    enable: bool = False


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A protocol and its ports; every port where none is named."""

    protocol: str = msgspec.field(name="IPProtocol")
    ports: list[str] = []


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A firewall rule. It either allows or denies."""

    network: str
    direction: str = "INGRESS"
    priority: int = 1000
    disabled: bool = False
    source_ranges: list[str] = []
    source_tags: list[str] = []
    source_service_accounts: list[str] = []
    destination_ranges: list[str] = []
    target_tags: list[str] = []
    target_service_accounts: list[str] = []
    allowed: list[Entry] = []
    denied: list[Entry] = []
    log_config: LogConfig | None = None


class Firewall(Located, frozen=True, kw_only=True, rename="camel"):
    """A VPC firewall rule (``firewalls.list``)."""

    kind = "gcp.compute.firewall"
    resource: Held[Rule]

    @property
    def rule(self) -> Rule:
        """What it says."""
        return self.resource.data

    @property
    def network(self) -> str:
        """The network that it belongs to, by path."""
        return short(self.rule.network)

    @property
    def lets_in(self) -> bool:
        """In force for traffic that comes in: neither for what goes out, nor disabled."""
        return self.rule.direction == "INGRESS" and not self.rule.disabled

    @property
    def denies_in(self) -> str:
        """The network in which it keeps something out; empty where it does not."""
        return self.network if self.rule.denied and self.lets_in else ""

    @property
    def sources(self) -> list[str]:
        """Ranges that it speaks of. Google: a rule that names no source means every IPv4 address."""
        rule = self.rule
        if rule.source_ranges or rule.source_tags or rule.source_service_accounts:
            return rule.source_ranges
        return ["0.0.0.0/0"]

    @property
    def world(self) -> frozenset[int]:
        """The versions of IP of which every address is among its sources."""
        return world(self.sources)


class NetworkData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A network as Compute Engine shows it."""

    name: str
    legacy_range: str | None = msgspec.field(default=None, name="IPv4Range")
    """Only legacy networks have one."""


class Network(Located, frozen=True, kw_only=True, rename="camel"):
    """A VPC network, or a legacy one (``networks.list``)."""

    kind = "gcp.compute.network"
    resource: Held[NetworkData]


class SubnetData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A subnet as Compute Engine shows it."""

    ip_cidr_range: str = ""
    purpose: str = "PRIVATE"
    enable_flow_logs: bool = False
    log_config: LogConfig | None = None


class Subnet(Located, frozen=True, kw_only=True, rename="camel"):
    """A subnet (``subnetworks.list``)."""

    kind = "gcp.compute.subnetwork"
    resource: Held[SubnetData]

    @property
    def flow_logs(self) -> bool:
        """Whether flow logs are on, said in either of two places."""
        data = self.resource.data
        if data.log_config is not None:
            return data.log_config.enable
        return data.enable_flow_logs


class AddressData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address as Compute Engine shows it."""

    name: str
    address: str = ""
    address_type: str = "EXTERNAL"
    status: str
    """``IN_USE``, ``RESERVED``."""


class Address(Located, frozen=True, kw_only=True, rename="camel"):
    """A reserved address, of a region or global (``addresses.list``)."""

    kind = "gcp.compute.address"
    resource: Held[AddressData]
