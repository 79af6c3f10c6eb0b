"""Cloud KMS: keys.

Source: Cloud KMS API v1, ``CryptoKey``.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held


class Version(msgspec.Struct, frozen=True, rename="camel"):
    """``primary`` and ``versionTemplate``."""

    state: str = ""
    protection_level: str = "SOFTWARE"


class KeyData(msgspec.Struct, frozen=True, rename="camel"):
    """``CryptoKey``. Without a rotation period it does not rotate by itself."""

    name: str
    purpose: str
    rotation_period: str | None = None
    next_rotation_time: str | None = None
    import_only: bool = False
    primary: Version | None = None
    version_template: Version | None = None


class CryptoKey(Asset, frozen=True, kw_only=True, rename="camel"):
    """A key. The key itself as recorded, as an asset from documentation."""

    kind = "gcp.kms.crypto_key"
    resource: Held[KeyData]

    @property
    def key(self) -> KeyData:
        """What Cloud KMS says."""
        return self.resource.data

    @property
    def ring(self) -> str:
        """The asset name of its key ring."""
        return self.name.partition("/cryptoKeys/")[0]
