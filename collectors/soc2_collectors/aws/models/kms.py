"""Views of KMS: keys with their policy and rotation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource, fact


class KeyMetadata(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``KeyMetadata`` of ``DescribeKey``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "CustomerMasterKeySpec": "the former name of KeySpec; either says it (KMS API, KeyMetadata)",
        "KeySpec": "the newer name of CustomerMasterKeySpec; without both nobody can tell",
    }
    key_manager: str
    key_state: str
    key_spec: str = ""
    """Left out by old answers, which have it as ``CustomerMasterKeySpec``."""
    former_spec: str = msgspec.field(default="", name="CustomerMasterKeySpec")
    origin: str = ""
    deletion_date: datetime | None = None

    @property
    def customer(self) -> bool:
        """The customer's own; AWS looks after its own keys. Raises FactUnavailable for anybody else's."""
        if self.key_manager not in ("AWS", "CUSTOMER"):
            msg = f"who {self.key_manager} is, which manages the key, is not known"
            raise FactUnavailable(msg, field="DescribeKey")
        return self.key_manager == "CUSTOMER"

    @property
    def spec(self) -> str:
        """``SYMMETRIC_DEFAULT``, ``RSA_4096``, ... Raises FactUnavailable where AWS does not say."""
        if not (self.key_spec or self.former_spec):
            msg = "what sort of key it is was not given"
            raise FactUnavailable(msg, field="DescribeKey")
        return self.key_spec or self.former_spec


class Rotation(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetKeyRotationStatus``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "RotationPeriodInDays": "a year where AWS does not say (KMS API, GetKeyRotationStatus)",
    }
    key_rotation_enabled: bool
    rotation_period_in_days: int | None = None

    @property
    def days(self) -> int:
        """How long between two rotations."""
        return self.rotation_period_in_days or _YEAR


_YEAR = 365


class Key(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A key."""

    kind = "aws.kms.key"
    volatile = (
        "GetKeyRotationStatus.KeyId",
        "GetKeyRotationStatus.NextRotationDate",
        "GetKeyRotationStatus.OnDemandRotationStartDate",
    )
    key_id: str
    key_arn: str = ""
    metadata: KeyMetadata = fact("DescribeKey")
    rotation: Rotation | bool | None = fact("GetKeyRotationStatus")
    """``None`` for keys that AWS cannot rotate; evidence of before kept one word of the answer."""
    policy: str = fact("GetKeyPolicy")

    @property
    def statements(self) -> list[Statement]:
        """The key policy's statements."""
        return statements(self.policy)
