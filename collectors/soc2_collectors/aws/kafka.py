"""MSK and MSK Connect: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.kafka import Cluster, Connector
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 100}
"""As many as a page can hold."""


@collects(Cluster, calls=["kafka:ListClustersV2"], per="region", cost="pages of 100")
def clusters(aws: Aws) -> Iterator[Document]:
    """Kafka clusters, serverless ones too."""
    for item in aws.items("kafka", "list_clusters_v2", "ClusterInfoList", PaginationConfig=_PAGE):
        yield Document(item["ClusterArn"], item["ClusterName"], item)


@collects(Connector, calls=["kafkaconnect:ListConnectors"], per="region", cost="pages of 100")
def connectors(aws: Aws) -> Iterator[Document]:
    """Connectors. Their configuration, which may hold passwords, is not in the listing."""
    for item in aws.items("kafkaconnect", "list_connectors", "connectors", PaginationConfig=_PAGE):
        yield Document(item["connectorArn"], item["connectorName"], item)
