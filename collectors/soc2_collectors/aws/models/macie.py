"""Views of Macie."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource, fact


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """``ENABLED`` or not."""

    status: str


class Exclusion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The buckets that are left out."""

    bucket_names: list[str]


class S3Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Of S3."""

    excludes: Exclusion


class ClassificationScope(msgspec.Struct, frozen=True, kw_only=True):
    """``GetClassificationScope``."""

    s3: S3Scope


class Session(Resource, frozen=True, kw_only=True):
    """Macie in a region."""

    kind = "aws.macie.session"
    volatile = (
        "GetMacieSession.updatedAt",
        "GetAutomatedDiscoveryConfiguration.lastUpdatedAt",
    )
    details: Details | None = fact("GetMacieSession")
    """``None``: Macie is not enabled."""
    discovery: Details | None = fact("GetAutomatedDiscoveryConfiguration")
    """``None``: Macie is not enabled."""
    scope: ClassificationScope | None = fact("GetClassificationScope")
    """What discovery leaves out; ``None``: it has no scope yet."""
