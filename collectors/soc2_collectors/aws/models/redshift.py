"""Views of Redshift: clusters, their logging, and the parameters of their group."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class Parameter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One parameter of a group; Redshift tells the engine's defaults too."""

    parameter_name: str
    parameter_value: str | None = None


class ParameterStatus(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Whether a parameter is in force."""

    parameter_name: str = ""
    parameter_apply_status: str = ""


class GroupStatus(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The parameter group of a cluster, and whether it is in force."""

    parameter_group_name: str = ""
    parameter_apply_status: str = ""
    """``in-sync``, ``pending-reboot``, ``applying``, ..."""
    cluster_parameter_status_list: list[ParameterStatus] = []


class Logging(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeLoggingStatus``."""

    may_lack: ClassVar[dict[str, str]] = {
        "LogDestinationType": "from before there was a choice: a bucket that is named says that it is S3",
        "LastFailureTime": "AWS leaves it out where no delivery failed (API reference, LoggingStatus)",
        "LastFailureMessage": "it only takes a failure back: empty where there was none",
        "LastSuccessfulDeliveryTime": "it matters where a delivery failed",
    }

    logging_enabled: bool
    bucket_name: str | None = None
    log_destination_type: str | None = None
    """``None``: from before there was a choice; the bucket says that it is S3."""
    log_exports: list[str] = []
    last_successful_delivery_time: datetime | None = None
    last_failure_time: datetime | None = None
    last_failure_message: str | None = None

    @property
    def failing(self) -> bool:
        """Whether the last delivery failed."""
        last = self.last_successful_delivery_time
        return self.last_failure_time is not None and (
            last is None or last <= self.last_failure_time
        )


class Pending(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``PendingModifiedValues``: what was asked for and is not in force yet."""

    may_lack: ClassVar[dict[str, str]] = dict.fromkeys(
        ("EncryptionType", "AutomatedSnapshotRetentionPeriod"),
        "AWS names what was asked for only (API reference, PendingModifiedValues)",
    )
    publicly_accessible: bool | None = None
    automated_snapshot_retention_period: int | None = None
    encryption_type: str | None = None
    """``KMS``, or ``NONE`` where encryption is to be removed."""


class Cluster(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A provisioned cluster (``DescribeClusters``)."""

    kind = "aws.redshift.cluster"
    volatile = (
        "NextMaintenanceWindowStartTime",
        "ExpectedNextSnapshotScheduleTime",
        "RestoreStatus",
        "DataTransferProgress",
        "LoggingPublishStatus",
    )
    secret = ("PendingModifiedValues.MasterUserPassword",)
    may_lack: ClassVar[dict[str, str]] = {
        "PendingModifiedValues": "AWS leaves out what nobody asked for (API reference, Cluster)",
        "SnapshotScheduleState": "AWS tells it of clusters with a schedule of their own only",
    }
    cluster_identifier: str
    publicly_accessible: bool
    encrypted: bool
    automated_snapshot_retention_period: int
    """Days; 0 where automated snapshots are off."""
    snapshot_schedule_state: str | None = None
    pending: Pending | None = msgspec.field(default=None, name="PendingModifiedValues")
    cluster_parameter_groups: list[GroupStatus] = []
    parameters: list[Parameter] | None = fact("DescribeClusterParameters")
    """``require_ssl`` of its parameter group; ``None`` where there is no such group."""
    logging: Logging = fact("DescribeLoggingStatus")
