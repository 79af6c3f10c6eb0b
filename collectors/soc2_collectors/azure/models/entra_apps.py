"""Apps, what they sign in with, and what they may do.

Source: Microsoft Graph v1.0, "application", "servicePrincipal" and "appRoleAssignment".
"""

from __future__ import annotations

import msgspec

from soc2_collectors.azure.models.entra_roles import DirectoryObject, Moment
from soc2_pac.resources import Resource


class AppCredential(msgspec.Struct, frozen=True, rename="camel"):
    """A secret or certificate, without what it is."""

    key_id: str
    end_date_time: Moment
    start_date_time: Moment
    display_name: str | None = None

    @property
    def label(self) -> str:
        """What its owner calls it, else its id."""
        return self.display_name or self.key_id


_SECRETS = (
    "passwordCredentials.*.secretText",
    "passwordCredentials.*.hint",
    "keyCredentials.*.key",
)


class Application(Resource, frozen=True, kw_only=True, rename="camel"):
    """An app that is registered here (``GET /applications?$expand=owners``).

    Shape from documentation. Graph expands 20 owners at most.
    """

    kind = "azure.entra.application"
    secret = _SECRETS

    id: str
    app_id: str
    display_name: str
    password_credentials: list[AppCredential]
    key_credentials: list[AppCredential]
    owners: list[DirectoryObject]


class ServicePrincipal(Resource, frozen=True, kw_only=True, rename="camel"):
    """An app as it acts in this tenant (``GET /servicePrincipals?$expand=owners``).

    Shape from documentation. Graph expands 20 owners at most.
    """

    kind = "azure.entra.service_principal"
    secret = _SECRETS

    id: str
    app_id: str
    display_name: str
    account_enabled: bool | None = None
    service_principal_type: str | None = None
    """``Application``, ``ManagedIdentity``, ``Legacy``, ``SocialIdp``."""
    app_owner_organization_id: str | None = None
    """The tenant of whoever made the app."""
    password_credentials: list[AppCredential]
    key_credentials: list[AppCredential]
    owners: list[DirectoryObject]


class _AppRole(msgspec.Struct, frozen=True, rename="camel"):
    value: str | None = None


class AppPermission(Resource, frozen=True, kw_only=True, rename="camel"):
    """A permission to Microsoft Graph that an app has of its own right (``appRoleAssignedTo``).

    Shape from documentation.
    """

    kind = "azure.entra.app_permission"

    id: str
    principal_id: str
    principal_type: str | None = None
    principal_display_name: str | None = None
    app_role_id: str
    app_role: _AppRole | None
    """The role by that id, as Microsoft Graph's service principal lists it; ``null``: it lists none."""
