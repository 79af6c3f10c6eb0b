"""Whether the audit log outlives what GitHub keeps of it."""

from __future__ import annotations

from soc2_collectors.github.models.access import AuditLogStream
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.2", "CC7.3", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[AuditLogStream],
    empty=failed("the enterprise streams its audit log nowhere"),
)
def github_audit_log_streaming(stream: AuditLogStream, evidence: Evidence) -> Verdict:
    """The audit log is streamed to where it is kept.

    One stream that runs is enough: others may be off. Streams belong to the enterprise account: name it as
    ``enterprise`` in the source. Where there is none (GitHub Team and below) nothing can be streamed, and the
    question stays open.

    Why: GitHub keeps its audit log for 180 days and Git events for seven. What an attacker did earlier is
        known only if it was sent elsewhere.
    Fix: enterprise settings, Audit log, Log streaming: configure and enable a stream to the log archive.
    """
    if not stream.runs:
        said = f"the stream to {stream.stream_type} is {'paused' if stream.enabled else 'off'}"
        others = [one for one in evidence.account(AuditLogStream) if one.runs]
        if others:
            return not_applicable(f"{said}, and another streams to {others[0].stream_type}")
        return failed(said)
    return passed(f"the audit log is streamed to {stream.stream_type}")
