"""Views of KMS: keys with their policy and rotation."""

from __future__ import annotations

from datetime import datetime

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_pac.resources import Resource, fact


class KeyMetadata(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``KeyMetadata`` of ``DescribeKey``."""

    key_manager: str
    key_state: str
    key_spec: str = ""
    """Left out by old answers, which have it as ``CustomerMasterKeySpec``."""
    former_spec: str = msgspec.field(default="", name="CustomerMasterKeySpec")
    key_usage: str = ""
    origin: str = ""
    description: str = ""
    deletion_date: datetime | None = None

    @property
    def customer(self) -> bool:
        """The customer's own; AWS looks after its own keys."""
        return self.key_manager != "AWS"

    @property
    def spec(self) -> str:
        """``SYMMETRIC_DEFAULT``, ``RSA_4096``, ...; before 2019 there was one sort and AWS did not say."""
        return self.key_spec or self.former_spec or "SYMMETRIC_DEFAULT"


class Key(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A key."""

    kind = "aws.kms.key"
    key_id: str
    metadata: KeyMetadata = fact("DescribeKey")
    rotation_enabled: bool | None = fact("GetKeyRotationStatus")
    """``None`` for keys that AWS cannot rotate."""
    policy: str = fact("GetKeyPolicy")

    @property
    def statements(self) -> list[Statement]:
        """The key policy's statements."""
        return statements(self.policy)
