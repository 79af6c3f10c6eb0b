"""Inspector: vulnerabilities are looked for, and fixed in time."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.inspector import AccountStatus, Coverage, Finding
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_AT_REST = (
    "EC2_INSTANCE_STOPPED",
    "IMAGE_ARCHIVED",
    "RESOURCE_STOPPED",
    "RESOURCE_TERMINATED",
)
"""Reasons for not scanning where nothing runs that could be attacked."""
_SCANNED = ("SUCCESSFUL", "SCAN_IN_PROGRESS", "PENDING_REVIVAL_SCAN")
"""Reasons of what is scanned: when it last was, its date says."""
_ON_DEMAND = {
    "SCAN_FREQUENCY_MANUAL": "scanned by hand only",
    "SCAN_FREQUENCY_SCAN_ON_PUSH": "scanned when an image is pushed, and not after that",
}
_EXCLUDED = "EXCLUDED_BY_TAG"
_EXPIRED = "SCAN_ELIGIBILITY_EXPIRED"
"""The reason of an image that was neither pushed nor used for so long that Inspector scans it no more."""
_REPOSITORIES = frozenset(
    {
        "AWS_ECR_REPOSITORY",
        "Microsoft.ContainerRegistry/registries",
        "Microsoft.ContainerRegistry/registry/containerRepository",
        "artifactregistry.googleapis.com/Repository",
    }
)
"""What holds images, here and in the clouds that Inspector looks into: each image is a resource of its own."""


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:inspector2_is_enabled",
        "powerpipe:inspector_ec2_scanning_enabled",
        "powerpipe:inspector_ecr_scanning_enabled",
        "powerpipe:inspector_lambda_scanning_enabled",
    ],
)
def aws_inspector_on(
    region: AccountStatus, *, scans: tuple[str, ...] = ("ec2", "ecr", "lambda")
) -> Verdict:
    """Inspector scans instances, images and functions in every Region.

    Why: new holes are found every day in software that nobody touched.
    Fix: aws inspector2 enable --resource-types EC2 ECR LAMBDA; take out of scans what is not used here.
    """
    if region.status is None:
        return inconclusive("AWS tells nothing of this account")
    account = region.status.state.status
    if account != "ENABLED":
        return failed(f"Inspector is {account.lower()} in this account")
    states = region.status.resource_state
    off = [name for name in scans if name in states and states[name].status != "ENABLED"]
    if off:
        return failed(", ".join(f"{name} is {states[name].status.lower()}" for name in off))
    if untold := [name for name in scans if name not in states]:
        return inconclusive(f"AWS says nothing of {', '.join(untold)}")
    return passed(f"scans {', '.join(scans)}")


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:inspector2_coverage_scan_status_active",
        "prowler:inspector2_coverage_recently_scanned",
    ],
)
def aws_inspector_coverage(resource: Coverage, now: datetime, *, max_days: int = 30) -> Verdict:
    """What Inspector knows of is scanned, and was scanned lately.

    Old images that no task of ECS and no pod of EKS runs need not be.

    Why: a machine without an agent has no findings, and looks like one without holes.
    Fix: the message says why it is not scanned; most often the agent of Systems Manager does not report.
        Waive what a tag excludes with the reason.
    """
    status = resource.scan_status
    if status is None:
        return inconclusive("AWS does not say whether it is scanned")
    if status.status_code != "ACTIVE":
        if status.reason in _AT_REST:
            return not_applicable(status.reason)
        if status.reason == _EXPIRED and resource.runs_nowhere:
            return not_applicable("an old image, which no task and no pod runs")
        if status.reason == _EXCLUDED:
            return failed("not scanned: a tag excludes it")
        return failed(f"not scanned: {status.reason or status.status_code}")
    if status.reason in _ON_DEMAND:
        return failed(_ON_DEMAND[status.reason])
    if status.reason not in _SCANNED:
        return inconclusive(f"active, and {status.reason or 'no reason is told'}")
    if resource.resource_type in _REPOSITORIES:
        return not_applicable("its images are judged for themselves")
    if resource.last_scanned_at is None:
        return inconclusive("AWS does not say when it was last scanned")
    due = days_after(resource.last_scanned_at, max_days)
    told = f"last scanned on {resource.last_scanned_at:%Y-%m-%d}"
    return passed(told, until=due) if now < due else failed(f"{told}, over {max_days} days before")


_LESSER = ("MEDIUM", "LOW", "INFORMATIONAL", "UNTRIAGED")


@rule(
    criteria=["CC7.1", "CC7.3", "CC7.4"],
    severity=Severity.HIGH,
    empty=not_applicable("no such finding is open here, or Inspector is off: see aws-inspector-on"),
    known_as=[
        "prowler:inspector2_active_findings_exist",
        "prowler:inspector2_active_findings_within_max_age",
        "prowler:inspector2_active_findings_kev_within_due_date",
        "prowler:inspector2_active_findings_no_known_exploited_vulnerabilities",
    ],
)
def aws_vuln_findings_sla(
    finding: Finding,
    now: datetime,
    *,
    critical_days: int = 7,
    high_days: int = 30,
    exploited_days: int = 7,
) -> Verdict:
    """Critical and high vulnerabilities, and those with a known exploit, are fixed in time.

    ``exploited_days`` holds for those with a known exploit, whatever their severity. What a suppression rule hides is
    suppressed, and is not asked about.

    Why: between the day a hole is known and the day it is closed everybody else knows it, too.
    Fix: patch what the finding names, or suppress it in Inspector with the reason.
    """
    if finding.status in ("SUPPRESSED", "CLOSED"):
        return not_applicable(finding.status.lower())
    if finding.status != "ACTIVE":
        return inconclusive(f"what the status {finding.status} is is not known")
    days = {"CRITICAL": critical_days, "HIGH": high_days}.get(finding.severity)
    exploit = finding.exploit_available not in (None, "NO")
    if exploit:
        days = min(exploited_days, days) if days is not None else exploited_days
    if days is None and finding.severity not in _LESSER:
        return inconclusive(f"how bad {finding.severity} is is not known")
    if days is None:
        return not_applicable(f"{finding.severity.lower()}, and no exploit is known")
    due = days_after(finding.first_observed_at, days)
    told = f"{finding.severity.lower()}, seen since {finding.first_observed_at:%Y-%m-%d}"
    told += ", with a known exploit" if exploit else ""
    if now < due:
        return passed(f"{told}, due {due:%Y-%m-%d}", until=due)
    return failed(f"{told}, was due {due:%Y-%m-%d}")
