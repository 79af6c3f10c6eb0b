"""Collects Cloud Functions and Cloud Run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.serverless import Function, RunService
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_PAGES = "pages of 1000"


@collects(Function, calls=_CALLS, per="organization", cost=_PAGES)
def functions(gcp: Gcp) -> Iterator[Document]:
    """Functions of both generations."""
    for asset in gcp.assets("cloudfunctions.googleapis.com/Function"):
        yield document(asset)


@collects(RunService, calls=_CALLS, per="organization", cost=_PAGES)
def services(gcp: Gcp) -> Iterator[Document]:
    """Cloud Run services."""
    for asset in gcp.assets("run.googleapis.com/Service"):
        yield document(asset)
