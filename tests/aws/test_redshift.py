"""Redshift: what boto3 reads from moto, and what AWS really answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from moto.redshift.models import redshift_backends

from soc2_pac.model import Status

from .regional import HOME, Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_CLUSTER = {
    "ClusterIdentifier": "c",
    "PubliclyAccessible": False,
    "Encrypted": True,
    "AutomatedSnapshotRetentionPeriod": 7,
    "ClusterParameterGroups": [{"ParameterGroupName": "g", "ParameterApplyStatus": "in-sync"}],
}


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        redshift = made.client("redshift")
        s3 = made.client("s3")
        s3.create_bucket(
            Bucket=f"logs-{made.number}", CreateBucketConfiguration={"LocationConstraint": HOME}
        )
        s3.put_bucket_acl(
            Bucket=f"logs-{made.number}",
            AccessControlPolicy={
                "Owner": {"ID": "owner"},
                "Grants": [
                    {"Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/s3/LogDelivery"},
                     "Permission": permission}
                    for permission in ("WRITE", "READ_ACP")
                ],
            },
        )  # fmt: skip
        for name, good in (("good", True), ("bad", False)):
            redshift.create_cluster(
                ClusterIdentifier=name, NodeType="ra3.large", MasterUsername="root",
                MasterUserPassword="Not-a-real-one1", Encrypted=good, PubliclyAccessible=not good,
                AutomatedSnapshotRetentionPeriod=14 if good else 1,
            )  # fmt: skip
        redshift.enable_logging(ClusterIdentifier="good", BucketName=f"logs-{made.number}")
        # moto says of every cluster that its last delivery failed, without saying how.
        details = redshift_backends[made.number][HOME].clusters["good"].logging_details
        del details["LastFailureTime"]
        yield made


@pytest.mark.parametrize(
    "rule", ["aws-redshift-not-public", "aws-redshift-audit-log", "aws-redshift-snapshots"]
)
def test_the_good_and_the_bad_are_told_apart(aws: Account, rule: str) -> None:
    assert aws.judge(rule, "good", NOW).status is Status.PASS
    assert aws.judge(rule, "bad", NOW).status is Status.FAIL


def test_encryption_at_rest_does_not_hide_that_tls_is_optional(aws: Account) -> None:
    # moto's groups have the defaults of 2024: TLS is not asked for.
    assert aws.judge("aws-redshift-encryption", "good", NOW).message == "require_ssl is false"
    assert aws.judge("aws-redshift-encryption", "bad", NOW).message == "not encrypted at rest"


def test_a_parameter_group_is_asked_once_for_all_its_clusters(aws: Account) -> None:
    found = aws.collect("aws.redshift.cluster")
    assert len(found) == 2
    assert aws.calls == {
        "redshift:DescribeClusters": 1,
        "redshift:DescribeClusterParameters": 1,
        "redshift:DescribeLoggingStatus": 2,
    }
    assert [p.parameter_name for p in found[0].view.parameters] == ["require_ssl"]


def test_a_cluster_is_named_as_aws_names_it(aws: Account) -> None:
    good = aws.one("aws.redshift.cluster", "good")
    assert good.uid == f"arn:aws:redshift:{HOME}:{aws.number}:cluster:good"


def test_recorded_clusters(recordings: Callable[[str], Path]) -> None:
    found = [
        item
        for _, said in answers(recordings("aws"), "redshift.DescribeClusters")
        for item in said["Clusters"]
    ]
    assert found
    for item in found:
        assert judged("aws.redshift.cluster", item)


@pytest.mark.parametrize(
    ("operation", "member"),
    [("DescribeLoggingStatus", None), ("DescribeClusterParameters", "Parameters")],
)
def test_recorded_facts(
    recordings: Callable[[str], Path], operation: str, member: str | None
) -> None:
    found = [said for _, said in answers(recordings("aws"), f"redshift.{operation}")]
    assert found
    for said in found:
        assert judged(
            "aws.redshift.cluster", {**_CLUSTER, operation: said[member] if member else said}
        )
