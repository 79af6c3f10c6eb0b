"""Cloud Storage: buckets.

Source: Cloud Storage JSON API v1, ``Bucket``. The inventory gives empty objects for what is not set.
"""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.iam import PUBLIC


class Switch(msgspec.Struct, frozen=True):
    """Something that is on or off; off when nothing is said."""

    enabled: bool = False


class IamConfiguration(msgspec.Struct, frozen=True, rename="camel"):
    """How access is decided."""

    uniform_bucket_level_access: Switch = Switch()
    public_access_prevention: str = "inherited"


class RetentionPolicy(msgspec.Struct, frozen=True, rename="camel"):
    """How long objects cannot be deleted."""

    retention_period: int | str | None = None
    is_locked: bool = False


class SoftDelete(msgspec.Struct, frozen=True, rename="camel"):
    """How long what is deleted can be had back."""

    retention_duration_seconds: int | str | None = None


class Lifecycle(msgspec.Struct, frozen=True):
    """What happens to objects in time."""

    rule: list[Any] = []


class Logging(msgspec.Struct, frozen=True, rename="camel"):
    """Usage logs."""

    log_bucket: str | None = None


class Acl(msgspec.Struct, frozen=True):
    """An entry of an access control list."""

    entity: str
    role: str = ""


class BucketData(msgspec.Struct, frozen=True, rename="camel"):
    """``Bucket``."""

    name: str
    iam_configuration: IamConfiguration
    acl: list[Acl] = []
    default_object_acl: list[Acl] = []
    versioning: Switch = Switch()
    retention_policy: RetentionPolicy = RetentionPolicy()
    soft_delete_policy: SoftDelete = SoftDelete()
    lifecycle: Lifecycle = Lifecycle()
    logging: Logging = Logging()


class Bucket(Asset, frozen=True, kw_only=True, rename="camel"):
    """A bucket. The bucket itself as recorded, as an asset from documentation."""

    kind = "gcp.storage.bucket"
    volatile = ("updateTime", "resource.data.etag")
    resource: Held[BucketData]

    @property
    def bucket(self) -> BucketData:
        """What Cloud Storage says."""
        return self.resource.data

    @property
    def uniform(self) -> bool:
        """Whether ACLs count for nothing."""
        return self.bucket.iam_configuration.uniform_bucket_level_access.enabled

    @property
    def prevented(self) -> bool:
        """Whether the bucket itself keeps everyone out, whatever a policy grants."""
        return self.bucket.iam_configuration.public_access_prevention == "enforced"

    @property
    def public_acl(self) -> list[str]:
        """Entries that let everyone in, where ACLs count."""
        if self.uniform:
            return []
        found = {f"ACL {one.role}" for one in self.bucket.acl if one.entity in PUBLIC}
        objects = self.bucket.default_object_acl
        return sorted(
            found | {f"ACL of new objects {o.role}" for o in objects if o.entity in PUBLIC}
        )
