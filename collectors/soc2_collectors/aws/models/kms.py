"""Views of KMS: keys with their policy and rotation."""

from __future__ import annotations

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_pac.resources import Resource, fact

import msgspec  # isort: skip


class KeyMetadata(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``KeyMetadata`` of ``DescribeKey``."""

    key_manager: str = ""
    key_state: str = ""
    key_spec: str = ""
    key_usage: str = ""
    origin: str = ""
    description: str = ""

    @property
    def customer(self) -> bool:
        """The customer's own; AWS looks after its own keys."""
        return self.key_manager == "CUSTOMER"


class Key(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A key."""

    kind = "aws.kms.key"
    key_id: str
    metadata: KeyMetadata = fact("DescribeKey")
    rotation_enabled: bool = fact("GetKeyRotationStatus")
    policy: str = fact("GetKeyPolicy")

    @property
    def statements(self) -> list[Statement]:
        """The key policy's statements."""
        return statements(self.policy)
