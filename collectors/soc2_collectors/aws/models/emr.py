"""Views of EMR: clusters, and whether a region lets them be public."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DescribeCluster``."""

    master_public_dns_name: str | None = None
    """AWS: the public name where the cluster is on a public subnet, the private one otherwise. Left out until
    the cluster has a master node."""
    security_configuration: str | None = None
    kerberos_attributes: dict[str, object] | None = None


class Cluster(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A cluster that has not ended."""

    kind = "aws.emr.cluster"
    secret = (
        "DescribeCluster.KerberosAttributes.KdcAdminPassword",
        "DescribeCluster.KerberosAttributes.CrossRealmTrustPrincipalPassword",
        "DescribeCluster.KerberosAttributes.ADDomainJoinPassword",
        "DescribeCluster.Configurations.*.Properties",
        "**.Args.*",
    )
    volatile = (
        "NormalizedInstanceHours",
        "DescribeCluster.NormalizedInstanceHours",
        "Status.StateChangeReason",
        "DescribeCluster.Status.StateChangeReason",
    )
    id: str
    name: str = ""
    details: Details = fact("DescribeCluster")


class PortRange(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Ports that may be open to everyone all the same."""

    may_lack: ClassVar[dict[str, str]] = {
        "MaxRange": "one port where it is left out (API reference, PortRange)"
    }
    min_range: int
    max_range: int | None = None


class Block(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetBlockPublicAccessConfiguration``."""

    may_lack: ClassVar[dict[str, str]] = {
        "PermittedPublicSecurityGroupRuleRanges": "no port is left open without it, which is stricter"
    }
    block_public_security_group_rules: bool
    permitted: list[PortRange] = msgspec.field(
        default_factory=list, name="PermittedPublicSecurityGroupRuleRanges"
    )


class PublicAccess(Resource, frozen=True, kw_only=True):
    """Whether a region refuses clusters that everyone reaches."""

    kind = "aws.emr.public_access"
    block: Block = fact("GetBlockPublicAccessConfiguration")
