"""The algebra of addresses and ports: what a list of networks covers, and what entries let through."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_collectors import reach
from soc2_collectors.reach import (
    EVERY_PORT,
    Addresses,
    Entry,
    Ports,
    Sources,
    Unreadable,
    admitted,
    networks,
    open_ports,
    open_to_internet,
    public_share,
    single_ports,
    unread,
)

PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]


def _without(holes: list[str]) -> list[str]:
    """Every IPv4 address but these, in as few networks as can be."""
    left = [ip_network("0.0.0.0/0")]
    for hole in map(ip_network, holes):
        parts: list[Any] = []
        for one in left:
            if hole.subnet_of(one):  # type: ignore[arg-type]
                parts += one.address_exclude(hole)  # type: ignore[arg-type]
            else:
                parts.append(one)
        left = parts
    return [str(one) for one in left]


# -- the internet -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cidrs", "is_open"),
    [
        (["0.0.0.0/0"], True),
        (["::/0"], True),
        (["0.0.0.0/1", "128.0.0.0/1"], True),
        (["0.0.0.0/1"], True),
        (["128.0.0.0/1"], True),
        (["192.0.0.0/2"], True),
        (_without(PRIVATE), True),
        (_without([*PRIVATE, "127.0.0.0/8", "169.254.0.0/16", "100.64.0.0/10"]), True),
        (["2000::/3"], True),
        (["2600::/12"], True),
        (["2000::/4"], True),
        (["1.2.3.4"], False),
        (["1.2.3.4-1.2.3.9"], False),
        (["0.0.0.0-255.255.255.255"], True),
        (["16.0.0.0/4"], False),
        (PRIVATE, False),
        (["fc00::/7", "fe80::/10", "8000::/1", "2001:db8::/32"], False),
        (["0.0.0.0/8", "224.0.0.0/3", "100.64.0.0/10"], False),
        (["3.0.0.0/9", "13.32.0.0/12", "52.0.0.0/10", "54.0.0.0/9"], False),
        ([], False),
    ],
)
def test_what_is_the_internet(cidrs: list[str], is_open: bool) -> None:  # noqa: FBT001
    assert open_to_internet(cidrs) is is_open


def test_the_two_families_are_measured_apart() -> None:
    assert public_share(["0.0.0.0/0"]) == (1.0, 0.0)
    assert public_share(["2000::/3"]) == (0.0, 1.0)
    assert public_share([*PRIVATE, "fc00::/7"]) == (0.0, 0.0)
    half, other = public_share(["0.0.0.0/1"]).ipv4, public_share(["128.0.0.0/1"]).ipv4
    assert half + other == pytest.approx(1.0)


def test_what_is_no_network_is_never_narrow() -> None:
    for text in ("office", "10.0.0.0/99", "", "1.2.3.4-::1", "9.9.9.9-1.1.1.1", "0.0.0.0/00x"):
        with pytest.raises(Unreadable):
            open_to_internet([text])
        with pytest.raises(Unreadable):
            public_share([text])
    assert open_to_internet(["office", "0.0.0.0/0"]), "open whatever the other is"


_CIDR4 = st.builds(
    lambda bits, length: str(IPv4Network((bits >> (32 - length) << (32 - length), length))),
    st.integers(0, 2**32 - 1),
    st.integers(1, 10),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(_CIDR4, max_size=12))
def test_a_share_is_what_is_left_when_the_private_part_is_taken_off(cidrs: list[str]) -> None:
    public: list[IPv4Network] = [IPv4Network("0.0.0.0/0")]
    holes = [
        one
        for first, last in reach.NOT_PUBLIC.v4
        for one in collapse_addresses(_spanned(first, last))
    ]
    public = [IPv4Network(text) for text in _without([str(hole) for hole in holes])]
    covered = list(collapse_addresses(IPv4Network(cidr) for cidr in cidrs))
    held = sum(
        min(a.num_addresses, b.num_addresses) for a in public for b in covered if a.overlaps(b)
    )
    share = held / sum(one.num_addresses for one in public)
    assert public_share(cidrs).ipv4 == pytest.approx(share)


def _spanned(first: int, last: int) -> list[IPv4Network]:
    found = []
    while first <= last:
        length = next(
            n for n in range(33)
            if first % (1 << (32 - n)) == 0 and first + (1 << (32 - n)) - 1 <= last
        )  # fmt: skip
        found.append(IPv4Network((first, length)))
        first += 1 << (32 - length)
    return found


# -- sets of numbers --------------------------------------------------------------------------------------

_SPANS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 9)).map(lambda p: (p[0], p[0] + p[1])), max_size=6
)


@settings(max_examples=300, deadline=None)
@given(_SPANS, _SPANS)
def test_spans_agree_with_sets(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    def numbers(spans: Any) -> set[int]:
        return {n for first, last in spans for n in range(first, last + 1)}

    a, b = reach.joined(one), reach.joined(other)
    assert numbers(a) == numbers(one)
    assert all(x[1] + 1 < y[0] for x, y in pairwise(a)), "joined, in order"
    assert numbers(reach.without(a, b)) == numbers(one) - numbers(other)
    assert numbers(reach.common(a, b)) == numbers(one) & numbers(other)
    assert reach.size(a) == len(numbers(one))


# -- entries in order -------------------------------------------------------------------------------------

_NETS = [
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "10.0.0.0/8",
    "198.51.100.0/24",
    "::/0",
    "2000::/3",
]
_SAMPLES = ["10.1.1.1", "9.9.9.9", "198.51.100.7", "223.1.1.1", "2a00::1", "fd00::1"]
_ENTRIES = st.lists(
    st.tuples(
        st.booleans(),
        st.lists(st.sampled_from(_NETS), max_size=2),
        st.tuples(st.integers(0, 99), st.integers(0, 99)).map(lambda p: (min(p), max(p))),
    ),
    max_size=7,
)


@settings(max_examples=300, deadline=None)
@given(_ENTRIES, st.lists(st.integers(0, 110), min_size=1, max_size=5))
def test_the_first_entry_that_matches_decides(entries: list[Any], ports: list[int]) -> None:
    found = admitted(
        [
            Entry(allow=allow, sources=networks(nets), ports=single_ports(span))
            for allow, nets, span in entries
        ]
    )
    for port in ports:
        for text in _SAMPLES:
            address = ip_address(text)
            expected = next(
                (
                    allow
                    for allow, nets, (first, last) in entries
                    if first <= port <= last
                    and any(
                        address.version == net.version and address in net
                        for net in map(ip_network, nets)
                    )
                ),
                False,
            )
            here = [o.sources for o in found if o.first <= port <= o.last]
            assert any(text in sources.certain for sources in here) is expected
            assert any(text in sources.possible for sources in here) is expected


@settings(max_examples=300, deadline=None)
@given(_ENTRIES, st.data())
def test_what_is_certain_holds_whatever_the_unknown_is(
    entries: list[Any], data: st.DataObject
) -> None:
    """Some entries become unknown; each way of filling them in lies between the two bounds."""
    hidden = [data.draw(st.booleans()) for _ in entries]
    bounds = admitted(
        [
            Entry(
                allow=allow,
                sources=unread("x") if secret else networks(nets),
                ports=single_ports(span),
            )
            for (allow, nets, span), secret in zip(entries, hidden, strict=True)
        ]
    )
    truth = admitted(
        [
            Entry(allow=allow, sources=networks(nets), ports=single_ports(span))
            for allow, nets, span in entries
        ]
    )
    for port in range(0, 100, 9):
        low, high, real = (
            _at(bounds, port).certain, _at(bounds, port).possible, _at(truth, port).certain
        )  # fmt: skip
        assert not low - real
        assert not real - high


def _at(found: list[reach.Opened], port: int) -> Sources:
    return next((o.sources for o in found if o.first <= port <= o.last), Sources())


def test_open_ports_tells_what_is_certain_from_what_depends() -> None:
    everyone = networks(["0.0.0.0/0"])
    found = open_ports(
        admitted(
            [
                Entry(allow=False, sources=unread("a list"), ports=single_ports((22, 22))),
                Entry(allow=True, sources=everyone, ports=single_ports((20, 25))),
                Entry(allow=True, sources=everyone, ports=Ports((), ((80, 90),))),
                Entry(allow=True, sources=everyone, ports=EVERY_PORT, sure=False),
            ]
        )
    )
    assert found.sure([21, 22, 23, 85]) == [21, 23]
    assert found.maybe([21, 22, 85, 9000]) == [21, 22, 85, 9000]
    assert "a list" in found.unknown


def test_halves_add_up_and_a_denial_takes_off() -> None:
    quarter = [f"{n}.0.0.0/8" for n in range(11, 40)]
    two = [Entry(allow=True, sources=networks([cidr])) for cidr in quarter]
    assert open_ports(admitted(two)).sure([22]) == [22]
    closed = Entry(allow=False, sources=networks(["0.0.0.0/3"]))
    assert open_ports(admitted([closed, *two])).sure([22]) == []


@pytest.mark.parametrize(
    ("text", "number"),
    [("tcp", 6), ("UDP", 17), ("-1", None), ("*", None), ("All", None), ("58", 58)],
)
def test_protocols(text: str, number: int | None) -> None:
    assert reach.protocol_number(text) == number


def test_an_unknown_protocol_is_not_narrow() -> None:
    for text in ("", "tpc", "999", "-2", "9" * 5000):
        with pytest.raises(Unreadable):
            reach.protocol_number(text)


def test_ports_that_cannot_be_read_may_be_any() -> None:
    assert reach.ports_of(["22", "20-25"]) == Ports(((20, 25),), ((20, 25),))
    for text in ("", "ssh", "25-20", "70000", "-1", "9" * 5000):
        assert reach.ports_of([text]).possible == reach.ALL_PORTS


def test_addresses_of_both_families() -> None:
    both = Addresses(reach.EVERY_V4.v4, reach.EVERY_V6.v6)
    assert both == reach.EVERYBODY
    assert "::1" in both
    assert "::1" not in reach.EVERY_V4
    assert isinstance(ip_network("::/0"), IPv6Network)
