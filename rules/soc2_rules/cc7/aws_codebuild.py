"""CodeBuild: whether anybody can see what a build did."""

from __future__ import annotations

from soc2_collectors.aws.models.codebuild import Project
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.2", "CC8.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:codebuild_project_logging_enabled",
        "prowler:codebuild_project_s3_logs_encrypted",
        "powerpipe:codebuild_project_logging_enabled",
    ],
)
def aws_codebuild_logging(project: Project) -> Verdict:
    """Builds write logs, to CloudWatch Logs or encrypted to S3.

    Why: without its log nobody can tell what a build ran, or why it released what it did.
    Fix: aws codebuild update-project --logs-config cloudWatchLogs={status=ENABLED}; for logs in S3 set
        encryptionDisabled=false.
    """
    cloudwatch, s3 = project.logs_config.cloud_watch_logs, project.logs_config.s3_logs
    to_s3 = s3 is not None and s3.status == "ENABLED"
    if to_s3 and s3 is not None and s3.encryption_disabled:
        return failed("the logs in S3 are not encrypted")
    # AWS logs to CloudWatch where nothing is said of it.
    to_cloudwatch = cloudwatch is None or cloudwatch.status == "ENABLED"
    where = [name for name, on in (("CloudWatch Logs", to_cloudwatch), ("S3", to_s3)) if on]
    return passed(f"logs to {' and '.join(where)}") if where else failed("builds write no logs")
