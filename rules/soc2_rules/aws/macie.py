"""Macie: is anybody looking what lies in the buckets?"""

from __future__ import annotations

from soc2_collectors.aws.models.macie import Session
from soc2_collectors.aws.models.s3 import Bucket
from soc2_pac.model import Scope, Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.LOW,
    needs=[Bucket],
    known_as=[
        "prowler:macie_is_enabled",
        "prowler:macie_automated_sensitive_data_discovery_enabled",
        "powerpipe:s3_bucket_protected_by_macie",
    ],
)
def aws_macie_on(
    session: Session, evidence: Evidence, scope: Scope, *, discovery: bool = True
) -> Verdict:
    """Macie looks for personal data in the Regions that have buckets.

    Why: nobody protects data of which nobody knows that it is there.
    Fix: aws macie2 enable-macie; aws macie2 update-automated-discovery-configuration --status ENABLED.
    """
    if not any(b.bucket_region in (None, scope.region) for b in evidence.account(Bucket)):
        return not_applicable("no bucket here")
    if session.details is None:
        return failed("not enabled")
    if session.details.status != "ENABLED":
        return failed(f"{session.details.status}")
    if discovery and (session.discovery is None or session.discovery.status != "ENABLED"):
        return failed("enabled, but it looks for nothing by itself")
    return passed("enabled")
