"""Names and numbers of the Google Cloud side of acme-robotics, and the form of its resources."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ORGANIZATION = "429871003562"


DOMAIN = "acme-robotics.example"


FOLDER = "folders/318840027715"


PRODUCTION, STAGING, DATA, OLD = "acme-prod", "acme-staging", "acme-data", "acme-prototype"


NUMBERS = {
    PRODUCTION: "700000000001",
    STAGING: "700000000002",
    DATA: "700000000003",
    OLD: "700000000009",
}
"""Project id to number."""


LIVE = (PRODUCTION, STAGING, DATA)


DEPLOYER = f"organizations/{ORGANIZATION}/roles/deployer"
"""A role of the company's own, which lets its holders make tokens of any service account."""


def ago(now: datetime, days: float) -> str:
    """A time so many days ago, as Google writes it."""
    return f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


def ancestors(project: str | None) -> list[str]:
    """What is above something in a project, or in the organisation itself, as the inventory says it."""
    top = f"organizations/{ORGANIZATION}"
    if project is None:
        return [top]
    middle = [] if project == DATA else [FOLDER]
    return [f"projects/{NUMBERS[project]}", *middle, top]


def asset(
    asset_type: str,
    path: str,
    project: str | None,
    data: Mapping[str, Any],
    *,
    location: str = "global",
    iam: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An asset as the inventory gives it.

    Args:
        asset_type: ``compute.googleapis.com/Instance``.
        path: its full name after the service: ``projects/acme-prod/zones/z/instances/web``.
        project: the project's id; ``None`` for what is in the organisation itself.
        data: the resource as its own API shows it.
        location: region, zone or ``global``.
        iam: the allow policy that is set on it, if any.
    """
    service, _, name = asset_type.partition("/")
    above = ancestors(project)
    found: dict[str, Any] = {
        "name": f"//{service}/{path}",
        "assetType": asset_type,
        "ancestors": above,
        "updateTime": "2026-01-05T09:30:00Z",
        "resource": {
            "version": "v1",
            "discoveryName": name,
            "parent": f"//cloudresourcemanager.googleapis.com/{above[0]}",
            "data": dict(data),
            "location": location,
        },
    }
    if iam is not None:
        found["iamPolicy"] = dict(iam)
    return found
