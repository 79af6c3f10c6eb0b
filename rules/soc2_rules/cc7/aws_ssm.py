"""Systems Manager: patches."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.ssm import Compliance, ManagedInstance
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.1"],
    severity=Severity.HIGH,
    needs=[Compliance],
    known_as=[
        "prowler:ssm_managed_compliant_patching",
        "powerpipe:ssm_managed_instance_compliance_patch_compliant",
    ],
)
def aws_patch_compliant(
    machine: ManagedInstance,
    evidence: Evidence,
    now: datetime,
    *,
    severities: tuple[str, ...] = (
        "Critical",
        "High",
        "Medium",
        "Low",
        "Informational",
        "Unspecified",
    ),
    max_scan_days: int = 30,
) -> Verdict:
    """Managed machines were scanned lately, and lack no patch that their baseline approves.

    AWS does not say since when a patch is missing; how long a finding may stay open is the configuration's
    [sla]. ``severities`` says which patches count.

    Why: an attack on a known hole is the usual one.
    Fix: aws ssm send-command --document-name AWS-RunPatchBaseline --parameters Operation=Install, in a
        maintenance window.
    """
    found = evidence.index(Compliance, "key", within="here").get((machine.instance_id, "Patch"), ())
    if not found:
        return failed("no patch scan was reported")
    scanned = found[0].execution.execution_time
    told = f"scanned on {scanned:%Y-%m-%d}"
    due = days_after(scanned, max_scan_days)
    if now >= due:
        return failed(f"{told}, over {max_scan_days} days before {due:%Y-%m-%d}")
    if found[0].status == "COMPLIANT":
        return passed(f"{told}: no approved patch is missing", until=due)
    if found[0].status != "NON_COMPLIANT":
        return inconclusive(f"{told}, with a result that is not known: {found[0].status}")
    counts = found[0].non_compliant.severity_summary
    total = found[0].non_compliant.non_compliant_count
    counted = {name: counts.get(f"{name}Count", 0) for name in severities}
    asked = sum(counted.values())
    # What AWS puts under no severity counts: nobody may call it harmless.
    untold = total - sum(counts.values())
    if asked or untold > 0 or not total:
        names = ", ".join(f"{number} {name.lower()}" for name, number in counted.items() if number)
        return failed(
            f"{told}: {total} patches are missing or failed{': ' + names if names else ''}"
        )
    return passed(f"{told}: {total} patches are missing, none that counts", until=due)
