"""WorkSpaces: what lies on the disks of virtual desktops."""

from __future__ import annotations

from soc2_collectors.aws.models.workspaces import Workspace
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.LOW,
    known_as=["prowler:workspaces_volume_encryption_enabled"],
)
def aws_workspace_encrypted(desktop: Workspace) -> Verdict:
    """Virtual desktops of one person each (WorkSpaces Personal) encrypt their root and user volumes.

    Why: people keep on a desktop what they would keep on a laptop, and images of it are copied.
    Fix: make the desktop again with RootVolumeEncryptionEnabled, UserVolumeEncryptionEnabled and
        VolumeEncryptionKey (aws workspaces create-workspaces): it cannot be switched on in place.
    """
    lacking = [
        name
        for name, on in (
            ("the root volume", desktop.root_volume_encryption_enabled),
            ("the user volume", desktop.user_volume_encryption_enabled),
        )
        if not on
    ]
    if lacking:
        return failed(f"not encrypted: {' and '.join(lacking)}")
    return passed("both volumes are encrypted")
