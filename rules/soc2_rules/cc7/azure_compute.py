"""Virtual machines: whether their holes are looked for and closed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from soc2_collectors.azure.models.arm import days_after
from soc2_collectors.azure.models.compute import PatchAssessment, VirtualMachine
from soc2_collectors.azure.models.security import (
    UPDATES,
    VULNERABILITY_SCANNER,
    Assessment,
    VaSetting,
)
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet


def _assessed(
    machine: VirtualMachine, evidence: Evidence, keys: AbstractSet[str]
) -> list[Assessment]:
    found = evidence.index(Assessment, "resource_id", within="here")
    return [a for a in found.get(machine.id.casefold(), ()) if a.name.casefold() in keys]


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.HIGH,
    needs=[Assessment, PatchAssessment],
    known_as=[
        "prowler:defender_ensure_system_updates_are_applied",
        "powerpipe:compute_vm_system_updates_installed",
    ],
)
def azure_vm_patch(
    machine: VirtualMachine, evidence: Evidence, now: datetime, *, max_age_days: int = 30
) -> Verdict:
    """Virtual machines lack no critical or security updates, and are assessed regularly.

    Why: what attackers scan for is what was fixed last month.
    Fix: az vm install-patches; az vm update --set patchSettings.assessmentMode=AutomaticByPlatform.
    """
    if any(one.unhealthy for one in _assessed(machine, evidence, UPDATES)):
        return failed("Defender for Cloud says that system updates are missing")
    results = evidence.index(PatchAssessment, "machine_id", within="here").get(
        machine.id.casefold(), ()
    )
    if not results:
        if any(one.healthy for one in _assessed(machine, evidence, UPDATES)):
            return passed("Defender for Cloud says that no system update is missing")
        return failed("nothing assesses which updates it lacks")
    last = max(results, key=lambda one: one.properties.last_modified_date_time).properties
    seen = f"assessed on {last.last_modified_date_time:%Y-%m-%d}"
    due = days_after(last.last_modified_date_time, max_age_days)
    if now >= due:
        return failed(f"{seen}, and not again by {due:%Y-%m-%d}")
    if last.status.casefold() != "succeeded":
        return inconclusive(f"the last assessment ended as {last.status}")
    counts = last.available_patch_count_by_classification
    if counts is None:
        return inconclusive("the assessment does not say how many updates are missing")
    if counts.critical or counts.security:
        return failed(
            f"{seen}: {counts.critical} critical, {counts.security} security updates missing"
        )
    return passed(f"{seen}: no critical or security update is missing", until=due)


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.MEDIUM,
    needs=[Assessment, VaSetting],
    known_as=[
        "prowler:defender_auto_provisioning_vulnerabilty_assessments_machines_on",
        "powerpipe:compute_vm_vulnerability_assessment_solution_enabled",
    ],
)
def azure_vm_va(machine: VirtualMachine, evidence: Evidence) -> Verdict:
    """Virtual machines are scanned for vulnerabilities.

    Why: a machine that nobody scans has the holes that nobody knows of.
    Fix: az security server-vulnerability-assessments-setting: select MdeTvm, with Defender for Servers.
    """
    found = _assessed(machine, evidence, VULNERABILITY_SCANNER)
    if any(one.unhealthy for one in found):
        return failed("Defender for Cloud sees no vulnerability scanner on it")
    if any(one.healthy for one in found):
        return passed("Defender for Cloud sees a vulnerability scanner on it")
    providers = {setting.properties.selected_provider for setting in evidence.here(VaSetting)}
    if not providers:
        return failed("not assessed, and machines of the subscription get no scanner")
    return inconclusive(f"machines get the scanner {listed(providers)}; it has not been assessed")
