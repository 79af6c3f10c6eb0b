"""Views of Kubernetes clusters and container registries.

Source: Azure REST API, "Managed Clusters", "Registries".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors import reach
from soc2_collectors.azure.models.arm import (
    PUBLIC_ACCESS,
    Arm,
    NetworkAcls,
    PrivateEndpoint,
    public,
)


class ApiServer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who reaches the API server; what is left out is off."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enablePrivateCluster": "without it the API server is public, and ranges must be named",
        "authorizedIPRanges": "without them a public API server is open",
    }

    enable_private_cluster: bool | None = None
    authorized_ip_ranges: list[str] | None = msgspec.field(default=None, name="authorizedIPRanges")


class ClusterNetwork(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The network of a cluster."""

    network_policy: str | None = None
    """``azure``, ``calico``, ``cilium``, ``none``; left out: none."""


class Monitoring(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether Defender watches."""

    enabled: bool | None = None


class ClusterDefender(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Defender for Containers in a cluster."""

    security_monitoring: Monitoring | None = None


class ClusterSecurity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Security profile of a cluster."""

    defender: ClusterDefender | None = None


class AutoUpgrade(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How a cluster is upgraded by itself."""

    upgrade_channel: str | None = None
    """``none``, ``patch``, ``stable``, ``rapid``, ``node-image``; left out: none."""


class AgentPool(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pool of nodes."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enableNodePublicIP": "off by default; Azure REST API, Managed Clusters",
    }

    name: str = ""
    enable_node_public_ip: bool | None = msgspec.field(default=None, name="enableNodePublicIP")


class ClusterProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a cluster."""

    may_lack: ClassVar[Mapping[str, str]] = {"publicNetworkAccess": PUBLIC_ACCESS}

    enable_rbac: bool = msgspec.field(name="enableRBAC")
    disable_local_accounts: bool | None = None
    """Left out: local accounts are on."""
    public_network_access: str | None = None
    api_server_access_profile: ApiServer | None = None
    network_profile: ClusterNetwork | None = None
    security_profile: ClusterSecurity | None = None
    auto_upgrade_profile: AutoUpgrade | None = None
    agent_pool_profiles: list[AgentPool] | None = None
    """Every cluster has one at least."""

    @property
    def private(self) -> bool:
        """Whether the API server has no public address."""
        api = self.api_server_access_profile
        return bool(api and api.enable_private_cluster) or not public(self.public_network_access)

    @property
    def open(self) -> bool:
        """Whether the internet reaches the API server."""
        if self.private:
            return False
        api = self.api_server_access_profile
        ranges = (api.authorized_ip_ranges if api else None) or []
        return not ranges or reach.open_to_internet(ranges)


class Cluster(Arm, frozen=True, kw_only=True, rename="camel"):
    """A cluster of Azure Kubernetes Service."""

    kind = "azure.aks.cluster"
    secret = (
        "properties.windowsProfile.adminPassword",
        "properties.servicePrincipalProfile.secret",
    )
    volatile = ("properties.powerState",)

    properties: ClusterProperties


class RegistryProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a registry."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "publicNetworkAccess": PUBLIC_ACCESS,
        "anonymousPullEnabled": "off by default; Azure REST API, Registries",
        "networkRuleSet": "read where public network access is on: without one a registry is open",
        "privateEndpointConnections": "a list that may be empty; asked for where private endpoints are",
    }

    admin_user_enabled: bool
    anonymous_pull_enabled: bool | None = None
    public_network_access: str | None = None
    """Left out: enabled."""
    network_rule_set: NetworkAcls | None = None
    """Left out: no firewall; only Premium has one."""
    private_endpoint_connections: list[PrivateEndpoint] | None = None

    @property
    def public(self) -> bool:
        """Whether it answers on its public endpoint."""
        return public(self.public_network_access)


class Registry(Arm, frozen=True, kw_only=True, rename="camel"):
    """A container registry."""

    kind = "azure.container_registry.registry"

    properties: RegistryProperties
