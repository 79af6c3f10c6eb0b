"""Who reaches which ports through network security groups, against a plain reading of Azure's order."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_collectors.azure.models.arm import covers_internet
from soc2_collectors.azure.models.security_group import NetworkSecurityGroup, Witness, witnesses
from soc2_collectors.azure.models.service_tags import is_service_tag
from soc2_collectors.reach import ALL_PORTS, Unreadable, known, networks

ASG = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/applicationSecurityGroups/"


def group(rules: list[dict[str, Any]]) -> NetworkSecurityGroup:
    body = {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/x",
        "name": "x",
        "properties": {
            "securityRules": [{"name": str(n), "properties": one} for n, one in enumerate(rules)]
        },
    }
    return msgspec.convert(body, NetworkSecurityGroup)


def allow(priority: int = 100, **said: Any) -> dict[str, Any]:
    return {
        "protocol": "Tcp",
        "access": "Allow",
        "direction": "Inbound",
        "priority": priority,
        "sourceAddressPrefix": "*",
        "sourcePortRange": "*",
        "destinationAddressPrefix": "*",
        "destinationPortRange": "22",
        **said,
    }


# -- the plain reading ----------------------------------------------------------------------------------

_SOURCES = [
    "*", "Internet", "0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "198.51.100.0/24", "::/0",
    "2000::/3", "VirtualNetwork", "Storage.WestEurope",
]  # fmt: skip
_SAMPLES = ["10.1.1.1", "9.9.9.9", "198.51.100.7", "223.1.1.1", "2a00::1", "fd00::1"]
_PUBLIC = {"9.9.9.9", "223.1.1.1", "2a00::1"}
_DESTINATIONS = ["*", "10.0.0.4", "10.0.0.0/24", "VirtualNetwork", "fd00::/8"]
_RULES = st.lists(
    st.builds(
        lambda priority, sources, access, direction, protocol, ports, to, source_ports: {
            "priority": priority,
            "sourceAddressPrefixes": sources,
            "access": access,
            "direction": direction,
            "protocol": protocol,
            "destinationPortRanges": ports,
            "destinationAddressPrefix": to,
            "sourcePortRange": source_ports,
        },
        st.integers(100, 120),
        st.lists(st.sampled_from(_SOURCES), min_size=1, max_size=2),
        st.sampled_from(["Allow", "Deny", "allow"]),
        st.sampled_from(["Inbound", "Inbound", "Outbound"]),
        st.sampled_from(["Tcp", "Udp", "*", "Icmp", "TCP"]),
        st.lists(st.sampled_from(["22", "20-25", "*", "80", "0-65535"]), min_size=1, max_size=2),
        st.sampled_from(_DESTINATIONS),
        st.sampled_from(["*", "*", "0-1023", "40000"]),
    ),
    max_size=6,
    unique_by=lambda rule: rule["priority"],
)


def _is_from(sources: list[str], text: str) -> bool:
    address = ip_address(text)
    for source in sources:
        if source == "*" or (source == "Internet" and text in _PUBLIC):
            return True
        if source[0].isalpha():
            continue
        network = ip_network(source)
        if network.version == address.version and address in network:
            return True
    return False


def _is_port(texts: list[str], port: int) -> bool:
    spans = [(0, 65535) if t == "*" else tuple(map(int, (t.split("-") * 2)[:2])) for t in texts]
    return any(first <= port <= last for first, last in spans)


def _is_to(text: str, destination: str) -> bool:
    if text in ("*", "VirtualNetwork"):
        return True
    network, address = ip_network(text), ip_address(destination)
    return network.version == address.version and address in network


def admits(
    rules: list[dict[str, Any]], protocol: str, source: str, source_port: int, to: str, port: int
) -> bool:
    """The first rule that matches decides; nobody else comes in from outside."""
    for rule in sorted(rules, key=lambda one: one["priority"]):
        if (
            rule["direction"] == "Inbound"
            and rule["protocol"].lower() in ("*", protocol)
            and _is_from(rule["sourceAddressPrefixes"], source)
            and _is_port([rule["sourcePortRange"]], source_port)
            and _is_to(rule["destinationAddressPrefix"], to)
            and _is_port(rule["destinationPortRanges"], port)
        ):
            return bool(rule["access"].lower() == "allow")
    return False


@settings(max_examples=300, deadline=None)
@given(_RULES, st.sampled_from(["tcp", "udp"]), st.sampled_from([0, 1023, 40000, 50000]))
def test_who_reaches_a_machine_agrees_with_the_plain_reading(
    rules: list[dict[str, Any]], protocol: str, source_port: int
) -> None:
    for destination in ("10.0.0.4", "10.0.0.9", "192.168.0.1"):
        at = Witness((4, int(ip_address(destination))), source_port=source_port)
        found = group(rules).reached(protocol, ALL_PORTS, at)
        for port in (21, 22, 80, 9000):
            here = [one.sources for one in found if one.first <= port <= one.last]
            for source in _SAMPLES:
                expected = admits(rules, protocol, source, source_port, destination, port)
                assert any(source in one.certain for one in here) is expected
                assert any(source in one.possible for one in here) is expected


@settings(max_examples=200, deadline=None)
@given(_RULES, st.sampled_from(["tcp", "udp"]))
def test_what_a_group_opens_agrees_with_the_plain_reading(
    rules: list[dict[str, Any]], protocol: str
) -> None:
    """The public ranges are whole or halves: a sample of each says whether the internet comes in."""
    found = group(rules).opens(protocol)
    for port in (21, 22, 80, 9000):
        expected = any(
            admits(rules, protocol, source, source_port, to, port)
            for source in sorted(_PUBLIC)
            for source_port in (0, 1023, 1024, 40000, 40001)
            for to in ("10.0.0.4", "10.0.0.9", "192.168.0.1", "fd00::1", "2001:db8::1")
            if ip_address(source).version == ip_address(to).version
        )
        assert bool(found.sure([port])) is expected
        assert bool(found.maybe([port])) is expected


# -- single facts -----------------------------------------------------------------------------------------


def test_a_denial_of_some_source_ports_leaves_the_others_open() -> None:
    rules = [allow(100, access="Deny", sourcePortRange="0-1023"), allow(101)]
    assert group(rules).opens("tcp").sure([22]) == [22]
    rules = [allow(100, access="Deny", sourcePortRange="0-65535"), allow(101)]
    assert group(rules).opens("tcp").maybe([22]) == []


def test_a_group_of_applications_is_a_destination_of_its_own() -> None:
    to = {
        "destinationAddressPrefix": None,
        "destinationApplicationSecurityGroups": [{"id": ASG + "a"}],
    }
    other = {
        "destinationApplicationSecurityGroups": [{"id": ASG + "B"}],
        "destinationAddressPrefix": None,
    }
    open_to_one = group([allow(100, access="Deny", **other), allow(200, **to)])
    assert open_to_one.opens("tcp").sure([22]) == [22]
    same = {
        "destinationApplicationSecurityGroups": [{"id": ASG + "A"}],
        "destinationAddressPrefix": None,
    }
    closed = group([allow(100, access="Deny", **same), allow(200, **to)])
    assert closed.opens("tcp").maybe([22]) == []


def test_whether_a_denied_address_is_in_a_group_nobody_can_say() -> None:
    to = {
        "destinationAddressPrefix": None,
        "destinationApplicationSecurityGroups": [{"id": ASG + "a"}],
    }
    found = group(
        [allow(100, access="Deny", destinationAddressPrefix="10.0.0.0/8"), allow(200, **to)]
    ).opens("tcp")
    assert (found.sure([22]), found.maybe([22])) == ([], [22])


@pytest.mark.parametrize("word", ["direction", "access", "protocol"])
def test_a_word_that_is_not_known_is_never_narrow(word: str) -> None:
    with pytest.raises(Unreadable):
        group([{**allow(), word: "Perhaps"}]).opens("tcp")


def test_service_tags_are_few_addresses_but_those_of_all_customers() -> None:
    def opened(source: str, **said: Any) -> bool | None:
        found = group([allow(sourceAddressPrefix=source, **said)]).opens("tcp")
        return True if found.sure([22]) else None if found.maybe([22]) else False

    assert opened("Internet") is True
    assert opened("AzureCloud") is True
    assert opened("azurecloud.NorthEurope") is True
    assert opened("AzureDevOps") is False
    assert opened("Storage.WestUS") is False
    assert opened("SomethingNew") is None
    rented = group([allow(100, access="Deny", sourceAddressPrefix="AzureCloud"), allow(200)])
    assert rented.opens("tcp").sure([22]) == [22], "to deny it closes little"
    assert is_service_tag("azurefrontdoor.backend")


def test_a_given_destination_is_the_only_one() -> None:
    rules = [
        one.properties
        for one in group([allow(destinationAddressPrefix="10.0.0.5")]).properties.security_rules
    ]
    at = witnesses(rules, [Witness((4, int(ip_address("10.0.0.4"))))])
    assert [one.place for one in at] == [(4, int(ip_address("10.0.0.4")))]
    assert (at[0].senders & known(networks(["::/0"]).certain)).possible.v6 == ()


@pytest.mark.parametrize(
    ("cidrs", "is_open"),
    [
        (["0.0.0.0/0"], True),
        (["0.0.0.0/1"], True),
        (["2000::/3"], True),
        (["0.0.0.0-255.255.255.255"], True),
        (["203.0.113.7", "10.0.0.0/8"], False),
        ([], False),
    ],
)
def test_ranges_that_are_the_internet(cidrs: list[str], is_open: bool) -> None:  # noqa: FBT001
    assert covers_internet(cidrs) is is_open


def test_a_range_that_cannot_be_read_is_not_narrow() -> None:
    with pytest.raises(Unreadable):
        covers_internet(["office"])
