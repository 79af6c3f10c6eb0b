"""DynamoDB: what boto3 reads from moto, and what AWS really answered."""

from __future__ import annotations

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


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        dynamodb = made.client("dynamodb")
        for name in ("good", "bad"):
            dynamodb.create_table(
                TableName=name, BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            )  # fmt: skip
        dynamodb.update_continuous_backups(
            TableName="good",
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        yield made


def test_the_good_and_the_bad_are_told_apart(aws: Account) -> None:
    assert aws.judge("aws-dynamodb-pitr", "good", NOW).status is Status.PASS
    assert aws.judge("aws-dynamodb-pitr", "bad", NOW).status is Status.FAIL


def test_a_table_is_named_as_aws_names_it(aws: Account) -> None:
    said = aws.client("dynamodb").describe_table(TableName="good")["Table"]
    found = aws.one("aws.dynamodb.table", "good")
    # moto's tables belong to its default account, whoever asks.
    assert said["TableArn"].endswith(f":table/{found.name}")
    assert found.uid == f"arn:aws:dynamodb:{HOME}:{aws.number}:table/good" == found.view.table_arn


def test_the_moments_that_move_are_not_kept(aws: Account) -> None:
    body = aws.one("aws.dynamodb.table", "good").body
    assert b"PointInTimeRecoveryStatus" in body
    assert b"RestorableDateTime" not in body
    assert b"CreationDateTime" in body
    assert b"ItemCount" not in body


def test_a_table_takes_two_requests(aws: Account) -> None:
    aws.collect("aws.dynamodb.table")
    assert aws.calls == {
        "dynamodb:ListTables": 1,
        "dynamodb:DescribeContinuousBackups": 2,
        "dynamodb:DescribeTable": 2,
    }


def test_recorded_continuous_backups(recordings: Callable[[str], Path]) -> None:
    found = list(answers(recordings("aws"), "dynamodb.DescribeContinuousBackups"))
    assert found
    for _, said in found:
        body = {
            "TableName": "t",
            "TableArn": "arn:aws:dynamodb:eu-west-1:111122223333:table/t",
            "DescribeContinuousBackups": said["ContinuousBackupsDescription"],
        }
        assert judged("aws.dynamodb.table", body)
