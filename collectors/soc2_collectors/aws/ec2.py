"""EC2 and EBS: regional."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING

from soc2_collectors.aws.launch_images import images as launch_images
from soc2_collectors.aws.models.ebs import Image, Snapshot, Volume
from soc2_collectors.aws.models.ec2 import (
    Address,
    Instance,
    LaunchTemplateVersion,
    NetworkInterface,
    RegionSettings,
    SecurityGroup,
)
from soc2_collectors.aws.models.network import ManagedPrefixList
from soc2_collectors.aws.names import tagged_name
from soc2_pac.errors import ProviderError, Unexpected
from soc2_pac.model import Document, Fact, Lacking
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.aws.client import Aws

_PAGES = {"PageSize": 1000}
"""The most that EC2 puts on a page; without a page size it sends all at once, or gives up."""
_ENDED = ("terminated", "shutting-down")
_HIDDEN_TOO = {"IncludeManagedResources": True}
"""What services of AWS run in the account (EKS Auto Mode, say) may be hidden from listings that do not ask for it.

Source: EC2 API reference, "ModifyManagedResourceVisibility": what is hidden runs, and is paid for, all the same.
"""


@collects(SecurityGroup, calls=["ec2:DescribeSecurityGroups"], per="region", cost="pages of 1,000")
def security_groups(aws: Aws) -> Iterator[Document]:
    """Security groups with their entries."""
    for group in aws.items("ec2", "describe_security_groups", "SecurityGroups"):
        yield Document(group["GroupId"], group["GroupName"], group)


@collects(
    ManagedPrefixList,
    calls=["ec2:DescribeManagedPrefixLists", "ec2:GetManagedPrefixListEntries"],
    per="region",
    cost="pages of 100 + N",
)
def prefix_lists(aws: Aws) -> Iterator[Document]:
    """Prefix lists with their entries: of the account, shared with it, and of AWS."""
    for item in aws.items("ec2", "describe_managed_prefix_lists", "PrefixLists"):
        number = item["PrefixListId"]
        name = item.get("PrefixListName") or number
        yield Document(number, name, {**item, "GetManagedPrefixListEntries": _entries(aws, number)})


def _entries(aws: Aws, number: str) -> Fact:
    """Every page of the entries of a prefix list."""

    def call() -> object:
        operation = "get_managed_prefix_list_entries"
        return list(aws.items("ec2", operation, "Entries", PrefixListId=number))

    return Fact("ec2:GetManagedPrefixListEntries", call)


@collects(
    Instance,
    calls=["ec2:DescribeInstances", "ec2:DescribeInstanceAttribute"],
    per="region",
    cost="pages of 1,000 + N",
)
def instances(aws: Aws) -> Iterator[Document]:
    """Instances, ended ones included while AWS still lists them: those have no user data any more."""
    for reservation in aws.items(
        "ec2", "describe_instances", "Reservations", PaginationConfig=_PAGES, **_HIDDEN_TOO
    ):
        for instance in reservation["Instances"]:
            number = instance["InstanceId"]
            body = dict(instance)
            if instance.get("State", {}).get("Name") not in _ENDED:
                body["DescribeInstanceAttribute"] = aws.fact(
                    "ec2",
                    "describe_instance_attribute",
                    key="UserData",
                    InstanceId=number,
                    Attribute="userData",
                )
            yield Document(number, tagged_name(instance, number), body)


@collects(
    LaunchTemplateVersion,
    calls=["ec2:DescribeLaunchTemplateVersions", "ec2:DescribeImages"],
    per="region",
    cost="pages of 200 + 1 per image, where tokens are left open",
)
def launch_template_versions(aws: Aws) -> Iterator[Document]:
    """The default and the latest version of every launch template, in one listing."""
    image = launch_images(aws)
    for version in aws.items(
        "ec2",
        "describe_launch_template_versions",
        "LaunchTemplateVersions",
        Versions=["$Default", "$Latest"],
        PaginationConfig={"PageSize": 200},
        **_HIDDEN_TOO,
    ):
        number = f"{version['LaunchTemplateId']}:{version['VersionNumber']}"
        name = f"{version.get('LaunchTemplateName', '')}:{version['VersionNumber']}"
        body = {**version, "DescribeImages": image(version.get("LaunchTemplateData") or {})}
        yield Document(number, name, body)


@collects(Volume, calls=["ec2:DescribeVolumes"], per="region", cost="pages of 500")
def volumes(aws: Aws) -> Iterator[Document]:
    """Volumes, attached or not."""
    for volume in aws.items(
        "ec2", "describe_volumes", "Volumes", PaginationConfig={"PageSize": 500}, **_HIDDEN_TOO
    ):
        yield Document(volume["VolumeId"], tagged_name(volume, volume["VolumeId"]), volume)


@collects(
    Snapshot,
    calls=["ec2:DescribeSnapshots"],
    per="region",
    cost="2 x pages of 1,000",
    version="2",
)
def snapshots(aws: Aws) -> Iterator[Document]:
    """This account's snapshots, and whether everyone may restore each."""
    public = _public_snapshots(aws)
    for snapshot in aws.items(
        "ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], PaginationConfig=_PAGES
    ):
        number = snapshot["SnapshotId"]
        restorable = functools.partial(_restorable_by, public, number)
        yield Document(
            number,
            tagged_name(snapshot, number),
            {**snapshot, "RestorableByUserIds": Fact("ec2:DescribeSnapshots", restorable)},
        )


def _public_snapshots(aws: Aws) -> Callable[[], frozenset[str]]:
    """Ids of this account's snapshots that everyone may restore: one listing, made when one is first asked about.

    Source: EC2 API reference, DescribeSnapshots: with RestorableByUserIds "all" only public ones are returned.
    An answer without an id could be any of them, so nothing is known of the others either.
    """
    lock = threading.Lock()
    known: list[frozenset[str] | ProviderError] = []

    def ask() -> frozenset[str]:
        found = [
            item["SnapshotId"]
            for item in aws.items(
                "ec2",
                "describe_snapshots",
                "Snapshots",
                OwnerIds=["self"],
                RestorableByUserIds=["all"],
                PaginationConfig=_PAGES,
            )
        ]
        if any(Lacking.within(number) for number in found):
            msg = "ec2:DescribeSnapshots: a public snapshot lacks SnapshotId"
            raise Unexpected(msg, operation="ec2:DescribeSnapshots")
        return frozenset(found)

    def once() -> frozenset[str]:
        with lock:
            if not known:
                try:
                    known.append(ask())
                except ProviderError as error:
                    known.append(error)  # told of each snapshot, and asked for none of them again
            (said,) = known
        if isinstance(said, ProviderError):
            raise said
        return said

    return once


def _restorable_by(public: Callable[[], frozenset[str]], number: str) -> list[str]:
    return ["all"] if number in public() else []


@collects(Image, calls=["ec2:DescribeImages"], per="region", cost="pages of 1,000")
def images(aws: Aws) -> Iterator[Document]:
    """Images that this account owns, deprecated and disabled ones too."""
    for image in aws.items(
        "ec2",
        "describe_images",
        "Images",
        Owners=["self"],
        IncludeDeprecated=True,
        IncludeDisabled=True,
        PaginationConfig=_PAGES,
    ):
        yield Document(image["ImageId"], image.get("Name") or image["ImageId"], image)


@collects(Address, calls=["ec2:DescribeAddresses"], per="region", cost="1")
def addresses(aws: Aws) -> Iterator[Document]:
    """Elastic IP addresses."""
    for address in aws.items("ec2", "describe_addresses", "Addresses"):
        number = address.get("AllocationId") or address["PublicIp"]
        # An address of a Wavelength Zone has no public one.
        given = address.get("PublicIp") or address.get("CarrierIp") or number
        yield Document(number, tagged_name(address, given), address)


@collects(
    NetworkInterface,
    calls=["ec2:DescribeNetworkInterfaces"],
    per="region",
    cost="pages of 1,000",
)
def network_interfaces(aws: Aws) -> Iterator[Document]:
    """Network interfaces, those of managed services too."""
    for interface in aws.items(
        "ec2", "describe_network_interfaces", "NetworkInterfaces", **_HIDDEN_TOO
    ):
        number = interface["NetworkInterfaceId"]
        yield Document(number, interface.get("Description") or number, interface)


@collects(
    RegionSettings,
    calls=[
        "ec2:GetEbsEncryptionByDefault",
        "ec2:GetInstanceMetadataDefaults",
        "ec2:GetSnapshotBlockPublicAccessState",
        "ec2:GetImageBlockPublicAccessState",
    ],
    per="region",
    cost="4",
)
def region_settings(aws: Aws) -> Iterator[Document]:
    """One document a region."""
    yield Document(
        aws.region,
        aws.region,
        {
            "RegionName": aws.region,
            "GetEbsEncryptionByDefault": aws.fact("ec2", "get_ebs_encryption_by_default"),
            "GetInstanceMetadataDefaults": aws.fact(
                "ec2", "get_instance_metadata_defaults", key="AccountLevel"
            ),
            "GetSnapshotBlockPublicAccessState": aws.fact(
                "ec2", "get_snapshot_block_public_access_state"
            ),
            "GetImageBlockPublicAccessState": aws.fact(
                "ec2", "get_image_block_public_access_state"
            ),
        },
    )
