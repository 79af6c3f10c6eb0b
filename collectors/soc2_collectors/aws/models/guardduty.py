"""Views of GuardDuty."""

from __future__ import annotations

from soc2_pac.resources import Resource, fact

import msgspec  # isort: skip


class DetectorDetails(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetDetector``."""

    status: str


class Detector(Resource, frozen=True, kw_only=True):
    """A region's detector; at most one."""

    kind = "aws.guardduty.detector"
    details: DetectorDetails = fact("GetDetector")
