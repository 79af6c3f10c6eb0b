"""EventBridge: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.eventbridge import EventBus, EventRule
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    EventRule,
    calls=["events:ListRules", "events:ListTargetsByRule"],
    per="region",
    cost="pages of 100 + 1 per rule on CloudTrail's events",
)
def rules(aws: Aws) -> Iterator[Document]:
    """Rules of the default bus that ask for CloudTrail's events, with their targets."""
    for item in aws.items("events", "list_rules", "Rules"):
        if "CloudTrail" in item.get("EventPattern", ""):
            targets = _targets(aws, item["Name"])
            yield Document(item["Arn"], item["Name"], {**item, "ListTargetsByRule": targets})


def _targets(aws: Aws, name: str) -> Fact:
    def call() -> list[Any]:
        return list(aws.items("events", "list_targets_by_rule", "Targets", Rule=name))

    return Fact("events:ListTargetsByRule", call)


@collects(EventBus, calls=["events:DescribeEventBus"], per="region", cost="1")
def bus(aws: Aws) -> Iterator[Document]:
    """The default bus: it says in which regions rules were looked for."""
    told = aws.ask("events", "describe_event_bus")
    yield Document(told["Arn"], aws.region, told)
