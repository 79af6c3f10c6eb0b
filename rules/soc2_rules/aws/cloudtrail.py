"""CloudTrail: the record of who did what, and who may read it."""

from __future__ import annotations

from soc2_collectors.aws.models.cloudtrail import Trail
from soc2_collectors.aws.models.iam import AccountSummary
from soc2_collectors.aws.models.s3 import AccountPublicAccessBlock, Bucket, PublicAccessBlock
from soc2_pac.model import Scope, Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudtrail_kms_encryption_enabled",
        "powerpipe:cloudtrail_trail_logs_encrypted_with_kms_cmk",
    ],
)
def aws_trail_kms(trail: Trail, scope: Scope) -> Verdict:
    """Trail logs are encrypted with a customer's key.

    Why: reading the logs then takes a right of its own.
    Fix: aws cloudtrail update-trail --kms-key-id.
    """
    if trail.home_region not in ("", scope.region):
        return not_applicable(f"judged in its home region {trail.home_region}")
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
    """A trail of all regions records the account's management events, reads and writes.

    Why: it is the record of who did what; where it has gaps, nothing can be shown.
    Fix: aws cloudtrail create-trail --is-multi-region-trail, then start-logging.
    """
    del account  # one verdict an account: the trails of every region decide together
    problems: set[str] = set()
    for trail in _trails(evidence):
        problem = _unfit(trail, may_leave_out)
        if problem is None:
            return passed(f"{trail.name} records the management events of all regions")
        problems.add(f"{trail.name} {problem}")
    return failed("; ".join(sorted(problems)) or "there is no trail")


def _trails(evidence: Evidence) -> list[Trail]:
    """Each trail of the account once, as the region told it that could tell most."""
    found: dict[str, Trail] = {}
    for trail in sorted(evidence.account(Trail), key=lambda seen: len(seen.gaps)):
        found.setdefault(trail.arn, trail)
    return [found[arn] for arn in sorted(found)]


def _unfit(trail: Trail, may_leave_out: tuple[str, ...]) -> str | None:
    """Why a trail alone is not the record of the account; ``None`` when it is."""
    if not trail.is_multi_region_trail:
        return "is of one region"
    if not trail.status.is_logging:
        return "is not logging"
    if trail.status.latest_delivery_error:
        return f"cannot deliver: {trail.status.latest_delivery_error}"
    lacking = {"read", "write"} - trail.selectors.management_sides
    if lacking:
        return f"leaves out management events: {' and '.join(sorted(lacking))}"
    if excluded := trail.selectors.excluded_sources - set(may_leave_out):
        return f"leaves out events of {', '.join(sorted(excluded))}"
    return None


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    empty=failed("there is no trail"),
    known_as=[
        "prowler:cloudtrail_log_file_validation_enabled",
        "powerpipe:cloudtrail_trail_validation_enabled",
    ],
)
def aws_trail_validation(trail: Trail, scope: Scope) -> Verdict:
    """Trails write digests by which changed or missing log files show.

    Why: a log that can be edited unseen proves nothing.
    Fix: aws cloudtrail update-trail --enable-log-file-validation.
    """
    if trail.home_region not in ("", scope.region):
        return not_applicable(f"judged in its home region {trail.home_region}")
    if trail.log_file_validation_enabled:
        return passed("validation is on")
    return failed("validation is off")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudtrail_cloudwatch_logging_enabled",
        "powerpipe:cloudtrail_trail_integrated_with_logs",
    ],
)
def aws_trail_to_cwl(trail: Trail, scope: Scope) -> Verdict:
    """Trails deliver to CloudWatch Logs.

    Why: alarms can be set on it; files in a bucket raise none.
    Fix: aws cloudtrail update-trail --cloud-watch-logs-log-group-arn; waive it where a SIEM reads
        the bucket.
    """
    if trail.home_region not in ("", scope.region):
        return not_applicable(f"judged in its home region {trail.home_region}")
    if not trail.cloud_watch_logs_log_group_arn:
        return failed("no delivery to CloudWatch Logs")
    if error := trail.status.latest_cloud_watch_logs_delivery_error:
        return failed(f"the last delivery to CloudWatch Logs failed: {error}")
    if not trail.status.is_logging:
        return failed("the trail is not logging")
    return passed("delivers to CloudWatch Logs")


@rule(
    criteria=["CC7.2", "CC6.1"],
    severity=Severity.CRITICAL,
    needs=[Trail, AccountPublicAccessBlock],
    known_as=[
        "prowler:cloudtrail_logs_s3_bucket_is_not_publicly_accessible",
        "prowler:cloudtrail_logs_s3_bucket_access_logging_enabled",
        "prowler:cloudtrail_bucket_requires_mfa_delete",
        "powerpipe:cloudtrail_bucket_not_public",
        "powerpipe:cloudtrail_s3_logging_enabled",
        "powerpipe:cloudtrail_trail_bucket_mfa_enabled",
    ],
)
def aws_trail_bucket_protected(bucket: Bucket, evidence: Evidence) -> Verdict:
    """The bucket that trails write to is private, logs its readers, and keeps what is deleted.

    Why: whoever wants to hide something starts with the logs.
    Fix: put-public-access-block, put-bucket-logging and put-bucket-versioning on the bucket.
    """
    if not any(trail.s3_bucket_name == bucket.name for trail in evidence.account(Trail)):
        return not_applicable("no trail of this account writes to it")
    blocks = [a.settings for a in evidence.account(AccountPublicAccessBlock)]
    block = bucket.public_access_block or PublicAccessBlock()
    closed = block.restrict_public_buckets or any(
        b is not None and b.restrict_public_buckets for b in blocks
    )
    problems = [
        problem
        for problem, there in (
            (
                "public by its policy",
                bool(bucket.policy_status and bucket.policy_status.is_public) and not closed,
            ),
            ("public by its ACL", bool(bucket.public_grants(write=False))),
            ("no access logs", bucket.logging is None),
            ("no versioning", bucket.versioning.status != "Enabled"),
        )
        if there
    ]
    return failed(", ".join(problems)) if problems else passed("private, logged and versioned")


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
    """Reads and writes of S3 objects are recorded.

    Why: management events say who changed a bucket, not who read what is in it.
    Fix: aws cloudtrail put-event-selectors with data events of AWS::S3::Object; waive it where server
        access logs answer the question.
    """
    del account  # one verdict an account, whichever trail does it
    sides: set[str] = set()
    for trail in _trails(evidence):
        if trail.is_multi_region_trail and trail.status.is_logging:
            sides |= trail.selectors.s3_object_sides
    lacking = sorted({"read", "write"} - sides)
    if lacking:
        return failed(f"not recorded for every bucket: {' and '.join(lacking)}")
    return passed("reads and writes of the objects of every bucket are recorded")
