"""Views of EKS: clusters, and until when AWS supports each version of Kubernetes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class Network(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who reaches the API endpoint."""

    endpoint_public_access: bool
    endpoint_private_access: bool = False
    public_access_cidrs: list[str] = []


class LogSetup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Log types that are on, or off."""

    types: list[str] = []
    enabled: bool = False


class Logging(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Control-plane logs."""

    cluster_logging: list[LogSetup] = []


class Provider(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whose key encrypts."""

    key_arn: str | None = None


class Encryption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a key encrypts."""

    resources: list[str] = []
    provider: Provider = Provider()


class Details(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``DescribeCluster``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "outpostConfig": "left out for clusters in the cloud; EKS API, Cluster",
    }

    version: str
    network: Network = msgspec.field(name="resourcesVpcConfig")
    logging: Logging | None = None
    encryption_config: list[Encryption] = []
    outpost_config: dict[str, Any] | None = None
    """Only local clusters on Outposts have it."""

    @property
    def sort(self) -> str:
        """The ``clusterType`` under which AWS lists its versions."""
        return "eks" if self.outpost_config is None else "eks-local-outposts"


class Cluster(Resource, frozen=True, kw_only=True, rename="camel"):
    """A cluster."""

    kind = "aws.eks.cluster"
    name: str
    details: Details = fact("DescribeCluster")


class Version(Resource, frozen=True, kw_only=True, rename="camel"):
    """A version of Kubernetes (``DescribeClusterVersions``)."""

    kind = "aws.eks.version"
    volatile = ("defaultPlatformVersion", "kubernetesPatchVersion")
    cluster_version: str
    cluster_type: str
    """``eks``, ``eks-local-outposts``: each is supported for a time of its own."""
    end_of_standard_support: datetime | None = msgspec.field(
        default=None, name="endOfStandardSupportDate"
    )
