"""Views of storage accounts.

Source: Azure REST API, "Storage Accounts", "Blob Services", "File Services".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.azure.models.arm import (
    PUBLIC_ACCESS,
    Arm,
    Diagnostic,
    Moment,
    NetworkAcls,
    PrivateEndpoint,
    same,
)
from soc2_collectors.azure.models.perimeter import Association, Gate
from soc2_pac.resources import fact


class EncryptedService(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How one service of an account is encrypted."""

    key_type: str | None = None
    """``Account``: with the account's key; ``Service``: with one of Microsoft's."""


class EncryptedServices(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How the services are encrypted. Queues and tables take the account's key where that was asked for."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "queue": "only named in the message",
        "table": "only named in the message",
    }

    queue: EncryptedService | None = None
    table: EncryptedService | None = None

    @property
    def apart(self) -> list[str]:
        """Services that are not encrypted with the account's key."""
        services = {"queues": self.queue, "tables": self.table}
        return [name for name, one in services.items() if one and not same(one.key_type, "Account")]


class Encryption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How an account is encrypted."""

    may_lack: ClassVar[Mapping[str, str]] = {"services": "only named in the message"}

    key_source: str
    """``Microsoft.Storage``, or ``Microsoft.Keyvault`` for a key of the customer."""
    require_infrastructure_encryption: bool | None = None
    services: EncryptedServices | None = None


class KeyCreationTime(msgspec.Struct, frozen=True, kw_only=True):
    """When the two keys of an account were made."""

    key1: Moment | None = None
    key2: Moment | None = None


class SharedKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a service takes shared keys."""

    enabled: bool | None = None


class CustomDomain(msgspec.Struct, frozen=True, kw_only=True):
    """A domain of the company's that stands for the endpoint of blobs, or of the website."""

    name: str = ""


class AccountProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of an account. What is left out was never set; the documentation says what that means."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "publicNetworkAccess": PUBLIC_ACCESS,
        "privateEndpointConnections": "a list that may be empty; asked for where private endpoints are",
        "isHnsEnabled": "without it blobs must have versions",
        "isNfsV3Enabled": "off, unless an account was made with it; Azure REST API, Storage Accounts",
        "customDomain": "left out where an account has none; Azure REST API, Storage Accounts",
        "allowSharedKeyAccessForServices": "exceptions by service: without them the account's setting holds",
    }

    allow_blob_public_access: bool | None = None
    """Not set: anonymous access is admitted (accounts of before November 2023)."""
    allow_cross_tenant_replication: bool | None = None
    """Not set: admitted (accounts of before December 2023)."""
    allow_shared_key_access: bool | None = None
    """Not set: admitted."""
    allow_shared_key_access_for_services: dict[str, SharedKey | None] | None = None
    """Exceptions by service, whatever the account says."""
    default_to_o_auth_authentication: bool | None = msgspec.field(
        default=None, name="defaultToOAuthAuthentication"
    )
    """Not set: the portal asks for the key first."""
    custom_domain: CustomDomain | None = None
    encryption: Encryption
    key_creation_time: KeyCreationTime | None = None
    """Not set: the keys are older than this field (2021), or were never made anew since."""
    minimum_tls_version: str | None = None
    """``TLS1_0`` to ``TLS1_3``; not set: 1.0."""
    network_acls: NetworkAcls
    private_endpoint_connections: list[PrivateEndpoint] | None = None
    public_network_access: str | None = None
    """``Enabled``, ``Disabled`` or ``SecuredByPerimeter``; not set: enabled. See :class:`Gate`."""
    supports_https_traffic_only: bool
    is_nfs_v3_enabled: bool | None = msgspec.field(default=None, name="isNfsV3Enabled")
    """Whether NFS 3.0 is spoken, which is not encrypted, whatever else is set."""
    is_hns_enabled: bool | None = None
    """Whether names form a hierarchy (Data Lake Storage): such an account cannot keep versions."""


class Retention(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long what was deleted can be had back."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "allowPermanentDelete": "off unless it was switched on; Azure REST API, Blob Services",
    }

    enabled: bool = False
    days: int | None = None
    allow_permanent_delete: bool | None = None
    """Whether what was deleted can be deleted for good before its time."""

    def keeps(self, days: int) -> bool:
        """Whether what was deleted is kept for so many days at least."""
        return self.enabled and (self.days or 0) >= days and not self.allow_permanent_delete


class BlobServiceProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of the blob service; what is left out is off."""

    delete_retention_policy: Retention | None = None
    container_delete_retention_policy: Retention | None = None
    is_versioning_enabled: bool | None = None


class BlobService(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The blob service of an account."""

    properties: BlobServiceProperties


_PROTOCOLS = (
    "not set: what the account says of secure transfer holds; Azure REST API, File Services"
)


class InTransit(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a protocol must be encrypted."""

    may_lack: ClassVar[Mapping[str, str]] = {"required": _PROTOCOLS}

    required: bool | None = None


class Protocol(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """SMB, or NFS, of file shares."""

    may_lack: ClassVar[Mapping[str, str]] = {"encryptionInTransit": _PROTOCOLS}

    encryption_in_transit: InTransit | None = None


class Protocols(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """By which protocols shares are reached."""

    may_lack: ClassVar[Mapping[str, str]] = {"smb": _PROTOCOLS, "nfs": _PROTOCOLS}

    smb: Protocol | None = None
    nfs: Protocol | None = None


class FileServiceProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of the file service."""

    may_lack: ClassVar[Mapping[str, str]] = {"protocolSettings": _PROTOCOLS}

    share_delete_retention_policy: Retention | None = None
    protocol_settings: Protocols | None = None
    """Set for one protocol, it goes before what the account says (versions since 2025-06-01)."""

    @property
    def unencrypted(self) -> list[str]:
        """Protocols by which shares may be reached without encryption, though the account asks for it."""
        said = self.protocol_settings
        if said is None:
            return []
        return [
            name
            for name, one in (("SMB", said.smb), ("NFS", said.nfs))
            if one is not None
            and one.encryption_in_transit is not None
            and one.encryption_in_transit.required is False
        ]


class FileService(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The file service of an account."""

    properties: FileServiceProperties


class StorageSku(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What was bought."""

    name: str = ""
    """``Standard_LRS``, ``Premium_ZRS``, ...: how fast it is, and where its copies are."""


class StorageAccount(Arm, frozen=True, kw_only=True, rename="camel"):
    """A storage account and its services."""

    kind = "azure.storage.account"
    volatile = ("etag", "properties.geoReplicationStats")
    may_lack: ClassVar[Mapping[str, str]] = {
        **Arm.may_lack,
        "blobServices": "null: the account has no blobs",
        "fileServices": "null: the account has no shares",
        "blobDiagnosticSettings": "null: the account has no blobs",
        "queueDiagnosticSettings": "null: the account has no queues",
        "tableDiagnosticSettings": "null: the account has no tables",
        "networkSecurityPerimeterConfigurations": "a list that may be empty: of no perimeter",
        "sku": "without it an account counts as one with every service, of which more is asked",
        "name": "without it an account counts as one with every service, of which more is asked",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "sku": "anything but Premium counts as one with every service, of which more is asked",
    }

    account_kind: str = msgspec.field(name="kind")
    """``Storage``, ``StorageV2``, ``BlobStorage``, ``FileStorage``, ``BlockBlobStorage``."""
    sku: StorageSku | None = None
    properties: AccountProperties
    blob_service: BlobService | None = fact("blobServices")
    """``None`` where the account has no blobs."""
    file_service: FileService | None = fact("fileServices")
    """``None`` where the account has no shares."""
    blob_diagnostics: list[Diagnostic] | None = fact("blobDiagnosticSettings")
    queue_diagnostics: list[Diagnostic] | None = fact("queueDiagnosticSettings")
    table_diagnostics: list[Diagnostic] | None = fact("tableDiagnosticSettings")
    perimeters: list[Association] = fact("networkSecurityPerimeterConfigurations")

    @property
    def shares_alone(self) -> bool:
        """Whether it can hold file shares, and nothing else."""
        return same(self.account_kind, "FileStorage")

    @property
    def pages_alone(self) -> bool:
        """Whether it can hold page blobs, and nothing else: it has neither queues nor tables, and no versions.

        Source: Azure Storage, "Perform REST operations against page blobs with premium storage", "Blob versioning".
        """
        premium = self.sku is not None and self.sku.name.casefold().startswith("premium")
        return premium and any(same(self.account_kind, one) for one in ("Storage", "StorageV2"))

    @property
    def gate(self) -> Gate:
        """What decides who comes in by the public endpoint."""
        return Gate(self.properties.public_network_access, self.perimeters)

    @property
    def takes_keys(self) -> list[str]:
        """What takes shared keys: the account, or single services of it; empty: nothing does."""
        settings = self.properties
        if settings.allow_shared_key_access is not False:
            return ["the account"]
        services = settings.allow_shared_key_access_for_services or {}
        return sorted(name for name, one in services.items() if one is not None and one.enabled)
