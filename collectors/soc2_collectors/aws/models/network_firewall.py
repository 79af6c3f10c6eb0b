"""Views of Network Firewall."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``Firewall`` of ``DescribeFirewall``."""

    vpc_id: str | None = None
    """Left out where the firewall stands at a transit gateway."""
    status: str | None = msgspec.field(default=None, name="FirewallStatusValue")
    """``READY``, ``PROVISIONING``, ``DELETING``, ``FAILED``, or ``STANDBY`` while a VPC whose internet gateway has the
    firewall holds nothing that needs it. The collector takes it from FirewallStatus."""


class LogDestination(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where logs of one type go."""

    log_type: str
    """``ALERT``, ``FLOW`` or ``TLS``."""


class Logging(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeLoggingConfiguration``."""

    log_destination_configs: list[LogDestination] = []


class RuleGroup(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A group of stateful rules, by ARN."""

    resource_arn: str


class Policy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``FirewallPolicy`` of ``DescribeFirewallPolicy``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "StatefulRuleGroupReferences": "a policy without stateful rules has none; Network Firewall API, FirewallPolicy",
        "StatefulDefaultActions": "only strict order has them; Network Firewall API, FirewallPolicy",
    }

    stateless_default_actions: list[str]
    stateless_fragment_default_actions: list[str] | None = None
    stateful_default_actions: list[str] = []
    stateful_rule_group_references: list[RuleGroup] = []

    @property
    def inspects(self) -> bool:
        """Whether the stateful engine has rules, or drops what it does not know."""
        drops = any(action.startswith("aws:drop_") for action in self.stateful_default_actions)
        return drops or bool(self.stateful_rule_group_references)


class Association(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An endpoint of a firewall in another VPC than its own (``DescribeVpcEndpointAssociation``)."""

    vpc_id: str
    status: str | None = msgspec.field(default=None, name="AssociationStatusValue")
    """As that of a firewall. The collector takes it from VpcEndpointAssociationStatus."""


class Firewall(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A firewall with its logging and its policy."""

    kind = "aws.network_firewall.firewall"
    name: str = msgspec.field(name="FirewallName")
    details: Details = fact("DescribeFirewall")
    logging: Logging | None = fact("DescribeLoggingConfiguration")
    """``None``: it logs nothing."""
    policy: Policy | None = fact("DescribeFirewallPolicy")
    """``None``: it is a Next Generation policy, whose rules are others."""
    associations: list[Association] = fact("ListVpcEndpointAssociations")

    def statuses(self, vpc: str) -> list[str | None]:
        """Its own status and that of its endpoint in a VPC; empty where it has none there.

        Raises FactUnavailable where AWS did not tell in which other VPCs it has one.
        """
        if self.details.vpc_id == vpc:
            return [self.details.status]
        return [
            status
            for one in self.associations
            if one.vpc_id == vpc
            for status in (self.details.status, one.status)
        ]
