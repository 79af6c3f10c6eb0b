"""Views of VPC networks: firewall rules, networks, subnets, reserved addresses.

Source: Compute Engine API v1, ``firewalls``, ``networks``, ``subnetworks``, ``addresses``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from soc2_collectors.gcp.models.located import Held, Located, short

LAST_PRIORITY = 65535
"""The last number that a VPC firewall rule may have."""


class LogConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether something is logged, and how much of it; off where it is left out."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "flowSampling": "0.5 by default; Compute Engine API, SubnetworkLogConfig",
        "filterExpr": "no filter by default; Compute Engine API, SubnetworkLogConfig",
        "sampleRate": "1 by default; Compute Engine API, BackendServiceLogConfig",
    }

    enable: bool = False
    flow_sampling: float | None = None
    filter_expr: str | None = None
    sample_rate: float | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A protocol and its ports; every port where none is named."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "IPProtocol": "the inventory may write it ipProtocol",
        "ipProtocol": "Compute Engine writes it IPProtocol",
        "ports": "every port where none is named; Compute Engine API, firewalls",
    }

    upper: str | None = msgspec.field(default=None, name="IPProtocol")
    lower: str | None = msgspec.field(default=None, name="ipProtocol")
    ports: list[str] = []

    @property
    def protocol(self) -> str:
        """``tcp``, a number, or ``all``; empty where it is not said."""
        return self.upper or self.lower or ""


class Rule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A firewall rule. It either allows or denies."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "direction": "INGRESS by default; Compute Engine API, firewalls",
        "priority": "left out, a rule that allows counts as the first, one that denies as the last",
        "disabled": "in force by default; Compute Engine API, firewalls",
        "sourceRanges": "no source at all is every address; Compute Engine API, firewalls",
        "sourceTags": "no source at all is every address; Compute Engine API, firewalls",
        "sourceServiceAccounts": "no source at all is every address; Compute Engine API, firewalls",
        "destinationRanges": "every machine where none is named; Compute Engine API, firewalls",
        "targetTags": "every machine where none is named; Compute Engine API, firewalls",
        "targetServiceAccounts": "every machine where none is named; Compute Engine API, firewalls",
        "denied": "a rule either allows or denies; Compute Engine API, firewalls",
        "allowed": "a rule either allows or denies; Compute Engine API, firewalls",
    }

    any_value: ClassVar[Mapping[str, str]] = {
        "sourceTags": "tags are names that the customer chooses; they stand for machines inside",
        "targetTags": "tags are names that the customer chooses",
    }

    network: str
    direction: str = "INGRESS"
    priority: int | None = None
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
    may_lack: ClassVar[Mapping[str, str]] = {
        "ancestors": "without them no hierarchical policy is counted, and none is needed to fail",
    }

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
    def sources(self) -> list[str]:
        """Ranges that it speaks of. Google: a rule that names no source means every IPv4 address."""
        rule = self.rule
        if rule.source_ranges or rule.source_tags or rule.source_service_accounts:
            return rule.source_ranges
        return ["0.0.0.0/0"]

    @property
    def order(self) -> tuple[int, bool]:
        """When it is asked: lower numbers come first, and at the same number what denies."""
        rule = self.rule
        allows = bool(rule.allowed)
        if rule.priority is None:
            return (-1 if allows else LAST_PRIORITY + 1), allows
        return rule.priority, allows


class Layer4(msgspec.Struct, frozen=True, kw_only=True):
    """A protocol and its ports, in a firewall policy; every port where none is named."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ports": "every port where none is named; Compute Engine API, FirewallPolicyRuleMatcherLayer4Config",
    }

    protocol: str = msgspec.field(name="ipProtocol")
    ports: list[str] = []


_PARTS = "a rule of a policy names the parts that narrow it; Compute Engine API, FirewallPolicyRuleMatcher"


class Match(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What traffic a rule of a firewall policy is about: any of its sources, and its other parts."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            *("srcIpRanges", "srcFqdns", "srcRegionCodes", "srcAddressGroups"),
            *("srcThreatIntelligences", "srcSecureTags", "srcNetworks", "srcNetworkType"),
            *("srcNetworkContext", "destIpRanges", "destFqdns", "destRegionCodes"),
            *("destAddressGroups", "destThreatIntelligences"),
        ),
        _PARTS,
    )

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


class SecureTag(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A tag that machines carry."""

    name: str
    state: str = "EFFECTIVE"
    """``INEFFECTIVE`` once the tag or its network is deleted."""


class PolicyRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A rule of a firewall policy."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "disabled": "in force by default; Compute Engine API, FirewallPolicyRule",
        "targetResources": "every network where none is named; Compute Engine API, FirewallPolicyRule",
        "targetServiceAccounts": "every machine where none is named; Compute Engine API, FirewallPolicyRule",
        "targetSecureTags": "every machine where none is named; Compute Engine API, FirewallPolicyRule",
        "targetType": "INSTANCES by default; Compute Engine API, FirewallPolicyRule",
    }

    action: str
    """``allow``, ``deny``, ``goto_next`` or ``apply_security_profile_group``."""
    direction: str
    priority: int
    match: Match
    disabled: bool = False
    target_resources: list[str] = []
    target_service_accounts: list[str] = []
    target_secure_tags: list[SecureTag] = []
    target_type: str = "INSTANCES"


class Association(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a firewall policy is attached to."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "priority": "only where several policies are attached to one target",
    }

    attachment_target: str
    priority: int = 1000

    @property
    def network(self) -> str:
        """The network that it is attached to, by path; empty for a folder or an organisation."""
        return short(self.attachment_target) if "/networks/" in self.attachment_target else ""

    @property
    def holder(self) -> str:
        """The folder or organisation that it is attached to: ``folders/2``; empty for a network."""
        parts = self.attachment_target.rstrip("/").split("/")[-2:]
        return "/".join(parts) if parts[0] in ("folders", "organizations") else ""


class FirewallPolicyData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A firewall policy as Compute Engine shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "policyType": "VPC_POLICY where it is left out; Compute Engine API, FirewallPolicy",
        "region": "only regional policies have it; Compute Engine API, FirewallPolicy",
    }

    rules: list[PolicyRule]
    associations: list[Association] = []
    region: str = ""
    policy_type: str = "VPC_POLICY"


class FirewallPolicy(Located, frozen=True, kw_only=True, rename="camel"):
    """A firewall policy, hierarchical or of networks. Shape from documentation."""

    kind = "gcp.compute.firewall_policy"
    resource: Held[FirewallPolicyData]


class NetworkData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A network as Compute Engine shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "IPv4Range": "only legacy networks have one; Compute Engine API, networks",
        "networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL by default; Compute Engine API",
    }

    name: str
    legacy_range: str | None = msgspec.field(default=None, name="IPv4Range")
    """Only legacy networks have one."""
    network_firewall_policy_enforcement_order: str = "AFTER_CLASSIC_FIREWALL"
    """Whether the network's policy is asked before or after its VPC firewall rules."""


class Network(Located, frozen=True, kw_only=True, rename="camel"):
    """A VPC network, or a legacy one (``networks.list``)."""

    kind = "gcp.compute.network"
    resource: Held[NetworkData]

    @property
    def policy_first(self) -> bool:
        """Whether its firewall policy is asked before its VPC firewall rules."""
        order = self.resource.data.network_firewall_policy_enforcement_order
        return order == "BEFORE_CLASSIC_FIREWALL"


class SubnetData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A subnet as Compute Engine shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "purpose": "PRIVATE by default; Compute Engine API, subnetworks",
        "enableFlowLogs": "stands in logConfig, too; off where neither says it",
        "logConfig": "stands in enableFlowLogs, too; off where neither says it",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "purpose": "a subnet of any purpose is judged but those that have no flow logs",
    }

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

    may_lack: ClassVar[Mapping[str, str]] = {
        "addressType": "EXTERNAL by default; Compute Engine API, addresses",
        "address": "an expected address may be known by its name",
    }

    name: str
    address: str = ""
    address_type: str = "EXTERNAL"
    status: str
    """``IN_USE``, ``RESERVED``."""


class Address(Located, frozen=True, kw_only=True, rename="camel"):
    """A reserved address, of a region or global (``addresses.list``)."""

    kind = "gcp.compute.address"
    resource: Held[AddressData]
