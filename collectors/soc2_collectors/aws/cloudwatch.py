"""CloudWatch's alarms, and SNS's subscriptions: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.cloudwatch import TO_PEOPLE, Alarm, MuteRule, Subscription
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_EVERY = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
_SORTS = ("MetricAlarms", "CompositeAlarms", "LogAlarms")
"""Without it AWS leaves out composite alarms and those on logs."""
_NOT_ENDED = ["SCHEDULED", "ACTIVE"]


@collects(Alarm, calls=["cloudwatch:DescribeAlarms"], per="region", cost="pages of 100")
def alarms(aws: Aws) -> Iterator[Document]:
    """Alarms of metrics, of other alarms, and of queries of logs."""
    for page in aws.pages("cloudwatch", "describe_alarms", _SORTS, AlarmTypes=_EVERY):
        for sort in _SORTS:
            for item in page.get(sort) or ():
                yield Document(item["AlarmArn"], item["AlarmName"], item)


@collects(
    MuteRule,
    calls=["cloudwatch:ListAlarmMuteRules", "cloudwatch:GetAlarmMuteRule"],
    per="region",
    cost="pages of 50 + 1 per rule that has not ended",
)
def mute_rules(aws: Aws) -> Iterator[Document]:
    """Rules that mute alarms, but those that have ended."""
    for item in aws.items(
        "cloudwatch", "list_alarm_mute_rules", "AlarmMuteRuleSummaries", Statuses=_NOT_ENDED
    ):
        arn = item["AlarmMuteRuleArn"]
        name = arn.rpartition(":")[2]
        muting = aws.fact("cloudwatch", "get_alarm_mute_rule", AlarmMuteRuleName=name)
        yield Document(arn, name, {**item, "GetAlarmMuteRule": muting})


@collects(
    Subscription,
    calls=[
        "sns:ListSubscriptions",
        "sns:ListTopics",
        "sns:ListSubscriptionsByTopic",
        "sns:GetSubscriptionAttributes",
    ],
    per="region",
    cost="pages of 100 + 1 per topic without an own subscription + 1 per subscription of a person",
)
def subscriptions(aws: Aws) -> Iterator[Document]:
    """Subscriptions to every topic.

    One listing has those that belong to the account. Those of other accounts to a topic of this one are
    named by the topic: it is asked where the account itself has none that is confirmed.
    """
    heard: set[str] = set()
    for item in aws.items("sns", "list_subscriptions", "Subscriptions"):
        if item["SubscriptionArn"].startswith("arn:"):
            heard.add(item["TopicArn"])
        yield _subscription(aws, item)
    for topic in aws.items("sns", "list_topics", "Topics"):
        arn = topic["TopicArn"]
        if arn in heard:
            continue
        for item in aws.children(
            "sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn
        ):
            if item.get("Owner") != aws.account:
                yield _subscription(aws, item)


def _subscription(aws: Aws, item: dict[str, Any]) -> Document:
    topic, number = item["TopicArn"], item["SubscriptionArn"]
    confirmed = number.startswith("arn:")
    # One that waits for an answer has no ARN yet: its address tells it from the next.
    uid = number if confirmed else f"{topic}/{item.get('Protocol')}/{item.get('Endpoint')}"
    body = dict(item)
    if confirmed and item.get("Protocol") in TO_PEOPLE:
        body["GetSubscriptionAttributes"] = aws.fact(
            "sns", "get_subscription_attributes", key="Attributes", SubscriptionArn=number
        )
    return Document(uid, topic.rpartition(":")[2], body)
