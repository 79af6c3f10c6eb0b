"""Views of EBS: volumes, snapshots, and the images that are made of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from soc2_pac.resources import Resource, fact


class Attachment(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where a volume is attached."""

    instance_id: str | None = None
    """``None`` for a machine that a service of AWS runs."""
    attach_time: datetime | None = None
    state: str = ""
    """``attached``; or ``attaching``, ``detaching``, ``detached``, ``busy``."""


class Volume(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An EBS volume (``DescribeVolumes``)."""

    kind = "aws.ec2.volume"
    attachments: list[Attachment] = []
    volume_id: str
    encrypted: bool
    state: str = ""
    create_time: datetime | None = None


class Snapshot(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An EBS snapshot of this account."""

    kind = "aws.ec2.snapshot"
    volatile = ("Progress",)
    snapshot_id: str
    encrypted: bool
    volume_id: str = ""
    state: str = ""
    start_time: datetime | None = None
    restorable_by: list[str] = fact("RestorableByUserIds")
    """``all`` where AWS lists it among those that everyone may restore; empty where it does not."""
    permissions: list[dict[str, Any]] | None = msgspec.field(
        default=None, name="DescribeSnapshotAttribute"
    )
    """Of documents that were collected one by one, before the listing was asked; ``None`` of all later ones."""

    @property
    def public(self) -> bool | None:
        """Everyone may restore it; ``None`` where it is shared with somebody that is not known."""
        if self.permissions is None:
            return {(): False, ("all",): True}.get(tuple(self.restorable_by))
        if any(p.get("Group") == "all" for p in self.permissions):
            return True
        known = all(p.get("UserId") and "Group" not in p for p in self.permissions)
        return False if known else None


class ImageDisk(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The snapshot that a disk of an image is made of."""

    snapshot_id: str | None = None
    """Left out for an empty disk."""


class BlockDevice(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A disk of an image."""

    ebs: ImageDisk | None = None
    """Left out for a disk of the host's own."""


class Image(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A machine image that this account owns."""

    kind = "aws.ec2.image"
    image_id: str
    name: str = ""
    state: str | None = None
    public: bool
    block_device_mappings: list[BlockDevice] = []

    @property
    def snapshots(self) -> list[str]:
        """Ids of the snapshots that it is made of."""
        return [
            device.ebs.snapshot_id
            for device in self.block_device_mappings
            if device.ebs is not None and device.ebs.snapshot_id
        ]
