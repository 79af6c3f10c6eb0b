"""IAM's inventory and forgotten disks: what boto3 reads from moto, good and bad told apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Status

from .regional import HOME, Account, account
from .test_recordings import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LATER = datetime(2099, 1, 1, tzinfo=UTC)
"""When all that moto makes now is old."""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    with account() as made:
        yield made


def _role(aws: Account, name: str, policy: str) -> None:
    iam = aws.client("iam")
    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    }
    number = aws.number if policy.startswith("own-") else "aws"
    if number != "aws":
        iam.create_policy(PolicyName=policy, PolicyDocument=json.dumps(document))
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName=name, PolicyArn=f"arn:aws:iam::{number}:policy/{policy}")


def _account(aws: Account, rule: str) -> Status:
    return aws.judge(rule, aws.number, LATER).status


def test_audit_role(aws: Account) -> None:
    _role(aws, "somebody", "ReadOnlyAccess")
    assert _account(aws, "aws-audit-role") is Status.FAIL
    _role(aws, "auditor", "SecurityAudit")
    assert _account(aws, "aws-audit-role") is Status.PASS
    assert aws.calls == {"iam:GetAccountAuthorizationDetails": 1}


def test_support_role(aws: Account) -> None:
    iam = aws.client("iam")
    iam.create_group(GroupName="support")
    iam.attach_group_policy(
        GroupName="support", PolicyArn="arn:aws:iam::aws:policy/AWSSupportAccess"
    )
    assert _account(aws, "aws-support-role") is Status.FAIL, "nobody is in the group"
    iam.create_user(UserName="ann")
    iam.add_user_to_group(GroupName="support", UserName="ann")
    assert _account(aws, "aws-support-role") is Status.PASS


def test_policies_of_roles(aws: Account) -> None:
    _role(aws, "builder", "own-build")
    seen = aws.one("aws.iam.role", "builder")
    rule = plugins.load().rules["aws-role-managed-policy-inventory"]
    scope = Scope("aws", f"{aws.number}/{HOME}")

    def said(*approved: str) -> Status:
        thresholds = rule.settle({"approved": list(approved)})
        return judge(rule, seen.body, now=LATER, scope=scope, thresholds=thresholds).status

    assert said() is Status.NOT_APPLICABLE
    assert said(f"arn:aws:iam::{aws.number}:policy/own-*") is Status.PASS
    assert said("arn:aws:iam::aws:policy/*") is Status.FAIL


def test_disks(aws: Account) -> None:
    ec2: Any = aws.client("ec2")
    zone = f"{HOME}a"
    loose = ec2.create_volume(AvailabilityZone=zone, Size=1, Encrypted=True)["VolumeId"]
    clear = ec2.create_volume(AvailabilityZone=zone, Size=1, Encrypted=False)["VolumeId"]
    copy = ec2.create_snapshot(VolumeId=loose)["SnapshotId"]
    open_copy = ec2.create_snapshot(VolumeId=clear)["SnapshotId"]
    now = datetime.now(UTC)
    volume, snapshot = "aws-orphan-volume-disposal", "aws-orphan-data-disposal"
    assert aws.judge(volume, loose, now).status is Status.PASS
    assert aws.judge(volume, loose, LATER).status is Status.FAIL
    assert "not encrypted" in aws.judge(volume, clear, now).message
    assert aws.judge(snapshot, copy, now).status is Status.PASS
    assert aws.judge(snapshot, copy, LATER).status is Status.FAIL
    assert "not encrypted" in aws.judge(snapshot, open_copy, now).message


def test_a_snapshot_that_an_image_is_made_of_is_in_use(aws: Account) -> None:
    ec2: Any = aws.client("ec2")
    image = ec2.register_image(
        Name="base",
        RootDeviceName="/dev/sda",
        BlockDeviceMappings=[{"DeviceName": "/dev/sda", "Ebs": {"VolumeSize": 8}}],
    )["ImageId"]
    (found,) = aws.collect("aws.ec2.image")
    (used,) = found.view.snapshots  # moto makes one of its own, and does not encrypt it
    rule = plugins.load().rules["aws-orphan-data-disposal"]
    scope = Scope("aws", f"{aws.number}/{HOME}")
    evidence = JoinedEvidence(rule, GivenDocuments(scope, {"aws.ec2.image": [found.body]}))
    said = {
        number: judge(
            rule,
            canonical(
                {"SnapshotId": number, "Encrypted": True, "StartTime": "2025-01-01T00:00:00Z"}
            ),
            now=LATER,
            scope=scope,
            evidence=evidence.at(scope),
        )
        for number in (used, "snap-other")
    }
    assert said["snap-other"].status is Status.FAIL
    assert said[used].message.endswith(f"the image {image} is made of it")


def test_recorded_volumes(recordings: Callable[[str], Path]) -> None:
    rule = plugins.load().rules["aws-orphan-volume-disposal"]
    scope = Scope("aws", f"111122223333/{HOME}")
    states = {
        volume["State"]: judge(rule, canonical(volume), now=LATER, scope=scope).status
        for _, said in answers(recordings("aws"), "ec2.DescribeVolumes")
        for volume in said["Volumes"]
    }
    assert states["in-use"] is Status.NOT_APPLICABLE
