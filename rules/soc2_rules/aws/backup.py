"""AWS Backup: backups that are made, kept, locked away, and can be restored."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.backup import (
    Plan,
    ProtectedResource,
    RecoveryPoint,
    RestoreJob,
    RestoreTestingPlan,
    Vault,
)
from soc2_collectors.aws.models.dynamodb import Table
from soc2_collectors.aws.models.ebs import Volume
from soc2_collectors.aws.models.ec2 import Instance
from soc2_collectors.aws.models.efs import FileSystem, FsxFileSystem
from soc2_collectors.aws.models.eventbridge import EventBus
from soc2_collectors.aws.models.iam import AccountSummary
from soc2_collectors.aws.models.rds import DbCluster, DbInstance
from soc2_collectors.aws.models.s3 import Bucket
from soc2_collectors.aws.models.times import days_after, hours_after
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from soc2_collectors.aws.models.backup import Lifecycle
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Whole


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[Plan],
    known_as=[
        "prowler:backup_plans_exist",
        "prowler:backup_vaults_exist",
        "powerpipe:backup_plan_min_retention_35_days",
    ],
)
def aws_backup_plan_exists(
    account: AccountSummary,
    evidence: Evidence,
    now: datetime,
    *,
    min_days: int = 35,
    max_run_days: int = 35,
) -> Verdict:
    """Backup plans choose resources, ran lately, and keep their backups for five weeks.

    Which resources a plan ought to choose is asked of each resource: see the rules named ...-in-backup-plan. A new plan
    has ``max_run_days`` for its first run.

    Why: what nobody planned to back up was not backed up.
    Fix: aws backup create-backup-plan with DeleteAfterDays=35, and aws backup create-backup-selection by tag.
    """
    del account  # one verdict an account
    plans = evidence.account(Plan)
    if not plans:
        return failed("no backup plan")
    choosing = [p for p in plans if any(not one.nothing for one in p.selections)]
    if not choosing:
        return failed(f"no plan chooses any resource: {_names(plans)}")
    empty = [plan for plan in choosing if not plan.details.rules]
    short = [p for p in choosing if any(_short(r.lifecycle, min_days) for r in p.details.rules)]
    if short:
        return failed(f"kept for less than {min_days} days: {_names(short)}")
    if empty:
        return failed(f"no rule makes a backup: {_names(empty)}")
    due = {
        plan.backup_plan_name: days_after(since, max_run_days)
        for plan in choosing
        if (since := plan.last_execution_date or plan.creation_date) is not None
    }
    waiting = [plan for plan in choosing if plan.last_execution_date is None]
    late = {plan.backup_plan_name for plan in choosing} - due.keys()
    late |= {name for name, end in due.items() if now >= end}
    if never := [plan for plan in waiting if plan.backup_plan_name in late]:
        return failed(f"never ran: {_names(never)}")
    if late:
        return failed(f"did not run within {max_run_days} days: {', '.join(sorted(late))}")
    until = min(due.values())
    if waiting == choosing:
        return not_applicable(
            f"made lately, and did not run yet: {_names(waiting)}; due {until:%Y-%m-%d}",
            until=until,
        )
    told = f"{_names(choosing)}: keeps backups for {min_days} days or longer"
    return passed(told, until=until)


def _names(plans: Iterable[Plan]) -> str:
    return ", ".join(sorted(plan.backup_plan_name for plan in plans))


def _short(lifecycle: Lifecycle, days: int) -> bool:
    """Whether a backup is gone sooner; without an end it is kept for ever."""
    if lifecycle.delete_after_event is not None:
        return True
    return lifecycle.delete_after_days is not None and 0 < lifecycle.delete_after_days < days


_JUDGED: Mapping[str, tuple[type[Resource], str, str]] = {
    "DocumentDB": (DbCluster, "identifier", "cluster:"),
    "DynamoDB": (Table, "table_name", ""),
    "EBS": (Volume, "volume_id", ""),
    "EC2": (Instance, "instance_id", ""),
    "EFS": (FileSystem, "file_system_id", ""),
    "FSx": (FsxFileSystem, "file_system_id", ""),
    "Aurora": (DbCluster, "identifier", "cluster:"),
    "Neptune": (DbCluster, "identifier", "cluster:"),
    "RDS": (DbInstance, "identifier", "db:"),
}
"""Types of resources that are collected -> kind, what identifies one, and what stands before that in the ARN."""
_OF_A_FILE_SYSTEM = "fsvol-"
"""Volumes of FSx are backed up by themselves, and not collected."""


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[RecoveryPoint, EventBus],
    where_sourced=[*dict.fromkeys(kind for kind, _, _ in _JUDGED.values()), Bucket],
    known_as=[
        "prowler:backup_recovery_point_encrypted",
        "powerpipe:backup_recovery_point_encryption_enabled",
        "powerpipe:backup_recovery_point_min_retention_35_days",
    ],
)
def aws_recovery_points(
    resource: ProtectedResource,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    *,
    max_age_hours: int = 36,
    min_days: int = 35,
) -> Verdict:
    """What is backed up has a recent recovery point; all are encrypted and kept for five weeks.

    AWS Backup lists what was deleted as long as it has recovery points: nothing recent is asked of instances, volumes,
    databases, tables, file systems and buckets that are not there any more. So it is of copies that came from another
    account or Region, where that is read.

    Why: a backup of last month is last month's business; one that is not encrypted is a second copy to lose.
    Fix: aws backup update-backup-plan with a daily rule, DeleteAfterDays=35 and a vault with a KMS key.
    """
    index = evidence.index(RecoveryPoint, "resource_arn", within="here")
    every = index.get(resource.resource_arn, ())
    # One that may not be restored any more is a copy of the data all the same.
    if plain := sum(not point.is_encrypted for point in every if point.status != "CREATING"):
        return failed(f"{plain} of {len(every)} recovery points are not encrypted")
    usable = [point for point in every if point.status in _USABLE]
    points = [one for one in usable if not any(one.moved_to(other) for other in usable)]
    if not points:
        return _unless_gone(failed("no usable recovery point"), resource, evidence, scope)
    newest = max(points, key=lambda point: point.creation_date)
    if short := sum(_short(point.lifecycle, min_days) for point in points):
        return failed(
            f"{short} of {len(points)} recovery points are kept for less than {min_days} days"
        )
    due = hours_after(newest.creation_date, max_age_hours)
    told = f"the newest of {len(points)} is of {newest.creation_date:%Y-%m-%d %H:%M}"
    if now >= due:
        if any(point.continuous for point in points):
            return inconclusive(
                f"{told}; one is continuous, and AWS does not say how far it reaches"
            )
        late = failed(f"{told}, over {max_age_hours} hours before {due:%Y-%m-%d %H:%M}")
        return _unless_gone(late, resource, evidence, scope)
    return passed(f"{told}, encrypted", until=due)


def _unless_gone(
    verdict: Verdict, resource: ProtectedResource, evidence: Evidence, scope: Scope
) -> Verdict:
    """The verdict, unless the resource was deleted: its backups are kept, and none is made any more."""
    sort, name = resource.key
    if sort == "S3":
        return _unless_bucket_gone(verdict, resource, evidence)
    if sort not in _JUDGED:
        return verdict
    kind, key, before = _JUDGED[sort]
    if sort == "RDS" and name.startswith("cluster:"):
        kind, key, before = _JUDGED["Aurora"]  # of several zones: a cluster that is not Aurora's
    if not name.startswith(before) or name.startswith(_OF_A_FILE_SYSTEM):
        return verdict
    wanted = name.removeprefix(before)
    own = resource.of(scope.account, scope.region)
    found = (
        evidence.index(kind, key, within="here").get(wanted, ())
        if own
        else evidence.derived(_BY_PLACE[kind]).get((*resource.place, wanted), ())
    )
    if any(not (isinstance(one, Instance) and one.ended) for one in found):
        return verdict
    if not own and all(bus.place != resource.place for bus in evidence.everywhere(EventBus)):
        account, region = resource.place
        told = f"a copy from {region} of account {account}, where nobody looked whether it is there"
        return inconclusive(f"{verdict.message}; {told}")
    return not_applicable(f"deleted; its backups are kept: {verdict.message}")


def _unless_bucket_gone(
    verdict: Verdict, resource: ProtectedResource, evidence: Evidence
) -> Verdict:
    """The same for a bucket, whose ARN names neither account nor Region: whose it was its copies do not say."""
    name = resource.key[1]
    if any(bucket.name == name for bucket in evidence.everywhere(Bucket)):
        return verdict
    points = evidence.index(RecoveryPoint, "resource_arn", within="here")
    if any(one.source_backup_vault_arn for one in points.get(resource.resource_arn, ())):
        told = "copies from another vault, of a bucket that is in no account that was read"
        return inconclusive(f"{verdict.message}; {told}")
    return not_applicable(f"deleted; its backups are kept: {verdict.message}")


_Placed = dict[tuple[str, str, str], list["Resource"]]
"""Account, Region and name -> resources."""


def _by_place(kind: type[Resource], key: str) -> Callable[[Whole], _Placed]:
    def build(whole: Whole) -> _Placed:
        found: _Placed = {}
        for scope, one in whole.placed(kind).resources:
            place = (scope.account, scope.region or "", getattr(one, key))
            found.setdefault(place, []).append(one)
        return found

    return build


_BY_PLACE = {kind: _by_place(kind, key) for kind, key, _ in _JUDGED.values()}
_USABLE = ("COMPLETED", "AVAILABLE")


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[RecoveryPoint],
    known_as=[
        "prowler:backup_vaults_encrypted",
        "powerpipe:backup_recovery_point_manual_deletion_disabled",
    ],
)
def aws_vault_locked(
    vault: Vault, evidence: Evidence, now: datetime, *, immutable: bool = False
) -> Verdict:
    """Vaults are encrypted with KMS, and a lock or a denial keeps backups from being deleted by hand.

    A lock without a date, and a denial, can be lifted by whoever may change them; ``immutable = true`` asks
    for a lock that nobody can lift any more. Where there is a denial alone, who may shorten how long a backup is
    kept is not asked. Nothing is asked of a vault without backups, as the one that AWS makes by itself often is.

    Why: whoever takes over an account deletes the backups first, and asks for money then.
    Fix: aws backup put-backup-vault-lock-configuration --backup-vault-name NAME --changeable-for-days 3, or
        aws backup put-backup-vault-access-policy --backup-vault-name NAME with a Deny of
        backup:DeleteRecoveryPoint for everyone.
    """
    if vault.vault_type == "RESTORE_ACCESS_BACKUP_VAULT":
        return not_applicable("it shows another vault's backups, and holds none")
    verdict = _protected(vault, now, immutable=immutable)
    if verdict.status is not Status.FAIL:
        return verdict
    held = evidence.index(RecoveryPoint, "backup_vault_name", within="here")
    if not held.get(vault.backup_vault_name):
        return not_applicable(f"it holds no backup: {verdict.message}", until=verdict.until)
    return verdict


def _protected(vault: Vault, now: datetime, *, immutable: bool) -> Verdict:
    """Whether it is encrypted, and what lies in it cannot be deleted by hand."""
    if vault.vault_type not in ("BACKUP_VAULT", _AIR_GAPPED):
        return inconclusive(f"what a vault of the type {vault.vault_type} is is not known")
    if vault.vault_state not in (None, "AVAILABLE"):
        return inconclusive(f"the vault is in the state {vault.vault_state}")
    found = []
    if not vault.encryption_key_arn and vault.vault_type == "BACKUP_VAULT":
        found.append("not encrypted with KMS")
    air_gapped = vault.vault_type == _AIR_GAPPED
    ends = vault.lock_date if vault.locked else None
    if air_gapped or (ends is not None and ends <= now):
        return failed("; ".join(found)) if found else passed("locked, which nobody can lift")
    if immutable:
        return failed("; ".join([*found, "its lock can be lifted, or it has none"]), until=ends)
    if vault.locked:
        lifted = "by whoever may lift the lock only"
        if found:
            return failed("; ".join(found), until=ends)
        return passed(f"locked: backups are deleted {lifted}", until=ends)
    denied = any(
        not statement.allow
        and statement.anyone
        and not statement.not_principals
        and not statement.conditions
        and statement.every_resource
        and not statement.not_resources
        and statement.covers("backup:DeleteRecoveryPoint")
        for statement in vault.statements
    )
    if not denied:
        found.append("backups can be deleted by hand")
    return (
        failed("; ".join(found))
        if found
        else passed("its policy denies everyone to delete backups")
    )


_AIR_GAPPED = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"


@rule(
    criteria=["CC7.5"],
    severity=Severity.HIGH,
    needs=[ProtectedResource, RestoreJob, RestoreTestingPlan],
)
def aws_restore_tested(
    account: AccountSummary, evidence: Evidence, now: datetime, *, review_days: int = 90
) -> Verdict:
    """A restore from a backup succeeded within the review period.

    AWS lists restore jobs for some weeks only. What a run has seen stays known: one at least every month sees them
    all.

    Why: a backup that nobody ever restored is a hope.
    Fix: aws backup create-restore-testing-plan with a selection for each kind of data, every month.
    """
    del account  # one verdict an account
    if not evidence.account(ProtectedResource):
        return not_applicable("AWS Backup has backed up nothing")
    done = [
        job.completion_date
        for job in evidence.account(RestoreJob)
        if job.status == "COMPLETED"
        and job.completion_date is not None
        and job.validation_status in (None, "SUCCESSFUL")
    ]
    if done and now < (due := days_after(max(done), review_days)):
        return passed(f"a restore succeeded on {max(done):%Y-%m-%d}", until=due)
    broken = [
        job.completion_date
        for job in evidence.account(RestoreJob)
        if job.completion_date is not None
        and (
            job.status in ("ABORTED", "FAILED") or job.validation_status in ("FAILED", "TIMED_OUT")
        )
    ]
    if broken and now < (over := days_after(max(broken), review_days)):
        return failed(f"no restore succeeded; one failed on {max(broken):%Y-%m-%d}", until=over)
    ran = [
        plan.last_execution_time
        for plan in evidence.account(RestoreTestingPlan)
        if plan.last_execution_time is not None
    ]
    if ran and now < (over := days_after(max(ran), review_days)):
        return inconclusive(
            f"a testing plan ran on {max(ran):%Y-%m-%d}, and AWS tells of no restore that succeeded",
            until=over,
        )
    if done:
        return failed(f"the last restore that succeeded was on {max(done):%Y-%m-%d}")
    return failed("AWS tells of no restore that succeeded")


# -- is this one backed up? -------------------------------------------------------------------------------


def _backed_up(
    evidence: Evidence,
    scope: Scope,
    now: datetime,
    sort: str,
    number: str,
    max_days: int,
    *,
    since: datetime | None = None,
) -> Verdict:
    """By its recovery points: AWS lists a resource as protected, with a time, whatever became of the backup.

    ``since``: only those from then on count. What AWS Backup knows by a name is asked for since it was made: the
    backups of a predecessor of the same name stay, under the same ARN.
    """
    found = [
        item
        for item in evidence.index(ProtectedResource, "key", within="here").get((sort, number), ())
        if item.of(scope.account, scope.region)
    ]
    if not found:
        return failed("AWS Backup knows no backup of it")
    index = evidence.index(RecoveryPoint, "resource_arn", within="here")
    points = [
        point
        for item in found
        for point in index.get(item.resource_arn, ())
        if point.status in _USABLE and (since is None or point.creation_date >= since)
    ]
    if not points:
        told = f" since {since:%Y-%m-%d %H:%M}" if since else ""
        return failed(f"AWS Backup has no usable recovery point of it{told}", on=found)
    newest = max(points, key=lambda point: point.creation_date)
    due = days_after(newest.creation_date, max_days)
    told = f"backed up on {newest.creation_date:%Y-%m-%d}"
    if now < due:
        return passed(told, until=due, on=[newest])
    if continuous := [point for point in points if point.continuous]:
        return inconclusive(
            f"{told}, continuously; AWS does not say how far that reaches", on=continuous[:1]
        )
    return failed(f"{told}, over {max_days} days before {due:%Y-%m-%d}", on=[newest])


def _named_backed_up(
    evidence: Evidence,
    scope: Scope,
    now: datetime,
    sort: str,
    name: str,
    max_days: int,
    *,
    made: datetime | None,
) -> Verdict:
    """Whether what AWS Backup knows by a name is backed up, since it was made."""
    verdict = _backed_up(evidence, scope, now, sort, name, max_days, since=made)
    if made is None and verdict.status is Status.PASS:
        told = f"{verdict.message}; AWS does not say when it was made: that may be a predecessor"
        return inconclusive(told, until=verdict.until, on=verdict.on)
    return _unless_new(verdict, made, now, max_days)


def _unless_new(verdict: Verdict, made: datetime | None, now: datetime, max_days: int) -> Verdict:
    """What is new has as long for its first backup as there may be between two."""
    if (
        verdict.status is not Status.FAIL
        or made is None
        or now >= (due := days_after(made, max_days))
    ):
        return verdict
    told = f"made on {made:%Y-%m-%d}, not backed up yet; due {due:%Y-%m-%d}"
    return not_applicable(told, until=due, on=verdict.on)


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[ProtectedResource, RecoveryPoint],
    known_as=["powerpipe:ec2_instance_protected_by_backup_plan"],
)
def aws_ec2_backed_up(
    instance: Instance,
    evidence: Evidence,
    now: datetime,
    scope: Scope,
    *,
    tag: str = "critical",
    values: tuple[str, ...] = ("true", "yes", "1"),
    max_days: int = 7,
) -> Verdict:
    """Instances that are tagged critical are backed up by AWS Backup.

    ``tag`` and ``values`` say which instances are critical; case does not matter. What is new has ``max_days`` for its
    first backup.

    Why: a machine that was set up by hand years ago is not set up again in a night.
    Fix: aws backup create-backup-selection for the tag, in a plan that runs daily.
    """
    if instance.ended:
        return not_applicable("terminated")
    wanted = {value.lower() for value in values}
    # AWS tells Critical and critical apart: an instance may have both.
    if not any(t.key.lower() == tag.lower() and t.value.lower() in wanted for t in instance.tags):
        return not_applicable(f"not tagged {tag}")
    verdict = _backed_up(evidence, scope, now, "EC2", instance.instance_id, max_days)
    return _unless_new(verdict, instance.made, now, max_days)


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[ProtectedResource, RecoveryPoint],
    known_as=[
        "prowler:rds_instance_protected_by_backup_plan",
        "powerpipe:rds_db_instance_in_backup_plan",
        "powerpipe:rds_db_instance_protected_by_backup_plan",
    ],
)
def aws_rds_in_backup_plan(
    database: DbInstance, evidence: Evidence, now: datetime, scope: Scope, *, max_days: int = 7
) -> Verdict:
    """Database instances are backed up by AWS Backup.

    Those from before it was made are another's that had its name, and do not count. What is new has ``max_days``
    for its first. A replica may leave that to what it copies.

    Why: automated backups end with the database; those of AWS Backup stay, and can lie in a locked vault.
    Fix: aws backup create-backup-selection with the instance's ARN or tag.
    """
    if database.cluster is not None:
        return not_applicable(f"a member of {database.cluster}: backups are asked of the cluster")
    name, made = f"db:{database.identifier}", database.instance_create_time
    verdict = _named_backed_up(evidence, scope, now, "RDS", name, max_days, made=made)
    return _unless_replica(verdict, database.replica_of or database.replica_of_cluster)


def _unless_replica(verdict: Verdict, source: str | None) -> Verdict:
    """What a replica holds is backed up where it comes from."""
    if verdict.status is not Status.FAIL or not source:
        return verdict
    return not_applicable(f"a replica of {source}: backups are asked of what it copies")


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[ProtectedResource, RecoveryPoint],
    known_as=[
        "prowler:rds_cluster_protected_by_backup_plan",
        "powerpipe:rds_db_cluster_aurora_protected_by_backup_plan",
    ],
)
def aws_rds_cluster_in_backup_plan(
    cluster: DbCluster, evidence: Evidence, now: datetime, scope: Scope, *, max_days: int = 7
) -> Verdict:
    """Database clusters are backed up by AWS Backup.

    Those from before it was made are another's that had its name, and do not count. What is new has ``max_days``
    for its first. A replica may leave that to what it copies.

    Why: automated backups end with the cluster; those of AWS Backup stay, and can lie in a locked vault.
    Fix: aws backup create-backup-selection with the cluster's ARN or tag.
    """
    sort = {"neptune": "Neptune", "docdb": "DocumentDB"}.get(cluster.engine)
    sort = sort or ("Aurora" if cluster.engine.startswith("aurora") else "RDS")
    name, made = f"cluster:{cluster.identifier}", cluster.cluster_create_time
    verdict = _named_backed_up(evidence, scope, now, sort, name, max_days, made=made)
    return _unless_replica(verdict, cluster.replica_of)


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.LOW,
    needs=[ProtectedResource, RecoveryPoint],
    known_as=[
        "prowler:dynamodb_table_protected_by_backup_plan",
        "powerpipe:dynamodb_table_in_backup_plan",
        "powerpipe:dynamodb_table_protected_by_backup_plan",
    ],
)
def aws_dynamodb_in_backup_plan(
    table: Table, evidence: Evidence, now: datetime, scope: Scope, *, max_days: int = 7
) -> Verdict:
    """DynamoDB tables are backed up by AWS Backup.

    Those from before it was made are another's that had its name, and do not count. What is new has ``max_days``
    for its first.

    Why: point-in-time recovery ends with the table; a backup in a vault stays.
    Fix: aws backup create-backup-selection with the table's ARN or tag.
    """
    name, made = table.table_name, table.description.creation_date_time
    verdict = _named_backed_up(evidence, scope, now, "DynamoDB", name, max_days, made=made)
    if verdict.status is Status.FAIL and table.description.archived:
        return not_applicable("archived: DynamoDB keeps it as a backup, and AWS Backup takes none")
    return verdict


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[ProtectedResource, RecoveryPoint],
    known_as=[
        "prowler:efs_have_backup_enabled",
        "powerpipe:efs_file_system_in_backup_plan",
        "powerpipe:efs_file_system_protected_by_backup_plan",
    ],
)
def aws_efs_backed_up(
    system: FileSystem, evidence: Evidence, now: datetime, scope: Scope, *, max_days: int = 7
) -> Verdict:
    """EFS file systems are backed up, by a policy of their own or a plan.

    What is new has ``max_days`` for its first backup. The destination of a replication may leave that to what it
    copies.

    Why: whoever mounts a shared file system can empty it.
    Fix: aws efs put-backup-policy --file-system-id ID --backup-policy Status=ENABLED, or a selection of AWS
        Backup.
    """
    verdict = _backed_up(evidence, scope, now, "EFS", system.file_system_id, max_days)
    if verdict.status is not Status.FAIL:
        return verdict
    if system.replica:
        return not_applicable("a replica of another file system: backups are asked of that one")
    policy = system.backup_policy
    if policy is not None and policy.status == "ENABLING":
        return inconclusive("its automatic backups are being switched on")
    return _unless_new(verdict, system.creation_time, now, max_days)


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[ProtectedResource, RecoveryPoint],
    known_as=["powerpipe:fsx_file_system_protected_by_backup_plan"],
)
def aws_fsx_backed_up(
    system: FsxFileSystem, evidence: Evidence, now: datetime, scope: Scope, *, max_days: int = 7
) -> Verdict:
    """FSx file systems are backed up by AWS Backup.

    Scratch file systems, and Lustre that was made over a bucket, cannot be backed up. What is new has ``max_days``
    for its first backup.

    Why: FSx's own backups end with the file system; those of AWS Backup stay.
    Fix: aws backup create-backup-selection with the file system's ARN or tag. Waive Lustre that was linked to a
        bucket by an association: FSx backs it up no more than one that was made over a bucket.
    """
    kind = system.file_system_type
    if kind in ("ONTAP", "OPENZFS"):
        return inconclusive(f"{kind} is backed up volume by volume, and volumes are not collected")
    if kind not in ("LUSTRE", "WINDOWS"):
        return inconclusive(
            f"how {kind or 'a file system without a type'} is backed up is not known"
        )
    if system.scratch:
        return not_applicable("a scratch file system, which cannot be backed up")
    if system.linked:
        return not_applicable("made over a bucket, whose files it shows; it cannot be backed up")
    verdict = _backed_up(evidence, scope, now, "FSx", system.file_system_id, max_days)
    return _unless_new(verdict, system.creation_time, now, max_days)


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.LOW,
    needs=[ProtectedResource, RecoveryPoint],
    known_as=[
        "prowler:ec2_ebs_volume_protected_by_backup_plan",
        "powerpipe:ebs_volume_in_backup_plan",
        "powerpipe:ebs_volume_protected_by_backup_plan",
    ],
)
def aws_ebs_in_backup_plan(
    volume: Volume, evidence: Evidence, now: datetime, scope: Scope, *, max_days: int = 7
) -> Verdict:
    """Volumes are backed up by AWS Backup, by themselves or with the instance that they are attached to.

    What is new has ``max_days`` for its first backup. Snapshots that were made in another way are the question of
    aws-ebs-backed-up.

    Why: a snapshot in the same account is deleted by whoever takes over the account; one in a vault is not.
    Fix: aws backup create-backup-selection with the volume's ARN or tag.
    """
    verdict = _backed_up(evidence, scope, now, "EBS", volume.volume_id, max_days)
    if verdict.status is not Status.FAIL:
        return verdict
    for one in volume.attachments:
        number, since = one.instance_id, one.attach_time
        if one.state == "attached" and number and since is not None:
            # A backup of an instance takes along the volumes that it has at that moment.
            found = _backed_up(evidence, scope, now, "EC2", number, max_days, since=since)
            if found.status is Status.PASS:
                return replace(found, message=f"with the instance {number}: {found.message}")
    return _unless_new(verdict, volume.create_time, now, max_days)
