"""ECR: vulnerabilities of what runs."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.ecr import Repository
from soc2_collectors.aws.models.times import days_after
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_SCANNED = ("COMPLETE", "ACTIVE")


@rule(
    criteria=["CC7.1"],
    severity=Severity.HIGH,
    known_as=["prowler:ecr_repositories_scan_vulnerabilities_in_latest_image"],
)
def aws_ecr_vulns_latest(
    repository: Repository, now: datetime, *, critical_days: int = 7, high_days: int = 30
) -> Verdict:
    """The newest image has no critical or high vulnerability for longer than is allowed.

    How long is reckoned from the day when the image was pushed: AWS's summary tells no dates of findings.

    Why: what was pushed last is what runs, and what is known about it is known to everybody.
    Fix: build the image anew on a patched base, and push it.
    """
    image = repository.newest
    if image is None:
        return not_applicable("no image")
    status = image.image_scan_status.status if image.image_scan_status else None
    summary = image.image_scan_findings_summary
    if status not in _SCANNED or summary is None:
        return inconclusive(f"the newest image was not scanned: {status or 'no scan'}")
    if image.image_pushed_at is None:
        return inconclusive("AWS does not say when the newest image was pushed")
    pushed = f"pushed on {image.image_pushed_at:%Y-%m-%d}"
    due = []
    counts = summary.finding_severity_counts
    for severity, days in (("CRITICAL", critical_days), ("HIGH", high_days)):
        number = counts.get(severity, 0)
        end = days_after(image.image_pushed_at, days)
        if number and now >= end:
            return failed(f"{number} {severity.lower()}, {pushed}, due {end:%Y-%m-%d}")
        if number:
            due.append((end, f"{number} {severity.lower()}, due {end:%Y-%m-%d}"))
    if due:
        return passed(f"{pushed}: {', '.join(text for _, text in due)}", until=min(due)[0])
    return passed(f"{pushed}: no critical or high vulnerability")
