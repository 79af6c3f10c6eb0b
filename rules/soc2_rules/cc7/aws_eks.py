"""EKS: versions that get fixes."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.eks import Cluster, Version
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule


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

    Why: after that only AWS patches it, for a fee, and in the end AWS upgrades it on a day of its own choice.
    Fix: aws eks update-cluster-version, one minor version at a time, then the node groups.
    """
    number = cluster.details.version
    known = evidence.index(Version, "cluster_version", within="here").get(number, ())
    ends = [version.end_of_standard_support for version in known if version.end_of_standard_support]
    if not ends:
        return inconclusive(f"AWS does not say until when it supports {number}")
    end = max(ends)
    if now >= end:
        return failed(f"{number} left standard support on {end:%Y-%m-%d}")
    return passed(f"{number} is in standard support until {end:%Y-%m-%d}", until=end)
