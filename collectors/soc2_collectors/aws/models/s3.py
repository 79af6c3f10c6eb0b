"""Views of S3: buckets with their protections, and the account's public access block."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import msgspec

from soc2_collectors.aws.models.conditions import glob
from soc2_collectors.aws.models.policy import (
    ANYTHING,
    Statement,
    matches,
    partition_of,
    statements,
)
from soc2_collectors.aws.models.trust import for_everyone, open_to_everyone
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource, fact

_LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_GROUPS = {
    "http://acs.amazonaws.com/groups/global/AllUsers": True,
    "http://acs.amazonaws.com/groups/global/AuthenticatedUsers": True,
    _LOG_DELIVERY: False,
}
"""The groups of S3 -> whether strangers are in them."""
_PERSONS = ("CanonicalUser", "AmazonCustomerByEmail")
_READS = ("READ", "READ_ACP")
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
"""Actions that change objects, or who may, or whether a change is kept and seen: what a wildcard is named by."""
_READING = ("s3:get", "s3:list", "s3:describe")
"""How the actions that read begin. Whatever begins in another way changes something."""


def _changes(pattern: str) -> list[str]:
    """What an action of a policy changes; nothing where it reads."""
    literal = re.split(r"[*?]", pattern.lower(), maxsplit=1)[0]
    if literal.startswith(_READING):
        return []
    if named := [action for action in _WRITE_ACTIONS if matches(pattern, action)]:
        return named
    # ``s3:G*`` stands for actions that read, and for no others.
    cut_short = len(literal) > len("s3:") and any(word.startswith(literal) for word in _READING)
    return [] if cut_short else [pattern]


class PublicAccessBlock(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The four settings; AWS names all of them whenever there is a configuration. One that is absent is off."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "BlockPublicAcls": "absent counts as off, which a pass has to do without",
        "IgnorePublicAcls": "absent counts as off, which a pass has to do without",
        "BlockPublicPolicy": "absent counts as off, which a pass has to do without",
        "RestrictPublicBuckets": "absent counts as off, which a pass has to do without",
    }
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

    may_lack: ClassVar[Mapping[str, str]] = {"URI": "only groups have one (S3 API, Grantee)"}
    type: str | None = msgspec.field(default=None, name="Type")
    uri: str | None = msgspec.field(default=None, name="URI")

    @property
    def delivers_logs(self) -> bool:
        """The group by which S3 delivered server access logs before policies could say so."""
        return self.uri == _LOG_DELIVERY

    @property
    def everyone(self) -> bool:
        """Strangers are among them. Raises FactUnavailable for a group or a sort that nobody knows."""
        if self.uri in _GROUPS:
            return _GROUPS[self.uri]
        if self.type in _PERSONS:
            return False
        msg = f"an ACL grants to a {self.type} that is not known: {self.uri}"
        raise FactUnavailable(msg, field="GetBucketAcl")


class Grant(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One grant of an ACL."""

    any_value: ClassVar[Mapping[str, str]] = {
        "Permission": "any permission counts that strangers have; a word that is not known counts as writing",
    }
    permission: str
    grantee: Grantee


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose a bucket is."""

    canonical_user: str = msgspec.field(default="", name="ID")
    """The canonical user of the account, by which policies may name it, too."""


class Acl(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetBucketAcl``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "Grants": "an owner may take all grants away; the list is there all the same",
        "Owner": "without it a canonical user counts as a stranger, which is stricter",
    }
    owner: Owner = Owner()
    grants: list[Grant]


class Logging(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``LoggingEnabled`` of ``GetBucketLogging``."""

    any_value: ClassVar[Mapping[str, str]] = {
        "TargetBucket": "the name of a bucket, which may be any",
        "TargetPrefix": "a prefix, which may be any that the bucket takes logs under",
    }
    may_lack: ClassVar[Mapping[str, str]] = {
        "TargetObjectKeyFormat": "left out where names go on with the time (S3 API, TargetObjectKeyFormat)"
    }
    target_bucket: str
    target_prefix: str = ""
    """How the names of the logs begin; AWS names it always, empty for none."""
    target_object_key_format: dict[str, Any] = {}
    """``SimplePrefix`` or ``PartitionedPrefix``; left out for the first (S3 API, TargetObjectKeyFormat)."""

    def key(self, account: str, region: str, bucket: str) -> str:
        """The name of a log of a bucket. Source: S3 user guide, server access logging, log object key format."""
        parts = f"{account}/{region}/{bucket}/2026/01/01/"
        where = parts if "PartitionedPrefix" in self.target_object_key_format else ""
        return f"{self.target_prefix}{where}2026-01-01-00-00-00-0123456789ABCDEF"


class DefaultEncryption(msgspec.Struct, frozen=True, kw_only=True):
    """``ApplyServerSideEncryptionByDefault``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "KMSMasterKeyID": "AWS leaves it out for its own key; a message names the key",
    }
    algorithm: str = msgspec.field(name="SSEAlgorithm")
    """``AES256``, ``aws:kms``, ``aws:kms:dsse``; ``aws:fsx`` and ``aws:backup`` where those services keep data."""
    key: str | None = msgspec.field(default=None, name="KMSMasterKeyID")


class EncryptionRule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of ``GetBucketEncryption``."""

    default: DefaultEncryption | None = msgspec.field(
        default=None, name="ApplyServerSideEncryptionByDefault"
    )


class Encryption(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``ServerSideEncryptionConfiguration``."""

    rules: list[EncryptionRule]

    @property
    def algorithms(self) -> list[str]:
        """How what is stored is encrypted by default."""
        return [rule.default.algorithm for rule in self.rules if rule.default]


class OwnershipRule(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One rule of ``OwnershipControls``."""

    object_ownership: str


class OwnershipControls(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetBucketOwnershipControls``."""

    rules: list[OwnershipRule]


class Versioning(msgspec.Struct, frozen=True, kw_only=True):
    """``GetBucketVersioning``; AWS leaves it out for a bucket that never had versioning."""

    status: str | None = msgspec.field(default=None, name="Status")


class Expiration(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """When a lifecycle rule deletes objects; deleting markers alone (``ExpiredObjectDeleteMarker``) deletes no data."""

    days: int | None = None
    date: str | None = None


class NoncurrentExpiration(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """When a lifecycle rule deletes old versions."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "NewerNoncurrentVersions": "without a number none is kept (S3 API, NoncurrentVersionExpiration)"
    }
    noncurrent_days: int | None = None
    newer_noncurrent_versions: int | None = None
    """So many old versions of each object are never deleted, however old they are."""


_OF_EVERY_OBJECT = "without it a rule is about every object (S3 API, LifecycleRuleFilter)"


class LifecycleFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which objects a lifecycle rule is about; empty for all."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("Prefix", "Tag", "And", "ObjectSizeGreaterThan", "ObjectSizeLessThan"), _OF_EVERY_OBJECT
    )
    prefix: str | None = None
    tag: dict[str, Any] | None = None
    both: dict[str, Any] | None = msgspec.field(default=None, name="And")
    object_size_greater_than: int | None = None
    object_size_less_than: int | None = None


class LifecycleRule(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One rule of ``GetBucketLifecycleConfiguration``; older ones have a prefix of their own for a filter."""

    may_lack: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(
            ("Expiration", "NoncurrentVersionExpiration"), "either of the two deletes data"
        ),
        **dict.fromkeys(("Prefix", "Filter"), _OF_EVERY_OBJECT),
    }
    status: str
    expiration: Expiration | None = None
    noncurrent_version_expiration: NoncurrentExpiration | None = None
    prefix: str | None = None
    filter: LifecycleFilter = LifecycleFilter()

    @property
    def expires(self) -> bool:
        """It is in force and lets objects expire: where there are versions, that hides them only."""
        one = self.expiration
        return self.status == "Enabled" and one is not None and bool(one.days or one.date)

    @property
    def deletes_versions(self) -> bool:
        """It is in force and deletes old versions, where there are any."""
        one = self.noncurrent_version_expiration
        return self.status == "Enabled" and one is not None and bool(one.noncurrent_days)

    @property
    def versions_kept(self) -> int:
        """How many old versions of each object it leaves for ever."""
        one = self.noncurrent_version_expiration
        return (one.newer_noncurrent_versions if one else None) or 0

    def touches(self, keys: str) -> bool:
        """Whether it is about objects without tags whose names begin so, or some of them."""
        both = self.filter.both or {}
        if self.filter.tag or both.get("Tags"):
            return False
        prefix = self.prefix or self.filter.prefix or str(both.get("Prefix") or "")
        return keys.startswith(prefix) or prefix.startswith(keys)

    @property
    def every_object(self) -> bool:
        """It is about objects of any name, tag and size."""
        chosen = self.filter
        sizes = (chosen.object_size_greater_than, chosen.object_size_less_than)
        return not any((self.prefix, chosen.prefix, chosen.tag, chosen.both)) and sizes == (
            None,
            None,
        )


class Retention(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``DefaultRetention``: how long every new object is locked."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("Days", "Years", "DefaultEventHold"),
        "a period is given in days or in years, never in both, and a hold comes on top (S3 API, DefaultRetention)",
    )
    mode: str | None = None
    """``GOVERNANCE``, or ``COMPLIANCE``, which nobody can lift."""
    days: int | None = None
    years: int | None = None
    default_event_hold: dict[str, Any] | None = None
    """New objects are held until somebody says that an event has come."""


class LockRule(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``Rule`` of an object lock configuration."""

    default_retention: Retention | None = None


class ObjectLock(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``ObjectLockConfiguration``."""

    object_lock_enabled: str | None = None
    rule: LockRule | None = None
    """Left out where nothing is locked by default."""


class PolicyStatus(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetBucketPolicyStatus``."""

    is_public: bool


_ALL_OBJECTS = "without a filter it is about every object (S3 API, NotificationConfigurationFilter)"


class KeyFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Prefixes and suffixes of keys."""

    may_lack: ClassVar[Mapping[str, str]] = {"FilterRules": _ALL_OBJECTS}
    filter_rules: list[dict[str, Any]] = []


class NotificationFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which objects a notification is about; left out for all."""

    may_lack: ClassVar[Mapping[str, str]] = {"Key": _ALL_OBJECTS}
    key: KeyFilter = KeyFilter()


_CREATED = frozenset({"Put", "Post", "Copy", "CompleteMultipartUpload"})
_REMOVED = frozenset({"Delete", "DeleteMarkerCreated"})


class Notification(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Events that are sent to a topic, a queue or a function: ``s3:ObjectCreated:*``."""

    may_lack: ClassVar[Mapping[str, str]] = {"Filter": _ALL_OBJECTS}
    events: list[str]
    filter: NotificationFilter = NotificationFilter()

    @property
    def every_object(self) -> bool:
        """It is about objects of any name: a prefix or suffix that is empty narrows nothing."""
        return not any(rule.get("Value") != "" for rule in self.filter.key.filter_rules)


class Notifications(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetBucketNotificationConfiguration``; empty where there is none."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "TopicConfigurations",
            "QueueConfigurations",
            "LambdaFunctionConfigurations",
            "EventBridgeConfiguration",
        ),
        "AWS leaves out what there is none of (S3 API, GetBucketNotificationConfiguration)",
    )
    topic_configurations: list[Notification] = []
    queue_configurations: list[Notification] = []
    lambda_function_configurations: list[Notification] = []
    event_bridge_configuration: dict[str, Any] | None = None
    """Without members; where it stands, every event goes to EventBridge."""

    @property
    def listed(self) -> list[Notification]:
        """Those to topics, queues and functions."""
        return [
            *self.topic_configurations,
            *self.queue_configurations,
            *self.lambda_function_configurations,
        ]

    @property
    def untold(self) -> list[str]:
        """What happens to objects of any name without being told: ``created``, ``removed``."""
        events = {event for one in self.listed if one.every_object for event in one.events}
        return [
            word
            for word, sort, all_of_it in (
                ("created", "ObjectCreated", _CREATED),
                ("removed", "ObjectRemoved", _REMOVED),
            )
            if f"s3:{sort}:*" not in events
            and not {f"s3:{sort}:{one}" for one in all_of_it} <= events
        ]


class Destination(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where objects are copied to."""

    bucket: str
    """An ARN."""

    @property
    def name(self) -> str:
        """The name of the bucket."""
        return self.bucket.rpartition(":")[2]


_ALL_COPIED = "without it nothing is left out (S3 API, ReplicationRule)"


class ReplicationFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which objects are copied."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(("Prefix", "Tag", "And"), _ALL_COPIED)
    prefix: str | None = None
    tag: dict[str, Any] | None = None
    both: dict[str, Any] | None = msgspec.field(default=None, name="And")


class Selected(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Whether objects of a sort are copied: ``Enabled`` or ``Disabled``."""

    status: str


class SourceSelection(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``SourceSelectionCriteria``: objects that are copied only when somebody says so."""

    sse_kms_encrypted_objects: Selected | None = None


class ReplicationRule(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One rule of ``GetBucketReplication``; older ones have a prefix of their own for a filter."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(("Prefix", "Filter"), _ALL_COPIED)
    status: str
    destination: Destination
    prefix: str | None = None
    filter: ReplicationFilter = ReplicationFilter()
    source_selection_criteria: SourceSelection | None = None
    """Left out by most rules: objects under KMS keys are not copied then."""

    @property
    def every_object(self) -> bool:
        """It copies whatever comes into the bucket, encryption left aside."""
        narrowed = (self.prefix, self.filter.prefix, self.filter.tag, self.filter.both)
        return not any(narrowed)

    @property
    def under_kms(self) -> bool:
        """It copies objects that are encrypted with KMS keys."""
        chosen = self.source_selection_criteria
        kms = chosen.sse_kms_encrypted_objects if chosen else None
        return kms is not None and kms.status == "Enabled"


class Replication(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``ReplicationConfiguration``."""

    rules: list[ReplicationRule]


class Bucket(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A bucket and its protections."""

    kind = "aws.s3.bucket"
    any_value: ClassVar[Mapping[str, str]] = {
        "BucketRegion": "the name of a Region, which may be any"
    }
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
    lifecycle: list[LifecycleRule] | None = fact("GetBucketLifecycleConfiguration")
    object_lock: ObjectLock | None = fact("GetObjectLockConfiguration")
    ownership: OwnershipControls | None = fact("GetBucketOwnershipControls")
    """``None`` for buckets from before there was such a thing, whose ACLs count."""
    notifications: Notifications = fact("GetBucketNotificationConfiguration")
    replication: Replication | None = fact("GetBucketReplication")

    @property
    def statements(self) -> list[Statement]:
        """The bucket policy's statements."""
        return statements(self.policy)

    @property
    def delegates(self) -> bool:
        """Its policy lets in everyone who comes by certain access points: whom these let in, they say themselves.

        Source: Amazon S3 user guide, delegating access control to access points.
        """
        return any(
            condition.key.startswith("s3:dataaccesspoint")
            for statement in self.statements
            if statement.allow
            for condition in statement.conditions
        )

    @property
    def logs_to(self) -> str | None:
        """The bucket that its server access logs go to; empty where they go nowhere, ``None``: nobody may ask."""
        try:
            return self.logging.target_bucket if self.logging else ""
        except FactUnavailable:
            return None  # who looks for the source of a bucket's logs cannot rule this one out

    @property
    def takes_access_logs(self) -> bool:
        """Its policy, or its ACL where ACLs count, lets S3 deliver server access logs."""
        if any(
            one.allow
            and one.covers("s3:PutObject")
            and (one.anyone or ("Service", "logging.s3.amazonaws.com") in one.principals)
            for one in self.statements
        ):
            return True
        return self._by_acl

    @property
    def _by_acl(self) -> bool:
        """Its ACL counts, and lets S3 deliver server access logs."""
        granted = any(
            grant.grantee.delivers_logs and grant.permission in ("WRITE", "FULL_CONTROL")
            for grant in self.acl.grants
        )
        return granted and not self.acls_off

    def takes_access_logs_of(self, source: str, account: str, key: str) -> bool | None:
        """Whether S3 may deliver the server access logs of a bucket of the account here, by such a name.

        What a statement says of who the source is counts: its bucket and its account. ``None``: some statement lets
        S3 deliver under conditions that cannot be judged. Raises FactUnavailable.
        """
        answers = [
            _delivers(one, f"{self.name}/{key}", source, account)
            for one in self.statements
            if one.allow
            and one.covers("s3:PutObject")
            and (one.anyone or ("Service", "logging.s3.amazonaws.com") in one.principals)
        ]
        if True in answers or self._by_acl:
            return True
        return None if None in answers else False

    @property
    def acls_off(self) -> bool:
        """Its owner owns every object, and ACLs count for nothing."""
        found = [rule.object_ownership for rule in self.ownership.rules] if self.ownership else []
        return found == ["BucketOwnerEnforced"]

    @property
    def locks(self) -> bool:
        """Object lock is on, whether or not it locks anything by default."""
        return self.object_lock is not None and self.object_lock.object_lock_enabled == "Enabled"

    def public_grants(self, *, write: bool) -> list[str]:
        """Permissions that the ACL gives to everyone, or to every AWS user."""
        return [
            grant.permission
            for grant in self.acl.grants
            if grant.grantee.everyone and (grant.permission not in _READS or not write)
        ]

    @property
    def public_writes(self) -> list[str]:
        """Actions of the policy that are given to everyone and are not known to read only."""
        listed = self.statements
        found: dict[str, None] = {}
        for statement in open_to_everyone(listed):
            whatever_writes = replace(statement, actions=(), not_actions=_READS_ONLY, memo={})
            if not for_everyone(whatever_writes, listed):
                continue  # a denial leaves reading, and nothing else
            if statement.not_actions:
                named = [action for action in _WRITE_ACTIONS if statement.covers(action)]
                more = [statement.told] if statement.covers(f"s3:{ANYTHING}") else []
                found |= dict.fromkeys(_left(statement, named, listed) or more or named)
            for pattern in statement.actions:
                named = _changes(pattern)
                # Of a wildcard whose known actions are all denied, others may be left.
                found |= dict.fromkeys(_left(statement, named, listed) or (named and [pattern]))
        return list(found)


def _delivers(statement: Statement, key: str, source: str, account: str) -> bool | None:
    """Whether a statement lets S3 write an object on behalf of a bucket; ``None``: nobody can tell."""
    named = [resource.partition(":::")[2] or resource for resource in statement.resources]
    spared = [resource.partition(":::")[2] or resource for resource in statement.not_resources]
    if any(glob(p).match(key) for p in spared) or not (
        spared or any(glob(p).match(key) for p in named)
    ):
        return False
    partition = next((partition_of(one) for one in statement.resources if one != "*"), "aws")
    asks = {
        "aws:sourcearn": f"arn:{partition}:s3:::{source}",
        "aws:sourceaccount": account,
        "aws:securetransport": "true",
    }
    held = [one.holds(asks[one.key]) if one.key in asks else None for one in statement.conditions]
    return False if False in held else None if None in held else True


_READS_ONLY = tuple(f"{beginning}*" for beginning in _READING)


def _left(statement: Statement, actions: list[str], listed: list[Statement]) -> list[str]:
    """Those of the actions that a statement gives to everyone and no denial takes back."""
    return [
        action
        for action in actions
        if for_everyone(replace(statement, actions=(action,), not_actions=(), memo={}), listed)
    ]


class AccountPublicAccessBlock(Resource, frozen=True, kw_only=True):
    """The account's public access block; ``None`` where there is none."""

    kind = "aws.s3.account_public_access_block"
    settings: PublicAccessBlock | None = fact("GetPublicAccessBlock")
