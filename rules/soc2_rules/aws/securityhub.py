"""Security Hub: one place where findings come together."""

from __future__ import annotations

from soc2_collectors.aws.models.securityhub import Hub
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.1", "CC7.2", "CC7.3", "CC7.4", "CC6.6", "CC6.8"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:securityhub_enabled",
        "prowler:securityhub_delegated_admin_enabled_all_regions",
        "powerpipe:securityhub_enabled",
    ],
)
def aws_securityhub_on(region: Hub, *, aggregated: bool = True) -> Verdict:
    """Security Hub is on in every Region, checks by a standard, and gathers its findings.

    ``aggregated = false`` is for an account that works in one Region.

    Why: findings in twenty consoles are read in none.
    Fix: aws securityhub enable-security-hub --enable-default-standards; aws securityhub
        create-finding-aggregator --region-linking-mode ALL_REGIONS.
    """
    if region.hub is None:
        return failed("not enabled")
    ready = [s for s in region.standards or () if s.standards_status in ("READY", "INCOMPLETE")]
    if not ready:
        return failed("enabled, but it checks by no standard")
    if aggregated and not region.aggregators:
        return failed("its findings are gathered nowhere")
    return passed(f"{len(ready)} standards")
