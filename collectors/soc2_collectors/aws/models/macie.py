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


class AccountDiscovery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether discovery is on for one account of an organisation."""

    account_id: str
    status: str
    """``ENABLED`` or ``DISABLED``."""


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
    """Of the account, or of the organisation that it administers. ``None``: Macie is not enabled."""
    scope: ClassificationScope | None = fact("GetClassificationScope")
    """What discovery leaves out; ``None``: it has no scope yet."""
    accounts: list[AccountDiscovery] | None = fact("ListAutomatedDiscoveryAccounts")
    """This account's own state where it administers others; ``None``: there are no others."""
