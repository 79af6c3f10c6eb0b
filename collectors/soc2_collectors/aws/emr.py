"""EMR: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.emr import Cluster, PublicAccess
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_THERE = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING", "TERMINATING"]
"""AWS lists ended clusters for two months: they reach nobody."""


@collects(
    Cluster,
    calls=["elasticmapreduce:ListClusters", "elasticmapreduce:DescribeCluster"],
    per="region",
    cost="pages of 50 + N",
)
def clusters(aws: Aws) -> Iterator[Document]:
    """Clusters that have not ended."""
    for item in aws.items("emr", "list_clusters", "Clusters", ClusterStates=_THERE):
        details = aws.fact("emr", "describe_cluster", key="Cluster", ClusterId=item["Id"])
        yield Document(item["ClusterArn"], item["Name"], {**item, "DescribeCluster": details})


@collects(
    PublicAccess,
    calls=["elasticmapreduce:GetBlockPublicAccessConfiguration"],
    per="region",
    cost="1",
)
def public_access(aws: Aws) -> Iterator[Document]:
    """One document a region."""
    block = aws.fact(
        "emr", "get_block_public_access_configuration", key="BlockPublicAccessConfiguration"
    )
    yield Document(aws.region, aws.region, {"GetBlockPublicAccessConfiguration": block})
