"""Views of Kubernetes clusters and container registries.

Source: Azure REST API, "Managed Clusters", "Registries".
"""

from __future__ import annotations

import msgspec

from soc2_collectors.azure.models.arm import (
    Arm,
    NetworkAcls,
    PrivateEndpoint,
    covers_internet,
    same,
)


class ApiServer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who reaches the API server; what is left out is off."""

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

    name: str = ""
    enable_node_public_ip: bool | None = msgspec.field(default=None, name="enableNodePublicIP")


class ClusterProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a cluster."""

    enable_rbac: bool = msgspec.field(name="enableRBAC")
    disable_local_accounts: bool | None = None
    """Left out: local accounts are on."""
    public_network_access: str | None = None
    api_server_access_profile: ApiServer | None = None
    network_profile: ClusterNetwork | None = None
    security_profile: ClusterSecurity | None = None
    auto_upgrade_profile: AutoUpgrade | None = None
    agent_pool_profiles: list[AgentPool] = []

    @property
    def open(self) -> bool:
        """Whether every address reaches the API server."""
        api = self.api_server_access_profile
        if same(self.public_network_access, "Disabled") or (api and api.enable_private_cluster):
            return False
        ranges = (api.authorized_ip_ranges if api else None) or []
        return not ranges or covers_internet(ranges)


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

    admin_user_enabled: bool
    anonymous_pull_enabled: bool | None = None
    public_network_access: str | None = None
    """Left out: enabled."""
    network_rule_set: NetworkAcls | None = None
    """Left out: no firewall; only Premium has one."""
    private_endpoint_connections: list[PrivateEndpoint] | None = None


class Registry(Arm, frozen=True, kw_only=True, rename="camel"):
    """A container registry."""

    kind = "azure.container_registry.registry"

    properties: RegistryProperties
