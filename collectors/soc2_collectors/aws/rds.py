"""RDS: regional."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.rds import DbCluster, DbClusterSnapshot, DbInstance, DbSnapshot
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.aws.client import Aws

TLS_PARAMETERS = (
    "rds.force_ssl",
    "require_secure_transport",
    "tls",
    "neptune_enforce_ssl",
)
"""What refuses connections without TLS: PostgreSQL and SQL Server, MySQL and MariaDB, DocumentDB, Neptune.
They are asked for by name: a group holds several hundred parameters in as many as five pages."""


@collects(
    DbInstance,
    calls=["rds:DescribeDBInstances", "rds:DescribeDBParameters"],
    per="region",
    cost="pages of 100 + 1 per parameter group",
)
def instances(aws: Aws) -> Iterator[Document]:
    """Database instances, members of clusters too."""
    parameters = _parameters(aws, "describe_db_parameters", "DBParameterGroupName")
    for item in aws.items("rds", "describe_db_instances", "DBInstances"):
        body = dict(item)
        groups = [group["DBParameterGroupName"] for group in item.get("DBParameterGroups") or ()]
        if groups:
            body["DescribeDBParameters"] = Fact(
                "rds:DescribeDBParameters", functools.partial(parameters, groups[0])
            )
        yield Document(item["DBInstanceArn"], item["DBInstanceIdentifier"], body)


@collects(
    DbCluster,
    calls=["rds:DescribeDBClusters", "rds:DescribeDBClusterParameters"],
    per="region",
    cost="pages of 100 + 1 per parameter group",
)
def clusters(aws: Aws) -> Iterator[Document]:
    """Database clusters."""
    parameters = _parameters(aws, "describe_db_cluster_parameters", "DBClusterParameterGroupName")
    for item in aws.items("rds", "describe_db_clusters", "DBClusters"):
        body = dict(item)
        if group := item.get("DBClusterParameterGroup"):
            body["DescribeDBClusterParameters"] = Fact(
                "rds:DescribeDBClusterParameters", functools.partial(parameters, group)
            )
        yield Document(item["DBClusterArn"], item["DBClusterIdentifier"], body)


def _parameters(
    aws: Aws, operation: str, parameter: str
) -> Callable[[str], list[dict[str, Any]] | None]:
    """What a group says of TLS; asked once for each group, since databases share them.

    A group that is not there is ``None``: the database itself has not gone.
    """
    wanted = [{"Name": "parameter-name", "Values": list(TLS_PARAMETERS)}]
    named: dict[str, Any] = {}

    @functools.cache
    def asked(group: str) -> list[dict[str, Any]] | None:
        said = aws.fact(
            "rds",
            operation,
            absent=("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault"),
            key="Parameters",
            Filters=wanted,
            **named | {parameter: group},
        ).call()
        if not isinstance(said, list):
            return None
        return [item for item in said if item.get("ParameterName") in TLS_PARAMETERS]

    return asked


@collects(
    DbSnapshot,
    calls=["rds:DescribeDBSnapshots", "rds:DescribeDBSnapshotAttributes"],
    per="region",
    cost="pages of 100 + N",
)
def snapshots(aws: Aws) -> Iterator[Document]:
    """Manual snapshots: automated ones cannot be shared."""
    for item in aws.items("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual"):
        name = item["DBSnapshotIdentifier"]
        asked = aws.fact(
            "rds",
            "describe_db_snapshot_attributes",
            key="DBSnapshotAttributesResult",
            DBSnapshotIdentifier=name,
        )
        attributes = _member(asked, "DBSnapshotAttributes")
        yield Document(
            item["DBSnapshotArn"], name, {**item, "DescribeDBSnapshotAttributes": attributes}
        )


@collects(
    DbClusterSnapshot,
    calls=["rds:DescribeDBClusterSnapshots", "rds:DescribeDBClusterSnapshotAttributes"],
    per="region",
    cost="pages of 100 + N",
)
def cluster_snapshots(aws: Aws) -> Iterator[Document]:
    """Manual snapshots of clusters: automated ones cannot be shared."""
    for item in aws.items(
        "rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", SnapshotType="manual"
    ):
        name = item["DBClusterSnapshotIdentifier"]
        asked = aws.fact(
            "rds",
            "describe_db_cluster_snapshot_attributes",
            key="DBClusterSnapshotAttributesResult",
            DBClusterSnapshotIdentifier=name,
        )
        attributes = _member(asked, "DBClusterSnapshotAttributes")
        yield Document(
            item["DBClusterSnapshotArn"],
            name,
            {**item, "DescribeDBClusterSnapshotAttributes": attributes},
        )


def _member(asked: Fact, key: str) -> Fact:
    """One member of what a fact says."""

    def call() -> object:
        said = asked.call()
        return said.get(key) if isinstance(said, dict) else said

    return Fact(asked.operation, call)
