"""States of networks in which one unreadable word must not hide what is open for certain."""

from __future__ import annotations

from typing import Any

import pytest

from soc2_pac import plugins
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

RULES = plugins.load().rules
EVERYBODY = "0.0.0.0/0"
SSH = {
    "GroupId": "sg-4",
    "GroupName": "ssh",
    "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": EVERYBODY}]}
    ],
}
MAIN = {
    "RouteTableId": "rtb-1",
    "VpcId": "vpc-1",
    "Associations": [{"Main": True}],
    "Routes": [{"DestinationCidrBlock": EVERYBODY, "GatewayId": "igw-1", "State": "active"}],
}


def entry(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "RuleNumber": number,
        "RuleAction": "allow",
        "Egress": False,
        "Protocol": "-1",
        "CidrBlock": EVERYBODY,
        **fields,
    }


def acl(*entries: dict[str, Any]) -> dict[str, Any]:
    return {
        "NetworkAclId": "acl-1",
        "Associations": [{"SubnetId": "subnet-1"}],
        "Entries": list(entries),
    }


def interface(subnet: str, address: str) -> dict[str, Any]:
    return {
        "SubnetId": subnet,
        "VpcId": "vpc-1",
        "Groups": [{"GroupId": "sg-4"}],
        "Association": {"PublicIp": address},
    }


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"aws.ec2.network_acl": [acl(entry(100, RuleAction="reject"))]}, Status.FAIL),
        ({"aws.ec2.network_acl": [{"NetworkAclId": "acl-1", "Entries": []}]}, Status.INCONCLUSIVE),
    ],
)
def test_an_access_list_that_cannot_be_read_hides_no_other_interface(
    given: dict[str, list[dict[str, Any]]], status: Status
) -> None:
    instance = {
        "InstanceId": "i-1",
        "State": {"Name": "running"},
        "NetworkInterfaces": [
            interface("subnet-1", "203.0.113.5"),
            interface("subnet-2", "203.0.113.9"),
        ],
        "DescribeInstanceAttribute": {},
    }
    joined = {
        "aws.ec2.security_group": [SSH],
        "aws.ec2.route_table": [MAIN],
        "aws.ec2.subnet": [],
        "aws.ec2.managed_prefix_list": [],
        **given,
    }
    verdict = judge_document(RULES["aws-instance-reachable-port"], instance, joined)
    assert verdict.status is status


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        ([entry(100), entry(200, RuleAction="reject")], Status.FAIL),
        ([entry(90, RuleAction="reject"), entry(100)], Status.INCONCLUSIVE),
        ([entry(90, RuleAction="deny"), entry(100, RuleAction="reject")], Status.PASS),
        ([entry(90, RuleAction="deny", Protocol="quic"), entry(100)], Status.INCONCLUSIVE),
        ([entry(90, Protocol="quic", Egress=True)], Status.PASS),
        ([entry(90, Protocol="quic", CidrBlock="10.0.0.0/8")], Status.PASS),
    ],
)
def test_an_entry_that_cannot_be_read_counts_where_it_may_decide(
    entries: list[dict[str, Any]], status: Status
) -> None:
    verdict = judge_document(RULES["aws-nacl-admin-ports"], acl(*entries))
    assert verdict.status is status


def test_an_image_that_is_deregistered_uses_no_snapshot() -> None:
    snapshot = {
        "SnapshotId": "snap-1",
        "Encrypted": True,
        "State": "completed",
        "StartTime": "2020-12-01T00:00:00Z",
        "RestorableByUserIds": [],
    }
    disks = [{"DeviceName": "/dev/sda", "Ebs": {"SnapshotId": "snap-1"}}]
    for state, status in (("available", Status.PASS), ("deregistered", Status.FAIL)):
        image = {
            "ImageId": "ami-1",
            "Public": False,
            "State": state,
            "BlockDeviceMappings": disks,
        }
        verdict = judge_document(
            RULES["aws-orphan-data-disposal"], snapshot, {"aws.ec2.image": [image]}
        )
        assert verdict.status is status
