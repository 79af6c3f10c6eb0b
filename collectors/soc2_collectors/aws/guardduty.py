"""GuardDuty: regional."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.guardduty import Detector, Finding
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_AT_ONCE = 50
"""As many findings as one ``GetFindings`` takes."""
_NOT_ADMINISTRATOR = ["BadRequestException", "AccessDeniedException~not a delegated"]
"""How GuardDuty says that the account is not the organisation's delegated administrator."""
_OPEN = {"Criterion": {"service.archived": {"Eq": ["false"]}}}


@collects(
    Detector,
    calls=[
        "guardduty:ListDetectors",
        "guardduty:GetDetector",
        "guardduty:GetAdministratorAccount",
        "guardduty:DescribeOrganizationConfiguration",
    ],
    per="region",
    cost="1 + 3 N",
)
def detectors(aws: Aws) -> Iterator[Document]:
    """The region's detector, or nothing."""
    for number in aws.items("guardduty", "list_detectors", "DetectorIds"):
        detector = str(number)
        body = {
            "DetectorId": detector,
            "GetDetector": aws.fact("guardduty", "get_detector", DetectorId=detector),
            "GetAdministratorAccount": aws.fact(
                "guardduty",
                "get_administrator_account",
                key="Administrator",
                optional=True,
                DetectorId=detector,
            ),
            "DescribeOrganizationConfiguration": aws.fact(
                "guardduty",
                "describe_organization_configuration",
                absent=_NOT_ADMINISTRATOR,
                DetectorId=detector,
            ),
        }
        yield Document(detector, detector, body)


@collects(
    Finding,
    calls=["guardduty:ListDetectors", "guardduty:ListFindings", "guardduty:GetFindings"],
    per="region",
    cost="1 + 2 per 50",
)
def findings(aws: Aws) -> Iterator[Document]:
    """Findings that are not archived, of every severity; AWS keeps them for 90 days."""
    for number in aws.items("guardduty", "list_detectors", "DetectorIds"):
        detector = str(number)
        numbers = aws.children(
            "guardduty", "list_findings", "FindingIds", DetectorId=detector, FindingCriteria=_OPEN
        )
        while batch := list(islice(numbers, _AT_ONCE)):
            said = aws.ask("guardduty", "get_findings", DetectorId=detector, FindingIds=batch)
            for finding in said["Findings"]:
                name = finding.get("Title") or finding["Type"]
                yield Document(finding["Arn"], name, finding)
