"""Views of Inspector: whether it scans, what it covers, what it found."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class State(msgspec.Struct, frozen=True, kw_only=True):
    """``ENABLED``, ``DISABLED``, ``ENABLING``, ..."""

    status: str


class Status(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``BatchGetAccountStatus`` of this account."""

    state: State
    """Of the account as a whole: it may be suspended while each scan is on."""
    resource_state: dict[str, State]
    """By what is scanned: ``ec2``, ``ecr``, ``lambda``, ``lambdaCode``, ..."""


class AccountStatus(Resource, frozen=True, kw_only=True):
    """Inspector in a region."""

    kind = "aws.inspector.status"
    status: Status | None = fact("BatchGetAccountStatus")
    """``None``: AWS tells nothing of the account."""


class ScanStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a resource is scanned, and why not."""

    status_code: str
    reason: str = ""


class Image(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``ecrImage``: an image of ECR."""

    in_use_count: int | None = None
    """How many tasks of ECS and pods of EKS run it; left out for what Inspector does not know it of."""


class Metadata(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``resourceMetadata``: details by the type of the resource."""

    ecr_image: Image | None = None


class Coverage(Resource, frozen=True, kw_only=True, rename="camel"):
    """A resource that Inspector knows (``ListCoverage``)."""

    kind = "aws.inspector.coverage"
    resource_id: str
    resource_type: str
    scan_type: str = ""
    scan_status: ScanStatus | None = None
    last_scanned_at: datetime | None = None
    resource_metadata: Metadata | None = None

    @property
    def runs_nowhere(self) -> bool:
        """Whether Inspector says of an image that no task and no pod runs it."""
        image = self.resource_metadata.ecr_image if self.resource_metadata else None
        return image is not None and image.in_use_count == 0


class Finding(Resource, frozen=True, kw_only=True, rename="camel"):
    """An active finding that is critical or high, or known to be exploited (``ListFindings``)."""

    kind = "aws.inspector.finding"
    volatile = ("lastObservedAt", "updatedAt", "epss", "inspectorScoreDetails")
    may_lack: ClassVar[dict[str, str]] = {
        "exploitAvailable": "findings on network reachability have none (API reference, Finding)"
    }
    finding_arn: str
    title: str = ""
    severity: str
    status: str
    first_observed_at: datetime
    exploit_available: str | None = None
