"""ECR: regional."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.ecr import INDEXES, Registry, Repository
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Repository,
    calls=[
        "ecr:DescribeRepositories",
        "ecr:GetRepositoryPolicy",
        "ecr:DescribeImages",
        "ecr:DescribeImageScanFindings",
    ],
    per="region",
    cost="pages of 1,000 + 3 N, + 1 per 1,000 further images of a repository",
)
def repositories(aws: Aws) -> Iterator[Document]:
    """Private repositories with their newest image."""
    for item in aws.items("ecr", "describe_repositories", "repositories"):
        name = item["repositoryName"]
        policy = aws.fact(
            "ecr",
            "get_repository_policy",
            key="policyText",
            absent=["RepositoryPolicyNotFoundException"],
            repositoryName=name,
        )
        newest = functools.cache(functools.partial(_newest, aws, name))
        yield Document(
            item["repositoryArn"],
            name,
            {
                **item,
                "GetRepositoryPolicy": policy,
                "DescribeImages": Fact("ecr:DescribeImages", newest),
                "DescribeImageScanFindings": Fact(
                    "ecr:DescribeImageScanFindings", functools.partial(_scan, aws, name, newest)
                ),
            },
        )


def _newest(aws: Aws, name: str) -> dict[str, Any] | None:
    """The image that was pushed last: AWS lists images in no order, so all of them are read.

    Signatures, attestations and charts lie among the images, and are pushed after what they are about.
    """
    newest: dict[str, Any] | None = None
    for image in aws.items("ecr", "describe_images", "imageDetails", repositoryName=name):
        if "imagePushedAt" not in image or not is_image(image):
            continue
        if newest is None or _later(image) > _later(newest):
            newest = image
    return newest


_SORT = "imageManifestMediaType"


def _later(image: dict[str, Any]) -> tuple[Any, bool]:
    """What is greater for an image that was pushed later: an index after the images that it names."""
    return image["imagePushedAt"], image.get(_SORT) in INDEXES


_SCAN = ("imageId", "imageScanStatus")
_SUMMARY = ("imageScanCompletedAt", "vulnerabilitySourceUpdatedAt", "findingSeverityCounts")


def _scan(
    aws: Aws, name: str, newest: Callable[[], dict[str, Any] | None]
) -> dict[str, Any] | None:
    """What the last scan of the newest image says, where DescribeImages does not say it.

    Basic scanning of today tells its results nowhere else (API reference, DescribeImages). The images that an index
    names are not asked for: reading an index counts as a pull, by which AWS decides how long images are kept and
    scanned.
    """
    image = newest()
    if image is None or "imageScanStatus" in image or image.get(_SORT) in INDEXES:
        return None
    asked = aws.fact(
        "ecr",
        "describe_image_scan_findings",
        absent=["ScanNotFoundException"],
        repositoryName=name,
        imageId={"imageDigest": image["imageDigest"]},
        maxResults=1,  # the summary counts all of them
    )
    said = asked.call()
    if not isinstance(said, dict):
        return None
    found = said.get("imageScanFindings") or {}
    summary = {key: found[key] for key in _SUMMARY if key in found}
    return {**{key: said[key] for key in _SCAN if key in said}, "imageScanFindings": summary}


_IMAGES = (
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.oci.image.config.v1+json",
)
"""What describes a container image (ECR API reference, ImageDetail, artifactMediaType)."""
_ABOUT_ANOTHER = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?")
"""The tag of what is said about the image of that digest (OCI distribution specification; cosign)."""


def is_image(found: dict[str, Any]) -> bool:
    """Whether a record of ``DescribeImages`` is of a container image, as far as AWS says."""
    sort, tags = found.get("artifactMediaType"), found.get("imageTags") or ()
    about = bool(tags) and all(_ABOUT_ANOTHER.fullmatch(tag) for tag in tags)
    # cosign describes signatures as images are, and names what they are about.
    return sort in (None, *_IMAGES) and not about and not found.get("subjectManifestDigest")


@collects(
    Registry,
    calls=["ecr:GetRegistryScanningConfiguration", "ecr:GetRegistryPolicy"],
    per="region",
    cost="2",
)
def registry(aws: Aws) -> Iterator[Document]:
    """One document a region."""
    scanning = aws.fact("ecr", "get_registry_scanning_configuration", key="scanningConfiguration")
    policy = aws.fact(
        "ecr", "get_registry_policy", key="policyText", absent=["RegistryPolicyNotFoundException"]
    )
    body = {"GetRegistryScanningConfiguration": scanning, "GetRegistryPolicy": policy}
    yield Document(aws.region, aws.region, body)
