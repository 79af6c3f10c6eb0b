"""CloudWatch's alarms, and SNS's subscriptions: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.cloudwatch import Alarm, Subscription
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_EVERY = ["MetricAlarm", "CompositeAlarm"]
"""Without it AWS leaves out composite alarms."""


@collects(Alarm, calls=["cloudwatch:DescribeAlarms"], per="region", cost="pages of 100")
def alarms(aws: Aws) -> Iterator[Document]:
    """Alarms of metrics and of other alarms."""
    for page in aws.pages("cloudwatch", "describe_alarms", AlarmTypes=_EVERY):
        for item in [*(page.get("MetricAlarms") or ()), *(page.get("CompositeAlarms") or ())]:
            yield Document(item["AlarmArn"], item["AlarmName"], item)


@collects(Subscription, calls=["sns:ListSubscriptions"], per="region", cost="pages of 100")
def subscriptions(aws: Aws) -> Iterator[Document]:
    """Subscriptions to every topic, in one listing."""
    for item in aws.items("sns", "list_subscriptions", "Subscriptions"):
        topic = item["TopicArn"]
        # One that waits for an answer has no ARN yet: its address tells it from the next.
        pending = f"{topic}/{item.get('Protocol')}/{item.get('Endpoint')}"
        number = item["SubscriptionArn"]
        uid = number if number.startswith("arn:") else pending
        yield Document(uid, topic.rpartition(":")[2], item)
