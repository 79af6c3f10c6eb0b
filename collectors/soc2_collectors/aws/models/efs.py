"""Views of EFS and FSx: shared file systems."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class BackupPolicy(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeBackupPolicy``: EFS's automatic daily backups through AWS Backup."""

    status: str
    """``ENABLED``, ``ENABLING``, ``DISABLED`` or ``DISABLING``."""


class Protection(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``FileSystemProtection``: what replication may do with a file system."""

    may_lack: ClassVar[dict[str, str]] = {
        "ReplicationOverwriteProtection": "without it a file system is no replica, which is stricter"
    }
    replication_overwrite_protection: str = ""
    """``ENABLED``, ``DISABLED``, or ``REPLICATING`` for the destination of a replication, which is read-only."""


class FileSystem(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An EFS file system (``DescribeFileSystems``)."""

    kind = "aws.efs.file_system"
    may_lack: ClassVar[dict[str, str]] = {
        "FileSystemProtection": "without it a file system is no replica, which is stricter"
    }
    volatile = ("SizeInBytes",)
    file_system_id: str
    file_system_arn: str
    creation_time: datetime | None = None
    encrypted: bool
    protection: Protection = msgspec.field(default=Protection(), name="FileSystemProtection")
    backup_policy: BackupPolicy | None = fact("DescribeBackupPolicy")
    """``None`` where the file system has none."""

    @property
    def replica(self) -> bool:
        """Whether it is the destination of a replication, and holds what another file system holds."""
        return self.protection.replication_overwrite_protection == "REPLICATING"


class Lustre(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``LustreConfiguration``."""

    deployment_type: str = ""
    """``SCRATCH_1``, ``SCRATCH_2``, ``PERSISTENT_1``, ``PERSISTENT_2``."""
    data_repository_configuration: dict[str, Any] | None = None
    """The bucket whose files it shows, of those that were made with one."""


class FsxFileSystem(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An FSx file system, of any type (``DescribeFileSystems``). FSx encrypts all of them at rest."""

    kind = "aws.fsx.file_system"
    volatile = ("AdministrativeActions",)
    secret = ("OntapConfiguration.FsxAdminPassword",)
    file_system_id: str
    file_system_type: str
    """``WINDOWS``, ``LUSTRE``, ``ONTAP`` or ``OPENZFS``."""
    resource_arn: str = msgspec.field(name="ResourceARN")
    creation_time: datetime | None = None
    lustre: Lustre | None = msgspec.field(default=None, name="LustreConfiguration")

    @property
    def linked(self) -> bool:
        """Whether it is Lustre made over a bucket, which FSx cannot back up: the files are the bucket's."""
        return self.lustre is not None and bool(self.lustre.data_repository_configuration)

    @property
    def scratch(self) -> bool:
        """Whether it is Lustre without copies, which FSx cannot back up."""
        return self.lustre is not None and self.lustre.deployment_type.startswith("SCRATCH")
