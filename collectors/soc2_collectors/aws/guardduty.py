"""GuardDuty: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.guardduty import Detector
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(Detector, calls=["guardduty:ListDetectors", "guardduty:GetDetector"], per="region")
def detectors(aws: Aws) -> Iterator[Document]:
    """The region's detector, or nothing."""
    for number in aws.items("guardduty", "list_detectors", "DetectorIds"):
        detector = str(number)
        details = aws.fact("guardduty", "get_detector", DetectorId=detector)
        yield Document(detector, detector, {"DetectorId": detector, "GetDetector": details})
