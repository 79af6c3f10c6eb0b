"""The Google Cloud side of acme-robotics: an organisation of three projects, and what it got wrong.

What is wrong on purpose is listed in :data:`PLANTED`, and that of each area in the area's module. Names and
numbers are inventions. Ages count back from the time of the call, so that the demo looks the same on any day.
An area is a function of the estate and the time that adds to the estate; :data:`AREAS` lists them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from soc2_pac.demo.gcp import Estate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from soc2_pac.demo.company import Planted

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

PLANTED: tuple[Planted, ...] = ()
"""Every fault that was put in on purpose, of this module. Rules may find more, as in any company."""


def acme_robotics(now: datetime | None = None) -> Estate:
    """The company as of ``now`` (default: the clock's)."""
    from soc2_pac.demo import gcp_estate, gcp_workloads  # noqa: PLC0415 - it builds upon this module

    now = (now or datetime.now(UTC)).replace(microsecond=0)
    estate = Estate(ORGANIZATION, DOMAIN)
    for area in (*AREAS, *gcp_estate.AREAS, *gcp_workloads.AREAS):
        area(estate, now)
    return estate


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


# -- areas ------------------------------------------------------------------------------------------------


def hierarchy(estate: Estate, now: datetime) -> None:
    """The organisation, a folder, three projects, and one that is marked for deletion."""
    top = f"organizations/{ORGANIZATION}"
    estate.folders[FOLDER] = {
        "name": FOLDER,
        "parent": top,
        "displayName": "workloads",
        "state": "ACTIVE",
    }
    for project, number in NUMBERS.items():
        estate.projects[project] = {
            "name": f"projects/{number}",
            "parent": ancestors(project)[1],
            "projectId": project,
            "displayName": project,
            "state": "DELETE_REQUESTED" if project == OLD else "ACTIVE",
            "createTime": ago(now, 800),
        }
    policies = _policies()
    service = "cloudresourcemanager.googleapis.com"
    organization = {"name": top, "displayName": DOMAIN, "lifecycleState": "ACTIVE"}
    estate.assets.append(
        asset(f"{service}/Organization", top, None, organization, iam=policies[top])
    )
    folder = asset(
        f"{service}/Folder",
        FOLDER,
        None,
        {"name": FOLDER, "displayName": "workloads", "lifecycleState": "ACTIVE", "parent": top},
        iam=policies[FOLDER],
    )
    estate.assets.append({**folder, "ancestors": [FOLDER, top]})
    for project in LIVE:
        number = NUMBERS[project]
        data = {
            "projectId": project,
            "projectNumber": number,
            "name": project,
            "lifecycleState": "ACTIVE",
            "createTime": ago(now, 800),
            "parent": dict(
                zip(
                    ("type", "id"), ancestors(project)[1].replace("s/", "/").split("/"), strict=True
                )
            ),
        }
        estate.assets.append(
            asset(f"{service}/Project", f"projects/{number}", project, data, iam=policies[project])
        )


def _policies() -> dict[str, dict[str, Any]]:
    """What is granted on the organisation, the folder and each project."""
    groups = {name: f"group:{name}@{DOMAIN}" for name in ("platform", "security", "engineering")}
    audit = [
        {
            "service": "allServices",
            "auditLogConfigs": [
                {"logType": "ADMIN_READ"},
                {"logType": "DATA_READ"},
                {"logType": "DATA_WRITE"},
            ],
        }
    ]
    return {
        f"organizations/{ORGANIZATION}": {
            "version": 1,
            "bindings": [
                _binding("roles/resourcemanager.organizationAdmin", groups["platform"]),
                _binding("roles/iam.securityReviewer", groups["security"]),
            ],
            "auditConfigs": audit,
        },
        FOLDER: {"bindings": [_binding("roles/browser", groups["engineering"])]},
        PRODUCTION: {
            "bindings": [
                _binding("roles/viewer", groups["engineering"]),
                _binding(DEPLOYER, f"serviceAccount:shop@{PRODUCTION}.iam.gserviceaccount.com"),
            ]
        },
        STAGING: {"bindings": [_binding("roles/viewer", groups["engineering"])]},
        DATA: {"bindings": [_binding("roles/bigquery.user", groups["engineering"])]},
    }


def _binding(role: str, *members: str) -> dict[str, Any]:
    return {"role": role, "members": list(members)}


AREAS: list[Callable[[Estate, datetime], None]] = [hierarchy]
"""Every area of the estate. Each is a function of its own, so that it can be read by itself."""
