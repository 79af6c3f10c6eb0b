"""Views of App Service: web apps and function apps.

Source: Azure REST API, "Web Apps": Get, Get Configuration, Get Auth Settings V2; "Azure App Service access
restrictions".
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import ClassVar, NamedTuple

import msgspec

from soc2_collectors import reach
from soc2_collectors.azure.models.arm import (
    PUBLIC_ACCESS,
    Arm,
    Diagnostic,
    PrivateEndpoint,
    chosen,
    public,
    same,
)
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import fact


class Restriction(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An access restriction: addresses, a subnet or a service tag."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ipAddress": "of a restriction for a subnet; else it stands for every address",
        "subnetMask": "of an address in an older form",
        "vnetSubnetResourceId": "of a restriction for a subnet alone",
        "tag": "of a restriction by a service tag; else it is for addresses",
        "headers": "a further condition, which counts for Front Door alone",
        "priority": "without it a restriction comes last",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "vnetSubnetResourceId": "which subnet it is is not asked",
        "tag": "anything but a service tag is judged by its addresses",
    }

    name: str | None = None
    ip_address: str | None = None
    """Ranges with commas between them, ``Any``, or a service tag."""
    subnet_mask: str | None = None
    vnet_subnet_resource_id: str | None = None
    tag: str | None = None
    """``Default``, ``XffProxy`` or ``ServiceTag``."""
    headers: dict[str, list[str]] | None = None
    action: str
    """``Allow`` or ``Deny``."""
    priority: int | None = None

    @property
    def allows(self) -> bool:
        """Whether it lets in. Raises FactUnavailable for another word than Allow and Deny."""
        return chosen(self.action, "action", good=("Allow",), bad=("Deny",))

    @property
    def service_tag(self) -> str:
        """The service tag, folded; empty where it is for something else."""
        return (self.ip_address or "").casefold() if same(self.tag, "ServiceTag") else ""

    @property
    def shared(self) -> bool:
        """Whether it is for addresses that every customer of Azure can use."""
        sort = self.service_tag.partition(".")[0]
        return sort == "azurecloud" or (sort == "azurefrontdoor" and not self._own_front_door)

    @property
    def _own_front_door(self) -> bool:
        return any(same(name, "x-azure-fdid") and ids for name, ids in (self.headers or {}).items())

    @property
    def sources(self) -> reach.Sources:
        """Whom of the internet it is for."""
        if self.vnet_subnet_resource_id:
            return reach.NO_SOURCE
        if tag := self.service_tag:
            if tag == "internet":
                return reach.EVERY_SOURCE
            known = self.shared or tag.startswith("azurefrontdoor")
            return reach.NO_SOURCE if known else reach.unread(tag)
        if not self.ip_address or same(self.ip_address, "Any"):
            return reach.EVERY_SOURCE
        if same(self.tag, "XffProxy"):  # what a client writes of itself
            return reach.unread(self.ip_address)
        mask = f"/{self.subnet_mask}" if self.subnet_mask else ""
        return reach.networks(f"{part.strip()}{mask}" for part in self.ip_address.split(","))


class ConfigProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The configuration of an app."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "ipSecurityRestrictions": "a list that may be empty: then every address is let in",
        "ipSecurityRestrictionsDefaultAction": "left out: the rest is refused where any restriction lets in",
        "publicNetworkAccess": "the site itself says it, too: without either it is on",
        "scmMinTlsVersion": "where an app is deployed; 1.2 by default; Azure REST API, SiteConfig",
    }

    ftps_state: str | None = None
    """``Disabled``, ``FtpsOnly``, ``AllAllowed``; left out: all."""
    min_tls_version: str | None = None
    scm_min_tls_version: str | None = None
    """Of the site by which the app is deployed."""
    remote_debugging_enabled: bool | None = None
    http_logging_enabled: bool = False
    """On Windows: requests are written to a log. On Linux: what a container prints is."""
    public_network_access: str | None = None
    """Counts where the site itself does not say."""
    ip_security_restrictions: list[Restriction] | None = None
    ip_security_restrictions_default_action: str | None = None

    @property
    def shared(self) -> list[str]:
        """Service tags by which every customer of Azure is let in, unless everybody is refused before."""
        found = []
        for rule in self._in_order:
            if not rule.allows and rule.sources == reach.EVERY_SOURCE:
                break
            found += [rule.ip_address or ""] if rule.shared and rule.allows else []
        return sorted(found)

    @property
    def _in_order(self) -> list[Restriction]:
        return sorted(
            self.ip_security_restrictions or (),
            key=lambda rule: _LAST if rule.priority is None else rule.priority,
        )

    @property
    def sources(self) -> reach.Sources:
        """Who of the internet is let in, by restrictions in their order."""
        entries = [reach.Entry(rule.allows, rule.sources) for rule in self._in_order]
        rest = self.ip_security_restrictions_default_action
        if rest:
            lets = chosen(
                rest, "ipSecurityRestrictionsDefaultAction", good=("Allow",), bad=("Deny",)
            )
        else:
            lets = not any(entry.allow for entry in entries)
        opened = reach.admitted(entries, otherwise=reach.EVERY_SOURCE if lets else reach.NO_SOURCE)
        return opened[0].sources if opened else reach.NO_SOURCE


_LAST = 2**31


class Config(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``config/web``."""

    properties: ConfigProperties


class Platform(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether App Service looks at who comes; left out: no."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "configFilePath": "only where a file of the app holds the settings; Azure REST API, AuthPlatform",
    }

    enabled: bool | None = None
    config_file_path: str | None = None
    """Set where a file, which is deployed with the app, says all the rest."""


class GlobalValidation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What happens to who is not signed in."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "excludedPaths": "a list of exceptions: without it every path asks",
    }

    require_authentication: bool | None = None
    unauthenticated_client_action: str | None = None
    """``RedirectToLoginPage``, ``AllowAnonymous``, ``Return401``, ``Return403``."""
    excluded_paths: list[str] | None = None


class AuthProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Authentication."""

    platform: Platform | None = None
    global_validation: GlobalValidation | None = None


class Entrance(NamedTuple):
    """Whether somebody comes in without having signed in."""

    open: bool
    why: str


class Auth(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``config/authsettingsV2``."""

    properties: AuthProperties

    def entrance(self, open_paths: tuple[str, ...] = ()) -> Entrance:
        """Whether somebody comes in without having signed in, but for paths that may be open.

        Raises FactUnavailable where Azure does not say what happens to them.
        """
        platform, asked = self.properties.platform, self.properties.global_validation
        if platform is None or not platform.enabled:
            return Entrance(open=True, why="authentication is off")
        if platform.config_file_path:
            msg = f"the file {platform.config_file_path} in the app says who must sign in"
            raise FactUnavailable(msg, field="configFilePath")
        if asked is None or asked.require_authentication is None:
            if asked is not None and same(asked.unauthenticated_client_action, "AllowAnonymous"):
                return Entrance(open=True, why="who is not signed in is let through")
            msg = "Azure does not say what happens to who is not signed in"
            raise FactUnavailable(msg, field="globalValidation")
        if not asked.require_authentication or not chosen(
            asked.unauthenticated_client_action,
            "unauthenticatedClientAction",
            good=("RedirectToLoginPage", "Return401", "Return403", "Return404"),
            bad=("AllowAnonymous",),
        ):
            return Entrance(open=True, why="who is not signed in is let through")
        paths = [
            path
            for path in asked.excluded_paths or ()
            if not any(fnmatchcase(path, pattern) for pattern in open_paths)
        ]
        if paths:
            return Entrance(open=True, why=f"without signing in: {', '.join(sorted(paths))}")
        return Entrance(open=False, why="who is not signed in is refused")


class Identity(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The managed identity of an app."""

    type: str | None = None
    """``SystemAssigned``, ``UserAssigned``, both with a comma, or ``None`` (the word)."""


class HostingEnvironment(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The App Service Environment that an app runs in."""

    id: str | None = None


class SiteProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of an app."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "publicNetworkAccess": PUBLIC_ACCESS,
        "hostingEnvironmentProfile": "of apps in an App Service Environment alone; Azure REST API, Sites",
        "privateEndpointConnections": "a list that may be empty: then what is not set is on",
    }

    https_only: bool
    public_network_access: str | None = None
    """Left out: the configuration says it, or it is enabled."""
    hosting_environment_profile: HostingEnvironment | None = None
    private_endpoint_connections: list[PrivateEndpoint] | None = None
    reserved: bool | None = None
    """Whether it runs on Linux."""
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
        "**.appCommandLine",
        "**.handlerMappings.*.arguments",
        "properties.siteConfig.metadata",
        "config.properties.metadata",
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
    diagnostics: list[Diagnostic] = fact("diagnosticSettings")

    @property
    def public(self) -> bool:
        """Whether it answers on its public endpoint, by the site or, where that is silent, its configuration.

        Where neither says it, it does unless there is a private endpoint (Azure App Service access restrictions,
        "App access").
        """
        said = self.properties.public_network_access
        if not said and self.config is not None:
            said = self.config.properties.public_network_access
        endpoints = self.properties.private_endpoint_connections or ()
        if not said and any(one.approved for one in endpoints):
            return False
        return public(said)

    @property
    def function(self) -> bool:
        """Whether it is a function app."""
        return "functionapp" in self.app_kind.casefold()

    @property
    def linux(self) -> bool | None:
        """Whether it runs on Linux; ``None``: Azure does not say."""
        return "linux" in self.app_kind.casefold() or self.properties.reserved

    @property
    def identified(self) -> bool:
        """Whether it has a managed identity. Raises FactUnavailable for a sort that is not known."""
        sorts = (self.identity.type if self.identity else None) or "None"
        return all(
            chosen(sort.strip(), "identity.type", good=_IDENTITIES, bad=("None",))
            for sort in sorts.split(",")
        )


_IDENTITIES = ("SystemAssigned", "UserAssigned")
