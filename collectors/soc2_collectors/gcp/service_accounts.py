"""Service accounts, their keys, and whom outside they trust: by the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.service_accounts import (
    ServiceAccount,
    ServiceAccountKey,
    WorkloadIdentityProvider,
)
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"


@collects(ServiceAccount, calls=_CALLS, per="organization", cost=_COST)
def accounts(gcp: Gcp) -> Iterator[Document]:
    """Service accounts of all projects."""
    for asset in gcp.assets("iam.googleapis.com/ServiceAccount"):
        yield document(asset, name="resource.data.email")


@collects(ServiceAccountKey, calls=_CALLS, per="organization", cost=_COST)
def keys(gcp: Gcp) -> Iterator[Document]:
    """Keys of service accounts, those of Google included."""
    for asset in gcp.assets("iam.googleapis.com/ServiceAccountKey"):
        yield document(asset)


@collects(WorkloadIdentityProvider, calls=_CALLS, per="organization", cost=_COST)
def providers(gcp: Gcp) -> Iterator[Document]:
    """Providers of workload identity pools."""
    for asset in gcp.assets("iam.googleapis.com/WorkloadIdentityPoolProvider"):
        yield document(asset)
