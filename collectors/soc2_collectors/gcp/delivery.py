"""Registries, build triggers and delivery pipelines: by the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.delivery import Pipeline, Registry, Target, Trigger
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"


@collects(Registry, calls=_CALLS, per="organization", cost=_COST)
def registries(gcp: Gcp) -> Iterator[Document]:
    """Repositories of Artifact Registry."""
    for asset in gcp.assets("artifactregistry.googleapis.com/Repository"):
        yield document(asset)


@collects(Trigger, calls=_CALLS, per="organization", cost=_COST)
def triggers(gcp: Gcp) -> Iterator[Document]:
    """Triggers of Cloud Build."""
    for asset in gcp.assets("cloudbuild.googleapis.com/BuildTrigger"):
        yield document(asset, name="resource.data.name")


@collects(Pipeline, calls=_CALLS, per="organization", cost=_COST)
def pipelines(gcp: Gcp) -> Iterator[Document]:
    """Delivery pipelines of Cloud Deploy."""
    for asset in gcp.assets("clouddeploy.googleapis.com/DeliveryPipeline"):
        yield document(asset)


@collects(Target, calls=_CALLS, per="organization", cost=_COST)
def targets(gcp: Gcp) -> Iterator[Document]:
    """Targets of Cloud Deploy."""
    for asset in gcp.assets("clouddeploy.googleapis.com/Target"):
        yield document(asset)
