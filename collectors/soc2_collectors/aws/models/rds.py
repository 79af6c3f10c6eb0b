"""Views of RDS: instances, clusters, snapshots, and the parameters that ask for TLS."""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_pac.resources import Resource, fact


class Parameter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One parameter of a group. Without a value, the engine's own default holds."""

    parameter_name: str
    parameter_value: str | None = None
    apply_type: str = ""
    """``dynamic``, or ``static``: in force after a reboot."""


class GroupStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter group of an instance."""

    name: str = msgspec.field(default="", name="DBParameterGroupName")
    apply_status: str = msgspec.field(default="", name="ParameterApplyStatus")


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
    replica_of: str | None = msgspec.field(
        default=None, name="ReadReplicaSourceDBInstanceIdentifier"
    )
    copy_tags_to_snapshot: bool = False
    logs_exported: list[str] = msgspec.field(
        default_factory=list, name="EnabledCloudwatchLogsExports"
    )
    parameter_groups: list[GroupStatus] = msgspec.field(
        default_factory=list, name="DBParameterGroups"
    )
    parameters: list[Parameter] | None = fact("DescribeDBParameters")
    """Those that ask for TLS, of its parameter group; ``None`` where there is no such group."""


class DbCluster(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A database cluster."""

    kind = "aws.rds.cluster"
    volatile = ("LatestRestorableTime", "EarliestRestorableTime")
    identifier: str = msgspec.field(name="DBClusterIdentifier")
    engine: str = ""
    storage_encrypted: bool
    backup_retention_period: int
    deletion_protection: bool = False
    multi_az: bool = msgspec.field(default=False, name="MultiAZ")
    logs_exported: list[str] = msgspec.field(
        default_factory=list, name="EnabledCloudwatchLogsExports"
    )
    copy_tags_to_snapshot: bool = False
    parameters: list[Parameter] | None = fact("DescribeDBClusterParameters")
    """Those that ask for TLS, of its parameter group; ``None`` where there is no such group."""


def restorable_by(attributes: list[dict[str, Any]]) -> list[str]:
    """Accounts that may restore a snapshot, from its attributes; ``all`` for everyone."""
    return [
        str(value)
        for item in attributes
        if item.get("AttributeName") == "restore"
        for value in _listed(item.get("AttributeValues"))
    ]


def _listed(values: object) -> list[object]:
    return values if isinstance(values, list) else [] if values is None else [values]


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
        return restorable_by(self.attributes)


class DbClusterSnapshot(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A manual snapshot of a cluster."""

    kind = "aws.rds.cluster_snapshot"
    volatile = ("PercentProgress",)
    identifier: str = msgspec.field(name="DBClusterSnapshotIdentifier")
    cluster: str = msgspec.field(name="DBClusterIdentifier")
    encrypted: bool = msgspec.field(name="StorageEncrypted")
    attributes: list[dict[str, Any]] = fact("DescribeDBClusterSnapshotAttributes")

    @property
    def restorable_by(self) -> list[str]:
        """Accounts that may restore it; ``all`` for everyone."""
        return restorable_by(self.attributes)
