"""Alarms without actions, of which rules of EventBridge hear."""

from __future__ import annotations

import json
from typing import Any

import pytest

from soc2_collectors.aws import eventbridge
from soc2_pac import plugins
from soc2_pac.model import Fact, Status
from soc2_pac.testing import judge_document

_RULE = plugins.load().rules["aws-alarm-actions"]
_PLACE = "eu-west-1:111122223333"
_TOPIC = f"arn:aws:sns:{_PLACE}:pages"
_IDLE = {
    "AlarmName": "errors",
    "AlarmArn": f"arn:aws:cloudwatch:{_PLACE}:alarm:errors",
    "ActionsEnabled": True,
    "AlarmActions": [],
}
_OPEN = {
    "Effect": "Allow",
    "Principal": {"Service": "events.amazonaws.com"},
    "Action": "sns:Publish",
    "Resource": _TOPIC,
}
_CHANGE: dict[str, Any] = {"detail-type": ["CloudWatch Alarm State Change"]}


def _judged(pattern: dict[str, Any], **more: Any) -> Status:
    rule = {
        "Name": "pager",
        "Arn": f"arn:aws:events:{_PLACE}:rule/pager",
        "State": "ENABLED",
        "EventBusName": "default",
        "EventPattern": json.dumps(pattern),
        "ListTargetsByRule": [{"Arn": _TOPIC}],
        **more,
    }
    subscription = {
        "TopicArn": _TOPIC,
        "SubscriptionArn": f"{_TOPIC}:1",
        "Protocol": "email",
        "GetSubscriptionAttributes": {"PendingConfirmation": "false"},
    }
    policy = json.dumps({"Statement": [_OPEN]})
    given: dict[str, list[dict[str, Any]]] = {
        **{kind.kind: [] for kind in _RULE.joins},
        "aws.events.rule": [rule],
        "aws.events.bus": [{"Arn": f"arn:aws:events:{_PLACE}:event-bus/default"}],
        "aws.sns.topic": [{"TopicArn": _TOPIC, "GetTopicAttributes": {"Policy": policy}}],
        "aws.sns.subscription": [subscription],
    }
    return judge_document(_RULE, _IDLE, given).status


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (_CHANGE, Status.PASS),
        ({**_CHANGE, "detail": {"alarmName": [{"prefix": "err"}]}}, Status.PASS),
        ({"source": ["aws.cloudwatch"], "resources": [_IDLE["AlarmArn"]]}, Status.PASS),
        ({**_CHANGE, "detail": {"alarmName": ["other"]}}, Status.FAIL),
        ({**_CHANGE, "detail": {"state": {"value": ["OK"]}}}, Status.FAIL),
        ({"source": ["aws.cloudtrail"]}, Status.FAIL),
        ({"account": ["111122223333"]}, Status.FAIL),
        ({**_CHANGE, "detail": {"previousState": {"value": ["OK"]}}}, Status.INCONCLUSIVE),
        ({**_CHANGE, "detail": {"configuration": {"metrics": ["x"]}}}, Status.INCONCLUSIVE),
    ],
)
def test_a_rule_hears_of_an_alarm_by_its_pattern(pattern: dict[str, Any], expected: Status) -> None:
    assert _judged(pattern) is expected


@pytest.mark.parametrize(
    "more",
    [
        {"State": "DISABLED"},
        {"ListTargetsByRule": []},
        {"EventBusName": "other"},
        {"Arn": "arn:aws:events:us-east-1:111122223333:rule/pager"},
    ],
)
def test_a_rule_that_leads_nowhere_notifies_nobody(more: dict[str, Any]) -> None:
    assert _judged(_CHANGE, **more) is Status.FAIL


class _Answers:
    """What EventBridge says of one bus."""

    def items(self, _service: str, operation: str, _key: str, **_: Any) -> Any:
        assert operation == "list_event_buses"
        return iter([{"Name": "default"}])

    def children(self, _service: str, operation: str, _key: str, **_: Any) -> Any:
        assert operation == "list_rules"
        patterns = [_CHANGE, {"detail-type": ["EC2 Instance State-change Notification"]}]
        for number, pattern in enumerate(patterns):
            yield {"Name": str(number), "Arn": str(number), "EventPattern": json.dumps(pattern)}

    def fact(self, *_: Any, **__: Any) -> Fact:
        return Fact("events:ListTargetsByRule", list)


def test_rules_that_hear_of_alarms_are_collected() -> None:
    assert [one.name for one in eventbridge.rules.function(_Answers())] == ["0"]
