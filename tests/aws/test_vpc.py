"""VPC: what boto3 reads from moto, and how routes and access lists are understood."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_collectors.aws.models.vpc import NetworkAcl, RouteTable
from soc2_collectors.reach import EVERY_V4, EVERY_V6, known, open_ports
from soc2_pac.canonical import canonical
from soc2_pac.model import Status
from soc2_pac.resources import view

from .regional import Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _named(sort: str, name: str) -> dict[str, Any]:
    tags = [{"Key": "Name", "Value": name}]
    return {"TagSpecifications": [{"ResourceType": sort, "Tags": tags}]}


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        ec2 = made.client("ec2")
        vpcs = {
            name: ec2.create_vpc(CidrBlock=cidr, **_named("vpc", name))["Vpc"]["VpcId"]
            for name, cidr in (("watched", "10.1.0.0/16"), ("unwatched", "10.2.0.0/16"))
        }
        made.client("logs").create_log_group(logGroupName="flows")
        ec2.create_flow_logs(
            ResourceIds=[vpcs["watched"]], ResourceType="VPC", TrafficType="ALL",
            LogGroupName="flows",
            DeliverLogsPermissionArn=f"arn:aws:iam::{made.number}:role/flows",
        )  # fmt: skip
        for name, cidr in (("quiet", "10.1.1.0/24"), ("giving", "10.1.2.0/24")):
            subnet = ec2.create_subnet(
                VpcId=vpcs["watched"], CidrBlock=cidr, **_named("subnet", name)
            )["Subnet"]["SubnetId"]
            ec2.modify_subnet_attribute(
                SubnetId=subnet, MapPublicIpOnLaunch={"Value": name == "giving"}
            )
        gateway = ec2.create_internet_gateway(**_named("internet-gateway", "way-out"))
        ec2.attach_internet_gateway(
            InternetGatewayId=gateway["InternetGateway"]["InternetGatewayId"], VpcId=vpcs["watched"]
        )
        peering = ec2.create_vpc_peering_connection(
            VpcId=vpcs["watched"], PeerVpcId=vpcs["unwatched"],
            **_named("vpc-peering-connection", "both"),
        )["VpcPeeringConnection"]["VpcPeeringConnectionId"]  # fmt: skip
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        for name, accept in (("by-hand", "disable"), ("by-itself", "enable")):
            ec2.create_transit_gateway(
                Options={"AutoAcceptSharedAttachments": accept}, **_named("transit-gateway", name)
            )
        yield made


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("aws-vpc-flow-logs", "watched", "unwatched"),
        ("aws-subnet-no-auto-public-ip", "quiet", "giving"),
        ("aws-tgw-manual-accept", "by-hand", "by-itself"),
    ],
)
def test_the_good_and_the_bad_are_told_apart(aws: Account, rule: str, good: str, bad: str) -> None:
    assert aws.judge(rule, good, NOW).status is Status.PASS
    assert aws.judge(rule, bad, NOW).status is Status.FAIL


def test_peerings_gateways_and_access_lists(aws: Account) -> None:
    assert aws.judge("aws-peering-routes-narrow", "both", NOW).status is Status.PASS
    verdict = aws.judge("aws-igw-authorized", "way-out", NOW)
    assert verdict.status is Status.FAIL
    assert aws.one("aws.ec2.vpc", "watched").uid in verdict.message
    acls = aws.collect("aws.ec2.network_acl")
    assert {acl.view.is_default for acl in acls} == {True}
    for acl in acls:
        assert open_ports(acl.view.reached("tcp")).sure([22]) == [22], (
            "default lists admit everything"
        )


def test_each_kind_is_one_listing(aws: Account) -> None:
    for kind in ("vpc", "subnet", "route_table", "network_acl", "flow_log"):
        assert aws.collect(f"aws.ec2.{kind}")
        assert sum(aws.calls.values()) == 1


@pytest.mark.parametrize(
    ("operation", "key", "kind"),
    [
        ("DescribeNetworkAcls", "NetworkAcls", "aws.ec2.network_acl"),
        ("DescribeVpcPeeringConnections", "VpcPeeringConnections", "aws.ec2.vpc_peering"),
    ],
)
def test_recorded_documents(
    recordings: Callable[[str], Path], operation: str, key: str, kind: str
) -> None:
    items = [i for _, said in answers(recordings("aws"), f"ec2.{operation}") for i in said[key]]
    assert items
    for item in items:
        judged(kind, item)


# -- routes -------------------------------------------------------------------------------------------


def routes(*given_routes: dict[str, Any]) -> RouteTable:
    return view(RouteTable, canonical({"RouteTableId": "rtb-1", "Routes": list(given_routes)}))


@pytest.mark.parametrize(
    ("table", "ipv4", "ipv6"),
    [
        (routes({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}), True, False),
        (routes({"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"}), False, True),
        (
            routes(
                {"DestinationCidrBlock": "0.0.0.0/1", "GatewayId": "igw-1"},
                {"DestinationCidrBlock": "128.0.0.0/1", "GatewayId": "igw-1"},
            ),
            True,
            False,
        ),
        (routes({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}), False, False),
        (
            routes({"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}),
            False,
            False,
        ),
        (
            routes(
                {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "blackhole"}
            ),
            False,
            False,
        ),
        (routes({"DestinationCidrBlock": "203.0.113.0/24", "GatewayId": "igw-1"}), False, False),
        (routes({"DestinationPrefixListId": "pl-1", "GatewayId": "igw-1"}), None, None),
        (routes({"DestinationCidrBlock": "128.0.0.0/1", "GatewayId": "igw-1"}), True, False),
        (
            routes(
                {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"},
                {"DestinationCidrBlock": "0.0.0.0/1", "NatGatewayId": "nat-1"},
                {"DestinationCidrBlock": "128.0.0.0/1", "NatGatewayId": "nat-1"},
            ),
            False,
            False,
        ),
        (routes({"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}), False, False),
    ],
)
def test_what_a_route_table_reaches(
    table: RouteTable,
    ipv4: bool | None,  # noqa: FBT001
    ipv6: bool | None,  # noqa: FBT001
) -> None:
    found = table.internet()
    assert (found & known(EVERY_V4)).is_open() is ipv4
    assert (found & known(EVERY_V6)).is_open() is ipv6


def test_a_list_that_leads_elsewhere_closes_nothing_until_it_is_known() -> None:
    table = routes(
        {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"},
        {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"},
    )
    assert table.internet().is_open() is True
    assert table.internet(lambda _: known(EVERY_V4)).is_open() is False
    assert not table.through_appliance()


# -- access lists: entries are asked in order -----------------------------------------------------------

_CIDRS = ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "198.51.100.0/24"]
_CIDRS6 = ["::/0", "2000::/3", "2001:db8::/32"]
ENTRIES = st.lists(
    st.builds(
        lambda entry, cidr, family: {
            **entry, ("CidrBlock" if family else "Ipv6CidrBlock"): cidr[0 if family else 1]
        },
        st.fixed_dictionaries(
            {
                "RuleNumber": st.integers(1, 12),
                "RuleAction": st.sampled_from(["allow", "deny"]),
                "Egress": st.booleans(),
                "Protocol": st.sampled_from(["-1", "6", "17", "1"]),
                "PortRange": st.sampled_from(
                    [{"From": 22, "To": 22}, {"From": 0, "To": 65535}, {"From": 80, "To": 90}]
                ),
            }
        ),
        st.tuples(st.sampled_from(_CIDRS), st.sampled_from(_CIDRS6)),
        st.booleans(),
    ),
    max_size=8,
    unique_by=lambda entry: (entry["RuleNumber"], entry["Egress"]),
)  # fmt: skip
_SAMPLES = ["10.1.1.1", "9.9.9.9", "198.51.100.7", "223.1.1.1", "2a00::1", "2001:db8::1", "fd00::1"]


@settings(max_examples=300, deadline=None)
@given(ENTRIES, st.sampled_from(["tcp", "udp"]))
def test_an_access_list_agrees_with_the_plain_reading(
    entries: list[dict[str, Any]], protocol: str
) -> None:
    acl = view(
        NetworkAcl, canonical({"NetworkAclId": "acl-1", "Associations": [], "Entries": entries})
    )
    found = acl.reached(protocol)
    for port in (0, 22, 23, 85, 65535):
        here = [one.sources for one in found if one.first <= port <= one.last]
        for text in _SAMPLES:
            assert any(text in sources.certain for sources in here) is admits(
                entries, text, port, protocol
            )


def admits(entries: list[dict[str, Any]], text: str, port: int, protocol: str) -> bool:
    """The plain reading: the lowest number that matches decides."""
    address = ip_address(text)
    for entry in sorted(entries, key=lambda e: e["RuleNumber"]):
        network = ip_network(entry.get("CidrBlock") or entry["Ipv6CidrBlock"])
        ports = entry["PortRange"]
        number = {"tcp": "6", "udp": "17"}[protocol]
        about_it = entry["Protocol"] == "-1" or (
            entry["Protocol"] == number and ports["From"] <= port <= ports["To"]
        )
        same = network.version == address.version
        if not entry["Egress"] and about_it and same and address in network:
            return bool(entry["RuleAction"] == "allow")
    return False
