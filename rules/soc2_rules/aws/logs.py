"""CloudWatch Logs: how long logs are kept, and under whose key."""

from __future__ import annotations

from soc2_collectors.aws.models.logs import LogGroup
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudwatch_log_group_retention_policy_specific_days_enabled",
        "powerpipe:cloudwatch_log_group_retention_period_365",
    ],
)
def aws_log_retention(group: LogGroup, *, min_days: int = 365) -> Verdict:
    """Log groups keep what they hold for a year.

    Why: a break-in is found after months, and asked about then.
    Fix: aws logs put-retention-policy --log-group-name NAME --retention-in-days 365.
    """
    if group.log_group_class == "DELIVERY":
        return not_applicable("a delivery group keeps a day by design")
    if group.retention_in_days is not None and group.retention_in_days < min_days:
        return failed(f"kept for {group.retention_in_days} days, under {min_days}")
    if group.log_group_class not in (None, "STANDARD", "INFREQUENT_ACCESS", "ESSENTIALS"):
        return inconclusive(f"how long a group of class {group.log_group_class} keeps is not known")
    if group.retention_in_days is None:
        return passed("kept for ever")
    return passed(f"kept for {group.retention_in_days} days")


@rule(
    criteria=["CC7.3", "CC6.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:cloudwatch_log_group_kms_encryption_enabled",
        "powerpipe:log_group_encryption_at_rest_enabled",
    ],
)
def aws_log_encrypted(group: LogGroup) -> Verdict:
    """Log groups are encrypted with a KMS key of one's own.

    Why: logs hold what programs were given, passwords included; a key of one's own says who may read them.
    Fix: aws logs associate-kms-key --log-group-name NAME --kms-key-id ARN.
    """
    if group.kms_key_id:
        return passed(f"encrypted with {group.kms_key_id}")
    return failed("no KMS key of one's own")
