"""ECR: images that were scanned, stay what they were, and their vulnerabilities."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.ecr import Registry, Repository
from soc2_collectors.aws.models.times import days_after
from soc2_collectors.aws.models.trust import open_to_everyone
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.undecided import problems


@rule(
    criteria=["CC6.8", "CC7.1"],
    severity=Severity.HIGH,
    needs=[Registry],
    known_as=[
        "prowler:ecr_repositories_scan_images_on_push_enabled",
        "prowler:ecr_registry_scan_images_on_push_enabled",
        "prowler:ecr_registry_enhanced_scanning_enabled",
        "powerpipe:ecr_repository_image_scan_on_push_enabled",
    ],
)
def aws_ecr_scan(repository: Repository, evidence: Evidence, *, enhanced: bool = False) -> Verdict:
    """Images are scanned when they are pushed, or continuously.

    ``enhanced = true`` asks for Inspector's scanning, which looks at language packages too.

    Why: an image brings hundreds of packages that nobody chose.
    Fix: aws ecr put-registry-scanning-configuration --scan-type ENHANCED with a rule CONTINUOUS_SCAN for "*".
    """
    registries = evidence.here(Registry)
    if not registries:
        return inconclusive("how the registry scans is not among what was collected")
    scan_type = registries[0].scanning.scan_type
    frequency = registries[0].scans(repository.name)
    if scan_type not in ("BASIC", "ENHANCED"):
        return inconclusive(f"what the registry's scanning {scan_type} is is not known")
    if enhanced and scan_type != "ENHANCED":
        return failed(f"the registry's scanning is {scan_type}")
    if frequency:
        return passed(f"{scan_type} scanning, {frequency}", on=registries)
    # The repository's own setting counts only where the registry's scanning is the basic one, and has no filters:
    # AWS sets what they do not match to be scanned by hand.
    if scan_type == "BASIC" and repository.image_scanning_configuration.scan_on_push:
        if registries[0].scanning.rules:
            return inconclusive(
                "the repository says on push, and no filter of the registry's scanning matches it",
                on=registries,
            )
        return passed("BASIC scanning on push, as the repository says", on=registries)
    return failed("not scanned", on=registries)


@rule(
    criteria=["CC6.8", "CC6.6", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[Registry],
    known_as=[
        "prowler:ecr_repositories_tag_immutability",
        "prowler:ecr_repositories_not_publicly_accessible",
        "powerpipe:ecr_repository_tag_immutability_enabled",
        "powerpipe:ecr_repository_prohibit_public_access",
    ],
)
def aws_ecr_immutable_private(repository: Repository, evidence: Evidence) -> Verdict:
    """Tags of images cannot be moved, and repositories are not public.

    The policy of the repository and that of its registry are read.

    Why: where a tag can be moved, what was tested is not what runs.
    Fix: aws ecr put-image-tag-mutability --repository-name NAME --image-tag-mutability IMMUTABLE; aws ecr
        set-repository-policy with the accounts that pull.
    """
    mutability = repository.image_tag_mutability
    registries: list[Registry] = []

    def by_registry() -> str | None:
        registries[:] = evidence.here(Registry)
        is_open = any(one.open_to_everyone(repository.arn) for one in registries)
        return "its registry's policy lets everyone in" if is_open else None

    found = problems(
        [
            lambda: _MOVED.get(mutability),
            lambda: (
                "its policy lets everyone in" if open_to_everyone(repository.statements) else None
            ),
            by_registry,
        ]
    )
    if found:
        return failed("; ".join(found), on=registries)
    if not registries:
        return inconclusive("the policy of its registry is not among what was collected")
    if mutability != "IMMUTABLE":
        return inconclusive(f"what the mutability {mutability} is is not known")
    return passed("tags are immutable, and neither policy is public", on=registries)


_MOVED = {
    "MUTABLE": "tags can be moved",
    "MUTABLE_WITH_EXCLUSION": "most tags can be moved",
    "IMMUTABLE_WITH_EXCLUSION": "some tags can be moved",
}


_SCANNED = ("COMPLETE", "ACTIVE")


@rule(
    criteria=["CC7.1"],
    severity=Severity.HIGH,
    known_as=["prowler:ecr_repositories_scan_vulnerabilities_in_latest_image"],
)
def aws_ecr_vulns_latest(
    repository: Repository,
    now: datetime,
    *,
    critical_days: int = 7,
    high_days: int = 30,
    max_scan_days: int = 30,
) -> Verdict:
    """The newest image was scanned lately, and has no critical or high vulnerability for longer than is allowed.

    How long is reckoned from the day when the image was pushed: AWS's summary tells no dates of findings. A basic scan
    sees what was known on its day, and counts for ``max_scan_days``; a continuous one goes on. Signatures,
    attestations and charts that lie in the repository are no images. Of an index (an image of several platforms)
    AWS says no scan, and the rule is inconclusive.

    Why: what was pushed last is what runs, and what is known about it is known to everybody.
    Fix: build the image anew on a patched base, and push it. For another scan: aws ecr start-image-scan
        --repository-name NAME --image-id imageDigest=DIGEST, or continuous scanning of the registry.
    """
    image = repository.newest
    if image is None:
        return not_applicable("no image")
    if image.image_pushed_at is None:
        return inconclusive("AWS does not say when the newest image was pushed")
    status, summary = repository.scanned
    pushed = f"pushed on {image.image_pushed_at:%Y-%m-%d}"
    if status is None and (image.index or summary is None):
        return (
            inconclusive(
                "the newest is an index: how the images that it names were scanned is not read"
            )
            if image.index
            else failed(f"{pushed}, and AWS knows no scan of it")
        )
    due = []
    counts = (summary.finding_severity_counts if summary else None) or {}
    for severity, days in (("CRITICAL", critical_days), ("HIGH", high_days)):
        number = counts.get(severity, 0)
        end = days_after(image.image_pushed_at, days)
        if number and now >= end:
            return failed(f"{number} {severity.lower()}, {pushed}, due {end:%Y-%m-%d}")
        if number:
            due.append((end, f"{number} {severity.lower()}, due {end:%Y-%m-%d}"))
    ends = [end for end, _ in due]
    turns = min(ends, default=None)
    # What was found counts, whatever became of the scan; that nothing was found does not.
    if status not in _SCANNED or summary is None or summary.finding_severity_counts is None:
        return inconclusive(
            f"what a scan of the newest image found is not known: {status or 'no state'}",
            until=turns,
        )
    if status == "COMPLETE":
        if summary.image_scan_completed_at is None:
            return inconclusive("AWS does not say when the newest image was scanned", until=turns)
        scanned = summary.image_scan_completed_at
        stale = days_after(scanned, max_scan_days)
        if now >= stale:
            return failed(
                f"scanned on {scanned:%Y-%m-%d}, over {max_scan_days} days before {stale:%Y-%m-%d}"
            )
        ends.append(stale)
    told = ", ".join(text for _, text in due) or "no critical or high vulnerability"
    if unrated := sum(counts.get(name, 0) for name in ("UNDEFINED", "UNTRIAGED")):
        told += f"; {unrated} without a severity"
    return passed(f"{pushed}: {told}", until=min(ends, default=None))
