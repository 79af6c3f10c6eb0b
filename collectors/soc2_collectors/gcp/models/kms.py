"""Cloud KMS: keys.

Source: Cloud KMS API v1, ``CryptoKey``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.values import Moment


class Version(msgspec.Struct, frozen=True, rename="camel"):
    """``primary`` and ``versionTemplate``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "protectionLevel": "only EXTERNAL keys are left out; whatever else is judged (CryptoKeyVersion)",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "protectionLevel": "only EXTERNAL keys are left out; whatever else is judged (CryptoKeyVersion)",
    }

    state: str = ""
    protection_level: str = "SOFTWARE"


class KeyData(msgspec.Struct, frozen=True, rename="camel"):
    """``CryptoKey``. Without a rotation period it does not rotate by itself."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "importOnly": "left out where it is false (CryptoKey); a key that is not imported is judged",
        "versionTemplate": "only says which keys are left out; without it the primary version does",
    }

    name: str
    purpose: str
    rotation_period: str | None = None
    next_rotation_time: Moment | None = None
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
