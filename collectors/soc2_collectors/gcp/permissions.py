"""What each call needs, and the custom role to grant, generated from declared calls.

Calls are named ``API.METHOD`` as in Google's discovery documents: ``cloudasset.assets.list``,
``sqladmin.instances.list``. The permissions are those of Google's IAM reference.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from soc2_pac.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

ROLE_ID = "soc2PacReader"
DISCOVERY = (
    "cloudresourcemanager.folders.list",
    "cloudresourcemanager.organizations.get",
    "cloudresourcemanager.projects.get",
    "cloudresourcemanager.projects.list",
)
"""Calls of the connection itself: which projects there are, and who am I."""
CONTENTS = {
    "RESOURCE": "cloudasset.assets.listResource",
    "IAM_POLICY": "cloudasset.assets.listIamPolicy",
    "ACCESS_POLICY": "cloudasset.assets.listAccessPolicy",
}
"""What of an asset is read -> the permission for it. Organisation policies are resources."""
ABOVE_PROJECTS = ("resourcemanager.folders.", "resourcemanager.organizations.")
_ORGANIZATION_ONLY = frozenset({"resourcemanager.projects.list"})
"""With :data:`ABOVE_PROJECTS`, what Google refuses in a custom role of a project."""

DELEGATED = "domain-wide delegation of the method's read-only scope, and workspace_admin"
"""What is needed where IAM has no permission for a call."""

_LAST_USE = (
    "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query",
    "policyanalyzer.serviceAccountLastAuthenticationActivities.query",
)
_REPORTS = ("osconfig.vulnerabilityReports.list",)
# One call a line, sorted.
# fmt: off
NEEDS: dict[str, tuple[str, ...]] = {
    "accessapproval.projects.getAccessApprovalSettings": ("accessapproval.settings.get",),
    "admin.customers.get": (),
    "admin.users.list": (),
    "cloudasset.assets.list": tuple(CONTENTS.values()),
    "cloudresourcemanager.folders.list": ("resourcemanager.folders.list",),
    "cloudresourcemanager.organizations.get": ("resourcemanager.organizations.get",),
    "cloudresourcemanager.projects.get": ("resourcemanager.projects.get",),
    "cloudresourcemanager.projects.list": ("resourcemanager.projects.list",),
    "essentialcontacts.folders.contacts.compute": ("essentialcontacts.contacts.list",),
    "essentialcontacts.organizations.contacts.compute": ("essentialcontacts.contacts.list",),
    "essentialcontacts.projects.contacts.compute": ("essentialcontacts.contacts.list",),
    "iam.organizations.roles.get": ("iam.roles.get",),
    "iam.roles.get": ("iam.roles.get",),
    "logging.entries.list": ("logging.logEntries.list",),
    "osconfig.projects.locations.instances.vulnerabilityReports.list": _REPORTS,
    "policyanalyzer.projects.locations.activityTypes.activities.query": _LAST_USE,
    "securitycenter.folders.sources.findings.list": ("securitycenter.findings.list",),
    "securitycenter.folders.sources.list": ("securitycenter.sources.list",),
    "securitycenter.organizations.sources.findings.list": ("securitycenter.findings.list",),
    "securitycenter.organizations.sources.list": ("securitycenter.sources.list",),
    "securitycenter.projects.sources.findings.list": ("securitycenter.findings.list",),
    "securitycenter.projects.sources.list": ("securitycenter.sources.list",),
}
# fmt: on
"""Every call that the collectors declare, and those of the connection. A test demands that none is missing.

Without permissions in IAM (``admin.*``, read in an administrator's name): empty."""


def grant(call: str, content: str = "") -> str | None:
    """What to grant for a call; ``None`` for one that is not known here (of a plugin).

    Args:
        call: the declared call.
        content: of an inventory listing, what of the assets is read.
    """
    if content in CONTENTS:
        return CONTENTS[content]
    need = NEEDS.get(call)
    if need is None:
        return None
    return ", ".join(need) or DELEGATED


def permissions(calls: Sequence[str], form: str) -> str:
    """The least permissions for declared calls.

    Args:
        calls: declared calls; unknown ones (of a plugin) are listed as such.
        form: ``text``; ``json``: the file that ``gcloud iam roles create --file`` takes, of a role of the
            organisation, and ``json-project`` of a role of one project; ``terraform`` and
            ``terraform-project`` likewise.

    Raises:
        UsageError: another form.
    """
    asked = sorted({*calls, *DISCOVERY})
    known = {call: NEEDS[call] for call in asked if call in NEEDS}
    needed = sorted({one for need in known.values() for one in need})
    of_project = [one for one in needed if in_project(one)]
    written = {
        "json": lambda: json.dumps(_role(needed), indent=2),
        "json-project": lambda: json.dumps(_role(of_project), indent=2),
        "terraform": lambda: _terraform(needed),
        "terraform-project": lambda: _terraform_project(of_project),
    }
    if form in written:
        return written[form]()
    if form != "text":
        msg = (
            f"permissions gcp cannot be written as '{form}': use text, {', '.join(sorted(written))}"
        )
        raise UsageError(msg)
    lines = ["A custom role of the organisation with"]
    for one in needed:
        lines.append(f"  {one}")
        lines += [f"      {call}" for call, need in known.items() if one in need]
    services = sorted({f"{call.partition('.')[0]}.googleapis.com" for call in known})
    lines += [
        "",
        "granted to the identity of soc2-pac on the organisation (--format json: the file for",
        f"  gcloud iam roles create {ROLE_ID} --organization ORGANIZATION --file role.json).",
        "",
        "Where only projects are read, a custom role of each, without what Google refuses there",
        f"  ({', '.join(one for one in needed if not in_project(one))}):",
        f"  gcloud iam roles create {ROLE_ID} --project PROJECT --file role.json (--format json-project).",
        "",
        "APIs that must be enabled in the identity's own project (or quota_project):",
        f"  gcloud services enable {' '.join(services)} --project PROJECT",
        "With quota_project, serviceusage.services.use on that project, too.",
    ]
    if delegated := [call for call, need in known.items() if not need]:
        lines += [
            "",
            "Read in an administrator's name (workspace_admin), by domain-wide delegation:",
            *(f"  {call}" for call in delegated),
        ]
    if unknown := sorted(set(asked) - set(known)):
        lines += ["", "Calls of plugins, see their documentation:", *(f"  {c}" for c in unknown)]
    return "\n".join(lines)


def in_project(permission: str) -> bool:
    """Whether a custom role of a project may have it."""
    return permission not in _ORGANIZATION_ONLY and not permission.startswith(ABOVE_PROJECTS)


def _role(needed: Sequence[str]) -> dict[str, object]:
    return {
        "title": "soc2-pac reader",
        "description": "Reads configuration as evidence; generated from the calls that soc2-pac declares.",
        "stage": "GA",
        "includedPermissions": list(needed),
    }


def _terraform(needed: Sequence[str]) -> str:
    listed = "\n".join(f'    "{one}",' for one in needed)
    return f"""terraform {{
  required_version = ">= 1.3"

  required_providers {{
    google = {{
      source  = "hashicorp/google"
      version = ">= 5.0"
    }}
  }}
}}

variable "organization" {{
  type        = string
  description = "The organisation's number."
}}

variable "soc2_pac_member" {{
  type        = string
  description = "The identity of soc2-pac: serviceAccount:NAME@PROJECT.iam.gserviceaccount.com."
}}

resource "google_organization_iam_custom_role" "soc2_pac" {{
  org_id      = var.organization
  role_id     = "{ROLE_ID}"
  title       = "soc2-pac reader"
  description = "Reads configuration as evidence; generated from the calls that soc2-pac declares."
  permissions = [
{listed}
  ]
}}

resource "google_organization_iam_member" "soc2_pac" {{
  org_id = var.organization
  role   = google_organization_iam_custom_role.soc2_pac.name
  member = var.soc2_pac_member
}}
"""


def _terraform_project(needed: Sequence[str]) -> str:
    listed = "\n".join(f'    "{one}",' for one in needed)
    return f"""terraform {{
  required_version = ">= 1.3"

  required_providers {{
    google = {{
      source  = "hashicorp/google"
      version = ">= 5.0"
    }}
  }}
}}

variable "project" {{
  type        = string
  description = "The project's id."
}}

variable "soc2_pac_member" {{
  type        = string
  description = "The identity of soc2-pac: serviceAccount:NAME@PROJECT.iam.gserviceaccount.com."
}}

resource "google_project_iam_custom_role" "soc2_pac" {{
  project     = var.project
  role_id     = "{ROLE_ID}"
  title       = "soc2-pac reader"
  description = "Reads configuration as evidence; generated from the calls that soc2-pac declares."
  permissions = [
{listed}
  ]
}}

resource "google_project_iam_member" "soc2_pac" {{
  project = var.project
  role    = google_project_iam_custom_role.soc2_pac.name
  member  = var.soc2_pac_member
}}
"""
