"""Views of WorkSpaces: virtual desktops."""

from __future__ import annotations

from soc2_pac.resources import Resource


class Workspace(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A virtual desktop (``DescribeWorkspaces``)."""

    kind = "aws.workspaces.workspace"
    volatile = (
        "State",
        "RelatedWorkspaces",
        "DataReplicationSettings.RecoverySnapshotTime",
        "StandbyWorkspacesProperties",
    )
    """Desktops stop when nobody uses them, and start again."""
    workspace_id: str
    root_volume_encryption_enabled: bool = False
    """AWS leaves it out of its answers where the volume is not encrypted."""
    user_volume_encryption_enabled: bool = False
    """As the other."""
