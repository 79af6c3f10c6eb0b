"""Views of EKS: clusters, and until when AWS supports each version of Kubernetes."""

from __future__ import annotations

from datetime import datetime

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

    version: str
    network: Network = msgspec.field(name="resourcesVpcConfig")
    logging: Logging | None = None
    encryption_config: list[Encryption] = []


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
    end_of_standard_support: datetime | None = msgspec.field(
        default=None, name="endOfStandardSupportDate"
    )
