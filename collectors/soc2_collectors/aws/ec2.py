"""EC2 and EBS: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.ec2 import (
    EbsDefaults,
    Image,
    Instance,
    SecurityGroup,
    Snapshot,
    Volume,
)
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(SecurityGroup, calls=["ec2:DescribeSecurityGroups"], per="region")
def security_groups(aws: Aws) -> Iterator[Document]:
    """Security groups with their entries."""
    for group in aws.items("ec2", "describe_security_groups", "SecurityGroups"):
        yield Document(group["GroupId"], group["GroupName"], group)


@collects(Instance, calls=["ec2:DescribeInstances", "ec2:DescribeInstanceAttribute"], per="region")
def instances(aws: Aws) -> Iterator[Document]:
    """Instances, ended ones included while AWS still lists them."""
    for reservation in aws.items("ec2", "describe_instances", "Reservations"):
        for instance in reservation["Instances"]:
            number = instance["InstanceId"]
            user_data = aws.fact(
                "ec2",
                "describe_instance_attribute",
                key="UserData",
                InstanceId=number,
                Attribute="userData",
            )
            body = {**instance, "DescribeInstanceAttribute": user_data}
            yield Document(number, _name(instance, number), body)


@collects(Volume, calls=["ec2:DescribeVolumes"], per="region")
def volumes(aws: Aws) -> Iterator[Document]:
    """Volumes, attached or not."""
    for volume in aws.items("ec2", "describe_volumes", "Volumes"):
        yield Document(volume["VolumeId"], _name(volume, volume["VolumeId"]), volume)


@collects(Snapshot, calls=["ec2:DescribeSnapshots", "ec2:DescribeSnapshotAttribute"], per="region")
def snapshots(aws: Aws) -> Iterator[Document]:
    """This account's snapshots with who may restore them."""
    for snapshot in aws.items("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"]):
        number = snapshot["SnapshotId"]
        permissions = aws.fact(
            "ec2",
            "describe_snapshot_attribute",
            key="CreateVolumePermissions",
            SnapshotId=number,
            Attribute="createVolumePermission",
        )
        yield Document(
            number, _name(snapshot, number), {**snapshot, "DescribeSnapshotAttribute": permissions}
        )


@collects(Image, calls=["ec2:DescribeImages"], per="region")
def images(aws: Aws) -> Iterator[Document]:
    """Images that this account owns, deprecated ones too."""
    found = aws.items("ec2", "describe_images", "Images", Owners=["self"], IncludeDeprecated=True)
    for image in found:
        yield Document(image["ImageId"], image.get("Name") or image["ImageId"], image)


@collects(EbsDefaults, calls=["ec2:GetEbsEncryptionByDefault"], per="region")
def ebs_defaults(aws: Aws) -> Iterator[Document]:
    """One document a region."""
    yield Document(aws.region, aws.region, aws.ask("ec2", "get_ebs_encryption_by_default"))


def _name(item: dict[str, object], otherwise: str) -> str:
    """The ``Name`` tag, which is what people call it."""
    tags = item.get("Tags")
    for tag in tags if isinstance(tags, list) else []:
        if tag.get("Key") == "Name" and tag.get("Value"):
            return str(tag["Value"])
    return otherwise
