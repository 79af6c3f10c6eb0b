"""Views of Google Kubernetes Engine.

Source: Kubernetes Engine API v1, ``projects.locations.clusters``; Binary Authorization API v1,
``projects.getPolicy``. What is false or empty is left out there, unless it says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.located import Held, Located
from soc2_collectors.gcp.models.members import default_account
from soc2_collectors.gcp.models.values import Moment
from soc2_collectors.reach import public_share

_JUDGING = frozenset(
    {
        "POLICY_BINDINGS_AND_PROJECT_SINGLETON_POLICY_ENFORCE",
        "PROJECT_SINGLETON_POLICY_ENFORCE",
    }
)
"""Modes of Binary Authorization in which the project's policy keeps images from running."""
_IDLE = frozenset({"DISABLED", "POLICY_BINDINGS"})
"""Modes in which no image is kept from running: continuous validation looks at what runs, and logs it."""
_REGISTRIES_OF_MANY = re.compile(
    r"((index|registry-1)\.)?docker\.io|((us|eu|asia)\.)?gcr\.io|[a-z0-9-]+\.pkg\.dev|quay\.io|ghcr\.io"
    r"|public\.ecr\.aws|registry\.gitlab\.com"
)
"""Registries in which anybody can have images."""
_REGISTRIES_OF_GOOGLE = frozenset({"gke.gcr.io", "k8s.gcr.io", "registry.k8s.io"})


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is on or off."""

    enabled: bool = False


class Cidr(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A range that may reach the control plane."""

    cidr_block: str


class AuthorizedNetworks(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who may reach the public endpoint, where it is limited."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "cidrBlocks": "limits that name no range let nobody in from outside (MasterAuthorizedNetworksConfig)",
    }

    enabled: bool = False
    cidr_blocks: list[Cidr] = []
    gcp_public_cidrs_access_enabled: bool | None = None
    """Whether every public address of Google Cloud is let in. Google says false as well; where nothing is
    said its own default holds, which lets them in for public clusters."""


class PrivateCluster(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is private of a cluster."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enablePrivateNodes": "left out where it is false: then nodes are public, or the newer field says it",
        "enablePrivateEndpoint": "left out where it is false: then it is public, and its limits count",
    }

    enable_private_nodes: bool = False
    enable_private_endpoint: bool = False


class IpEndpoints(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Endpoints of the control plane that have an address. Google says false as well."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enabled": "unless it is false the endpoint counts as there, and its limits count",
        "enablePublicEndpoint": "unless it is false the endpoint counts as public, and its limits count",
        "authorizedNetworksConfig": "masterAuthorizedNetworksConfig says the same; without both it fails",
    }

    enabled: bool | None = None
    enable_public_endpoint: bool | None = None
    authorized_networks_config: AuthorizedNetworks | None = None


class DnsEndpoint(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The endpoint by name. Google asks for an identity of IAM there, unless told to take what follows."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "allowExternalTraffic": "off unless it is switched on (DNSEndpointConfig)",
        "enableK8sTokensViaDns": "off unless it is switched on (DNSEndpointConfig)",
        "enableK8sCertsViaDns": "off unless it is switched on (DNSEndpointConfig)",
    }

    allow_external_traffic: bool = False
    enable_k8s_tokens_via_dns: bool = msgspec.field(default=False, name="enableK8sTokensViaDns")
    enable_k8s_certs_via_dns: bool = msgspec.field(default=False, name="enableK8sCertsViaDns")

    @property
    def past_iam(self) -> list[str]:
        """With what one gets in from anywhere without an identity of IAM."""
        ways = (
            ("Kubernetes tokens", self.enable_k8s_tokens_via_dns),
            ("client certificates", self.enable_k8s_certs_via_dns),
        )
        return [name for name, on in ways if on and self.allow_external_traffic]


class Endpoints(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the control plane is reached; newer than ``privateClusterConfig``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ipEndpointsConfig": "older answers have privateClusterConfig; without both it is public",
        "dnsEndpointConfig": "without it no traffic from outside is let in by name (DNSEndpointConfig)",
    }

    ip_endpoints_config: IpEndpoints | None = None
    dns_endpoint_config: DnsEndpoint | None = None


class ClientCertificate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a client certificate is issued."""

    issue_client_certificate: bool = False


class MasterAuth(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Ways to sign in that are older than IAM."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "username": "left out where there is none (MasterAuth)",
        "clientCertificate": "left out where none is issued (MasterAuth)",
        "clientCertificateConfig": "left out where none is issued, the default since 1.12",
    }

    username: str = ""
    client_certificate: str = ""
    client_certificate_config: ClientCertificate | None = None


class Addon(msgspec.Struct, frozen=True, kw_only=True):
    """An addon that is there unless it is disabled."""

    disabled: bool = False


class Addons(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Addons; new clusters do not have the dashboard, and leave it out."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "kubernetesDashboard": "clusters since 1.15 do not have it, and leave it out (AddonsConfig)",
        "networkPolicyConfig": "only takes a network policy away that is switched on elsewhere",
    }

    kubernetes_dashboard: Addon | None = None
    network_policy_config: Addon | None = None


class ClusterNetwork(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A cluster's network."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "datapathProvider": "without the newer data plane the addon must be on",
        "defaultEnablePrivateNodes": "left out where it is false: then the older field must say it",
    }

    datapath_provider: str = ""
    default_enable_private_nodes: bool = False


class IpAllocation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """From which ranges nodes and pods have their addresses."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "stackType": "IPv4 only by default; where there is a range of IPv6 that decides (IPAllocationPolicy)",
        "ipv6AccessType": "of a subnet that is made with the cluster; the range says by itself where it leads",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "stackType": "whatever is not IPv4 alone has IPv6 as well, and its range is asked for",
        "ipv6AccessType": "a range that is not of the internet passes, one that is never does, whatever it says",
    }

    stack_type: str = ""
    ipv6_access_type: str = msgspec.field(default="", name="ipv6AccessType")
    subnet_ipv6_cidr_block: str = msgspec.field(default="", name="subnetIpv6CidrBlock")

    @property
    def external_ipv6(self) -> bool | None:
        """Whether nodes have addresses of IPv6 that the internet reaches; ``None``: not known."""
        block = self.subnet_ipv6_cidr_block
        if self.stack_type == "IPV4" or (
            self.stack_type in ("", "STACK_TYPE_UNSPECIFIED") and not block
        ):
            return False
        if not block:
            return True if self.ipv6_access_type == "EXTERNAL" else None
        if not public_share([block]).ipv6:
            return False
        return None if self.ipv6_access_type == "INTERNAL" else True


class Binauthz(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Binary Authorization, by the older switch or by the newer mode."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enabled": "the newer mode says the same, and where it is said the switch is ignored",
        "evaluationMode": "the older switch says the same where no mode is said",
    }

    enabled: bool = False
    evaluation_mode: str = ""

    @property
    def on(self) -> bool | None:
        """Whether the project's policy says which images may run; ``None`` for a mode that is not known."""
        if self.evaluation_mode in ("", "EVALUATION_MODE_UNSPECIFIED"):
            return self.enabled
        if self.evaluation_mode in _IDLE:
            return False
        return True if self.evaluation_mode in _JUDGING else None


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A release channel."""

    channel: str = "UNSPECIFIED"


class Encryption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the secrets of the cluster are kept: as it was asked for, and as it is."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "currentState": "said of every cluster since it was added; older answers have what was asked for",
    }

    state: str = "UNKNOWN"
    current_state: str | None = None

    @property
    def problem(self) -> str:
        """Why secrets are not encrypted with a key of one's own; empty: they are."""
        if self.state not in ("ENCRYPTED", "ALL_OBJECTS_ENCRYPTION_ENABLED"):
            return "secrets are not encrypted with a key of one's own"
        good = ("CURRENT_STATE_ENCRYPTED", "CURRENT_STATE_ALL_OBJECTS_ENCRYPTION_ENABLED")
        if self.current_state is not None and self.current_state not in good:
            return f"encryption of secrets was asked for, and is {self.current_state}"
        return ""


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
        """Whether nodes run as an account that Google makes for the project."""
        return self.service_account in ("", "default") or default_account(self.service_account)


class AutoprovisionedNodes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How nodes are made that Google adds by itself."""

    service_account: str = ""


class Autoscaling(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether Google adds node pools by itself."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enableNodeAutoprovisioning": "off unless it is switched on (ClusterAutoscaling)",
        "autoprovisioningNodePoolDefaults": "without it such nodes run as the default account, which fails",
    }

    enable_node_autoprovisioning: bool = False
    autoprovisioning_node_pool_defaults: AutoprovisionedNodes = AutoprovisionedNodes()


class Anonymous(msgspec.Struct, frozen=True, kw_only=True):
    """Whom the control plane answers without a name."""

    mode: str = ""


class Bindings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """To which groups of everyone roles may be bound."""

    enable_insecure_binding_system_authenticated: bool | None = None
    enable_insecure_binding_system_unauthenticated: bool | None = None


class ExclusionOptions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an exclusion keeps from happening."""

    scope: str = "NO_UPGRADES"


class Exclusion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A time in which upgrades do not happen."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "maintenanceExclusionOptions": "without options no upgrade happens at all, the stricter reading",
        "endTime": "one until the end of support may have none, and counts as one that is too long",
    }

    start_time: Moment
    end_time: Moment | None = None
    maintenance_exclusion_options: ExclusionOptions = ExclusionOptions()


class Window(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When maintenance happens."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "maintenanceExclusions": "without any, nothing keeps upgrades from happening (MaintenanceWindow)",
    }

    maintenance_exclusions: dict[str, Exclusion] = {}


class Maintenance(msgspec.Struct, frozen=True, kw_only=True):
    """When maintenance happens."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "window": "without one, maintenance happens at any time (MaintenancePolicy)",
    }

    window: Window = Window()


class Management(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What Google does to nodes by itself."""

    auto_upgrade: bool = False


class PoolNetwork(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A pool's network."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enablePrivateNodes": "where it is not said, the cluster's default holds (NodeNetworkConfig)",
    }

    enable_private_nodes: bool | None = None


class UntilEnd(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a pool is not upgraded until its version is supported no longer."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enabled": "left out where it is false (ExclusionUntilEndOfSupport)",
        "startTime": "without times an exclusion that is on counts as one that is too long",
        "endTime": "without times an exclusion that is on counts as one that is too long",
    }

    enabled: bool = False
    start_time: Moment | None = None
    end_time: Moment | None = None


class PoolMaintenance(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When maintenance of a pool does not happen."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "exclusionUntilEndOfSupport": "without one the pool follows its cluster (NodePoolMaintenancePolicy)",
    }

    exclusion_until_end_of_support: UntilEnd = UntilEnd()


class NodePool(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Nodes that are alike."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "networkConfig": "where it is not said, the cluster's default holds (NodeNetworkConfig)",
        "maintenancePolicy": "without one the pool follows its cluster (NodePool)",
    }

    name: str
    config: NodeConfig = NodeConfig()
    management: Management = Management()
    network_config: PoolNetwork = PoolNetwork()
    maintenance_policy: PoolMaintenance = PoolMaintenance()


class ClusterData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A cluster as Kubernetes Engine shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "addonsConfig": "left out where no addon is set (Cluster); the dashboard must be there to count",
        "ipAllocationPolicy": "clusters that are routed have none, and know IPv4 only (IPAllocationPolicy)",
        "autopilot": "left out of clusters whose nodes are managed by their owner",
        "autoscaling": "left out where Google adds no pools by itself (ClusterAutoscaling)",
        "controlPlaneEndpointsConfig": "older answers have privateClusterConfig; without both it is public",
        "legacyAbac": "left out or empty where it is off, the default since 1.8 (LegacyAbac)",
        "maintenancePolicy": "without one, maintenance happens at any time",
        "masterAuth": "is always there, with none of the older ways where they are off; missing, it does "
        "not pass",
        "networkConfig": "without the newer data plane and the newer default, the older fields must say it",
        "networkPolicy": "without it the newer data plane must be on",
        "privateClusterConfig": "newer answers have controlPlaneEndpointsConfig; without both it is public",
    }

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
    ip_allocation_policy: IpAllocation = IpAllocation()
    shielded_nodes: Switch | None = None
    binary_authorization: Binauthz | None = None
    release_channel: Channel | None = None
    database_encryption: Encryption | None = None
    logging_config: LoggingConfig | None = None
    autopilot: Switch | None = None
    autoscaling: Autoscaling = Autoscaling()
    anonymous_authentication_config: Anonymous | None = None
    rbac_binding_config: Bindings | None = None
    maintenance_policy: Maintenance = Maintenance()


class Cluster(Located, frozen=True, kw_only=True, rename="camel"):
    """A GKE cluster with its node pools (``clusters.list``)."""

    kind = "gcp.container.cluster"
    volatile = ("updateTime", "resource.data.etag", "resource.data.currentNodeCount")
    secret = (
        "resource.data.masterAuth.clientKey",
        "resource.data.masterAuth.password",
        "resource.data.nodePools.*.config.metadata.*",
        "resource.data.nodeConfig.metadata.*",
        "**.header.*.value.*",
        "**.initScript.args.*",
    )

    resource: Held[ClusterData]

    @property
    def data(self) -> ClusterData:
        """What Kubernetes Engine says of it."""
        return self.resource.data

    @property
    def public_endpoint(self) -> AuthorizedNetworks | None:
        """The limits of the public endpoint; ``None`` where there is no public endpoint."""
        data = self.data
        newer, private = data.control_plane_endpoints_config, data.private_cluster_config
        endpoints = newer.ip_endpoints_config if newer is not None else None
        if endpoints is not None:
            if endpoints.enabled is False or endpoints.enable_public_endpoint is False:
                return None
        elif private is not None and private.enable_private_endpoint:
            return None
        limits = endpoints.authorized_networks_config if endpoints is not None else None
        return limits or data.master_authorized_networks_config or AuthorizedNetworks()

    @property
    def by_name(self) -> bool:
        """Whether the endpoint by name is reached from anywhere."""
        newer = self.data.control_plane_endpoints_config
        by_name = newer.dns_endpoint_config if newer is not None else None
        return by_name is not None and by_name.allow_external_traffic

    @property
    def past_iam(self) -> list[str]:
        """With what one gets in by name, from anywhere, without an identity of IAM."""
        newer = self.data.control_plane_endpoints_config
        by_name = newer.dns_endpoint_config if newer is not None else None
        return by_name.past_iam if by_name is not None else []

    @property
    def managed(self) -> bool:
        """Whether Google makes and upgrades the nodes."""
        return self.data.autopilot is not None and self.data.autopilot.enabled

    @property
    def place(self) -> str:
        """``europe-west1.main``, as policies of Binary Authorization name it."""
        *_, location, _, name = self.path.split("/")
        return f"{location}.{name}"

    @property
    def public_pools(self) -> list[str]:
        """Pools whose nodes have external addresses, by name; where no pool is shown, what is made next."""
        data = self.data
        private = data.private_cluster_config
        network = data.network_config
        older = private is not None and private.enable_private_nodes
        newer = network is not None and network.default_enable_private_nodes
        default = older or newer
        if not data.node_pools and not default:
            return ["those that are made next"]
        return sorted(
            pool.name
            for pool in data.node_pools
            if not (
                default
                if pool.network_config.enable_private_nodes is None
                else pool.network_config.enable_private_nodes
            )
        )


class Admission(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Which images may run."""

    evaluation_mode: str = ""
    enforcement_mode: str = ""

    @property
    def enforced(self) -> bool:
        """Whether it keeps images from running."""
        judged = self.evaluation_mode in ("REQUIRE_ATTESTATION", "ALWAYS_DENY")
        return judged and self.enforcement_mode == "ENFORCED_BLOCK_AND_AUDIT_LOG"


class Pattern(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Images that no rule is asked of: ``gcr.io/acme/*``, with a wildcard at the end only."""

    name_pattern: str = ""

    @property
    def whole_registry(self) -> str:
        """The registry of which it lets in every image; empty: it names a part of one, or Google's own."""
        registry, _, path = self.name_pattern.partition("/")
        every = not path.strip("*")
        return "" if not every or registry in _REGISTRIES_OF_GOOGLE else registry or "(none)"

    @property
    def anybody(self) -> bool:
        """Whether anybody can have an image that it lets in."""
        registry = self.whole_registry
        return "*" in registry or _REGISTRIES_OF_MANY.fullmatch(registry) is not None

    @property
    def begins_alike(self) -> bool:
        """Whether it lets in what begins alike at whatever depth, where anybody may choose such a name.

        ``gcr.io/acme**``: Google lets a trailing ``**`` stand for subdirectories as well.
        """
        registry, _, path = self.name_pattern.partition("/")
        owner = path.removesuffix("**")
        return (
            path.endswith("**")
            and bool(owner)
            and "/" not in owner
            and _REGISTRIES_OF_MANY.fullmatch(registry) is not None
        )


class BinauthzData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A project's policy as Binary Authorization shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "admissionWhitelistPatterns": "left out where no image is let past the rules (Policy)",
        **dict.fromkeys(
            (
                "clusterAdmissionRules",
                "istioServiceIdentityAdmissionRules",
                "kubernetesNamespaceAdmissionRules",
                "kubernetesServiceAccountAdmissionRules",
            ),
            "left out where nothing has a rule of its own (Policy): the default counts",
        ),
    }

    default_admission_rule: Admission
    cluster_admission_rules: dict[str, Admission] = {}
    istio_service_identity_admission_rules: dict[str, Admission] = {}
    kubernetes_namespace_admission_rules: dict[str, Admission] = {}
    kubernetes_service_account_admission_rules: dict[str, Admission] = {}
    admission_whitelist_patterns: list[Pattern] = []


class BinauthzPolicy(Located, frozen=True, kw_only=True, rename="camel"):
    """Which images may run in a project (``projects.getPolicy``). Shape from documentation."""

    kind = "gcp.binaryauthorization.policy"
    resource: Held[BinauthzData]

    def holes(self, cluster: Cluster) -> list[str]:
        """What it lets run in a cluster without judging it: by rule, and by a list of images."""
        data = self.resource.data
        rule = data.cluster_admission_rules.get(cluster.place, data.default_admission_rule)
        found = [] if rule.enforced else ["every image"]
        some = {
            **data.istio_service_identity_admission_rules,
            **data.kubernetes_namespace_admission_rules,
            **data.kubernetes_service_account_admission_rules,
        }
        found += [f"every image for {name}" for name, one in some.items() if not one.enforced]
        patterns = data.admission_whitelist_patterns
        return sorted(
            [*found, *(f"images of {one.name_pattern}" for one in patterns if one.anybody)]
        )

    @property
    def wide(self) -> list[str]:
        """Whole registries, and names that begin alike, that are let in: who has images there is not known."""
        patterns = self.resource.data.admission_whitelist_patterns
        return sorted(
            one.name_pattern for one in patterns if one.whole_registry or one.begins_alike
        )
