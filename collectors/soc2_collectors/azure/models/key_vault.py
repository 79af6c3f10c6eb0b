"""Views of key vaults.

Source: Azure REST API, "Key Vault": Vaults, Keys, Secrets (management plane: names and attributes only).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

import msgspec

from soc2_collectors.azure.models.arm import (
    PUBLIC_ACCESS,
    Arm,
    Diagnostic,
    NetworkAcls,
    PrivateEndpoint,
)
from soc2_collectors.azure.models.perimeter import Association, Gate
from soc2_pac.resources import fact


class VaultProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a vault."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "publicNetworkAccess": PUBLIC_ACCESS,
        "privateEndpointConnections": "a list that may be empty; asked for where private endpoints are",
    }

    enable_soft_delete: bool | None = None
    """Left out: not known. On by default since 2020, and never switched on in some older vaults."""
    enable_purge_protection: bool | None = None
    """Left out: off; the API never answers false."""
    enable_rbac_authorization: bool | None = None
    """Left out: off, access policies decide."""
    network_acls: NetworkAcls | None = None
    """Left out: no firewall."""
    private_endpoint_connections: list[PrivateEndpoint] | None = None
    public_network_access: str | None = None
    """Left out: enabled."""
    soft_delete_retention_in_days: int | None = None


class Attributes(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Attributes of a key or a secret; times are seconds since 1970."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enabled": "left out is judged as enabled",
        "exp": "read of what is enabled",
    }

    enabled: bool = True
    exp: int | None = None

    @property
    def expires(self) -> datetime | None:
        """When it expires; ``None`` for never, or for no time that a calendar holds."""
        if self.exp is None:
            return None
        try:
            return datetime.fromtimestamp(self.exp, UTC)
        except (OverflowError, ValueError, OSError):
            return None


class ItemProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Properties of a key or a secret."""

    attributes: Attributes


class Item(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A key or a secret, by its name."""

    name: str
    properties: ItemProperties


class KeyVault(Arm, frozen=True, kw_only=True, rename="camel"):
    """A key vault; of its keys and secrets only names and attributes are read."""

    kind = "azure.key_vault.vault"
    secret = (
        "secrets.*.properties.value",
        "**.release_policy.data",
    )

    may_lack: ClassVar[Mapping[str, str]] = {
        **Arm.may_lack,
        "keys": "a list that may be empty",
        "secrets": "a list that may be empty",
        "networkSecurityPerimeterConfigurations": "a list that may be empty: of no perimeter",
    }

    properties: VaultProperties
    keys: list[Item] = fact("keys")
    secrets: list[Item] = fact("secrets")
    diagnostics: list[Diagnostic] = fact("diagnosticSettings")
    perimeters: list[Association] = fact("networkSecurityPerimeterConfigurations")

    @property
    def gate(self) -> Gate:
        """What decides who comes in by the public endpoint."""
        return Gate(self.properties.public_network_access, self.perimeters)
