"""Artifact Registry: who can get images, and whether anybody looks at what is in them."""

from __future__ import annotations

from soc2_collectors.gcp.models.delivery import Registry
from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.project import Service
from soc2_collectors.gcp.models.values import matches
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.google_grants import beside, everyone

_SCANNING = "containerscanning.googleapis.com"
_OFF = "scanning is off"
_POINTING = (
    "VIRTUAL_REPOSITORY",
    "REMOTE_REPOSITORY",
    "AOSS_REPOSITORY",
    "ASSURED_OSS_REPOSITORY",
)
"""Modes of repositories that nobody pushes to: the tags are those of what they point at."""


@rule(
    criteria=["CC6.8", "CC7.1"],
    severity=Severity.HIGH,
    needs=[Service],
    known_as=[
        "prowler:artifacts_container_analysis_enabled",
        "prowler:gcr_container_scanning_enabled",
        "powerpipe:project_service_container_scanning_api_enabled",
    ],
)
def gcp_image_scanning(registry: Registry, evidence: Evidence) -> Verdict:
    """Images are scanned for vulnerabilities when they are pushed.

    The project's Container Scanning API must be on, and Google say that the repository is scanned.

    Why: most of what runs in an image was written by somebody else, and its faults become known later.
    Fix: gcloud services enable containerscanning.googleapis.com --project PROJECT; gcloud artifacts
        repositories update REPOSITORY --allow-vulnerability-scanning.
    """
    if not registry.images:
        return not_applicable("holds no images of its own")
    scanning = registry.repository.vulnerability_scanning_config
    if scanning is not None and scanning.off:
        return failed(f"{_OFF} for this repository")
    if scanning is not None and scanning.enablement_state == "SCANNING_UNSUPPORTED":
        return failed(f"{_OFF}: Google says that it does not support it here")
    apis = [
        service
        for service in evidence.index(Service, "project", within="here").get(registry.project, ())
        if service.api == _SCANNING and service.enabled
    ]
    if not registry.project or not apis:
        return failed(f"{_OFF}: {_SCANNING} is not enabled in the project")
    if scanning is None or scanning.enablement_state != "SCANNING_ACTIVE":
        return inconclusive(
            "the inventory does not say that scanning is active for this repository"
        )
    return passed("scanning is active: images are scanned when they are pushed", on=apis)


@rule(
    criteria=["CC6.6", "CC6.8", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=[IamPolicy],
)
def gcp_registry_not_public(
    registry: Registry, evidence: Evidence, scope: Scope, *, mutable: tuple[str, ...] = ()
) -> Verdict:
    """Registries are not open to everyone, and a tag keeps to the image that it was given to.

    ``mutable`` takes names or patterns of repositories whose tags may move. Deny policies are not read.

    Why: who can read images reads what is built into them; a tag that moves makes what was tested and what
        runs two things.
    Fix: gcloud artifacts repositories remove-iam-policy-binding REPOSITORY --member allUsers --role ROLE;
        gcloud artifacts repositories update REPOSITORY --immutable-tags.
    """
    about = registry.repository
    fixed = about.docker_config.immutable_tags
    pushed = about.format == "DOCKER" and about.mode not in _POINTING
    moving = pushed and not fixed and not matches(registry.short_name, mutable)
    granted = everyone(registry, evidence, services=("artifactregistry",), proven=moving)
    problems = [granted.said] if granted.roles else []
    problems += ["tags can be moved to other images"] if moving else []
    if problems:
        return failed("; ".join(problems), on=granted.on)
    said = "not open to everyone" + ("; tags are immutable" if fixed else "")
    return passed(f"{said}{beside(scope, registry)}", on=granted.on)
