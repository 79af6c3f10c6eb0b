"""Network security groups, and what they let in.

Azure takes the rules in the order of their priority, and the first that matches decides: an allow rule
opens what no earlier deny rule has closed for all that it admits.

Source: Azure, "Network security groups" (how rules are processed, service tags, default rules).
"""

from __future__ import annotations

from ipaddress import collapse_addresses, ip_network
from typing import TYPE_CHECKING, Any

import msgspec

from soc2_collectors.azure.models.arm import Arm, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LAST = 65535
_ANYWHERE = frozenset({"*", "any", "internet"})
_EVERYTHING = frozenset({"*", "any"})
_WIDE = 8
Range = tuple[int, int]


class RuleProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A security rule. Singular and plural fields stand side by side; one of the two is filled."""

    protocol: str
    """``Tcp``, ``Udp``, ``Icmp``, ``Esp``, ``Ah``, ``*``."""
    access: str
    direction: str
    priority: int
    source_address_prefix: str | None = None
    source_address_prefixes: list[str] = []
    source_port_range: str | None = None
    source_port_ranges: list[str] = []
    destination_address_prefix: str | None = None
    destination_address_prefixes: list[str] = []
    destination_port_range: str | None = None
    destination_port_ranges: list[str] = []

    @property
    def sources(self) -> list[str]:
        """Where the traffic comes from, folded."""
        return _both(self.source_address_prefix, self.source_address_prefixes)

    @property
    def destinations(self) -> list[str]:
        """Where it goes to, folded; nothing where application security groups are named."""
        return _both(self.destination_address_prefix, self.destination_address_prefixes)

    @property
    def ports(self) -> list[Range]:
        """The ports that it goes to."""
        return _ranges(_both(self.destination_port_range, self.destination_port_ranges))

    def of(self, protocol: str) -> bool:
        """Whether it says anything of ``tcp`` or ``udp``."""
        return self.protocol == "*" or same(self.protocol, protocol)

    def from_everywhere(self, family: int) -> bool:
        """Whether every public address of IPv4 (4) or IPv6 (6) is a source."""
        if _ANYWHERE.intersection(self.sources):
            return True
        return _covers(self.sources, family)

    @property
    def closes_all(self) -> bool:
        """Whether it matches whatever the source port is."""
        ports = _ranges(_both(self.source_port_range, self.source_port_ranges))
        return any(first <= 0 and last >= _LAST for first, last in ports)

    def reaches(self, other: RuleProperties, family: int) -> bool:
        """Whether all destinations of the other rule are among its own."""
        mine = set(self.destinations)
        if _EVERYTHING & mine or _covers(mine, family):
            return True
        return bool(other.destinations) and set(other.destinations) <= mine


class SecurityRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A named rule."""

    name: str = ""
    properties: RuleProperties


class GroupProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Rules of a group: the customer's, and those that each group has."""

    security_rules: list[SecurityRule]
    default_security_rules: list[SecurityRule] = []


class NetworkSecurityGroup(Arm, frozen=True, kw_only=True, rename="camel"):
    """A network security group with its rules."""

    kind = "azure.network.security_group"
    volatile = ("etag",)

    properties: GroupProperties

    def world_ranges(self, protocol: str) -> list[Range]:
        """Port ranges of ``tcp`` or ``udp`` that are open to every address, joined and in order."""
        groups = self.properties
        rules = sorted(
            (
                rule.properties
                for rule in (*groups.security_rules, *groups.default_security_rules)
                if same(rule.properties.direction, "Inbound") and rule.properties.of(protocol)
            ),
            key=lambda rule: rule.priority,
        )
        opened: list[Range] = []
        for family in (4, 6):
            denied: list[RuleProperties] = []
            for rule in rules:
                if not rule.from_everywhere(family):
                    continue
                if not same(rule.access, "Allow"):
                    if rule.closes_all:
                        denied.append(rule)
                    continue
                closed = [
                    ports for deny in denied if deny.reaches(rule, family) for ports in deny.ports
                ]
                opened += _without(rule.ports, closed)
        return _joined(opened)

    def open_to_world(self, ports: Iterable[int], protocol: str) -> list[int]:
        """Which of these ports are open to every address of IPv4 or IPv6."""
        ranges = self.world_ranges(protocol)
        return [port for port in ports if any(first <= port <= last for first, last in ranges)]


def _both(one: str | None, several: Sequence[str]) -> list[str]:
    return [text.strip().casefold() for text in (*((one,) if one else ()), *several) if text]


def _ranges(texts: Iterable[str]) -> list[Range]:
    """``22``, ``20-25``, ``*``. What cannot be read counts as every port: it must not look closed."""
    found: list[Range] = []
    for text in texts:
        first, dash, last = text.partition("-")
        try:
            found.append((int(first), int(last if dash else first)))
        except ValueError:
            found.append((0, _LAST))
    return found


def _covers(prefixes: Iterable[str], family: int) -> bool:
    """Whether address ranges hold every address of a family, alone or together; tags count for nothing."""
    wide: list[Any] = []
    for prefix in prefixes:
        try:
            network = ip_network(prefix, strict=False)
        except ValueError:
            continue
        if network.version == family and network.prefixlen <= _WIDE:
            wide.append(network)
    return any(network.prefixlen == 0 for network in collapse_addresses(wide))


def _joined(ranges: Iterable[Range]) -> list[Range]:
    merged: list[Range] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _without(ranges: Iterable[Range], closed: Iterable[Range]) -> list[Range]:
    """The ranges less what is closed."""
    left = list(ranges)
    for first, last in _joined(closed):
        rest: list[Range] = []
        for begin, end in left:
            if end < first or begin > last:
                rest.append((begin, end))
                continue
            if begin < first:
                rest.append((begin, first - 1))
            if end > last:
                rest.append((last + 1, end))
        left = rest
    return left
