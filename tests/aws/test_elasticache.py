"""ElastiCache: what boto3 reads from moto, and what AWS really answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Status

from .regional import Account, account
from .test_kafka import answered
from .test_recordings import SCOPE, answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        cache = made.client("elasticache")
        for name, good in (("good", True), ("bad", False)):
            token = {"AuthToken": "Not-a-real-token-1"} if good else {}
            cache.create_replication_group(
                ReplicationGroupId=name, ReplicationGroupDescription=name, Engine="redis",
                AtRestEncryptionEnabled=good, TransitEncryptionEnabled=good,
                SnapshotRetentionLimit=20 if good else 1, **token,
            )  # fmt: skip
        cache.create_user(
            UserId="app", UserName="app", Engine="redis", AccessString="on ~* +@all",
            Passwords=["Not-a-real-password-1"],
        )  # fmt: skip
        for name in ("roles", "roles-too"):
            cache.create_replication_group(
                ReplicationGroupId=name, ReplicationGroupDescription=name, Engine="redis",
                AtRestEncryptionEnabled=True, TransitEncryptionEnabled=True,
                UserGroupIds=["people"],
            )  # fmt: skip
        yield made


@pytest.mark.parametrize("rule", ["aws-elasticache-encrypted", "aws-elasticache-backup"])
def test_the_good_and_the_bad_are_told_apart(aws: Account, rule: str) -> None:
    assert aws.judge(rule, "good", NOW).status is Status.PASS
    assert aws.judge(rule, "bad", NOW).status is Status.FAIL


def test_users_are_listed_once_and_only_where_there_are_user_groups(aws: Account) -> None:
    found = {seen.name: seen for seen in aws.collect("aws.elasticache.replication_group")}
    assert aws.calls == {
        "elasticache:DescribeReplicationGroups": 1,
        "elasticache:DescribeUsers": 1,
    }
    assert b"DescribeUsers" not in found["good"].body
    # moto has no user groups, so nobody is in one: that is not a pass.
    assert found["roles"].view.users == []
    assert aws.judge("aws-elasticache-encrypted", "roles", NOW).status is Status.INCONCLUSIVE


def test_a_group_has_the_users_of_its_own_user_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = "".join(
        f"<ReplicationGroup><ReplicationGroupId>{name}</ReplicationGroupId><ARN>arn:{name}</ARN>"
        f"<UserGroupIds><member>{name}</member></UserGroupIds></ReplicationGroup>"
        for name in ("one", "two")
    )
    users = "".join(
        f"<member><UserId>{name}</UserId><UserGroupIds>{inside}</UserGroupIds></member>"
        for name, inside in (
            ("anna", "<member>one</member>"),
            ("both", "<member>one</member><member>two</member>"),
            ("none", ""),
        )
    )
    found, asked = answered(
        monkeypatch,
        "aws.elasticache.replication_group",
        [
            _xml("DescribeReplicationGroups", f"<ReplicationGroups>{groups}</ReplicationGroups>"),
            _xml("DescribeUsers", f"<Users>{users}</Users>"),
        ],
        "text/xml",
    )
    assert len(asked) == 2, "the users are listed once for all groups"
    members: dict[str, Any] = {document.name: document.body["DescribeUsers"] for document in found}
    assert {name: [user["UserId"] for user in said] for name, said in members.items()} == {
        "one": ["anna", "both"],
        "two": ["both"],
    }


def _xml(operation: str, result: str) -> str:
    return f"<{operation}Response><{operation}Result>{result}</{operation}Result></{operation}Response>"


def test_recorded_replication_groups(recordings: Callable[[str], Path]) -> None:
    found = [
        item
        for _, said in answers(recordings("aws"), "elasticache.DescribeReplicationGroups")
        for item in said["ReplicationGroups"]
    ]
    assert found
    for item in found:
        assert judged("aws.elasticache.replication_group", item)


def test_recorded_users(recordings: Callable[[str], Path]) -> None:
    rule = plugins.load().rules["aws-elasticache-encrypted"]
    group = {
        "ReplicationGroupId": "g", "AtRestEncryptionEnabled": True, "UserGroupIds": ["people"],
        "TransitEncryptionEnabled": True, "SnapshotRetentionLimit": 1,
    }  # fmt: skip
    messages = []
    for _, said in answers(recordings("aws"), "elasticache.DescribeUsers"):
        body = {**group, "DescribeUsers": said["Users"]}
        assert judged("aws.elasticache.replication_group", body)
        messages.append(judge(rule, canonical(body), now=NOW, scope=SCOPE).message)
    # One of them has a user without a password who is switched off, too: that one is not named.
    assert sorted(messages) == [
        "encrypted at rest and in transit, with users who show who they are",
        "needs no password: default",
        "needs no password: default",
    ]
