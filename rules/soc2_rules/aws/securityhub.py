"""Security Hub: one place where findings come together."""

from __future__ import annotations

from soc2_collectors.aws.models.securityhub import Hub, Standard
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.1", "CC7.2", "CC7.3", "CC7.4", "CC6.6", "CC6.8"],
    severity=Severity.MEDIUM,
    needs=[Hub],
    known_as=[
        "prowler:securityhub_enabled",
        "prowler:securityhub_delegated_admin_enabled_all_regions",
        "powerpipe:securityhub_enabled",
    ],
)
def aws_securityhub_on(
    region: Hub, scope: Scope, evidence: Evidence, *, aggregated: bool = True
) -> Verdict:
    """Security Hub is on in every Region, checks AWS by a standard, and gathers its findings.

    A member account has no aggregator of its own: what gathers its findings is that of its administrator, which must
    be a source, too. Whether somebody switched off controls of the standard is not read.

    ``aggregated = false`` is for an account that works in one Region.

    Why: findings in twenty consoles are read in none.
    Fix: aws securityhub enable-security-hub --enable-default-standards; aws securityhub
        create-finding-aggregator --region-linking-mode ALL_REGIONS.
    """
    if region.hub is None:
        return failed("not enabled")
    standards = [one for one in region.standards or [] if one.provider == "AWS"]
    ready = [one for one in standards if one.standards_status == "READY"]
    if not ready:
        told = sorted({_state(one) for one in standards})
        if any(one.standards_status == "PENDING" for one in standards):
            return inconclusive(f"its standards are being set up: {', '.join(told)}")
        return failed(f"enabled, but no standard is ready{': ' if told else ''}{', '.join(told)}")
    if not aggregated:
        return passed(f"{len(ready)} standards")
    gathering = region.aggregators or []
    by, above = "", []
    if not gathering and region.administrator is not None:
        administrator = region.administrator
        if administrator.member_status.upper() != _REPORTS:
            state = administrator.member_status or "no status is told"
            return failed(f"its findings are not taken by {administrator.account_id}: {state}")
        above = [
            hub
            for hub in evidence.everywhere(Hub)
            if hub.place == (administrator.account_id, scope.region)
        ]
        if not above:
            return inconclusive(
                f"its findings go to {administrator.account_id}, and what gathers them there was not read"
            )
        by = f" by {administrator.account_id}"
        gathering = [one for hub in above for one in hub.aggregators or ()]
    taken = [one.takes(scope.region) for one in gathering]
    if any(taken):
        return passed(f"{len(ready)} standards; its findings are gathered{by}", on=above)
    if None in taken:
        return inconclusive("its findings are gathered in a way that this rule does not know")
    return failed(
        "its findings are gathered, and those of this Region left out"
        if taken
        else "its findings are gathered nowhere"
    )


_REPORTS = "ENABLED"
"""The status of a member whose findings go to its administrator, in capital letters."""


def _state(standard: Standard) -> str:
    reason = standard.standards_status_reason
    code = f" ({reason.status_reason_code})" if reason and reason.status_reason_code else ""
    return f"{standard.standards_status}{code}"
