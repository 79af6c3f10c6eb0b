"""Views of RDS: instances, clusters, snapshots, and the parameters that ask for TLS."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from soc2_pac.resources import Resource, fact

_OLDER: dict[str, str] = {
    "StorageEncryptionType": "AWS tells it since 2025; what is encrypted by a key in KMS says so by itself "
    "(API reference, DBCluster)"
}


def _at_rest(by_kms: bool, how: str | None) -> bool | None:  # noqa: FBT001
    """Whether storage is encrypted: by a key in KMS, or by one that AWS owns; ``None``: it cannot be told."""
    if by_kms:
        # A type of none contradicts it, and one that is not known may.
        return True if how in (None, "sse-kms", "sse-rds") else None
    # The flag is false beside sse-rds, where AWS owns the key; beside sse-kms it contradicts the type.
    return {None: False, "none": False, "sse-rds": True}.get(how)


class Parameter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One parameter of a group. Without a value, the engine's own default holds."""

    parameter_name: str
    parameter_value: str | None = None


class GroupStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter group of an instance."""

    name: str = msgspec.field(default="", name="DBParameterGroupName")
    apply_status: str = msgspec.field(default="", name="ParameterApplyStatus")


class PendingLogs(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``PendingCloudwatchLogsExports``: logs that are about to be sent, or no longer."""

    may_lack: ClassVar[dict[str, str]] = dict.fromkeys(
        ("LogTypesToEnable", "LogTypesToDisable"),
        "AWS names what was asked for only (API reference, PendingCloudwatchLogsExports)",
    )
    any_value: ClassVar[dict[str, str]] = dict.fromkeys(
        ("LogTypesToEnable", "LogTypesToDisable"), "a log that is not asked for may change"
    )
    log_types_to_enable: list[str] = []
    log_types_to_disable: list[str] = []

    @property
    def changing(self) -> set[str]:
        """Logs that are in between: AWS's reference tells the two lists the wrong way round."""
        return {*self.log_types_to_enable, *self.log_types_to_disable}


_ASKED_FOR = "AWS names what was asked for only (API reference, PendingModifiedValues)"


class Pending(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``PendingModifiedValues`` of an instance: what was asked for and is not in force yet."""

    may_lack: ClassVar[dict[str, str]] = dict.fromkeys(
        ("BackupRetentionPeriod", "AutomationMode", "MultiAZ", "PendingCloudwatchLogsExports"),
        _ASKED_FOR,
    )
    backup_retention_period: int | None = None
    automation_mode: str | None = None
    multi_az: bool | None = msgspec.field(default=None, name="MultiAZ")
    logs: PendingLogs = msgspec.field(default=PendingLogs(), name="PendingCloudwatchLogsExports")


class ClusterPending(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``PendingModifiedValues`` of a cluster."""

    may_lack: ClassVar[dict[str, str]] = dict.fromkeys(
        ("BackupRetentionPeriod", "PendingCloudwatchLogsExports"), _ASKED_FOR
    )
    backup_retention_period: int | None = None
    logs: PendingLogs = msgspec.field(default=PendingLogs(), name="PendingCloudwatchLogsExports")


class DbInstance(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A database instance."""

    kind = "aws.rds.instance"
    volatile = ("LatestRestorableTime",)
    secret = ("PendingModifiedValues.MasterUserPassword",)
    identifier: str = msgspec.field(name="DBInstanceIdentifier")
    may_lack: ClassVar[dict[str, str]] = _OLDER | {
        "DBClusterIdentifier": "AWS leaves it out of what is in no cluster",
        "PendingModifiedValues": "empty, or left out, where nobody asked for a change (API reference, DBInstance)",
        "AutomationMode": "only instances of RDS Custom have one (API reference, DBInstance)",
        "DBInstanceStatus": "without it an instance is judged as it is set",
    }
    any_value: ClassVar[dict[str, str]] = {
        "DBInstanceStatus": "a state that is not known to keep RDS from its backups passes by itself",
    }
    status: str = msgspec.field(default="", name="DBInstanceStatus")
    """``available``, or what is happening to it."""
    engine: str = ""
    engine_version: str = ""
    instance_create_time: datetime | None = None
    """``None`` while it is being made."""
    publicly_accessible: bool
    storage_encrypted: bool
    storage_encryption_type: str | None = None
    backup_retention_period: int
    """Days; 0 where automated backups are off."""
    deletion_protection: bool | None = None
    auto_minor_version_upgrade: bool | None = None
    multi_az: bool | None = msgspec.field(default=None, name="MultiAZ")
    cluster: str | None = msgspec.field(default=None, name="DBClusterIdentifier")
    replica_of: str | None = msgspec.field(
        default=None, name="ReadReplicaSourceDBInstanceIdentifier"
    )
    replica_of_cluster: str | None = msgspec.field(
        default=None, name="ReadReplicaSourceDBClusterIdentifier"
    )
    pending: Pending = msgspec.field(default=Pending(), name="PendingModifiedValues")
    automation_mode: str | None = None
    """``full``, or ``all-paused``; ``None`` for whatever is not RDS Custom."""
    copy_tags_to_snapshot: bool | None = None
    logs_exported: list[str] = msgspec.field(
        default_factory=list, name="EnabledCloudwatchLogsExports"
    )
    parameter_groups: list[GroupStatus] = msgspec.field(
        default_factory=list, name="DBParameterGroups"
    )
    parameters: list[Parameter] | None = fact("DescribeDBParameters")
    """Those that ask for TLS, of its parameter group; ``None`` where there is no such group."""

    @property
    def encrypted(self) -> bool | None:
        """Whether it is encrypted at rest; ``None``: it cannot be told."""
        return _at_rest(self.storage_encrypted, self.storage_encryption_type)


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """An instance of a cluster."""

    identifier: str = msgspec.field(name="DBInstanceIdentifier")
    apply_status: str = msgspec.field(default="", name="DBClusterParameterGroupStatus")


class DbCluster(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A database cluster."""

    kind = "aws.rds.cluster"
    volatile = ("LatestRestorableTime", "EarliestRestorableTime")
    secret = ("PendingModifiedValues.MasterUserPassword",)
    identifier: str = msgspec.field(name="DBClusterIdentifier")
    may_lack: ClassVar[dict[str, str]] = _OLDER | {
        "PubliclyAccessible": "AWS leaves it out of Aurora's clusters: their instances have it",
        "InternetAccessGatewayEnabled": "only clusters of the express configuration have such a gateway",
        "PendingModifiedValues": "empty, or left out, where nobody asked for a change (API reference, DBCluster)",
        "AutoMinorVersionUpgrade": "of Aurora and of Multi-AZ clusters; the instances say it, too",
        "GlobalClusterIdentifier": "AWS leaves it out of what is in no global database",
        "ReplicationSourceIdentifier": "AWS leaves it out of what is no replica (API reference, DBCluster)",
        "ReadReplicaIdentifiers": "AWS leaves it out, or empty, where there is none",
    }
    engine: str = ""
    cluster_create_time: datetime | None = None
    storage_encrypted: bool
    storage_encryption_type: str | None = None
    publicly_accessible: bool = False
    """Of Multi-AZ clusters only."""
    internet_access_gateway_enabled: bool = False
    backup_retention_period: int
    pending: ClusterPending = msgspec.field(default=ClusterPending(), name="PendingModifiedValues")
    auto_minor_version_upgrade: bool | None = None
    global_cluster_identifier: str | None = None
    replica_of: str | None = msgspec.field(default=None, name="ReplicationSourceIdentifier")
    read_replica_identifiers: list[str] = []
    """ARNs, or names of what is in the same Region."""
    deletion_protection: bool | None = None
    multi_az: bool | None = msgspec.field(default=None, name="MultiAZ")
    members: list[Member] = msgspec.field(default_factory=list, name="DBClusterMembers")
    logs_exported: list[str] = msgspec.field(
        default_factory=list, name="EnabledCloudwatchLogsExports"
    )
    copy_tags_to_snapshot: bool | None = None
    parameters: list[Parameter] | None = fact("DescribeDBClusterParameters")
    """Those that ask for TLS, of its parameter group; ``None`` where there is no such group."""

    @property
    def encrypted(self) -> bool | None:
        """Whether it is encrypted at rest; ``None``: it cannot be told."""
        return _at_rest(self.storage_encrypted, self.storage_encryption_type)


def restorable_by(attributes: list[dict[str, Any]]) -> list[str] | None:
    """Accounts that may restore a snapshot, from its attributes; ``all`` for everyone.

    ``None`` where the attribute that says so is not among them: AWS lists it without values for nobody.
    """
    found = [
        item.get("AttributeValues") for item in attributes if item.get("AttributeName") == "restore"
    ]
    if not found or not all(isinstance(values, list) for values in found):
        return None
    return [str(value) for values in found for value in values or ()]


class DbSnapshot(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A manual snapshot of an instance."""

    kind = "aws.rds.snapshot"
    may_lack: ClassVar[dict[str, str]] = _OLDER
    volatile = ("PercentProgress",)
    identifier: str = msgspec.field(name="DBSnapshotIdentifier")
    by_kms: bool = msgspec.field(name="Encrypted")
    storage_encryption_type: str | None = None
    attributes: list[dict[str, Any]] = fact("DescribeDBSnapshotAttributes")

    @property
    def encrypted(self) -> bool | None:
        """Whether it is encrypted at rest; ``None``: it cannot be told."""
        return _at_rest(self.by_kms, self.storage_encryption_type)

    @property
    def restorable_by(self) -> list[str] | None:
        """Accounts that may restore it; ``all`` for everyone."""
        return restorable_by(self.attributes)


class DbClusterSnapshot(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A manual snapshot of a cluster."""

    kind = "aws.rds.cluster_snapshot"
    may_lack: ClassVar[dict[str, str]] = _OLDER
    volatile = ("PercentProgress",)
    identifier: str = msgspec.field(name="DBClusterSnapshotIdentifier")
    cluster: str = msgspec.field(name="DBClusterIdentifier")
    by_kms: bool = msgspec.field(name="StorageEncrypted")
    storage_encryption_type: str | None = None
    attributes: list[dict[str, Any]] = fact("DescribeDBClusterSnapshotAttributes")

    @property
    def encrypted(self) -> bool | None:
        """Whether it is encrypted at rest; ``None``: it cannot be told."""
        return _at_rest(self.by_kms, self.storage_encryption_type)

    @property
    def restorable_by(self) -> list[str] | None:
        """Accounts that may restore it; ``all`` for everyone."""
        return restorable_by(self.attributes)
