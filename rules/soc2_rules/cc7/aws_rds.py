"""RDS: getting data back, and staying up to date."""

from __future__ import annotations

from soc2_collectors.aws.models.rds import DbCluster, DbInstance
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:rds_instance_backup_enabled",
        "powerpipe:rds_db_instance_backup_enabled",
        "powerpipe:rds_db_instance_backup_retention_period_less_than_7",
    ],
)
def aws_rds_backups(database: DbInstance, *, min_days: int = 7) -> Verdict:
    """Automated backups are kept long enough.

    Why: what is deleted or damaged is often noticed days later.
    Fix: aws rds modify-db-instance --backup-retention-period 7.
    """
    if database.replica_of is not None:
        return not_applicable(f"a replica: {database.replica_of} is backed up")
    days = database.backup_retention_period
    if days == 0:
        return failed("automated backups are off")
    return (
        passed(f"kept for {days} days")
        if days >= min_days
        else failed(f"kept for {days} days, under {min_days}")
    )


@rule(
    criteria=["CC7.5"],
    severity=Severity.MEDIUM,
    needs=[DbCluster],
    known_as=[
        "prowler:rds_instance_multi_az",
        "prowler:rds_instance_deletion_protection",
        "prowler:rds_cluster_multi_az",
        "prowler:rds_cluster_deletion_protection",
        "powerpipe:rds_db_instance_multiple_az_enabled",
        "powerpipe:rds_db_instance_deletion_protection_enabled",
    ],
)
def aws_rds_resilience(database: DbInstance, evidence: Evidence) -> Verdict:
    """Database instances run in two zones and cannot be deleted by mistake.

    Why: one zone fails now and then, and one command deletes a database.
    Fix: aws rds modify-db-instance --multi-az --deletion-protection. Waive those that are not
        production.
    """
    multi_az, protected = database.multi_az, database.deletion_protection
    if database.cluster is not None:
        # A cluster has both for its members.
        clusters = evidence.index(DbCluster, "identifier", within="here").get(database.cluster, ())
        if not clusters:
            return inconclusive(f"the cluster {database.cluster} is not among those collected")
        multi_az, protected = clusters[0].multi_az, clusters[0].deletion_protection
    lacking = [
        name
        for name, there in (("a second zone", multi_az), ("deletion protection", protected))
        if not there
    ]
    if lacking:
        return failed(f"lacks {' and '.join(lacking)}")
    return passed("two zones and deletion protection")


@rule(
    criteria=["CC7.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:rds_instance_minor_version_upgrade_enabled",
        "prowler:rds_instance_deprecated_engine_version",
        "powerpipe:rds_db_instance_automatic_minor_version_upgrade_enabled",
    ],
)
def aws_rds_patching(database: DbInstance) -> Verdict:
    """Minor versions are installed by themselves.

    Why: they carry the fixes for known vulnerabilities.
    Fix: aws rds modify-db-instance --auto-minor-version-upgrade.
    """
    return passed("automatic") if database.auto_minor_version_upgrade else failed("not automatic")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:rds_instance_integration_cloudwatch_logs",
        "powerpipe:rds_db_instance_logging_enabled",
    ],
)
def aws_rds_logs_exported(database: DbInstance) -> Verdict:
    """Databases send their logs to CloudWatch Logs.

    Why: logs that lie on the instance are kept for days, and nobody is alarmed by them.
    Fix: aws rds modify-db-instance --cloudwatch-logs-export-configuration EnableLogTypes=...
    """
    if database.logs_exported:
        return passed(f"sends {', '.join(sorted(database.logs_exported))}")
    return failed("sends no logs")


@rule(
    criteria=["CC7.5"],
    severity=Severity.LOW,
    known_as=[
        "prowler:rds_instance_copy_tags_to_snapshots",
        "powerpipe:rds_db_instance_copy_tags_to_snapshot_enabled",
    ],
)
def aws_rds_snapshot_tags(database: DbInstance) -> Verdict:
    """Snapshots carry the tags of their database.

    Why: who owns a snapshot, and how long it must be kept, is said by tags.
    Fix: aws rds modify-db-instance --copy-tags-to-snapshot.
    """
    if database.cluster is not None and database.engine.startswith("aurora"):
        return not_applicable("the cluster takes the snapshots")
    if database.copy_tags_to_snapshot:
        return passed("tags are copied")
    return failed("tags are not copied")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=["prowler:rds_cluster_integration_cloudwatch_logs"],
)
def aws_rds_cluster_logs_exported(cluster: DbCluster) -> Verdict:
    """Database clusters send their logs to CloudWatch Logs.

    Why: logs that lie on the instances are kept for days, and nobody is alarmed by them.
    Fix: aws rds modify-db-cluster --cloudwatch-logs-export-configuration EnableLogTypes=...
    """
    if cluster.logs_exported:
        return passed(f"sends {', '.join(sorted(cluster.logs_exported))}")
    return failed("sends no logs")


@rule(
    criteria=["CC7.5"],
    severity=Severity.LOW,
    known_as=["prowler:neptune_cluster_copy_tags_to_snapshots"],
)
def aws_rds_cluster_snapshot_tags(cluster: DbCluster) -> Verdict:
    """Snapshots carry the tags of their cluster, Neptune's and DocumentDB's too.

    Why: who owns a snapshot, and how long it must be kept, is said by tags.
    Fix: aws rds modify-db-cluster --copy-tags-to-snapshot.
    """
    return passed("tags are copied") if cluster.copy_tags_to_snapshot else failed("not copied")
