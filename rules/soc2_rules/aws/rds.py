"""RDS: who can reach and copy databases, encryption, backups and updates."""

from __future__ import annotations

from dataclasses import replace

from soc2_collectors.aws.models.rds import (
    DbCluster,
    DbClusterSnapshot,
    DbInstance,
    DbSnapshot,
    Parameter,
    PendingLogs,
)
from soc2_pac.model import (
    Scope,
    Severity,
    Status,
    Verdict,
    failed,
    inconclusive,
    not_applicable,
    passed,
)
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
_TLS_BY_DEFAULT = {
    "postgres": (15,),
    "aurora-postgresql": (17,),
    "mysql": (9, 7),
    "mariadb": (11, 8),
}
"""Engine -> the version from which that parameter is on where no group sets it. Sources: RDS user guide, "Requiring
SSL/TLS for all connections" and "Using SSL with a PostgreSQL DB instance"; Aurora user guide, "Security with Aurora
PostgreSQL"."""
_LOGS = {
    "aurora-mysql": ("audit", "error"),
    "aurora-postgresql": ("postgresql",),
    "db2": ("diag.log", "notify.log"),
    "docdb": ("audit",),
    "mariadb": ("audit", "error"),
    "mysql": ("audit", "error"),
    "neptune": ("audit",),
    "oracle": ("alert", "audit", "listener"),
    "postgres": ("postgresql",),
    "sqlserver": ("agent", "error"),
    "sqlserver-ex": ("error",),
}
"""Engine -> the logs that say who did what, and what went wrong; others are about speed and upgrades. The Express
edition of SQL Server has no agent, and RDS offers its error log alone."""
_OF_CLUSTERS = _LOGS | {"mysql": ("error", "general")}
"""The same of clusters: Multi-AZ clusters of MySQL have no audit log, and the general log says who did what. Source:
RDS API reference, CreateDBCluster, EnableCloudwatchLogsExports."""
_NO_BACKUPS = (
    "failed",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "restore-error",
    "storage-full",
)
"""States that last until somebody does something, and in which RDS makes no automated backups. Sources: RDS user guide,
"Introduction to backups" and "Viewing Amazon RDS DB instance status"."""
_CUSTOM = "custom-"
"""How the engines of RDS Custom begin: its instances run on machines that their owner administers."""
_ON = ("1", "on", "true", "enabled", "tls1.2+", "tls1.3+", "fips-140-3")


def _family(engine: str) -> str:
    """``sqlserver`` for each of its editions; the engine's own name otherwise."""
    first = engine.partition("-")[0]
    return first if first in ("db2", "oracle", "sqlserver") else engine


def _cluster_of(database: DbInstance, evidence: Evidence) -> DbCluster | None:
    found = evidence.index(DbCluster, "identifier", within="here").get(database.cluster, ())
    return found[0] if found else None


def _at_rest(encrypted: bool | None, how: str | None) -> Verdict:  # noqa: FBT001
    if encrypted is None:
        return inconclusive(f"the type of encryption '{how}' is not known, or contradicts the flag")
    if not encrypted:
        return failed("not encrypted")
    return passed("encrypted by a key that AWS owns" if how == "sse-rds" else "encrypted")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    needs=[DbCluster],
    known_as=[
        "prowler:rds_instance_no_public_access",
        "powerpipe:rds_db_instance_prohibit_public_access",
    ],
)
def aws_rds_not_public(database: DbInstance, evidence: Evidence) -> Verdict:
    """Database instances have no public address, nor has the cluster that they are in.

    Why: a database should be reached by its applications, not by the internet.
    Fix: aws rds modify-db-instance --db-instance-identifier NAME --no-publicly-accessible.
    """
    if database.publicly_accessible:
        return failed("publicly accessible")
    if database.cluster is None:
        return passed("not publicly accessible")
    cluster = _cluster_of(database, evidence)
    if cluster is None:
        return inconclusive(f"the cluster {database.cluster} is not among those collected")
    if cluster.publicly_accessible:
        return failed(f"the cluster {cluster.identifier} is publicly accessible", on=[cluster])
    if cluster.internet_access_gateway_enabled:
        return failed(
            f"the cluster {cluster.identifier} has an internet access gateway", on=[cluster]
        )
    return passed(f"neither it nor the cluster {cluster.identifier} is public", on=[cluster])


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
    return _at_rest(database.encrypted, database.storage_encryption_type)


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
    return _at_rest(cluster.encrypted, cluster.storage_encryption_type)


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
    Fix: aws rds modify-db-snapshot-attribute --db-snapshot-identifier NAME --attribute-name restore
        --values-to-remove all.
    """
    return _private(snapshot.restorable_by)


@rule(criteria=["CC6.6", "CC6.1", "CC6.7"], severity=Severity.CRITICAL)
def aws_rds_cluster_snapshot_private(snapshot: DbClusterSnapshot) -> Verdict:
    """Manual snapshots of clusters are not shared with everyone.

    Why: a public snapshot is a database that anybody can restore.
    Fix: aws rds modify-db-cluster-snapshot-attribute --db-cluster-snapshot-identifier NAME --attribute-name
        restore --values-to-remove all.
    """
    return _private(snapshot.restorable_by)


def _private(restorable_by: list[str] | None) -> Verdict:
    if restorable_by is None:
        return inconclusive("AWS does not say who may restore it")
    if "all" in restorable_by:
        return failed("everyone may restore it")
    return passed(f"{len(restorable_by)} other accounts may restore it")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:rds_snapshots_encrypted",
        "powerpipe:rds_db_snapshot_encrypted_at_rest",
    ],
)
def aws_rds_snapshot_encrypted(snapshot: DbSnapshot) -> Verdict:
    """Manual snapshots of databases are encrypted.

    Why: a snapshot outlives its database, and is copied more easily.
    Fix: aws rds copy-db-snapshot --source-db-snapshot-identifier OLD --target-db-snapshot-identifier NEW
        --kms-key-id KEY, then delete the original.
    """
    return _at_rest(snapshot.encrypted, snapshot.storage_encryption_type)


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

    Newer versions of PostgreSQL, MySQL and MariaDB do so unless their parameter group says otherwise.

    Why: a client that does not ask for TLS would send its password and data in clear.
    Fix: set rds.force_ssl=1 (PostgreSQL, SQL Server), require_secure_transport=ON (MySQL, MariaDB) or tls=enabled
        (DocumentDB) in the parameter group of the instance, or of the cluster where there is one.
    """
    if database.engine == "neptune" and _at_least(database.engine_version, (1, 0, 4, 0)):
        return passed(f"Neptune {database.engine_version} answers over TLS only")
    wanted = _TLS.get(_family(database.engine))
    if wanted is None:
        # Oracle and Db2 do it by option groups and listener ports.
        return inconclusive(f"how {database.engine or 'this engine'} asks for TLS is not collected")
    since = _TLS_BY_DEFAULT.get(database.engine)
    default = since is not None and _at_least(database.engine_version, since)
    if database.cluster is None:
        status = database.parameter_groups[0].apply_status if database.parameter_groups else ""
        return _tls(wanted, database.parameters, status, default=default)
    cluster = _cluster_of(database, evidence)
    if cluster is None:
        return inconclusive(f"the cluster {database.cluster} is not among those collected")
    own = [m.apply_status for m in cluster.members if m.identifier == database.identifier]
    verdict = _tls(wanted, cluster.parameters, own[0] if own else "", default=default)
    return replace(verdict, on=(cluster,))


def _at_least(version: str, wanted: tuple[int, ...]) -> bool:
    """Whether a version is one or a later one. What follows a hyphen is RDS's own: ``15.18-rds.20280301``."""
    parts = version.partition("-")[0].split(".")
    return all(part.isdecimal() for part in parts) and tuple(map(int, parts)) >= wanted


def _tls(
    wanted: str, parameters: list[Parameter] | None, apply_status: str, *, default: bool
) -> Verdict:
    """Whether a parameter is on; ``default``: it is where its group has it without a value."""
    if parameters is None:
        return inconclusive("its parameter group was not found")
    found = next((p for p in parameters if p.parameter_name == wanted), None)
    if found is None or (found.parameter_value is None and not default):
        return failed(f"{wanted} is not set")
    if found.parameter_value is None:
        if apply_status != "in-sync":
            said = apply_status or "not told"
            return inconclusive(f"{wanted} is on by default; whether that is in force: {said}")
        return passed(f"{wanted} is on by default of this version")
    if found.parameter_value.lower() not in _ON:
        return failed(f"{wanted} is {found.parameter_value}")
    # Nothing tells a group that waits with one static parameter from one that the database was given just now, of
    # which even the dynamic parameters wait for the reboot.
    if apply_status != "in-sync":
        said = apply_status or "not told"
        return inconclusive(
            f"{wanted} is {found.parameter_value} in the parameter group; whether it is in force: {said}"
        )
    return passed(f"{wanted} is {found.parameter_value}")


@rule(criteria=["CC6.1"], severity=Severity.MEDIUM)
def aws_rds_cluster_snapshot_encrypted(snapshot: DbClusterSnapshot) -> Verdict:
    """Manual snapshots of database clusters are encrypted, those of deleted clusters too.

    Why: a snapshot outlives its cluster, and is copied more easily.
    Fix: aws rds copy-db-cluster-snapshot --source-db-cluster-snapshot-identifier OLD
        --target-db-cluster-snapshot-identifier NEW --kms-key-id KEY, then delete the original.
    """
    return _at_rest(snapshot.encrypted, snapshot.storage_encryption_type)


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.HIGH,
    needs=[DbCluster],
    known_as=[
        "prowler:rds_instance_backup_enabled",
        "prowler:documentdb_cluster_backup_enabled",
        "prowler:neptune_cluster_backup_enabled",
        "powerpipe:rds_db_instance_backup_enabled",
        "powerpipe:rds_db_instance_backup_retention_period_less_than_7",
    ],
)
def aws_rds_backups(database: DbInstance, evidence: Evidence, *, min_days: int = 7) -> Verdict:
    """Automated backups are kept long enough, and the state of the instance does not keep RDS from making them.

    Those of a member of a cluster are its cluster's, whose state is not asked. An instance that is stopped, or being
    changed, is judged as it is set.

    Why: what is deleted or damaged is often noticed days later.
    Fix: aws rds modify-db-instance --db-instance-identifier NAME --backup-retention-period 7; of a cluster aws
        rds modify-db-cluster --db-cluster-identifier NAME --backup-retention-period 7.
    """
    if source := database.replica_of or database.replica_of_cluster:
        return not_applicable(f"a replica of {source}: backups are asked of what it copies")
    if database.cluster is not None:
        cluster = _cluster_of(database, evidence)
        if cluster is None:
            return inconclusive(f"the cluster {database.cluster} is not among those collected")
        verdict = _kept(
            cluster.backup_retention_period, cluster.pending.backup_retention_period, min_days
        )
        return replace(verdict, on=(cluster,))
    days, asked = database.backup_retention_period, database.pending.backup_retention_period
    verdict = _kept(days, asked, min_days)
    if verdict.status is not Status.PASS:
        return verdict
    if database.status in _NO_BACKUPS:
        return failed(f"to be kept for {days} days, and none is made while it is {database.status}")
    for mode in (database.automation_mode, database.pending.automation_mode):
        if mode not in (None, "full"):
            return inconclusive(f"kept for {days} days; the automation of RDS Custom is {mode}")
    return verdict


def _kept(days: int, asked: int | None, min_days: int) -> Verdict:
    if days == 0:
        return failed("automated backups are off")
    if days < min_days:
        return failed(f"kept for {days} days, under {min_days}")
    if asked is not None and asked < min_days:
        return failed(f"about to be kept for {asked} days, under {min_days}: the change is pending")
    return passed(f"kept for {days} days")


@rule(
    criteria=["CC7.5"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:rds_instance_multi_az",
        "prowler:rds_instance_deletion_protection",
        "powerpipe:rds_db_instance_multiple_az_enabled",
        "powerpipe:rds_db_instance_deletion_protection_enabled",
    ],
)
def aws_rds_resilience(database: DbInstance) -> Verdict:
    """Database instances run in two zones and cannot be deleted by mistake.

    Why: one zone fails now and then, and one command deletes a database.
    Fix: aws rds modify-db-instance --db-instance-identifier NAME --multi-az --deletion-protection. Waive
        those that are not production.
    """
    if database.cluster is not None:
        return not_applicable(f"the cluster {database.cluster} has both for its members")
    verdict = _resilient(database.multi_az, database.deletion_protection)
    if verdict.status is Status.PASS and database.pending.multi_az is False:
        return failed("about to lose its second zone: the change is pending")
    return verdict


@rule(
    criteria=["CC7.5"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:rds_cluster_multi_az",
        "prowler:rds_cluster_deletion_protection",
        "prowler:documentdb_cluster_deletion_protection",
        "prowler:documentdb_cluster_multi_az_enabled",
        "prowler:neptune_cluster_deletion_protection",
        "prowler:neptune_cluster_multi_az",
        "powerpipe:rds_db_cluster_multiple_az_enabled",
        "powerpipe:rds_db_cluster_deletion_protection_enabled",
    ],
)
def aws_rds_cluster_resilience(cluster: DbCluster) -> Verdict:
    """Database clusters run in two zones and cannot be deleted by mistake.

    Why: a cluster is more than its instances: where it has none, or one, its data is there all the same.
    Fix: aws rds modify-db-cluster --db-cluster-identifier NAME --deletion-protection, and aws rds
        create-db-instance --db-cluster-identifier NAME --db-instance-identifier SECOND --db-instance-class
        CLASS --engine ENGINE for a second instance in another zone. Waive those that are not production.
    """
    return _resilient(cluster.multi_az, cluster.deletion_protection)


def _resilient(multi_az: bool | None, protected: bool | None) -> Verdict:  # noqa: FBT001
    asked = (("a second zone", multi_az), ("deletion protection", protected))
    lacking = [name for name, there in asked if there is False]
    if lacking:
        return failed(f"lacks {' and '.join(lacking)}")
    unsaid = [name for name, there in asked if there is None]
    if unsaid:
        return inconclusive(f"AWS does not say whether it has {' and '.join(unsaid)}")
    return passed("two zones and deletion protection")


@rule(
    criteria=["CC7.1"],
    severity=Severity.MEDIUM,
    needs=[DbCluster, DbInstance],
    known_as=[
        "prowler:rds_instance_minor_version_upgrade_enabled",
        "prowler:rds_cluster_minor_version_upgrade_enabled",
        "powerpipe:rds_db_instance_automatic_minor_version_upgrade_enabled",
    ],
)
def aws_rds_patching(database: DbInstance, evidence: Evidence, scope: Scope) -> Verdict:
    """Minor versions are installed by themselves.

    In a cluster this takes the setting of the cluster and of every member. Clusters of Aurora that are part of a
    global database, or of Aurora MySQL with replicas in other Regions, are left out by AWS whatever is set.

    Why: they carry the fixes for known vulnerabilities.
    Fix: aws rds modify-db-instance --db-instance-identifier NAME --auto-minor-version-upgrade; of a cluster aws
        rds modify-db-cluster --db-cluster-identifier NAME --auto-minor-version-upgrade.
    """
    if database.engine == "docdb":
        return not_applicable("DocumentDB installs no minor versions, whatever the setting")
    if database.engine.startswith(_CUSTOM):
        return not_applicable("RDS Custom installs none: whoever runs the machine does")
    if database.auto_minor_version_upgrade is None:
        return inconclusive("AWS does not say whether they are")
    if not database.auto_minor_version_upgrade:
        return failed("not automatic")
    if database.cluster is None:
        return passed("automatic")
    cluster = _cluster_of(database, evidence)
    if cluster is None:
        return inconclusive(f"the cluster {database.cluster} is not among those collected")
    if cluster.auto_minor_version_upgrade is False:
        return failed(f"not automatic for the cluster {cluster.identifier}", on=[cluster])
    if database.engine.startswith("aurora") and cluster.global_cluster_identifier:
        return failed(
            f"not automatic: the cluster {cluster.identifier} is part of a global database",
            on=[cluster],
        )
    abroad = [arn for arn in cluster.read_replica_identifiers if _region_of(arn, scope)]
    if database.engine == "aurora-mysql" and abroad:
        return failed(f"not automatic: it has replicas in other Regions: {', '.join(abroad)}")
    members = evidence.index(DbInstance, "cluster", within="here").get(database.cluster, ())
    if off := [one for one in members if one.auto_minor_version_upgrade is False]:
        return failed(
            f"not automatic: it is off for {', '.join(sorted(one.identifier for one in off))}, "
            f"and so for the cluster {cluster.identifier}",
            on=[cluster, *off],
        )
    return passed("automatic, of the cluster as well", on=[cluster])


def _region_of(arn: str, scope: Scope) -> str:
    """The Region that an ARN names where it is another than that of the scope."""
    region = arn.split(":")[3] if arn.startswith("arn:") else ""
    return "" if region == scope.region else region


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:rds_instance_integration_cloudwatch_logs",
        "powerpipe:rds_db_instance_logging_enabled",
    ],
)
def aws_rds_logs_exported(database: DbInstance, *, log_types: tuple[str, ...] = ()) -> Verdict:
    """Databases send the logs of who did what, and of what went wrong, to CloudWatch Logs.

    Which ones depends on the engine: ``postgresql``; ``audit`` and ``error`` of MySQL and MariaDB; ``agent``
    and ``error`` of SQL Server, ``error`` alone of its Express edition; ``alert``, ``audit`` and ``listener`` of
    Oracle. ``log_types`` asks for others, of every engine. What the engine writes to them is its parameters' affair.

    Why: logs that lie on the instance are kept for days, and nobody is alarmed by them.
    Fix: aws rds modify-db-instance --db-instance-identifier NAME --cloudwatch-logs-export-configuration
        EnableLogTypes=postgresql.
    """
    if database.cluster is not None:
        return not_applicable(f"the cluster {database.cluster} sends the logs of its members")
    if database.engine.startswith(_CUSTOM):
        return inconclusive(
            "RDS Custom sends none: whether an agent on its machine does is not read"
        )
    wanted = log_types or _LOGS.get(database.engine) or _LOGS.get(_family(database.engine))
    return _logs(database.engine, database.logs_exported, database.pending.logs, wanted)


def _logs(
    engine: str, sent: list[str], pending: PendingLogs, wanted: tuple[str, ...] | None
) -> Verdict:
    told = ", ".join(sorted(sent))
    if not sent:
        return failed("sends no logs")
    if wanted is None:
        return inconclusive(f"sends {told}; which logs {engine or 'its engine'} has is not known")
    if lacking := [name for name in wanted if name not in sent]:
        return failed(f"does not send {', '.join(lacking)}; sends {told}")
    if changing := sorted(pending.changing & set(wanted)):
        return inconclusive(f"sends {told}; being switched on or off: {', '.join(changing)}")
    return passed(f"sends {told}")


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
    Fix: aws rds modify-db-instance --db-instance-identifier NAME --copy-tags-to-snapshot.
    """
    if database.cluster is not None:
        return not_applicable(f"the cluster {database.cluster} takes the snapshots")
    return _tags(database.copy_tags_to_snapshot)


def _tags(copied: bool | None) -> Verdict:  # noqa: FBT001
    if copied is None:
        return inconclusive("AWS does not say whether tags are copied")
    return passed("tags are copied") if copied else failed("tags are not copied")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:rds_cluster_integration_cloudwatch_logs",
        "prowler:documentdb_cluster_cloudwatch_log_export",
        "prowler:neptune_cluster_integration_cloudwatch_logs",
    ],
)
def aws_rds_cluster_logs_exported(
    cluster: DbCluster, *, log_types: tuple[str, ...] = ()
) -> Verdict:
    """Database clusters send the logs of who did what, and of what went wrong, to CloudWatch Logs.

    Which ones depends on the engine: ``postgresql``; ``audit`` and ``error`` of Aurora MySQL; ``general`` and ``error``
    of MySQL, whose Multi-AZ clusters have no audit log; ``audit`` of DocumentDB and Neptune. ``log_types`` asks for
    others, of every engine.

    Why: logs that lie on the instances are kept for days, and nobody is alarmed by them.
    Fix: aws rds modify-db-cluster --db-cluster-identifier NAME --cloudwatch-logs-export-configuration
        EnableLogTypes=audit,error.
    """
    wanted = log_types or _OF_CLUSTERS.get(_family(cluster.engine))
    return _logs(cluster.engine, cluster.logs_exported, cluster.pending.logs, wanted)


@rule(
    criteria=["CC7.5"],
    severity=Severity.LOW,
    known_as=[
        "prowler:neptune_cluster_copy_tags_to_snapshots",
        "prowler:rds_cluster_copy_tags_to_snapshots",
    ],
)
def aws_rds_cluster_snapshot_tags(cluster: DbCluster) -> Verdict:
    """Snapshots carry the tags of their cluster, Neptune's and DocumentDB's too.

    Why: who owns a snapshot, and how long it must be kept, is said by tags.
    Fix: aws rds modify-db-cluster --db-cluster-identifier NAME --copy-tags-to-snapshot.
    """
    return _tags(cluster.copy_tags_to_snapshot)
