"""Views of App Service: web apps and function apps.

Source: Azure REST API, "Web Apps": Get, Get Configuration, Get Auth Settings V2, Get Diagnostic Logs
Configuration.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.azure.models.arm import Arm, same
from soc2_pac.resources import fact


class Restriction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An access restriction."""

    ip_address: str | None = None
    """A range, ``Any``, or a service tag."""
    action: str | None = None
    priority: int | None = None


class ConfigProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The configuration of an app."""

    ftps_state: str | None = None
    """``Disabled``, ``FtpsOnly``, ``AllAllowed``; left out: all."""
    min_tls_version: str | None = None
    remote_debugging_enabled: bool = False
    http_logging_enabled: bool = False
    ip_security_restrictions: list[Restriction] | None = None
    ip_security_restrictions_default_action: str | None = None


class Config(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``config/web``."""

    properties: ConfigProperties


class Platform(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether App Service asks who comes; left out: no."""

    enabled: bool | None = None


class AuthProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Authentication."""

    platform: Platform | None = None


class Auth(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``config/authsettingsV2``."""

    properties: AuthProperties


class Identity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The managed identity of an app."""

    type: str | None = None


class SiteProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of an app."""

    https_only: bool
    public_network_access: str | None = None
    """Left out: enabled."""
    state: str | None = None


class Site(Arm, frozen=True, kw_only=True, rename="camel"):
    """An app of App Service; a function app is one, too."""

    kind = "azure.app_service.app"
    secret = (
        "properties.siteConfig.appSettings",
        "properties.siteConfig.connectionStrings",
        "properties.siteConfig.azureStorageAccounts",
        "properties.siteConfig.publishingPassword",
        "config.properties.appSettings",
        "config.properties.connectionStrings",
        "config.properties.azureStorageAccounts",
        "config.properties.publishingPassword",
    )
    volatile = (
        "properties.lastModifiedTimeUtc",
        "properties.usageState",
        "properties.possibleOutboundIpAddresses",
    )

    app_kind: str = msgspec.field(name="kind", default="")
    """``app``, ``app,linux``, ``functionapp``, ``functionapp,linux``, ..."""
    identity: Identity | None = None
    properties: SiteProperties
    config: Config | None = fact("config")
    auth: Auth | None = fact("authSettings")

    @property
    def function(self) -> bool:
        """Whether it is a function app."""
        return "functionapp" in self.app_kind.casefold()

    @property
    def identified(self) -> bool:
        """Whether it has a managed identity."""
        return bool(self.identity and self.identity.type and not same(self.identity.type, "None"))
