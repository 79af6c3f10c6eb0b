"""Security Command Center: does anything look, and does anybody act on it?"""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.gcp.models.securitycenter import Finding, SecurityCenter
from soc2_collectors.gcp.models.values import days_after
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import Evidence, rule

_SHOWN = 5


@rule(
    criteria=["CC6.8", "CC7.1", "CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.HIGH,
    needs=[Finding],
)
def gcp_scc_on(
    center: SecurityCenter,
    evidence: Evidence,
    now: datetime,
    *,
    critical_days: int = 7,
    high_days: int = 30,
    sources: tuple[str, ...] = ("Security Health Analytics",),
) -> Verdict:
    """Security Command Center looks, and what it finds of high severity does not lie about.

    ``sources`` names what must look. A finding counts that is active and not muted, from when it was made.

    Why: a finding that nobody reads is a break-in that somebody was told of.
    Fix: activate Security Command Center for the organisation; mend, or mute with a reason (gcloud scc
        findings set-mute), what is older than was agreed.
    """
    names = {source.display_name for source in center.sources}
    missing = [name for name in sources if name not in names]
    if missing:
        return failed(f"not among what looks: {', '.join(missing)}")
    due = [
        (days_after(one.found, critical_days if serious else high_days), one.finding.category)
        for one in evidence.here(Finding)
        if one.finding.state == "ACTIVE" and one.finding.mute != "MUTED"
        if (serious := one.finding.severity == "CRITICAL") or one.finding.severity == "HIGH"
    ]
    late = sorted(category or "no category" for when, category in due if when <= now)
    nexts = [when for when, _ in due if when > now]
    until = min(nexts) if nexts else None
    if late:
        shown = ", ".join(sorted(set(late))[:_SHOWN])
        return failed(f"open for longer than was agreed: {len(late)} ({shown})", until=until)
    return passed("looks, and no serious finding is open for longer than was agreed", until=until)
