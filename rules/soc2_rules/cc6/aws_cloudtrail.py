"""CloudTrail: who may read what it wrote."""

from __future__ import annotations

from soc2_collectors.aws.models.cloudtrail import Trail
from soc2_pac.model import Scope, Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule


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
