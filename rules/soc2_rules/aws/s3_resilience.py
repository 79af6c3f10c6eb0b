"""S3: whether anybody hears of a change, and whether the data outlive their region."""

from __future__ import annotations

from fnmatch import fnmatchcase

from soc2_collectors.aws.models.s3 import Bucket, ReplicationRule
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.known import asked


@rule(
    criteria=["CC7.3"],
    severity=Severity.LOW,
    known_as=[
        "prowler:s3_bucket_event_notifications_enabled",
        "powerpipe:s3_bucket_event_notifications_enabled",
    ],
)
def aws_s3_event_notifications(bucket: Bucket, *, sensitive: tuple[str, ...] = ()) -> Verdict:
    """Buckets send an event for every object that a request creates or removes.

    Who listens is not read, and what lifecycle rules delete is another event. ``sensitive`` holds patterns
    (``*-customer-*``) for the names of the buckets that must; while there are none, every bucket must.

    Why: who is told of a change in sensitive data can look into it while it matters.
    Fix: aws s3api put-bucket-notification-configuration with EventBridgeConfiguration={}, or with
        s3:ObjectCreated:* and s3:ObjectRemoved:* for a topic, queue or function.
    """
    if sensitive and not _named(bucket.name, sensitive):
        return not_applicable("not among the sensitive buckets by its name")
    if bucket.notifications.event_bridge_configuration is not None:
        return passed("every event goes to EventBridge")
    untold = bucket.notifications.untold
    if untold:
        return failed(f"no event is sent when an object of any name is {' or '.join(untold)}")
    return passed("an event is sent when an object of any name is created or removed")


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.LOW,
    needs=[Bucket],
    known_as=[
        "prowler:s3_bucket_cross_region_replication",
        "powerpipe:s3_bucket_cross_region_replication_enabled",
    ],
)
def aws_s3_replication(
    bucket: Bucket, evidence: Evidence, *, critical: tuple[str, ...] = ()
) -> Verdict:
    """Buckets copy whatever comes into them to a bucket in another region, which keeps versions.

    Objects from before the rule are not copied, nor are single ones that somebody puts under a KMS key where the
    bucket's default is none; neither is read. ``critical`` holds patterns (``*-backup-*``) for the names of the
    buckets that must; while there are none, every bucket must. A bucket that only receives copies need not send
    any: leave it out of the patterns.

    Why: a region that is down, or an account that is wiped, takes along what exists nowhere else.
    Fix: aws s3api put-bucket-replication with a rule that has an empty filter and a destination in another
        region, best in an account of its own; both buckets need versioning.
    """
    if critical and not _named(bucket.name, critical):
        return not_applicable("not among the critical buckets by its name")
    if bucket.replication is None:
        return failed("nothing is copied elsewhere")
    enabled = [one for one in bucket.replication.rules if one.status == "Enabled"]
    if not enabled:
        return failed("its replication is switched off")
    whole = [one for one in enabled if one.every_object]
    if not whole:
        return failed("only objects with certain prefixes or tags are copied")
    copied = _elsewhere(bucket, whole, evidence)
    if copied.status is not Status.PASS or bucket.encryption is None:
        return copied
    found = bucket.encryption.algorithms
    if not found or not set(found) <= {"AES256", *_KMS}:
        return inconclusive(f"how new objects are encrypted is not known: {', '.join(found)}")
    if not set(found) & set(_KMS):
        return copied
    whole = [one for one in whole if one.under_kms]
    if not whole:
        return failed("objects are encrypted with KMS, and such are not copied")
    return _elsewhere(bucket, whole, evidence)


_KMS = ("aws:kms", "aws:kms:dsse")
"""Encryption under which objects are copied only where a rule says so."""


def _elsewhere(bucket: Bucket, rules: list[ReplicationRule], evidence: Evidence) -> Verdict:
    """Whether one of the destinations is in another region."""
    unknown: list[str] = []
    abroad: list[Bucket] = []
    for name in sorted({one.destination.name for one in rules}):
        found = evidence.index(Bucket, "name").get(name) or evidence.index(
            Bucket, "name", within="everywhere"
        ).get(name)
        target = found[0] if found else None
        if target is None or not target.bucket_region or not bucket.bucket_region:
            unknown.append(name)
        elif target.bucket_region != bucket.bucket_region:
            abroad.append(target)
    known, unread = asked(abroad, lambda one: _refuses(bucket, one))
    for one, why in known:
        if not why:
            told = f"what comes in is copied to {one.name} in {one.bucket_region}"
            return passed(told, on=[one])
    if unread is not None:
        raise unread
    if unknown:
        return inconclusive(f"it is not known in which region {', '.join(unknown)} is")
    if known:
        return failed("; ".join(why for _, why in known), on=[one for one, _ in known])
    return failed("what comes in is copied, but within its own region only")


def _refuses(source: Bucket, target: Bucket) -> str:
    """Why S3 copies nothing into a bucket, by the reasons of failed replication that it documents."""
    if target.versioning.status != "Enabled":
        state = (target.versioning.status or "off").lower()
        return f"versioning of {target.name} is {state}, and S3 copies nothing into it"
    if source.locks and not target.locks:
        return f"{target.name} has no object lock as the bucket has, and S3 copies nothing into it"
    return ""


def _named(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
