"""What reaches the organisation without being a member: tokens, Apps, keys, hooks, secrets."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.github.models.repository import User
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Account, Grant, Hidden
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.identity import Access
    from soc2_pac.model import Scope


class Holder(msgspec.Struct, frozen=True):
    """The organisation or one of its repositories."""

    name: str
    """``acme``, or ``acme/api``."""
    node_id: str = ""
    """Of a repository: stays when it is renamed."""


class Secret(msgspec.Struct, frozen=True):
    """A secret of Actions: its name and its times; its value never leaves GitHub."""

    name: str
    updated_at: datetime


class SecretList(Resource, frozen=True):
    """The secrets that workflows get from the organisation, or from one repository."""

    kind = "github.secret_list"

    holder: Holder
    secrets: list[Secret] = fact("secrets")


class HookConfig(msgspec.Struct, frozen=True):
    """Where a webhook sends to."""

    url: str = ""
    insecure_ssl: str | int | float | None = None
    """``1``: the certificate is not verified, ``0``: it is. ``None``: not said; the specification leaves open
    what that means."""
    secret: str | None = None
    """Something where there is one; GitHub leaves it out where there is none."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "secret": "left out where there is none, and then only hosts that are exempt pass (REST, webhooks)"
    }

    @property
    def encrypted(self) -> bool:
        """Whether it sends by HTTPS. A URL that was redacted as a whole began with it."""
        return re.match(r"https://|\[redacted [a-z-]*webhook\]", self.url.lower()) is not None

    @property
    def host(self) -> str:
        """Whom it sends to; an empty text where the URL has none, or one that programs read differently."""
        if "\\" in self.url:
            return ""
        try:
            return urllib.parse.urlsplit(self.url).hostname or ""
        except ValueError:
            return ""


class Hook(msgspec.Struct, frozen=True):
    """A webhook."""

    id: int
    active: bool
    config: HookConfig


class WebhookList(Resource, frozen=True):
    """The webhooks of the organisation, or of one repository."""

    kind = "github.webhook_list"
    volatile = ("hooks.*.last_response", "hooks.*.updated_at")
    secret = ("hooks.*.config.secret",)

    holder: Holder
    hooks: list[Hook] = fact("hooks")


class DeployKey(msgspec.Struct, frozen=True):
    """An SSH key of one repository."""

    id: int
    title: str
    read_only: bool
    created_at: datetime
    last_used: datetime | msgspec.UnsetType | None = msgspec.UNSET
    """``None``: never. Older servers leave it out."""
    enabled: bool = True
    """Off where a policy of the organisation forbids deploy keys; older servers have no such policy."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enabled": "a key of an older server, which leaves it out, counts as enabled: it is judged"
    }


class DeployKeyList(Resource, frozen=True):
    """The deploy keys of a repository that has some."""

    kind = "github.deploy_key_list"

    holder: Holder
    keys: list[DeployKey] = fact("keys")

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Each key, as an account of whatever program holds it."""
        system = f"github:{scope.account}"
        try:
            keys = self.keys
        except FactUnavailable as error:
            yield Hidden(system, f"the deploy keys of {self.holder.name}", str(error))
            return
        for key in keys:
            yield Account(
                system=system,
                uid=f"deploy key {key.id}",
                login=f"deploy key {key.title}",
                name="",
                mails=(),
                active=key.enabled,
                privileged=None,
                mfa=None,
                sort="service",
                created=key.created_at,
                last_used=key.last_used if isinstance(key.last_used, datetime) else None,
                signs_in=False,
            )
            may = "read" if key.read_only else "write"
            yield Grant(
                system,
                f"deploy key {key.id}",
                f"{may} by key",
                "key",
                on=self.holder.name,
                on_id=self.holder.node_id,
            )


class PersonalAccessToken(Resource, frozen=True):
    """A fine-grained token that reaches the organisation (``GET /orgs/{org}/personal-access-tokens``)."""

    kind = "github.personal_access_token"
    volatile = ("token_last_used_at", "owner.avatar_url")

    owner: User
    repository_selection: str
    """``none``, ``all`` or ``subset``."""
    access_granted_at: datetime
    token_expired: bool
    token_expires_at: datetime | None
    """``None``: never."""
    token_name: str = ""
    permissions: dict[str, dict[str, str]] | None = None
    """By sort (``organization``, ``repository``, ``other``) and name: ``read``, ``write`` or ``admin``."""


class CredentialAuthorization(Resource, frozen=True):
    """A member's credential that single sign-on lets in (``GET /orgs/{org}/credential-authorizations``)."""

    kind = "github.credential_authorization"
    volatile = ("credential_accessed_at",)

    login: str
    credential_id: int
    credential_type: str
    """``personal access token`` (a classic one), ``SSH key``, ``OAuth app token``, ``GitHub app token``."""
    credential_authorized_at: datetime
    authorized_credential_expires_at: datetime | None = None
    """Left out, or ``None``, where it never expires."""
    scopes: list[str] | None = None
    """Of a token."""

    @property
    def label(self) -> str:
        """``personal access token 161195 of ann``."""
        return f"{self.credential_type} {self.credential_id} of {self.login}"


_ADMINISTRATION = frozenset(
    {
        ("administration", "write"),
        ("members", "write"),
        ("organization_administration", "write"),
    }
)
"""Permissions by which an App gives others access; REST, "Permissions required for GitHub Apps"."""


class AppInstallation(Resource, frozen=True):
    """A GitHub App that is installed in the organisation (``GET /orgs/{org}/installations``)."""

    kind = "github.app_installation"
    volatile = ("updated_at", "account.avatar_url")

    app_slug: str
    repository_selection: str
    """``all`` or ``selected``."""
    permissions: dict[str, str]
    app_id: int | None = None
    """Stays when the App is renamed."""
    suspended_at: datetime | None = None
    """Without it the App counts as one at work."""

    any_value: ClassVar[Mapping[str, str]] = {"app_slug": "a name; only approved ones count"}
    may_lack: ClassVar[Mapping[str, str]] = {
        "app_slug": "a name; without it nothing is approved",
        "suspended_at": "without it the App counts as one at work, and is judged",
        "permissions": "an App without permissions writes to nothing (REST, installations)",
    }

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The App as an account, and each of its permissions."""
        system, uid = f"github:{scope.account}", f"app {self.app_slug}"
        yield Account(
            system=system,
            uid=uid,
            login=uid,
            name="",
            mails=(),
            active=self.suspended_at is None,
            privileged=None,
            mfa=None,
            sort="service",
            signs_in=False,
            closed_at=self.suspended_at,
            lasting="" if self.app_id is None else f"app {self.app_id}",
        )
        where = "every repository" if self.repository_selection == "all" else "chosen repositories"
        for name, access in sorted(self.permissions.items()):
            organisation = name.startswith(("organization_", "members"))
            yield Grant(
                system,
                uid,
                f"{name}: {access}",
                "application",
                on="" if organisation else where,
                privileged=True if (name, access) in _ADMINISTRATION else None,
            )


class AuditLogStream(Resource, frozen=True):
    """Where the enterprise's audit log is streamed to."""

    kind = "github.audit_log_stream"
    volatile = ("updated_at",)

    any_value: ClassVar[Mapping[str, str]] = {"stream_type": "only named"}
    may_lack: ClassVar[Mapping[str, str]] = {"stream_type": "only named"}

    stream_type: str
    """``Splunk``, ``Amazon S3`` ..."""
    enabled: bool
    paused_at: datetime | None
    """``None``: it runs."""

    @property
    def runs(self) -> bool:
        """Whether events are sent there."""
        return self.enabled and self.paused_at is None
