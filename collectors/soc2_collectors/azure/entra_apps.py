"""Collects apps, their secrets by date alone, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.entra_apps import Application, AppPermission, ServicePrincipal
from soc2_pac.errors import Unexpected
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_APPLICATIONS = "/applications"
_PRINCIPALS = "/servicePrincipals"
_ASSIGNED = "/servicePrincipals/{servicePrincipalId}/appRoleAssignedTo"
_APPLICATION = (
    "id,appId,displayName,createdDateTime,signInAudience,passwordCredentials,keyCredentials"
)
_PRINCIPAL = (
    "id,appId,displayName,accountEnabled,servicePrincipalType,appOwnerOrganizationId,"
    "passwordCredentials,keyCredentials"
)
_GRAPH = "appId eq '00000003-0000-0000-c000-000000000000'"


@collects(Application, calls=[f"GRAPH GET {_APPLICATIONS}"], per="tenant", cost="pages of 100")
def applications(azure: Azure) -> Iterator[Document]:
    """Apps that are registered here, with 20 of their owners."""
    for record in azure.graph_items(_APPLICATIONS, top=None, select=_APPLICATION, expand="owners"):
        yield document(record, name="displayName")


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
