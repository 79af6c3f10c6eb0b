"""CloudTrail: each region lists the trails that record it."""

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
    cost="1 + 2 N",
)
def trails(aws: Aws) -> Iterator[Document]:
    """Every trail that records this region, shadows included.

    Without shadows AWS leaves out the organization's trail in its member accounts, and a trail whose home
    is a region that nobody configured here: accounts that are recorded would look as if they were not.
    """
    for trail in aws.items("cloudtrail", "describe_trails", "trailList", includeShadowTrails=True):
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
