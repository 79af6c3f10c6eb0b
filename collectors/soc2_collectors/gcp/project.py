"""Projects and what holds for them: by the inventory, and by APIs of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.project import (
    AccessApproval,
    EssentialContacts,
    OrgPolicy,
    Perimeter,
    Project,
    Service,
)
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp

_CALLS = ["cloudasset.assets.list"]
_COST = "pages of 1000"


@collects(Project, calls=_CALLS, per="organization", cost=_COST)
def projects(gcp: Gcp) -> Iterator[Document]:
    """Projects."""
    for asset in gcp.assets("cloudresourcemanager.googleapis.com/Project"):
        yield document(asset, name="resource.data.projectId")


@collects(Service, calls=_CALLS, per="organization", cost=_COST)
def services(gcp: Gcp) -> Iterator[Document]:
    """APIs that are enabled."""
    for asset in gcp.assets("serviceusage.googleapis.com/Service"):
        yield document(asset)


@collects(OrgPolicy, calls=_CALLS, per="organization", cost=_COST)
def org_policies(gcp: Gcp) -> Iterator[Document]:
    """Organisation policies, where they are set."""
    for asset in gcp.assets("orgpolicy.googleapis.com/Policy"):
        yield document(asset)


@collects(Perimeter, calls=_CALLS, per="organization", cost=_COST)
def perimeters(gcp: Gcp) -> Iterator[Document]:
    """Perimeters of VPC Service Controls: an organisation has them, folders and projects have none.

    The inventory gives them as content of its own, beside access levels and policies, each under the name of
    the organisation.
    """
    for asset in gcp.assets(content="ACCESS_POLICY") if gcp.organization else ():
        if not asset.keys() & {"accessLevel", "accessPolicy"}:
            yield document(asset, uid="servicePerimeter.name", name="servicePerimeter.title")


@collects(
    AccessApproval,
    calls=["accessapproval.projects.getAccessApprovalSettings"],
    per="project",
    cost="one",
)
def access_approval(gcp: Gcp) -> Iterator[Document]:
    """Whether Google's staff asks before it looks into the project."""
    name = f"{gcp.scope_name}/accessApprovalSettings"
    settings = gcp.fact(
        "accessapproval",
        "v1",
        "projects.getAccessApprovalSettings",
        # Google: settings that were never made are not found, or a precondition that is not met.
        absent=("FAILED_PRECONDITION", "NOT_FOUND"),
        name=name,
    )
    body = {"name": name, "settings": settings.call()}
    yield Document(name, gcp.scope_name.rpartition("/")[2], body)


@collects(
    EssentialContacts,
    calls=[
        "essentialcontacts.organizations.contacts.compute",
        "essentialcontacts.folders.contacts.compute",
        "essentialcontacts.projects.contacts.compute",
    ],
    per="organization",
    cost="pages of 100",
)
def essential_contacts(gcp: Gcp) -> Iterator[Document]:
    """Whom Google writes to, inherited contacts included; one document for the whole scope."""
    sort = gcp.scope_name.partition("/")[0]
    contacts = gcp.items(
        "essentialcontacts",
        "v1",
        f"{sort}.contacts.compute",
        "contacts",
        parent=gcp.scope_name,
        notificationCategories=["ALL"],
    )
    name = f"{gcp.scope_name}/contacts"
    yield Document(name, gcp.scope_name, {"name": name, "contacts": list(contacts)})
