"""Macie: is anybody looking what lies in the buckets?"""

from __future__ import annotations

from soc2_collectors.aws.models.macie import Session
from soc2_collectors.aws.models.s3 import Bucket
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
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
    """Macie looks for sensitive data in the Regions that have buckets.

    Which sorts of data its inspection template asks for, what allow lists pass over, and whether the policies and
    keys of the buckets let Macie in, is not read.

    Why: nobody protects data of which nobody knows that it is there.
    Fix: aws macie2 enable-macie; aws macie2 update-automated-discovery-configuration --status ENABLED.
    """
    buckets = {b.name for b in evidence.account(Bucket) if b.bucket_region in (None, scope.region)}
    if not buckets:
        return not_applicable("no bucket here")
    if session.details is None:
        return failed("not enabled")
    if session.details.status != "ENABLED":
        return failed(f"{session.details.status}")
    if not discovery:
        return passed("enabled")
    if session.discovery is None or session.discovery.status != "ENABLED":
        return failed("enabled, but it looks for nothing by itself")
    if session.accounts is not None:
        states = [one.status for one in session.accounts if one.account_id == scope.account]
        if not states:
            return inconclusive(
                "AWS does not say whether it looks into this account of its organisation"
            )
        if states != ["ENABLED"]:
            return failed("enabled for its organisation, and not for this account")
    if session.scope is None:
        return inconclusive("AWS does not say which buckets it leaves out")
    left_out = buckets & set(session.scope.s3.excludes.bucket_names)
    if left_out == buckets:
        return failed(f"enabled, but all {len(buckets)} buckets here are left out")
    told = f"; left out: {', '.join(sorted(left_out))}" if left_out else ""
    return passed(f"enabled for {len(buckets - left_out)} of {len(buckets)} buckets here{told}")
