"""Detective: whether what led to a finding can be followed."""

from __future__ import annotations

from soc2_collectors.aws.models.detective import CORE, Graph, Membership
from soc2_collectors.aws.models.guardduty import Detector
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.3"],
    severity=Severity.INFO,
    needs=[Graph, Membership],
)
def aws_detective_graph(detector: Detector, evidence: Evidence) -> Verdict:
    """Where GuardDuty watches, Detective keeps what surrounds its findings.

    Why: a finding is one event; to judge its impact somebody has to see what the same role and address did
        in the weeks before.
    Fix: aws detective create-graph in the region, or enable the account in the organisation's graph. Where
        another tool keeps the behaviour, switch this rule off and name the tool as the reason.
    """
    if detector.details.status != "ENABLED":
        return not_applicable("GuardDuty does not watch this region")
    joined = [m for m in evidence.here(Membership) if m.status == "ENABLED"]
    fed = [m for m in joined if m.ingest_states.get(CORE, "STARTED") == "STARTED"]
    if fed:
        return passed(f"part of the behaviour graph of {fed[0].administrator_id}", on=fed)
    own = evidence.here(Graph)
    if any(graph.core == "STARTED" for graph in own):
        return passed("a behaviour graph of its own, which takes in its sources", on=own)
    if own or joined:
        states = sorted({*(g.core for g in own), *(m.ingest_states[CORE] for m in joined)} - {""})
        told = ", ".join(states) or "not told"
        return failed(f"its behaviour graph takes nothing in: {told}", on=[*own, *joined])
    return failed("in no behaviour graph")
