"""EC2 and EBS: what boto3 reads from moto, and what the views make of ports and ranges."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from soc2_collectors.aws.ec2 import (
    instances,
    launch_template_versions,
    network_interfaces,
    snapshots,
    volumes,
)
from soc2_collectors.aws.models.ec2 import Instance, SecurityGroup, reached
from soc2_collectors.aws.models.redacted import recognised
from soc2_collectors.reach import networks, open_ports
from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.errors import ProviderError, Unexpected, Unreachable
from soc2_pac.model import Fact, Lacking, Status
from soc2_pac.resources import view
from soc2_pac.testing import judge_document

from .regional import HOME, Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from soc2_collectors.aws.client import Aws
    from soc2_pac.resources import Collector

NOW = datetime(2026, 1, 1, tzinfo=UTC)
USER_DATA = "#!/bin/sh\nexport DB_PASSWORD=not-a-real-one\n"


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    # moto does not know this setting of a Region.
    unblocked = ActionResult({"State": "unblocked"})
    setting = "get_snapshot_block_public_access_state"
    with patch.object(EC2Response, setting, lambda _: unblocked, create=True), account() as made:
        ec2 = made.client("ec2")
        _network(ec2)
        _prefix_lists(ec2)
        _disks(ec2)
        yield made


def _network(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    groups = {}
    for name, port in (("ssh", 22), ("web", 443)):
        groups[name] = ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)[
            "GroupId"
        ]
        ec2.authorize_security_group_ingress(
            GroupId=groups[name],
            IpPermissions=[
                {"IpProtocol": "tcp", "FromPort": port, "ToPort": port,
                 "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
            ],
        )  # fmt: skip
    image = ec2.register_image(Name="golden", RootDeviceName="/dev/sda1")["ImageId"]
    for name, group, tokens in (("bastion", "ssh", "optional"), ("web", "web", "required")):
        ec2.run_instances(
            ImageId=image, MinCount=1, MaxCount=1, UserData=USER_DATA if name == "bastion" else "",
            MetadataOptions={"HttpTokens": tokens, "HttpEndpoint": "enabled"},
            NetworkInterfaces=[
                {"DeviceIndex": 0, "SubnetId": subnet, "Groups": [groups[group]],
                 "AssociatePublicIpAddress": True}
            ],
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}
            ],
        )  # fmt: skip
    ended = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "ended"}]}
        ],
    )["Instances"][0]["InstanceId"]  # fmt: skip
    ec2.terminate_instances(InstanceIds=[ended])
    template = {
        "UserData": "QUtJQUlPU0ZPRE5ON0VYQU1QTEU=",  # AWS's own example of an access key id
        "MetadataOptions": {"HttpTokens": "optional"},
        "NetworkInterfaces": [{"DeviceIndex": 0, "AssociatePublicIpAddress": True}],
    }
    ec2.create_launch_template(LaunchTemplateName="fleet", LaunchTemplateData=template)
    hardened = {"MetadataOptions": {"HttpTokens": "required"}}
    ec2.create_launch_template_version(LaunchTemplateName="fleet", LaunchTemplateData=hardened)
    ec2.allocate_address(Domain="vpc")


def _prefix_lists(ec2: Any) -> None:
    """Groups that let everything in from a prefix list: of the internet in halves, and of an office."""
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    for name, cidrs in (("world", ["0.0.0.0/1", "128.0.0.0/1"]), ("office", ["192.0.2.0/24"])):
        number = ec2.create_managed_prefix_list(
            PrefixListName=name, MaxEntries=2, AddressFamily="IPv4",
            Entries=[{"Cidr": cidr} for cidr in cidrs],
        )["PrefixList"]["PrefixListId"]  # fmt: skip
        group = ec2.create_security_group(VpcId=vpc, GroupName=f"by-list-{name}", Description="x")[
            "GroupId"
        ]
        ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[{"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": number}]}],
        )


def _disks(ec2: Any) -> None:
    for name, encrypted in (("safe", True), ("plain", False)):
        tags = [{"Key": "Name", "Value": name}]
        volume = ec2.create_volume(
            AvailabilityZone=f"{HOME}a", Size=1, Encrypted=encrypted,
            TagSpecifications=[{"ResourceType": "volume", "Tags": tags}],
        )["VolumeId"]  # fmt: skip
        snapshot = ec2.create_snapshot(
            VolumeId=volume, TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}]
        )["SnapshotId"]
        if name == "plain":
            ec2.modify_snapshot_attribute(
                SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add",
                GroupNames=["all"],
            )  # fmt: skip


# -- over HTTP ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("aws-sg-no-ssh-world", "web", "ssh"),
        ("aws-sg-public-ports-allowlist", "web", "ssh"),
        ("aws-sg-no-all-ports-world", "by-list-office", "by-list-world"),
        ("aws-sg-no-ssh-world", "by-list-office", "by-list-world"),
        ("aws-instance-reachable-port", "web", "bastion"),
        ("aws-imdsv2-required", "web", "bastion"),
        ("aws-no-secrets-user-data", "web", "bastion"),
        ("aws-ebs-encrypted", "safe", "plain"),
        ("aws-snapshot-encrypted", "safe", "plain"),
        ("aws-snapshot-not-public", "safe", "plain"),
        ("aws-imdsv2-launch-template", "fleet:2", "fleet:1"),
        ("aws-no-secrets-launch-template", "fleet:2", "fleet:1"),
        ("aws-template-no-public-ip", "fleet:2", "fleet:1"),
    ],
)
def test_the_good_and_the_bad_are_told_apart(aws: Account, rule: str, good: str, bad: str) -> None:
    assert aws.judge(rule, good, NOW).status is Status.PASS
    assert aws.judge(rule, bad, NOW).status is Status.FAIL


def test_user_data_leaves_only_what_was_recognised_in_it(aws: Account) -> None:
    seen = aws.one("aws.ec2.instance", "bastion")
    body = json.loads(seen.body)
    assert body["DescribeInstanceAttribute"] == {"Value": "[redacted: found password-assignment]"}
    assert b"not-a-real-one" not in seen.body
    template = aws.one("aws.ec2.launch_template_version", "fleet:1")
    assert template.view.data.user_data == "[redacted: found aws-access-key-id]"


def test_ended_instances_are_not_asked_for_user_data(aws: Account) -> None:
    found = aws.collect("aws.ec2.instance")
    assert {seen.name for seen in found} == {"bastion", "web", "ended"}
    assert aws.calls == {"ec2:DescribeInstances": 1, "ec2:DescribeInstanceAttribute": 2}
    verdict = aws.judge("aws-no-secrets-user-data", "ended", NOW)
    assert verdict.status is Status.NOT_APPLICABLE


def test_default_and_latest_versions_come_in_one_listing(aws: Account) -> None:
    found = aws.collect("aws.ec2.launch_template_version")
    assert {seen.name for seen in found} == {"fleet:1", "fleet:2"}
    assert aws.calls == {"ec2:DescribeLaunchTemplateVersions": 1}


def test_a_volume_is_backed_up_until_its_snapshot_grows_old(aws: Account) -> None:
    taken = aws.one("aws.ec2.snapshot", "safe").view.start_time
    verdict = aws.judge("aws-ebs-backed-up", "safe", taken + timedelta(days=1))
    assert verdict.status is Status.PASS
    assert verdict.until == taken + timedelta(days=7)
    late = aws.judge("aws-ebs-backed-up", "safe", taken + timedelta(days=7))
    assert (late.status, late.message) == (Status.FAIL, verdict.message)


def test_groups_images_and_addresses_are_listed(aws: Account) -> None:
    assert {"ssh", "web", "default"} <= {s.name for s in aws.collect("aws.ec2.security_group")}
    (image,) = aws.collect("aws.ec2.image")
    assert (image.name, image.view.public) == ("golden", False)
    (address,) = aws.collect("aws.ec2.address")
    assert address.uid.startswith("eipalloc-")
    assert address.view.association_id is None
    used = {g.group_id for s in aws.collect("aws.ec2.network_interface") for g in s.view.groups}
    groups = {s.name: s.uid for s in aws.collect("aws.ec2.security_group")}
    assert groups["ssh"] in used
    assert aws.judge("aws-sg-unused", "ssh", NOW).status is Status.PASS


def test_prefix_lists_come_with_their_entries(aws: Account) -> None:
    found = {seen.name: seen.view for seen in aws.collect("aws.ec2.managed_prefix_list")}
    assert [one.cidr for one in found["world"].entries] == ["0.0.0.0/1", "128.0.0.0/1"]
    assert aws.calls["ec2:DescribeManagedPrefixLists"] == 1
    assert aws.calls["ec2:GetManagedPrefixListEntries"] == len(found)


def test_settings_of_a_region_are_calls_of_their_own(aws: Account) -> None:
    aws.client("ec2").enable_ebs_encryption_by_default()
    (seen,) = aws.collect("aws.ec2.region_settings")
    assert seen.view.ebs_encryption.ebs_encryption_by_default is True
    verdict = aws.judge("aws-ebs-default-encryption", HOME, NOW)
    assert verdict.status is Status.PASS
    (other,) = aws.collect("aws.ec2.region_settings", "eu-west-2")
    assert other.view.ebs_encryption.ebs_encryption_by_default is False


# -- recordings -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "key", "kind"),
    [
        ("ec2.DescribeAddresses", "Addresses", "aws.ec2.address"),
        ("ec2.DescribeLaunchTemplateVersions", "LaunchTemplateVersions",
         "aws.ec2.launch_template_version"),
    ],
)  # fmt: skip
def test_recorded_documents(
    recordings: Callable[[str], Path], operation: str, key: str, kind: str
) -> None:
    items = [i for _, said in answers(recordings("aws"), operation) for i in said[key]]
    assert items
    assert all(judged(kind, item) for item in items)


@pytest.mark.parametrize(
    ("operation", "member", "kind"),
    [
        ("DescribeSnapshotAttribute", "CreateVolumePermissions", "aws.ec2.snapshot"),
        ("GetEbsEncryptionByDefault", None, "aws.ec2.region_settings"),
        ("GetInstanceMetadataDefaults", "AccountLevel", "aws.ec2.region_settings"),
        ("GetSnapshotBlockPublicAccessState", None, "aws.ec2.region_settings"),
        ("GetImageBlockPublicAccessState", None, "aws.ec2.region_settings"),
    ],
)
def test_recorded_facts(
    recordings: Callable[[str], Path], operation: str, member: str | None, kind: str
) -> None:
    found = [said for _, said in answers(recordings("aws"), f"ec2.{operation}")]
    assert found
    for said in found:
        value = said if member is None else said[member]
        assert judged(kind, {"SnapshotId": "snap-1", "Encrypted": True, operation: value})


# -- ports and ranges -----------------------------------------------------------------------------------

_CIDRS = st.sampled_from(
    [
        "0.0.0.0/0",
        "0.0.0.0/1",
        "128.0.0.0/1",
        "10.0.0.0/8",
        "192.0.2.1/32",
        "16.0.0.0/4",
        "32.0.0.0/4",
    ]
)
_CIDRS6 = st.sampled_from(["::/0", "::/1", "8000::/1", "2001:db8::/32", "2000::/3"])
_PORTS = st.integers(0, 65535)


@st.composite
def permissions(draw: st.DrawFn) -> dict[str, Any]:
    """An entry as AWS writes it: ports where the protocol has them."""
    protocol = draw(st.sampled_from(["tcp", "udp", "-1", "icmp", "6", "17", "50"]))
    entry: dict[str, Any] = {"IpProtocol": protocol}
    if protocol in ("tcp", "udp", "6", "17"):
        low = draw(st.one_of(_PORTS, st.sampled_from([0, 1, 22])))
        high = draw(st.one_of(st.integers(low, 65535), st.sampled_from([low, 65535])))
        entry |= {"FromPort": low, "ToPort": high}
    elif protocol == "icmp":
        entry |= {"FromPort": -1, "ToPort": -1}
    entry["IpRanges"] = [{"CidrIp": c} for c in draw(st.lists(_CIDRS, max_size=3))]
    entry["Ipv6Ranges"] = [{"CidrIpv6": c} for c in draw(st.lists(_CIDRS6, max_size=2))]
    entry["PrefixListIds"] = [
        {"PrefixListId": n} for n in draw(st.lists(st.sampled_from(list(_LISTS)), max_size=1))
    ]
    entry["UserIdGroupPairs"] = [{"GroupId": "sg-9"}]
    return entry


_LISTS = {"pl-1": ["128.0.0.0/1"], "pl-2": ["2a00::/12", "203.0.113.0/24"]}
_SAMPLES = [
    "0.1.1.1",
    "10.1.1.1",
    "17.1.1.1",
    "33.1.1.1",
    "100.1.1.1",
    "128.1.1.1",
    "192.0.2.1",
    "203.0.113.7",
    "::1",
    "2001:db8::8",
    "2a00::8",
    "9000::1",
]
"""An address of every part that the ranges above cut the world into."""


def admits(entries: list[dict[str, Any]], address: str, port: int, protocol: str) -> bool:
    """The plain reading: some entry of the protocol lets the address in on the port."""
    number = {"tcp": "6", "udp": "17"}[protocol]
    source = ip_address(address)
    for entry in entries:
        if entry["IpProtocol"] in (protocol, number):
            if not entry["FromPort"] <= port <= entry["ToPort"]:
                continue
        elif entry["IpProtocol"] != "-1":
            continue
        cidrs = [
            *(r["CidrIp"] for r in entry["IpRanges"]),
            *(r["CidrIpv6"] for r in entry["Ipv6Ranges"]),
            *(cidr for r in entry["PrefixListIds"] for cidr in _LISTS[r["PrefixListId"]]),
        ]
        if any(source in ip_network(c) for c in cidrs if ip_network(c).version == source.version):
            return True
    return False


def group_of(entries: list[dict[str, Any]]) -> SecurityGroup:
    body = {"GroupId": "sg-1", "GroupName": "x", "IpPermissions": entries}
    return view(SecurityGroup, canonical(body))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(permissions(), max_size=5), st.lists(_PORTS, min_size=1, max_size=4),
    st.sampled_from(["tcp", "udp"]), st.integers(0, 5),
)  # fmt: skip
def test_what_groups_let_in_agrees_with_the_plain_reading(
    entries: list[dict[str, Any]], ports: list[int], protocol: str, cut: int
) -> None:
    edges = [entry.get(side, 0) for entry in entries for side in ("FromPort", "ToPort")]
    asked = sorted({0, 1, 22, 65535, *ports, *(p for p in edges if p >= 0)})
    groups = [group_of(entries[:cut]), group_of(entries[cut:])]
    lists = {number: networks(cidrs) for number, cidrs in _LISTS.items()}
    found = reached(groups, protocol, resolve=lists.__getitem__)
    for port in asked:
        here = [one.sources for one in found if one.first <= port <= one.last]
        assert len(here) <= 1
        for address in _SAMPLES:
            expected = admits(entries, address, port, protocol)
            assert any(address in sources.certain for sources in here) is expected
    assert all(one.last < other.first for one, other in itertools.pairwise(found)), "in order"


def test_a_prefix_list_that_was_not_looked_up_may_be_anybody() -> None:
    entry = {
        "IpProtocol": "tcp",
        "FromPort": 20,
        "ToPort": 30,
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
    }
    found = open_ports(reached([group_of([entry])], "tcp"))
    assert (found.sure([22]), found.maybe([22]), found.maybe([443])) == ([], [22], [])
    assert "pl-1" in found.unknown[0]
    assert group_of([entry]).prefix_lists("tcp", ((22, 22),)) == {"pl-1"}
    assert group_of([entry]).prefix_lists("udp", ((22, 22),)) == set()


# -- what proves a failure is enough ----------------------------------------------------------------------

_GAP = {"status": "denied", "operation": "x", "reason": "UnauthorizedOperation", "permission": "x"}


def test_one_fact_that_proves_a_failure_is_enough() -> None:
    rules = plugins.load().rules
    region = {
        "RegionName": HOME,
        "GetImageBlockPublicAccessState": {"ImageBlockPublicAccessState": "unblocked"},
        "$gaps": {"GetSnapshotBlockPublicAccessState": _GAP},
    }
    verdict = judge_document(rules["aws-snapshot-block-public"], region)
    assert (verdict.status, verdict.message) == (Status.FAIL, "not blocked for images")
    lists: list[dict[str, Any]] = [
        {"PrefixListId": "pl-1", "$gaps": {"GetManagedPrefixListEntries": _GAP}},
        {"PrefixListId": "pl-2", "GetManagedPrefixListEntries": [{"Cidr": "0.0.0.0/1"}]},
    ]
    entry = {
        "IpProtocol": "-1",
        "PrefixListIds": [{"PrefixListId": "pl-1"}, {"PrefixListId": "pl-2"}],
    }
    group = {"GroupId": "sg-1", "GroupName": "x", "IpPermissions": [entry]}
    for rule in (
        "aws-sg-no-wide-public-ranges",
        "aws-sg-no-ssh-world",
        "aws-sg-no-all-ports-world",
    ):
        verdict = judge_document(rules[rule], group, {"aws.ec2.managed_prefix_list": lists})
        assert verdict.status is Status.FAIL, rule
        some = judge_document(rules[rule], group, {"aws.ec2.managed_prefix_list": lists[:1]})
        assert some.status is Status.INCONCLUSIVE, rule


# -- what an instance shows ---------------------------------------------------------------------------------


def instance(**body: Any) -> Instance:
    return view(Instance, canonical({"InstanceId": "i-1", "State": {"Name": "running"}, **body}))


def test_every_interface_counts() -> None:
    seen = instance(
        PublicIpAddress="203.0.113.5",
        NetworkInterfaces=[
            {"Association": {"PublicIp": "203.0.113.5"}, "SubnetId": "a"},
            {"Ipv6Addresses": [{"Ipv6Address": "2001:db8::5"}], "SubnetId": "b"},
        ],
    )
    assert seen.public_addresses == ["203.0.113.5", "2001:db8::5"]
    assert [i.subnet_id for i in seen.interfaces] == ["a", "b"]


def test_an_address_beside_the_instance_only_is_not_lost() -> None:
    seen = instance(
        PublicIpAddress="203.0.113.5", SubnetId="a", NetworkInterfaces=[{"SubnetId": "a"}]
    )
    assert seen.public_addresses == ["203.0.113.5"]
    assert instance(PublicIpAddress="203.0.113.5", SubnetId="a").interfaces[0].subnet_id == "a"


@pytest.mark.parametrize(
    ("value", "there", "labels", "readable"),
    [
        (None, False, "", True),
        ("", False, "", True),
        ("[redacted]", True, "", True),
        ("[redacted: found a, b]", True, "a, b", True),
        ("anything else", True, "", False),
    ],
)
def test_what_redaction_left(value: str | None, there: bool, labels: str, readable: bool) -> None:  # noqa: FBT001
    seen = recognised(value)
    assert (seen.there, seen.labels, seen.readable) == (there, labels, readable)


@pytest.mark.parametrize(
    "collector", [instances, volumes, network_interfaces, launch_template_versions]
)
def test_what_services_of_aws_run_is_listed_though_it_is_hidden(
    collector: Collector,
) -> None:
    asked = []

    class Client:
        def items(self, *_named: str, **params: object) -> Iterator[Any]:
            asked.append(params)
            return iter(())

    assert list(collector.function(cast("Aws", Client()))) == []
    assert [one.get("IncludeManagedResources") for one in asked] == [True]


# -- public snapshots -----------------------------------------------------------------------------------


def test_public_snapshots_are_one_listing_for_all_of_them(aws: Account) -> None:
    found = {seen.name: seen.view for seen in aws.collect("aws.ec2.snapshot")}
    assert (found["safe"].restorable_by, found["plain"].restorable_by) == ([], ["all"])
    assert aws.calls == {"ec2:DescribeSnapshots": 2}


class _Refusing:
    """Lists two snapshots, and answers the question for public ones as it was told to."""

    def __init__(self, *public: dict[str, Any] | Exception) -> None:
        self.asked = 0
        self._public = public

    def items(self, _service: str, _operation: str, _key: str, **params: Any) -> Iterator[Any]:
        if "RestorableByUserIds" not in params:
            yield {"SnapshotId": "snap-1"}
            yield {"SnapshotId": "snap-2"}
            return
        self.asked += 1
        for said in self._public:
            if isinstance(said, Exception):
                raise said
            yield said


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (Unreachable("AWS answered 503"), Unreachable),
        ({"SnapshotId": Lacking("SnapshotId")}, Unexpected),
    ],
)
def test_where_the_public_ones_are_not_known_no_snapshot_is_private(
    said: Any, error: type[ProviderError]
) -> None:
    aws = _Refusing({"SnapshotId": "snap-1"}, said)
    for document in snapshots.documents(cast("Aws", aws)):
        fact = document.body["RestorableByUserIds"]
        assert isinstance(fact, Fact)
        with pytest.raises(error):
            fact.call()
    assert aws.asked == 1, "it is not asked again for each snapshot"
