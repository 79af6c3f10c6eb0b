"""Database Migration Service: what boto3 reads from moto, and what AWS really answered."""

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
_PASSWORD = "Not-a-real-one-1"


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        dms = made.client("dms")
        for name, good in (("good", True), ("bad", False)):
            dms.create_replication_instance(
                ReplicationInstanceIdentifier=name, ReplicationInstanceClass="dms.t3.micro",
                PubliclyAccessible=not good,
            )  # fmt: skip
            dms.create_endpoint(
                EndpointIdentifier=f"{name}-tables", EndpointType="source", EngineName="postgres",
                SslMode="verify-full" if good else "none",
                ExtraConnectionAttributes=f"password={_PASSWORD}",
                PostgreSQLSettings={"Password": _PASSWORD, "ServerName": "db.example.com"},
            )  # fmt: skip
            dms.create_endpoint(
                EndpointIdentifier=f"{name}-cache", EndpointType="target", EngineName="redis",
                RedisSettings={
                    "ServerName": "cache.example.com", "Port": 6379, "AuthPassword": _PASSWORD,
                    "SslSecurityProtocol": "ssl-encryption" if good else "plaintext",
                },
            )  # fmt: skip
        yield made


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("aws-dms-private", "good", "bad"),
        ("aws-dms-endpoint-tls", "good-tables", "bad-tables"),
        ("aws-dms-endpoint-tls", "good-cache", "bad-cache"),
    ],
)
def test_the_good_and_the_bad_are_told_apart(aws: Account, rule: str, good: str, bad: str) -> None:
    assert aws.judge(rule, good, NOW).status is Status.PASS
    assert aws.judge(rule, bad, NOW).status is Status.FAIL


def test_passwords_are_not_kept(aws: Account) -> None:
    found = aws.collect("aws.dms.endpoint")
    assert len(found) == 4
    assert not [seen.name for seen in found if _PASSWORD.encode() in seen.body]
    assert aws.calls == {"dms:DescribeEndpoints": 1}


def test_recorded_instances(recordings: Callable[[str], Path]) -> None:
    found = [
        item
        for _, said in answers(recordings("aws"), "dms.DescribeReplicationInstances")
        for item in said["ReplicationInstances"]
    ]
    assert {item["PubliclyAccessible"] for item in found} == {True, False}
    for item in found:
        assert judged("aws.dms.replication_instance", item)
