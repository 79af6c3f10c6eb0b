"""S3: seeing what happened, and getting data back."""

from __future__ import annotations

from soc2_collectors.aws.models.s3 import Bucket
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


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
    Fix: aws s3api put-bucket-versioning --versioning-configuration Status=Enabled.
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
    known_as=[
        "prowler:s3_bucket_server_access_logging_enabled",
        "powerpipe:s3_bucket_logging_enabled",
    ],
)
def aws_s3_access_logging(bucket: Bucket) -> Verdict:
    """Server access logs are written.

    Why: without them nobody can tell who read what.
    Fix: aws s3api put-bucket-logging to a log bucket; or record data events in CloudTrail and waive
        this with that reason.
    """
    if bucket.logging is None:
        return failed("no server access logs")
    return passed(f"server access logs go to {bucket.logging.target_bucket}")
