"""Views of CloudWatch's alarms, and of who subscribes to topics.

An alarm is asked what it does about a metric that counts events: whether a number of them, in a metric that
is quiet otherwise, takes it to ``ALARM``. Source: CloudWatch API reference, ``MetricAlarm``; CloudWatch user
guide, "Configuring how CloudWatch alarms treat missing data".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import msgspec

from soc2_collectors.aws.models.alarm_rules import evaluated, names
from soc2_collectors.aws.models.arns import parsed
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from soc2_collectors.samples import Answer


class Counted(NamedTuple):
    """A metric that counts events of a log group."""

    namespace: str
    name: str
    value: float | None
    """What one event adds; ``None`` where that depends on the event."""
    default: float | None
    """What is reported while there are none; ``None``: nothing."""
    unit: str
    dimensions: bool
    """Whether there is one metric for each value of a field."""


class Reaction(NamedTuple):
    """Whether an alarm goes off, and why not, or why that is not known."""

    answer: Answer
    why: str


def _never(why: str) -> Reaction:
    return Reaction(answer=False, why=why)


def _unsure(why: str) -> Reaction:
    return Reaction(answer=None, why=why)


GOES_OFF = Reaction(answer=True, why="")


class Metric(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A metric."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "Dimensions": "a metric without dimensions; CloudWatch API reference, Metric"
    }
    namespace: str = ""
    metric_name: str = ""
    dimensions: list[dict[str, str]] = []


class Stat(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A statistic of a metric."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "Unit": "whatever the unit is; CloudWatch API reference, MetricStat"
    }
    metric: Metric
    stat: str | None = None
    unit: str | None = None


class Query(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A part of an alarm that reckons with several metrics."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "Expression": "a query has a metric or an expression; CloudWatch API reference, MetricDataQuery",
        "AccountId": "the alarm's own account; CloudWatch API reference, MetricDataQuery",
    }
    metric_stat: Stat | None = None
    expression: str | None = None
    account_id: str | None = None


class LogQuery(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The query of a log alarm."""

    log_group_identifiers: list[str] = []
    """Names, or ARNs of groups of other accounts."""


class PromQuery(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``AlarmPromQLCriteria``."""

    query: str = ""


class Criteria(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``EvaluationCriteria``."""

    prom_query: PromQuery | None = msgspec.field(default=None, name="PromQLCriteria")


class MuteTargets(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Which alarms a rule mutes."""

    alarm_names: list[str]


class Muting(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetAlarmMuteRule``."""

    name: str = ""
    mute_targets: MuteTargets | None = None


class MuteRule(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A rule that mutes alarms now or at times to come (``ListAlarmMuteRules``)."""

    kind = "aws.cloudwatch.alarm_mute_rule"
    volatile = ("Status", "GetAlarmMuteRule.Status")
    arn: str = msgspec.field(name="AlarmMuteRuleArn")
    muting: Muting = fact("GetAlarmMuteRule")

    @property
    def name(self) -> str:
        """Its name."""
        return self.arn.rpartition(":")[2]

    def mutes(self, alarm: Alarm) -> bool:
        """Whether it mutes an alarm of its account and Region. One that names none may mute all."""
        if alarm.place != parsed(self.arn).place:
            return False
        targets = self.muting.mute_targets
        return targets is None or alarm.name in targets.alarm_names


class Alarm(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A metric alarm, a composite one, or one on a query of logs (``DescribeAlarms``)."""

    kind = "aws.cloudwatch.alarm"
    may_lack: ClassVar[Mapping[str, str]] = {
        "TreatMissingData": "missing by default; CloudWatch API reference, MetricAlarm",
        "DatapointsToAlarm": "as many as EvaluationPeriods; CloudWatch API reference, PutMetricAlarm",
        "Dimensions": "a metric without dimensions; CloudWatch API reference, MetricAlarm",
        "Unit": "whatever the unit is; CloudWatch API reference, PutMetricAlarm",
        "EvaluationState": "named where something is wrong; CloudWatch API reference, MetricAlarm",
        "ActionsSuppressor": "nothing suppresses the actions; CloudWatch API reference, CompositeAlarm",
        "ThresholdMetricId": "alarms on anomalies have it; CloudWatch API reference, MetricAlarm",
        "Metrics": "alarms on one metric have none; CloudWatch API reference, MetricAlarm",
        "AlarmRule": "composite alarms have it; CloudWatch API reference, CompositeAlarm",
        "ScheduledQueryConfiguration": "log alarms have it; CloudWatch API reference, LogAlarm",
        "EvaluationCriteria": "alarms on a PromQL query have it; CloudWatch API reference, MetricAlarm",
        "EvaluateLowSampleCountPercentile": "evaluate by default; CloudWatch API reference, PutMetricAlarm",
    }
    volatile = (
        "StateValue",
        "StateReason",
        "StateReasonData",
        "StateUpdatedTimestamp",
        "StateTransitionedTimestamp",
        "ActionsSuppressedBy",
        "ActionsSuppressedReason",
    )
    name: str = msgspec.field(name="AlarmName")
    arn: str | None = msgspec.field(default=None, name="AlarmArn")
    actions_enabled: bool
    alarm_actions: list[str]
    """ARNs of what is done when it goes off."""
    evaluation_state: str | None = None
    """``EVALUATION_ERROR`` where it is set up wrongly; left out where all is well."""
    namespace: str = ""
    metric_name: str = ""
    dimensions: list[dict[str, str]] = []
    statistic: str | None = None
    extended_statistic: str | None = None
    unit: str | None = None
    metrics: list[Query] = []
    threshold: float | None = None
    threshold_metric_id: str | None = None
    """The band of an alarm on anomalies, in place of a threshold."""
    comparison_operator: str | None = None
    evaluation_periods: int | None = None
    datapoints_to_alarm: int | None = None
    treat_missing_data: str | None = None
    alarm_rule: str | None = None
    """Of a composite alarm: ``ALARM("root") OR ALARM("logging")``."""
    actions_suppressor: str | None = None
    scheduled_query_configuration: LogQuery | None = None
    evaluation_criteria: Criteria | None = None
    """Of an alarm on a PromQL query, which has no metric."""
    low_sample_count: str | None = msgspec.field(
        default=None, name="EvaluateLowSampleCountPercentile"
    )
    """Whether a percentile of few values is evaluated: ``evaluate``, ``ignore``."""

    @property
    def place(self) -> tuple[str, str] | None:
        """Account and Region."""
        return parsed(self.arn).place if self.arn else None

    @property
    def queried_groups(self) -> list[str]:
        """Log groups, by name or ARN, that a log alarm queries."""
        query = self.scheduled_query_configuration
        return query.log_group_identifiers if query else []

    def follows(self, child: Alarm) -> Answer:
        """Whether a composite alarm goes off when another alarm does, whatever the rest are in."""
        own = {child.name, child.arn or child.name}
        if self.alarm_rule is None or not names(self.alarm_rule, own):
            return False
        return evaluated(self.alarm_rule, own)

    def is_suppressed_by(self, other: Alarm) -> bool:
        """Whether another alarm suppresses the actions of this one."""
        return self.actions_suppressor in {other.name, other.arn} - {None}

    def reacts(self, counted: Counted, events: int) -> Reaction | None:
        """Whether a number of events takes it to ``ALARM``; ``None`` where it watches another metric."""
        stat = self._stat(counted)
        if stat is None or isinstance(stat, Reaction):
            return stat
        found = [
            self._same_metric(stat, counted),
            self._broken(),
            self._reaches(stat.stat, counted, events),
            self._at_rest(stat.stat, counted),
            self._datapoints(counted),
        ]
        doubts = [one for one in found if one is not None]
        # What proves that it stays quiet counts before what is not known.
        return next(
            (one for one in doubts if one.answer is False), doubts[0] if doubts else GOES_OFF
        )

    def _stat(self, counted: Counted) -> Stat | Reaction | None:
        """The statistic that it watches of the metric."""
        wanted = (counted.namespace, counted.name)
        if self.metric_name:
            if (self.namespace, self.metric_name) != wanted:
                return None
            metric = Metric(
                namespace=self.namespace,
                metric_name=self.metric_name,
                dimensions=self.dimensions,
            )
            return Stat(
                metric=metric, stat=self.statistic or self.extended_statistic, unit=self.unit
            )
        if self.evaluation_criteria is not None:
            asked = self.evaluation_criteria.prom_query
            named = asked is None or counted.name in asked.query
            return _unsure("asks a PromQL query, which is not read") if named else None
        own = {None, parsed(self.arn).account}
        found = [
            query.metric_stat
            for query in self.metrics
            if query.metric_stat
            and (query.metric_stat.metric.namespace, query.metric_stat.metric.metric_name) == wanted
            and (query.account_id in own or not self.arn)
        ]
        if not found:
            return None
        if len(self.metrics) > 1 or self.metrics[0].expression:
            return _unsure("reckons with an expression, which is not read")
        return found[0]

    def _same_metric(self, stat: Stat, counted: Counted) -> Reaction | None:
        if counted.dimensions and not stat.metric.dimensions:
            return _never("watches the metric without dimensions, and it has some")
        if counted.dimensions:
            return _unsure("watches one value of the metric's dimensions")
        if stat.metric.dimensions:
            return _never("watches the metric by dimensions that it does not have")
        if stat.unit and stat.unit != counted.unit:
            return _never(f"watches the unit {stat.unit}, and the metric's is {counted.unit}")
        return None

    def _broken(self) -> Reaction | None:
        if self.evaluation_state is not None:
            return _unsure(f"is not evaluated as it should be: {self.evaluation_state}")
        return None

    def _reaches(self, stat: str | None, counted: Counted, events: int) -> Reaction | None:
        """Why so many events do not pass the threshold; ``None`` where they do."""
        operator = self.comparison_operator
        if operator in (
            "LessThanThreshold",
            "LessThanOrEqualToThreshold",
            "LessThanLowerThreshold",
        ):
            return _never("goes off when there are few events")
        compare = _OPERATORS.get(operator or "")
        if self.threshold_metric_id or compare is None or self.threshold is None:
            return _unsure("compares with something that is not read")
        reached = _while_there_are(stat, counted, events)
        said = f"{stat or 'no statistic'} {_SIGNS[operator or '']} {self.threshold:g}"
        if reached is None:
            return _unsure(f"asks for {said}, and what events add to that is not known")
        percentile = stat is not None and _PERCENTILE.fullmatch(stat) is not None
        if percentile and self.low_sample_count not in (None, "evaluate"):
            return _unsure(f"asks for {said}, and is not evaluated where there are few events")
        if not compare(reached, self.threshold):
            many = "one event does" if events == 1 else f"{events} events do"
            return _never(f"asks for {said}, which {many} not reach")
        return None

    def _at_rest(self, stat: str | None, counted: Counted) -> Reaction | None:
        """Why it is in ``ALARM`` without any event, and so goes off at none."""
        missing = self.treat_missing_data or "missing"
        if counted.default is not None:
            rest = _without_any(stat, counted.default)
            compare = _OPERATORS.get(self.comparison_operator or "")
            if rest is None or compare is None or self.threshold is None:
                return _unsure("may be in alarm without any event")
            if compare(rest, self.threshold):
                return _never("is in alarm all the time")
            if missing in ("missing", "notBreaching", "ignore"):
                return None
            return _unsure(f"treats missing data as {missing}")
        if missing == "breaching":
            return _never("is in alarm while there is no event: missing data count as breaching")
        if missing == "ignore":
            return _unsure("stays in alarm after the first event: missing data are ignored")
        if missing not in ("missing", "notBreaching"):
            return _unsure(f"treats missing data as {missing}")
        return None

    def _datapoints(self, counted: Counted) -> Reaction | None:
        wanted = self.datapoints_to_alarm or self.evaluation_periods
        if wanted is None:
            return _unsure("does not say over how many periods it is evaluated")
        if wanted == 1:
            return None
        said = f"asks for {wanted} periods with events"
        filled = counted.default is not None or self.treat_missing_data == "notBreaching"
        return _never(said) if filled else _unsure(said)


_OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda one, other: one >= other,
    "GreaterThanThreshold": lambda one, other: one > other,
}
_SIGNS = {"GreaterThanOrEqualToThreshold": ">=", "GreaterThanThreshold": ">"}
_PERCENTILE = re.compile(r"p(\d{1,2}(\.\d+)?|100)")


def _while_there_are(stat: str | None, counted: Counted, events: int) -> float | None:
    """The statistic of a period with so many events; ``None`` where it is not known."""
    value, default = counted.value, counted.default
    if stat is None or value is None:
        return None
    if stat == "Sum":
        return None if default else events * value
    if stat == "SampleCount":
        return float(events)
    if stat == "Maximum":
        return value if default is None else max(value, default)
    averaged = stat in ("Average", "Minimum") or _PERCENTILE.fullmatch(stat) is not None
    # The default counts as often as other log events come: it draws these towards itself.
    return value if averaged and default in (None, value) else None


def _without_any(stat: str | None, default: float) -> float | None:
    """The statistic of a period in which the default alone is reported."""
    if stat == "Sum":
        return 0 if default == 0 else None
    return None if stat in (None, "SampleCount") else default


class SubscriptionAttributes(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``GetSubscriptionAttributes``; SNS gives every value as text."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "FilterPolicy": "there is none; Amazon SNS API reference, GetSubscriptionAttributes"
    }
    filter_policy: str | None = None
    """Which messages arrive; all, without it."""
    pending_confirmation: str


class Subscription(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A subscription to an SNS topic (``ListSubscriptions``)."""

    kind = "aws.sns.subscription"
    secret = ("Endpoint", "GetSubscriptionAttributes.Endpoint")
    topic_arn: str
    subscription_arn: str
    """An ARN; ``PendingConfirmation`` or ``Deleted`` while or where nobody hears."""
    protocol: str
    attributes: SubscriptionAttributes = fact("GetSubscriptionAttributes")
    """Asked of those that may reach a person."""

    @property
    def confirmed(self) -> bool:
        """Whether messages are sent there."""
        return self.subscription_arn.startswith("arn:")

    @property
    def personal(self) -> bool:
        """Whether a person reads what is sent there, or an endpoint that somebody chose for it."""
        return self.protocol in TO_PEOPLE


TO_PEOPLE = frozenset({"email", "email-json", "sms", "http", "https", "application"})
"""Protocols by which SNS reaches people and their pagers; queues, functions and streams are programs."""
