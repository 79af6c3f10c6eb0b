"""Service accounts, their keys, and whom outside they trust: by the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.service_accounts import (
    ServiceAccount,
    ServiceAccountKey,
    ServiceAccountUse,
    WorkloadIdentityProvider,
)
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"
_ACTIVITIES = ("serviceAccountLastAuthentication", "serviceAccountKeyLastAuthentication")


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


@collects(
    ServiceAccountUse,
    calls=[
        "cloudasset.assets.list",
        "policyanalyzer.projects.locations.activityTypes.activities.query",
    ],
    per="project",
    cost="4 pages",
)
def uses(gcp: Gcp) -> Iterator[Document]:
    """Service accounts of a project with their keys, and when each was last used."""
    activities = [activity for sort in _ACTIVITIES for activity in _activities(gcp, sort)]
    keys = list(gcp.assets("iam.googleapis.com/ServiceAccountKey"))
    for asset in gcp.assets("iam.googleapis.com/ServiceAccount"):
        name, mail = str(asset.get("name")), _mail(asset)
        # Accounts and keys are named by the account's number or by its address, not always both alike.
        mine = [
            key
            for key in keys
            if str(key.get("name")).startswith(f"{name}/") or (mail and _is_of(key, mail))
        ]
        used = [
            one
            for one in activities
            if f"{one.get('fullResourceName')}/".partition("/serviceAccounts/")[2].startswith(
                f"{mail}/"
            )
        ]
        yield document(asset, body={"keys": mine, "activities": used}, name="resource.data.email")


def _activities(gcp: Gcp, sort: str) -> Iterator[dict[str, Any]]:
    return gcp.items(
        "policyanalyzer",
        "v1",
        "projects.locations.activityTypes.activities.query",
        "activities",
        parent=f"{gcp.scope_name}/locations/global/activityTypes/{sort}",
    )


def _mail(asset: dict[str, Any]) -> str:
    return str(_data(asset).get("email", ""))


def _is_of(key: dict[str, Any], mail: str) -> bool:
    """Whether a key says that it is of the account with this address."""
    return f"/serviceAccounts/{mail}/keys/" in str(_data(key).get("name"))


def _data(asset: dict[str, Any]) -> dict[str, Any]:
    resource = asset.get("resource")
    data = resource.get("data") if isinstance(resource, dict) else None
    return data if isinstance(data, dict) else {}
