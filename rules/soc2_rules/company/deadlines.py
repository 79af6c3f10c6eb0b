"""Failures are fixed by the day that the company set itself."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.company.models.deadline import Deadline
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule


@rule(criteria=["CC7.4", "CC7.3", "CC4.2"], severity=Severity.MEDIUM)
def company_failures_fixed_in_time(deadline: Deadline, now: datetime) -> Verdict:
    """Failures of each severity are fixed by the day on which they are due.

    Due dates come from `[sla]` and are set when a failure is first seen. Waived failures, and what is outside of
    the system, are not asked. A failure that can no longer be seen, because evidence is missing, stays open. The
    failures are those of the last evaluation before this one; those that were
    fixed too late stand in the history of each finding.

    Why: a deficiency that is found and stays open shows that nobody evaluates or answers what monitoring finds.
    Fix: fix them (`soc2-pac findings list --status fail`, the day is `sla_due`), or accept them for a time with
        an owner and an approver (`soc2-pac waivers add`).
    """
    if not deadline.evaluated:
        return not_applicable("nothing was evaluated before: the next run shows what is open")
    late = sum(due.count for due in deadline.due if due.first <= now)
    whole = sum(due.count for due in deadline.due)
    ahead = [due.first for due in deadline.due if due.first > now]
    if late:
        since = min(due.first for due in deadline.due)
        verb = "is" if late == 1 else "are"
        return failed(
            f"{late} of {whole} open failures of severity {deadline.severity} {verb} past the due date, the "
            f"first since {since:%Y-%m-%d}"
        )
    if not ahead:
        return passed(f"no failure of severity {deadline.severity} is open")
    return passed(
        f"{whole} open failures of severity {deadline.severity}, the first is due {min(ahead):%Y-%m-%d}",
        until=min(ahead),
    )
