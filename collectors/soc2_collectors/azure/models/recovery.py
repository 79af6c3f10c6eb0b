"""Views of Recovery Services: vaults, what they protect, and how long backups are kept.

Source: Azure REST API, "Recovery Services Vaults", "Backup Protected Items", "Backup Policies".
"""

from __future__ import annotations

import msgspec

from soc2_collectors.azure.models.arm import Arm, Moment, same
from soc2_pac.resources import fact

_DAYS = {"days": 1, "weeks": 7, "months": 30, "years": 365}


class Duration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long: a count of ``Days``, ``Weeks``, ``Months`` or ``Years``."""

    count: int | None = None
    duration_type: str | None = None

    @property
    def days(self) -> int:
        """In days, months and years taken short."""
        return (self.count or 0) * _DAYS.get((self.duration_type or "").casefold(), 0)


class Schedule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long daily, or weekly, backups are kept."""

    retention_duration: Duration | None = None


class RetentionPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long backups are kept, by schedule."""

    daily_schedule: Schedule | None = None
    weekly_schedule: Schedule | None = None


class PolicyProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A backup policy."""

    backup_management_type: str | None = None
    retention_policy: RetentionPolicy | None = None


class BackupPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A backup policy of a vault."""

    id: str
    name: str
    properties: PolicyProperties

    @property
    def days(self) -> int:
        """For how many days the most frequent backups are kept."""
        kept = self.properties.retention_policy
        schedule = kept and (kept.daily_schedule or kept.weekly_schedule)
        duration = schedule.retention_duration if schedule else None
        return duration.days if duration else 0


class ItemProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is protected, and how."""

    source_resource_id: str | None = None
    protection_state: str | None = None
    """``Protected``, ``ProtectionStopped``, ``IRPending``, ``ProtectionError``, ..."""
    policy_id: str | None = None


class ProtectedItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A machine, a share or a database that a vault protects."""

    properties: ItemProperties

    def protects(self, resource_id: str) -> bool:
        """Whether it is this resource, and the backups go on."""
        return same(self.properties.source_resource_id, resource_id) and same(
            self.properties.protection_state, "Protected"
        )


class JobProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A job, and how it ended."""

    status: str
    """``Completed``, ``CompletedWithWarnings``, ``Failed``, ``InProgress``, ``Cancelled``."""
    end_time: Moment | None = None


class RestoreJob(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A restore from a vault."""

    properties: JobProperties


class RecoveryVault(Arm, frozen=True, kw_only=True, rename="camel"):
    """A vault of Recovery Services. Its contents have their shape from documentation."""

    kind = "azure.recovery_services.vault"
    volatile = ("etag",)

    items: list[ProtectedItem] = fact("backupProtectedItems")
    policies: list[BackupPolicy] = fact("backupPolicies")
    restores: list[RestoreJob] = fact("restoreJobs")
    """Of the last year."""

    def policy(self, policy_id: str | None) -> BackupPolicy | None:
        """A policy by its id."""
        return next((one for one in self.policies if same(policy_id, one.id)), None)
