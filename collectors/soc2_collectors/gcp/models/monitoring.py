"""Cloud Monitoring: alert policies, what they do about one log entry, and who is notified.

Source: Cloud Monitoring API v3, ``AlertPolicy``, ``NotificationChannel``, ``Snooze``. Google leaves out what
is 0, false or empty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from soc2_collectors.gcp.models.asset import Asset, Held
from soc2_collectors.gcp.models.log_filters import compiled
from soc2_collectors.gcp.models.values import Moment, seconds
from soc2_collectors.samples import Answer, Sample

if TYPE_CHECKING:
    from datetime import datetime

_METRIC = re.compile(r"logging\.googleapis\.com/user/[^\s\"')]+")
_PROMETHEUS = re.compile(r"logging_googleapis_com:user_([A-Za-z0-9_:]+)")
_SUMS = frozenset({"ALIGN_DELTA", "ALIGN_SUM", "ALIGN_MAX", "ALIGN_COUNT", "ALIGN_NONE"})
"""Aligners that give the number of entries of a period, or at least 1, where there is one."""
_JOINED = frozenset({"REDUCE_NONE", "REDUCE_SUM", "REDUCE_MAX"})
"""Reducers by which one series among others is not lost."""


class Reaction(NamedTuple):
    """Whether a condition opens an incident, and why not, or why that is not known."""

    answer: Answer
    why: str


def _never(why: str) -> Reaction:
    return Reaction(answer=False, why=why)


def _unsure(why: str) -> Reaction:
    return Reaction(answer=None, why=why)


_OPENS = Reaction(answer=True, why="")


class Aggregation(msgspec.Struct, frozen=True, rename="camel"):
    """How series are counted and joined."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "perSeriesAligner": "raw data without one; Cloud Monitoring API, Aggregation",
        "crossSeriesReducer": "series stay apart without one; Cloud Monitoring API, Aggregation",
        "alignmentPeriod": "asked of rates only; Cloud Monitoring API, Aggregation",
    }
    alignment_period: str = ""
    per_series_aligner: str = "ALIGN_NONE"
    cross_series_reducer: str = "REDUCE_NONE"


class Trigger(msgspec.Struct, frozen=True, rename="camel"):
    """How many series must violate the threshold."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "count": "one by default; Cloud Monitoring API, Trigger",
        "percent": "a count or a share is given; Cloud Monitoring API, Trigger",
    }
    count: int = 1
    percent: float = 0


class Threshold(msgspec.Struct, frozen=True, rename="camel"):
    """``conditionThreshold``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "thresholdValue": "0 is left out, as recorded answers show; Cloud Monitoring API, MetricThreshold",
        "aggregations": "raw data without them; Cloud Monitoring API, MetricThreshold",
        "trigger": "one series is enough by default; Cloud Monitoring API, Trigger",
        "denominatorFilter": "ratios have one; Cloud Monitoring API, MetricThreshold",
        "forecastOptions": "forecasts have them; Cloud Monitoring API, MetricThreshold",
    }
    filter: str = ""
    aggregations: list[Aggregation] = []
    comparison: str | None = None
    threshold_value: float = 0
    duration: str | None = None
    """How long it must be violated: ``0s``."""
    trigger: Trigger = Trigger()
    denominator_filter: str = ""
    forecast_options: dict[str, Any] | None = None

    def reacts(self, metric: str, entry: Sample, events: int) -> Reaction | None:
        """Whether entries that a metric counts open an incident; ``None`` for another metric.

        Args:
            metric: its type, ``logging.googleapis.com/user/owners``.
            entry: one of the entries; the series has its monitored resource.
            events: how many there are.
        """
        if metric not in _METRIC.findall(self.filter):
            return None
        found = [self._other_series(metric, entry), self._too_late(), self._too_few(events)]
        doubts = [one for one in found if one is not None]
        # What proves that it stays quiet counts before what is not known.
        return next((one for one in doubts if one.answer is False), doubts[0] if doubts else _OPENS)

    def _other_series(self, metric: str, entry: Sample) -> Reaction | None:
        test = compiled(self.filter)
        series = Sample({"metric": {"type": metric}, "resource": entry.known.get("resource", {})})
        answer = test(series) if test else None
        if answer is True:
            return None
        if answer is False and 'resource.type="global"' not in self.filter.replace(" ", ""):
            return _never("looks at series of other resources")
        asked = f": it asks for {', '.join(sorted(series.asked))}" if series.asked else ""
        return _unsure(f"looks at some series only{asked}")

    def _too_late(self) -> Reaction | None:
        if self.denominator_filter or self.forecast_options is not None:
            return _unsure("compares a ratio or a forecast")
        wait = seconds(self.duration)
        if wait is None:
            return _unsure("does not say how long it waits")
        if wait > max((seconds(one.alignment_period) or 0 for one in self.aggregations), default=0):
            return _never(f"waits until the threshold was violated for {self.duration}")
        if wait:
            return _unsure(f"waits until the threshold was violated for {self.duration}")
        if self.trigger.count > 1 or self.trigger.percent > 0:
            return _unsure("asks for several series")
        return None

    def _too_few(self, events: int) -> Reaction | None:
        sign = (self.comparison or "").upper()
        if sign == "COMPARISON_LT":
            return _never("opens an incident when there are few entries")
        if sign != "COMPARISON_GT":
            return _unsure(f"compares by {self.comparison}")
        reached = self._reached(events)
        if reached is None:
            return _unsure("counts in a way that is not read")
        if reached <= self.threshold_value:
            many = "one entry does" if events == 1 else f"{events} entries do"
            return _never(f"asks for more than {self.threshold_value:g}, which {many} not reach")
        if self.threshold_value < 0:
            return _never("is violated all the time")
        return None

    def _reached(self, events: int) -> float | None:
        """What so many entries come to in one period."""
        value: float = events
        for number, one in enumerate(self.aggregations):
            aligner, reducer = one.per_series_aligner.upper(), one.cross_series_reducer.upper()
            if reducer not in _JOINED or (number and aligner not in ("ALIGN_NONE", "ALIGN_MAX")):
                return None
            if aligner == "ALIGN_RATE":
                period = seconds(one.alignment_period)
                if not period:
                    return None
                value /= period
            elif aligner in ("ALIGN_MAX", "ALIGN_COUNT", "ALIGN_NONE"):
                value = min(value, 1)
            elif aligner not in _SUMS:
                return None
        return value if self.aggregations else min(value, 1)


class LogMatch(msgspec.Struct, frozen=True, rename="camel"):
    """``conditionMatchedLog``."""

    filter: str = ""


class Query(msgspec.Struct, frozen=True, rename="camel"):
    """``conditionMonitoringQueryLanguage``, ``conditionPrometheusQueryLanguage`` and ``conditionSql``."""

    query: str = ""


class Condition(msgspec.Struct, frozen=True, rename="camel"):
    """One condition; of the sorts, one is there."""

    may_lack: ClassVar[Mapping[str, str]] = dict.fromkeys(
        (
            "conditionThreshold",
            "conditionMatchedLog",
            "conditionMonitoringQueryLanguage",
            "conditionPrometheusQueryLanguage",
            "conditionSql",
        ),
        "of the sorts of conditions one is there; Cloud Monitoring API, Condition",
    )
    condition_threshold: Threshold | None = None
    condition_matched_log: LogMatch | None = None
    condition_monitoring_query_language: Query | None = None
    condition_prometheus_query_language: Query | None = None
    condition_sql: Query | None = None

    def reacts(self, metric: str, entry: Sample, events: int) -> Reaction | None:
        """Whether entries that a metric counts open an incident; ``None`` for another metric."""
        if self.condition_threshold is not None:
            return self.condition_threshold.reacts(metric, entry, events)
        queried = self.condition_monitoring_query_language
        if queried is not None and metric in _METRIC.findall(queried.query):
            return _unsure("asks by a query that is not read")
        prometheus = self.condition_prometheus_query_language
        if prometheus is not None:
            name = metric.rpartition("/")[2]
            names = _PROMETHEUS.findall(prometheus.query)
            if name in names or re.sub(r"\W", "_", name) in names:
                return _unsure("asks by a query that is not read")
        return None


class Strategy(msgspec.Struct, frozen=True, rename="camel"):
    """How channels are notified."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "notificationPrompts": "incidents that open are prompts by default; Cloud Monitoring API"
    }
    notification_prompts: list[str] = []
    """``OPENED``, ``CLOSED``."""


class Invalid(msgspec.Struct, frozen=True, rename="camel"):
    """Why Google does not evaluate a policy; without a code it is valid."""

    code: int = 0
    message: str = ""


class Policy(msgspec.Struct, frozen=True, rename="camel"):
    """``AlertPolicy``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "combiner": "asked where there are several conditions; Cloud Monitoring API, AlertPolicy",
        "validity": "set only when the policy is invalid; Cloud Monitoring API, AlertPolicy",
        "alertStrategy": "the defaults notify when an incident opens; Cloud Monitoring API",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "combiner": "asked where there are several conditions; Cloud Monitoring API, AlertPolicy"
    }
    name: str
    display_name: str = ""
    enabled: bool | None = None
    """Google: do not assume anything where it is not there."""
    combiner: str | None = None
    conditions: list[Condition] = []
    notification_channels: list[str] = []
    validity: Invalid = Invalid()
    alert_strategy: Strategy = Strategy()


class AlertPolicy(Asset, frozen=True, kw_only=True, rename="camel"):
    """An alert policy. The policy itself as recorded, as an asset from documentation."""

    kind = "gcp.monitoring.alert_policy"
    resource: Held[Policy]

    @property
    def policy(self) -> Policy:
        """What Cloud Monitoring says."""
        return self.resource.data

    @property
    def label(self) -> str:
        """Its name for people."""
        return self.policy.display_name or self.short_name

    @property
    def alone(self) -> bool | None:
        """Whether each condition opens an incident by itself."""
        if len(self.policy.conditions) == 1:
            return True
        return {"OR": True, "AND": False, "AND_WITH_MATCHING_RESOURCE": False}.get(
            (self.policy.combiner or "").upper()
        )

    @property
    def works(self) -> Reaction:
        """Whether it is on, valid, and notifies when an incident opens."""
        if self.policy.enabled is None:
            return _unsure("may be off: whether it is enabled is not said")
        if not self.policy.enabled:
            return _never("is off")
        if self.policy.validity.code:
            return _never(f"is invalid: {self.policy.validity.message or 'no reason given'}")
        prompts = self.policy.alert_strategy.notification_prompts
        if prompts and "OPENED" not in prompts:
            return _never("notifies only when an incident closes")
        return _OPENS


class Channel(msgspec.Struct, frozen=True, rename="camel"):
    """``NotificationChannel``."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "verificationStatus": "neither verified nor unverified: its sort needs no verification; Cloud "
        "Monitoring API, NotificationChannel",
    }
    name: str
    type: str
    display_name: str = ""
    enabled: bool | None = None
    verification_status: str = "VERIFICATION_STATUS_UNSPECIFIED"


class NotificationChannel(Asset, frozen=True, kw_only=True, rename="camel"):
    """Where alerts are sent to. Shape from documentation."""

    kind = "gcp.monitoring.notification_channel"
    secret = (
        "resource.data.labels.auth_token",
        "resource.data.labels.password",
        "resource.data.labels.service_key",
        "resource.data.labels.url",
        "resource.data.sensitiveLabels.*",
    )
    resource: Held[Channel]

    @property
    def channel(self) -> Channel:
        """What Cloud Monitoring says."""
        return self.resource.data

    @property
    def label(self) -> str:
        """Its name for people, or its sort."""
        return self.channel.display_name or self.channel.type

    @property
    def reaches(self) -> Reaction:
        """Whether what is sent there reaches people, or their pagers and chats."""
        said = self.channel
        if said.enabled is None:
            return _unsure(
                f"the channel {self.label} may be off: whether it is enabled is not said"
            )
        if not said.enabled:
            return _never(f"the channel {self.label} is off")
        if said.verification_status == "UNVERIFIED":
            return _never(f"the channel {self.label} is not verified")
        if said.verification_status not in ("VERIFIED", "VERIFICATION_STATUS_UNSPECIFIED"):
            return _unsure(f"the channel {self.label} is {said.verification_status}")
        if said.type not in TO_PEOPLE:
            return _unsure(
                f"the channel {self.label} is a {said.type}: name it in reaches_people if it notifies people"
            )
        return _OPENS


TO_PEOPLE = frozenset(
    {
        "email",
        "google_chat",
        "mobile",
        "pagerduty",
        "slack",
        "sms",
    }
)
"""Sorts of channels that people read, or systems that page them. What Pub/Sub and webhooks pass on goes to a
program, of which only the company knows what it does."""


class Criteria(msgspec.Struct, frozen=True, rename="camel"):
    """What a snooze is about."""

    policies: list[str] = []
    filter: str = ""


class Interval(msgspec.Struct, frozen=True, rename="camel"):
    """When it holds."""

    start_time: Moment
    end_time: Moment


class SnoozeData(msgspec.Struct, frozen=True, rename="camel"):
    """``Snooze``."""

    name: str
    criteria: Criteria
    interval: Interval
    display_name: str = ""


class Snooze(Asset, frozen=True, kw_only=True, rename="camel"):
    """A time in which alert policies open no incident. Shape from documentation."""

    kind = "gcp.monitoring.snooze"
    resource: Held[SnoozeData]

    @property
    def snooze(self) -> SnoozeData:
        """What Cloud Monitoring says."""
        return self.resource.data

    def about(self, policy: AlertPolicy) -> bool:
        """Whether it names a policy. One that names none may be about all of its project."""
        named = self.snooze.criteria.policies
        return policy.policy.name in named if named else policy.project == self.project

    def ended(self, now: datetime) -> bool:
        """Whether it is over."""
        return self.snooze.interval.end_time <= now
