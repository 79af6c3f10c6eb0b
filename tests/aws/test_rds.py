"""RDS: what boto3 reads from moto, TLS by parameter groups, snapshots and who may restore them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.model import Status

from .regional import Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        rds = made.client("rds")
        for group, value in (("strict", "1"), ("lax", "0")):
            rds.create_db_parameter_group(
                DBParameterGroupName=group, DBParameterGroupFamily="postgres16", Description=group
            )
            parameters = [
                {
                    "ParameterName": "rds.force_ssl",
                    "ParameterValue": value,
                    "ApplyMethod": "immediate",
                },
                {
                    "ParameterName": "log_statement",
                    "ParameterValue": "ddl",
                    "ApplyMethod": "immediate",
                },
            ]
            rds.modify_db_parameter_group(DBParameterGroupName=group, Parameters=parameters)
        _databases(rds)
        yield made


def _databases(rds: Any) -> None:
    common = {
        "Engine": "postgres", "DBInstanceClass": "db.t3.micro", "AllocatedStorage": 20,
        "MasterUsername": "root", "MasterUserPassword": "not-a-real-one",
    }  # fmt: skip
    for name, good in (("good", True), ("bad", False)):
        rds.create_db_instance(
            DBInstanceIdentifier=name, DBParameterGroupName="strict" if good else "lax",
            StorageEncrypted=good, PubliclyAccessible=not good, MultiAZ=good,
            BackupRetentionPeriod=14 if good else 1, DeletionProtection=good,
            AutoMinorVersionUpgrade=good, CopyTagsToSnapshot=good,
            EnableCloudwatchLogsExports=["postgresql"] if good else [], **common,
        )  # fmt: skip
        rds.create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-snapshot")
        rds.create_db_cluster(
            DBClusterIdentifier=f"{name}-cluster", Engine="aurora-postgresql",
            MasterUsername="root", MasterUserPassword="not-a-real-one", StorageEncrypted=good,
        )  # fmt: skip
        rds.create_db_cluster_snapshot(
            DBClusterIdentifier=f"{name}-cluster", DBClusterSnapshotIdentifier=f"{name}-copy"
        )
    rds.modify_db_snapshot_attribute(
        DBSnapshotIdentifier="bad-snapshot", AttributeName="restore", ValuesToAdd=["all"]
    )
    rds.modify_db_cluster_snapshot_attribute(
        DBClusterSnapshotIdentifier="bad-copy", AttributeName="restore", ValuesToAdd=["all"]
    )


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("aws-rds-not-public", "good", "bad"),
        ("aws-rds-encrypted", "good", "bad"),
        ("aws-rds-tls-required", "good", "bad"),
        ("aws-rds-backups", "good", "bad"),
        ("aws-rds-resilience", "good", "bad"),
        ("aws-rds-patching", "good", "bad"),
        ("aws-rds-logs-exported", "good", "bad"),
        ("aws-rds-snapshot-tags", "good", "bad"),
        ("aws-rds-cluster-encrypted", "good-cluster", "bad-cluster"),
        ("aws-rds-snapshot-private", "good-snapshot", "bad-snapshot"),
        ("aws-rds-snapshot-encrypted", "good-snapshot", "bad-snapshot"),
        ("aws-rds-cluster-snapshot-private", "good-copy", "bad-copy"),
    ],
)
def test_the_good_and_the_bad_are_told_apart(aws: Account, rule: str, good: str, bad: str) -> None:
    assert aws.judge(rule, good, NOW).status is Status.PASS
    assert aws.judge(rule, bad, NOW).status is Status.FAIL


def test_only_what_asks_for_tls_is_kept_of_a_parameter_group(aws: Account) -> None:
    seen = aws.one("aws.rds.instance", "good").view
    assert [p.parameter_name for p in seen.parameters] == ["rds.force_ssl"]


def test_a_parameter_group_is_asked_once_for_all_its_databases(aws: Account) -> None:
    rds = aws.client("rds")
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="replica", SourceDBInstanceIdentifier="good"
    )
    found = {s.name: s for s in aws.collect("aws.rds.instance")}
    assert set(found) >= {"good", "bad", "replica"}
    groups = {s.view.parameter_groups[0].name for s in found.values()}
    assert aws.calls["rds:DescribeDBParameters"] == len(groups) < len(found)
    assert aws.judge("aws-rds-backups", "replica", NOW).status is Status.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("operation", "path", "kind", "body"),
    [
        ("DescribeDBSnapshotAttributes", ("DBSnapshotAttributesResult", "DBSnapshotAttributes"),
         "aws.rds.snapshot", {"DBSnapshotIdentifier": "s", "Encrypted": True}),
        ("DescribeDBClusterSnapshotAttributes",
         ("DBClusterSnapshotAttributesResult", "DBClusterSnapshotAttributes"),
         "aws.rds.cluster_snapshot",
         {"DBClusterSnapshotIdentifier": "s", "DBClusterIdentifier": "c", "StorageEncrypted": True}),
        ("DescribeDBParameters", ("Parameters",), "aws.rds.instance",
         {"DBInstanceIdentifier": "d", "PubliclyAccessible": False, "StorageEncrypted": True,
          "BackupRetentionPeriod": 7}),
    ],
)  # fmt: skip
def test_recorded_facts(
    recordings: Callable[[str], Path],
    operation: str,
    path: tuple[str, ...],
    kind: str,
    body: dict[str, Any],
) -> None:
    found = [said for _, said in answers(recordings("aws"), f"rds.{operation}")]
    assert found
    for said in found:
        value: Any = said
        for step in path:
            value = value[step]
        assert judged(kind, {**body, operation: value})


def test_recorded_cluster_snapshots(recordings: Callable[[str], Path]) -> None:
    items = [
        item
        for _, said in answers(recordings("aws"), "rds.DescribeDBClusterSnapshots")
        for item in said["DBClusterSnapshots"]
    ]
    assert items
    assert all(judged("aws.rds.cluster_snapshot", item) for item in items)
