"""Views of EC2: security groups, instances, launch templates, and how a region is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soc2_collectors.aws.models.network import covers_everything
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable

_LAST_PORT = 65535
_NUMBERS = {"tcp": "6", "udp": "17"}
"""IANA's protocol numbers, which AWS takes for the names."""

# -- security groups ----------------------------------------------------------------------------------


class IpRange(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An IPv4 range."""

    cidr_ip: str = ""


class Ipv6Range(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An IPv6 range."""

    cidr_ipv6: str = msgspec.field(default="", name="CidrIpv6")


class PrefixList(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A prefix list, by id: which addresses it holds is not part of the entry."""

    prefix_list_id: str = ""


class Permission(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One entry of a security group. Ports are absent for every port, and for protocols without ports."""

    ip_protocol: str
    from_port: int | None = None
    to_port: int | None = None
    ip_ranges: list[IpRange] = []
    ipv6_ranges: list[Ipv6Range] = msgspec.field(default_factory=list, name="Ipv6Ranges")
    prefix_list_ids: list[PrefixList] = []

    @property
    def world(self) -> bool:
        """Open to every address of IPv4 or of IPv6, be it by one range or by several together."""
        return covers_everything([r.cidr_ip for r in self.ip_ranges]) or covers_everything(
            [r.cidr_ipv6 for r in self.ipv6_ranges]
        )

    def ports(self, protocol: str) -> tuple[int, int] | None:
        """The first and last port of ``tcp`` or ``udp`` that it admits; ``None`` for no port of it."""
        if self.ip_protocol == "-1":
            return 0, _LAST_PORT
        if self.ip_protocol not in (protocol, _NUMBERS[protocol]):
            return None
        if self.from_port is None or self.from_port < 0:
            return 0, _LAST_PORT
        last = self.from_port if self.to_port is None else self.to_port
        return self.from_port, _LAST_PORT if last < 0 else last


class SecurityGroup(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A security group (``DescribeSecurityGroups``)."""

    kind = "aws.ec2.security_group"
    group_id: str
    group_name: str
    vpc_id: str = ""
    ip_permissions: list[Permission]
    ip_permissions_egress: list[Permission] = []

    def world_ranges(self, protocol: str) -> list[tuple[int, int]]:
        """Port ranges of ``tcp`` or ``udp`` that are open to every address, joined and in order."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(
            ports
            for entry in self.ip_permissions
            if (ports := entry.ports(protocol)) is not None and entry.world
        ):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        return merged

    def open_to_world(self, ports: Iterable[int], protocol: str = "tcp") -> list[int]:
        """Which of these ports are open to every address of IPv4 or IPv6."""
        ranges = self.world_ranges(protocol)
        return [port for port in ports if any(first <= port <= last for first, last in ranges)]

    def open_to_prefix_lists(self, ports: Iterable[int], protocol: str = "tcp") -> list[str]:
        """Ids of the prefix lists that reach any of these ports; their addresses are not known here."""
        wanted = tuple(ports)
        found = {
            source.prefix_list_id
            for entry in self.ip_permissions
            if (admitted := entry.ports(protocol)) is not None
            and any(admitted[0] <= port <= admitted[1] for port in wanted)
            for source in entry.prefix_list_ids
        }
        return sorted(found)

    @property
    def all_ports_open(self) -> bool:
        """Every protocol, or every port of TCP or of UDP, is open to every address."""
        return any(
            first <= 1 and last >= _LAST_PORT
            for protocol in _NUMBERS
            for first, last in self.world_ranges(protocol)
        )


# -- instances ----------------------------------------------------------------------------------------


class Tag(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A tag."""

    key: str = ""
    value: str = ""


class MetadataOptions(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How the instance metadata service answers. In templates and defaults each may be left out."""

    http_tokens: str | None = None
    http_endpoint: str | None = None


class State(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An instance's state."""

    name: str = ""


class GroupRef(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A security group, by id."""

    group_id: str


class Profile(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An instance profile."""

    arn: str = ""


class Monitoring(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``enabled`` for one-minute metrics."""

    state: str = ""


class EnclaveOptions(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Whether the instance may host a Nitro enclave."""

    enabled: bool = False


class UserData(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``UserData`` of ``DescribeInstanceAttribute``; the value is redacted before it is kept."""

    value: str | None = None


class AddressAssociation(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The public address of an interface."""

    public_ip: str | None = None


class Ipv6Address(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An IPv6 address; all that AWS hands out are public ones."""

    ipv6_address: str = msgspec.field(default="", name="Ipv6Address")


class Interface(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A network interface of an instance: its addresses, subnet and groups are its own."""

    association: AddressAssociation | None = None
    ipv6_addresses: list[Ipv6Address] = msgspec.field(default_factory=list, name="Ipv6Addresses")
    subnet_id: str | None = None
    vpc_id: str | None = None
    groups: list[GroupRef] = []

    @property
    def public_ipv4(self) -> str | None:
        """Its public IPv4 address."""
        return self.association.public_ip if self.association else None


class Instance(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An instance (``DescribeInstances``) with its user data, redacted."""

    kind = "aws.ec2.instance"
    secret = ("DescribeInstanceAttribute.Value",)
    volatile = ("UsageOperationUpdateTime",)
    instance_id: str
    state: State
    metadata_options: MetadataOptions | None = None
    public_ip_address: str | None = None
    subnet_id: str | None = None
    vpc_id: str | None = None
    security_groups: list[GroupRef] = []
    network_interfaces: list[Interface] = []
    iam_instance_profile: Profile | None = None
    monitoring: Monitoring | None = None
    ebs_optimized: bool | None = None
    enclave_options: EnclaveOptions | None = None
    """Only answers from before there were enclaves leave it out."""
    tags: list[Tag] = []
    user_data: UserData | None = fact("DescribeInstanceAttribute")

    @property
    def ended(self) -> bool:
        """It is terminated, or about to be: nothing can be changed any more."""
        return self.state.name in ("terminated", "shutting-down")

    @property
    def interfaces(self) -> list[Interface]:
        """Its interfaces; what stands beside the instance only is taken for one more."""
        listed = {interface.public_ipv4 for interface in self.network_interfaces}
        if self.network_interfaces and (
            self.public_ip_address is None or self.public_ip_address in listed
        ):
            return self.network_interfaces
        first = Interface(
            association=AddressAssociation(public_ip=self.public_ip_address),
            subnet_id=self.subnet_id,
            vpc_id=self.vpc_id,
            groups=self.security_groups,
        )
        return [first, *self.network_interfaces]

    @property
    def public_addresses(self) -> list[str]:
        """Every address of it that the internet could route to: public IPv4, and IPv6."""
        return [
            address
            for interface in self.interfaces
            for address in (
                interface.public_ipv4,
                *(a.ipv6_address for a in interface.ipv6_addresses),
            )
            if address
        ]


# -- launch templates, settings of a region ---------------------------------------------------------------


class TemplateInterface(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A network interface that a template asks for."""

    associate_public_ip_address: bool | None = None


class TemplateData(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``LaunchTemplateData``; the user data is redacted before it is kept."""

    user_data: str | None = None
    metadata_options: MetadataOptions | None = None
    network_interfaces: list[TemplateInterface] = []


class LaunchTemplateVersion(Resource, frozen=True, kw_only=True, rename="pascal"):
    """The default or latest version of a launch template: the ones that new instances are made of."""

    kind = "aws.ec2.launch_template_version"
    secret = ("LaunchTemplateData.UserData",)
    launch_template_id: str
    launch_template_name: str = ""
    version_number: int
    data: TemplateData = msgspec.field(name="LaunchTemplateData")


class EbsEncryption(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetEbsEncryptionByDefault``."""

    ebs_encryption_by_default: bool


class SnapshotSharing(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetSnapshotBlockPublicAccessState``."""

    state: str


class ImageSharing(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetImageBlockPublicAccessState``."""

    state: str = msgspec.field(name="ImageBlockPublicAccessState")


class RegionSettings(Resource, frozen=True, kw_only=True, rename="pascal"):
    """What a region does with everything new. Each setting is a call of its own."""

    kind = "aws.ec2.region_settings"
    ebs_encryption: EbsEncryption = fact("GetEbsEncryptionByDefault")
    metadata_defaults: MetadataOptions | None = fact("GetInstanceMetadataDefaults")
    """``None`` where nobody has set any."""
    snapshot_sharing: SnapshotSharing = fact("GetSnapshotBlockPublicAccessState")
    image_sharing: ImageSharing = fact("GetImageBlockPublicAccessState")


# -- addresses and interfaces -------------------------------------------------------------------------


class Address(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An Elastic IP address (``DescribeAddresses``)."""

    kind = "aws.ec2.address"
    public_ip: str
    association_id: str | None = None
    instance_id: str | None = None
    network_interface_id: str | None = None


class NetworkInterface(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A network interface, of an instance or of a managed service (``DescribeNetworkInterfaces``)."""

    kind = "aws.ec2.network_interface"
    network_interface_id: str
    groups: list[GroupRef] = []
