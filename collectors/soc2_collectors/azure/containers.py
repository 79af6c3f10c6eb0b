"""Collects Kubernetes clusters and container registries by Resource Graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.containers import Cluster, Registry
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document


@collects(
    Cluster,
    calls=["RESOURCEGRAPH microsoft.containerservice/managedclusters"],
    per="subscription",
    cost="pages of 1000",
)
def clusters(azure: Azure) -> Iterator[Document]:
    """Kubernetes clusters."""
    for cluster in azure.graph_query(
        "resources | where type =~ 'microsoft.containerservice/managedclusters'"
    ):
        yield document(cluster)


@collects(
    Registry,
    calls=["RESOURCEGRAPH microsoft.containerregistry/registries"],
    per="subscription",
    cost="pages of 1000",
)
def registries(azure: Azure) -> Iterator[Document]:
    """Container registries."""
    for registry in azure.graph_query(
        "resources | where type =~ 'microsoft.containerregistry/registries'"
    ):
        yield document(registry)
