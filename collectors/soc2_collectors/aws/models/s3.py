"""Views of S3: buckets with their protections, and the account's public access block."""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_pac.resources import Resource, fact

_EVERYONE = (
    "http://acs.amazonaws.com/groups/global/AllUsers",
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
)
_WRITES = ("WRITE", "WRITE_ACP", "FULL_CONTROL")
_WRITE_ACTIONS = (
    "s3:PutObject",
    "s3:PutObjectAcl",
    "s3:PutObjectTagging",
    "s3:PutObjectRetention",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:ReplicateObject",
    "s3:RestoreObject",
    "s3:BypassGovernanceRetention",
    "s3:PutBucketPolicy",
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketVersioning",
    "s3:PutBucketLogging",
    "s3:PutBucketNotification",
    "s3:PutLifecycleConfiguration",
    "s3:PutEncryptionConfiguration",
    "s3:PutReplicationConfiguration",
    "s3:DeleteBucket",
)
"""Actions that change objects, or who may, or whether a change is kept and seen."""


class PublicAccessBlock(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The four settings; AWS names all of them whenever there is a configuration."""

    block_public_acls: bool = False
    ignore_public_acls: bool = False
    block_public_policy: bool = False
    restrict_public_buckets: bool = False

    @property
    def missing(self) -> list[str]:
        """The settings that are off, by AWS's names."""
        pairs = (
            ("BlockPublicAcls", self.block_public_acls),
            ("IgnorePublicAcls", self.ignore_public_acls),
            ("BlockPublicPolicy", self.block_public_policy),
            ("RestrictPublicBuckets", self.restrict_public_buckets),
        )
        return [name for name, on in pairs if not on]


class Grantee(msgspec.Struct, frozen=True, kw_only=True):
    """Who an ACL grants to."""

    uri: str | None = msgspec.field(default=None, name="URI")


class Grant(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One grant of an ACL."""

    permission: str
    grantee: Grantee = Grantee()


class Acl(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetBucketAcl``."""

    grants: list[Grant]


class Logging(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``LoggingEnabled`` of ``GetBucketLogging``."""

    target_bucket: str = ""


class DefaultEncryption(msgspec.Struct, frozen=True, kw_only=True):
    """``ApplyServerSideEncryptionByDefault``."""

    algorithm: str = msgspec.field(default="", name="SSEAlgorithm")
    key: str | None = msgspec.field(default=None, name="KMSMasterKeyID")


class EncryptionRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of ``GetBucketEncryption``."""

    default: DefaultEncryption | None = msgspec.field(
        default=None, name="ApplyServerSideEncryptionByDefault"
    )


class Encryption(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``ServerSideEncryptionConfiguration``."""

    rules: list[EncryptionRule] = []


class OwnershipRule(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One rule of ``OwnershipControls``."""

    object_ownership: str


class OwnershipControls(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetBucketOwnershipControls``."""

    rules: list[OwnershipRule]


class Versioning(msgspec.Struct, frozen=True, kw_only=True):
    """``GetBucketVersioning``; AWS leaves both out for a bucket that never had versioning."""

    status: str | None = msgspec.field(default=None, name="Status")
    mfa_delete: str | None = msgspec.field(default=None, name="MFADelete")


class PolicyStatus(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetBucketPolicyStatus``."""

    is_public: bool


class KeyFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Prefixes and suffixes of keys."""

    filter_rules: list[dict[str, Any]] = []


class NotificationFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which objects a notification is about; left out for all."""

    key: KeyFilter = KeyFilter()


class Notification(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Events that are sent to a topic, a queue or a function: ``s3:ObjectCreated:*``."""

    events: list[str]
    filter: NotificationFilter = NotificationFilter()

    @property
    def about_objects(self) -> bool:
        """It tells of objects that come, change or go."""
        return any(
            event.startswith(("s3:ObjectCreated:", "s3:ObjectRemoved:")) for event in self.events
        )


class Notifications(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetBucketNotificationConfiguration``; empty where there is none."""

    topic_configurations: list[Notification] = []
    queue_configurations: list[Notification] = []
    lambda_function_configurations: list[Notification] = []
    event_bridge_configuration: dict[str, Any] | None = None
    """Without members; where it stands, every event goes to EventBridge."""

    @property
    def about_objects(self) -> list[Notification]:
        """Those to topics, queues and functions that tell of objects."""
        listed = (
            *self.topic_configurations,
            *self.queue_configurations,
            *self.lambda_function_configurations,
        )
        return [one for one in listed if one.about_objects]


class Destination(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where objects are copied to."""

    bucket: str
    """An ARN."""

    @property
    def name(self) -> str:
        """The name of the bucket."""
        return self.bucket.rpartition(":")[2]


class ReplicationFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which objects are copied."""

    prefix: str | None = None
    tag: dict[str, Any] | None = None
    both: dict[str, Any] | None = msgspec.field(default=None, name="And")


class ReplicationRule(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One rule of ``GetBucketReplication``; older ones have a prefix of their own for a filter."""

    status: str
    destination: Destination
    prefix: str | None = None
    filter: ReplicationFilter = ReplicationFilter()

    @property
    def every_object(self) -> bool:
        """It copies whatever comes into the bucket."""
        narrowed = (self.prefix, self.filter.prefix, self.filter.tag, self.filter.both)
        return not any(narrowed)


class Replication(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``ReplicationConfiguration``."""

    rules: list[ReplicationRule]


class Bucket(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A bucket and its protections."""

    kind = "aws.s3.bucket"
    name: str
    bucket_region: str | None = None
    """Left out by listings that are not made in pages."""
    public_access_block: PublicAccessBlock | None = fact("GetPublicAccessBlock")
    policy_status: PolicyStatus | None = fact("GetBucketPolicyStatus")
    """``None`` where there is no policy."""
    policy: str | None = fact("GetBucketPolicy")
    """JSON text; ``None`` where there is none."""
    acl: Acl = fact("GetBucketAcl")
    encryption: Encryption | None = fact("GetBucketEncryption")
    versioning: Versioning = fact("GetBucketVersioning")
    logging: Logging | None = fact("GetBucketLogging")
    lifecycle: list[dict[str, Any]] | None = fact("GetBucketLifecycleConfiguration")
    object_lock: dict[str, Any] | None = fact("GetObjectLockConfiguration")
    ownership: OwnershipControls | None = fact("GetBucketOwnershipControls")
    """``None`` for buckets from before there was such a thing, whose ACLs count."""
    notifications: Notifications = fact("GetBucketNotificationConfiguration")
    replication: Replication | None = fact("GetBucketReplication")

    @property
    def statements(self) -> list[Statement]:
        """The bucket policy's statements."""
        return statements(self.policy)

    def public_grants(self, *, write: bool) -> list[str]:
        """Permissions that the ACL gives to everyone, or to every AWS user."""
        return [
            grant.permission
            for grant in self.acl.grants
            if grant.grantee.uri in _EVERYONE and (grant.permission in _WRITES or not write)
        ]

    @property
    def public_writes(self) -> list[str]:
        """Writing actions that the policy gives to everyone."""
        return [
            action
            for action in _WRITE_ACTIONS
            if any(s.public and s.covers(action) for s in self.statements)
        ]


class AccountPublicAccessBlock(Resource, frozen=True, kw_only=True):
    """The account's public access block; ``None`` where there is none."""

    kind = "aws.s3.account_public_access_block"
    settings: PublicAccessBlock | None = fact("GetPublicAccessBlock")
