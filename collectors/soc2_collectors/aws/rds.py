"""RDS: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.rds import DbCluster, DbInstance, DbSnapshot
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(DbInstance, calls=["rds:DescribeDBInstances"], per="region")
def instances(aws: Aws) -> Iterator[Document]:
    """Database instances, members of clusters too."""
    for item in aws.items("rds", "describe_db_instances", "DBInstances"):
        yield Document(item["DBInstanceArn"], item["DBInstanceIdentifier"], item)


@collects(DbCluster, calls=["rds:DescribeDBClusters"], per="region")
def clusters(aws: Aws) -> Iterator[Document]:
    """Database clusters."""
    for item in aws.items("rds", "describe_db_clusters", "DBClusters"):
        yield Document(item["DBClusterArn"], item["DBClusterIdentifier"], item)


@collects(
    DbSnapshot, calls=["rds:DescribeDBSnapshots", "rds:DescribeDBSnapshotAttributes"], per="region"
)
def snapshots(aws: Aws) -> Iterator[Document]:
    """Manual snapshots: automated ones cannot be shared."""
    for item in aws.items("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual"):
        name = item["DBSnapshotIdentifier"]
        yield Document(
            item["DBSnapshotArn"],
            name,
            {**item, "DescribeDBSnapshotAttributes": _shared(aws, name)},
        )


def _shared(aws: Aws, name: str) -> Fact:
    asked = aws.fact(
        "rds",
        "describe_db_snapshot_attributes",
        key="DBSnapshotAttributesResult",
        DBSnapshotIdentifier=name,
    )

    def attributes() -> Any:  # noqa: ANN401 - what AWS says
        said = asked.call()
        return said.get("DBSnapshotAttributes") if isinstance(said, dict) else said

    return Fact(asked.operation, attributes)
