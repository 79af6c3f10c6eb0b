"""Systems Manager: patches."""

from __future__ import annotations

from soc2_collectors.aws.models.ssm import Compliance, ManagedInstance
from soc2_pac.model import Severity, Verdict, failed, passed
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
    *,
    severities: tuple[str, ...] = ("Critical", "High", "Unspecified"),
) -> Verdict:
    """Managed machines lack no patch that their baseline approves.

    AWS does not say since when a patch is missing; how long a finding may stay open is the configuration's
    [sla]. Patches of other severities are counted and told.

    Why: an attack on a known hole is the usual one.
    Fix: aws ssm send-command --document-name AWS-RunPatchBaseline --parameters Operation=Install, in a
        maintenance window.
    """
    found = evidence.index(Compliance, "key", within="here").get((machine.instance_id, "Patch"), ())
    if not found:
        return failed("no patch scan was reported")
    if found[0].status == "COMPLIANT":
        return passed("no approved patch is missing")
    counts = found[0].non_compliant.severity_summary
    grave = {
        name: counts.get(f"{name}Count", 0) for name in severities if counts.get(f"{name}Count", 0)
    }
    total = found[0].non_compliant.non_compliant_count
    if grave or not counts:
        told = ", ".join(f"{number} {name.lower()}" for name, number in grave.items())
        return failed(f"{total} patches are missing or failed{': ' + told if told else ''}")
    return passed(f"{total} patches are missing, none of the severities asked for")
