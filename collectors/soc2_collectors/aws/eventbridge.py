"""EventBridge: regional."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.eventbridge import STATE_CHANGE, EventBus, EventRule
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    EventRule,
    calls=["events:ListEventBuses", "events:ListRules", "events:ListTargetsByRule"],
    per="region",
    cost="pages of 100 buses + pages of 100 rules of each + 1 per rule that may see CloudTrail's events or alarms",
)
def rules(aws: Aws) -> Iterator[Document]:
    """Rules of every bus that may see CloudTrail's events, or what alarms do, with their targets."""
    for bus in aws.items("events", "list_event_buses", "EventBuses"):
        name = bus["Name"]
        for item in aws.children("events", "list_rules", "Rules", EventBusName=name):
            if _may_see(item.get("EventPattern") or ""):
                targets = _targets(aws, item["Name"], name)
                yield Document(item["Arn"], item["Name"], {**item, "ListTargetsByRule": targets})


def _may_see(pattern: str) -> bool:
    """Whether a pattern may match CloudTrail's events, or that an alarm goes off; rules with a schedule have none."""
    try:
        kinds = json.loads(pattern).get("detail-type") if pattern else ()
    except (ValueError, AttributeError):
        return False
    if not isinstance(kinds, list):
        return kinds is None
    return any(
        not isinstance(kind, str) or "CloudTrail" in kind or kind == STATE_CHANGE for kind in kinds
    )


def _targets(aws: Aws, name: str, bus: str) -> Fact:
    def call() -> list[Any]:
        return list(
            aws.items("events", "list_targets_by_rule", "Targets", Rule=name, EventBusName=bus)
        )

    return Fact("events:ListTargetsByRule", call)


@collects(EventBus, calls=["events:DescribeEventBus"], per="region", cost="1")
def bus(aws: Aws) -> Iterator[Document]:
    """The default bus: it says in which regions rules were looked for."""
    told = aws.ask("events", "describe_event_bus")
    yield Document(told["Arn"], aws.region, told)
