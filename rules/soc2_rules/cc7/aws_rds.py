"""RDS: getting data back, and staying up to date."""

from __future__ import annotations

from soc2_collectors.aws.models.rds import DbInstance
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


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
    known_as=[
        "prowler:rds_instance_multi_az",
        "prowler:rds_instance_deletion_protection",
        "prowler:rds_cluster_multi_az",
        "prowler:rds_cluster_deletion_protection",
        "powerpipe:rds_db_instance_multiple_az_enabled",
        "powerpipe:rds_db_instance_deletion_protection_enabled",
    ],
)
def aws_rds_resilience(database: DbInstance) -> Verdict:
    """Database instances run in two zones and cannot be deleted by mistake.

    Why: one zone fails now and then, and one command deletes a database.
    Fix: aws rds modify-db-instance --multi-az --deletion-protection. Waive those that are not
        production.
    """
    lacking = [
        name
        for name, there in (
            ("a second zone", database.multi_az or database.cluster is not None),
            ("deletion protection", database.deletion_protection),
        )
        if not there
    ]
    return (
        failed(f"lacks {' and '.join(lacking)}")
        if lacking
        else passed("two zones and deletion protection")
    )


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
