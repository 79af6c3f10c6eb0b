"""Redshift: access, encryption, logs and backups."""

from __future__ import annotations

from soc2_collectors.aws.models.redshift import Cluster
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule

_TLS = "require_ssl"
_LOGS = ("connectionlog", "userlog")
"""Who connected, and who was made a user; where AWS lists no logs for a bucket, it gets these."""


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:redshift_cluster_public_access",
        "powerpipe:redshift_cluster_prohibit_public_access",
    ],
)
def aws_redshift_not_public(cluster: Cluster) -> Verdict:
    """Redshift clusters have no public address.

    Why: a warehouse holds copies of everything worth analysing, and only its password would be in the way.
    Fix: aws redshift modify-cluster --cluster-identifier NAME --no-publicly-accessible.
    """
    if cluster.publicly_accessible:
        return failed("publicly accessible")
    if cluster.pending is not None and cluster.pending.publicly_accessible:
        return failed("about to become publicly accessible: the change is pending")
    return passed("not publicly accessible")


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:redshift_cluster_encrypted_at_rest",
        "prowler:redshift_cluster_in_transit_encryption_enabled",
        "powerpipe:redshift_cluster_encryption_in_transit_enabled",
        "powerpipe:redshift_cluster_encryption_logging_enabled",
    ],
)
def aws_redshift_encryption(cluster: Cluster) -> Verdict:
    """Redshift clusters are encrypted at rest and refuse connections without TLS.

    Why: snapshots of an unencrypted cluster can be read by whoever gets them, and a client that does not
        ask for TLS sends its password and data in clear.
    Fix: aws redshift modify-cluster --cluster-identifier NAME --encrypted; aws redshift
        modify-cluster-parameter-group --parameter-group-name GROUP --parameters
        ParameterName=require_ssl,ParameterValue=true, then aws redshift reboot-cluster.
    """
    if not cluster.encrypted:
        return failed("not encrypted at rest")
    asked = cluster.pending.encryption_type if cluster.pending else None
    if asked is not None and asked.upper() == "NONE":
        return failed("about to lose its encryption at rest: the change is pending")
    if cluster.parameters is None:
        return inconclusive("its parameter group was not found")
    found = next((p for p in cluster.parameters if p.parameter_name == _TLS), None)
    if found is None or found.parameter_value is None:
        return inconclusive(f"its parameter group does not say {_TLS}")
    if found.parameter_value.lower() != "true":
        return failed(f"{_TLS} is {found.parameter_value}")
    if asked is not None and asked.upper() != "KMS":
        return inconclusive(f"what the encryption {asked} is, which is pending, is not known")
    if not _in_force(cluster):
        return inconclusive(f"{_TLS} is true, in force after a reboot")
    return passed(f"encrypted at rest, and {_TLS} is true")


def _in_force(cluster: Cluster) -> bool:
    """Redshift's parameters wait for a reboot; it says of which, and of the group as a whole."""
    if not cluster.cluster_parameter_groups:
        return False
    group = cluster.cluster_parameter_groups[0]
    for parameter in group.cluster_parameter_status_list:
        if parameter.parameter_name == _TLS:
            return parameter.parameter_apply_status == "in-sync"
    return group.parameter_apply_status == "in-sync"


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:redshift_cluster_audit_logging",
        "powerpipe:redshift_cluster_audit_logging_enabled",
    ],
)
def aws_redshift_audit_log(cluster: Cluster) -> Verdict:
    """Redshift clusters deliver the logs of connections and of users, and the last delivery did not fail.

    Why: without them nobody can say afterwards who connected and who was let in.
    Fix: aws redshift enable-logging --cluster-identifier NAME --log-destination-type cloudwatch
        --log-exports connectionlog userlog useractivitylog; the last also takes
        enable_user_activity_logging=true in the parameter group.
    """
    logging = cluster.logging
    if not logging.logging_enabled:
        return failed("logging is off")
    if logging.failing:
        return failed(
            f"the delivery of {logging.last_failure_time:%Y-%m-%d} failed, and none came after"
        )
    if logging.log_destination_type == "cloudwatch":
        if lacking := [name for name in _LOGS if name not in logging.log_exports]:
            return failed(f"CloudWatch does not get {', '.join(lacking)}")
        return passed(f"CloudWatch gets {', '.join(sorted(logging.log_exports))}")
    if logging.log_destination_type in (None, "", "s3") and logging.bucket_name:
        if logging.log_exports and (lacking := sorted({*_LOGS} - {*logging.log_exports})):
            return failed(f"the bucket {logging.bucket_name} does not get {', '.join(lacking)}")
        return passed(f"the bucket {logging.bucket_name} gets the logs")
    to = logging.log_destination_type or "nowhere that AWS names"
    return inconclusive(f"logging is on, to {to}: which logs come there is not known")


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:redshift_cluster_automated_snapshot",
        "powerpipe:redshift_cluster_automatic_snapshots_min_7_days",
    ],
)
def aws_redshift_snapshots(cluster: Cluster, *, min_days: int = 7) -> Verdict:
    """Automated snapshots of Redshift clusters are kept long enough.

    Why: what is deleted or damaged is often noticed days later; the default is one day.
    Fix: aws redshift modify-cluster --cluster-identifier NAME --automated-snapshot-retention-period 7.
    """
    days = cluster.automated_snapshot_retention_period
    if days <= 0:
        return failed("automated snapshots are off")
    if cluster.snapshot_schedule_state == "FAILED":
        return failed("its snapshot schedule is in the state FAILED")
    if cluster.snapshot_schedule_state not in (None, "ACTIVE", "MODIFYING"):
        return inconclusive(
            f"what the state {cluster.snapshot_schedule_state} of its schedule is is not known"
        )
    if days < min_days:
        return failed(f"kept for {days} days, under {min_days}")
    asked = cluster.pending.automated_snapshot_retention_period if cluster.pending else None
    if asked is not None and asked < min_days:
        return failed(f"about to be kept for {asked} days, under {min_days}: the change is pending")
    return passed(f"kept for {days} days")
