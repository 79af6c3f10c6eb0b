"""SQS: what boto3 reads from moto, and what AWS really answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_pac.model import Status

from .regional import HOME, Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_RULE = "aws-sqs-encrypted"


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        sqs = made.client("sqs")
        sqs.create_queue(QueueName="good", Attributes={"SqsManagedSseEnabled": "true"})
        sqs.create_queue(
            QueueName="key.fifo", Attributes={"KmsMasterKeyId": "alias/k", "FifoQueue": "true"}
        )
        sqs.create_queue(QueueName="plain", Attributes={"SqsManagedSseEnabled": "false"})
        everyone = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage",
                    "Resource": f"arn:aws:sqs:{HOME}:{made.number}:public"}  # fmt: skip
        policy = {"Version": "2012-10-17", "Statement": [everyone]}
        sqs.create_queue(
            QueueName="public",
            Attributes={"SqsManagedSseEnabled": "true", "Policy": json.dumps(policy)},
        )
        yield made


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("good", Status.PASS, "encrypted with keys of SQS, and its policy is not public"),
        ("key.fifo", Status.PASS, "encrypted with a KMS key, and its policy is not public"),
        ("plain", Status.FAIL, "not encrypted"),
        ("public", Status.FAIL, "its policy lets everyone do sqs:SendMessage"),
    ],
)
def test_the_good_and_the_bad_are_told_apart(
    aws: Account, name: str, status: Status, message: str
) -> None:
    verdict = aws.judge(_RULE, name, NOW)
    assert (verdict.status, verdict.message) == (status, message)


def test_a_queue_takes_one_request_and_its_counts_are_not_asked_for(aws: Account) -> None:
    found = aws.collect("aws.sqs.queue")
    assert aws.calls == {"sqs:ListQueues": 1, "sqs:GetQueueAttributes": 4}
    assert {seen.uid for seen in found} >= {f"arn:aws:sqs:{HOME}:{aws.number}:good"}
    assert not [seen for seen in found if b"ApproximateNumber" in seen.body]


def test_recorded_queues(recordings: Callable[[str], Path]) -> None:
    found = [said for _, said in answers(recordings("aws"), "sqs.GetQueueAttributes")]
    assert found
    for said in found:
        body = {"QueueUrl": "https://example.com/1/q", "GetQueueAttributes": said["Attributes"]}
        assert judged("aws.sqs.queue", body)
