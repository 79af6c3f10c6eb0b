"""Redshift: regional."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.redshift import Cluster
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.aws.client import Aws

_KEPT = ("require_ssl",)
"""What rules read of a parameter group. A group holds some twenty: one page."""
_PARAMETERS_PER_PAGE = 100


@collects(
    Cluster,
    calls=[
        "redshift:DescribeClusters",
        "redshift:DescribeClusterParameters",
        "redshift:DescribeLoggingStatus",
    ],
    per="region",
    cost="pages of 100 + N + 1 for each parameter group",
)
def clusters(aws: Aws) -> Iterator[Document]:
    """Provisioned clusters."""
    parameters = _parameters(aws)
    # A page holds 100 by default, which is also the most that it can.
    for item in aws.items("redshift", "describe_clusters", "Clusters"):
        name = item["ClusterIdentifier"]
        body = {
            **item,
            "DescribeLoggingStatus": aws.fact(
                "redshift", "describe_logging_status", ClusterIdentifier=name
            ),
        }
        groups = [group["ParameterGroupName"] for group in item.get("ClusterParameterGroups") or ()]
        if groups:
            body["DescribeClusterParameters"] = Fact(
                "redshift:DescribeClusterParameters", functools.partial(parameters, groups[0])
            )
        arn = f"arn:{aws.partition}:redshift:{aws.region}:{aws.account}:cluster:{name}"
        yield Document(arn, name, body)


def _parameters(aws: Aws) -> Callable[[str], list[dict[str, Any]] | None]:
    """What a group says of TLS; asked once for each group, since clusters share them.

    A group that is not there is ``None``: the cluster itself has not gone.
    """

    @functools.cache
    def asked(group: str) -> list[dict[str, Any]] | None:
        said = aws.fact(
            "redshift",
            "describe_cluster_parameters",
            absent=("ClusterParameterGroupNotFound", "ClusterParameterGroupNotFoundFault"),
            key="Parameters",
            ParameterGroupName=group,
            MaxRecords=_PARAMETERS_PER_PAGE,
        ).call()
        if not isinstance(said, list):
            return None
        return [item for item in said if item.get("ParameterName") in _KEPT]

    return asked
