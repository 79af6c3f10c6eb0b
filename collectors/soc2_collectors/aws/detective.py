"""Detective: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.detective import Graph, Membership
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = 200
"""The most that Detective gives."""


@collects(
    Graph,
    calls=["detective:ListGraphs", "detective:ListDatasourcePackages"],
    per="region",
    cost="1 + 1 where there is a graph",
)
def graphs(aws: Aws) -> Iterator[Document]:
    """The behaviour graph that this account administers, or nothing."""
    for item in aws.items("detective", "list_graphs", "GraphList", MaxResults=_PAGE):
        arn = item["Arn"]
        sources = aws.fact(
            "detective", "list_datasource_packages", key="DatasourcePackages", GraphArn=arn
        )
        body = {**item, "ListDatasourcePackages": sources}
        yield Document(arn, arn.rpartition(":")[2], body)


@collects(Membership, calls=["detective:ListInvitations"], per="region", cost="1")
def memberships(aws: Aws) -> Iterator[Document]:
    """Behaviour graphs of other accounts that this one belongs to or is invited to."""
    for item in aws.items("detective", "list_invitations", "Invitations", MaxResults=_PAGE):
        yield Document(item["GraphArn"], item["GraphArn"].rpartition(":")[2], item)
