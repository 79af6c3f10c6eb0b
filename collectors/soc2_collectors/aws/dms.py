"""Database Migration Service: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.dms import Endpoint, ReplicationInstance
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

# Pages hold 100 by default, which is also the most that they can.


@collects(
    ReplicationInstance,
    calls=["dms:DescribeReplicationInstances"],
    per="region",
    cost="pages of 100",
)
def replication_instances(aws: Aws) -> Iterator[Document]:
    """Replication instances."""
    for item in aws.items("dms", "describe_replication_instances", "ReplicationInstances"):
        name = item["ReplicationInstanceIdentifier"]
        yield Document(item["ReplicationInstanceArn"], name, item)


@collects(Endpoint, calls=["dms:DescribeEndpoints"], per="region", cost="pages of 100")
def endpoints(aws: Aws) -> Iterator[Document]:
    """Sources and targets."""
    for item in aws.items("dms", "describe_endpoints", "Endpoints"):
        yield Document(item["EndpointArn"], item["EndpointIdentifier"], item)
