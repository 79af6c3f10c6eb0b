"""Google Workspace and Cloud Identity: the directory, read in an administrator's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.gcp.answers import document
from soc2_collectors.gcp.models.workspace import WorkspaceCustomer, WorkspaceUser
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp
    from soc2_pac.model import Document

_MINE = "my_customer"
_LARGEST_PAGE = 500


@collects(WorkspaceUser, calls=["admin.users.list"], per="organization", cost="pages of 500")
def users(gcp: Gcp) -> Iterator[Document]:
    """Accounts of people, suspended ones included."""
    found = gcp.items(
        "admin", "directory_v1", "users.list", "users", customer=_MINE, maxResults=_LARGEST_PAGE
    )
    for user in found:
        yield document(user, uid="id", name="primaryEmail")


@collects(WorkspaceCustomer, calls=["admin.customers.get"], per="organization", cost="one")
def customer(gcp: Gcp) -> Iterator[Document]:
    """The customer account."""
    found = gcp.ask("admin", "directory_v1", "customers.get", customerKey=_MINE)
    yield document(found, uid="id", name="customerDomain")
