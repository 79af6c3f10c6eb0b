"""Views of Google Kubernetes Engine.

Source: Kubernetes Engine API v1, ``projects.locations.clusters``. What is false or empty is left out there.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.gcp.models.located import Held, Located


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is on or off."""

    enabled: bool = False


class Cidr(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A range that may reach the control plane."""

    cidr_block: str


class AuthorizedNetworks(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who may reach the public endpoint, where it is limited."""

    enabled: bool = False
    cidr_blocks: list[Cidr] = []


class PrivateCluster(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is private of a cluster."""

    enable_private_nodes: bool = False
    enable_private_endpoint: bool = False


class IpEndpoints(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Endpoints of the control plane that have an address."""

    enabled: bool = False
    enable_public_endpoint: bool = False
    authorized_networks_config: AuthorizedNetworks | None = None


class Endpoints(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the control plane is reached; newer than ``privateClusterConfig``."""

    ip_endpoints_config: IpEndpoints | None = None


class ClientCertificate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a client certificate is issued."""

    issue_client_certificate: bool = False


class MasterAuth(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Ways to sign in that are older than IAM."""

    username: str = ""
    client_certificate: str = ""
    client_certificate_config: ClientCertificate | None = None


class Addon(msgspec.Struct, frozen=True, kw_only=True):
    """An addon that is there unless it is disabled."""

    disabled: bool = False


class Addons(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Addons; new clusters do not have the dashboard, and leave it out."""

    kubernetes_dashboard: Addon | None = None


class ClusterNetwork(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A cluster's network."""

    datapath_provider: str = ""
    default_enable_private_nodes: bool = False


class Binauthz(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Binary Authorization, by the older switch or by the newer mode."""

    enabled: bool = False
    evaluation_mode: str = ""

    @property
    def on(self) -> bool:
        """Whether images are judged before they run."""
        modes = ("", "DISABLED", "EVALUATION_MODE_UNSPECIFIED")
        return self.enabled or self.evaluation_mode not in modes


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A release channel."""

    channel: str = "UNSPECIFIED"


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """How the secrets of the cluster are kept."""

    state: str = "UNKNOWN"


class LogComponents(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is logged."""

    enable_components: list[str] = []


class LoggingConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is logged."""

    component_config: LogComponents | None = None


class NodeConfig(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How nodes are made."""

    service_account: str = ""
    """``default``: that of Compute Engine; Google takes it where nothing is said."""

    @property
    def default_account(self) -> bool:
        """Whether nodes run as the account that Google makes for the project."""
        account = self.service_account
        return account in ("", "default") or account.endswith(
            "-compute@developer.gserviceaccount.com"
        )


class Management(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What Google does to nodes by itself."""

    auto_upgrade: bool = False


class PoolNetwork(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pool's network."""

    enable_private_nodes: bool | None = None


class NodePool(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Nodes that are alike."""

    name: str
    config: NodeConfig = NodeConfig()
    management: Management = Management()
    network_config: PoolNetwork = PoolNetwork()


class ClusterData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A cluster as Kubernetes Engine shows it."""

    name: str
    status: str
    node_pools: list[NodePool] = []
    private_cluster_config: PrivateCluster | None = None
    master_authorized_networks_config: AuthorizedNetworks | None = None
    control_plane_endpoints_config: Endpoints | None = None
    legacy_abac: Switch | None = None
    master_auth: MasterAuth | None = None
    addons_config: Addons | None = None
    network_policy: Switch | None = None
    network_config: ClusterNetwork | None = None
    shielded_nodes: Switch | None = None
    binary_authorization: Binauthz | None = None
    release_channel: Channel | None = None
    database_encryption: Encryption | None = None
    logging_config: LoggingConfig | None = None


class Cluster(Located, frozen=True, kw_only=True, rename="camel"):
    """A GKE cluster with its node pools (``clusters.list``)."""

    kind = "gcp.container.cluster"
    volatile = ("updateTime", "resource.data.etag", "resource.data.currentNodeCount")
    secret = ("resource.data.masterAuth.clientKey", "resource.data.masterAuth.password")

    resource: Held[ClusterData]

    @property
    def data(self) -> ClusterData:
        """What Kubernetes Engine says of it."""
        return self.resource.data

    @property
    def public_endpoint(self) -> AuthorizedNetworks | None:
        """The limits of the public endpoint; ``None`` where there is no public endpoint."""
        data = self.data
        newer = data.control_plane_endpoints_config
        if newer is not None and newer.ip_endpoints_config is not None:
            endpoints = newer.ip_endpoints_config
            if not endpoints.enabled or not endpoints.enable_public_endpoint:
                return None
            return endpoints.authorized_networks_config or AuthorizedNetworks()
        private = data.private_cluster_config
        if private is not None and private.enable_private_endpoint:
            return None
        return data.master_authorized_networks_config or AuthorizedNetworks()

    @property
    def public_pools(self) -> list[str]:
        """Pools whose nodes have external addresses, by name."""
        data = self.data
        private = data.private_cluster_config
        network = data.network_config
        default = bool(private and private.enable_private_nodes) or bool(
            network and network.default_enable_private_nodes
        )
        return sorted(
            pool.name
            for pool in data.node_pools
            if not (
                default
                if pool.network_config.enable_private_nodes is None
                else pool.network_config.enable_private_nodes
            )
        )
