"""Views of ECR: repositories with their newest image, and how a registry scans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from typing import ClassVar

import msgspec

from soc2_collectors.aws.models.policy import Statement, statements
from soc2_collectors.aws.models.trust import open_to_everyone
from soc2_pac.resources import Resource, fact


class Scanning(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The repository's own setting; the registry's has the last word."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "scanOnPush": "absent counts as off, which a pass has to do without",
    }
    scan_on_push: bool = False


class Findings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a scan found, by severity."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "findingSeverityCounts": "an empty map where nothing was found; without the map nobody can tell",
    }
    image_scan_completed_at: datetime | None = None
    finding_severity_counts: dict[str, int] | None = None
    """By severity; AWS leaves out those of which there are none."""


class ScanStatus(msgspec.Struct, frozen=True, kw_only=True):
    """``COMPLETE``, ``ACTIVE`` (scanned continuously), ``FAILED``, ``UNSUPPORTED_IMAGE``, ..."""

    status: str


class ImageScan(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the last scan of an image said (``DescribeImageScanFindings``), without its findings."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "imageScanStatus": "without one the image was not scanned, which is inconclusive",
    }
    image_scan_status: ScanStatus | None = None
    image_scan_findings: Findings | None = None


INDEXES = (
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.index.v1+json",
)
"""Manifests that name the images of several platforms: these are scanned, the index is not."""


class Image(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The image that was pushed last (``DescribeImages``)."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "imageManifestMediaType": "an index says of no scan, which is inconclusive: a message names it",
    }
    image_digest: str = ""
    image_tags: list[str] = []
    image_pushed_at: datetime | None = None
    image_manifest_media_type: str = ""
    image_scan_status: ScanStatus | None = None
    image_scan_findings_summary: Findings | None = None

    @property
    def index(self) -> bool:
        """Whether it names the images of several platforms."""
        return self.image_manifest_media_type in INDEXES


class Repository(Resource, frozen=True, kw_only=True, rename="camel"):
    """A private repository."""

    kind = "aws.ecr.repository"
    volatile = ("DescribeImages.lastRecordedPullTime",)
    name: str = msgspec.field(name="repositoryName")
    arn: str = msgspec.field(default="", name="repositoryArn")
    image_tag_mutability: str
    image_scanning_configuration: Scanning = Scanning()
    policy: str | None = fact("GetRepositoryPolicy")
    """``None``: it has none."""
    newest: Image | None = fact("DescribeImages")
    """``None``: it has no image."""
    scan: ImageScan | None = fact("DescribeImageScanFindings")
    """Of the newest image; ``None`` where ``DescribeImages`` says it, or it was never scanned."""

    @property
    def scanned(self) -> tuple[str | None, Findings | None]:
        """The state of the newest image's scan, and what it found.

        Basic scanning of today tells both by a call of its own only (API reference, DescribeImages).
        """
        image = self.newest
        state = image.image_scan_status if image else None
        summary = image.image_scan_findings_summary if image else None
        if image is not None and not image.index and state is None and summary is None:
            scan = self.scan
            state = scan.image_scan_status if scan else None
            summary = scan.image_scan_findings if scan else None
        return state.status if state else None, summary

    @property
    def statements(self) -> list[Statement]:
        """The statements of its policy."""
        return statements(self.policy)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Names of repositories, ``*`` for any text."""

    any_value: ClassVar[Mapping[str, str]] = {"filter": "a pattern, which may be any that matches"}
    filter: str


class ScanRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """When which repositories are scanned: ``SCAN_ON_PUSH``, ``CONTINUOUS_SCAN`` or ``MANUAL``."""

    scan_frequency: str
    repository_filters: list[Filter]


class ScanningConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``GetRegistryScanningConfiguration``."""

    scan_type: str
    """``BASIC`` or ``ENHANCED``."""
    rules: list[ScanRule]


class Registry(Resource, frozen=True, kw_only=True):
    """A region's registry."""

    kind = "aws.ecr.registry"
    scanning: ScanningConfiguration = fact("GetRegistryScanningConfiguration")
    policy: str | None = fact("GetRegistryPolicy")
    """``None``: it has none."""

    def open_to_everyone(self, arn: str) -> bool:
        """Whether its policy, which is asked in every request beside the repository's own, lets everyone in there.

        Raises FactUnavailable where its policy was not told, or is none.
        """
        return any(
            not (one.resources or one.not_resources) or one.every_resource or one.reaches(arn)
            for one in open_to_everyone(statements(self.policy))
        )

    def scans(self, name: str) -> str | None:
        """How the registry scans a repository by itself; ``None`` where it does not."""
        for rule in self.scanning.rules:
            if rule.scan_frequency not in ("SCAN_ON_PUSH", "CONTINUOUS_SCAN"):
                continue
            for wanted in rule.repository_filters:
                if not wanted.filter:
                    continue
                # A filter without a wildcard matches every name that holds it.
                pattern = wanted.filter if "*" in wanted.filter else f"*{wanted.filter}*"
                if fnmatchcase(name, pattern):
                    return rule.scan_frequency
        return None
