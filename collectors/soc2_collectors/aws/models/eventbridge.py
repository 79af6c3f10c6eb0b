"""Views of EventBridge: rules that hear of AWS's events, and where they lead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.aws.models.arns import parsed
from soc2_pac.resources import Resource, fact

WRITES, ALL = "ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
"""States of a rule: with the first it is not told of calls that only read."""
OFF = "DISABLED"
STATE_CHANGE = "CloudWatch Alarm State Change"
"""How EventBridge calls it when an alarm goes off: every alarm says so there, whatever its actions are."""


class Target(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Where a rule leads."""

    arn: str
    role_arn: str | None = None
    """The role by which EventBridge sends there."""


class EventRule(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A rule of the default bus, or of another, that may see CloudTrail's events or those of alarms."""

    kind = "aws.events.rule"
    may_lack: ClassVar[Mapping[str, str]] = {
        "EventBusName": "a rule without it is of the default bus; EventBridge API reference, Rule"
    }
    secret = (
        "ListTargetsByRule.*.Input",
        "ListTargetsByRule.*.InputTransformer",
        "ListTargetsByRule.*.HttpParameters.HeaderParameters",
        "ListTargetsByRule.*.HttpParameters.QueryStringParameters",
        "**.RedshiftDataParameters.Sql",
        "**.RedshiftDataParameters.Sqls.*",
    )
    name: str
    arn: str
    state: str
    """``ENABLED``, ``DISABLED`` or ``ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS``."""
    event_pattern: str = ""
    event_bus_name: str = "default"
    targets: list[Target] = fact("ListTargetsByRule")

    @property
    def region(self) -> str:
        """Where it stands; events of other regions never come."""
        return parsed(self.arn).region

    @property
    def place(self) -> tuple[str, str]:
        """Account and Region."""
        return parsed(self.arn).place

    @property
    def about_alarms(self) -> bool:
        """Whether its pattern names alarms or CloudWatch, and does not just hear of everything."""
        return STATE_CHANGE in self.event_pattern or '"aws.cloudwatch"' in self.event_pattern

    @property
    def bus(self) -> str:
        """The name of its bus."""
        return self.event_bus_name.rpartition("event-bus/")[2]


class EventBus(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A region's default bus."""

    kind = "aws.events.bus"
    arn: str

    @property
    def region(self) -> str:
        """Where it stands."""
        return parsed(self.arn).region

    @property
    def place(self) -> tuple[str, str]:
        """Account and Region."""
        return parsed(self.arn).place
