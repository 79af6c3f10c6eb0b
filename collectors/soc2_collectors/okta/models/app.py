"""Applications: who may sign in to them, and how.

Source: Okta Management API, "Applications", "Application Groups", "Application Users".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_pac import identity
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.model import Scope

FEDERATED = frozenset({"SAML_2_0", "SAML_1_1", "OPENID_CONNECT", "WS_FEDERATION"})
"""Sign-on modes in which the app trusts Okta's word and holds no password of its own."""
OPENID_CONNECT = "OPENID_CONNECT"
GRANT_TYPES = frozenset(
    {
        "authorization_code",
        "client_credentials",
        "http://auth0.com/oauth/grant-type/mfa-oob",
        "http://auth0.com/oauth/grant-type/mfa-otp",
        "implicit",
        "interaction_code",
        "password",
        "refresh_token",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:okta:params:oauth:grant-type:oob",
        "urn:okta:params:oauth:grant-type:otp",
        "urn:openid:params:grant-type:ciba",
    }
)
"""Ways to get tokens that Okta documents."""
BOOKMARK = "BOOKMARK"
"""The sign-on mode of a mere link."""
PASSWORD_REPLAY = frozenset({"AUTO_LOGIN", "BASIC_AUTH", "BROWSER_PLUGIN", "SECURE_PASSWORD_STORE"})
"""Sign-on modes in which Okta keeps a password of the app and types it in."""


class Hidden(msgspec.Struct, frozen=True):
    """Where an app's tile is not shown."""

    iOS: bool | None = None  # noqa: N815 - Okta's name
    web: bool | None = None


class Visibility(msgspec.Struct, frozen=True, rename="camel"):
    """How an app is shown to the people who have it."""

    hide: Hidden | None = None


class Link(msgspec.Struct, frozen=True):
    """A link of a document to another."""

    href: str | None = None


class AppLinks(msgspec.Struct, frozen=True, rename="camel"):
    """What an app is connected with."""

    access_policy: Link | None = None
    """The policy that judges sign-ins to the app; an org of the Classic Engine has none."""


class OauthClient(msgspec.Struct, frozen=True):
    """What an OpenID Connect app is."""

    application_type: str | None = None
    """``web``, ``native``, ``browser`` or ``service``."""
    grant_types: list[str] | None = None
    """How it gets tokens: ``authorization_code``, ``password`` (it takes people's passwords itself), ..."""


class AppSettings(msgspec.Struct, frozen=True, rename="camel"):
    """Settings; which there are depends on the app."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "implicitAssignment": "Okta gives it of apps with Federation Broker Mode only (Applications API, "
        "settings)",
        "oauthClient": "OpenID Connect apps alone have it",
    }

    oauth_client: OauthClient | None = None
    implicit_assignment: bool | None = None
    """Federation Broker Mode: everybody gets in, and nobody is assigned."""


class Accessibility(msgspec.Struct, frozen=True, rename="camel"):
    """How people get at an app."""

    self_service: bool | None = None
    """Whether people may add the app to their own."""


class GroupAssignment(msgspec.Struct, frozen=True, rename="camel"):
    """A group that an app is assigned to (``GET /api/v1/apps/{appId}/groups``)."""

    id: str
    """Of the group."""


class UserAssignment(msgspec.Struct, frozen=True, rename="camel"):
    """A person whom an app is assigned to (``GET /api/v1/apps/{appId}/users``)."""

    id: str
    """Of the user."""
    scope: str
    """``USER``: assigned one by one; ``GROUP``: through a group."""


class ClientRole(msgspec.Struct, frozen=True):
    """An administrator role of a service app (``GET /oauth2/v1/clients/{clientId}/roles``)."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "type": "of a role that is not in force",
        "status": "whatever is not INACTIVE counts as in force",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "status": "whatever is not INACTIVE counts as in force"
    }

    type: str
    """``SUPER_ADMIN``, ``READ_ONLY_ADMIN``, ..., or ``CUSTOM``."""
    status: str | None = None


_ACTIVE = "whatever is not INACTIVE or DELETED counts as active, and the app is asked"
_MODE = (
    "policy, provisioning and assignments decide by themselves; null is Okta's word for directories, and "
    "which modes are federated is asked of known ones only"
)


class App(Resource, frozen=True, kw_only=True, rename="camel"):
    """An application of the org (``GET /api/v1/apps``), active or not, Okta's own included."""

    kind = "okta.app"
    may_lack: ClassVar[Mapping[str, str]] = {
        "label": "only named; the key stands in its place",
        "client_roles": "a list that may be empty: the app administers nothing",
        "status": _ACTIVE,
        "signOnMode": _MODE,
        "settings": "without settings it is no service app, and is asked; assignments ask for them",
    }
    any_value: ClassVar[Mapping[str, str]] = {"status": _ACTIVE, "signOnMode": _MODE}
    volatile = ("_links.logo", "_links.uploadLogo")
    secret = (
        "credentials.oauthClient.client_secret",
        "settings.app.password",
        "settings.app.secretKey",
        "settings.app.secretKeyEnc",
        "settings.app.sharedPassword",
        "**.credentials.password",
    )

    id: str
    name: str
    """The app's key in Okta's catalogue: ``saasure`` is the Admin Console, ``okta_enduser`` the dashboard."""
    label: str | None = None
    """What administrators call it."""
    status: str
    """``ACTIVE``, ``INACTIVE`` or ``DELETED``."""
    sign_on_mode: str | None
    """``SAML_2_0``, ``OPENID_CONNECT``, ``BROWSER_PLUGIN``, ``BOOKMARK``, ...; ``None`` of directories
    (Active Directory, LDAP), to which nobody signs in by Okta."""
    features: list[str] | None = None
    """What provisioning does: ``PUSH_NEW_USERS``, ``PUSH_USER_DEACTIVATION``, ...; empty without."""
    accessibility: Accessibility | None = None
    visibility: Visibility | None = None
    links: AppLinks | None = msgspec.field(default=None, name="_links")
    settings: AppSettings | None = None
    groups: list[GroupAssignment] = fact("groups")
    """``GET /api/v1/apps/{appId}/groups``; of active apps that are not Okta's own, as ``users`` is."""
    users: list[UserAssignment] = fact("users")
    """Those assigned one by one (``GET /api/v1/apps/{appId}/users``); who comes by a group is left out."""
    client_roles: list[ClientRole] = fact("client_roles")
    """Read of service apps."""

    def access_grants(self, scope: Scope) -> Iterable[identity.Access]:
        """Who was given the app, or in which groups they are; of a service app, the roles that it has itself.

        Nothing of apps that nobody can use, and of Okta's own: everybody has these, or its administrators.
        """
        system = f"okta:{scope.account}"
        if not self.active or self.of_okta:
            return
        try:
            if self.service:
                yield from self._as_service(system)
                return
            people = [(one.id, False) for one in self.users]
            given = people + [(one.id, True) for one in self.groups]
        except FactUnavailable as error:
            yield identity.Hidden(system, f"who has the app {self.called}", str(error))
            return
        for holder, by_group in given:
            yield identity.Grant(
                system, holder, self.called, "application", by_group=by_group, id=f"app {self.id}"
            )

    def _as_service(self, system: str) -> Iterable[identity.Access]:
        yield identity.Account(
            system=system,
            uid=self.id,
            login=self.called,
            name="",
            mails=(),
            active=self.active,
            privileged=None,
            mfa=None,
            sort="service",
            signs_in=False,
        )
        for role in self.client_roles:
            if role.status != "INACTIVE":
                strong = role.type not in ("READ_ONLY_ADMIN", "REPORT_ADMIN")
                yield identity.Grant(system, self.id, role.type, "role", privileged=strong)

    @property
    def called(self) -> str:
        """What administrators call it, or else its key."""
        return self.label or self.name

    @property
    def active(self) -> bool:
        """Whether anybody can sign in to it; a status that is not known counts."""
        return self.status not in ("INACTIVE", "DELETED")

    @property
    def signs_people_in(self) -> bool:
        """Whether people sign in to it by Okta: it is active, no machine's, and no directory."""
        return self.active and not self.service and self.sign_on_mode is not None

    @property
    def application_type(self) -> str | None:
        """What an OpenID Connect app is: ``web``, ``native``, ``browser`` or ``service``."""
        client = self.settings.oauth_client if self.settings else None
        return client.application_type if client else None

    @property
    def grant_types(self) -> list[str] | None:
        """How an OpenID Connect app gets its tokens; ``None``: Okta does not say."""
        client = self.settings.oauth_client if self.settings else None
        return (client.grant_types or None) if client else None

    @property
    def service(self) -> bool:
        """Whether it is a machine's: it gets tokens for itself, and nobody signs in to it."""
        return self.application_type == "service"

    @property
    def of_okta(self) -> bool:
        """Whether it is a part of Okta itself rather than an app that the company uses."""
        return self.name in OKTA_APPS

    def named_in(self, names: tuple[str, ...]) -> bool:
        """Whether its label, key or id is one of these. Letter case does not matter."""
        mine = {self.called.lower(), self.name.lower(), self.id.lower()}
        return not mine.isdisjoint(name.lower() for name in names)

    @property
    def access_policy_id(self) -> str | None:
        """The id of the policy that judges sign-ins to the app."""
        link = self.links.access_policy if self.links else None
        return link.href.rstrip("/").rpartition("/")[2] if link and link.href else None


OKTA_APPS = frozenset(
    {
        "flow",  # Workflows
        "okta_access_requests_admin",
        "okta_access_requests_resource_catalog",
        "okta_atspoke_sso",  # Access Requests
        "okta_browser_plugin",
        "okta_enduser",
        "okta_flow_sso",
        "okta_iga_reviewer",
        "okta_oin_submission_tester_app",
        "saasure",
    }
)
"""Keys of the apps that Okta itself puts into an org."""
