"""RDS: who can reach and copy databases, and how they are encrypted."""

from __future__ import annotations

from soc2_collectors.aws.models.rds import DbInstance, DbSnapshot
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


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
        "prowler:rds_cluster_storage_encrypted",
        "powerpipe:rds_db_instance_encryption_at_rest_enabled",
        "powerpipe:rds_db_cluster_encryption_at_rest_enabled",
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
    criteria=["CC6.6", "CC6.1"],
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
    return (
        failed("everyone may restore it")
        if "all" in snapshot.restorable_by
        else passed("not public")
    )


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:rds_snapshots_encrypted",
        "powerpipe:rds_db_snapshot_encrypted_at_rest",
    ],
)
def aws_rds_snapshot_encrypted(snapshot: DbSnapshot) -> Verdict:
    """Snapshots are encrypted.

    Why: a snapshot outlives its database, and is copied more easily.
    Fix: aws rds copy-db-snapshot --kms-key-id, then delete the original.
    """
    return passed("encrypted") if snapshot.encrypted else failed("not encrypted")
