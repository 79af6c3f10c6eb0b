"""S3: who can read and write, how data is protected, and what is logged."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.cloudfront import Distribution
from soc2_collectors.aws.models.logs import DeliverySource
from soc2_collectors.aws.models.policy import subsumes
from soc2_collectors.aws.models.s3 import AccountPublicAccessBlock, Bucket, PublicAccessBlock
from soc2_collectors.aws.models.trust import outsiders
from soc2_pac.model import (
    Scope,
    Severity,
    Status,
    Verdict,
    failed,
    inconclusive,
    not_applicable,
    passed,
)
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.aws_deliveries import delivered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soc2_collectors.aws.models.policy import Statement


_NOTHING = PublicAccessBlock()


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:s3_account_level_public_access_blocks",
        "powerpipe:s3_public_access_block_account",
    ],
)
def aws_s3_account_bpa(account: AccountPublicAccessBlock) -> Verdict:
    """All four settings of the account's public access block are on.

    Why: it holds for every bucket, whatever somebody sets on one of them tomorrow.
    Fix: aws s3control put-public-access-block with all four settings true.
    """
    if account.settings is None:
        return failed("the account has no public access block")
    missing = account.settings.missing
    return failed(f"off: {', '.join(missing)}") if missing else passed("all four settings are on")


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[AccountPublicAccessBlock],
    known_as=[
        "prowler:s3_bucket_public_access",
        "prowler:s3_bucket_public_list_acl",
        "powerpipe:s3_bucket_policy_restrict_public_access",
        "powerpipe:s3_bucket_restrict_public_read_access",
    ],
)
def aws_s3_bucket_not_public(bucket: Bucket, evidence: Evidence) -> Verdict:
    """Neither the bucket's policy nor its ACL lets everyone in, where no block setting makes that void.

    What is public is S3's own judgement of the policy. Access points, and ACLs of single objects, are not read.

    Why: public buckets are the best-known way to lose data.
    Fix: aws s3api put-public-access-block for the bucket; publish through CloudFront instead.
    """
    own = bucket.public_access_block or _NOTHING
    blocks = evidence.account(AccountPublicAccessBlock)
    account = _account_block(blocks)
    ways: list[str] = []
    restricted = own.restrict_public_buckets or account.restrict_public_buckets
    if not restricted and bucket.policy_status is not None and bucket.policy_status.is_public:
        ways.append("its policy")
    if not (own.ignore_public_acls or account.ignore_public_acls):
        grants = bucket.public_grants(write=False)
        if grants:
            ways.append(f"its ACL ({', '.join(grants)})")
    if ways:
        return failed(f"public through {' and '.join(ways)}", on=blocks)
    return passed("neither policy nor ACL opens it to everyone", on=blocks)


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.CRITICAL,
    needs=[AccountPublicAccessBlock],
    known_as=[
        "prowler:s3_bucket_policy_public_write_access",
        "prowler:s3_bucket_public_write_acl",
        "powerpipe:s3_bucket_restrict_public_write_access",
    ],
)
def aws_s3_bucket_not_public_write(bucket: Bucket, evidence: Evidence) -> Verdict:
    """Neither the bucket's policy nor its ACL lets everyone write, where no block setting makes that void.

    Writing is every action that is not called Get, List or Describe.

    Why: strangers could replace what others trust, or store at your cost.
    Fix: remove the statement or the ACL grant; aws s3api put-public-access-block.
    """
    own = bucket.public_access_block or _NOTHING
    blocks = evidence.account(AccountPublicAccessBlock)
    account = _account_block(blocks)
    ways = bucket.public_writes
    restricted = own.restrict_public_buckets or account.restrict_public_buckets
    # The block makes void what S3 itself counts as public, and that is judged by other conditions than ours.
    doubtful = restricted and ways and not (bucket.policy_status and bucket.policy_status.is_public)
    if restricted:
        ways = []
    if not (own.ignore_public_acls or account.ignore_public_acls):
        ways += [f"ACL {grant}" for grant in bucket.public_grants(write=True)]
    if ways:
        return failed(f"everyone may {', '.join(ways)}", on=blocks)
    if doubtful:
        return inconclusive(
            "its policy lets everyone write under conditions by which S3 does not count it as public",
            on=blocks,
        )
    return passed("neither policy nor ACL lets everyone write", on=blocks)


def _account_block(blocks: Sequence[AccountPublicAccessBlock]) -> PublicAccessBlock:
    return (blocks[0].settings if blocks else None) or _NOTHING


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=["prowler:s3_bucket_level_public_access_block"],
)
def aws_s3_public_access_blocked(bucket: Bucket) -> Verdict:
    """The bucket has all four settings of its own public access block.

    Why: with the account's setting it makes two locks; one may be opened by mistake.
    Fix: aws s3api put-public-access-block with all four settings true.
    """
    block = bucket.public_access_block
    if block is None:
        return failed("the bucket has no public access block")
    return (
        failed(f"off: {', '.join(block.missing)}")
        if block.missing
        else passed("all four settings are on")
    )


@rule(
    criteria=["CC6.3", "CC6.7"],
    severity=Severity.HIGH,
    needs=[Distribution],
    known_as=[
        "prowler:s3_bucket_cross_account_access",
        "powerpipe:s3_bucket_policy_restricts_cross_account_permission_changes",
    ],
)
def aws_s3_cross_account(
    bucket: Bucket, evidence: Evidence, scope: Scope, *, known_accounts: tuple[str, ...] = ()
) -> Verdict:
    """Bucket policies grant access to known accounts only.

    ``known_accounts`` holds accounts, organisations (``o-...``), canonical users, and the networks (ranges,
    endpoints) from which everyone may come. What the policy denies again does not count. A service of AWS counts as
    the account or organisation for whose resources a condition lets it in (``aws:SourceAccount``, ``aws:SourceArn``);
    without such a condition whom it acts for is not asked. Where the policy leaves it to access points of an account
    whom to let in (``s3:DataAccessPointAccount``), their policies are not read, and the message says so. An origin
    access identity of CloudFront is the account's own where one of its distributions uses it.

    Why: data leaves through a grant to an account that nobody remembers.
    Fix: remove the principal from the bucket policy, or list the account in known_accounts.
    """
    if bucket.policy is None:
        return not_applicable("no bucket policy")
    known = list(known_accounts)
    found = outsiders(bucket.statements, scope.account, known, served=True)
    if any(name.startswith(_CANONICAL) for name in found.strangers):
        # The account itself may be named in this way; only the ACL says by which id.
        known.append(bucket.acl.owner.canonical_user)
        found = outsiders(bucket.statements, scope.account, known, served=True)
    if found.strangers:
        return failed(f"grants access to others than known accounts: {', '.join(found.strangers)}")
    using: list[Distribution] = []
    if any(name.startswith(_IDENTITY) for name in found.unclear):
        # A distribution asks by an identity of its own account.
        using = [one for one in evidence.account(Distribution) if one.access_identities]
        known += sorted({number for one in using for number in one.access_identities})
        found = outsiders(bucket.statements, scope.account, known, served=True)
    if found.unclear:
        return inconclusive(f"nobody can tell whose these are: {', '.join(found.unclear)}")
    told = "nobody outside the account, services of AWS apart"
    if found.known:
        told = f"known accounts only: {', '.join(found.known)}"
    points = "; whom access points let in is for their policies to say" if bucket.delegates else ""
    return passed(f"the policy lets in {told}{points}", on=using)


_CANONICAL = "canonical user "
_IDENTITY = "CloudFront's origin access identity "
"""How messages begin to name these parties; see the model of trust."""


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:s3_bucket_default_encryption",
        "powerpipe:s3_bucket_default_encryption_enabled",
    ],
)
def aws_s3_encrypted(bucket: Bucket) -> Verdict:
    """The bucket encrypts what is stored in it by default.

    Why: what is written without asking for encryption is encrypted all the same.
    Fix: aws s3api put-bucket-encryption. (AWS has set SSE-S3 on every bucket since January 2023.)
    """
    found = bucket.encryption.algorithms if bucket.encryption else []
    if not found:
        return failed("no default encryption")
    if unknown := [name for name in found if name not in (*_KMS, "AES256")]:
        return inconclusive(f"what {', '.join(unknown)} is is not known")
    return passed(f"by default with {', '.join(found)}")


_KMS = ("aws:kms", "aws:kms:dsse")


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=["prowler:s3_bucket_kms_encryption"],
)
def aws_s3_kms_encryption(bucket: Bucket, *, sensitive: tuple[str, ...] = ()) -> Verdict:
    """Buckets encrypt by default with a key of KMS, not with S3's own.

    ``sensitive`` holds patterns (``*-customer-*``) for the names of the buckets that must; while there are none,
    every bucket must.

    Why: who may use a KMS key is said in its policy, its use is recorded, and without it the data are noise.
    Fix: aws s3api put-bucket-encryption with SSEAlgorithm=aws:kms and a key of your own.
    """
    if sensitive and not any(fnmatchcase(bucket.name, pattern) for pattern in sensitive):
        return not_applicable("not among the sensitive buckets by its name")
    found = bucket.encryption.algorithms if bucket.encryption else []
    if not found:
        return failed("no default encryption")
    if "AES256" in found:
        return failed("by default with S3's own keys (AES256)")
    if unknown := [name for name in found if name not in _KMS]:
        return inconclusive(f"what {', '.join(unknown)} is is not known")
    return passed(f"by default with {', '.join(found)}")


@rule(
    criteria=["CC6.7", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:s3_bucket_secure_transport_policy",
        "powerpipe:s3_bucket_enforces_ssl",
    ],
)
def aws_s3_tls_only(bucket: Bucket) -> Verdict:
    """The bucket policy denies requests without TLS.

    Why: S3 answers over plain HTTP unless it is told not to.
    Fix: add a Deny for every principal and action on the bucket and its objects where
        aws:SecureTransport is false.
    """
    if bucket.policy is None:
        return failed("no bucket policy")
    names = {name for one in bucket.statements if _denies_plain_http(one) for name in _named(one)}
    own = (bucket.name, f"{bucket.name}/*")
    if all(any(subsumes(name, one, fold=False) for name in names) for one in own):
        return passed("the policy denies requests without TLS")
    return failed("no statement denies all requests without TLS")


def _denies_plain_http(statement: Statement) -> bool:
    """Denies everyone every action, under no other condition than that TLS is missing."""
    if statement.allow or statement.not_principals or not statement.anyone:
        return False
    conditions = statement.conditions
    if len(conditions) != 1 or conditions[0].key != "aws:securetransport":
        return False
    if conditions[0].operator not in ("bool", "boolifexists"):
        return False
    if "false" not in [value.lower() for value in conditions[0].values]:
        return False
    return any(action.lower() in ("*", "s3:*") for action in statement.actions)


def _named(statement: Statement) -> set[str]:
    """Buckets and objects that a statement names: ``logs``, ``logs/*``, ``*``."""
    return {resource.partition(":::")[2] or resource for resource in statement.resources}


@rule(
    criteria=["CC6.5"],
    severity=Severity.LOW,
    known_as=[
        "prowler:s3_bucket_lifecycle_enabled",
        "powerpipe:s3_bucket_lifecycle_policy_enabled",
    ],
)
def aws_s3_lifecycle(bucket: Bucket) -> Verdict:
    """A lifecycle rule in force deletes what is in the bucket, or its old versions, of whatever name.

    Rules that only move objects, or stop uploads that nobody finished, delete none. Where versions are kept, an
    object that expires stays as an old version until a rule deletes these, all of them: one that leaves the newest
    few leaves them for ever. After how long is not asked.

    Why: data that is kept for ever is disposed of never.
    Fix: aws s3api put-bucket-lifecycle-configuration with the retention that was agreed, an empty filter, and
        NoncurrentVersionExpiration without NewerNoncurrentVersions where the bucket keeps versions.
    """
    rules = bucket.lifecycle or []
    if not any(rule.status == "Enabled" for rule in rules):
        if unknown := [rule.status for rule in rules if rule.status != "Disabled"]:
            return inconclusive(f"what the status {unknown[0]} is is not known")
        return failed("no lifecycle rule in force")
    versioning = bucket.versioning.status
    expiring = [rule for rule in rules if rule.expires]
    versions = [rule for rule in rules if rule.deletes_versions]
    if not expiring and not versions:
        return failed("the lifecycle rules in force delete nothing")
    if versioning not in (None, "Enabled", "Suspended"):
        return inconclusive(f"what the state of versioning {versioning} is is not known")
    deleting = versions if versioning else expiring
    if not deleting:
        if versioning is None:
            return failed("the rules delete old versions, and the bucket keeps none")
        if versioning == "Suspended":
            return inconclusive(
                "objects expire; versions from before versioning was suspended stay"
            )
        return failed("objects that expire stay as old versions, which no rule deletes")
    if not any(rule.every_object for rule in deleting):
        return inconclusive(
            "the rules delete objects of certain names, tags or sizes; nobody can tell whether others are left"
        )
    if versioning:
        least = min(rule.versions_kept for rule in deleting if rule.every_object)
        if least:
            return failed(f"the newest {least} old versions of each object are kept for ever")
    return passed(f"{len(deleting)} of {len(rules)} lifecycle rules are in force and delete")


@rule(
    criteria=["CC6.3"],
    severity=Severity.LOW,
    known_as=[
        "prowler:s3_bucket_acl_prohibited",
        "powerpipe:s3_bucket_acls_should_prohibit_user_access",
    ],
)
def aws_s3_acls_disabled(bucket: Bucket) -> Verdict:
    """The bucket's owner owns every object, and ACLs count for nothing.

    Why: an ACL on one object among millions is seen by no review; policies stand in one place.
    Fix: aws s3api put-bucket-ownership-controls with ObjectOwnership=BucketOwnerEnforced.
    """
    if bucket.acls_off:
        return passed("ACLs are off")
    found = [rule.object_ownership for rule in bucket.ownership.rules] if bucket.ownership else []
    return failed(f"ACLs count: {', '.join(found) or 'no ownership controls'}")


_NO_LOGS = (
    "analog",
    "backlog",
    "blog",
    "catalog",
    "dialog",
    "homolog",
    "login",
    "logistic",
    "logo",
    "ologic",
    "ologies",
    "ologist",
    "ology",
    "technolog",
    "trailer",
)
"""Words that have ``log`` or ``trail`` in them by chance."""


@rule(
    criteria=["CC6.1", "CC7.4"],
    severity=Severity.LOW,
    needs=[Bucket],
    known_as=[
        "prowler:s3_bucket_object_lock",
        "powerpipe:s3_bucket_object_lock_enabled",
    ],
)
def aws_s3_object_lock(
    bucket: Bucket,
    evidence: Evidence,
    *,
    names: tuple[str, ...] = ("*log*", "*audit*", "*trail*", "*backup*"),
    other_words: tuple[str, ...] = _NO_LOGS,
) -> Verdict:
    """Buckets for logs and backups lock new objects by default.

    ``names`` are patterns for what such buckets are called; ``other_words`` count for nothing in a name:
    ``product-catalog`` holds no logs, ``catalog-logs`` does. For how long is not asked. A bucket that takes the
    server access logs of others cannot lock: S3 delivers none to such a one.

    Why: logs and backups are what an intruder deletes, and an administrator by mistake.
    Fix: make a bucket with object lock (aws s3api create-bucket --bucket NAME
        --object-lock-enabled-for-bucket), set a default retention, and deliver there. Say in names which of
        your buckets this is about.
    """
    called = bucket.name
    for word in other_words:
        called = called.replace(word, "")
    if not any(fnmatchcase(called, pattern) for pattern in names):
        return not_applicable("by its name no bucket for logs or backups")
    lock = bucket.object_lock
    if lock is None or not bucket.locks:
        by_target = evidence.index(Bucket, "logs_to")
        if sources := by_target.get(bucket.name):
            told = f"it takes server access logs ({sources[0].name}), and such a bucket cannot lock"
            return not_applicable(told, on=sources[:1])
        if (unread := by_target.get(None)) and bucket.takes_access_logs:
            told = f"it may take server access logs: those of {unread[0].name} nobody may ask"
            return inconclusive(f"objects are not locked; {told}", on=unread[:1])
        return failed("objects are not locked")
    kept = lock.rule.default_retention if lock.rule else None
    if kept is None or not (kept.days or kept.years):
        if kept is not None and kept.default_event_hold is not None:
            return inconclusive("new objects are held until an event; which, and when, is not told")
        return failed("object lock is on, but locks nothing by default")
    if kept.mode not in ("GOVERNANCE", "COMPLIANCE"):
        return inconclusive(f"what the mode {kept.mode} is is not known")
    span = f"{kept.days} days" if kept.days else f"{kept.years} years"
    return passed(f"new objects are locked for {span} ({kept.mode})")


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:s3_bucket_object_versioning",
        "powerpipe:s3_bucket_versioning_enabled",
    ],
)
def aws_s3_versioning(bucket: Bucket) -> Verdict:
    """Versioning is on.

    Why: without it, what is overwritten or deleted is gone.
    Fix: aws s3api put-bucket-versioning --bucket NAME --versioning-configuration Status=Enabled.
    """
    status = bucket.versioning.status
    return (
        passed("versioning is on")
        if status == "Enabled"
        else failed(f"versioning is {status or 'off'}".lower())
    )


@rule(
    criteria=["CC7.2", "CC6.1"],
    severity=Severity.MEDIUM,
    needs=[Bucket, DeliverySource],
    known_as=[
        "prowler:s3_bucket_server_access_logging_enabled",
        "powerpipe:s3_bucket_logging_enabled",
    ],
)
def aws_s3_access_logging(bucket: Bucket, evidence: Evidence, scope: Scope) -> Verdict:
    """Server access logs go to a bucket that takes them, or are delivered by CloudWatch.

    Such a bucket lets S3 deliver the logs of this one by its policy or its ACL, and has no object lock. What its policy
    denies again, and what arrived, is not read.

    Why: without them nobody can tell who read what.
    Fix: aws s3api put-bucket-logging to a log bucket; or record data events in CloudTrail and waive
        this with that reason. Waive it for a bucket that only takes such logs: its own would never end.
    """
    verdict = _to_bucket(bucket, evidence, scope)
    if verdict.status is Status.PASS:
        return verdict
    sources = evidence.account(DeliverySource)
    if sent := delivered(sources, f":s3:::{bucket.name}", "S3_SERVER_ACCESS_LOGS"):
        return passed("server access logs are delivered by CloudWatch", on=sent)
    return verdict


def _to_bucket(bucket: Bucket, evidence: Evidence, scope: Scope) -> Verdict:
    """Whether its own setting brings its server access logs to a bucket that takes them."""
    if bucket.logging is None:
        return failed("no server access logs")
    name = bucket.logging.target_bucket
    if not name:
        return inconclusive("AWS does not say where server access logs go")
    found = evidence.index(Bucket, "name").get(name, ())
    if not found:
        # AWS: both buckets are of one account.
        return failed(f"server access logs go to {name}, which is no bucket of the account")
    target = found[0]
    if target.locks:
        return failed(
            f"server access logs go to {name}, whose object lock keeps them out", on=[target]
        )
    key = bucket.logging.key(scope.account, bucket.bucket_region or "", bucket.name)
    takes = target.takes_access_logs_of(bucket.name, scope.account, key)
    if takes is None:
        return inconclusive(
            f"server access logs go to {name}, which lets S3 deliver under conditions that cannot be judged",
            on=[target],
        )
    if not takes:
        others = ", of this bucket or under this prefix" if target.takes_access_logs else ""
        return failed(
            f"server access logs go to {name}, which does not let S3 deliver them{others}",
            on=[target],
        )
    return passed(f"server access logs go to {name}, which takes them", on=[target])
