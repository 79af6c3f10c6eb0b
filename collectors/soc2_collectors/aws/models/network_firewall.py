"""Views of Network Firewall."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``Firewall`` of ``DescribeFirewall``."""

    vpc_id: str | None = None
    """Left out where the firewall stands at a transit gateway."""


class LogDestination(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where logs of one type go."""

    log_type: str
    """``ALERT``, ``FLOW`` or ``TLS``."""


class Logging(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeLoggingConfiguration``."""

    log_destination_configs: list[LogDestination] = []


class Policy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``FirewallPolicy`` of ``DescribeFirewallPolicy``."""

    stateless_default_actions: list[str]
    stateless_fragment_default_actions: list[str] | None = None


class Firewall(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A firewall with its logging and its policy."""

    kind = "aws.network_firewall.firewall"
    name: str = msgspec.field(name="FirewallName")
    details: Details = fact("DescribeFirewall")
    logging: Logging | None = fact("DescribeLoggingConfiguration")
    """``None``: it logs nothing."""
    policy: Policy = fact("DescribeFirewallPolicy")
