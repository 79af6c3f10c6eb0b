"""CloudTrail: each region lists the trails whose home it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.cloudtrail import Trail
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Trail,
    calls=[
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:GetEventSelectors",
    ],
    per="region",
)
def trails(aws: Aws) -> Iterator[Document]:
    """Trails whose home is this region: shadows of trails of other regions are left to those."""
    for trail in aws.items("cloudtrail", "describe_trails", "trailList", includeShadowTrails=False):
        if trail.get("HomeRegion", aws.region) != aws.region:
            continue
        arn = trail["TrailARN"]
        yield Document(
            arn,
            trail["Name"],
            {
                **trail,
                "GetTrailStatus": aws.fact("cloudtrail", "get_trail_status", Name=arn),
                "GetEventSelectors": aws.fact("cloudtrail", "get_event_selectors", TrailName=arn),
            },
        )
