"""EFS: what lies on the disks."""

from __future__ import annotations

from soc2_collectors.aws.models.efs import FileSystem
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:efs_encryption_at_rest_enabled",
        "powerpipe:efs_file_system_encrypt_data_at_rest",
    ],
)
def aws_efs_encrypted(file_system: FileSystem) -> Verdict:
    """EFS file systems are encrypted at rest.

    Why: files that many machines share are copied whole into backups and replicas.
    Fix: aws efs create-file-system --encrypted, copy the files over (AWS DataSync), delete the original:
        encryption cannot be switched on in place.
    """
    return passed("encrypted") if file_system.encrypted else failed("not encrypted")
