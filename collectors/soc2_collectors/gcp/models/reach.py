"""Who reaches which ports in Google Cloud: VPC firewall rules and firewall policies, in the order of Google.

Source: "VPC firewall rules" and "Firewall policies: policy and rule evaluation order". Policies of the
organisation and of folders come first, from the top down; then the network's VPC firewall rules and its
network firewall policy, in the order that the network says. In each the lowest number decides; at the same
number of a VPC firewall rule what denies. ``goto_next`` leaves it to the next. What nobody decides is denied.

A rule is judged on *witnesses*: machines that it applies to, as few others as can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.gcp.models.located import short
from soc2_collectors.reach import (
    ALL_PORTS,
    EVERY_PORT,
    EVERY_SOURCE,
    EVERY_V4,
    EVERY_V6,
    EVERYBODY,
    LAST_PORT,
    NO_PORT,
    NO_SOURCE,
    NOT_OPEN,
    PROTOCOLS,
    Entry,
    Open,
    Opened,
    Place,
    Ports,
    Sources,
    Spans,
    Unreadable,
    admitted,
    both,
    common,
    holds,
    joined,
    known,
    networks,
    open_ports,
    places,
    ports_of,
    protocol_number,
    unread,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from soc2_collectors.gcp.models.network import Entry as Listed
    from soc2_collectors.gcp.models.network import (
        Firewall,
        FirewallPolicy,
        Layer4,
        Match,
        Network,
        PolicyRule,
        Rule,
    )

_ADMITTING = frozenset({"allow", "apply_security_profile_group"})
"""Actions of a firewall policy that let traffic in; inspection stops only what it recognises."""
_DENYING = "deny"
_ONWARD = "goto_next"
_FROM_INSIDE = frozenset({"NON_INTERNET", "VPC_NETWORKS", "INTRA_VPC"})
_FROM_ANYWHERE = frozenset({"", "UNSPECIFIED", "INTERNET"})
_CRAWLERS = "iplist-search-engines-crawlers"
"""The one threat list whose addresses nobody can come from at will: clouds and proxies are for rent."""
_LARGEST_COUNTRY = "US"
"""Its share of the addresses is more than a third; that of China, the next, is just below a tenth."""
_FEW_COUNTRIES = 1
"""So many others are less than a tenth of the addresses together; of more nobody can say."""


# -- machines -----------------------------------------------------------------------------------------


class Witness(NamedTuple):
    """A machine that a rule may be judged on."""

    network: str
    tags: frozenset[str] = frozenset()
    account: str = ""
    secure_tags: frozenset[str] = frozenset()
    target: str = "INSTANCES"
    address: Place | None = None
    """Version of IP and number, where destinations are told apart."""

    def among(self, ranges: Sequence[str]) -> bool | None:
        """Whether its address is in destination ranges; ``None`` where they cannot be read."""
        if not ranges:
            return True
        if self.address is None:
            return None
        found = networks(ranges)
        if found.unknown:
            return None
        version, number = self.address
        return holds(found.certain.v4 if version == 4 else found.certain.v6, number)  # noqa: PLR2004

    @property
    def senders(self) -> Sources:
        """Who can send to it: of the family of its address only."""
        if self.address is None:
            return EVERY_SOURCE
        return known(EVERY_V4 if self.address[0] == 4 else EVERY_V6)  # noqa: PLR2004


def _places(destinations: Iterable[Sequence[str]], own: Sequence[str]) -> list[Place | None]:
    """An address of every part that destination ranges cut the world into, among a rule's own."""
    cuts = [networks(ranges).certain for ranges in destinations if ranges]
    if not cuts:
        return [None]
    return list(places(cuts, networks(own).certain if own else EVERYBODY)) or [None]


# -- entries ------------------------------------------------------------------------------------------


def ports(entries: Sequence[Listed | Layer4], protocol: str) -> Ports:
    """Ports of ``tcp`` or ``udp`` in the entries of a rule. Raises Unreadable where no protocol is known."""
    certain: list[tuple[int, int]] = []
    possible: list[tuple[int, int]] = []
    if not entries:
        msg = "a rule names no protocol"
        raise Unreadable(msg)
    for entry in entries:
        if protocol_number(entry.protocol) not in (None, PROTOCOLS[protocol]):
            continue
        found = ports_of(entry.ports) if entry.ports else EVERY_PORT
        certain += found.certain
        possible += found.possible
    return Ports(joined(certain), joined(possible)) if possible else NO_PORT


def _of_firewall(firewall: Firewall, at: Witness, protocol: str, wanted: Spans) -> Entry | None:
    """What a VPC firewall rule says of a machine's ports; ``None`` for nothing."""
    rule = firewall.rule
    found = ports(rule.allowed or rule.denied, protocol)
    if not common(found.possible, wanted) or rule.disabled or rule.direction == "EGRESS":
        return None
    if rule.direction != "INGRESS":
        msg = f"the direction of {firewall.short_name} is not known: {rule.direction!r}"
        raise Unreadable(msg)
    among = at.among(rule.destination_ranges)
    if not _applies(rule, at) or among is False:
        return None
    sources = networks(firewall.sources)
    return Entry(allow=bool(rule.allowed), sources=sources, ports=found, sure=among is True)


def _applies(rule: Rule, at: Witness) -> bool:
    if rule.target_tags:
        return not at.tags.isdisjoint(rule.target_tags)
    return not rule.target_service_accounts or at.account in rule.target_service_accounts


def _of_policy(rule: PolicyRule, at: Witness, protocol: str, wanted: Spans) -> Entry | None:
    """What a rule of a firewall policy says of a machine's ports; ``None`` for nothing."""
    found = ports(rule.match.layer4_configs, protocol)
    if not common(found.possible, wanted) or rule.disabled or rule.direction == "EGRESS":
        return None
    if rule.direction != "INGRESS":
        msg = f"the direction of rule {rule.priority} is not known: {rule.direction!r}"
        raise Unreadable(msg)
    if rule.action not in (*_ADMITTING, _DENYING, _ONWARD):
        msg = f"what rule {rule.priority} does is not known: {rule.action!r}"
        raise Unreadable(msg)
    among = at.among(rule.match.dest_ip_ranges)
    if not _targets(rule, at) or among is False:
        return None
    match = rule.match
    elsewhere = match.dest_fqdns or match.dest_region_codes
    grouped = match.dest_address_groups or match.dest_threat_intelligences
    return Entry(
        allow=rule.action in _ADMITTING,
        onward=rule.action == _ONWARD,
        sources=sources(match, admitting=rule.action in _ADMITTING),
        ports=found,
        sure=among is True and not elsewhere and not grouped,
    )


def _targets(rule: PolicyRule, at: Witness) -> bool:
    if rule.target_type != at.target:
        return False
    if rule.target_resources and at.network not in {short(one) for one in rule.target_resources}:
        return False
    if rule.target_service_accounts and at.account not in rule.target_service_accounts:
        return False
    tags = {tag.name for tag in rule.target_secure_tags if tag.state != "INEFFECTIVE"}
    return not rule.target_secure_tags or not tags.isdisjoint(at.secure_tags)


def sources(match: Match, *, admitting: bool) -> Sources:
    """Whom a rule of a firewall policy is about: any of its sources, of the network that it says.

    Names, secure tags and threat lists hold few addresses. Of one country's addresses only those of the
    largest are the internet; of several countries, and of address groups, nobody can say here.
    """
    where = {match.src_network_type, match.src_network_context} - {""}
    if where - _FROM_INSIDE - _FROM_ANYWHERE:
        return unread(f"the network {', '.join(sorted(where))}")
    if match.src_networks or where & _FROM_INSIDE:
        return NO_SOURCE
    if "*" in match.src_ip_ranges:
        return EVERY_SOURCE
    found = networks(match.src_ip_ranges)
    named = match.src_fqdns or match.src_secure_tags
    lists = match.src_threat_intelligences
    countries = {code.upper() for code in match.src_region_codes}
    groups = match.src_address_groups
    if not (match.src_ip_ranges or named or lists or countries or groups):
        return EVERY_SOURCE
    if admitting and (set(lists) - {_CRAWLERS} or _LARGEST_COUNTRY in countries):
        return EVERY_SOURCE
    strange = any(len(code) != len(_LARGEST_COUNTRY) for code in countries)
    if strange or len(countries) > _FEW_COUNTRIES or _LARGEST_COUNTRY in countries:
        found |= unread(f"the addresses of {', '.join(sorted(countries))}")
    if groups:
        found |= unread(f"the address groups {', '.join(sorted(groups))}")
    return found


# -- what is open -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else decides for the machines of a network."""

    firewalls: Sequence[Firewall] = ()
    """VPC firewall rules of the network, in any order, the judged one too."""
    above: Sequence[FirewallPolicy] = ()
    """Hierarchical policies that hold for it, from the top down."""
    beside: Sequence[FirewallPolicy] = ()
    """Network firewall policies of the network."""
    policy_first: bool = False

    def lists(self, at: Witness, protocol: str, wanted: Spans) -> list[list[Entry]]:
        """The lists of entries that are asked for a machine, in order."""
        rules = sorted(self.firewalls, key=lambda one: one.order)
        own = [e for one in rules if (e := _of_firewall(one, at, protocol, wanted)) is not None]
        above = [policy_entries(one, at, protocol, wanted) for one in self.above]
        beside = [policy_entries(one, at, protocol, wanted) for one in self.beside]
        return [*above, *beside, own] if self.policy_first else [*above, own, *beside]

    @property
    def destinations(self) -> list[Sequence[str]]:
        """The destination ranges of every rule."""
        return [
            *(one.rule.destination_ranges for one in self.firewalls),
            *(
                rule.match.dest_ip_ranges
                for policy in (*self.above, *self.beside)
                for rule in policy.resource.data.rules
            ),
        ]


def surroundings(
    firewall: Firewall,
    firewalls: Iterable[Firewall],
    policies: Iterable[FirewallPolicy],
    network: Network | None,
) -> Surroundings:
    """What decides beside a VPC firewall rule. Policies of a region hold for a part of the network only."""
    here = [
        one for one in firewalls if one.network == firewall.network and one.name != firewall.name
    ]
    above: list[tuple[int, int, FirewallPolicy]] = []
    beside: list[tuple[int, FirewallPolicy]] = []
    for policy in policies:
        data = policy.resource.data
        if data.policy_type != "VPC_POLICY":
            continue
        for association in data.associations:
            if association.holder in firewall.ancestors:
                depth = -firewall.ancestors.index(association.holder)
                above.append((depth, association.priority, policy))
            elif association.network == firewall.network and not data.region:
                beside.append((association.priority, policy))
    return Surroundings(
        firewalls=[*here, firewall],
        above=[policy for _, _, policy in sorted(above, key=lambda one: one[:2])],
        beside=[policy for _, policy in sorted(beside, key=lambda one: one[0])],
        policy_first=network is not None and network.policy_first,
    )


def opens(
    firewall: Firewall,
    around: Surroundings,
    protocol: str,
    wanted: Spans = ALL_PORTS,
    *,
    together: bool = False,
) -> Open:
    """The ports of ``tcp`` or ``udp`` that a VPC firewall rule opens to the internet.

    What it says to let in, and what gets in: nothing before it denies that. A rule that lets in a part of
    the internet is charged together with rules that let in no more than itself: for its own ports, or
    ``together`` for those of these others as well.
    """
    found = NOT_OPEN
    for at in _witnesses(firewall, around):
        own = _of_firewall(firewall, at, protocol, wanted)
        if own is None or not own.sources.possible.share.larger:
            continue
        lesser = [
            entry
            for one in around.firewalls
            if (entry := _of_firewall(one, at, protocol, wanted)) is not None
            and entry.allow
            and entry.sources.possible.share.larger <= own.sources.certain.share.larger
        ]
        through = both(admitted(*around.lists(at, protocol, wanted)), admitted([own, *lesser]))
        counted = [own, *lesser] if together else [own]
        spans = joined([span for one in counted for span in one.ports.possible])
        about = [Opened(first, last, at.senders) for first, last in spans]
        found |= open_ports(both(through, about))
    return found


def admits_public(firewall: Firewall) -> bool:
    """Whether any public address may be among its sources."""
    return networks(firewall.sources).possible.share.larger > 0


def _witnesses(firewall: Firewall, around: Surroundings) -> list[Witness]:
    """Machines that a VPC firewall rule applies to: with one of its tags or accounts, or with none."""
    rule = firewall.rule
    plain = Witness(network=firewall.network)
    if rule.target_tags:
        machines = [plain._replace(tags=frozenset({tag})) for tag in rule.target_tags]
    else:
        machines = [plain._replace(account=name) for name in rule.target_service_accounts or ("",)]
    places = _places(around.destinations, rule.destination_ranges)
    return [machine._replace(address=place) for machine, place in product(machines, places)]


def policy_entries(
    policy: FirewallPolicy, at: Witness, protocol: str, wanted: Spans
) -> list[Entry]:
    """What the rules of a firewall policy say of a machine's ports, in order."""
    ordered = sorted(policy.resource.data.rules, key=lambda rule: rule.priority)
    found = (_of_policy(rule, at, protocol, wanted) for rule in ordered)
    return [entry for entry in found if entry is not None]


def policy_opens(policy: FirewallPolicy, protocol: str, wanted: Spans = ALL_PORTS) -> Open:
    """The ports of ``tcp`` or ``udp`` that a firewall policy opens to the internet by itself.

    What its earlier rules deny, or leave to whoever is asked next, is taken off.
    """
    found = NOT_OPEN
    rules = policy.resource.data.rules
    destinations = [rule.match.dest_ip_ranges for rule in rules]
    for rule in rules:
        if rule.action in (_DENYING, _ONWARD) or rule.disabled or rule.direction == "EGRESS":
            continue
        if not common(ports(rule.match.layer4_configs, protocol).possible, wanted):
            continue
        for at in _policy_witnesses(rule, destinations):
            through = admitted(policy_entries(policy, at, protocol, wanted))
            found |= open_ports(both(through, [Opened(0, LAST_PORT, at.senders)]))
    return found


def _policy_witnesses(rule: PolicyRule, destinations: Sequence[Sequence[str]]) -> list[Witness]:
    tags = [tag.name for tag in rule.target_secure_tags if tag.state != "INEFFECTIVE"]
    if rule.target_secure_tags and not tags:
        return []
    return [
        Witness(
            network=short(network),
            account=account,
            secure_tags=frozenset({tag} if tag else ()),
            target=rule.target_type,
            address=place,
        )
        for network in rule.target_resources or ("",)
        for account in rule.target_service_accounts or ("",)
        for tag in tags or ("",)
        for place in _places(destinations, rule.match.dest_ip_ranges)
    ]
