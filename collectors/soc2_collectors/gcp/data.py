"""Collects AlloyDB and Dataproc."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.alloydb import AlloyCluster, AlloyInstance
from soc2_collectors.gcp.models.dataproc import DataprocCluster
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_PAGES = "pages of 1000"


@collects(AlloyCluster, calls=_CALLS, per="organization", cost=_PAGES)
def alloydb_clusters(gcp: Gcp) -> Iterator[Document]:
    """AlloyDB clusters."""
    for asset in gcp.assets("alloydb.googleapis.com/Cluster"):
        yield document(asset)


@collects(AlloyInstance, calls=_CALLS, per="organization", cost=_PAGES)
def alloydb_instances(gcp: Gcp) -> Iterator[Document]:
    """Instances of AlloyDB clusters."""
    for asset in gcp.assets("alloydb.googleapis.com/Instance"):
        yield document(asset)


@collects(DataprocCluster, calls=_CALLS, per="organization", cost=_PAGES)
def dataproc_clusters(gcp: Gcp) -> Iterator[Document]:
    """Dataproc clusters."""
    for asset in gcp.assets("dataproc.googleapis.com/Cluster"):
        yield document(asset)
