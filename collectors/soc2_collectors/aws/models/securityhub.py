"""Views of Security Hub."""

from __future__ import annotations

from typing import Any

import msgspec

from soc2_pac.resources import Resource, fact


class Standard(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A standard that is switched on."""

    standards_arn: str
    standards_status: str


class Hub(Resource, frozen=True, kw_only=True):
    """Security Hub in a region; each part is ``None`` where it is not enabled."""

    kind = "aws.securityhub.hub"
    hub: dict[str, Any] | None = fact("DescribeHub")
    standards: list[Standard] | None = fact("GetEnabledStandards")
    aggregators: list[dict[str, Any]] | None = fact("ListFindingAggregators")
