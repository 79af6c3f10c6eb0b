"""Apps, what they sign in with, and what they may do.

Source: Microsoft Graph v1.0, "application", "servicePrincipal", "appRoleAssignment",
"federatedIdentityCredential" and "oAuth2PermissionGrant"; "Microsoft Graph permissions reference".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.azure.models.arm import chosen, same
from soc2_collectors.azure.models.entra_roles import DirectoryObject, Moment
from soc2_pac.identity import Account, Grant
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.identity import Access
    from soc2_pac.model import Scope

_OF_MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
"""The tenant of Microsoft's own apps; Microsoft Entra, "Verify first-party Microsoft applications"."""


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


class KeyCredential(AppCredential, frozen=True, rename="camel"):
    """A certificate or key, by its public half."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "usage": "only takes out keys with which Entra encrypts tokens; whatever else is judged",
    }
    any_value: ClassVar[Mapping[str, str]] = may_lack

    usage: str | None = None
    """``Verify``: the app signs in with it; ``Encrypt``: Entra encrypts tokens for the app with it."""

    @property
    def signs_in(self) -> bool:
        """Whether the app may sign in with it."""
        return not same(self.usage, "Encrypt")


_SECRETS = (
    "passwordCredentials.*.secretText",
    "passwordCredentials.*.hint",
    "keyCredentials.*.key",
)


class Federated(msgspec.Struct, frozen=True, rename="camel"):
    """A token of another issuer by which an app signs in without a secret."""

    name: str
    issuer: str
    subject: str | None = None
    """Exactly this subject; empty where an expression says which."""
    claims_matching_expression: dict[str, object] | None = None
    """An expression with wildcards over the claims."""

    @property
    def pinned(self) -> bool:
        """Whether one subject of the issuer is named, and no pattern."""
        return bool(self.subject) and not self.claims_matching_expression


class Application(Resource, frozen=True, kw_only=True, rename="camel"):
    """An app that is registered here (``GET /applications?$expand=owners``).

    Shape from documentation. Graph expands 20 owners at most.
    """

    kind = "azure.entra.application"
    secret = _SECRETS
    may_lack: ClassVar[Mapping[str, str]] = {
        "federatedIdentityCredentials": "a list that may be empty: the app signs in by none",
    }

    id: str
    app_id: str
    display_name: str
    password_credentials: list[AppCredential]
    key_credentials: list[KeyCredential]
    owners: list[DirectoryObject]
    federated: list[Federated] = fact("federatedIdentityCredentials")
    """``GET /applications?$expand=federatedIdentityCredentials``."""


class ServicePrincipal(Resource, frozen=True, kw_only=True, rename="camel"):
    """An app as it acts in this tenant (``GET /servicePrincipals?$expand=owners``).

    Shape from documentation. Graph expands 20 owners at most.
    """

    kind = "azure.entra.service_principal"
    secret = _SECRETS
    may_lack: ClassVar[Mapping[str, str]] = {
        "accountEnabled": "null is judged as enabled",
        "servicePrincipalType": "only said in the message",
        "appOwnerOrganizationId": "an app whose maker is not shown is judged as the company's own",
        "passwordCredentials": "a list that may be empty: the app has no secret here",
        "keyCredentials": "a list that may be empty: the app has no certificate here",
        "owners": "a list that may be empty: nobody owns the app here",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "appOwnerOrganizationId": "an app of whomever else is judged as the company's own",
        "servicePrincipalType": "only said in the message",
    }

    id: str
    app_id: str
    display_name: str
    account_enabled: bool | None = None
    service_principal_type: str | None = None
    """``Application``, ``ManagedIdentity``, ``Legacy``, ``SocialIdp``."""
    app_owner_organization_id: str | None = None
    """The tenant of whoever made the app."""
    password_credentials: list[AppCredential]
    key_credentials: list[KeyCredential]
    owners: list[DirectoryObject]

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The app as an account; where one person owns it, they answer for it."""
        people = [one.user_principal_name for one in self.owners if one.user_principal_name]
        microsoft = (self.app_owner_organization_id or "").casefold() == _OF_MICROSOFT
        yield Account(
            system=f"azure:{scope.account}",
            uid=self.id,
            login=self.display_name,
            name="",
            mails=(),
            active=self.account_enabled,
            privileged=None,
            mfa=None,
            sort="bot" if microsoft else "service",
            person=people[0] if len(people) == 1 else None,
            signs_in=False,
        )


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

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The permission, which the app has whoever uses it."""
        value = self.app_role.value if self.app_role else None
        program = (self.principal_type or "").casefold() == "serviceprincipal"
        yield Grant(
            f"azure:{scope.account}",
            self.principal_id,
            value or f"app role {self.app_role_id}",
            "role",
            on="Microsoft Graph",
            of="azure",
            id=self.app_role_id,
            holder_is="service" if program else "person",
            holder_name=self.principal_display_name or "",
        )


class PermissionGrant(Resource, frozen=True, kw_only=True, rename="camel"):
    """What an app may do for users who sign in to it (``GET /oauth2PermissionGrants``).

    Shape from documentation. ``scope`` holds permissions with blanks between them.
    """

    kind = "azure.entra.permission_grant"

    id: str
    client_id: str
    """Of the app's service principal."""
    consent_type: str
    """``AllPrincipals``: for every user; ``Principal``: for one."""
    principal_id: str | None = None
    resource_id: str
    scope: str | None = None

    @property
    def for_all(self) -> bool:
        """Whether it holds for every user. Raises FactUnavailable for a word that is not known."""
        return chosen(self.consent_type, "consentType", good=("AllPrincipals",), bad=("Principal",))

    @property
    def scopes(self) -> frozenset[str]:
        """The permissions."""
        return frozenset((self.scope or "").split())

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """What the app may do for users: for everybody, or for one."""
        whom = "every user" if self.consent_type == "AllPrincipals" else f"user {self.principal_id}"
        for one in sorted(self.scopes):
            yield Grant(
                f"azure:{scope.account}",
                self.client_id,
                one,
                "application",
                on=f"{self.resource_id}, for {whom}",
                of="azure",
                holder_is="service",
                note="delegated: only while the user is signed in to the app",
            )
