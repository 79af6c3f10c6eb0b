"""Azure Blob Storage as a place for files: ``https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from soc2_collectors.azure.settings import AzureSettings
from soc2_pac.config import SecretRef

if TYPE_CHECKING:
    from soc2_pac.hookspecs import ObjectStore

_URL = re.compile(
    r"https://[a-z0-9]{3,24}\.blob\.core\.(windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)"
    r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._$-]+)+/?"
)


class BlobSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An identity that may write blobs there; it is never the one that collects."""

    tenant: str
    """The tenant's id, a GUID."""
    client_id: str | None = None
    """Of the app registration, or of a user-assigned managed identity."""
    secret: SecretRef | None = None
    certificate: SecretRef | None = None
    """With its private key, PEM."""
    federated_token: SecretRef | None = None
    managed_identity: bool = False
    cloud: Literal["public", "usgov", "china"] = "public"
    authority: str = ""
    """Another address of Entra than the cloud's."""
    endpoint: str = ""
    """An emulator's address on this machine, in place of the account's."""
    loopback_token: SecretRef | None = None
    """For emulators: a fixed token; takes ``endpoint``."""
    timeout_seconds: int = 900
    """Of one exchange: a file goes in one."""

    def __post_init__(self) -> None:
        """Raises ValueError where no identity of its own is named, or settings do not go together."""
        if not (self.client_id or self.managed_identity or self.loopback_token):
            msg = "name an identity that may write there: client_id, or managed_identity"
            raise ValueError(msg)
        if self.timeout_seconds < 1:
            msg = "timeout_seconds must be at least 1"
            raise ValueError(msg)
        self.signing_in()

    def signing_in(self) -> AzureSettings:
        """The same as settings of a tenant, by which its tokens are asked for. Raises ValueError."""
        return AzureSettings(
            tenant=self.tenant,
            subscriptions=(),
            cloud=self.cloud,
            client_id=self.client_id,
            secret=self.secret,
            certificate=self.certificate,
            federated_token=self.federated_token,
            managed_identity=self.managed_identity,
            authority=self.authority,
            # A fixed token is for emulators: the settings of a tenant hold it to addresses of this machine.
            arm_endpoint=self.endpoint,
            graph_endpoint=self.endpoint,
            loopback_token=self.loopback_token,
        )


@dataclass(frozen=True, slots=True)
class Blobs:
    """:class:`soc2_pac.hookspecs.ObjectStores` for Azure Blob Storage."""

    name: str = "azure"
    settings: type[BlobSettings] = BlobSettings

    def takes(self, url: str) -> bool:
        """Whether it names a container."""
        return _URL.fullmatch(url) is not None

    def connect(self, url: str, settings: BlobSettings) -> ObjectStore:
        """A place; makes no call."""
        from soc2_collectors.azure.client.objects import objects  # noqa: PLC0415

        return objects(url.rstrip("/"), settings)
