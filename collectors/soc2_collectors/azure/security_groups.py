"""Collects network security groups by Resource Graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.security_group import NetworkSecurityGroup
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document


@collects(
    NetworkSecurityGroup,
    calls=["RESOURCEGRAPH microsoft.network/networksecuritygroups"],
    per="subscription",
    cost="pages of 1000",
)
def groups(azure: Azure) -> Iterator[Document]:
    """Network security groups with all their rules."""
    for group in azure.graph_query(
        "resources | where type =~ 'microsoft.network/networksecuritygroups'"
    ):
        yield document(group)
