"""Secret Manager: secrets, never what is in them.

Source: Secret Manager API v1, ``Secret``.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.values import Moment


class Rotation(msgspec.Struct, frozen=True, rename="camel"):
    """When a message asks for a new version."""

    rotation_period: str | None = None
    next_rotation_time: Moment | None = None


class SecretData(msgspec.Struct, frozen=True, rename="camel"):
    """``Secret``."""

    name: str
    rotation: Rotation | None = None
    labels: dict[str, str] = {}


class Secret(Asset, frozen=True, kw_only=True, rename="camel"):
    """A secret. The secret itself as recorded, as an asset from documentation."""

    kind = "gcp.secretmanager.secret"
    volatile = ("updateTime", "resource.data.etag")
    resource: Held[SecretData]

    @property
    def about(self) -> SecretData:
        """What Secret Manager says of it."""
        return self.resource.data
