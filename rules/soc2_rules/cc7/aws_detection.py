"""CloudTrail, GuardDuty and AWS Config: whether anybody is watching."""

from __future__ import annotations

from soc2_collectors.aws.models.cloudtrail import Trail
from soc2_collectors.aws.models.config import Recorder
from soc2_collectors.aws.models.guardduty import Detector
from soc2_collectors.aws.models.iam import AccountSummary
from soc2_collectors.aws.models.s3 import AccountPublicAccessBlock, Bucket, PublicAccessBlock
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule


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
def aws_trail_multi_region(account: AccountSummary, evidence: Evidence) -> Verdict:
    """A trail of all regions records the account's management events, reads and writes.

    Why: it is the record of who did what; where it has gaps, nothing can be shown.
    Fix: aws cloudtrail create-trail --is-multi-region-trail, then start-logging.
    """
    del account  # one verdict an account: the trails of every region decide together
    problems: list[str] = []
    trails = evidence.account(Trail)
    for trail in trails:
        if not trail.is_multi_region_trail:
            problems.append(f"{trail.name} is of one region")
        elif not trail.status.is_logging:
            problems.append(f"{trail.name} is not logging")
        elif not trail.selectors.all_management_events:
            problems.append(f"{trail.name} leaves management events out")
        else:
            return passed(f"{trail.name} records all management events of all regions")
    return failed("; ".join(sorted(problems)) if trails else "there is no trail")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    empty=failed("there is no trail"),
    known_as=[
        "prowler:cloudtrail_log_file_validation_enabled",
        "powerpipe:cloudtrail_trail_validation_enabled",
    ],
)
def aws_trail_validation(trail: Trail) -> Verdict:
    """Trails write digests by which changed or missing log files show.

    Why: a log that can be edited unseen proves nothing.
    Fix: aws cloudtrail update-trail --enable-log-file-validation.
    """
    return (
        passed("validation is on")
        if trail.log_file_validation_enabled
        else failed("validation is off")
    )


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudtrail_kms_encryption_enabled",
        "powerpipe:cloudtrail_trail_logs_encrypted_with_kms_cmk",
    ],
)
def aws_trail_kms(trail: Trail) -> Verdict:
    """Trail logs are encrypted with a customer's key.

    Why: reading the logs then takes a right of its own.
    Fix: aws cloudtrail update-trail --kms-key-id.
    """
    return (
        passed("encrypted with a customer's key")
        if trail.kms_key_id
        else failed("no key of the customer's")
    )


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudtrail_cloudwatch_logging_enabled",
        "powerpipe:cloudtrail_trail_integrated_with_logs",
    ],
)
def aws_trail_to_cwl(trail: Trail) -> Verdict:
    """Trails deliver to CloudWatch Logs.

    Why: alarms can be set on it; files in a bucket raise none.
    Fix: aws cloudtrail update-trail --cloud-watch-logs-log-group-arn; waive it where a SIEM reads
        the bucket.
    """
    if not trail.cloud_watch_logs_log_group_arn:
        return failed("no delivery to CloudWatch Logs")
    if trail.status.latest_delivery_error:
        return failed(f"the last delivery failed: {trail.status.latest_delivery_error}")
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
    criteria=["CC7.2", "CC7.1", "CC6.8", "CC7.3"],
    severity=Severity.HIGH,
    empty=failed("GuardDuty has no detector in this region"),
    known_as=[
        "prowler:guardduty_is_enabled",
        "powerpipe:guardduty_enabled",
    ],
)
def aws_guardduty_on(detector: Detector) -> Verdict:
    """GuardDuty is on in every enabled region.

    Why: attackers like regions that nobody watches.
    Fix: aws guardduty create-detector --enable in the region, or enable it for the organisation.
    """
    status = detector.details.status
    return passed("enabled") if status == "ENABLED" else failed(f"the detector is {status}".lower())


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.HIGH,
    empty=failed("AWS Config has no recorder in this region"),
    known_as=[
        "prowler:config_recorder_all_regions_enabled",
        "powerpipe:config_enabled_all_regions",
        "powerpipe:config_configuration_recorder_no_failed_deliver_logs",
    ],
)
def aws_config_recorder_on(recorder: Recorder) -> Verdict:
    """AWS Config records all resource types in every region.

    Why: it is the history of what was changed, and when.
    Fix: aws configservice start-configuration-recorder with allSupported=true.
    """
    status = recorder.status
    if status is None or not status.recording:
        return failed("the recorder is stopped")
    if recorder.recording_group is None or not recorder.recording_group.all_supported:
        return failed("not all resource types are recorded")
    if status.last_status == "FAILURE":
        return failed("the last delivery failed")
    return passed("records all resource types")
