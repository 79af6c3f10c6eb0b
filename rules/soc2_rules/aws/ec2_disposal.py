"""EBS: data that nobody uses any more and nobody deleted."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.ebs import Image, Snapshot, Volume
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

_GOING = ("deleting", "deleted")
_LOOSE = ("available", "creating", "error")
_USED = ("available", "disabled", "pending", "transient")
"""States of an image that somebody can still start, or enable again."""
_OPEN = "not encrypted, so deleting a key does not dispose of it"


@rule(criteria=["CC6.5"], severity=Severity.LOW, needs=[Image])
def aws_orphan_data_disposal(
    snapshot: Snapshot,
    evidence: Evidence,
    now: datetime,
    *,
    retention_days: int = 365,
    approved: tuple[str, ...] = (),
) -> Verdict:
    """Snapshots are encrypted, and deleted once they are older than the retention.

    A snapshot that an image of the account is made of is in use, however old it is, unless the image is
    deregistered or failed. ``approved`` holds ids of snapshots that are kept for longer on purpose.

    Why: what is kept for longer than promised can still be stolen, demanded or restored by mistake.
    Fix: aws ec2 delete-snapshot, or a lifecycle policy of Data Lifecycle Manager or AWS Backup.
    """
    if not snapshot.encrypted:
        return failed(_OPEN)
    if snapshot.start_time is None:
        return inconclusive("AWS does not say when it was made")
    due = days_after(snapshot.start_time, retention_days)
    made = f"encrypted, made on {snapshot.start_time:%Y-%m-%d}"
    if now < due:
        return passed(made, until=due)
    if snapshot.snapshot_id in approved:
        return passed(f"{made}, and kept on purpose")
    for image in evidence.here(Image):
        if snapshot.snapshot_id in image.snapshots and image.state in _USED:
            return passed(f"{made}, and the image {image.image_id} is made of it", on=[image])
    return failed(f"{made}, over {retention_days} days of retention")


@rule(criteria=["CC6.5"], severity=Severity.LOW)
def aws_orphan_volume_disposal(
    volume: Volume, now: datetime, *, retention_days: int = 90, approved: tuple[str, ...] = ()
) -> Verdict:
    """Volumes that are attached to nothing are encrypted, and deleted after a while.

    AWS does not say since when a volume is attached to nothing: its age is counted from when it was made.
    ``approved`` holds ids of volumes that are kept on purpose.

    Why: the disk of a machine that is gone holds its data, and nobody looks after it.
    Fix: aws ec2 delete-volume, after a snapshot where the data must be kept.
    """
    if volume.state == "in-use":
        return not_applicable("it is attached")
    if volume.state in _GOING:
        return not_applicable(f"it is {volume.state}")
    if not volume.state:
        return inconclusive("AWS does not say whether it is attached")
    if volume.state not in _LOOSE:
        return inconclusive(f"a state that is not known: {volume.state}")
    if not volume.encrypted:
        return failed(f"attached to nothing and {_OPEN}")
    if volume.create_time is None:
        return inconclusive("AWS does not say when it was made")
    due = days_after(volume.create_time, retention_days)
    made = f"attached to nothing, encrypted, made on {volume.create_time:%Y-%m-%d}"
    if now < due:
        return passed(made, until=due)
    if volume.volume_id in approved:
        return passed(f"{made}, and kept on purpose")
    return failed(f"{made}, over {retention_days} days of retention")
