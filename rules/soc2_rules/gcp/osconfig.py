"""VM Manager: are machines patched in time?"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from soc2_collectors.gcp.models.osconfig import MachineReport
from soc2_collectors.gcp.models.values import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_RUNNING = ("RUNNING", "PROVISIONING", "STAGING")
_SHOWN = 5


@rule(criteria=["CC7.1"], severity=Severity.MEDIUM)
def gcp_os_patch(
    machine: MachineReport, now: datetime, *, critical_days: int = 7, high_days: int = 30
) -> Verdict:
    """Machines get the packages that fix serious vulnerabilities in time.

    VM Manager says which vulnerabilities a machine has, since when, and whether there is a package that fixes
    them. How severe they are is the distribution's word, or the CVSS score. Nodes of GKE are replaced instead
    of patched: gcp-gke-patching asks for that.

    Why: most break-ins use a fault for which there had been a patch for weeks.
    Fix: gcloud compute os-config patch-jobs execute, and a patch deployment that repeats it; where there is
        no report, set enable-osconfig=TRUE in the metadata of the project.
    """
    about = machine.instance
    if about.status not in _RUNNING:
        return not_applicable(f"the machine does not run: {about.status}")
    if "goog-gke-node" in about.labels:
        return not_applicable("a node of GKE")
    if machine.report is None:
        return failed("VM Manager has no vulnerability report of it")
    days = {"CRITICAL": critical_days, "HIGH": high_days}
    all_of_them = [
        (one.fixable, one.details.level, one.create_time, one.details.cve)
        for one in machine.report.vulnerabilities
    ]
    there = [(level, since, cve) for fixable, level, since, cve in all_of_them if fixable]
    undated = [cve for level, since, cve in there if level and since is None]
    due = [(days_after(since, days[level]), cve) for level, since, cve in there if level and since]
    late = sorted({cve for when, cve in due if when <= now})
    coming = [when for when, _ in due if when > now]
    until = min(coming) if coming else None
    if late:
        more = f" and {len(late) - _SHOWN} more" if len(late) > _SHOWN else ""
        shown = f"{', '.join(late[:_SHOWN])}{more}"
        return failed(f"not fixed in time, though there is a package: {shown}", until=until)
    unclear = sorted(cve for level, _, cve in there if level is None)
    why = ""
    if undated:
        why = f"VM Manager does not say since when: {', '.join(sorted(undated))}"
    elif unclear:
        why = f"VM Manager does not say how severe they are: {', '.join(unclear)}"
    elif machine.outdated:
        why = f"the report is of {machine.outdated}: VM Manager does not reach the machine"
    if why:
        # One that is due later fails then, whatever is not known now.
        return replace(inconclusive(why), until=until)
    return passed(
        f"no serious vulnerability is overdue; {len(due)} that something fixes are known",
        until=until,
    )
