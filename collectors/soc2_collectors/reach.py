"""Algebra of addresses and ports for all clouds: what a list of allow and deny entries lets through.

Everything is computed over all entries together. What cannot be read is never narrow: it is kept apart as
*possible*, and a question whose answer depends on it raises :class:`Unreadable`, which makes a verdict
inconclusive.

Sources: IANA's registries of special-purpose addresses (IPv4, IPv6), of IPv6 global unicast allocations, and
of protocol numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.errors import FactUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Span = tuple[int, int]
"""First and last number of a range of addresses or ports."""
Spans = tuple[Span, ...]
"""Ranges that neither touch nor overlap, in order."""

OPEN_SHARE = 0.1
"""The share of the public addresses of a family from which on a list of networks is "the internet".

No office, partner or cloud provider holds a tenth: the largest cloud announces about one address in thirty. A
list that holds more was written to admit strangers, and nearly every scanner has an address in it: so are a
half, a quarter (/2) and an eighth (/3) of all addresses, and everything but the private ones.
"""

LAST_PORT = 65535
ALL_PORTS: Spans = ((0, LAST_PORT),)
TCP, UDP = 6, 17
PROTOCOLS = {
    "icmp": 1,
    "igmp": 2,
    "ipip": 4,
    "tcp": TCP,
    "udp": UDP,
    "gre": 47,
    "esp": 50,
    "ah": 51,
    "icmpv6": 58,
    "icmp6": 58,
    "ipv6-icmp": 58,
    "sctp": 132,
}
"""Protocol numbers by the names that clouds write."""
WITH_PORTS = (TCP, UDP)
"""The protocols whose ports rules ask for."""
_EVERY_PROTOCOL = frozenset({"-1", "*", "all", "any"})
_LAST_PROTOCOL = 255


class Unreadable(FactUnavailable):
    """Whether something is open depends on what cannot be read: the verdict is inconclusive."""


# -- addresses ----------------------------------------------------------------------------------------


def joined(spans: Iterable[Span]) -> Spans:
    """The same numbers in as few ranges as can be, in order."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def without(spans: Spans, cuts: Spans) -> Spans:
    """What is left of the first when the second is taken off."""
    if not spans or not cuts:
        return spans
    if spans == cuts:
        return ()
    left: list[Span] = []
    place = 0
    for first, last in spans:
        start = first
        while place < len(cuts) and cuts[place][1] < start:
            place += 1
        cut = place
        while cut < len(cuts) and cuts[cut][0] <= last and start <= last:
            if cuts[cut][0] > start:
                left.append((start, cuts[cut][0] - 1))
            start = max(start, cuts[cut][1] + 1)
            cut += 1
        if start <= last:
            left.append((start, last))
    return tuple(left)


def common(one: Spans, other: Spans) -> Spans:
    """What both hold."""
    return without(one, without(one, other))


def holds(spans: Spans, number: int) -> bool:
    """Whether a number is in one of the ranges."""
    return any(first <= number <= last for first, last in spans)


def size(spans: Spans) -> int:
    """How many numbers the ranges hold."""
    return sum(last - first + 1 for first, last in spans)


@dataclass(frozen=True, slots=True)
class Addresses:
    """A set of addresses of both families."""

    v4: Spans = ()
    v6: Spans = ()

    def __or__(self, other: Addresses) -> Addresses:
        """What either holds."""
        if not other:
            return self
        if not self:
            return other
        return Addresses(joined((*self.v4, *other.v4)), joined((*self.v6, *other.v6)))

    def __sub__(self, other: Addresses) -> Addresses:
        """What the other does not hold."""
        return Addresses(without(self.v4, other.v4), without(self.v6, other.v6))

    def __and__(self, other: Addresses) -> Addresses:
        """What both hold."""
        return Addresses(common(self.v4, other.v4), common(self.v6, other.v6))

    def __bool__(self) -> bool:
        """Whether it holds any."""
        return bool(self.v4 or self.v6)

    def __contains__(self, text: str) -> bool:
        """Whether it holds one address."""
        address = ip_address(text)
        return holds(self.v4 if address.version == 4 else self.v6, int(address))  # noqa: PLR2004

    @property
    def share(self) -> Share:
        """How much of the public addresses of each family it holds."""
        return _share_of(self)


class Share(NamedTuple):
    """Shares of the public addresses, 0 to 1."""

    ipv4: float
    ipv6: float

    @property
    def larger(self) -> float:
        """The larger of the two."""
        return max(self)

    def is_open(self, share: float = OPEN_SHARE) -> bool:
        """Whether it is "the internet" in either family."""
        return self.larger >= share


@lru_cache(maxsize=4096)
def _share_of(held: Addresses) -> Share:
    return Share(_share(held.v4, (PUBLIC.v4,)), _share(held.v6, (PUBLIC.v6, _ALLOCATED)))


def _share(spans: Spans, populations: Iterable[Spans]) -> float:
    return max(size(common(spans, population)) / size(population) for population in populations)


NOBODY = Addresses()
EVERY_V4 = Addresses(v4=((0, 2**32 - 1),))
EVERY_V6 = Addresses(v6=((0, 2**128 - 1),))
EVERYBODY = EVERY_V4 | EVERY_V6


def span(text: str) -> Addresses | None:
    """An address, a network, or a range ``first-last``; ``None`` for what is none of these."""
    return _span(text.strip())


@lru_cache(maxsize=65536)
def _span(text: str) -> Addresses | None:
    first, dash, last = text.partition("-")
    if dash:
        return between(first.strip(), last.strip())
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return None
    found = ((int(network.network_address), int(network.broadcast_address)),)
    return Addresses(v4=found) if network.version == 4 else Addresses(v6=found)  # noqa: PLR2004


def between(first: str, last: str) -> Addresses | None:
    """A range by its first and last address; ``None`` where that is no range of one family."""
    try:
        start, end = ip_address(first), ip_address(last)
    except ValueError:
        return None
    if start.version != end.version or int(start) > int(end):
        return None
    found = ((int(start), int(end)),)
    return Addresses(v4=found) if start.version == 4 else Addresses(v6=found)  # noqa: PLR2004


Place = tuple[int, int]
"""An address by its family (4, 6) and number."""


def places(cuts: Iterable[Addresses], within: Addresses) -> list[Place]:
    """One address of every part that sets of addresses cut another one into."""
    found: list[Place] = []
    sets = list(cuts)
    for version, family in ((4, "v4"), (6, "v6")):
        edges = {0}
        for one in (*sets, within):
            for first, last in getattr(one, family):
                edges |= {first, last + 1}
        spans = getattr(within, family)
        found += [(version, edge) for edge in sorted(edges) if holds(spans, edge)]
    return found


def _all_of(*cidrs: str) -> Addresses:
    found = NOBODY
    for cidr in cidrs:
        one = span(cidr)
        if one is None:
            raise ValueError(cidr)
        found = found | one
    return found


NOT_PUBLIC = _all_of(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
    "2001:2::/48",
    "2001:db8::/32",
    "3fff::/20",
)
"""Private, shared, loopback, link-local, documentation, benchmark, multicast and reserved addresses.

Of IPv6 everything outside 2000::/3 is not public either.
"""
PUBLIC = Addresses(EVERY_V4.v4, _all_of("2000::/3").v6) - NOT_PUBLIC
_ALLOCATED = (
    _all_of(
        "2001::/16",
        "2003::/18",
        "2400::/11",
        "2600::/12",
        "2610::/23",
        "2620::/23",
        "2630::/12",
        "2800::/12",
        "2a00::/11",
        "2c00::/12",
    )
    - NOT_PUBLIC
).v6
"""What of 2000::/3 is handed out to the regional registries: most of it is still empty."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Who may come in: for certain, and at most; and what it is that could not be read."""

    certain: Addresses = NOBODY
    possible: Addresses = NOBODY
    unknown: tuple[str, ...] = ()

    def __or__(self, other: Sources) -> Sources:
        """What either holds."""
        return Sources(
            self.certain | other.certain,
            self.possible | other.possible,
            tuple(sorted({*self.unknown, *other.unknown})),
        )

    def __and__(self, other: Sources) -> Sources:
        """What gets through both."""
        return Sources(
            self.certain & other.certain,
            self.possible & other.possible,
            tuple(sorted({*self.unknown, *other.unknown})),
        )

    def __bool__(self) -> bool:
        """Whether it may hold any address."""
        return bool(self.possible)

    def is_open(self, share: float = OPEN_SHARE) -> bool | None:
        """Whether the internet is among them; ``None`` where it depends on what could not be read."""
        if self.certain.share.is_open(share):
            return True
        if self.certain != self.possible and self.possible.share.is_open(share):
            return None
        return False


EVERY_SOURCE = Sources(EVERYBODY, EVERYBODY)
NO_SOURCE = Sources()


def known(addresses: Addresses) -> Sources:
    """Sources that are known for certain."""
    return Sources(addresses, addresses)


def unread(name: str, at_most: Addresses = EVERYBODY) -> Sources:
    """Sources that a name stands for which cannot be resolved here."""
    return Sources(NOBODY, at_most, (name,))


def networks(cidrs: Iterable[str]) -> Sources:
    """The addresses of a list of networks; one that cannot be read may be anybody."""
    return _networks(tuple(cidrs))


@lru_cache(maxsize=16384)
def _networks(cidrs: tuple[str, ...]) -> Sources:
    v4: list[Span] = []
    v6: list[Span] = []
    unknown: list[str] = []
    for cidr in cidrs:
        found = span(cidr)
        if found is None:
            unknown.append(cidr)
        else:
            v4 += found.v4
            v6 += found.v6
    certain = Addresses(joined(v4), joined(v6))
    if unknown:
        return Sources(certain, EVERYBODY, tuple(sorted(set(unknown))))
    return known(certain)


def public_share(cidrs: Iterable[str]) -> Share:
    """The share of the public addresses of each family that a list of networks covers together.

    Raises :class:`Unreadable` for what is no network.
    """
    found = networks(cidrs)
    if found.unknown:
        raise _unreadable(found.unknown)
    return found.certain.share


def open_to_internet(cidrs: Iterable[str], share: float = OPEN_SHARE) -> bool:
    """Whether a list of networks admits the internet: all entries together, IPv4 or IPv6.

    Raises :class:`Unreadable` where that depends on an entry which is no network.
    """
    found = networks(cidrs)
    answer = found.is_open(share)
    if answer is None:
        raise _unreadable(found.unknown)
    return answer


def is_wide(cidr: str, shortest_ipv4: int, shortest_ipv6: int) -> bool:
    """Whether a network holds public addresses, and is wider than a prefix of that length.

    A whole family (/0) is no range: it is the internet. Raises :class:`Unreadable` for what is no network.
    """
    found = span(cidr)
    if found is None:
        raise _unreadable([cidr])
    if found in (EVERY_V4, EVERY_V6):
        return False
    public = found & PUBLIC
    too_many_v4, too_many_v6 = 2 ** (32 - shortest_ipv4), 2 ** (128 - shortest_ipv6)
    return (bool(public.v4) and size(found.v4) > too_many_v4) or (
        bool(public.v6) and size(found.v6) > too_many_v6
    )


def wide_together(cidrs: Iterable[str], shortest_ipv4: int, shortest_ipv6: int) -> list[str]:
    """Runs of public addresses wider than such a prefix which networks make up that join each other.

    A whole family (/0) is left out, as in :func:`is_wide`. Raises :class:`Unreadable` for what is no network.
    """
    held = NOBODY
    for cidr in cidrs:
        found = span(cidr)
        if found is None:
            raise _unreadable([cidr])
        held |= NOBODY if found in (EVERY_V4, EVERY_V6) else found
    public = held & PUBLIC
    return [
        f"{make(first)}-{make(last)}"
        for spans, make, bits in (
            (joined(public.v4), IPv4Address, 32 - shortest_ipv4),
            (joined(public.v6), IPv6Address, 128 - shortest_ipv6),
        )
        for first, last in spans
        if last - first + 1 > 2**bits
    ]


def _unreadable(names: Sequence[str]) -> Unreadable:
    return Unreadable(f"which addresses these are cannot be told: {', '.join(names)}")


# -- protocols and ports ------------------------------------------------------------------------------


def _is_number(text: str) -> bool:
    """Whether a text is a number of no more digits than a port has."""
    return len(text) <= len(str(LAST_PORT)) and text.isascii() and text.isdecimal()


def protocol_number(text: str) -> int | None:
    """The number of a protocol by its name or number; ``None`` where it stands for every protocol.

    Raises :class:`Unreadable` for an unknown name.
    """
    name = text.strip().casefold()
    if name in _EVERY_PROTOCOL:
        return None
    if name in PROTOCOLS:
        return PROTOCOLS[name]
    if _is_number(name) and int(name) <= _LAST_PROTOCOL:
        return int(name)
    msg = f"which protocol {text!r} is cannot be told"
    raise Unreadable(msg)


@lru_cache(maxsize=16384)
def port_span(text: str) -> Span | None:
    """``22``, ``20-25``; ``None`` for what is no range of ports."""
    first, dash, last = text.strip().partition("-")
    parts = (first.strip(), last.strip() if dash else first.strip())
    if not all(map(_is_number, parts)):
        return None
    start, end = int(parts[0]), int(parts[1])
    return (start, end) if start <= end <= LAST_PORT else None


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports that an entry is about: for certain, and at most."""

    certain: Spans = ALL_PORTS
    possible: Spans = ALL_PORTS


EVERY_PORT = Ports()
NO_PORT = Ports((), ())


def ports_of(texts: Iterable[str]) -> Ports:
    """The ports of a list of texts; one that cannot be read may be any port."""
    spans = [port_span(text) for text in texts]
    certain = joined(found for found in spans if found is not None)
    return Ports(certain, ALL_PORTS if None in spans else certain)


def single_ports(*spans: Span) -> Ports:
    """Ports that are known for certain."""
    found = joined(spans)
    return Ports(found, found)


# -- entries in order ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a list, for one protocol. The first that matches decides."""

    allow: bool
    sources: Sources
    ports: Ports = EVERY_PORT
    sure: bool = True
    """``False``: it may not apply at all (to these machines, to this traffic)."""
    onward: bool = False
    """It neither allows nor denies: the next list decides."""


class Opened(NamedTuple):
    """A range of ports with who may come in."""

    first: int
    last: int
    sources: Sources


def admitted(*lists: Sequence[Entry], otherwise: Sources = NO_SOURCE) -> list[Opened]:
    """Who reaches which ports, by lists of entries in order; in each the first that matches decides.

    What no entry of a list matches, or what one hands on, the next list decides; what none decides is
    admitted as far as ``otherwise`` says. Ports that nobody reaches are left out.
    """
    if not otherwise and not any(lists):
        return []
    edges = {0, LAST_PORT + 1}
    for entry in chain.from_iterable(lists):
        for first, last in (*entry.ports.certain, *entry.ports.possible):
            edges |= {first, last + 1}
    found: list[Opened] = []
    for start, end in pairwise(sorted(edges)):
        here = [[e for e in entries if holds(e.ports.possible, start)] for entries in lists]
        sources = _through(here, start, otherwise)
        if not sources:
            continue
        if found and found[-1].last == start - 1 and found[-1].sources == sources:
            found[-1] = Opened(found[-1].first, end - 1, sources)
        else:
            found.append(Opened(start, end - 1, sources))
    return found


def _through(lists: Sequence[Sequence[Entry]], port: int, otherwise: Sources) -> Sources:
    """Who gets through the lists to one port."""
    if not otherwise and all(entry.allow for entry in chain.from_iterable(lists)):
        return _union(chain.from_iterable(lists), port)
    certain, possible = NOBODY, NOBODY
    left_certain, left_possible = EVERYBODY, EVERYBODY
    unknown: set[str] = set()
    for entries in lists:
        onward_certain, onward_possible = NOBODY, NOBODY
        for entry in entries:
            matched = entry.sources.certain if _is_sure(entry, port) else NOBODY
            at_most = entry.sources.possible
            if entry.onward:
                onward_certain |= left_certain & matched
                onward_possible |= left_possible & at_most
            elif entry.allow:
                certain |= left_certain & matched
                possible |= left_possible & at_most
            if matched != at_most:
                unknown.update(entry.sources.unknown)
            left_certain -= at_most
            left_possible -= matched
        left_certain |= onward_certain
        left_possible |= onward_possible
    certain |= left_certain & otherwise.certain
    possible |= left_possible & otherwise.possible
    return Sources(certain, possible, tuple(sorted(unknown)))


def _is_sure(entry: Entry, port: int) -> bool:
    return entry.sure and holds(entry.ports.certain, port)


def _union(entries: Iterable[Entry], port: int) -> Sources:
    """The same where nothing is denied."""
    found = NO_SOURCE
    for entry in entries:
        sources = entry.sources
        if not _is_sure(entry, port):
            sources = Sources(NOBODY, sources.possible, sources.unknown)
        found |= sources
    return found


@dataclass(frozen=True, slots=True)
class Open:
    """Which ports are open to the internet: for certain, and at most."""

    certain: Spans
    possible: Spans
    unknown: tuple[str, ...] = ()
    """What it depends on, where the two differ."""
    share: float = 1.0
    """The largest share of the public addresses that reaches a port for certain."""

    def sure(self, ports: Iterable[int]) -> list[int]:
        """Which of these ports are open for certain."""
        return [port for port in ports if holds(self.certain, port)]

    def maybe(self, ports: Iterable[int]) -> list[int]:
        """Which of these ports are open, or may be."""
        return [port for port in ports if holds(self.possible, port)]

    def __or__(self, other: Open) -> Open:
        """What either opens."""
        return Open(
            joined((*self.certain, *other.certain)),
            joined((*self.possible, *other.possible)),
            tuple(sorted({*self.unknown, *other.unknown})),
            max(self.share, other.share),
        )


NOT_OPEN = Open((), (), (), 0.0)


def open_ports(reached: Iterable[Opened], share: float = OPEN_SHARE) -> Open:
    """Which ports are open to the internet."""
    certain: list[Span] = []
    possible: list[Span] = []
    unknown: set[str] = set()
    largest = 0.0
    for first, last, sources in reached:
        answer = sources.is_open(share)
        if answer is False:
            continue
        possible.append((first, last))
        if answer:
            certain.append((first, last))
            largest = max(largest, sources.certain.share.larger)
        else:
            unknown.update(sources.unknown)
    return Open(joined(certain), joined(possible), tuple(sorted(unknown)), largest)


def both(one: Iterable[Opened], other: Iterable[Opened]) -> list[Opened]:
    """Who reaches which ports through two lists, one behind the other."""
    second = list(other)
    return [
        Opened(max(a.first, b.first), min(a.last, b.last), sources)
        for a in one
        for b in second
        if max(a.first, b.first) <= min(a.last, b.last) and (sources := a.sources & b.sources)
    ]


def port_names(spans: Iterable[Span]) -> list[str]:
    """``22``, ``20-25``."""
    return [str(first) if first == last else f"{first}-{last}" for first, last in spans]
