"""Views of EventBridge: rules that hear of AWS's events, and where they lead."""

from __future__ import annotations

from typing import Any

from soc2_pac.resources import Resource, fact


class EventRule(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A rule of the default bus that asks for CloudTrail's events; others are not told of."""

    kind = "aws.events.rule"
    secret = ("ListTargetsByRule.*.Input", "ListTargetsByRule.*.InputTransformer")
    name: str
    arn: str
    state: str
    """``ENABLED``, ``DISABLED`` or ``ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS``."""
    event_pattern: str = ""
    targets: list[dict[str, Any]] = fact("ListTargetsByRule")

    @property
    def region(self) -> str:
        """Where it stands; events of other regions never come."""
        return self.arn.split(":")[3] if self.arn.count(":") > 4 else ""  # noqa: PLR2004


class EventBus(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A region's default bus."""

    kind = "aws.events.bus"
    arn: str

    @property
    def region(self) -> str:
        """Where it stands."""
        return self.arn.split(":")[3] if self.arn.count(":") > 4 else ""  # noqa: PLR2004
