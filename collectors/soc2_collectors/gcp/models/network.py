"""Views of VPC networks: firewall rules, networks, subnets, reserved addresses.

Source: Compute Engine API v1, ``firewalls``, ``networks``, ``subnetworks``, ``addresses``.
"""

from __future__ import annotations

from typing import Any

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


class Layer4(msgspec.Struct, frozen=True, kw_only=True):
    """A protocol and its ports, in a firewall policy; every port where none is named."""

    protocol: str = msgspec.field(name="ipProtocol")
    ports: list[str] = []


class Match(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What traffic a rule of a firewall policy is about: any of its sources, and its other parts."""

    layer4_configs: list[Layer4] = msgspec.field(name="layer4Configs")
    src_ip_ranges: list[str] = []
    src_fqdns: list[str] = []
    src_region_codes: list[str] = []
    src_address_groups: list[str] = []
    src_threat_intelligences: list[str] = []
    src_secure_tags: list[Any] = []
    src_networks: list[str] = []
    src_network_type: str = ""
    src_network_context: str = ""
    dest_ip_ranges: list[str] = []
    dest_fqdns: list[str] = []
    dest_region_codes: list[str] = []
    dest_address_groups: list[str] = []
    dest_threat_intelligences: list[str] = []

    @property
    def named(self) -> bool:
        """Whether sources are named otherwise than by ranges."""
        return bool(
            self.src_fqdns
            or self.src_region_codes
            or self.src_address_groups
            or self.src_threat_intelligences
            or self.src_secure_tags
        )

    @property
    def inside_only(self) -> bool:
        """Whether what comes from the internet is left out."""
        kinds = {self.src_network_type, self.src_network_context} - {"", "UNSPECIFIED"}
        return bool(self.src_networks) or bool(kinds - {"INTERNET"})

    @property
    def some_destinations(self) -> bool:
        """Whether it is about some addresses of machines only."""
        return bool(
            self.dest_ip_ranges
            or self.dest_fqdns
            or self.dest_region_codes
            or self.dest_address_groups
            or self.dest_threat_intelligences
        )


class PolicyRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule of a firewall policy."""

    action: str
    """``allow``, ``deny``, ``goto_next`` or ``apply_security_profile_group``."""
    direction: str
    priority: int
    match: Match
    disabled: bool = False
    target_resources: list[str] = []
    target_service_accounts: list[str] = []
    target_secure_tags: list[Any] = []
    target_type: str = "INSTANCES"

    @property
    def lets_in(self) -> bool:
        """In force for traffic that comes in."""
        return self.direction == "INGRESS" and not self.disabled

    @property
    def world(self) -> frozenset[int]:
        """The versions of IP of which every address is among its sources."""
        match = self.match
        if match.inside_only:
            return frozenset()
        if not match.src_ip_ranges and not match.named:
            return frozenset({4, 6})
        return world(match.src_ip_ranges)

    def for_all_of(self, other: PolicyRule) -> bool:
        """Whether it applies to every machine that the other applies to."""
        if self.match.some_destinations:
            return False
        narrow = (self.target_resources, self.target_service_accounts, self.target_secure_tags)
        return self.target_type == other.target_type and (
            not any(narrow)
            or narrow
            == (other.target_resources, other.target_service_accounts, other.target_secure_tags)
        )


class Association(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a firewall policy is attached to."""

    attachment_target: str


class FirewallPolicyData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A firewall policy as Compute Engine shows it."""

    rules: list[PolicyRule]
    associations: list[Association] = []


class FirewallPolicy(Located, frozen=True, kw_only=True, rename="camel"):
    """A firewall policy, hierarchical or of networks. Shape from documentation."""

    kind = "gcp.compute.firewall_policy"
    resource: Held[FirewallPolicyData]


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
