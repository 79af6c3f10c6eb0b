"""Cloud Storage: buckets.

Source: Cloud Storage JSON API v1, ``Bucket``. The inventory gives empty objects for what is not set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.iam import PUBLIC
from soc2_collectors.gcp.models.values import positive

_NO_DELETION = ("SetStorageClass", "AbortIncompleteMultipartUpload")


class Switch(msgspec.Struct, frozen=True):
    """Something that is on or off; off when nothing is said."""

    enabled: bool = False


class IamConfiguration(msgspec.Struct, frozen=True, rename="camel"):
    """How access is decided."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "publicAccessPrevention": "anything but enforced prevents nothing: policies and ACLs decide then",
        "bucketPolicyOnly": "the older name of uniformBucketLevelAccess, given beside it",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "publicAccessPrevention": "anything but enforced prevents nothing: policies and ACLs decide then",
    }

    uniform_bucket_level_access: Switch = Switch()
    bucket_policy_only: Switch = Switch()
    public_access_prevention: str = "inherited"


class RetentionPolicy(msgspec.Struct, frozen=True, rename="camel"):
    """How long objects cannot be deleted."""

    retention_period: int | str | None = None
    is_locked: bool = False


class SoftDelete(msgspec.Struct, frozen=True, rename="camel"):
    """How long what is deleted can be had back."""

    retention_duration_seconds: int | str | None = None


class Action(msgspec.Struct, frozen=True):
    """What a rule does: ``Delete``, ``SetStorageClass``, ``AbortIncompleteMultipartUpload``."""

    type: str = ""


class When(msgspec.Struct, frozen=True, rename="camel"):
    """To which objects: all of these must hold."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "age": "left out where a rule does not ask how old an object is (Bucket.lifecycle)",
        "createdBefore": "left out where a rule does not ask when an object was made",
        "customTimeBefore": "left out where a rule does not ask for a custom time",
        "daysSinceCustomTime": "left out where a rule does not ask for a custom time",
        "isLive": "left out where a rule is for live objects and older versions alike (Bucket.lifecycle)",
        "numNewerVersions": "left out where a rule does not count newer versions",
        "daysSinceNoncurrentTime": "left out where a rule is not about older versions",
        "noncurrentTimeBefore": "left out where a rule is not about older versions",
        "matchesPattern": "only named in the message",
        "matchesPrefix": "only named in the message",
        "matchesSuffix": "only named in the message",
        "matchesStorageClass": "only named in the message",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "matchesPattern": "only named in the message",
        "matchesPrefix": "only named in the message",
        "matchesSuffix": "only named in the message",
        "matchesStorageClass": "only named in the message",
    }

    age: int | str | None = None
    created_before: str | None = None
    custom_time_before: str | None = None
    days_since_custom_time: int | str | None = None
    is_live: bool | None = None
    num_newer_versions: int | str | None = None
    days_since_noncurrent_time: int | str | None = None
    noncurrent_time_before: str | None = None
    matches_pattern: str | None = None
    matches_prefix: list[str] = []
    matches_suffix: list[str] = []
    matches_storage_class: list[str] = []

    @property
    def more_than_age(self) -> bool:
        """Whether it asks for more than how old an object is, and whether it is live."""
        asked = (
            self.created_before,
            self.custom_time_before,
            self.days_since_custom_time,
            self.num_newer_versions,
            self.noncurrent_time_before,
        )
        return self.some_objects or any(one is not None for one in asked)

    @property
    def of_the_past(self) -> bool:
        """Whether it is only for what is older than a fixed day: what is written later is never touched."""
        return self.created_before is not None or self.custom_time_before is not None

    @property
    def some_objects(self) -> bool:
        """Whether it asks for their names, classes, or a time that only some are given."""
        return self.days_since_custom_time is not None or bool(
            self.matches_pattern
            or self.matches_prefix
            or self.matches_suffix
            or self.matches_storage_class
        )


class LifecycleRule(msgspec.Struct, frozen=True):
    """One rule."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "condition": "a rule without a condition is for every object (Bucket.lifecycle)",
    }

    action: Action = Action()
    condition: When = When()

    @property
    def deletes(self) -> bool:
        """Whether it goes on deleting live objects, and not only versions that were replaced."""
        when = self.condition
        # Google: 0 days are over as soon as there is a newer version, and not before. That many newer versions
        # as 0 every object has, the newest too.
        replaced = (
            when.days_since_noncurrent_time is not None
            or when.noncurrent_time_before is not None
            or positive(when.num_newer_versions) > 0
        )
        live = when.is_live is not False and not replaced and not when.of_the_past
        return self.action.type == "Delete" and live

    @property
    def deletes_versions(self) -> bool:
        """Whether it deletes versions that were replaced, of some objects at least."""
        return self.action.type == "Delete" and self.condition.is_live is not True

    def keeps_versions(self, days: int) -> bool | None:
        """Whether versions that were replaced are left alone for so many days; ``None``: not known."""
        when = self.condition
        if self.action.type != "Delete":
            return True if self.action.type in _NO_DELETION else None
        if when.is_live is True:
            return True  # what is deleted becomes a version
        if when.days_since_noncurrent_time is not None:
            return positive(when.days_since_noncurrent_time) >= days
        # By age, which counts from when it was written, a version may go on the day on which it is replaced.
        briefly = when.age is not None and positive(when.age) < days
        return False if briefly and not when.more_than_age else None

    @property
    def partial(self) -> bool:
        """Whether it is for some objects, by their names or classes."""
        return self.condition.some_objects


class Lifecycle(msgspec.Struct, frozen=True):
    """What happens to objects in time."""

    rule: list[LifecycleRule] = []


class Logging(msgspec.Struct, frozen=True, rename="camel"):
    """Usage logs."""

    log_bucket: str | None = None


class Acl(msgspec.Struct, frozen=True):
    """An entry of an access control list."""

    entity: str
    role: str = ""


class BucketData(msgspec.Struct, frozen=True, rename="camel"):
    """``Bucket``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "acl": "counts only where access is not uniform; there nothing passes that public access prevention "
        "does not close",
        "defaultObjectAcl": "as acl",
    }

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
        said = self.bucket.iam_configuration
        return said.uniform_bucket_level_access.enabled or said.bucket_policy_only.enabled

    @property
    def prevented(self) -> bool:
        """Whether the bucket itself keeps everyone out, whatever a policy grants."""
        return self.bucket.iam_configuration.public_access_prevention.lower() == "enforced"

    @property
    def public_acl(self) -> list[str]:
        """Entries that let everyone in, where ACLs count."""
        own, objects = self.bucket.acl, self.bucket.default_object_acl
        if self.uniform:
            return []
        found = {f"ACL {one.role}" for one in own if one.entity in PUBLIC}
        return sorted(
            found | {f"ACL of new objects {o.role}" for o in objects if o.entity in PUBLIC}
        )
