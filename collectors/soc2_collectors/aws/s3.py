"""S3: the bucket list is account-wide; each bucket's protections are calls of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.s3 import AccountPublicAccessBlock, Bucket
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.aws.client import Aws

_BUCKETS_PER_PAGE = 1000
_UNREAD = object()


class _Read:
    """A fact of one bucket whose answer may say that another one is absent: that is not asked for then.

    AWS answers NoSuchBucketPolicy to GetBucketPolicyStatus where GetBucketPolicy has none. GetBucketVersioning says
    nothing of a bucket that was never versioned, and Object Lock works in versioned buckets alone: whoever turns it
    on turns versioning on, and cannot suspend it any more. Sources: Amazon S3 API reference, GetBucketPolicyStatus,
    GetBucketVersioning; user guide, Locking objects with Object Lock.
    """

    def __init__(self, asked: Fact) -> None:
        self._asked = asked
        self._said: object = _UNREAD
        self.fact = Fact(asked.operation, self._call)

    def _call(self) -> object:
        self._said = self._asked.call()
        return self._said

    def unless(self, absent: Callable[[object], bool], other: Fact) -> Fact:
        """The other fact; ``None`` without a request where this one was read, and says so."""

        def call() -> object:
            known = self._said is not _UNREAD and absent(self._said)
            return None if known else other.call()

        return Fact(other.operation, call)


@collects(
    Bucket,
    calls=[
        "s3:ListAllMyBuckets",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketPolicyStatus",
        "s3:GetBucketPolicy",
        "s3:GetBucketAcl",
        "s3:GetEncryptionConfiguration",
        "s3:GetBucketVersioning",
        "s3:GetBucketLogging",
        "s3:GetLifecycleConfiguration",
        "s3:GetBucketObjectLockConfiguration",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketNotification",
        "s3:GetReplicationConfiguration",
    ],
    per="account",
    cost="pages of 1,000 + 10 to 12 N",
)
def buckets(aws: Aws) -> Iterator[Document]:
    """Every bucket of the account, wherever it is."""
    # Only a listing in pages says where each bucket is; asked elsewhere, S3 answers by a redirect, and
    # every fact would cost two requests.
    for bucket in aws.items("s3", "list_buckets", "Buckets", MaxBuckets=_BUCKETS_PER_PAGE):
        name = bucket["Name"]

        def part(
            operation: str,
            key: str | None,
            *absent: str,
            optional: bool = False,
            name: str = name,
            region: str | None = bucket.get("BucketRegion"),
        ) -> Fact:
            return aws.fact(
                "s3",
                operation,
                key=key,
                absent=absent,
                optional=optional,
                region=region,
                Bucket=name,
            )

        policy = _Read(part("get_bucket_policy", "Policy", "NoSuchBucketPolicy"))
        versioning = _Read(part("get_bucket_versioning", None))
        yield Document(
            f"arn:{aws.partition}:s3:::{name}",
            name,
            {
                **bucket,
                "GetPublicAccessBlock": part(
                    "get_public_access_block",
                    "PublicAccessBlockConfiguration",
                    "NoSuchPublicAccessBlockConfiguration",
                ),
                "GetBucketPolicy": policy.fact,
                "GetBucketPolicyStatus": policy.unless(
                    lambda said: said is None,
                    part("get_bucket_policy_status", "PolicyStatus", "NoSuchBucketPolicy"),
                ),
                "GetBucketAcl": part("get_bucket_acl", None),
                "GetBucketEncryption": part(
                    "get_bucket_encryption",
                    "ServerSideEncryptionConfiguration",
                    "ServerSideEncryptionConfigurationNotFoundError",
                ),
                "GetBucketVersioning": versioning.fact,
                "GetBucketLogging": part("get_bucket_logging", "LoggingEnabled", optional=True),
                "GetBucketLifecycleConfiguration": part(
                    "get_bucket_lifecycle_configuration", "Rules", "NoSuchLifecycleConfiguration"
                ),
                "GetObjectLockConfiguration": versioning.unless(
                    lambda said: said == {},
                    part(
                        "get_object_lock_configuration",
                        "ObjectLockConfiguration",
                        "ObjectLockConfigurationNotFoundError",
                    ),
                ),
                "GetBucketOwnershipControls": part(
                    "get_bucket_ownership_controls",
                    "OwnershipControls",
                    "OwnershipControlsNotFoundError",
                ),
                "GetBucketNotificationConfiguration": part(
                    "get_bucket_notification_configuration", None
                ),
                "GetBucketReplication": part(
                    "get_bucket_replication",
                    "ReplicationConfiguration",
                    "ReplicationConfigurationNotFoundError",
                ),
            },
        )


@collects(
    AccountPublicAccessBlock, calls=["s3:GetAccountPublicAccessBlock"], per="account", cost="1"
)
def account_public_access_block(aws: Aws) -> Iterator[Document]:
    """One document an account."""
    said = aws.fact(
        "s3control",
        "get_public_access_block",
        key="PublicAccessBlockConfiguration",
        absent=["NoSuchPublicAccessBlockConfiguration"],
        AccountId=aws.account,
    )
    yield Document(aws.account, aws.account, {"GetPublicAccessBlock": said})
