"""Who reaches which ports in Google Cloud, against a plain reading of Google's order."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_collectors.gcp.models.network import Entry, Firewall, FirewallPolicy, Network
from soc2_collectors.gcp.models.reach import (
    Witness,
    opens,
    policy_opens,
    ports,
    surroundings,
)
from soc2_collectors.reach import ALL_PORTS, Ports, Unreadable, admitted

NET = "projects/p/global/networks/n"
ANCESTORS = ["projects/1", "folders/2", "organizations/3"]


def firewall(name: str, **data: Any) -> Firewall:
    body = {
        "name": f"//compute.googleapis.com/projects/p/global/firewalls/{name}",
        "assetType": "compute.googleapis.com/Firewall",
        "ancestors": ANCESTORS,
        "resource": {"data": {"network": NET, "direction": "INGRESS", **data}},
    }
    return msgspec.convert(body, Firewall)


def policy(name: str, target: str, rules: list[dict[str, Any]], **data: Any) -> FirewallPolicy:
    body = {
        "name": f"//compute.googleapis.com/locations/global/firewallPolicies/{name}",
        "assetType": "compute.googleapis.com/FirewallPolicy",
        "resource": {
            "data": {"associations": [{"attachmentTarget": target}], "rules": rules, **data}
        },
    }
    return msgspec.convert(body, FirewallPolicy)


def network(order: str) -> Network:
    body = {
        "name": f"//compute.googleapis.com/{NET}",
        "assetType": "compute.googleapis.com/Network",
        "resource": {"data": {"name": "n", "networkFirewallPolicyEnforcementOrder": order}},
    }
    return msgspec.convert(body, Network)


# -- the plain reading ----------------------------------------------------------------------------------

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
_PORTS = st.sampled_from([[], ["22"], ["20-25"], ["80", "3306"]])
_PROTOCOL = st.sampled_from(["tcp", "6", "udp", "all", "icmp"])
_TAGS = st.lists(st.sampled_from(["db", "web"]), max_size=2, unique=True)
_CIDRS = st.lists(st.sampled_from(_NETS), max_size=2)

_FIREWALLS = st.lists(
    st.builds(
        lambda priority, nets, protocol, given, tags, allow, disabled, direction: {
            "priority": priority,
            "sourceRanges": nets,
            ("allowed" if allow else "denied"): [{"IPProtocol": protocol, "ports": given}],
            "targetTags": tags,
            "disabled": disabled,
            "direction": direction,
        },
        st.integers(1, 4), _CIDRS, _PROTOCOL, _PORTS, _TAGS, st.booleans(),
        st.sampled_from([False, False, True]), st.sampled_from(["INGRESS", "INGRESS", "EGRESS"]),
    ),
    max_size=6,
)  # fmt: skip
_POLICY_RULES = st.lists(
    st.builds(
        lambda priority, nets, protocol, given, action, disabled: {
            "priority": priority,
            "action": action,
            "direction": "INGRESS",
            "disabled": disabled,
            "match": {
                "srcIpRanges": nets,
                "layer4Configs": [{"ipProtocol": protocol, "ports": given}],
            },
        },
        st.integers(1, 99), _CIDRS, _PROTOCOL, _PORTS,
        st.sampled_from(["allow", "deny", "goto_next", "apply_security_profile_group"]),
        st.sampled_from([False, False, True]),
    ),
    max_size=4, unique_by=lambda rule: rule["priority"],
)  # fmt: skip


def _about(entries: list[dict[str, Any]], key: str, protocol: str, port: int) -> bool:
    number = {"tcp": "6", "udp": "17"}[protocol]
    for entry in entries:
        if entry[key] not in ("all", protocol, number):
            continue
        spans = [text.partition("-") for text in entry["ports"]]
        if not spans or any(int(a) <= port <= int(b or a) for a, _, b in spans):
            return True
    return False


def _from(nets: list[str], text: str) -> bool:
    address = ip_address(text)
    return any(address in net for net in map(ip_network, nets) if net.version == address.version)


def _policy_says(rules: list[dict[str, Any]], text: str, port: int, protocol: str) -> str | None:
    for rule in sorted(rules, key=lambda one: one["priority"]):
        match = rule["match"]
        if (
            not rule["disabled"]
            and _about(match["layer4Configs"], "ipProtocol", protocol, port)
            and (not match["srcIpRanges"] or _from(match["srcIpRanges"], text))
        ):
            return str(rule["action"])
    return None


def _network_says(
    rules: list[dict[str, Any]], tag: str, text: str, port: int, protocol: str
) -> str | None:
    for rule in sorted(rules, key=lambda one: (one["priority"], "allowed" in one)):
        said = rule.get("allowed") or rule["denied"]
        if (
            not rule["disabled"]
            and rule["direction"] == "INGRESS"
            and (not rule["targetTags"] or tag in rule["targetTags"])
            and _about(said, "IPProtocol", protocol, port)
            and _from(rule["sourceRanges"] or ["0.0.0.0/0"], text)
        ):
            return "allow" if "allowed" in rule else "deny"
    return None


@settings(max_examples=300, deadline=None)
@given(
    _FIREWALLS, _POLICY_RULES, _POLICY_RULES, _POLICY_RULES, st.booleans(),
    st.sampled_from(["tcp", "udp"]), st.sampled_from(["db", "web", "none"]),
)  # fmt: skip
def test_who_reaches_a_machine_agrees_with_the_plain_reading(
    rules: list[dict[str, Any]],
    top: list[dict[str, Any]],
    folder: list[dict[str, Any]],
    own: list[dict[str, Any]],
    policy_first: bool,  # noqa: FBT001
    protocol: str,
    tag: str,
) -> None:
    judged = firewall("judged", allowed=[{"IPProtocol": "esp"}], sourceTags=["nobody"])
    listed = [firewall(str(number), **rule) for number, rule in enumerate(rules)]
    policies = [
        policy("folder", "folders/2", folder),
        policy("own", f"https://www.googleapis.com/compute/v1/{NET}", own),
        policy("top", "organizations/3", top),
        policy("other", "folders/9", [_deny_all()]),
        policy(
            "regional", f"https://www.googleapis.com/compute/v1/{NET}", [_deny_all()], region="r"
        ),
    ]
    order = "BEFORE_CLASSIC_FIREWALL" if policy_first else "AFTER_CLASSIC_FIREWALL"
    around = surroundings(judged, listed, policies, network(order))
    at = Witness(network=NET, tags=frozenset({tag}))
    found = admitted(*around.lists(at, protocol, ALL_PORTS))
    for port in (21, 22, 80, 3306, 9000):
        here = [one.sources for one in found if one.first <= port <= one.last]
        for text in _SAMPLES:
            said = [
                _policy_says(top, text, port, protocol),
                _policy_says(folder, text, port, protocol),
            ]
            last = [
                _network_says(rules, tag, text, port, protocol),
                _policy_says(own, text, port, protocol),
            ]
            said += reversed(last) if policy_first else last
            decided = next((one for one in said if one not in (None, "goto_next")), "deny")
            expected = decided in ("allow", "apply_security_profile_group")
            assert any(text in sources.certain for sources in here) is expected


def _deny_all() -> dict[str, Any]:
    match = {"srcIpRanges": [], "layer4Configs": [{"ipProtocol": "all"}]}
    return {"priority": 1, "action": "deny", "direction": "INGRESS", "match": match}


@settings(max_examples=150, deadline=None)
@given(_POLICY_RULES, st.sampled_from(["tcp", "udp"]))
def test_what_a_policy_opens_agrees_with_the_plain_reading(
    rules: list[dict[str, Any]], protocol: str
) -> None:
    """The ranges are whole, halves, or no tenth: a sample of each says whether the internet comes in."""
    found = policy_opens(policy("x", "folders/2", rules), protocol)
    for port in (21, 22, 80, 3306, 9000):
        internet = ("9.9.9.9", "223.1.1.1", "2a00::1")
        admitting = ("allow", "apply_security_profile_group")
        expected = any(_policy_says(rules, text, port, protocol) in admitting for text in internet)
        assert bool(found.sure([port])) is expected
        assert bool(found.maybe([port])) is expected


# -- single facts -----------------------------------------------------------------------------------------

EVERYWHERE = ["0.0.0.0/0"]


def tcp(*given_ports: str) -> list[dict[str, Any]]:
    return [{"IPProtocol": "tcp", "ports": list(given_ports)}]


def test_several_denying_rules_are_counted_together() -> None:
    allow = firewall("a", priority=1000, sourceRanges=EVERYWHERE, allowed=tcp("20-30"))
    others = [
        firewall("b", priority=10, sourceRanges=EVERYWHERE, denied=tcp("20-22")),
        firewall("c", priority=20, sourceRanges=EVERYWHERE, denied=tcp("25", "30")),
        firewall("d", priority=2000, sourceRanges=EVERYWHERE, denied=tcp("23")),
        allow,
    ]
    around = surroundings(allow, others, (), None)
    assert opens(allow, around, "tcp").certain == ((23, 24), (26, 29))
    assert opens(allow, around, "udp").possible == ()


def test_a_machine_with_another_tag_is_not_closed() -> None:
    allow = firewall("a", sourceRanges=EVERYWHERE, allowed=tcp("22"), targetTags=["db", "web"])
    deny = firewall("b", priority=1, sourceRanges=EVERYWHERE, denied=tcp(), targetTags=["db"])
    assert opens(allow, surroundings(allow, [deny], (), None), "tcp").sure([22]) == [22]


def test_a_denial_of_some_destinations_leaves_the_others_open() -> None:
    allow = firewall("a", priority=5, sourceRanges=EVERYWHERE, allowed=tcp("22"))
    some = firewall(
        "b", priority=1, sourceRanges=EVERYWHERE, denied=tcp(), destinationRanges=["10.0.0.0/8"]
    )
    assert opens(allow, surroundings(allow, [some], (), None), "tcp").sure([22]) == [22]
    same = firewall(
        "c",
        priority=5,
        sourceRanges=EVERYWHERE,
        allowed=tcp("22"),
        destinationRanges=["10.0.0.8/32"],
    )
    assert opens(same, surroundings(same, [some], (), None), "tcp").maybe([22]) == []


def test_an_office_is_not_charged_with_what_another_rule_opens() -> None:
    office = firewall("a", sourceRanges=["9.9.9.0/24"], allowed=tcp("22"))
    everyone = firewall("b", sourceRanges=EVERYWHERE, allowed=tcp("22"))
    around = surroundings(office, [everyone], (), None)
    assert opens(office, around, "tcp").maybe([22]) == []
    assert opens(everyone, surroundings(everyone, [office], (), None), "tcp").sure([22]) == [22]


def test_parts_of_the_internet_in_several_rules_add_up() -> None:
    one = firewall("a", sourceRanges=["16.0.0.0/4"], allowed=tcp("22"))
    other = firewall("b", sourceRanges=["32.0.0.0/4"], allowed=tcp("20-30"))
    assert opens(one, surroundings(one, [], (), None), "tcp").maybe([22]) == []
    assert opens(one, surroundings(one, [other], (), None), "tcp").sure([21, 22]) == [22]


def test_a_policy_that_hands_on_first_does_not_close() -> None:
    allow = firewall("a", sourceRanges=EVERYWHERE, allowed=tcp("22"))
    onward = {**_deny_all(), "priority": 0, "action": "goto_next"}
    for rules, is_open in (([_deny_all()], False), ([onward, _deny_all()], True)):
        above = policy("x", "organizations/3", rules)
        around = surroundings(allow, [], [above], None)
        assert bool(opens(allow, around, "tcp").sure([22])) is is_open
    elsewhere = policy("x", "organizations/4", [_deny_all()])
    assert opens(allow, surroundings(allow, [], [elsewhere], None), "tcp").sure([22]) == [22]


def test_a_policy_of_another_sort_closes_nothing() -> None:
    allow = firewall("a", sourceRanges=EVERYWHERE, allowed=tcp("22"))
    rdma = policy("x", "organizations/3", [_deny_all()], policyType="RDMA_ROCE_POLICY")
    assert opens(allow, surroundings(allow, [], [rdma], None), "tcp").sure([22]) == [22]


@pytest.mark.parametrize(
    ("protocol", "given_ports", "wanted"),
    [
        ("tcp", ["22"], ((22, 22),)),
        ("6", ["22", "20-21"], ((20, 22),)),
        ("TCP", [], ALL_PORTS),
        ("all", [], ALL_PORTS),
        ("udp", ["22"], ()),
        ("icmp", [], ()),
    ],
)
def test_ports_of_an_entry(
    protocol: str, given_ports: list[str], wanted: tuple[tuple[int, int], ...]
) -> None:
    assert ports([Entry(upper=protocol, ports=given_ports)], "tcp") == Ports(wanted, wanted)


def test_ports_that_cannot_be_read_may_be_any() -> None:
    assert ports([Entry(upper="tcp", ports=["ssh"])], "tcp") == Ports((), ALL_PORTS)
    with pytest.raises(Unreadable):
        ports([Entry(upper="tpc")], "tcp")
