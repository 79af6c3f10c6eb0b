"""Security Command Center: does anything look, and does anybody act on it?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from soc2_collectors.gcp.models.securitycenter import (
    OFF,
    Finding,
    SecurityCenter,
    SecurityService,
)
from soc2_collectors.gcp.models.values import days_after
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_SHOWN = 5


@rule(
    criteria=["CC6.8", "CC7.1", "CC7.2", "CC7.3", "CC7.4"],
    severity=Severity.HIGH,
    needs=[Finding, SecurityService],
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
    """Security Command Center looks, and no finding of high severity that is not muted stays open.

    ``sources`` names what must look, everywhere: a service that is switched off for a project fails, with all
    of its detectors too. Single detectors that are off are named in a pass. A finding counts that is active
    and not muted, from when it was made.

    Why: a finding that nobody reads is a break-in that somebody was notified of.
    Fix: activate Security Command Center for the organisation; fix, or mute with a reason (gcloud scc
        findings set-mute), what is older than was agreed.
    """
    names = {source.display_name for source in center.sources}
    missing = [name for name in sources if name not in names]
    if missing:
        return failed(f"not among what looks: {', '.join(missing)}")
    wanted = {name.lower().replace(" ", "-") for name in sources}
    states, unread = list[SecurityService](), None
    try:
        states = [one for one in evidence.here(SecurityService) if one.service in wanted]
    except (EvidenceIncomplete, FactUnavailable) as error:
        unread = error  # a finding that is late is one all the same
    off = [
        one for one in states if one.resource.data.effective_enablement_state in OFF or one.blind
    ]
    if off:
        said = listed(f"{one.service} for {one.node}" for one in off)
        return failed(f"switched off: {said}", on=off)
    due = [
        (
            days_after(
                one.found, critical_days if one.finding.severity == "CRITICAL" else high_days
            ),
            one.finding.category,
        )
        for one in evidence.here(Finding)
        if one.open
    ]
    late = sorted(category or "no category" for when, category in due if when <= now)
    nexts = [when for when, _ in due if when > now]
    until = min(nexts) if nexts else None
    if late:
        shown = ", ".join(sorted(set(late))[:_SHOWN])
        return failed(f"open for longer than was agreed: {len(late)} ({shown})", until=until)
    if unread is not None:
        raise unread
    silent = sorted(wanted - {one.service for one in states})
    if silent:
        # A finding that is due later fails then, whatever is not known now.
        return replace(
            inconclusive(f"no state of these services is shown: {listed(silent)}"), until=until
        )
    unclear = [one for one in states if one.resource.data.effective_enablement_state != "ENABLED"]
    if unclear:
        said = listed(f"{one.service} for {one.node}" for one in unclear)
        return replace(
            inconclusive(f"whether these look is not known: {said}", on=unclear), until=until
        )
    said = (
        f"{listed(sources)} looks; {len(due)} findings that are not muted, none open for too long"
    )
    quiet = sorted({name for one in states for name in one.detectors_off})
    less = f"; detectors that are off somewhere: {listed(quiet)}" if quiet else ""
    return passed(f"{said}{less}", until=until, on=states)
