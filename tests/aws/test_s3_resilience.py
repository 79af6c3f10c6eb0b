"""S3: notifications and replication as moto and recorded answers give them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import botocore.parsers
import botocore.session
import pytest

from soc2_collectors.aws.s3 import buckets
from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Document, Fact, Scope, Status
from soc2_pac.resources import view

from .regional import HOME, Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from soc2_collectors.aws.client import Aws

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KIND = "aws.s3.bucket"
_ONLY_UPLOADS = {"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "uploads/"}]}}}


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        s3, far = made.client("s3"), made.client("s3", "eu-central-1")
        near = {"LocationConstraint": "eu-west-1"}
        for name in ("good-one", "near-one", "bad-one", "near-copies"):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration=near)
        far.create_bucket(
            Bucket="far-copies", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        for name, narrowed in (("good-one", {}), ("near-one", _ONLY_UPLOADS)):
            queue = made.client("sqs").create_queue(QueueName=name)["QueueUrl"]
            arn = made.client("sqs").get_queue_attributes(
                QueueUrl=queue, AttributeNames=["QueueArn"]
            )["Attributes"]["QueueArn"]
            told = {
                "QueueArn": arn,
                "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"],
                **narrowed,
            }
            s3.put_bucket_notification_configuration(
                Bucket=name, NotificationConfiguration={"QueueConfigurations": [told]}
            )
        versioned = {"Status": "Enabled"}
        for name, to in (("good-one", "far-copies"), ("near-one", "near-copies")):
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=versioned)
            client = far if to.startswith("far") else s3
            client.put_bucket_versioning(Bucket=to, VersioningConfiguration=versioned)
            s3.put_bucket_replication(
                Bucket=name,
                ReplicationConfiguration={
                    "Role": f"arn:aws:iam::{made.number}:role/replicate",
                    "Rules": [
                        {
                            "ID": "all", "Priority": 1, "Status": "Enabled",
                            "Filter": {"Prefix": ""},
                            "DeleteMarkerReplication": {"Status": "Disabled"},
                            "Destination": {"Bucket": f"arn:aws:s3:::{to}"},
                        }
                    ],
                },
            )  # fmt: skip
        yield made


@pytest.mark.parametrize(
    ("rule", "name", "status"),
    [
        ("aws-s3-event-notifications", "good-one", Status.PASS),
        ("aws-s3-event-notifications", "near-one", Status.FAIL),
        ("aws-s3-event-notifications", "bad-one", Status.FAIL),
        ("aws-s3-replication", "bad-one", Status.FAIL),
    ],
)
def test_good_and_bad(aws: Account, rule: str, name: str, status: Status) -> None:
    assert aws.judge(rule, name, NOW).status is status


def test_which_region_is_only_judged_where_it_is_said(aws: Account) -> None:
    # moto's listing does not say where buckets are; S3's does, see the collector.
    said = aws.judge("aws-s3-replication", "good-one", NOW)
    assert (said.status, said.message) == (
        Status.INCONCLUSIVE, "it is not known in which region far-copies is",
    )  # fmt: skip
    rule = plugins.load().rules["aws-s3-replication"]
    bodies = [json.loads(found.body) for found in aws.collect(KIND)]
    where = {b["Name"]: "eu-central-1" if b["Name"] == "far-copies" else HOME for b in bodies}
    placed = [canonical(body | {"BucketRegion": where[body["Name"]]}) for body in bodies]
    scope = Scope("aws", f"{aws.number}/{HOME}")
    evidence = JoinedEvidence(rule, GivenDocuments(scope, {KIND: placed})).at(scope)
    told = {
        json.loads(body)["Name"]: judge(rule, body, now=NOW, scope=scope, evidence=evidence)
        for body in placed
    }
    assert told["good-one"].message == "what comes in is copied to far-copies in eu-central-1"
    assert told["near-one"].status is Status.FAIL


def test_event_bridge_is_an_element_without_members() -> None:
    operation = botocore.session.get_session().get_service_model("s3")
    shape = operation.operation_model("GetBucketNotificationConfiguration").output_shape
    assert shape is not None
    parser = botocore.parsers.create_parser("rest-xml")
    for inner, status in (("<EventBridgeConfiguration/>", Status.PASS), ("", Status.FAIL)):
        raw = f"<NotificationConfiguration>{inner}</NotificationConfiguration>".encode()
        said = parser.parse({"body": raw, "headers": {}, "status_code": 200}, shape)
        said.pop("ResponseMetadata")
        body = {"Name": "b", "GetBucketNotificationConfiguration": said}
        rule = plugins.load().rules["aws-s3-event-notifications"]
        scope = Scope("aws", f"111122223333/{HOME}")
        assert judge(rule, canonical(body), now=NOW, scope=scope).status is status


def test_each_is_asked_once_a_bucket(aws: Account) -> None:
    assert len(aws.collect(KIND)) == 5
    assert aws.calls["s3:GetBucketNotification"] == 5
    assert aws.calls["s3:GetReplicationConfiguration"] == 5


def test_recorded_replication(recordings: Callable[[str], Path]) -> None:
    resource = plugins.load().collectors[KIND].resource
    found = []
    for name, said in answers(recordings("aws"), "s3.GetBucketReplication"):
        body = {"Name": name, "GetBucketReplication": said["ReplicationConfiguration"]}
        assert judged(KIND, body)
        seen = view(resource, canonical(body))
        assert isinstance(seen, resource)
        rules = getattr(seen, "replication").rules  # noqa: B009 - the view's type is the registry's
        found += [(rule.destination.name, rule.every_object) for rule in rules]
    assert ("custodian-replication-west", False) in found, "by prefix and tags"
    assert ("custodian-replicated-west", True) in found, "an empty prefix"


class _Buckets:
    """Two buckets: one with a policy and versions, one without; counts what is asked about each."""

    partition = "aws"

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def items(self, *_: Any, **__: Any) -> Iterator[dict[str, Any]]:
        yield {"Name": "with"}
        yield {"Name": "without"}

    def fact(self, _service: str, operation: str, **params: Any) -> Fact:
        def call() -> object:
            self.asked.append((params["Bucket"], operation))
            if operation == "get_bucket_policy":
                return "{}" if params["Bucket"] == "with" else None
            if operation == "get_bucket_versioning":
                return {"Status": "Suspended"} if params["Bucket"] == "with" else {}
            return {"asked": operation}

        return Fact(operation, call)


def _read(document: Document, *names: str) -> list[object]:
    facts = [document.body[name] for name in names]
    return [fact.call() for fact in facts if isinstance(fact, Fact)]


def test_what_another_answer_says_to_be_absent_is_not_asked_for() -> None:
    aws = _Buckets()
    with_, without = buckets.documents(cast("Aws", aws))
    for document in (with_, without):
        for value in document.body.values():
            if isinstance(value, Fact):
                value.call()
    spared = {"get_bucket_policy_status", "get_object_lock_configuration"}
    asked = {
        name: {op for bucket, op in aws.asked if bucket == name} for name in ("with", "without")
    }
    assert asked["with"] - asked["without"] == spared
    assert spared <= asked["with"]
    assert _read(without, "GetBucketPolicyStatus", "GetObjectLockConfiguration") == [None, None]


def test_what_was_not_read_says_nothing_of_another() -> None:
    aws = _Buckets()
    _, without = buckets.documents(cast("Aws", aws))
    assert _read(without, "GetBucketPolicyStatus", "GetObjectLockConfiguration") == [
        {"asked": "get_bucket_policy_status"},
        {"asked": "get_object_lock_configuration"},
    ]
