"""Views of EC2: security groups, instances, launch templates, and how a region is set."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.aws.models.network import Resolve, unresolved
from soc2_collectors.reach import (
    ALL_PORTS,
    LAST_PORT,
    NO_SOURCE,
    PROTOCOLS,
    Entry,
    Opened,
    Sources,
    Span,
    Spans,
    Unreadable,
    admitted,
    common,
    networks,
    protocol_number,
    single_ports,
    span,
    unread,
)
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable

_UNKNOWN = -1
"""Stands for a protocol that is not known."""

_FOUR_LISTS: Mapping[str, str] = {
    "IpRanges": "an entry names its sources in one or more of four lists; EC2 API, IpPermission",
    "Ipv6Ranges": "an entry names its sources in one or more of four lists; EC2 API, IpPermission",
    "PrefixListIds": "an entry names its sources in one or more of four lists; EC2 API, IpPermission",
    "UserIdGroupPairs": "an entry names its sources in one or more of four lists; EC2 API, IpPermission",
    "FromPort": "left out it counts as every port; EC2 API, IpPermission",
    "ToPort": "left out it counts as every port from the first on; EC2 API, IpPermission",
}

# -- security groups ----------------------------------------------------------------------------------


class IpRange(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An IPv4 range."""

    cidr_ip: str


class Ipv6Range(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An IPv6 range."""

    cidr_ipv6: str = msgspec.field(name="CidrIpv6")


class PrefixList(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A prefix list, by id: which addresses it holds is not part of the entry."""

    prefix_list_id: str


class GroupPair(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A security group whose members are let in."""

    group_id: str | None = None
    """Left out for the groups of EC2-Classic load balancers."""


class Permission(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One entry of a security group. Ports are absent for every port, and for protocols without ports."""

    may_lack: ClassVar[Mapping[str, str]] = _FOUR_LISTS

    ip_protocol: str
    from_port: int | None = None
    to_port: int | None = None
    ip_ranges: list[IpRange] = []
    ipv6_ranges: list[Ipv6Range] = msgspec.field(default_factory=list, name="Ipv6Ranges")
    prefix_list_ids: list[PrefixList] = []
    user_id_group_pairs: list[GroupPair] = []

    def sources(self, resolve: Resolve) -> Sources:
        """Whom it lets in by address: its ranges and its prefix lists, all together."""
        if not (self.ranges or self.lists or self.user_id_group_pairs):
            return unread("an entry that names no source")
        found = networks(self.ranges)
        for number in self.lists:
            found |= resolve(number)
        return found

    @property
    def ranges(self) -> list[str]:
        """Its ranges, IPv4 and IPv6."""
        return [
            *(one.cidr_ip for one in self.ip_ranges),
            *(one.cidr_ipv6 for one in self.ipv6_ranges),
        ]

    @property
    def lists(self) -> list[str]:
        """Its prefix lists, by id."""
        return [one.prefix_list_id for one in self.prefix_list_ids]

    @property
    def world(self) -> bool:
        """Open to the internet by its ranges; prefix lists are not looked into."""
        return bool(self.sources(lambda _: NO_SOURCE).is_open())

    def ports(self, protocol: str) -> Span | None:
        """The first and last port of ``tcp`` or ``udp`` that it admits; ``None`` for no port of it.

        Of a protocol that is not known, every port.
        """
        number = self._number
        if number is None or number == _UNKNOWN:
            return 0, LAST_PORT
        if number != PROTOCOLS[protocol]:
            return None
        if self.from_port is None or self.from_port < 0:
            return 0, LAST_PORT
        last = LAST_PORT if self.to_port is None or self.to_port < 0 else self.to_port
        return self.from_port, last

    @property
    def _number(self) -> int | None:
        try:
            return protocol_number(self.ip_protocol)
        except Unreadable:
            return _UNKNOWN

    def entry(self, protocol: str, wanted: Spans, resolve: Resolve) -> Entry | None:
        """What it says of some ports of ``tcp`` or ``udp``; ``None`` for nothing."""
        ports = self.ports(protocol)
        if ports is None or not common((ports,), wanted):
            return None
        known = self._number != _UNKNOWN
        sources = self.sources(resolve) if known else unread(f"the protocol {self.ip_protocol!r}")
        return Entry(allow=True, sources=sources, ports=single_ports(ports))


class SecurityGroup(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A security group (``DescribeSecurityGroups``)."""

    kind = "aws.ec2.security_group"
    may_lack: ClassVar[Mapping[str, str]] = {
        "IpPermissions": "a group without inbound entries lets nobody in; left out it is unreadable",
    }

    group_id: str
    group_name: str
    vpc_id: str = ""
    ip_permissions: list[Permission]
    ip_permissions_egress: list[Permission] | None = None

    def entries(self, protocol: str, wanted: Spans, resolve: Resolve) -> list[Entry]:
        """Its inbound entries about some ports of ``tcp`` or ``udp``."""
        found = (one.entry(protocol, wanted, resolve) for one in self.ip_permissions)
        return [entry for entry in found if entry is not None]

    def prefix_lists(self, protocol: str, wanted: Spans) -> set[str]:
        """Ids of the prefix lists that its entries about these ports name."""
        return {
            number
            for entry in self.ip_permissions
            if (ports := entry.ports(protocol)) is not None and common((ports,), wanted)
            for number in entry.lists
        }

    @property
    def referred(self) -> set[str]:
        """Ids of the groups that its entries name, itself left out."""
        pairs = (
            pair
            for entry in (*self.ip_permissions, *(self.ip_permissions_egress or ()))
            for pair in entry.user_id_group_pairs
        )
        return {pair.group_id for pair in pairs if pair.group_id} - {self.group_id}


def reached(
    groups: Iterable[SecurityGroup],
    protocol: str,
    wanted: Spans = ALL_PORTS,
    resolve: Resolve = unresolved,
) -> list[Opened]:
    """Who reaches which ports through any of the groups: all their entries together."""
    return admitted([e for group in groups for e in group.entries(protocol, wanted, resolve)])


# -- instances ----------------------------------------------------------------------------------------


class Tag(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A tag."""

    key: str = ""
    value: str = ""


class MetadataOptions(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How the instance metadata service answers. In templates and defaults each may be left out."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "State": "only running instances have it; EC2 API, InstanceMetadataOptionsResponse",
    }

    http_tokens: str | None = None
    http_endpoint: str | None = None
    state: str | None = None
    """``pending`` until the instance answers so, then ``applied``."""

    @property
    def changing(self) -> str | None:
        """What its state is, where that is no state in which the options are in force."""
        return None if self.state in (None, "applied") else self.state


class State(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An instance's state."""

    name: str


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

    enabled: bool


class UserData(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``UserData`` of ``DescribeInstanceAttribute``; the value is redacted before it is kept."""

    value: str | None = None


class AddressAssociation(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The public address of an interface. A carrier's and a customer's own are none of the internet."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "PublicIp": "left out for a carrier's address; EC2 API, InstanceNetworkInterfaceAssociation",
        "CarrierIp": "only Wavelength Zones have it; EC2 API, InstanceNetworkInterfaceAssociation",
    }

    public_ip: str | None = None
    carrier_ip: str | None = None
    """Of a carrier's network. An instance names it as its public address, too."""


class Ipv6Address(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An IPv6 address: a public one, or a unique local one of a private range."""

    ipv6_address: str = msgspec.field(default="", name="Ipv6Address")


class PrivateAddress(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A private address of an interface; each may have a public one."""

    association: AddressAssociation | None = None


class Ipv6Prefix(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A range of IPv6 addresses that an interface has."""

    ipv6_prefix: str = msgspec.field(default="", name="Ipv6Prefix")


class InterfaceAttachment(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Since when an interface is with its instance."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "AttachTime": "without it an instance does not count as new, which is stricter"
    }
    attach_time: datetime | None = None


class Interface(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A network interface of an instance: its addresses, subnet and groups are its own."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "Association",
            "PrivateIpAddresses",
            "Ipv6Addresses",
            "Ipv6Prefixes",
            "SubnetId",
            "VpcId",
            "Attachment",
        ),
        "an interface has what it was given; EC2 API, InstanceNetworkInterface",
    )

    association: AddressAssociation | None = None
    private_ip_addresses: list[PrivateAddress] = []
    ipv6_addresses: list[Ipv6Address] = msgspec.field(default_factory=list, name="Ipv6Addresses")
    ipv6_prefixes: list[Ipv6Prefix] = msgspec.field(default_factory=list, name="Ipv6Prefixes")
    subnet_id: str | None = None
    vpc_id: str | None = None
    groups: list[GroupRef] = []
    attachment: InterfaceAttachment | None = None

    @property
    def public_ipv4(self) -> list[str]:
        """Its public IPv4 addresses: of the first private one, and of the others."""
        given = (self.association, *(one.association for one in self.private_ip_addresses))
        return list(dict.fromkeys(one.public_ip for one in given if one and one.public_ip))

    @property
    def ipv6(self) -> list[str]:
        """Its IPv6 addresses and ranges that the internet could route to: all but unique local ones."""
        given = [
            *(one.ipv6_address for one in self.ipv6_addresses if one.ipv6_address),
            *(one.ipv6_prefix for one in self.ipv6_prefixes if one.ipv6_prefix),
        ]
        return [text for text in given if not _unique_local(text)]

    @property
    def carrier(self) -> list[str]:
        """Its addresses in a carrier's network, which are none of the internet."""
        given = (self.association, *(one.association for one in self.private_ip_addresses))
        return [one.carrier_ip for one in given if one and one.carrier_ip]


_UNIQUE_LOCAL = 0xFC >> 1
"""The first seven bits of fc00::/7, which nobody routes on the internet (RFC 4193)."""


def _unique_local(text: str) -> bool:
    found = span(text)
    return (
        found is not None
        and all(last >> 121 == _UNIQUE_LOCAL for _, last in found.v6)
        and bool(found.v6)
    )


class Operator(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Who runs an instance: a service of AWS, which nobody else may change it beside."""

    managed: bool = False
    principal: str = ""
    """``eks.amazonaws.com``, say."""


class Instance(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An instance (``DescribeInstances``) with its user data, redacted."""

    kind = "aws.ec2.instance"
    secret = ("DescribeInstanceAttribute.Value",)
    volatile = ("UsageOperationUpdateTime",)
    may_lack: ClassVar[Mapping[str, str]] = {
        "PublicIpAddress": "stands with the interfaces, too; EC2 API, Instance",
        "Ipv6Address": "stands with the interfaces, too; EC2 API, Instance",
        "NetworkInterfaces": "an instance outside of a VPC has none; left out, a pass is not given",
        "SecurityGroups": "stand with the interfaces, too; EC2 API, Instance",
        "Tags": "left out where there are none; EC2 API, Instance",
        "Operator": "left out by answers from before services ran instances; it says that nobody else can change one",
    }

    instance_id: str
    state: State
    operator: Operator = Operator()
    instance_type: str | None = None
    metadata_options: MetadataOptions | None = None
    public_ip_address: str | None = None
    ipv6_address: str | None = msgspec.field(default=None, name="Ipv6Address")
    subnet_id: str | None = None
    vpc_id: str | None = None
    security_groups: list[GroupRef] = []
    network_interfaces: list[Interface] | None = None
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
    def made(self) -> datetime | None:
        """When it was made; ``None`` where AWS does not say.

        Its launch time is that of the last start. Its first interface is there from the beginning, and cannot be
        detached (EC2 User Guide, "Elastic network interfaces").
        """
        told = (
            one.attachment.attach_time for one in self.network_interfaces or () if one.attachment
        )
        return min((moment for moment in told if moment is not None), default=None)

    @property
    def emr_master_of(self) -> str | None:
        """The EMR cluster whose master node it is; EMR's own tags say so, and nobody can change them."""
        tags = {tag.key: tag.value for tag in self.tags}
        if tags.get("aws:elasticmapreduce:instance-group-role", "").upper() != "MASTER":
            return None
        return tags.get("aws:elasticmapreduce:job-flow-id")

    @property
    def interfaces(self) -> list[Interface]:
        """Its interfaces; what stands beside the instance only is taken for one more."""
        known = self.network_interfaces or []
        listed = {a for one in known for a in (*one.public_ipv4, *one.carrier, *one.ipv6)}
        beside = [a for a in (self.public_ip_address, self.ipv6_address) if a and a not in listed]
        if known and not beside:
            return known
        first = Interface(
            association=AddressAssociation(public_ip=self.public_ip_address),
            ipv6_addresses=[Ipv6Address(ipv6_address=self.ipv6_address)]
            if self.ipv6_address
            else [],
            subnet_id=self.subnet_id,
            vpc_id=self.vpc_id,
            groups=self.security_groups,
        )
        return [first, *known]

    @property
    def public_addresses(self) -> list[str]:
        """Every address of it that the internet could route to: public IPv4, and IPv6."""
        return [a for one in self.interfaces for a in (*one.public_ipv4, *one.ipv6)]

    @property
    def lists_interfaces(self) -> bool:
        """Whether AWS names its interfaces: without them nobody can say that it has no public address."""
        return self.network_interfaces is not None


# -- launch templates, settings of a region ---------------------------------------------------------------


class TemplateInterface(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A network interface that a template asks for."""

    associate_public_ip_address: bool | None = None
    groups: list[str] = []


class TemplateData(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``LaunchTemplateData``; the user data is redacted before it is kept."""

    user_data: str | None = None
    metadata_options: MetadataOptions | None = None
    network_interfaces: list[TemplateInterface] = []
    security_group_ids: list[str] = []
    security_groups: list[str] = []
    """By name, where they are not given by id."""

    @property
    def groups(self) -> set[str]:
        """Ids and names of the security groups that it gives."""
        own = (*self.security_group_ids, *self.security_groups)
        return {*own, *(group for one in self.network_interfaces for group in one.groups)}


class LaunchImage(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What an image asks of the instances that are started from it."""

    imds_support: str | None = None
    """``v2.0``: a metadata session token, where neither the launch nor the account says otherwise."""


class LaunchTemplateVersion(Resource, frozen=True, kw_only=True, rename="pascal"):
    """The default or latest version of a launch template: the ones that new instances are made of."""

    kind = "aws.ec2.launch_template_version"
    secret = ("LaunchTemplateData.UserData",)
    launch_template_id: str
    launch_template_name: str = ""
    version_number: int
    data: TemplateData = msgspec.field(name="LaunchTemplateData")
    images: list[LaunchImage] | None = fact("DescribeImages")
    """The image that it names; ``None`` where it names none by number, or AWS does not show it."""


class EbsEncryption(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetEbsEncryptionByDefault``."""

    ebs_encryption_by_default: bool


class SnapshotSharing(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetSnapshotBlockPublicAccessState``."""

    state: str


class ImageSharing(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetImageBlockPublicAccessState``."""

    state: str = msgspec.field(name="ImageBlockPublicAccessState")


class MetadataDefaults(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``AccountLevel`` of ``GetInstanceMetadataDefaults``; each default may be left out."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "HttpEndpoint": "no default where it is left out; EC2 API, InstanceMetadataDefaultsResponse",
        "HttpTokensEnforced": "not enforced where it is left out; EC2 API, InstanceMetadataDefaultsResponse",
    }

    http_tokens: str | None = None
    http_endpoint: str | None = None
    http_tokens_enforced: str | None = None
    """``enabled``: no instance starts whose tokens are not required."""


class RegionSettings(Resource, frozen=True, kw_only=True, rename="pascal"):
    """What a region does with everything new. Each setting is a call of its own."""

    kind = "aws.ec2.region_settings"
    ebs_encryption: EbsEncryption = fact("GetEbsEncryptionByDefault")
    metadata_defaults: MetadataDefaults | None = fact("GetInstanceMetadataDefaults")
    """``None`` where nobody has set any."""
    snapshot_sharing: SnapshotSharing = fact("GetSnapshotBlockPublicAccessState")
    image_sharing: ImageSharing = fact("GetImageBlockPublicAccessState")


# -- addresses and interfaces -------------------------------------------------------------------------


class Address(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An Elastic IP address (``DescribeAddresses``)."""

    kind = "aws.ec2.address"
    association_id: str | None = None
    instance_id: str | None = None
    network_interface_id: str | None = None


class NetworkInterface(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A network interface, of an instance or of a managed service (``DescribeNetworkInterfaces``)."""

    kind = "aws.ec2.network_interface"
    may_lack: ClassVar[Mapping[str, str]] = {
        "Groups": "interfaces of some services have none; without it a group counts as unused",
    }

    network_interface_id: str
    groups: list[GroupRef] = []
