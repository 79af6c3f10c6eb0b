"""Google Kubernetes Engine: who reaches the control plane, what runs in it, and how it stays up to date."""

from __future__ import annotations

from soc2_collectors.gcp.models.container import Cluster
from soc2_collectors.gcp.models.reach import world
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule

_CHANNELS = ("RAPID", "REGULAR", "STABLE", "EXTENDED")


@rule(
    criteria=["CC6.6"],
    severity=Severity.HIGH,
    known_as=[
        "powerpipe:enable_gke_master_authorized_networks",
        "powerpipe:allow_only_private_cluster",
        "powerpipe:kubernetes_cluster_private_nodes_configured",
    ],
)
def gcp_gke_private(cluster: Cluster) -> Verdict:
    """The control plane of a GKE cluster is private, or open to named ranges only; its nodes are private.

    The endpoint by DNS name is not counted: Google asks everyone there for an identity first.

    Why: whoever reaches the control plane may try stolen tokens and the next flaw of the API server, and
        a node with an address of its own is one more machine on the internet.
    Fix: gcloud container clusters update NAME --enable-master-authorized-networks
        --master-authorized-networks=203.0.113.0/24 --enable-private-nodes.
    """
    problems = []
    limits = cluster.public_endpoint
    said = "the control plane is private"
    if limits is not None:
        ranges = [block.cidr_block for block in limits.cidr_blocks]
        if not limits.enabled or world(ranges):
            problems.append("the control plane is public, for every address")
        said = f"the control plane is public, for {', '.join(sorted(ranges)) or 'no range'}"
    if pools := cluster.public_pools:
        problems.append(f"nodes with external addresses: {', '.join(pools)}")
    if problems:
        return failed("; ".join(problems))
    return passed(f"{said}; nodes are private")


@rule(
    criteria=["CC6.8", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:gke_cluster_no_default_service_account",
        "powerpipe:disable_gke_legacy_abac",
        "powerpipe:kubernetes_cluster_network_policy_enabled",
        "powerpipe:kubernetes_cluster_shielded_nodes_enabled",
        "powerpipe:kubernetes_cluster_binary_authorization_enabled",
        "powerpipe:kubernetes_cluster_client_certificate_authentication_enabled",
    ],
)
def gcp_gke_hardening(
    cluster: Cluster,
    *,
    expected: tuple[str, ...] = (
        "no legacy authorization",
        "no password or client certificate",
        "no dashboard",
        "network policy",
        "shielded nodes",
        "binary authorization",
        "service account of its own",
    ),
) -> Verdict:
    """GKE clusters are hardened: no older ways in, network policy, shielded nodes, judged images.

    ``expected`` are the parts that are asked for.

    Why: each part stops somebody who got into one container from getting everywhere else.
    Fix: gcloud container clusters update NAME --no-enable-legacy-authorization
        --enable-network-policy --enable-shielded-nodes
        --binauthz-evaluation-mode=PROJECT_SINGLETON_POLICY_ENFORCE; create node pools with
        --service-account.
    """
    parts = {
        "no legacy authorization": _no_abac(cluster),
        "no password or client certificate": _no_older_sign_in(cluster),
        "no dashboard": _no_dashboard(cluster),
        "network policy": _network_policy(cluster),
        "shielded nodes": bool(cluster.data.shielded_nodes and cluster.data.shielded_nodes.enabled),
        "binary authorization": bool(
            cluster.data.binary_authorization and cluster.data.binary_authorization.on
        ),
        "service account of its own": not any(
            pool.config.default_account for pool in cluster.data.node_pools
        ),
    }
    lacking = [name for name in expected if not parts.get(name, False)]
    if lacking:
        return failed(f"lacks: {', '.join(lacking)}")
    return passed(f"has: {', '.join(expected)}")


def _no_abac(cluster: Cluster) -> bool:
    legacy = cluster.data.legacy_abac
    return legacy is None or not legacy.enabled


def _no_older_sign_in(cluster: Cluster) -> bool:
    auth = cluster.data.master_auth
    if auth is None:
        return True
    issued = auth.client_certificate_config
    return not (
        auth.username
        or auth.client_certificate
        or (issued is not None and issued.issue_client_certificate)
    )


def _no_dashboard(cluster: Cluster) -> bool:
    addons = cluster.data.addons_config
    board = addons.kubernetes_dashboard if addons else None
    return board is None or board.disabled


def _network_policy(cluster: Cluster) -> bool:
    """By the addon, or by the newer data plane, which has it built in."""
    policy, network = cluster.data.network_policy, cluster.data.network_config
    return bool(policy and policy.enabled) or (
        network is not None and network.datapath_provider == "ADVANCED_DATAPATH"
    )


@rule(
    criteria=["CC6.1", "CC7.1", "CC7.2"],
    severity=Severity.MEDIUM,
    known_as=[
        "powerpipe:kubernetes_cluster_release_channel_configured",
        "powerpipe:enable_auto_upgrade",
        "powerpipe:kubernetes_cluster_database_encryption_enabled",
        "powerpipe:kubernetes_cluster_logging_enabled",
    ],
)
def gcp_gke_patching(
    cluster: Cluster, *, logged: tuple[str, ...] = ("SYSTEM_COMPONENTS", "WORKLOADS")
) -> Verdict:
    """GKE clusters are upgraded by Google, log, and encrypt their secrets with a key of one's own.

    ``logged`` are the components whose logs are asked for.

    Why: old versions carry known vulnerabilities, a copy of the cluster's database holds every secret, and
        without logs nobody knows what ran.
    Fix: gcloud container clusters update NAME --release-channel=regular
        --database-encryption-key=KEY --logging=SYSTEM,WORKLOAD; gcloud container node-pools update POOL
        --cluster=NAME --enable-autoupgrade.
    """
    data = cluster.data
    problems = []
    if data.release_channel is None or data.release_channel.channel not in _CHANNELS:
        problems.append("no release channel")
    manual = sorted(pool.name for pool in data.node_pools if not pool.management.auto_upgrade)
    if manual:
        problems.append(f"not upgraded automatically: {', '.join(manual)}")
    if data.database_encryption is None or data.database_encryption.state != "ENCRYPTED":
        problems.append("secrets are not encrypted with a key of one's own")
    config = data.logging_config
    components = config.component_config if config else None
    on = components.enable_components if components else []
    if missing := [name for name in logged if name not in on]:
        problems.append(f"not logged: {', '.join(missing)}")
    if problems:
        return failed("; ".join(problems))
    return passed(
        "upgraded by Google, secrets are encrypted with a key of one's own, logs are kept"
    )
