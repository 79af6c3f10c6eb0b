"""Views of AWS Backup: plans, vaults, recovery points, what is protected, and what was restored."""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_pac.resources import Resource, fact

_EVERYTHING = re.compile(r"\*|arn:[^:]+(:\*)+")


class Lifecycle(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How long a recovery point is kept; without an end it is kept for ever."""

    may_lack: ClassVar[dict[str, str]] = {
        "DeleteAfterDays": "without an end a backup is kept for ever (API reference, Lifecycle)",
        "DeleteAfterEvent": "without an event only the days count (API reference, Lifecycle)",
    }
    delete_after_days: int | None = None
    delete_after_event: str | None = None


class PlanRule(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """When backups are made and how long they are kept."""

    may_lack: ClassVar[dict[str, str]] = {
        "Lifecycle": "without one a backup is kept for ever (API reference, BackupRule)"
    }
    rule_name: str
    lifecycle: Lifecycle = Lifecycle()


class PlanDetails(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``BackupPlan`` of ``GetBackupPlan``."""

    rules: list[PlanRule] = []


class Selection(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A choice of resources that a plan backs up; every supported resource, where nothing narrows it."""

    may_lack: ClassVar[dict[str, str]] = {
        "NotResources": "AWS leaves it out where nothing is left out (API reference, BackupSelection)"
    }
    selection_name: str
    not_resources: list[str] = []

    @property
    def nothing(self) -> bool:
        """Whether it leaves out everything."""
        return any(_EVERYTHING.fullmatch(pattern) for pattern in self.not_resources)


class Plan(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A backup plan with its rules and selections."""

    kind = "aws.backup.plan"
    backup_plan_name: str
    creation_date: datetime | None = None
    last_execution_date: datetime | None = None
    """``None``: it never ran."""
    details: PlanDetails = fact("GetBackupPlan")
    selections: list[Selection] = fact("GetBackupSelection")


class Vault(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A vault with its access policy."""

    kind = "aws.backup.vault"
    volatile = ("NumberOfRecoveryPoints",)
    backup_vault_name: str
    encryption_key_arn: str | None = None
    may_lack: ClassVar[dict[str, str]] = {
        "Locked": "without it the vault counts as not locked, which is stricter",
        "LockDate": "without it the lock may be lifted, which is stricter",
        "VaultType": "from before there were other types: an ordinary vault",
        "VaultState": "AWS tells it of vaults that may not come into being (API reference, BackupVaultListMember)",
    }
    locked: bool = False
    lock_date: datetime | None = None
    """From when on nobody can lift the lock; ``None``: whoever may, can."""
    vault_type: str = "BACKUP_VAULT"
    vault_state: str | None = None
    """``AVAILABLE``; a logically air-gapped one may be ``CREATING`` or ``FAILED``."""
    policy: str | None = fact("GetBackupVaultAccessPolicy")
    """``None``: it has none."""

    @property
    def statements(self) -> list[Statement]:
        """The statements of its policy."""
        return statements(self.policy)


class RecoveryPoint(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A backup (``ListRecoveryPointsByBackupVault``)."""

    kind = "aws.backup.recovery_point"
    volatile = ("LastRestoreTime",)
    backup_vault_name: str = ""
    """The vault that it lies in."""
    may_lack: ClassVar[dict[str, str]] = {
        "Lifecycle": "without one a backup is kept for ever (API reference, RecoveryPointByBackupVault)",
        "SourceBackupVaultArn": "of copies from another vault only (API reference, RecoveryPointByBackupVault)",
        "VaultType": "without it a backup that is deleted once it was copied counts, which is stricter",
    }
    recovery_point_arn: str
    resource_arn: str
    status: str
    creation_date: datetime
    is_encrypted: bool
    lifecycle: Lifecycle = Lifecycle()
    vault_type: str | None = None
    source_backup_vault_arn: str = ""
    """Of a copy the vault that it came from, perhaps of another account or Region."""

    @property
    def continuous(self) -> bool:
        """A continuous backup: one recovery point, made when it began, that reaches up to now."""
        return ":continuous:" in self.recovery_point_arn

    def moved_to(self, other: RecoveryPoint) -> bool:
        """It is deleted once it was copied to an air-gapped vault, and the other one may be that copy."""
        return (
            self.lifecycle.delete_after_event is not None
            and other.lifecycle.delete_after_event is None
            and other.vault_type == "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"
            and other.creation_date >= self.creation_date
        )


class ProtectedResource(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A resource that has recovery points, whatever their status: what can be restored is said by these."""

    kind = "aws.backup.protected_resource"
    may_lack: ClassVar[dict[str, str]] = {
        "ResourceType": "it joins a resource with its backups, and without it none are found"
    }
    any_value: ClassVar[dict[str, str]] = {
        "ResourceType": "it joins a resource with its backups: of another type none are found"
    }
    resource_arn: str
    resource_type: str
    """``EC2``, ``EBS``, ``RDS``, ``Aurora``, ``DynamoDB``, ``EFS``, ``FSx``, ..."""

    def of(self, account: str, region: str | None) -> bool:
        """Whether it is in this account and Region; copies bring along the ARNs of where they come from."""
        return self.place == (account, region)

    @property
    def place(self) -> tuple[str, str]:
        """Account and Region of where it is or was; both empty for a bucket."""
        region, account = (*self.resource_arn.split(":")[3:5], "", "")[:2]
        return account, region

    @property
    def key(self) -> tuple[str, str]:
        """The type, and the id at the end of the ARN; of databases ``db:orders`` or ``cluster:orders``."""
        parts = self.resource_arn.split(":", 5)
        tail = parts[-1]
        return self.resource_type, tail if ":" in tail else tail.rpartition("/")[2]


class RestoreJob(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A restore, by hand or by a testing plan. AWS lists those of the last weeks; what was seen stays known."""

    kind = "aws.backup.restore_job"
    may_lack: ClassVar[dict[str, str]] = {
        "ValidationStatus": "AWS leaves it out where nobody asked for a validation (RestoreJobsListMember)"
    }
    volatile = ("PercentDone", "BackupSizeInBytes", "ExpectedCompletionTimeMinutes")
    restore_job_id: str
    status: str
    completion_date: datetime | None = None
    validation_status: str | None = None


class RestoreTestingPlan(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A plan that restores backups to see whether they can be."""

    kind = "aws.backup.restore_testing_plan"
    name: str = msgspec.field(name="RestoreTestingPlanName")
    last_execution_time: datetime | None = None
