"""Collects Google Kubernetes Engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.container import BinauthzPolicy, Cluster
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_PAGES = "pages of 1000"


@collects(Cluster, calls=_CALLS, per="organization", cost=_PAGES)
def clusters(gcp: Gcp) -> Iterator[Document]:
    """Clusters with their node pools."""
    for asset in gcp.assets("container.googleapis.com/Cluster"):
        yield document(asset)


@collects(BinauthzPolicy, calls=_CALLS, per="organization", cost=_PAGES)
def binauthz_policies(gcp: Gcp) -> Iterator[Document]:
    """Which images may run in each project."""
    for asset in gcp.assets("binaryauthorization.googleapis.com/Policy"):
        yield document(asset)
