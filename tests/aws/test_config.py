"""AWS Config: recorders and their status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.model import Status

from .regional import Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULE = "aws-config-recorder-on"


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        yield made


def _recorder(aws: Account, region: str, group: dict[str, Any], *, start: bool = True) -> None:
    config = aws.client("config", region)
    role = f"arn:aws:iam::{aws.number}:role/config"
    config.put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": group}
    )
    if start:
        config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "b"})
        config.start_configuration_recorder(ConfigurationRecorderName="default")


def test_a_region_without_a_recorder(aws: Account) -> None:
    assert aws.collect("aws.config.recorder", "eu-west-2") == []


@pytest.mark.parametrize(
    ("region", "group", "start", "status", "message"),
    [
        ("eu-west-1", {"allSupported": True, "includeGlobalResourceTypes": True}, True,
         Status.PASS, "records all resource types"),
        ("us-east-1", {"allSupported": True}, False, Status.FAIL, "the recorder is stopped"),
        ("us-east-2", {"allSupported": False, "resourceTypes": ["AWS::EC2::Instance"]}, True,
         Status.FAIL, "not all resource types are recorded"),
    ],
)  # fmt: skip
def test_recorders(
    aws: Account,
    region: str,
    group: dict[str, Any],
    start: bool,  # noqa: FBT001
    status: Status,
    message: str,
) -> None:
    _recorder(aws, region, group, start=start)
    verdict = aws.judge(RULE, "default", NOW, region)
    assert (verdict.status, verdict.message) == (status, message)
    seen = aws.one("aws.config.recorder", "default", region)
    assert b"lastStatusChangeTime" not in seen.body


def test_recorded_statuses(recordings: Callable[[str], Path]) -> None:
    found = [
        status
        for _, said in answers(recordings("aws"), "config.DescribeConfigurationRecorderStatus")
        for status in said["ConfigurationRecordersStatus"]
    ]
    assert found
    for status in found:
        assert judged(
            "aws.config.recorder",
            {"name": status["name"], "DescribeConfigurationRecorderStatus": status},
        )
