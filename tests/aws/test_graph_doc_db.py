"""Neptune and DocumentDB, which RDS's own calls list: what boto3 reads from moto, and what AWS answered."""

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
_CLUSTERS = {
    "graph": ("neptune", True),
    "plain": ("neptune", False),
    "shared": ("neptune", True),  # moto knows no DocumentDB
    "orders": ("aurora-mysql", True),
}


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        rds = made.client("rds")
        for name, (engine, encrypted) in _CLUSTERS.items():
            rds.create_db_cluster(
                DBClusterIdentifier=name, Engine=engine, StorageEncrypted=encrypted,
                MasterUsername="root", MasterUserPassword="not-a-real-one",
            )  # fmt: skip
            rds.create_db_cluster_snapshot(
                DBClusterIdentifier=name, DBClusterSnapshotIdentifier=f"{name}-copy"
            )
        rds.modify_db_cluster_snapshot_attribute(
            DBClusterSnapshotIdentifier="shared-copy", AttributeName="restore", ValuesToAdd=["all"]
        )
        yield made


@pytest.mark.parametrize(
    ("name", "status", "message"),
    [
        ("graph", Status.PASS, "Neptune: the cluster and 1 manual snapshots"),
        ("plain", Status.FAIL, "the Neptune cluster is not encrypted"),
        ("shared", Status.FAIL, "everyone may restore: shared-copy"),
        ("orders", Status.NOT_APPLICABLE, "its engine is aurora-mysql"),
    ],
)
def test_the_good_and_the_bad_are_told_apart(
    aws: Account, name: str, status: Status, message: str
) -> None:
    verdict = aws.judge("aws-graph-doc-db-encrypted", name, NOW)
    assert (verdict.status, verdict.message) == (status, message)


def test_a_snapshot_is_judged_without_its_cluster(aws: Account) -> None:
    rule = "aws-rds-cluster-snapshot-encrypted"
    assert aws.judge(rule, "graph-copy", NOW).status is Status.PASS
    assert aws.judge(rule, "plain-copy", NOW).status is Status.FAIL


@pytest.mark.parametrize(("service", "engine"), [("neptune", "aurora-mysql"), ("docdb", "docdb")])
def test_recorded_clusters(recordings: Callable[[str], Path], service: str, engine: str) -> None:
    # Asked for Neptune's clusters, AWS answered with Aurora's: the calls are one and the same.
    found = [
        item
        for _, said in answers(recordings("aws"), f"{service}.DescribeDBClusters")
        for item in said["DBClusters"]
    ]
    assert engine in {item["Engine"] for item in found}
    assert all(judged("aws.rds.cluster", item) for item in found)
