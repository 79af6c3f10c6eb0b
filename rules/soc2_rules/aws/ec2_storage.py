"""EBS: volumes, snapshots and images, at rest and shared."""

from __future__ import annotations

from soc2_collectors.aws.models.ebs import Image, Snapshot, Volume
from soc2_collectors.aws.models.ec2 import RegionSettings
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC6.1", "CC6.5"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:ec2_ebs_volume_encryption",
        "powerpipe:ebs_attached_volume_encryption_enabled",
    ],
)
def aws_ebs_encrypted(volume: Volume) -> Verdict:
    """Volumes are encrypted, attached or not.

    Why: an unencrypted copy can be read by whoever gets hold of it, long after the machine is gone.
    Fix: snapshot it, copy the snapshot with encryption, make a volume of that and swap them.
    """
    return passed("encrypted") if volume.encrypted else failed("not encrypted")


@rule(
    criteria=["CC6.6", "CC6.1", "CC6.7"],
    severity=Severity.CRITICAL,
    needs=[RegionSettings],
    known_as=[
        "prowler:ec2_ebs_public_snapshot",
        "powerpipe:ebs_snapshot_not_publicly_restorable",
    ],
)
def aws_snapshot_not_public(snapshot: Snapshot, evidence: Evidence) -> Verdict:
    """Snapshots are not public.

    One that is shared with everyone is not while its Region blocks all public sharing (block-all-sharing).

    Why: a public snapshot is a disk that anybody can mount.
    Fix: aws ec2 modify-snapshot-attribute --snapshot-id SNAPSHOT --attribute createVolumePermission
        --operation-type remove --group-names all.
    """
    public = snapshot.public
    if public is None:
        return inconclusive("it is shared with somebody that this rule does not know")
    if public:
        blocking = _blocking(evidence)
        if not blocking:
            return failed("it is shared with the group all: everyone")
        told = "it is shared with the group all, and the Region blocks all public sharing"
        return passed(told, on=blocking)
    return passed("not shared with everyone")


def _blocking(evidence: Evidence) -> list[RegionSettings]:
    """The settings by which the Region treats every snapshot as private; none where they do not."""
    return [
        region
        for region in evidence.here(RegionSettings)
        if region.snapshot_sharing.state == "block-all-sharing"
    ]


@rule(
    criteria=["CC6.1", "CC7.5"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_ebs_snapshots_encrypted",
    ],
)
def aws_snapshot_encrypted(snapshot: Snapshot) -> Verdict:
    """Snapshots are encrypted.

    Why: a snapshot outlives its machine, and is copied more easily.
    Fix: aws ec2 copy-snapshot --source-region REGION --source-snapshot-id SNAPSHOT --encrypted, then delete
        the original.
    """
    return passed("encrypted") if snapshot.encrypted else failed("not encrypted")


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:ec2_ami_public",
    ],
)
def aws_ami_private(image: Image) -> Verdict:
    """Machine images that the account owns are not public.

    Why: images hold code, configuration and often credentials.
    Fix: aws ec2 modify-image-attribute --image-id IMAGE --launch-permission "Remove=[{Group=all}]".
    """
    return failed("public") if image.public else passed("not public")
