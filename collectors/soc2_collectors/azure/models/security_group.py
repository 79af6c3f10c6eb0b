"""Network security groups, and who reaches which ports through them.

Azure takes the rules in the order of their priority, and the first that matches decides. The default rules
come last and cannot be changed: they let in the virtual network and Azure's load balancer, and nobody else.
They are not read. Rules of Virtual Network Manager, which come before any group, are not collected.

A group is judged on *witnesses*: destinations of every sort that its rules tell apart.

Source: Azure, "Network security groups" (how rules are processed, default rules), "Service tags".
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import msgspec

from soc2_collectors.azure.models.arm import Arm, same
from soc2_collectors.azure.models.service_tags import RENTED, is_service_tag
from soc2_collectors.reach import (
    ALL_PORTS,
    EVERY_SOURCE,
    EVERY_V4,
    EVERY_V6,
    EVERYBODY,
    LAST_PORT,
    NO_SOURCE,
    NOT_OPEN,
    PROTOCOLS,
    PUBLIC,
    Entry,
    Open,
    Opened,
    Place,
    Ports,
    Sources,
    Spans,
    Unreadable,
    admitted,
    common,
    holds,
    joined,
    known,
    networks,
    open_ports,
    places,
    port_span,
    protocol_number,
    span,
    unread,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_ANYWHERE = frozenset({"*", "any"})
_INTERNET = "internet"
_INSIDE = frozenset({"virtualnetwork", "azureloadbalancer"})
_SINGULAR = "stands in one of two fields, singular or plural; Network REST API, Security Rules"


class ApplicationGroup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An application security group, by id: some interfaces of the virtual network."""

    id: str


class Witness(NamedTuple):
    """Where traffic goes to, and the port that it comes from."""

    place: Place | None = None
    """An address inside the virtual network; ``None``: not known."""
    groups: frozenset[str] = frozenset()
    """Ids of its application security groups, folded."""
    source_port: int = 0

    @property
    def senders(self) -> Sources:
        """Who can send to it: of the family of its address only."""
        if self.place is None:
            return EVERY_SOURCE
        return known(EVERY_V4 if self.place[0] == 4 else EVERY_V6)  # noqa: PLR2004


class RuleProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A security rule. Singular and plural fields stand side by side; one of the two is filled."""

    may_lack: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            (
                *("sourceAddressPrefix", "sourceAddressPrefixes"),
                *("destinationAddressPrefix", "destinationAddressPrefixes"),
                *("destinationPortRange", "destinationPortRanges"),
                *("sourcePortRange", "sourcePortRanges"),
            ),
            _SINGULAR,
        ),
        "sourceApplicationSecurityGroups": "named instead of addresses; Network REST API",
        "destinationApplicationSecurityGroups": "named instead of addresses; Network REST API",
        "provisioningState": "asked of rules that deny: any but Succeeded may not be in force",
    }

    protocol: str
    """``Tcp``, ``Udp``, ``Icmp``, ``Esp``, ``Ah``, ``*``."""
    access: str
    direction: str
    priority: int
    source_address_prefix: str | None = None
    source_address_prefixes: list[str] = []
    source_application_security_groups: list[ApplicationGroup] = []
    source_port_range: str | None = None
    source_port_ranges: list[str] = []
    destination_address_prefix: str | None = None
    destination_address_prefixes: list[str] = []
    destination_application_security_groups: list[ApplicationGroup] = []
    destination_port_range: str | None = None
    destination_port_ranges: list[str] = []
    provisioning_state: str | None = None

    @property
    def source_ports(self) -> Ports:
        """The ports that the traffic comes from."""
        return _ports(_both(self.source_port_range, self.source_port_ranges))

    @property
    def ports(self) -> Ports:
        """The ports that it goes to."""
        return _ports(_both(self.destination_port_range, self.destination_port_ranges))

    @property
    def destinations(self) -> tuple[str, ...]:
        """The addresses and tags that it goes to, folded."""
        return _both(self.destination_address_prefix, self.destination_address_prefixes)

    @property
    def destination_groups(self) -> frozenset[str]:
        """Ids of the application security groups that it goes to, folded."""
        return frozenset(one.id.casefold() for one in self.destination_application_security_groups)

    @property
    def sources(self) -> Sources:
        """Where the traffic comes from.

        Service tags hold few addresses: of a rule that denies they close nothing, of one that allows they
        open nothing, but for those by which any customer of Azure comes in.
        """
        allows = same(self.access, "Allow")
        texts = _both(self.source_address_prefix, self.source_address_prefixes)
        if not texts:
            inside = self.source_application_security_groups
            return NO_SOURCE if inside else unread("a rule that names no source")
        found = NO_SOURCE
        ranges: list[str] = []
        for text in texts:
            if text in _ANYWHERE:
                found |= EVERY_SOURCE
            elif text == _INTERNET or (allows and text.partition(".")[0] in RENTED):
                found |= known(PUBLIC)
            elif span(text) is not None:
                ranges.append(text)
            elif text not in _INSIDE and not is_service_tag(text):
                found |= unread(f"the source {text!r}")
        return found | networks(ranges)

    def about(self, at: Witness) -> bool | None:
        """Whether it is about a destination and the port that traffic comes from; ``None``: perhaps."""
        from_port = self.source_ports
        if not holds(from_port.possible, at.source_port):
            return False
        sure = holds(from_port.certain, at.source_port)
        where = self._is_for(at)
        return where if sure or where is False else None

    def _is_for(self, at: Witness) -> bool | None:
        texts = self.destinations
        if self.destination_groups:
            return not self.destination_groups.isdisjoint(at.groups)
        if not texts:
            return None
        if any(text in _ANYWHERE or text == "virtualnetwork" for text in texts):
            return True
        ranges = [text for text in texts if span(text) is not None]
        strange = any(text != _INTERNET and span(text) is None for text in texts)
        if at.place is None:
            return None
        version, number = at.place
        held = networks(ranges).certain
        if holds(held.v4 if version == 4 else held.v6, number):  # noqa: PLR2004
            return True
        return None if strange else False

    def entry(self, protocol: str, wanted: Spans, at: Witness) -> Entry | None:
        """What it says of ports of ``tcp`` or ``udp`` that are reached from outside; ``None`` for nothing.

        Raises Unreadable for a direction, a protocol or an access that is not known.
        """
        ports = self.ports
        if not common(ports.possible, wanted) or same(self.direction, "Outbound"):
            return None
        for word, good in (
            (self.direction, ("Inbound",)),
            (self.access, ("Allow", "Deny")),
        ):
            if not any(same(word, one) for one in good):
                msg = f"what a rule of priority {self.priority} does is not known: {word!r}"
                raise Unreadable(msg)
        if protocol_number(self.protocol) not in (None, PROTOCOLS[protocol]):
            return None
        about = self.about(at)
        if about is False:
            return None
        allow = same(self.access, "Allow")
        in_force = (
            allow or self.provisioning_state is None or same(self.provisioning_state, "Succeeded")
        )
        return Entry(
            allow=allow, sources=self.sources, ports=ports, sure=about is True and in_force
        )


class SecurityRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A named rule."""

    name: str = ""
    properties: RuleProperties


class GroupProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The customer's rules of a group."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "securityRules": "a group may have no rule of the customer's; left out it is unreadable",
    }

    security_rules: list[SecurityRule]


class NetworkSecurityGroup(Arm, frozen=True, kw_only=True, rename="camel"):
    """A network security group with its rules."""

    kind = "azure.network.security_group"
    volatile = ("etag",)

    properties: GroupProperties

    def reached(self, protocol: str, wanted: Spans, at: Witness) -> list[Opened]:
        """Who reaches which ports of ``tcp`` or ``udp`` of a destination."""
        rules = sorted(
            (rule.properties for rule in self.properties.security_rules),
            key=lambda rule: rule.priority,
        )
        found = (rule.entry(protocol, wanted, at) for rule in rules)
        return admitted([entry for entry in found if entry is not None])

    def opens(self, protocol: str, wanted: Spans = ALL_PORTS) -> Open:
        """Which ports of ``tcp`` or ``udp`` it opens to the internet, of any destination behind it."""
        found = NOT_OPEN
        rules = [
            rule.properties
            for rule in self.properties.security_rules
            if common(rule.properties.ports.possible, wanted)
        ]
        for at in witnesses(rules):
            found |= open_ports(
                [
                    Opened(first, last, sources & at.senders)
                    for first, last, sources in self.reached(protocol, wanted, at)
                ]
            )
        return found


def witnesses(
    rules: Sequence[RuleProperties], destinations: Sequence[Witness] = ()
) -> list[Witness]:
    """Destinations of every sort that rules tell apart, or the given ones; from every sort of port."""
    spans = [each for one in rules for each in one.source_ports.possible]
    # Where a range begins, and where what it leaves begins: a refusal of some ports lets the others in.
    edges = {0} | {first for first, _ in spans} | {last + 1 for _, last in spans}
    edges = {port for port in edges if port <= LAST_PORT}
    if not destinations:
        cuts = [
            networks(text for text in one.destinations if span(text) is not None).certain
            for one in rules
        ]
        named = sorted({group for one in rules for group in one.destination_groups})
        told_apart = any(cuts)
        destinations = [
            *(Witness(place) for place in (places(cuts, EVERYBODY) if told_apart else [None])),
            *(Witness(groups=frozenset({group})) for group in named),
        ]
    return [at._replace(source_port=port) for at, port in product(destinations, sorted(edges))]


def _both(one: str | None, several: Sequence[str]) -> tuple[str, ...]:
    return tuple(t.strip().casefold() for t in (*((one,) if one else ()), *several) if t)


@functools.lru_cache(maxsize=4096)
def _ports(texts: tuple[str, ...]) -> Ports:
    """``22``, ``20-25``, ``*``. What cannot be read, or is not there, may be any port."""
    spans = [ALL_PORTS[0] if text in _ANYWHERE else port_span(text) for text in texts]
    certain = joined(one for one in spans if one is not None)
    return Ports(certain, certain if spans and None not in spans else ALL_PORTS)
