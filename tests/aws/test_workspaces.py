"""WorkSpaces: what boto3 reads from moto, and what AWS really answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Status

from .regional import HOME, Account, account
from .test_recordings import SCOPE, answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_RULE = "aws-workspace-encrypted"


def _directory(made: Account) -> str:
    ec2 = made.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"{HOME}{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    ]  # fmt: skip
    directory: str = made.client("ds").create_directory(
        Name="corp.example.com", Password="Not-a-real-one-1", Size="Small",
        VpcSettings={"VpcId": vpc, "SubnetIds": subnets},
    )["DirectoryId"]  # fmt: skip
    made.client("workspaces").register_workspace_directory(DirectoryId=directory, SubnetIds=subnets)
    return directory


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        directory = _directory(made)
        desktops: list[dict[str, Any]] = [
            {
                "DirectoryId": directory, "UserName": name, "BundleId": "wsb-bh8rsxt14",
                "RootVolumeEncryptionEnabled": good, "UserVolumeEncryptionEnabled": good,
                "VolumeEncryptionKey": "alias/aws/workspaces",
            }
            for name, good in (("good", True), ("bad", False))
        ]  # fmt: skip
        made.client("workspaces").create_workspaces(Workspaces=desktops)
        yield made


def test_the_good_and_the_bad_are_told_apart(aws: Account) -> None:
    said = aws.client("workspaces").describe_workspaces()["Workspaces"]
    names = {item["UserName"]: item["WorkspaceId"] for item in said}
    assert aws.judge(_RULE, names["good"], NOW).status is Status.PASS
    assert aws.judge(_RULE, names["bad"], NOW).status is Status.FAIL
    assert aws.calls == {"workspaces:DescribeWorkspaces": 1}


def test_a_desktop_that_stops_is_the_same_document(aws: Account) -> None:
    found = aws.collect("aws.workspaces.workspace")
    assert len(found) == 2
    assert not [seen for seen in found if b'"State"' in seen.body]
    assert all(f":{aws.number}:workspace/ws-" in seen.uid for seen in found)


def test_recorded_desktops(recordings: Callable[[str], Path]) -> None:
    rule = plugins.load().rules[_RULE]
    verdicts = set()
    for _, said in answers(recordings("aws"), "workspaces.DescribeWorkspaces"):
        for item in said["Workspaces"]:
            assert judged("aws.workspaces.workspace", item)
            verdicts.add(judge(rule, canonical(item), now=NOW, scope=SCOPE).status)
    # AWS says nothing of the volumes of a desktop that is not encrypted.
    assert verdicts == {Status.PASS, Status.FAIL}
