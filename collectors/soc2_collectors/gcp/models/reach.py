"""Which ports a VPC firewall rule opens to the world, once the rules that come before it are counted.

Source: "VPC firewall rules": lower numbers come first, and at the same priority what denies comes before
what allows. Firewall policies, hierarchical or of networks, are asked before or after them by a setting of
the network; they are judged by themselves.
"""

from __future__ import annotations

from ipaddress import collapse_addresses, ip_network
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_collectors.gcp.models.network import Entry, Firewall, Layer4, PolicyRule, Rule

LAST_PORT = 65535
NUMBERS = {"tcp": "6", "udp": "17"}
"""IANA's protocol numbers, which Google takes for the names."""
_WIDE = 8
"""Narrower ranges than /8 would have to be more than a rule holds to cover everything."""
_EITHER = frozenset({4, 6})

ADMITTING = frozenset({"allow", "apply_security_profile_group"})
"""Actions of a firewall policy that let traffic in; inspection stops only what it recognises."""

Ranges = list[tuple[int, int]]


def world(cidrs: Iterable[str]) -> frozenset[int]:
    """The versions of IP (4, 6) of which these ranges hold every address, alone or together.

    A range that cannot be read counts as everything: it must not look closed.
    """
    wide: dict[int, list[Any]] = {4: [], 6: []}
    for cidr in cidrs:
        try:
            network = ip_network(cidr, strict=False)
        except ValueError:
            return _EITHER
        if network.prefixlen <= _WIDE:
            wide[network.version].append(network)
    return frozenset(
        version
        for version, networks in wide.items()
        if any(network.prefixlen == 0 for network in collapse_addresses(networks))
    )


def ports(entries: Iterable[Entry | Layer4], protocol: str, unreadable: Ranges) -> Ranges:
    """Port ranges of ``tcp`` or ``udp`` in the entries of a rule, joined and in order."""
    found: Ranges = []
    for entry in entries:
        name = entry.protocol.lower()
        if name not in ("all", protocol, NUMBERS[protocol]):
            continue
        if not entry.ports:
            return [(0, LAST_PORT)]
        for text in entry.ports:
            first, _, last = text.partition("-")
            try:
                found.append((int(first), int(last or first)))
            except ValueError:
                found += unreadable
    return _joined(found)


def open_to_world(firewall: Firewall, others: Iterable[Firewall], protocol: str) -> Ranges:
    """Port ranges of ``tcp`` or ``udp`` that the rule opens to every address of IPv4 or IPv6.

    What the denying rules of its network close before it is taken off.
    """
    before = [other for other in others if closes_before(other, firewall)]
    found: Ranges = []
    for version in sorted(firewall.world):
        left = ports(firewall.rule.allowed, protocol, [(0, LAST_PORT)])
        for deny in before:
            if version in deny.world:
                left = _without(left, ports(deny.rule.denied, protocol, []))
        found += left
    return _joined(found)


def closes_before(deny: Firewall, allow: Firewall) -> bool:
    """Whether a rule denies, and is asked before the other for all that the other applies to."""
    one, other = deny.rule, allow.rule
    return (
        bool(one.denied)
        and deny.lets_in
        and one.priority <= other.priority
        and deny.network == allow.network
        and not one.destination_ranges
        and _covers(one, other)
    )


def _covers(one: Rule, other: Rule) -> bool:
    """Whether the first applies to every machine that the second applies to."""
    if one.target_tags:
        return bool(other.target_tags) and set(other.target_tags) <= set(one.target_tags)
    if one.target_service_accounts:
        wanted = set(other.target_service_accounts)
        return bool(wanted) and wanted <= set(one.target_service_accounts)
    return True


def policy_opens(rules: Iterable[PolicyRule], protocol: str) -> Ranges:
    """Port ranges of ``tcp`` or ``udp`` that a firewall policy opens to every address.

    What its earlier rules deny, or leave to whoever is asked next, is taken off.
    """
    ordered = sorted((r for r in rules if r.lets_in), key=lambda r: r.priority)
    found: Ranges = []
    for place, allow in enumerate(ordered):
        if allow.action not in ADMITTING:
            continue
        for version in sorted(allow.world):
            left = ports(allow.match.layer4_configs, protocol, [(0, LAST_PORT)])
            for before in ordered[:place]:
                if (
                    before.action not in ADMITTING
                    and version in before.world
                    and before.for_all_of(allow)
                ):
                    left = _without(left, ports(before.match.layer4_configs, protocol, []))
            found += left
    return _joined(found)


def _joined(ranges: Ranges) -> Ranges:
    merged: Ranges = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _without(ranges: Ranges, cuts: Ranges) -> Ranges:
    for first, last in cuts:
        left: Ranges = []
        for start, end in ranges:
            if start < first:
                left.append((start, min(end, first - 1)))
            if end > last:
                left.append((max(start, last + 1), end))
        ranges = left
    return ranges
