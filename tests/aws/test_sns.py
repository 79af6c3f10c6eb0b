"""SNS: what boto3 reads from moto, and what AWS really answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Status

from .regional import Account, account
from .test_recordings import SCOPE, answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_RULE = "aws-sns-encrypted"


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        sns = made.client("sns")
        sns.create_topic(Name="good", Attributes={"KmsMasterKeyId": "alias/aws/sns"})
        sns.create_topic(Name="plain")
        arn = sns.create_topic(Name="public", Attributes={"KmsMasterKeyId": "alias/aws/sns"})[
            "TopicArn"
        ]
        everyone = {"Effect": "Allow", "Principal": "*", "Action": "sns:Publish", "Resource": arn}
        policy = {"Version": "2012-10-17", "Statement": [everyone]}
        sns.set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy)
        )
        yield made


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("good", Status.PASS, "encrypted with alias/aws/sns, and its policy is not public"),
        ("plain", Status.FAIL, "not encrypted with a KMS key"),
        ("public", Status.FAIL, "its policy lets everyone do sns:Publish"),
    ],
)
def test_the_good_and_the_bad_are_told_apart(
    aws: Account, name: str, status: Status, message: str
) -> None:
    verdict = aws.judge(_RULE, name, NOW)
    assert (verdict.status, verdict.message) == (status, message)


def test_a_topic_takes_one_request_and_its_counts_are_not_kept(aws: Account) -> None:
    found = aws.collect("aws.sns.topic")
    assert aws.calls == {"sns:ListTopics": 1, "sns:GetTopicAttributes": 3}
    assert all(seen.uid == seen.view.topic_arn for seen in found)
    assert not [seen for seen in found if b'"SubscriptionsConfirmed"' in seen.body]


def test_recorded_topics(recordings: Callable[[str], Path]) -> None:
    rule = plugins.load().rules[_RULE]
    messages = set()
    for _, said in answers(recordings("aws"), "sns.GetTopicAttributes"):
        attributes = said["Attributes"]
        body = {"TopicArn": attributes["TopicArn"], "GetTopicAttributes": attributes}
        assert judged("aws.sns.topic", body)
        messages.add(judge(rule, canonical(body), now=NOW, scope=SCOPE).message)
    # Real policies have the statement of SNS itself, which lets in nobody else.
    assert "not encrypted with a KMS key" in messages
    assert "its policy lets everyone do SNS:GetTopicAttributes" in messages
