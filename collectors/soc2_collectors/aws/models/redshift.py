"""Views of Redshift: clusters, their logging, and the parameters of their group."""

from __future__ import annotations

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

    logging_enabled: bool
    bucket_name: str | None = None
    log_destination_type: str | None = None


class Cluster(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A provisioned cluster (``DescribeClusters``)."""

    kind = "aws.redshift.cluster"
    volatile = (
        "NextMaintenanceWindowStartTime",
        "ExpectedNextSnapshotScheduleTime",
        "RestoreStatus",
        "DataTransferProgress",
        "LoggingPublishStatus",
        "DescribeLoggingStatus.LastSuccessfulDeliveryTime",
        "DescribeLoggingStatus.LastFailureTime",
    )
    secret = ("PendingModifiedValues.MasterUserPassword",)
    cluster_identifier: str
    publicly_accessible: bool
    encrypted: bool
    automated_snapshot_retention_period: int
    """Days; 0 where automated snapshots are off."""
    cluster_parameter_groups: list[GroupStatus] = []
    parameters: list[Parameter] | None = fact("DescribeClusterParameters")
    """``require_ssl`` of its parameter group; ``None`` where there is no such group."""
    logging: Logging = fact("DescribeLoggingStatus")
