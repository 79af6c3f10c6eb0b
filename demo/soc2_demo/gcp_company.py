"""The Google Cloud side of acme-robotics: an organisation of three projects, and what it got wrong.

What is wrong on purpose is listed in :data:`PLANTED`, and that of each area in the area's module. Names and
numbers are inventions. Ages count back from the time of the call, so that the demo looks the same on any day.
An area is a function of the estate and the time that adds to the estate; :data:`AREAS` lists them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from soc2_demo import gcp_estate, gcp_workloads
from soc2_demo.gcp import Estate
from soc2_demo.gcp_words import (
    DATA,
    DEPLOYER,
    DOMAIN,
    FOLDER,
    LIVE,
    NUMBERS,
    OLD,
    ORGANIZATION,
    PRODUCTION,
    STAGING,
    ago,
    ancestors,
    asset,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_demo.company import Planted


PLANTED: tuple[Planted, ...] = ()
"""Every fault that was put in on purpose, of this module. Rules may find more, as in any company."""


def acme_robotics(now: datetime | None = None) -> Estate:
    """The company as of ``now`` (default: the clock's)."""
    now = (now or datetime.now(UTC)).replace(microsecond=0)
    estate = Estate(ORGANIZATION, DOMAIN)
    for area in (*AREAS, *gcp_estate.AREAS, *gcp_workloads.AREAS):
        area(estate, now)
    return estate


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
