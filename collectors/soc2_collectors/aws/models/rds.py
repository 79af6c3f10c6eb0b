"""Views of RDS: instances, clusters, snapshots."""

from __future__ import annotations

from typing import Any

from soc2_pac.resources import Resource, fact

import msgspec  # isort: skip


class DbInstance(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A database instance."""

    kind = "aws.rds.instance"
    volatile = ("LatestRestorableTime",)
    identifier: str = msgspec.field(name="DBInstanceIdentifier")
    engine: str = ""
    publicly_accessible: bool
    storage_encrypted: bool
    backup_retention_period: int
    """Days; 0 where automated backups are off."""
    deletion_protection: bool = False
    auto_minor_version_upgrade: bool = False
    multi_az: bool = msgspec.field(default=False, name="MultiAZ")
    cluster: str | None = msgspec.field(default=None, name="DBClusterIdentifier")
    iam_authentication: bool = msgspec.field(default=False, name="IAMDatabaseAuthenticationEnabled")


class DbCluster(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A database cluster."""

    kind = "aws.rds.cluster"
    volatile = ("LatestRestorableTime", "EarliestRestorableTime")
    identifier: str = msgspec.field(name="DBClusterIdentifier")
    storage_encrypted: bool
    backup_retention_period: int
    deletion_protection: bool = False


class DbSnapshot(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A manual snapshot of an instance."""

    kind = "aws.rds.snapshot"
    volatile = ("PercentProgress",)
    identifier: str = msgspec.field(name="DBSnapshotIdentifier")
    encrypted: bool
    attributes: list[dict[str, Any]] = fact("DescribeDBSnapshotAttributes")

    @property
    def restorable_by(self) -> list[str]:
        """Accounts that may restore it; ``all`` for everyone."""
        return [
            str(value)
            for item in self.attributes
            if item.get("AttributeName") == "restore"
            for value in item.get("AttributeValues") or []
        ]
