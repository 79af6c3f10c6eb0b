"""EKS: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.eks import Cluster, Version
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Cluster,
    calls=["eks:ListClusters", "eks:DescribeCluster"],
    per="region",
    cost="pages of 100 + N",
)
def clusters(aws: Aws) -> Iterator[Document]:
    """Clusters."""
    for name in aws.items("eks", "list_clusters", "clusters"):
        details = aws.fact("eks", "describe_cluster", key="cluster", name=name)
        arn = f"arn:{aws.partition}:eks:{aws.region}:{aws.account}:cluster/{name}"
        yield Document(arn, str(name), {"name": name, "DescribeCluster": details})


@collects(Version, calls=["eks:DescribeClusterVersions"], per="region", cost="1")
def versions(aws: Aws) -> Iterator[Document]:
    """Versions of Kubernetes with the dates of their support, those out of support too."""
    for item in aws.items("eks", "describe_cluster_versions", "clusterVersions", includeAll=True):
        number = f"{item.get('clusterType', 'eks')}:{item['clusterVersion']}"
        yield Document(number, item["clusterVersion"], item)
