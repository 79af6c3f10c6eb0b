"""Kubernetes clusters and container registries: who reaches them, and with what rights."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import chosen
from soc2_collectors.azure.models.containers import Cluster, Registry
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule
from soc2_pac.text import listed


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:aks_clusters_public_access_disabled",
        "prowler:aks_clusters_created_with_private_nodes",
        "powerpipe:kubernetes_cluster_restrict_public_access",
        "powerpipe:kubernetes_cluster_authorized_ip_range_defined",
    ],
)
def azure_aks_private(cluster: Cluster) -> Verdict:
    """Kubernetes API servers are private or not open to the internet, and nodes have no public addresses.

    Why: whoever reaches the API server can try stolen tokens and the hole that came out yesterday.
    Fix: az aks update --name CLUSTER --resource-group GROUP --api-server-authorized-ip-ranges RANGES; make
        private clusters with --enable-private-cluster, and node pools without --enable-node-public-ip.
    """
    settings = cluster.properties
    pools = settings.agent_pool_profiles or []
    exposed = [pool.name for pool in pools if pool.enable_node_public_ip]
    if exposed:
        return failed(f"nodes have public addresses in the pools {listed(exposed)}")
    if settings.open:
        return failed("the internet reaches the API server")
    if not pools:
        return inconclusive(
            "Azure shows no node pool, and so not whether nodes have public addresses"
        )
    how = "private" if settings.private else "open to chosen addresses"
    return passed(f"the API server is {how}; {len(pools)} node pools without public addresses")


@rule(
    criteria=["CC6.1", "CC6.3", "CC7.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:aks_cluster_rbac_enabled",
        "prowler:aks_cluster_local_accounts_disabled",
        "prowler:aks_network_policy_enabled",
        "prowler:aks_cluster_defender_enabled",
        "prowler:aks_cluster_auto_upgrade_enabled",
        "powerpipe:kubernetes_instance_rbac_enabled",
    ],
)
def azure_aks_rbac_policy(cluster: Cluster) -> Verdict:
    """Kubernetes clusters use roles, no local accounts, network policies, Defender and automatic upgrades.

    Why: the local administrator's certificate belongs to nobody, and cannot be taken back.
    Fix: az aks update --name CLUSTER --resource-group GROUP --disable-local-accounts --enable-defender
        --auto-upgrade-channel stable --network-policy azure.
    """
    settings = cluster.properties
    network, security = settings.network_profile, settings.security_profile
    upgrade = settings.auto_upgrade_profile
    defender = security.defender if security else None
    watched = defender.security_monitoring if defender else None
    missing = [
        what
        for what, there in (
            ("roles", settings.enable_rbac),
            ("local accounts off", settings.disable_local_accounts),
            ("Defender", watched and watched.enabled),
        )
        if not there
    ]
    policy = (network.network_policy if network else None) or "none"
    channel = (upgrade.upgrade_channel if upgrade else None) or "none"
    if policy.casefold() == "none":
        missing.append("network policies")
    if channel.casefold() == "none":
        missing.append("automatic upgrades")
    if missing:
        return failed(f"missing: {', '.join(missing)}")
    chosen(policy, "networkPolicy", good=("azure", "calico", "cilium"), bad=("none",))
    channels = ("patch", "stable", "rapid", "node-image")
    chosen(channel, "upgradeChannel", good=channels, bad=("none",))
    return passed(f"all are set; network policies by {policy}, upgrades by the channel {channel}")


@rule(
    criteria=["CC6.6", "CC6.1", "CC6.8"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:containerregistry_not_publicly_accessible",
        "prowler:containerregistry_admin_user_disabled",
        "prowler:containerregistry_uses_private_link",
        "powerpipe:container_registry_restrict_public_access",
        "powerpipe:container_registry_admin_user_disabled",
    ],
)
def azure_acr_private(registry: Registry, *, private_only: bool = False) -> Verdict:
    """Container registries are not open to the internet, and have neither an admin user nor anonymous pulls.

    ``private_only`` asks that they are reached through private endpoints alone.

    Why: who can write an image runs code wherever it is deployed; the admin's password is everybody's.
    Fix: az acr update --name REGISTRY --admin-enabled false --anonymous-pull-enabled false --default-action
        Deny, or --public-network-enabled false.
    """
    settings = registry.properties
    if settings.admin_user_enabled:
        return failed("the admin user is on")
    if settings.anonymous_pull_enabled:
        return failed("everybody may pull without signing in")
    private = any(one.approved for one in settings.private_endpoint_connections or ())
    if settings.public:
        if private_only:
            return failed("public network access is on")
        if settings.network_rule_set is None or settings.network_rule_set.open:
            return failed("open to the internet")
    elif private_only and not private:
        return failed("no private endpoint")
    how = "chosen networks only" if settings.public else "public network access is off"
    return passed(f"{how}, no admin user, no anonymous pulls")
