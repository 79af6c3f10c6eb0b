"""CloudTrail: the record of who did what, and who may read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.cloudtrail import Trail
from soc2_collectors.aws.models.eventbridge import EventBus
from soc2_collectors.aws.models.iam import AccountSummary
from soc2_collectors.aws.models.s3 import AccountPublicAccessBlock, Bucket
from soc2_collectors.aws.models.trust import service
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.trails import (
    REGIONS,
    at_home,
    idle,
    of_account,
    selectors,
)
from soc2_rules.mechanisms.undecided import problems, undecided

if TYPE_CHECKING:
    from collections.abc import Callable


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    needs=REGIONS,
    known_as=[
        "prowler:cloudtrail_kms_encryption_enabled",
        "powerpipe:cloudtrail_trail_logs_encrypted_with_kms_cmk",
    ],
)
def aws_trail_kms(trail: Trail, evidence: Evidence, scope: Scope) -> Verdict:
    """Trail logs are encrypted with a customer's key.

    Why: reading the logs then takes a right of its own.
    Fix: aws cloudtrail update-trail --name NAME --kms-key-id KEY.
    """
    if elsewhere := at_home(trail, evidence, scope):
        return elsewhere
    if trail.kms_key_id:
        return passed(f"encrypted with {trail.kms_key_id}")
    return failed("no key of the customer's")


@rule(
    criteria=["CC7.2", "CC7.3", "CC8.1"],
    severity=Severity.CRITICAL,
    needs=[Trail],
    known_as=[
        "prowler:cloudtrail_multi_region_enabled",
        "prowler:cloudtrail_multi_region_enabled_logging_management_events",
        "powerpipe:cloudtrail_multi_region_trail_enabled",
        "powerpipe:cloudtrail_trail_enabled",
        "powerpipe:cloudtrail_multi_region_read_write_enabled",
    ],
)
def aws_trail_multi_region(
    account: AccountSummary,
    evidence: Evidence,
    *,
    may_leave_out: tuple[str, ...] = ("kms.amazonaws.com", "rdsdata.amazonaws.com"),
) -> Verdict:
    """A trail of all Regions records the account's management events, reads and writes.

    It may be the organisation's: what that one records is told to its owner alone, so that account must be a
    source, too. ``may_leave_out`` names sources of events that a trail need not record.

    Why: it is the record of who did what; where it has gaps, nothing can be shown.
    Fix: aws cloudtrail create-trail --name NAME --s3-bucket-name BUCKET --is-multi-region-trail, then aws
        cloudtrail start-logging --name NAME.
    """
    del account  # one verdict an account: the trails of every Region decide together
    found = of_account(evidence)
    reasons: set[str] = set()
    missing: dict[str, FactUnavailable] = {}
    for trail in found:
        try:
            problem = _unfit(trail, evidence, may_leave_out)
        except FactUnavailable as error:
            missing[f"{trail.name}: {error}"] = error
            continue
        if problem is None:
            without = sorted(selectors(trail, evidence).excluded_sources)
            but = f", but those of {', '.join(without)}" if without else ""
            return passed(
                f"{trail.name} records the management events of all Regions{but}", on=[trail]
            )
        reasons.add(f"{trail.name} {problem}")
    if missing:
        return undecided("; ".join(sorted(missing)), missing.values())
    return failed("; ".join(sorted(reasons)) or "there is no trail", on=found)


def _unfit(trail: Trail, evidence: Evidence, may_leave_out: tuple[str, ...]) -> str | None:
    """Why a trail alone is not the record of the account; ``None`` when it is."""
    if not trail.is_multi_region_trail:
        return "is of one Region"
    if trail.leaves_out_global:
        return "leaves out events of services without a Region"
    if problem := idle(trail):
        return problem
    recorded = selectors(trail, evidence)
    lacking = {"read", "write"} - recorded.management_sides
    if lacking:
        return f"leaves out management events: {' and '.join(sorted(lacking))}"
    if excluded := recorded.excluded_sources - set(may_leave_out):
        return f"leaves out events of {', '.join(sorted(excluded))}"
    return None


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    empty=failed("there is no trail"),
    needs=REGIONS,
    known_as=[
        "prowler:cloudtrail_log_file_validation_enabled",
        "powerpipe:cloudtrail_trail_validation_enabled",
    ],
)
def aws_trail_validation(trail: Trail, evidence: Evidence, scope: Scope) -> Verdict:
    """Trails write digests by which changed or missing log files show.

    Why: a log that can be edited unseen proves nothing.
    Fix: aws cloudtrail update-trail --name NAME --enable-log-file-validation.
    """
    if elsewhere := at_home(trail, evidence, scope):
        return elsewhere
    if not trail.log_file_validation_enabled:
        return failed("log file validation is off")
    if not trail.status.is_logging:
        return failed("log file validation is on, and the trail is not logging")
    if error := trail.status.latest_digest_delivery_error:
        return failed(f"the last delivery of a digest failed: {error}")
    return passed("log file validation is on, and the trail is logging")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=REGIONS,
    known_as=[
        "prowler:cloudtrail_cloudwatch_logging_enabled",
        "powerpipe:cloudtrail_trail_integrated_with_logs",
    ],
)
def aws_trail_to_cwl(trail: Trail, evidence: Evidence, scope: Scope) -> Verdict:
    """Trails deliver to CloudWatch Logs.

    Why: alarms can be set on it; files in a bucket raise none.
    Fix: aws cloudtrail update-trail --name NAME --cloud-watch-logs-log-group-arn GROUP
        --cloud-watch-logs-role-arn ROLE; waive it where a SIEM reads the bucket.
    """
    if elsewhere := at_home(trail, evidence, scope):
        return elsewhere
    if not trail.cloud_watch_logs_log_group_arn:
        if trail.account not in ("", scope.account):
            return _of_owner(trail, evidence)
        return failed("no delivery to CloudWatch Logs")
    if error := trail.status.latest_cloud_watch_logs_delivery_error:
        return failed(f"the last delivery to CloudWatch Logs failed: {error}")
    if not trail.status.is_logging:
        return failed("the trail is not logging")
    return passed(f"delivers to {trail.cloud_watch_logs_log_group_arn}")


def _of_owner(trail: Trail, evidence: Evidence) -> Verdict:
    """The organisation's trail, whose owner alone is told where it delivers."""
    owner = (trail.account, trail.home_region)
    if all(bus.place != owner for bus in evidence.everywhere(EventBus)):
        return inconclusive(
            f"whether it delivers to CloudWatch Logs is not known: its owner, account {trail.account}, was not read"
        )
    return not_applicable(f"judged in account {trail.account}, which owns it")


@rule(
    criteria=["CC7.2", "CC6.1"],
    severity=Severity.CRITICAL,
    needs=[Trail, AccountPublicAccessBlock],
    known_as=[
        "prowler:cloudtrail_logs_s3_bucket_is_not_publicly_accessible",
        "prowler:cloudtrail_logs_s3_bucket_access_logging_enabled",
        "powerpipe:cloudtrail_bucket_not_public",
        "powerpipe:cloudtrail_s3_logging_enabled",
    ],
)
def aws_trail_bucket_protected(
    bucket: Bucket, evidence: Evidence, *, keep_days: int = 30
) -> Verdict:
    """The bucket that trails write to is private, logs its readers, and keeps what is deleted.

    So is one whose policy lets CloudTrail write to it, as for the trails of other accounts. What is deleted has to be
    kept for ``keep_days`` at least: a lifecycle rule may delete old versions of logs later. Access points are not read.

    Why: whoever wants to hide something starts with the logs.
    Fix: aws s3api put-public-access-block, aws s3api put-bucket-logging and aws s3api
        put-bucket-versioning on the bucket.
    """
    writing = [t for t in of_account(evidence) if t.s3_bucket_name == bucket.name]
    if not writing and not _takes_trails(bucket):
        return not_applicable("no trail of this account writes to it, nor does its policy let one")
    keys = {trail.keys for trail in writing} or {"AWSLogs/"}
    checks: list[Callable[[], str | None]] = [
        lambda: _public_by_policy(bucket, evidence),
        lambda: _public_by_acl(bucket, evidence),
        lambda: _unlogged(bucket),
        lambda: _unversioned(bucket, keys, keep_days),
    ]
    found = problems(checks)
    if found:
        return failed(", ".join(found), on=writing)
    names = ", ".join(sorted({trail.name for trail in writing}))
    who = f"{names} writes to it" if names else "its policy lets CloudTrail write to it"
    return passed(f"private, logged and versioned; {who}", on=writing)


def _takes_trails(bucket: Bucket) -> bool:
    """Whether its policy lets CloudTrail write to it, on behalf of whatever account."""
    return any(
        one.allow
        and one.covers("s3:PutObject")
        and any(
            kind == "Service" and service(value) == "cloudtrail" for kind, value in one.principals
        )
        for one in bucket.statements
    )


def _blocked(bucket: Bucket, evidence: Evidence, setting: str) -> bool:
    """Whether the block of the bucket or that of the account has a setting."""
    blocks = [bucket.public_access_block]
    blocks += [account.settings for account in evidence.account(AccountPublicAccessBlock)]
    return any(block is not None and bool(getattr(block, setting)) for block in blocks)


def _public_by_policy(bucket: Bucket, evidence: Evidence) -> str | None:
    public = bucket.policy_status is not None and bucket.policy_status.is_public
    return (
        "public by its policy"
        if public and not _blocked(bucket, evidence, "restrict_public_buckets")
        else None
    )


def _public_by_acl(bucket: Bucket, evidence: Evidence) -> str | None:
    public = bucket.public_grants(write=False)
    return (
        "public by its ACL"
        if public and not _blocked(bucket, evidence, "ignore_public_acls")
        else None
    )


def _unlogged(bucket: Bucket) -> str | None:
    return None if bucket.logging is not None and bucket.logging.target_bucket else "no access logs"


def _unversioned(bucket: Bucket, keys: set[str], keep_days: int) -> str | None:
    """Why what is deleted is gone: there are no versions, or old ones are deleted too soon."""
    if bucket.versioning.status != "Enabled":
        return "no versioning"
    days = [
        rule.noncurrent_version_expiration.noncurrent_days or 0
        for rule in bucket.lifecycle or ()
        if rule.noncurrent_version_expiration is not None
        and rule.deletes_versions
        and not rule.versions_kept
        and any(rule.touches(one) for one in keys)
    ]
    shortest = min(days, default=keep_days)
    return (
        f"what is deleted is kept for {shortest} days, under {keep_days}"
        if shortest < keep_days
        else None
    )


@rule(
    criteria=["CC7.2"],
    severity=Severity.LOW,
    needs=[Trail],
    known_as=[
        "prowler:cloudtrail_s3_dataevents_read_enabled",
        "prowler:cloudtrail_s3_dataevents_write_enabled",
        "powerpipe:cloudtrail_s3_data_events_enabled",
    ],
)
def aws_trail_data_events(account: AccountSummary, evidence: Evidence) -> Verdict:
    """Reads and writes of S3 objects are recorded, in every general purpose bucket and Region.

    Objects of directory buckets (S3 Express One Zone) are another type of resource, and are not asked about.

    Why: management events say who changed a bucket, not who read what is in it.
    Fix: aws cloudtrail put-event-selectors --trail-name NAME with data events of AWS::S3::Object; waive it
        where server access logs answer the question.
    """
    del account  # one verdict an account, whichever trail does it
    sides: dict[str, Trail] = {}
    missing: dict[str, FactUnavailable] = {}
    for trail in of_account(evidence):
        try:
            if trail.is_multi_region_trail and not idle(trail):
                for side in selectors(trail, evidence).s3_object_sides:
                    sides.setdefault(side, trail)
        except FactUnavailable as error:
            missing[f"{trail.name}: {error}"] = error
    lacking = sorted({"read", "write"} - sides.keys())
    if not lacking:
        names = ", ".join(sorted({trail.name for trail in sides.values()}))
        return passed(
            f"{names} records reads and writes of the objects of every general purpose bucket",
            on=sides.values(),
        )
    if missing:
        return undecided("; ".join(sorted(missing)), missing.values())
    return failed(f"not recorded for every general purpose bucket: {' and '.join(lacking)}")
