"""Notified, in Google Cloud: from an entry of the audit log to a channel that people read.

An alert policy may look at entries itself, or watch a metric that counts them. The metric may be the
project's own, or that of a bucket or project to which a sink of the project, or one above, sends the entry. The
bucket ``_Default`` is one of these: Google's own sink to it leaves the audit logs of changes out. The policy
must be on, valid and not snoozed, one entry must be enough to open an incident, and one of its channels must be
on and verified.

Where a sink passes entries on to another project, its identity must hold a role there by an allow policy; deny
policies are not read, and a pass says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from soc2_collectors.gcp.models.iam import IamPolicy
from soc2_collectors.gcp.models.log_filters import compiled
from soc2_collectors.gcp.models.logging import LogMetric, LogSink
from soc2_collectors.gcp.models.monitoring import (
    AlertPolicy,
    Condition,
    NotificationChannel,
    Snooze,
)
from soc2_collectors.samples import Sample, examples
from soc2_rules.mechanisms.google_grants import NO_DENIALS
from soc2_rules.mechanisms.notified import (
    Way,
    along,
    by_all,
    by_any,
    holds,
    link,
    settled,
    stops,
    unclear,
    unseen,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from soc2_collectors.gcp.models.project import Project
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence, Whole

NEEDS: list[type[Resource]] = [
    LogMetric, LogSink, AlertPolicy, NotificationChannel, Snooze, IamPolicy,
]  # fmt: skip
CHANNEL_NEEDS: list[type[Resource]] = [NotificationChannel, Snooze]
_REQUIRED = "/buckets/_Required"
"""Where the audit logs of changes always go, whatever sinks there are."""
_OF_CHANGES = "/logs/cloudaudit.googleapis.com%2Factivity"
_SENT_TO = re.compile(r"logging\.googleapis\.com/(projects/[^/]+)(/locations/[^/]+/buckets/[^/]+)?")
_BUCKET_WRITERS = frozenset({"roles/logging.bucketWriter"})
_ENTRY_WRITERS = frozenset({"roles/logging.admin", "roles/logging.logWriter"})
"""Roles that let a sink's identity write into a log bucket (``logging.buckets.write``), or give entries to a
project (``logging.logEntries.create`` and ``route``). Source: Google, "Cloud Logging roles and permissions"."""


@dataclass(frozen=True)
class Event:
    """A change of which somebody should be notified."""

    entries: tuple[tuple[dict[str, Any], ...], ...]
    """Each version of it (there may be several methods for one change) with the entries that are written of
    it; one entry that is noticed is enough. ``{}`` stands for the project's id."""

    def of(self, project: str) -> Event:
        """The same in a project."""
        return Event(tuple(tuple(_filled(one, project) for one in some) for some in self.entries))

    @property
    def examples(self) -> list[Event]:
        """The same with examples of what varies."""
        many = max((len(examples(one)) for some in self.entries for one in some), default=0)
        return [
            Event(
                tuple(
                    tuple(
                        (examples(one) or [one])[number % (len(examples(one)) or 1)] for one in some
                    )
                    for some in self.entries
                )
            )
            for number in range(many)
        ]


def _is_kept(bucket: str, entry: Sample) -> bool:
    """Whether an entry is always in a bucket of its project."""
    return bucket.endswith(_REQUIRED) and str(entry.known.get("logName")).endswith(_OF_CHANGES)


def _filled(value: Any, project: str) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _filled(one, project) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, project) for one in value]
    return value.replace("{}", project) if isinstance(value, str) else value


@dataclass(frozen=True)
class _Known:
    """What there is of all projects, by project."""

    metrics: Mapping[str, tuple[LogMetric, ...]]
    """Project, by number and as the metric's name has it -> its metrics that are on."""
    policies: Mapping[str, tuple[AlertPolicy, ...]]
    sinks: tuple[LogSink, ...]
    """Those that take in what is below."""
    own: Mapping[str, tuple[LogSink, ...]]
    """Project, by number -> sinks that take in its entries alone."""


def _known(whole: Whole) -> _Known:
    metrics: dict[str, list[LogMetric]] = {}
    for metric in whole.everywhere(LogMetric):
        for place in dict.fromkeys((metric.project, _named(metric))):
            metrics.setdefault(place, []).append(metric)
    policies: dict[str, list[AlertPolicy]] = {}
    for policy in whole.everywhere(AlertPolicy):
        policies.setdefault(policy.project, []).append(policy)
    own: dict[str, list[LogSink]] = {}
    for sink in whole.everywhere(LogSink):
        if not sink.sink.include_children:
            own.setdefault(sink.project, []).append(sink)
    return _Known(
        {place: tuple(found) for place, found in metrics.items()},
        {place: tuple(found) for place, found in policies.items()},
        tuple(sink for sink in whole.everywhere(LogSink) if sink.sink.include_children),
        {place: tuple(found) for place, found in own.items()},
    )


def _channels(whole: Whole) -> Mapping[str, NotificationChannel]:
    return {one.channel.name: one for one in whole.everywhere(NotificationChannel)}


def _snoozes(whole: Whole) -> tuple[Snooze, ...]:
    return tuple(whole.everywhere(Snooze))


def _named(item: LogMetric) -> str:
    """The project as the metric's name has it: by id or by number."""
    return item.name.partition(".com/")[2].partition("/metrics/")[0]


def notified(
    project: Project,
    event: Event,
    evidence: Evidence,
    now: datetime,
    reaches_people: Sequence[str] = (),
) -> Way:
    """Whether somebody is notified of an event in a project."""
    asked = _Asked(project, evidence, now, tuple(reaches_people))
    filled = event.of(project.id)
    return settled(asked.notified, filled, filled.examples)


def reached_by(
    policy: AlertPolicy, evidence: Evidence, now: datetime, reaches_people: Sequence[str] = ()
) -> Way:
    """Whether what a policy notifies of reaches somebody."""
    named = policy.policy.notification_channels

    def by_channels() -> Way:
        # Of a policy that names none nothing more needs to be read.
        known = evidence.derived(_channels) if named else {}
        return by_any(
            [_by_channel(known.get(name), name, reaches_people) for name in named],
            stops(f"the alert policy {policy.label} names no notification channel"),
        )

    return along(
        lambda: link(policy.works.answer, f"the alert policy {policy.label} {policy.works.why}"),
        by_channels,
        lambda: _awake(policy, evidence, now),
    )


def _by_channel(
    channel: NotificationChannel | None, name: str, reaches_people: Sequence[str]
) -> Way:
    if channel is None:
        return stops(f"the channel {name} does not exist")
    reaches = channel.reaches
    declared = any(
        fnmatchcase(text, pattern)
        for text in (name, channel.channel.display_name)
        for pattern in reaches_people
    )
    if declared and reaches.answer is not False and channel.channel.enabled:
        return holds(f"{channel.label} (reaches people, by configuration)", channel)
    if reaches.answer:
        return holds(channel.label, channel)
    return link(reaches.answer, reaches.why)


def _awake(policy: AlertPolicy, evidence: Evidence, now: datetime) -> Way:
    """Whether nothing keeps a policy from opening incidents now."""
    found = [one for one in evidence.derived(_snoozes) if one.about(policy) and not one.ended(now)]
    for one in found:
        when = one.snooze.interval
        if when.start_time <= now:
            why = f"the alert policy {policy.label} is snoozed until {when.end_time:%Y-%m-%d %H:%M} UTC"
            answer = None if one.snooze.criteria.filter else False
            return replace(link(answer, why), until=when.end_time)
    starts = min((one.snooze.interval.start_time for one in found), default=None)
    return replace(holds(), until=starts)


@dataclass(frozen=True)
class _Asked:
    """One project, and what is asked of it."""

    project: Project
    evidence: Evidence
    now: datetime
    reaches_people: tuple[str, ...]

    @property
    def known(self) -> _Known:
        return self.evidence.derived(_known)

    def notified(self, event: Event) -> Way:
        return by_all(
            by_any(
                [self._of_entry(Sample(entry)) for entry in entries],
                unseen("nothing is written of it"),
            )
            for entries in event.entries
        )

    def _of_entry(self, entry: Sample) -> Way:
        home = self.project.project
        return by_any(
            [
                along(lambda: self._by_own(home, entry), lambda: self._left_here(entry)),
                *self._by_sinks(entry),
            ],
            unseen("no metric and no alert policy looks at it"),
        )

    def _by_own(self, home: str, entry: Sample) -> Way:
        return by_any(
            [
                *(self._by_entries(one, entry) for one in self.known.policies.get(home, ())),
                *(
                    self._by_metric(one, entry)
                    for one in self.known.metrics.get(home, ())
                    if not one.metric.bucket_name or _is_kept(one.metric.bucket_name, entry)
                ),
            ],
            unseen("no metric and no alert policy looks at it"),
        )

    def _left_here(self, entry: Sample) -> Way:
        """Whether no sink above keeps an entry from the project's own sinks, and so from what looks there."""
        for item in self.known.sinks:
            takes = item.sink.intercept_children and not item.sink.disabled
            if not takes or not item.reaches(self.project.ancestors):
                continue
            if item.project != self.project.project and self._sent(item, entry).answer is not False:
                return unclear(f"the sink {item.short_name} above intercepts it")
        return holds()

    # -- policies that look at entries themselves ---------------------------------------------------------

    def _by_entries(self, policy: AlertPolicy, entry: Sample) -> Way:
        found = [
            self._matched(policy, condition, entry)
            for condition in policy.policy.conditions
            if condition.condition_matched_log or condition.condition_sql
        ]
        return by_any(found, unseen("no alert policy looks at entries"))

    def _matched(self, policy: AlertPolicy, condition: Condition, entry: Sample) -> Way:
        if condition.condition_matched_log is None:
            return along(
                lambda: self._reached(policy),
                lambda: unclear(f"the query of the alert policy {policy.label} is not read"),
            )
        filtered = condition.condition_matched_log.filter
        if not filtered.strip():
            return unclear(f"the alert policy {policy.label} looks at every entry")
        seen = self._sees(filtered, entry, f"the alert policy {policy.label}")
        if seen.answer is False:
            return seen
        return along(
            lambda: seen,
            lambda: self._alone(policy),
            lambda: holds(f"alert policy {policy.label}", policy),
            lambda: self._reached(policy),
        )

    # -- metrics ------------------------------------------------------------------------------------------

    def _by_metric(self, item: LogMetric, entry: Sample) -> Way:
        name = item.short_name
        if item.metric.disabled:
            return unseen(f"the metric {name} is off")
        if not item.metric.filter.strip():
            return unclear(f"the metric {name} counts every entry")
        seen = self._sees(item.metric.filter, entry, f"the metric {name}")
        if seen.answer is False:
            return seen
        return along(
            lambda: seen,
            lambda: link(item.counts, f"the metric {name} does not count entries"),
            lambda: holds(f"metric {name}", item),
            lambda: self._watched(item, entry),
        )

    def _watched(self, item: LogMetric, entry: Sample) -> Way:
        """Whether a policy goes off at one entry that a metric counts."""
        own: list[Way] = []
        others: list[str] = []
        for place, policies in self.known.policies.items():
            for policy in policies:
                for condition in policy.policy.conditions:
                    reaction = condition.reacts(item.type, entry, 1)
                    if reaction is None:
                        continue
                    if place != item.project:
                        others.append(policy.label)
                        continue
                    own.append(self._opens(policy, reaction.answer, reaction.why))
        if others:
            # Its project may be in another one's metrics scope, which is not read.
            own.append(
                unclear(
                    f"{', '.join(sorted(set(others)))} of another project may watch {item.type}: its metrics "
                    "scope is not read"
                )
            )
        return by_any(own, stops(f"no alert policy watches the metric {item.short_name}"))

    def _opens(self, policy: AlertPolicy, answer: bool | None, why: str) -> Way:  # noqa: FBT001
        return along(
            lambda: link(answer, f"the alert policy {policy.label} {why}"),
            lambda: self._alone(policy),
            lambda: holds(f"alert policy {policy.label}", policy),
            lambda: self._reached(policy),
        )

    def _alone(self, policy: AlertPolicy) -> Way:
        return link(
            True if policy.alone else None,
            f"the alert policy {policy.label} asks for several conditions",
        )

    def _reached(self, policy: AlertPolicy) -> Way:
        return reached_by(policy, self.evidence, self.now, self.reaches_people)

    # -- sinks --------------------------------------------------------------------------------------------

    def _by_sinks(self, entry: Sample) -> Iterator[Way]:
        """Metrics of the buckets and projects to which sinks of the project, or above, send an entry."""
        for item in (*self.known.own.get(self.project.project, ()), *self.known.sinks):
            to = _SENT_TO.fullmatch(item.sink.destination)
            if item.sink.disabled or to is None or not item.reaches(self.project.ancestors):
                continue
            place, bucket = to[1], f"{to[1]}{to[2]}" if to[2] else ""
            metrics = [
                one for one in self.known.metrics.get(place, ()) if one.metric.bucket_name == bucket
            ]
            sent = self._sent(item, entry)
            if sent.answer is False:
                continue
            for metric in metrics:
                yield along(
                    lambda sink=item: (  # type: ignore[misc]
                        holds() if sink.sink.include_children else self._left_here(entry)
                    ),
                    lambda sent=sent: sent,  # type: ignore[misc]
                    lambda one=metric: self._by_metric(one, entry),  # type: ignore[misc]
                    lambda one=metric, sink=item: self._may_write(sink, one),  # type: ignore[misc]
                )

    def _sent(self, item: LogSink, entry: Sample) -> Way:
        """Whether a sink sends an entry."""
        whose = f"the sink {item.short_name}"
        left_out = [
            self._sees(one.filter, entry, whose) for one in item.sink.exclusions if not one.disabled
        ]
        return along(
            *(
                lambda one=one: link(
                    None if one.answer is None else not one.answer, f"{whose} may leave it out"
                )
                for one in left_out
            ),
            lambda: self._sees(item.sink.filter, entry, whose),
            lambda: holds(f"sink {item.short_name}", item),
        )

    def _may_write(self, sink: LogSink, metric: LogMetric) -> Way:
        """Whether the identity of a sink may write where the metric is."""
        if sink.project == metric.project:
            return holds()
        who = sink.sink.writer_identity
        roles = _BUCKET_WRITERS if "/buckets/" in sink.sink.destination else _ENTRY_WRITERS
        nodes = self.evidence.index(IamPolicy, "node", within="everywhere")
        granted = [
            binding
            for node in metric.ancestors
            for policy in nodes.get(node, ())
            for binding in policy.iam_policy.bindings
            if binding.role in roles and who and who in binding.members
        ]
        to = sink.sink.destination
        if any(one.condition is None or one.condition.holds_for(to) for one in granted):
            return holds(f"which may write there by a role ({NO_DENIALS})")
        return unclear(
            f"whether the sink {sink.short_name} may write to {_named(metric)} is not known: no role for "
            f"{who or 'its identity'} was read",
        )

    def _sees(self, text: str, entry: Sample, whose: str) -> Way:
        """Whether a filter takes an entry."""
        test = compiled(text)
        if test is None:
            return unclear(f"the filter of {whose} is not understood")
        entry.asked.clear()
        answer = test(entry)
        if answer:
            return holds()
        if answer is False:
            return unseen(f"{whose} does not see it")
        asked = f": it asks for {', '.join(sorted(entry.asked))}" if entry.asked else ""
        return unclear(f"{whose} leaves some of it out{asked}")
