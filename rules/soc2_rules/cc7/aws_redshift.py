"""Redshift: what is logged, and getting data back."""

from __future__ import annotations

from soc2_collectors.aws.models.redshift import Cluster
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:redshift_cluster_audit_logging",
        "powerpipe:redshift_cluster_audit_logging_enabled",
    ],
)
def aws_redshift_audit_log(cluster: Cluster) -> Verdict:
    """Redshift clusters write an audit log.

    Why: without it nobody can say afterwards who connected and who was let in.
    Fix: aws redshift enable-logging --log-destination-type cloudwatch --log-exports connectionlog userlog
        useractivitylog; the last also takes enable_user_activity_logging=true in the parameter group.
    """
    return passed("logging is on") if cluster.logging.logging_enabled else failed("logging is off")


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
    Fix: aws redshift modify-cluster --automated-snapshot-retention-period 7.
    """
    days = cluster.automated_snapshot_retention_period
    if days <= 0:
        return failed("automated snapshots are off")
    return (
        passed(f"kept for {days} days")
        if days >= min_days
        else failed(f"kept for {days} days, under {min_days}")
    )
