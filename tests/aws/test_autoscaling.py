"""Launch configurations as boto3 reads them from moto, and as AWS documents them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_pac.model import Status

from .regional import Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        ec2, scaling = made.client("ec2"), made.client("autoscaling")
        image = ec2.register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"]
        for name, good in (("good", True), ("bad", False)):
            scaling.create_launch_configuration(
                LaunchConfigurationName=name, ImageId=image, InstanceType="t3.micro",
                AssociatePublicIpAddress=not good,
                MetadataOptions={"HttpTokens": "required" if good else "optional"},
                UserData="echo hello" if good else "export DB_PASSWORD=hunter22hunter22",
            )  # fmt: skip
        yield made


@pytest.mark.parametrize(
    "rule",
    ["aws-imdsv2-launch-configuration", "aws-no-secrets-launch-configuration",
     "aws-launch-configuration-no-public-ip"],
)  # fmt: skip
def test_the_good_and_the_bad_are_told_apart(aws: Account, rule: str) -> None:
    assert aws.judge(rule, "good", NOW).status is Status.PASS
    assert aws.judge(rule, "bad", NOW).status is Status.FAIL


def test_user_data_is_redacted_before_it_is_kept(aws: Account) -> None:
    assert b"hunter22" not in aws.one("aws.autoscaling.launch_configuration", "bad").body
    assert aws.calls == {"autoscaling:DescribeLaunchConfigurations": 1}


def test_documented_answers(recordings: Callable[[str], Path]) -> None:
    items = [
        item
        for _, said in answers(recordings("aws"), "autoscaling.DescribeLaunchConfigurations")
        for item in said["LaunchConfigurations"]
    ]
    assert items
    assert all(judged("aws.autoscaling.launch_configuration", item) for item in items)
