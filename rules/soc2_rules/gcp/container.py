"""Google Kubernetes Engine: who reaches the control plane, what runs in it, and how it stays up to date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from soc2_collectors.gcp.models.container import BinauthzPolicy, Cluster, NodeConfig
from soc2_collectors.reach import open_to_internet
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_CHANNELS = ("RAPID", "REGULAR", "STABLE", "EXTENDED")
_NODES_GO_ON = "NO_MINOR_UPGRADES"
"""The one scope of an exclusion in which nodes and patches are upgraded all the same."""


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

    The public addresses of Google Cloud, which anybody can rent, are no named range. The endpoint by DNS name
    is not counted where Google asks everyone there for an identity of IAM first; it is where tokens of
    Kubernetes or client certificates will do. Nodes are not private whose IPv6 addresses are of a subnet that
    the internet reaches.

    Why: whoever reaches the control plane may try stolen tokens and the next flaw of the API server, and
        a node with an address of its own is one more machine on the internet.
    Fix: gcloud container clusters update NAME --enable-master-authorized-networks
        --master-authorized-networks=203.0.113.0/24 --no-enable-google-cloud-access; then the same command
        with --enable-private-nodes alone.
    """
    problems = []
    limits = cluster.public_endpoint
    said, blind = "the control plane is private", False
    if limits is not None:
        ranges = sorted(block.cidr_block for block in limits.cidr_blocks)
        if not limits.enabled or open_to_internet(ranges):
            problems.append("the control plane is public, for the internet")
        elif limits.gcp_public_cidrs_access_enabled:
            problems.append("the control plane is public, for every public address of Google Cloud")
        blind = limits.gcp_public_cidrs_access_enabled is None
        said = f"the control plane is public, for {', '.join(ranges) or 'no range'}"
    if ways := cluster.past_iam:
        problems.append(f"by its DNS name it takes {listed(ways)} from anywhere")
    if pools := cluster.public_pools:
        problems.append(f"nodes with external addresses: {', '.join(pools)}")
    addresses = cluster.data.ip_allocation_policy
    if addresses.external_ipv6:
        block = addresses.subnet_ipv6_cidr_block or "IPv6"
        problems.append(f"nodes with external addresses of IPv6: {block}")
    if problems:
        return failed("; ".join(problems))
    if addresses.external_ipv6 is None:
        return inconclusive("whether the internet reaches the IPv6 addresses of nodes is not said")
    if blind:
        return inconclusive("whether every public address of Google Cloud is let in is not said")
    by_name = "; by its DNS name it is reached from anywhere with an identity of IAM"
    return passed(f"{said}{by_name if cluster.by_name else ''}; nodes are private")


@rule(criteria=["CC6.1", "CC6.6"], severity=Severity.MEDIUM)
def gcp_gke_anonymous(cluster: Cluster) -> Verdict:
    """GKE clusters answer anonymous requests for health checks only, and let nobody bind roles to everyone.

    Bindings that were made before are within the cluster, and are not seen here.

    Why: by default whoever reaches the control plane may ask it without a name, and one binding to
        system:authenticated gives rights to everybody with a Google account.
    Fix: gcloud container clusters update NAME --anonymous-authentication-config=LIMITED; then the same
        command with --no-enable-insecure-binding-system-authenticated
        --no-enable-insecure-binding-system-unauthenticated.
    """
    anonymous, bindings = (
        cluster.data.anonymous_authentication_config,
        cluster.data.rbac_binding_config,
    )
    problems, unclear = [], []
    if anonymous is None or anonymous.mode in ("ENABLED", "MODE_UNSPECIFIED"):
        problems.append("anonymous requests are not limited")
    elif anonymous.mode != "LIMITED":
        unclear.append(f"the mode {anonymous.mode or '(none)'}")
    groups = {
        "system:authenticated": bindings and bindings.enable_insecure_binding_system_authenticated,
        "system:unauthenticated": bindings
        and bindings.enable_insecure_binding_system_unauthenticated,
    }
    if bindings is None:
        problems.append("roles may be bound to everyone")
    problems += [f"roles may be bound to {name}" for name, on in groups.items() if bindings and on]
    unclear += [f"bindings to {name}" for name, on in groups.items() if bindings and on is None]
    if problems:
        return failed("; ".join(problems))
    if unclear:
        return inconclusive(f"not known: {listed(unclear)}")
    return passed(
        "anonymous requests are limited to health checks, and no role can be bound to everyone"
    )


@rule(
    criteria=["CC6.8", "CC6.1"],
    severity=Severity.MEDIUM,
    needs=[BinauthzPolicy],
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
    evidence: Evidence,
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

    ``expected`` are the parts that are asked for. Binary Authorization counts where the project's policy
    keeps images from running: its default policy lets all of them run, an exempted registry of many customers
    those of anybody, and continuous validation alone looks at what runs already.

    Why: each part stops somebody who got into one container from getting everywhere else.
    Fix: gcloud container clusters update NAME, one change each time: --no-enable-legacy-authorization,
        --update-addons=NetworkPolicy=ENABLED, --enable-network-policy, --enable-shielded-nodes,
        --binauthz-evaluation-mode=PROJECT_SINGLETON_POLICY_ENFORCE; gcloud container binauthz policy import
        FILE; create node pools with --service-account.
    """
    parts = {
        "no legacy authorization": _no_abac(cluster),
        "no password or client certificate": _no_older_sign_in(cluster),
        "no dashboard": _no_dashboard(cluster),
        "network policy": _network_policy(cluster),
        "shielded nodes": bool(cluster.data.shielded_nodes and cluster.data.shielded_nodes.enabled),
        "binary authorization": _judges_images(cluster),
        "service account of its own": _own_account(cluster),
    }
    lacking = [name for name in expected if parts.get(name, False) is False]
    if lacking:
        return failed(f"lacks: {', '.join(lacking)}")
    policies: list[BinauthzPolicy] = []
    if "binary authorization" in expected and parts["binary authorization"]:
        found = evidence.index(BinauthzPolicy, "project_id", within="here")
        policies = [*found.get(cluster.project_id, ())]
        if not policies:
            return inconclusive("the project's policy of Binary Authorization is not shown")
        if holes := policies[0].holes(cluster):
            said = f"binary authorization: the project's policy lets {listed(holes)} run"
            return failed(f"lacks: {said}", on=policies)
        if wide := policies[0].wide:
            said = f"whose images these let run is not known: {listed(wide)}"
            return inconclusive(f"binary authorization: {said}", on=policies)
    unknown = [name for name in expected if parts[name] is None]
    if unknown:
        return inconclusive(f"not known: {', '.join(unknown)}")
    return passed(f"has: {', '.join(expected)}", on=policies)


def _no_abac(cluster: Cluster) -> bool:
    legacy = cluster.data.legacy_abac
    return legacy is None or not legacy.enabled


def _no_older_sign_in(cluster: Cluster) -> bool | None:
    auth = cluster.data.master_auth
    if auth is None:
        return None
    issued = auth.client_certificate_config
    older = (auth.username, auth.client_certificate, issued and issued.issue_client_certificate)
    return not any(older)


def _no_dashboard(cluster: Cluster) -> bool:
    addons = cluster.data.addons_config
    board = addons.kubernetes_dashboard if addons else None
    return board is None or board.disabled


def _network_policy(cluster: Cluster) -> bool:
    """By the addon, or by the newer data plane, which has it built in."""
    policy, network = cluster.data.network_policy, cluster.data.network_config
    addon = cluster.data.addons_config.network_policy_config if cluster.data.addons_config else None
    by_addon = bool(policy and policy.enabled) and not (addon and addon.disabled)
    return by_addon or (network is not None and network.datapath_provider == "ADVANCED_DATAPATH")


def _judges_images(cluster: Cluster) -> bool | None:
    binauthz = cluster.data.binary_authorization
    return binauthz.on if binauthz is not None else False


def _own_account(cluster: Cluster) -> bool | None:
    """Whether no nodes run as the default account, those that Google adds included; ``None``: not known."""
    data, adds = cluster.data, cluster.data.autoscaling
    accounts = [pool.config for pool in data.node_pools]
    if adds.enable_node_autoprovisioning or (cluster.managed and not accounts):
        made = adds.autoprovisioning_node_pool_defaults.service_account
        accounts.append(NodeConfig(service_account=made))
    return not any(one.default_account for one in accounts) if accounts else None


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
    cluster: Cluster,
    now: datetime,
    *,
    logged: tuple[str, ...] = ("SYSTEM_COMPONENTS", "WORKLOADS"),
    max_exclusion_days: int = 90,
) -> Verdict:
    """GKE clusters are upgraded by Google, log, and encrypt their secrets with a key of one's own.

    ``logged`` are the components whose logs are asked for. A maintenance exclusion that keeps nodes from
    being upgraded for longer than ``max_exclusion_days``, or several one after another, count as switched
    off.

    Why: old versions carry known vulnerabilities, a copy of the cluster's database holds every secret, and
        without logs nobody knows what ran.
    Fix: gcloud container clusters update NAME, one change each time: --release-channel=regular,
        --database-encryption-key=KEY, --logging=SYSTEM,WORKLOAD; gcloud container node-pools update POOL
        --cluster=NAME --enable-autoupgrade.
    """
    data = cluster.data
    problems = []
    if data.release_channel is None or data.release_channel.channel not in _CHANNELS:
        problems.append("no release channel")
    manual = sorted(pool.name for pool in data.node_pools if not pool.management.auto_upgrade)
    if manual:
        problems.append(f"not upgraded automatically: {', '.join(manual)}")
    held, until = _held_up(cluster, now, max_exclusion_days)
    if held:
        problems.append(f"upgrades are held up by {listed(held)}")
    if data.database_encryption is None:
        problems.append("secrets are not encrypted with a key of one's own")
    elif data.database_encryption.problem:
        problems.append(data.database_encryption.problem)
    config = data.logging_config
    components = config.component_config if config else None
    on = components.enable_components if components else []
    if missing := [name for name in logged if name not in on]:
        problems.append(f"not logged: {', '.join(missing)}")
    if problems:
        return failed("; ".join(problems), until=until)
    if not data.node_pools and not cluster.managed:
        return inconclusive("the inventory shows no node pool of the cluster")
    return passed(
        "upgraded by Google, secrets are encrypted with a key of one's own, logs are kept",
        until=until,
    )


_NO_END = datetime.max.replace(tzinfo=UTC)
_MOMENT = timedelta(days=1)
"""Exclusions with less time than this between them are one: no upgrade of a cluster comes to its end in it."""


def _held_up(cluster: Cluster, now: datetime, most: int) -> tuple[list[str], datetime | None]:
    """Exclusions that keep nodes from being upgraded for too long, and when that changes.

    Those of the cluster, one after another counted together, and those of a pool until its version is
    supported no longer.
    """
    windows = cluster.data.maintenance_policy.window.maintenance_exclusions
    ordered = sorted(
        (one.start_time, one.end_time or _NO_END, name)
        for name, one in windows.items()
        if one.maintenance_exclusion_options.scope != _NODES_GO_ON
    )
    spans: list[tuple[datetime, datetime, list[str]]] = []
    for start, end, name in ordered:
        if spans and start - spans[-1][1] < _MOMENT:
            first, last, names = spans[-1]
            spans[-1] = (first, max(last, end), [*names, name])
        else:
            spans.append((start, end, [name]))
    for pool in cluster.data.node_pools:
        one = pool.maintenance_policy.exclusion_until_end_of_support
        if one.enabled:
            first = one.start_time or datetime.min.replace(tzinfo=UTC)
            last = one.end_time or _NO_END
            spans.append((first, last, [f"an exclusion of the pool {pool.name}"]))
    long = [
        (start, end, names) for start, end, names in spans if end - start > timedelta(days=most)
    ]
    held = [(end, names) for start, end, names in long if start <= now < end]
    if held:
        ends = max(end for end, _ in held)
        found = sorted({name for _, names in held for name in names})
        return found, ends if ends < _NO_END else None
    return [], min((start for start, _, _ in long if start > now), default=None)
