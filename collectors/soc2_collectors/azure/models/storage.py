"""Views of storage accounts.

Source: Azure REST API, "Storage Accounts", "Blob Services", "File Services".
"""

from __future__ import annotations

import msgspec

from soc2_collectors.azure.models.arm import (
    Arm,
    Diagnostic,
    Moment,
    NetworkAcls,
    PrivateEndpoint,
)
from soc2_pac.resources import fact


class Encryption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How an account is encrypted."""

    key_source: str
    """``Microsoft.Storage``, or ``Microsoft.Keyvault`` for a key of the customer."""
    require_infrastructure_encryption: bool | None = None


class KeyCreationTime(msgspec.Struct, frozen=True, kw_only=True):
    """When the two keys of an account were made."""

    key1: Moment | None = None
    key2: Moment | None = None


class AccountProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of an account. What is left out was never set; the documentation says what that means."""

    allow_blob_public_access: bool | None = None
    """Not set: anonymous access is admitted (accounts of before November 2023)."""
    allow_cross_tenant_replication: bool | None = None
    """Not set: admitted (accounts of before December 2023)."""
    allow_shared_key_access: bool | None = None
    """Not set: admitted."""
    default_to_o_auth_authentication: bool | None = msgspec.field(
        default=None, name="defaultToOAuthAuthentication"
    )
    """Not set: the portal asks for the key first."""
    encryption: Encryption
    key_creation_time: KeyCreationTime | None = None
    """Not set: the keys are older than this field (2021), or were never made anew since."""
    minimum_tls_version: str | None = None
    """``TLS1_0`` to ``TLS1_3``; not set: 1.0."""
    network_acls: NetworkAcls
    private_endpoint_connections: list[PrivateEndpoint] = []
    public_network_access: str | None = None
    """``Enabled``, ``Disabled`` or ``SecuredByPerimeter``; not set: enabled."""
    supports_https_traffic_only: bool


class Retention(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long what was deleted can be had back."""

    enabled: bool = False
    days: int | None = None


class BlobServiceProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of the blob service; what is left out is off."""

    delete_retention_policy: Retention | None = None
    container_delete_retention_policy: Retention | None = None
    is_versioning_enabled: bool | None = None


class BlobService(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The blob service of an account."""

    properties: BlobServiceProperties


class FileServiceProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of the file service."""

    share_delete_retention_policy: Retention | None = None
    """Left out: on, for seven days, unless somebody switched it off."""


class FileService(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The file service of an account."""

    properties: FileServiceProperties


class StorageAccount(Arm, frozen=True, kw_only=True, rename="camel"):
    """A storage account and its services."""

    kind = "azure.storage.account"
    volatile = ("etag", "properties.geoReplicationStats")

    account_kind: str = msgspec.field(name="kind")
    """``Storage``, ``StorageV2``, ``BlobStorage``, ``FileStorage``, ``BlockBlobStorage``."""
    properties: AccountProperties
    blob_service: BlobService | None = fact("blobServices")
    """``None`` where the account has no blobs."""
    file_service: FileService | None = fact("fileServices")
    """``None`` where the account has no shares."""
    blob_diagnostics: list[Diagnostic] | None = fact("blobDiagnosticSettings")
    queue_diagnostics: list[Diagnostic] | None = fact("queueDiagnosticSettings")
    table_diagnostics: list[Diagnostic] | None = fact("tableDiagnosticSettings")

    @property
    def reachable(self) -> bool:
        """Whether every address of the internet may knock."""
        if (self.properties.public_network_access or "Enabled").casefold() != "enabled":
            return False
        return self.properties.network_acls.open
