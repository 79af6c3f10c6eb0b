"""DAX: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.dax import Cluster
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(Cluster, calls=["dax:DescribeClusters"], per="region", cost="pages of 100")
def clusters(aws: Aws) -> Iterator[Document]:
    """Clusters."""
    # A page holds 100 by default, which is also the most that it can.
    for item in aws.items("dax", "describe_clusters", "Clusters"):
        yield Document(item["ClusterArn"], item["ClusterName"], item)
