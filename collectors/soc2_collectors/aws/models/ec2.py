"""Views of EC2 and EBS: security groups, instances, volumes, snapshots, images, account defaults."""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_pac.resources import Resource, fact

_ANYWHERE = ("0.0.0.0/0", "::/0")


class Tag(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A tag."""

    key: str = ""
    value: str = ""


class IpRange(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An IPv4 range."""

    cidr_ip: str = ""


class Ipv6Range(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An IPv6 range."""

    cidr_ipv6: str = msgspec.field(default="", name="CidrIpv6")


class Permission(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One entry of a security group. Ports are absent for every port, and for protocols without ports."""

    ip_protocol: str
    from_port: int | None = None
    to_port: int | None = None
    ip_ranges: list[IpRange] = []
    ipv6_ranges: list[Ipv6Range] = msgspec.field(default_factory=list, name="Ipv6Ranges")

    @property
    def world(self) -> bool:
        """Open to every address of IPv4 or IPv6."""
        return any(r.cidr_ip in _ANYWHERE for r in self.ip_ranges) or any(
            r.cidr_ipv6 in _ANYWHERE for r in self.ipv6_ranges
        )

    @property
    def every_port(self) -> bool:
        """Every protocol, or every port of TCP or UDP."""
        if self.ip_protocol == "-1":
            return True
        return self.ip_protocol in ("tcp", "udp", "6", "17") and (
            self.from_port is None or (self.from_port <= 1 and (self.to_port or 0) >= 65535)  # noqa: PLR2004 - the last port
        )

    def admits(self, port: int, protocol: str = "tcp") -> bool:
        """Whether a port is within this entry."""
        number = {"tcp": "6", "udp": "17"}[protocol]
        if self.ip_protocol == "-1":
            return True
        if self.ip_protocol not in (protocol, number):
            return False
        if self.from_port is None or self.from_port == -1:
            return True
        return (
            self.from_port <= port <= (self.to_port if self.to_port is not None else self.from_port)
        )


class SecurityGroup(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A security group (``DescribeSecurityGroups``)."""

    kind = "aws.ec2.security_group"
    group_id: str
    group_name: str
    vpc_id: str = ""
    ip_permissions: list[Permission]
    ip_permissions_egress: list[Permission] = []

    def world_ports(self, ports: tuple[int, ...]) -> list[int]:
        """Which of these TCP or UDP ports are open to every address."""
        world = [entry for entry in self.ip_permissions if entry.world]
        return [p for p in ports if any(e.admits(p) or e.admits(p, "udp") for e in world)]

    @property
    def all_ports_open(self) -> bool:
        """Some entry opens every port to every address."""
        return any(entry.world and entry.every_port for entry in self.ip_permissions)


class MetadataOptions(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How the instance metadata service answers."""

    http_tokens: str = "optional"
    http_endpoint: str = "enabled"


class State(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An instance's state."""

    name: str = ""


class GroupRef(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A security group, by id."""

    group_id: str


class Profile(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """An instance profile."""

    arn: str = ""


class UserData(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``UserData`` of ``DescribeInstanceAttribute``; the value is redacted before it is kept."""

    value: str | None = None


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
    iam_instance_profile: Profile | None = None
    user_data: UserData = fact("DescribeInstanceAttribute")

    @property
    def ended(self) -> bool:
        """It is terminated, or about to be: nothing can be changed any more."""
        return self.state.name in ("terminated", "shutting-down")


class Volume(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An EBS volume."""

    kind = "aws.ec2.volume"
    volume_id: str
    encrypted: bool
    state: str = ""


class Snapshot(Resource, frozen=True, kw_only=True, rename="pascal"):
    """An EBS snapshot of this account."""

    kind = "aws.ec2.snapshot"
    volatile = ("Progress",)
    snapshot_id: str
    encrypted: bool
    permissions: list[dict[str, Any]] = fact("DescribeSnapshotAttribute")

    @property
    def public(self) -> bool:
        """Everyone may restore it."""
        return any(p.get("Group") == "all" for p in self.permissions)


class Image(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A machine image that this account owns."""

    kind = "aws.ec2.image"
    image_id: str
    name: str = ""
    public: bool


class EbsDefaults(Resource, frozen=True, kw_only=True, rename="pascal"):
    """What a region does with new volumes (``GetEbsEncryptionByDefault``)."""

    kind = "aws.ec2.ebs_defaults"
    ebs_encryption_by_default: bool
