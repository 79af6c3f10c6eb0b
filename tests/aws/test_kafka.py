"""MSK: what boto3 reads from moto, and what AWS really answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws.client import AwsConnection
from soc2_collectors.aws.settings import AwsSettings
from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.collect.fetch import Limits, Meter, resolve
from soc2_pac.config import SecretRef
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Document, Fact, Scope, Status

from .faulty import Answer, FaultyAws
from .regional import Account, account
from .test_recordings import SCOPE, answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _brokers(*, good: bool) -> dict[str, Any]:
    return {
        "BrokerNodeGroupInfo": {
            "InstanceType": "kafka.m5.large",
            "ClientSubnets": ["subnet-1", "subnet-2"],
            "ConnectivityInfo": {
                "PublicAccess": {"Type": "DISABLED" if good else "SERVICE_PROVIDED_EIPS"}
            },
        },
        "KafkaVersion": "3.6.0",
        "NumberOfBrokerNodes": 2,
        "ClientAuthentication": {
            "Sasl": {"Iam": {"Enabled": good}},
            "Unauthenticated": {"Enabled": not good},
        },
        "EncryptionInfo": {
            "EncryptionInTransit": {
                "ClientBroker": "TLS" if good else "PLAINTEXT",
                "InCluster": good,
            }
        },
    }


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        kafka = made.client("kafka")
        for name, good in (("good", True), ("bad", False)):
            # moto forgets what the second version is told of encryption.
            kafka.create_cluster(ClusterName=name, **_brokers(good=good))
        kafka.create_cluster_v2(
            ClusterName="serverless",
            Serverless={
                "VpcConfigs": [{"SubnetIds": ["subnet-1"]}],
                "ClientAuthentication": {"Sasl": {"Iam": {"Enabled": True}}},
            },
        )
        yield made


@pytest.mark.parametrize(
    ("name", "status"),
    [("good", Status.PASS), ("bad", Status.FAIL), ("serverless", Status.PASS)],
)
def test_the_good_and_the_bad_are_told_apart(aws: Account, name: str, status: Status) -> None:
    assert aws.judge("aws-msk-secure", name, NOW).status is status


def test_all_that_is_wrong_is_said(aws: Account) -> None:
    said = aws.judge("aws-msk-secure", "bad", NOW).message
    assert said.count(";") == 3, said


def test_a_listing_is_one_request(aws: Account) -> None:
    assert len(aws.collect("aws.kafka.cluster")) == 3
    assert aws.calls == {"kafka:ListClustersV2": 1}


def test_recorded_clusters(recordings: Callable[[str], Path]) -> None:
    found = [
        item
        for _, said in answers(recordings("aws"), "kafka.ListClustersV2")
        for item in said["ClusterInfoList"]
    ]
    assert {item["ClusterType"] for item in found} == {"PROVISIONED", "SERVERLESS"}
    for item in found:
        assert judged("aws.kafka.cluster", item)


def test_recorded_clusters_of_the_first_version(recordings: Callable[[str], Path]) -> None:
    # The older call has the members of Provisioned at the top.
    old = [
        item
        for operation in ("kafka.DescribeCluster", "kafka.ListClusters")
        for _, said in answers(recordings("aws"), operation)
        for item in said.get("ClusterInfoList", [said.get("ClusterInfo")])
    ]
    assert old
    for item in old:
        body = {
            "ClusterName": item["ClusterName"],
            "ClusterType": "PROVISIONED",
            "Provisioned": item,
        }
        assert judged("aws.kafka.cluster", body)


def answered(
    monkeypatch: pytest.MonkeyPatch, kind: str, bodies: list[str], content_type: str
) -> tuple[list[Document], list[str]]:
    """What the collector of a kind makes of these answers, one after the other, and what it asked."""
    monkeypatch.setenv("TEST_KEY", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("TEST_SECRET", "not-a-real-secret-anywhere")
    collector = plugins.load().collectors[kind]
    reply = Answer(200, lambda asked: bodies[asked - 1], {"Content-Type": content_type})
    with FaultyAws(reply) as server:
        source = AwsSettings(
            endpoint_url=server.url, max_attempts=1,
            access_key_id=SecretRef(env="TEST_KEY"), secret_access_key=SecretRef(env="TEST_SECRET"),
        )  # fmt: skip
        scope = Scope("aws", "111122223333/eu-west-1")
        calls = frozenset(collector.calls)
        aws = AwsConnection(source).client(scope, Meter(Limits()), calls)
        found = [
            Document(
                document.uid,
                document.name,
                {k: resolve(v) if isinstance(v, Fact) else v for k, v in document.body.items()},
            )
            for document in collector.documents(aws)
        ]
        return found, server.requests


def test_connectors_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [
        {
            "connectors": [
                {
                    "connectorArn": f"arn:aws:kafkaconnect:eu-west-1:111122223333:connector/{name}/1",
                    "connectorName": name,
                    "kafkaClusterEncryptionInTransit": {"encryptionType": encryption},
                    "kafkaClusterClientAuthentication": {"authenticationType": "IAM"},
                }
            ],
            **more,
        }
        for name, encryption, more in (
            ("good", "TLS", {"nextToken": "more"}),
            ("bad", "PLAINTEXT", {}),
        )
    ]
    found, asked = answered(
        monkeypatch,
        "aws.kafkaconnect.connector",
        [json.dumps(page) for page in pages],
        "application/json",
    )
    assert [document.name for document in found] == ["good", "bad"]
    assert all(document.uid.startswith("arn:aws:kafkaconnect:") for document in found)
    assert len(asked) == 2
    assert "maxResults=100" in asked[0]
    assert "nextToken=more" in asked[1]
    rule = plugins.load().rules["aws-msk-connector-secure"]
    verdicts = [
        judge(rule, canonical(document.body), now=NOW, scope=SCOPE).status for document in found
    ]
    assert verdicts == [Status.PASS, Status.FAIL]
