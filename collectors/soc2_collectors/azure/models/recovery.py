"""Views of Recovery Services: vaults, what they protect, and how long backups are kept.

Source: Azure REST API, "Recovery Services Vaults", "Backup Protected Items", "Backup Policies".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.azure.models.arm import Arm, Moment, chosen, days_after, same
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import fact

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

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
    """How long backups are kept: by schedule, or, of a simple policy, all alike."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "dailySchedule": "one of the schedules, or a simple policy's duration, says it",
        "weeklySchedule": "one of the schedules, or a simple policy's duration, says it",
        "retentionDuration": "one of the schedules, or a simple policy's duration, says it",
    }

    retention_duration: Duration | None = None
    """Of a simple policy."""
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
        if kept is None:
            return 0
        schedule = kept.daily_schedule or kept.weekly_schedule
        duration = schedule.retention_duration if schedule else kept.retention_duration
        return duration.days if duration else 0


class DiskExclusion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which data disks of a machine are backed up; its system disk always is.

    Source: Azure Backup, "Selective disk backup and restore".
    """

    may_lack: ClassVar[Mapping[str, str]] = {
        "isInclusionList": "without it the list is judged as one of those alone that are backed up",
    }

    disk_lun_list: list[int]
    is_inclusion_list: bool | None = None
    """Whether those alone that are listed are backed up; false: all but those."""


class ItemExtension(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Further settings of a machine's backup."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "diskExclusionProperties": "null where every disk is backed up; Azure Backup, selective disk backup",
    }

    disk_exclusion_properties: DiskExclusion | None = None


class ItemProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is protected, and how."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "lastBackupTime": "when the latest copy was made counts, which is needed",
        "isScheduledForDeferredDelete": "set of items that were deleted; Azure REST API, Protected Items",
        "extendedProperties": "of machines of which single disks are left out; Azure Backup, selective disk backup",
    }

    source_resource_id: str | None = None
    """The machine, be it that all of it is protected or a database that runs in it."""
    backup_management_type: str | None = None
    """``AzureIaasVM``: the whole machine; ``AzureWorkload``: a database in it."""
    extended_properties: ItemExtension | None = None
    protection_state: str | None = None
    """``Protected``, ``ProtectionStopped``, ``IRPending``, ``ProtectionError``, ...: what was asked for."""
    is_scheduled_for_deferred_delete: bool | None = None
    last_backup_status: str | None = None
    """``Completed``, ``Failed``, ``IRPending``, ...: how the last backup ended."""
    last_backup_time: Moment | None = None
    last_recovery_point: Moment | None = None
    """When the latest copy was made that there is."""
    policy_id: str | None = None


_ENDED_WELL = frozenset({"completed", "completedwithwarnings", "healthy"})
_ENDED_BADLY = frozenset({"failed", "unhealthy"})


_PARTS = ("AzureWorkload", "MAB", "DPM", "AzureBackupServer", "AzureSql", "AzureStorage")
"""What protects a part of a machine, or something else."""


class ProtectedItem(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A machine, a share or a database that a vault protects."""

    properties: ItemProperties

    @property
    def protected(self) -> bool:
        """Whether backups are to go on."""
        said = self.properties
        return (
            same(said.protection_state, "Protected") and not said.is_scheduled_for_deferred_delete
        )

    def of(self, machine_id: str) -> bool:
        """Whether it is this machine, and not merely a database in it.

        Raises FactUnavailable where Azure does not say what of it is protected.
        """
        if not same(self.properties.source_resource_id, machine_id):
            return False
        sort = self.properties.backup_management_type
        return chosen(sort, "backupManagementType", good=("AzureIaasVM",), bad=_PARTS)

    def left_out(self, luns: Iterable[int | None]) -> list[int]:
        """Of these numbers of data disks, those that are not backed up. Raises FactUnavailable for one unknown."""
        more = self.properties.extended_properties
        limits = more.disk_exclusion_properties if more else None
        if limits is None:
            return []
        found = []
        for lun in luns:
            if lun is None:
                msg = (
                    "Azure does not say which number a data disk has, and single disks are left out"
                )
                raise FactUnavailable(msg, field="lun")
            if (lun in limits.disk_lun_list) == (limits.is_inclusion_list is False):
                found.append(lun)
        return found

    def weakness(self, now: datetime, max_days: int) -> tuple[str, str]:
        """What is wrong with its last backup, and what cannot be told of it; both empty: nothing."""
        said = self.properties
        status = (said.last_backup_status or "").casefold()
        point = said.last_recovery_point
        if point is not None and now >= days_after(point, max_days):
            return f"its latest copy is of {point:%Y-%m-%d}", ""
        if status in _ENDED_BADLY:
            return "its last backup failed", ""
        last = said.last_backup_time
        if last is not None and now >= days_after(last, max_days):
            return f"its last backup was on {last:%Y-%m-%d}", ""
        if status not in _ENDED_WELL:
            return "", f"its last backup ended as {said.last_backup_status or 'nobody knows'}"
        if point is None:
            return "", "when its latest copy was made is not shown"
        return "", ""

    def good_until(self, max_days: int) -> datetime | None:
        """Until when its latest copy and its last backup are recent enough."""
        said = self.properties
        times = (said.last_recovery_point, said.last_backup_time)
        return min((days_after(one, max_days) for one in times if one), default=None)


class JobProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A job, and how it ended."""

    operation: str | None = None
    """``Restore``, ``CrossRegionRestore``, ...; the listing is of restores."""
    status: str
    """``Completed``, ``CompletedWithWarnings``, ``Failed``, ``InProgress``, ``Cancelled``."""
    end_time: Moment | None = None

    @property
    def done(self) -> bool:
        """Whether it succeeded."""
        return self.status.casefold() in _ENDED_WELL


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
