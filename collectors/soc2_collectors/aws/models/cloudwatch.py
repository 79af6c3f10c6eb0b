"""Views of CloudWatch's alarms, and of who hears them."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource


class Metric(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A metric."""

    namespace: str = ""
    metric_name: str = ""


class Stat(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A statistic of a metric."""

    metric: Metric = Metric()


class Query(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A part of an alarm that reckons with several metrics."""

    metric_stat: Stat | None = None


class Alarm(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A metric alarm or a composite one (``DescribeAlarms``)."""

    kind = "aws.cloudwatch.alarm"
    volatile = (
        "StateValue",
        "StateReason",
        "StateReasonData",
        "StateUpdatedTimestamp",
        "StateTransitionedTimestamp",
        "EvaluationState",
        "ActionsSuppressedBy",
        "ActionsSuppressedReason",
    )
    name: str = msgspec.field(name="AlarmName")
    actions_enabled: bool
    alarm_actions: list[str] = []
    """ARNs of what is done when it goes off."""
    namespace: str = ""
    metric_name: str = ""
    metrics: list[Query] = []

    @property
    def watched(self) -> set[tuple[str, str]]:
        """(namespace, metric) of all that it looks at; a composite alarm looks at other alarms."""
        found = {(self.namespace, self.metric_name)} if self.metric_name else set()
        stats = [query.metric_stat for query in self.metrics]
        return found | {(s.metric.namespace, s.metric.metric_name) for s in stats if s}


class Subscription(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A subscription to an SNS topic (``ListSubscriptions``)."""

    kind = "aws.sns.subscription"
    secret = ("Endpoint",)
    topic_arn: str
    subscription_arn: str
    """An ARN; ``PendingConfirmation`` or ``Deleted`` while or where nobody hears."""
    protocol: str = ""

    @property
    def confirmed(self) -> bool:
        """Whether messages arrive."""
        return self.subscription_arn.startswith("arn:")
