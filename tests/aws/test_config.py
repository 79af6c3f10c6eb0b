"""AWS Config: recorders and their status."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from moto.config.models import ConfigRecorderStatus
from moto.config.responses import ConfigResponse

from soc2_pac import plugins
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

from .regional import Account, account
from .test_recordings import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RULE = "aws-config-recorder-on"


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with pytest.MonkeyPatch.context() as patch, account() as made:
        # moto has no status of delivery channels.
        patch.setattr(ConfigResponse, "describe_delivery_channel_status", _delivered)
        patch.setattr(ConfigRecorderStatus, "start", _start)
        yield made


def _delivered(_: object) -> str:
    status = {"name": "default", "configHistoryDeliveryInfo": {"lastStatus": "SUCCESS"}}
    return json.dumps({"DeliveryChannelsStatus": [status]})


def _start(status: Any) -> None:
    # moto leaves a recorder PENDING for ever.
    status.recording, status.last_status = True, "SUCCESS"


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
    rule = plugins.load().rules[RULE]
    group = {"allSupported": True, "includeGlobalResourceTypes": True}
    for status in found:
        document = {
            "name": status["name"],
            "recordingGroup": group,
            "DescribeConfigurationRecorderStatus": status,
            "DescribeDeliveryChannelStatus": [{"name": status["name"]}],
        }
        verdict = judge_document(rule, document, {"aws.config.recorder": []})
        assert verdict.status is Status.PASS


@pytest.mark.parametrize(
    ("scope", "recording", "status"),
    [
        ("aws:111122223333/us-east-1", True, Status.PASS),
        ("aws:111122223333/us-east-1", False, Status.FAIL),
        ("aws:444455556666/us-east-1", True, Status.FAIL),
    ],
)
def test_types_without_a_region_are_recorded_once_an_account(
    scope: str,
    recording: bool,  # noqa: FBT001
    status: Status,
) -> None:
    rule = plugins.load().rules[RULE]
    here = {
        "name": "default",
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": False},
        "DescribeConfigurationRecorderStatus": {"recording": True, "lastStatus": "SUCCESS"},
        "DescribeDeliveryChannelStatus": [{"name": "default"}],
    }
    other = {
        **here,
        "$scope": scope,
        "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
        "DescribeConfigurationRecorderStatus": {"recording": recording, "lastStatus": "SUCCESS"},
    }
    assert judge_document(rule, here, {"aws.config.recorder": [here, other]}).status is status
