"""Collects apps, their secrets by date alone, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.entra_apps import (
    Application,
    AppPermission,
    PermissionGrant,
    ServicePrincipal,
)
from soc2_pac.errors import Unexpected
from soc2_pac.model import Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_APPLICATIONS = "/applications"
_PRINCIPALS = "/servicePrincipals"
_ASSIGNED = "/servicePrincipals/{servicePrincipalId}/appRoleAssignedTo"
_GRANTS = "/oauth2PermissionGrants"
_APPLICATION = (
    "id,appId,displayName,createdDateTime,signInAudience,passwordCredentials,keyCredentials"
)
_PRINCIPAL = (
    "id,appId,displayName,accountEnabled,servicePrincipalType,appOwnerOrganizationId,"
    "passwordCredentials,keyCredentials"
)
_GRAPH = "appId eq '00000003-0000-0000-c000-000000000000'"


@collects(
    Application, calls=[f"GRAPH GET {_APPLICATIONS}"], per="tenant", cost="twice the pages of 100"
)
def applications(azure: Azure) -> Iterator[Document]:
    """Apps that are registered here, with 20 of their owners and their federated credentials.

    Graph expands one relation at a time: the second one is a listing of its own.
    """

    def listing() -> dict[str, Any]:
        return {
            record["id"]: record.get("federatedIdentityCredentials")
            for record in azure.graph_items(
                _APPLICATIONS, top=None, select="id", expand="federatedIdentityCredentials"
            )
            if isinstance(record.get("id"), str)
        }

    def further(number: str) -> dict[str, object]:
        def federated() -> object:
            found = azure.once("federated", listing)
            if number not in found:
                msg = f"GRAPH GET {_APPLICATIONS} showed the app {number} once, and not again"
                raise Unexpected(msg, operation=f"GRAPH GET {_APPLICATIONS}")
            return found[number] or []

        return {"federatedIdentityCredentials": Fact(f"GRAPH GET {_APPLICATIONS}", federated)}

    for record in azure.graph_items(_APPLICATIONS, top=None, select=_APPLICATION, expand="owners"):
        yield document(record, name="displayName", body=further)


@collects(PermissionGrant, calls=[f"GRAPH GET {_GRANTS}"], per="tenant", cost="pages")
def permission_grants(azure: Azure) -> Iterator[Document]:
    """What apps may do for users, for all or for one."""
    for record in azure.graph_items(_GRANTS, top=None):
        yield document(record, name="id")


@collects(ServicePrincipal, calls=[f"GRAPH GET {_PRINCIPALS}"], per="tenant", cost="pages of 100")
def service_principals(azure: Azure) -> Iterator[Document]:
    """Apps as they act in this tenant, with 20 of their owners."""
    for record in azure.graph_items(_PRINCIPALS, top=None, select=_PRINCIPAL, expand="owners"):
        yield document(record, name="displayName")


@collects(
    AppPermission,
    calls=[f"GRAPH GET {_PRINCIPALS}", f"GRAPH GET {_ASSIGNED}"],
    per="tenant",
    cost="1 + pages of 999",
)
def app_permissions(azure: Azure) -> Iterator[Document]:
    """Who has which permission to Microsoft Graph of their own right."""
    found = False
    for graph in azure.graph_items(
        _PRINCIPALS, top=None, filter=_GRAPH, select="id,appId,displayName,appRoles"
    ):
        number, listed = graph.get("id"), graph.get("appRoles")
        if not isinstance(number, str) or not isinstance(listed, list):
            break
        found = True
        roles: dict[str, Any] = {
            role["id"]: role
            for role in listed
            if isinstance(role, dict) and isinstance(role.get("id"), str)
        }
        for record in azure.graph_items(_ASSIGNED, servicePrincipalId=number):
            role = record.get("appRoleId")
            named = roles.get(role) if isinstance(role, str) else None
            yield document(record, name="principalDisplayName", body={"appRole": named})
    if not found:
        call = f"GRAPH GET {_PRINCIPALS}"
        msg = f"{call} did not show Microsoft Graph itself, which every tenant has"
        raise Unexpected(msg, operation=call)
