"""S3: the bucket list is account-wide; each bucket's protections are calls of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.s3 import AccountPublicAccessBlock, Bucket
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws
    from soc2_pac.model import Fact

_BUCKETS_PER_PAGE = 1000


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
    cost="pages of 1,000 + 13 N",
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
                "GetBucketPolicyStatus": part(
                    "get_bucket_policy_status", "PolicyStatus", "NoSuchBucketPolicy"
                ),
                "GetBucketPolicy": part("get_bucket_policy", "Policy", "NoSuchBucketPolicy"),
                "GetBucketAcl": part("get_bucket_acl", None),
                "GetBucketEncryption": part(
                    "get_bucket_encryption",
                    "ServerSideEncryptionConfiguration",
                    "ServerSideEncryptionConfigurationNotFoundError",
                ),
                "GetBucketVersioning": part("get_bucket_versioning", None),
                "GetBucketLogging": part("get_bucket_logging", "LoggingEnabled", optional=True),
                "GetBucketLifecycleConfiguration": part(
                    "get_bucket_lifecycle_configuration", "Rules", "NoSuchLifecycleConfiguration"
                ),
                "GetObjectLockConfiguration": part(
                    "get_object_lock_configuration",
                    "ObjectLockConfiguration",
                    "ObjectLockConfigurationNotFoundError",
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
