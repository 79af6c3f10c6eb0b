"""RDS: who can reach and copy databases, encryption, backups and updates."""

from __future__ import annotations

from soc2_collectors.aws.models.rds import (
    DbCluster,
    DbClusterSnapshot,
    DbInstance,
    DbSnapshot,
    Parameter,
)
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

_TLS = {
    "postgres": "rds.force_ssl",
    "aurora-postgresql": "rds.force_ssl",
    "sqlserver": "rds.force_ssl",
    "mysql": "require_secure_transport",
    "mariadb": "require_secure_transport",
    "aurora-mysql": "require_secure_transport",
    "docdb": "tls",
    "neptune": "neptune_enforce_ssl",
}
"""Engine -> the parameter by which it refuses connections without TLS."""
_ON = ("1", "on", "true", "enabled", "tls1.2+", "tls1.3+", "fips-140-3")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:rds_instance_no_public_access",
        "powerpipe:rds_db_instance_prohibit_public_access",
    ],
)
def aws_rds_not_public(database: DbInstance) -> Verdict:
    """Database instances have no public address.

    Why: a database should be reached by its applications, not by the internet.
    Fix: aws rds modify-db-instance --no-publicly-accessible.
    """
    return (
        failed("publicly accessible")
        if database.publicly_accessible
        else passed("not publicly accessible")
    )


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:rds_instance_storage_encrypted",
        "powerpipe:rds_db_instance_encryption_at_rest_enabled",
    ],
)
def aws_rds_encrypted(database: DbInstance) -> Verdict:
    """Database instances are encrypted at rest.

    Why: backups and copies of an unencrypted database can be read by whoever gets them.
    Fix: copy a snapshot with encryption and restore from it: encryption cannot be switched on in
        place.
    """
    return passed("encrypted") if database.storage_encrypted else failed("not encrypted")


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:rds_cluster_storage_encrypted",
        "powerpipe:rds_db_cluster_encryption_at_rest_enabled",
    ],
)
def aws_rds_cluster_encrypted(cluster: DbCluster) -> Verdict:
    """Database clusters are encrypted at rest.

    Why: the data of a cluster outlives its instances, and its backups are copied whole.
    Fix: restore a snapshot into a new cluster with --kms-key-id: encryption cannot be switched on in
        place.
    """
    return passed("encrypted") if cluster.storage_encrypted else failed("not encrypted")


@rule(
    criteria=["CC6.6", "CC6.1", "CC6.7"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:rds_snapshots_public_access",
        "powerpipe:rds_db_snapshot_prohibit_public_access",
    ],
)
def aws_rds_snapshot_private(snapshot: DbSnapshot) -> Verdict:
    """Manual snapshots are not shared with everyone.

    Why: a public snapshot is a database that anybody can restore.
    Fix: aws rds modify-db-snapshot-attribute --attribute-name restore --values-to-remove all.
    """
    return _private(snapshot.restorable_by)


@rule(criteria=["CC6.6", "CC6.1", "CC6.7"], severity=Severity.CRITICAL)
def aws_rds_cluster_snapshot_private(snapshot: DbClusterSnapshot) -> Verdict:
    """Manual snapshots of clusters are not shared with everyone.

    Why: a public snapshot is a database that anybody can restore.
    Fix: aws rds modify-db-cluster-snapshot-attribute --attribute-name restore --values-to-remove all.
    """
    return _private(snapshot.restorable_by)


def _private(restorable_by: list[str]) -> Verdict:
    if "all" in restorable_by:
        return failed("everyone may restore it")
    return passed("not public")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:rds_snapshots_encrypted",
        "powerpipe:rds_db_snapshot_encrypted_at_rest",
    ],
)
def aws_rds_snapshot_encrypted(snapshot: DbSnapshot) -> Verdict:
    """Database snapshots are encrypted.

    Why: a snapshot outlives its database, and is copied more easily.
    Fix: aws rds copy-db-snapshot --kms-key-id, then delete the original.
    """
    return passed("encrypted") if snapshot.encrypted else failed("not encrypted")


@rule(
    criteria=["CC6.7"],
    severity=Severity.HIGH,
    needs=[DbCluster],
    known_as=[
        "prowler:rds_instance_transport_encrypted",
        "powerpipe:rds_db_instance_connections_encryption_enabled",
    ],
)
def aws_rds_tls_required(database: DbInstance, evidence: Evidence) -> Verdict:
    """Databases refuse connections without TLS.

    Why: a client that does not ask for TLS would send its password and data in clear.
    Fix: set rds.force_ssl=1 (PostgreSQL, SQL Server) or require_secure_transport=ON (MySQL, MariaDB) in
        the parameter group of the instance, or of the cluster where there is one.
    """
    family = (
        database.engine.partition("-")[0] if "sqlserver" in database.engine else database.engine
    )
    wanted = _TLS.get(family)
    if wanted is None:
        # Oracle and Db2 do it by option groups and listener ports.
        return inconclusive(f"how {database.engine or 'this engine'} asks for TLS is not collected")
    if database.cluster is None:
        status = database.parameter_groups[0].apply_status if database.parameter_groups else ""
        return _tls(wanted, database.parameters, status)
    clusters = evidence.index(DbCluster, "identifier", within="here").get(database.cluster, ())
    if not clusters:
        return inconclusive(f"the cluster {database.cluster} is not among those collected")
    return _tls(wanted, clusters[0].parameters, "")


def _tls(wanted: str, parameters: list[Parameter] | None, apply_status: str) -> Verdict:
    if parameters is None:
        return inconclusive("its parameter group was not found")
    found = next((p for p in parameters if p.parameter_name == wanted), None)
    if found is None or found.parameter_value is None:
        return failed(f"{wanted} is not set")
    if found.parameter_value.lower() not in _ON:
        return failed(f"{wanted} is {found.parameter_value}")
    if found.apply_type == "static" and apply_status == "pending-reboot":
        return inconclusive(f"{wanted} is {found.parameter_value}, in force after a reboot")
    return passed(f"{wanted} is {found.parameter_value}")


@rule(criteria=["CC6.1"], severity=Severity.MEDIUM)
def aws_rds_cluster_snapshot_encrypted(snapshot: DbClusterSnapshot) -> Verdict:
    """Manual snapshots of database clusters are encrypted, those of clusters that are gone too.

    Why: a snapshot outlives its cluster, and is copied more easily.
    Fix: aws rds copy-db-cluster-snapshot --kms-key-id, then delete the original.
    """
    return passed("encrypted") if snapshot.encrypted else failed("not encrypted")


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
