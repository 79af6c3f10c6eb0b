"""EKS: who reaches the control plane, what it keeps, and versions that get fixes."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.eks import Cluster, Version
from soc2_collectors.reach import open_to_internet, public_share, span
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:eks_cluster_not_publicly_accessible",
        "powerpipe:eks_cluster_endpoint_restrict_public_access",
    ],
)
def aws_eks_endpoint(cluster: Cluster) -> Verdict:
    """The API endpoint of a Kubernetes cluster is private, or open to named ranges only.

    All ranges count together, IPv4 and IPv6. A tenth of the public addresses of IPv4 or of IPv6 counts as
    the internet.

    Why: whoever reaches the endpoint may try stolen tokens and the next flaw of the API server.
    Fix: aws eks update-cluster-config --name NAME --resources-vpc-config
        endpointPublicAccess=false,endpointPrivateAccess=true (one of the two has to be on), or
        publicAccessCidrs=203.0.113.0/24.
    """
    network = cluster.details.network
    if not network.endpoint_public_access:
        return passed("private: its public endpoint is off")
    ranges = network.public_access_cidrs
    # AWS: without ranges the endpoint is open to 0.0.0.0/0.
    if not ranges:
        return failed("public, for every address")
    if open_to_internet(ranges):
        share = public_share(one for one in ranges if span(one) is not None).larger
        return failed(
            f"public, for {share:.0%} of the internet's addresses: {', '.join(sorted(ranges))}"
        )
    return passed(f"public, for {', '.join(sorted(ranges))}")


@rule(
    criteria=["CC6.1", "CC7.2"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:eks_cluster_kms_cmk_encryption_in_secrets_enabled",
        "prowler:eks_control_plane_logging_all_types_enabled",
        "powerpipe:eks_cluster_secrets_encrypted",
        "powerpipe:eks_cluster_control_plane_audit_logging_enabled",
    ],
)
def aws_eks_secrets_logs(
    cluster: Cluster,
    *,
    types: tuple[str, ...] = ("api", "audit", "authenticator", "controllerManager", "scheduler"),
) -> Verdict:
    """Kubernetes secrets are encrypted with a key of one's own, and the control plane logs.

    Why: whoever gets a copy of etcd reads every secret, and without the audit log nobody knows who did what
        in the cluster.
    Fix: aws eks associate-encryption-config --cluster-name NAME --encryption-config
        'resources=secrets,provider={keyArn=ARN}'; aws eks update-cluster-config --name NAME --logging
        '{"clusterLogging":[{"types":["api","audit","authenticator","controllerManager","scheduler"],"enabled":true}]}'.
    """
    details = cluster.details
    found = []
    encrypted = any(
        "secrets" in item.resources and item.provider.key_arn for item in details.encryption_config
    )
    if not encrypted:
        found.append("secrets are not encrypted with a key of one's own")
    setups = details.logging.cluster_logging if details.logging else []
    on = {name for setup in setups if setup.enabled for name in setup.types}
    if missing := [name for name in types if name not in on]:
        found.append(f"not logged: {', '.join(missing)}")
    if found:
        return failed("; ".join(found))
    return passed(f"secrets are encrypted with a key of one's own; logged: {', '.join(types)}")


@rule(
    criteria=["CC7.1"],
    severity=Severity.MEDIUM,
    needs=[Version],
    known_as=[
        "prowler:eks_cluster_uses_a_supported_version",
        "powerpipe:eks_cluster_with_latest_kubernetes_version",
    ],
)
def aws_eks_version(cluster: Cluster, evidence: Evidence, now: datetime) -> Verdict:
    """Clusters run a version of Kubernetes in standard support.

    Local clusters on Outposts have dates of their own.

    Why: after that only AWS patches it, for a fee, and in the end AWS upgrades it on a day of its own choice.
    Fix: aws eks update-cluster-version --name NAME --kubernetes-version VERSION, one minor version at a time,
        then the node groups.
    """
    number = cluster.details.version
    known = evidence.index(Version, "cluster_version", within="here").get(number, ())
    own = [version for version in known if version.cluster_type == cluster.details.sort]
    ends = [version.end_of_standard_support for version in own if version.end_of_standard_support]
    if not ends:
        return inconclusive(f"AWS does not say until when it supports {number}", on=own)
    end = min(ends)
    if now >= end:
        return failed(f"{number} left standard support on {end:%Y-%m-%d}", on=own)
    return passed(f"{number} is in standard support until {end:%Y-%m-%d}", until=end, on=own)
