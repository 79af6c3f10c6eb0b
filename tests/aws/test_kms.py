"""KMS: what boto3 reads from moto, and recorded policies and rotations."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_collectors.aws.models.kms import Key, Rotation
from soc2_pac.canonical import canonical
from soc2_pac.model import Status
from soc2_pac.resources import view

from .faulty import Answer, FaultyAws
from .regional import Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def policy(principal: str) -> str:
    statement = {
        "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "kms:*", "Resource": "*",
    }  # fmt: skip
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        kms = made.client("kms")
        own = policy(f"arn:aws:iam::{made.number}:root")
        for name, document in (("good", own), ("bad", policy("*")), ("going", own)):
            key = kms.create_key(Policy=document)["KeyMetadata"]["KeyId"]
            kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key)
            if name == "good":
                kms.enable_key_rotation(KeyId=key)
            if name == "going":
                kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
        kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY", Policy=own)
        yield made


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("aws-kms-rotation", "alias/good", "alias/bad"),
        ("aws-kms-policy-not-public", "alias/good", "alias/bad"),
        ("aws-kms-not-pending-delete", "alias/good", "alias/going"),
    ],
)
def test_the_good_and_the_bad_are_told_apart(aws: Account, rule: str, good: str, bad: str) -> None:
    assert aws.judge(rule, good, NOW).status is Status.PASS
    assert aws.judge(rule, bad, NOW).status is Status.FAIL


def test_a_key_without_an_alias_goes_by_its_id(aws: Account) -> None:
    (key,) = [k for k in aws.collect("aws.kms.key") if not k.name.startswith("alias/")]
    assert key.name == key.view.key_id
    assert aws.judge("aws-kms-rotation", key.name, NOW).status is Status.NOT_APPLICABLE
    pending = aws.judge("aws-kms-not-pending-delete", "alias/going", NOW)
    assert "scheduled for deletion on 2" in pending.message


@pytest.mark.parametrize(
    ("code", "rotation", "gaps"),
    [("UnsupportedOperationException", None, 0), ("AccessDeniedException", "a gap", 1)],
)
def test_a_key_that_cannot_rotate_is_no_gap(
    monkeypatch: pytest.MonkeyPatch, code: str, rotation: str | None, gaps: int
) -> None:
    monkeypatch.setenv("TEST_AWS_KEY", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("TEST_AWS_SECRET", "not-a-real-secret-anywhere")
    said = {"__type": code, "message": "no"}
    json_answer = {"Content-Type": "application/x-amz-json-1.1"}
    with FaultyAws(Answer(400, json.dumps(said), json_answer)) as server:
        found = _facts(server.url)
    assert found == (rotation, gaps)


def _facts(url: str) -> tuple[object, int]:
    """The rotation of one key, and how many gaps that left, where every call is answered alike."""
    from soc2_collectors.aws.client import AwsConnection
    from soc2_collectors.aws.kms import keys
    from soc2_collectors.aws.settings import AwsSettings
    from soc2_pac.collect.fetch import Limits, Meter, resolve
    from soc2_pac.config import SecretRef
    from soc2_pac.model import Fact, Gap, Scope

    source = AwsSettings(
        endpoint_url=url, max_attempts=1,
        access_key_id=SecretRef(env="TEST_AWS_KEY"), secret_access_key=SecretRef(env="TEST_AWS_SECRET"),
    )  # fmt: skip
    aws = AwsConnection(source).client(
        Scope("aws", "111122223333/eu-west-1"), Meter(Limits()), frozenset(keys.calls)
    )
    listed = {"Keys": [{"KeyId": "k", "KeyArn": "arn:k"}], "Aliases": []}
    aws.items = lambda service, operation, key, **_: iter(listed[key])  # type: ignore[method-assign]
    (document,) = keys.function(aws)
    fact = document.body["GetKeyRotationStatus"]
    assert isinstance(fact, Fact)
    value = resolve(fact)
    return ("a gap", 1) if isinstance(value, Gap) else (value, 0)


def _says_which_sort(metadata: dict[str, object]) -> bool:
    """Answers from before 2019, when there was one sort of keys, do not."""
    return bool({"KeySpec", "CustomerMasterKeySpec"} & set(metadata))


@pytest.mark.parametrize(
    ("operation", "member"),
    [
        ("DescribeKey", "KeyMetadata"),
        ("GetKeyRotationStatus", None),
        ("GetKeyPolicy", "Policy"),
    ],
)
def test_recorded_facts(
    recordings: Callable[[str], Path], operation: str, member: str | None
) -> None:
    all_of_it = [said for _, said in answers(recordings("aws"), f"kms.{operation}")]
    found = [said[member] if member else said for said in all_of_it]
    assert found
    for value in found:
        body = {"KeyId": "k", operation: value}
        assert judged("aws.kms.key", body)
        seen = view(Key, canonical(body))
        if operation == "DescribeKey" and _says_which_sort(value):
            assert seen.metadata.spec
        if operation == "GetKeyRotationStatus":
            assert isinstance(seen.rotation, Rotation)
            assert seen.rotation.days
        if operation == "GetKeyPolicy":
            assert seen.statements
