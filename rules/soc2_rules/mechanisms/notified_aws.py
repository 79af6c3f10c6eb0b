"""Notified, in AWS: from CloudTrail's record of an event to a confirmed subscriber.

Two ways lead there. A trail sends the event to a log group, a metric filter of the group counts it, an alarm
goes off at it. Or a rule of EventBridge on the bus of the Region where it happened sees it. Both end at a
topic that lets them publish, with a subscription of a person's that is confirmed and lets every message
through. Each link is read, in the account and Region where it stands; what stands in an account or a Region
that is no source is not known.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeVar

from soc2_collectors.aws.models.arns import parsed
from soc2_collectors.aws.models.cloudtrail import Trail
from soc2_collectors.aws.models.cloudwatch import Alarm, Counted, MuteRule, Subscription
from soc2_collectors.aws.models.event_patterns import sees
from soc2_collectors.aws.models.eventbridge import (
    ALL,
    OFF,
    STATE_CHANGE,
    WRITES,
    EventBus,
    EventRule,
)
from soc2_collectors.aws.models.filter_patterns import compiled
from soc2_collectors.aws.models.kms import Key
from soc2_collectors.aws.models.logs import MetricFilter, group_name
from soc2_collectors.aws.models.publishing import (
    ALARMS,
    EVENTS,
    Sender,
    may_publish,
    may_use_key,
)
from soc2_collectors.aws.models.sns import Topic
from soc2_collectors.samples import Sample, Varies, examples
from soc2_rules.mechanisms import trails
from soc2_rules.mechanisms.notified import (
    Way,
    along,
    apart,
    attempt,
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
    from collections.abc import Callable, Iterator, Sequence

    from soc2_collectors.aws.models.logs import Transformation
    from soc2_pac.model import Scope
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence, Placed, Whole

    R = TypeVar("R", bound=Resource)

NEEDS: list[type[Resource]] = [
    Trail, MetricFilter, Alarm, MuteRule, Subscription, EventRule, EventBus, Topic, Key,
]  # fmt: skip
ALARM_NEEDS: list[type[Resource]] = [MuteRule, Subscription, EventBus, Topic, Key]
"""What the way from an alarm on needs."""
ACTS = frozenset({"automate", "autoscaling", "swf", "ec2"})
"""Services of alarm actions that stop, start or scale machines, and notify nobody."""
_HOME = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
}
"""Where events of services without a Region are recorded, in each partition."""
_HOPS = 3
"""From bus to bus."""
_REGION = Varies(
    of="abcdefghijklmnopqrstuvwxyz0123456789-", examples=("us-east-1", "ap-southeast-2")
)
Place = tuple[str, str]
"""Account and Region."""


@dataclass(frozen=True)
class Event:
    """An event of which somebody should be notified."""

    record: dict[str, Any]
    """What CloudTrail writes of it; what is not the same each time varies: :mod:`soc2_collectors.samples`."""
    sort: str = "AWS API Call via CloudTrail"
    """``detail-type`` in EventBridge."""
    everywhere: bool = True
    """Whether it happens in every Region; else in the partition's first one only."""
    many: int = 1
    """How many of its sort may happen before somebody is notified."""

    @property
    def may_be_global(self) -> bool:
        """Whether it may be of a service without a Region."""
        return not self.everywhere or isinstance(self.record["eventSource"], Varies)

    @property
    def examples(self) -> list[Event]:
        """Events of this sort of which everything is known."""
        return [replace(self, record=record) for record in examples(self.record)]

    def sample(self, account: str, region: str | None) -> Sample:
        """As it happens in a Region, or in any."""
        where: object = region or _REGION
        return Sample(
            {
                "eventCategory": "Management",
                "managementEvent": True,
                **self.record,
                "awsRegion": where,
                "recipientAccountId": account,
            }
        )

    def envelope(self, account: str, region: str) -> Sample:
        """As EventBridge has it."""
        source = self.record["eventSource"]
        known = isinstance(source, str)
        return Sample(
            {
                "version": "0",
                "account": account,
                "region": region,
                "source": f"aws.{source.partition('.')[0]}" if known else Varies(),
                "detail-type": self.sort,
                "resources": [],
                "detail": self.sample(account, region).known,
            }
        )


def notified(
    event: Event, evidence: Evidence, scope: Scope, reaches_people: Sequence[str] = ()
) -> Way:
    """Whether somebody is notified of an event in the account.

    Args:
        event: what happened.
        evidence: of a rule that needs :data:`NEEDS`.
        scope: of the judged account.
        reaches_people: patterns for ARNs of functions, queues and endpoints of which the company knows that
            people read what is sent there.
    """
    account = _Account(evidence, scope.account, tuple(reaches_people))
    return settled(account.notified, event, event.examples)


def reached_by(
    alarm: Alarm, arn: str, evidence: Evidence, scope: Scope, reaches_people: Sequence[str] = ()
) -> Way:
    """Whether what an alarm sends to an ARN reaches somebody."""
    account = _Account(evidence, scope.account, tuple(reaches_people))
    return account.end(arn, Sender(ALARMS, alarm.arn or ""), "the alarm")


def above(
    alarm: Alarm, evidence: Evidence, scope: Scope, reaches_people: Sequence[str] = ()
) -> Way:
    """Whether a composite alarm that goes off when an alarm does notifies somebody. The rule needs Alarm, too."""
    account = _Account(evidence, scope.account, tuple(reaches_people))
    place = alarm.place or (scope.account, scope.region or "")
    return attempt(
        lambda: by_any(
            account.above(alarm, place, (alarm.name,)), stops("no composite alarm follows it")
        )
    )


def heard(
    alarm: Alarm, evidence: Evidence, scope: Scope, reaches_people: Sequence[str] = ()
) -> Way:
    """Whether a rule of EventBridge that is about alarms notifies somebody when one goes off.

    The rule needs EventRule, too. Alarms tell EventBridge whatever their actions are, and whether these are on or off
    (CloudWatch user guide, "Alarm events and EventBridge").
    """
    account = _Account(evidence, scope.account, tuple(reaches_people))
    place = alarm.place or (scope.account, scope.region or "")
    return attempt(
        lambda: by_any(
            account.by_state_change(alarm, place), stops("no rule of EventBridge hears of it")
        )
    )


def unmuted(alarm: Alarm, evidence: Evidence, scope: Scope) -> Way:
    """Whether no rule mutes an alarm at times, and no other alarm suppresses its actions."""
    return attempt(lambda: _Account(evidence, scope.account, ()).unmuted(alarm))


@dataclass
class _Account:
    """One account's ways. What is asked of another account is read there, where it is a source."""

    evidence: Evidence
    number: str
    reaches_people: tuple[str, ...]
    _trails: list[Trail] | None = field(default=None, repr=False)

    def notified(self, event: Event) -> Way:
        whole = by_any(
            (
                self._by_trail(trail, event, None)
                for trail in self.trails
                if trail.is_multi_region_trail
            ),
            unseen("no trail of all Regions"),
        )
        if whole.answer:
            return whole
        found = self._by_regions(event)
        return by_any((whole, found), found) if found.answer is None else found

    def _by_regions(self, event: Event) -> Way:
        """Whether it is notified in each Region where it happens, by what stands there."""
        buses = self.evidence.account(EventBus)
        known = sorted({bus.region for bus in buses})
        partition = next((parsed(bus.arn).partition for bus in buses), "aws")
        home = _HOME.get(partition, "")
        wanted = known if event.everywhere else [home]
        if not known or not set(wanted) <= set(known):
            return unclear(f"EventBridge in {home or 'the first Region'} was not read")
        found = by_all(self._in(region, event) for region in wanted)
        if not found.answer:
            return found
        where = wanted[0] if len(wanted) == 1 else f"{len(wanted)} Regions"
        return holds(f"{'; '.join(found.why)} in {where}", *found.on)

    def _in(self, region: str, event: Event) -> Way:
        ways = [
            *(
                self._by_trail(trail, event, region)
                for trail in self.trails
                if trail.is_multi_region_trail or trail.home_region == region
            ),
            *self._by_rules(event, (self.number, region), "default", region, _HOPS),
        ]
        return by_any(
            ways, unseen(f"no metric filter and no rule of EventBridge in {region} sees it")
        )

    # -- trail > log group > metric filter > alarm --------------------------------------------------------

    @property
    def trails(self) -> list[Trail]:
        if self._trails is None:
            self._trails = trails.of_account(self.evidence)
        return self._trails

    def _by_trail(self, trail: Trail, event: Event, region: str | None) -> Way:
        return along(
            lambda: apart(self._recorded(trail, event, region)),
            lambda: self._in_group(trail, event, region),
        )

    def _recorded(self, trail: Trail, event: Event, region: str | None) -> Way:
        """Whether a trail is on and records the event."""

        def selected() -> Way:
            sample = event.sample(self.number, region)
            answer = trails.selectors(trail, self.evidence).records(sample)
            why = "does not record it" if answer is False else "may leave it out"
            return link(answer, f"the trail {trail.name} {why}{_asks(sample)}")

        return along(
            lambda: link(trail.status.is_logging, f"the trail {trail.name} is not logging"),
            lambda: link(
                not (trail.leaves_out_global and event.may_be_global),
                f"the trail {trail.name} leaves out events of services without a Region",
            ),
            selected,
        )

    def _in_group(self, trail: Trail, event: Event, region: str | None) -> Way:
        """Whether the trail's log group has a filter that counts the event, and an alarm on it."""
        seen = trail
        if not seen.cloud_watch_logs_log_group_arn and trail.account != self.number:
            seen = trails.as_owned(trail, self.evidence)
        group = seen.cloud_watch_logs_log_group_arn
        if not group:
            if trail.account != self.number and seen is trail:
                return unclear(
                    f"whether the trail {trail.name} of account {trail.account} goes to CloudWatch Logs is "
                    "not known"
                )
            return stops(f"the trail {trail.name} sends nothing to CloudWatch Logs")
        error = seen.status.latest_cloud_watch_logs_delivery_error
        name, place = group_name(group), parsed(group).place
        sample = event.sample(self.number, region)
        return along(
            lambda: link(
                not error, f"the trail {trail.name} cannot deliver to CloudWatch Logs: {error}"
            ),
            lambda: holds(f"trail {trail.name}", trail),
            lambda: self._there(
                place,
                f"the log group {name}",
                lambda: by_any(
                    [
                        *(
                            self._by_filter(item, event, sample, place)
                            for item in self._filters(place)
                            if item.log_group_name == name
                        ),
                        *self._by_queries(name or "", group, place),
                    ],
                    unseen(f"no metric filter on the log group {name}"),
                ),
            ),
        )

    def _filters(self, place: Place) -> list[MetricFilter]:
        """Metric filters of an account and Region."""
        found = self.at(MetricFilter, place[0])
        if all(item.place for item in found):
            return [item for item in found if item.place == place]
        # Kept without the ARN of the group: the scope says where.
        return self.evidence.derived(_filters_by_place).get(place, [])

    def _by_filter(self, item: MetricFilter, event: Event, sample: Sample, place: Place) -> Way:
        test = compiled(item.filter_pattern)
        if test is None:
            return unclear(f"the metric filter {item.name} is not understood")
        sample.asked.clear()
        answer = test(sample)
        why = f"the metric filter {item.name} does not see it" if answer is False else (
            f"the metric filter {item.name} leaves some of it out{_asks(sample)}"
        )  # fmt: skip
        if answer is False:
            return unseen(why)
        return along(
            lambda: link(answer, why),
            lambda: link(
                None if item.field_selection_criteria or item.apply_on_transformed_logs else True,
                f"the metric filter {item.name} does not read every event as it was written",
            ),
            lambda: holds(f"metric filter {item.name}", item),
            lambda: by_any(
                [
                    self._by_alarm(alarm, reaction.answer, reaction.why, place)
                    for counts in item.metric_transformations
                    for alarm in self._alarms(place)
                    if (reaction := alarm.reacts(_counted(item, counts), event.many)) is not None
                ],
                stops(f"no alarm watches what the metric filter {item.name} counts"),
            ),
        )

    def _alarms(self, place: Place) -> list[Alarm]:
        """Alarms of an account and Region, and those whose place is not known."""
        return [one for one in self.at(Alarm, place[0]) if one.place in (place, None)]

    def _by_alarm(self, alarm: Alarm, answer: bool | None, why: str, place: Place) -> Way:  # noqa: FBT001
        """Whether an alarm goes off, and it or a composite alarm above it notifies somebody."""
        return along(
            lambda: link(answer, f"the alarm {alarm.name} {why}"),
            lambda: link(
                True if alarm.arn else None, f"where the alarm {alarm.name} stands is not known"
            ),
            lambda: by_any(
                [self._acts(alarm), *self.above(alarm, place, (alarm.name,))], stops("")
            ),
        )

    def above(self, alarm: Alarm, place: Place, seen: tuple[str, ...]) -> Iterator[Way]:
        """Whether each composite alarm that goes off with an alarm, or perhaps does, notifies somebody."""
        for other in self._alarms(place):
            if other.name in seen or (answer := other.follows(alarm)) is False:
                continue
            yield along(
                lambda one=other, answer=answer: link(  # type: ignore[misc]
                    answer, f"the composite alarm {one.name} depends on other alarms"
                ),
                lambda one=other: by_any(  # type: ignore[misc]
                    [self._acts(one), *self.above(one, place, (*seen, one.name))], stops("")
                ),
            )

    def _by_queries(self, name: str, group: str, place: Place) -> Iterator[Way]:
        """Log alarms on the group: what they look for stands in a query that is not read."""
        for alarm in self._alarms(place):
            if any(
                one.removesuffix(":*") in (name, group.removesuffix(":*"))
                for one in alarm.queried_groups
            ):
                yield along(
                    lambda one=alarm: self._acts(one),  # type: ignore[misc]
                    lambda one=alarm: unclear(f"the query of the log alarm {one.name} is not read"),  # type: ignore[misc]
                )

    def _acts(self, alarm: Alarm) -> Way:
        """Whether the actions of an alarm notify somebody."""
        return along(
            lambda: link(
                alarm.actions_enabled, f"the actions of the alarm {alarm.name} are switched off"
            ),
            lambda: holds(f"alarm {alarm.name}", alarm),
            lambda: by_any(
                [
                    self.end(arn, Sender(ALARMS, alarm.arn or ""), f"the alarm {alarm.name}")
                    for arn in alarm.alarm_actions
                ],
                stops(f"the alarm {alarm.name} does nothing when it goes off"),
            ),
            lambda: self.unmuted(alarm),
        )

    def unmuted(self, alarm: Alarm) -> Way:
        """Whether no rule mutes an alarm at times, and no other alarm suppresses its actions."""
        if alarm.actions_suppressor:
            return unclear(
                f"{alarm.actions_suppressor} suppresses the composite alarm {alarm.name} at times"
            )
        account = (alarm.place or ("", ""))[0]
        muting = sorted(rule.name for rule in self.at(MuteRule, account) if rule.mutes(alarm))
        return link(
            None if muting else True,
            f"the alarm {alarm.name} is muted at times by {', '.join(muting)}",
        )

    # -- EventBridge --------------------------------------------------------------------------------------

    def _by_rules(
        self, event: Event, place: Place, bus: str, region: str, hops: int
    ) -> Iterator[Way]:
        """Rules of a bus that see an event of a Region."""
        for rule in self.at(EventRule, place[0]):
            if rule.place == place and rule.bus == bus:
                yield self._by_rule(rule, event, region, hops)

    def by_state_change(self, alarm: Alarm, place: Place) -> Iterator[Way]:
        """Rules of the default bus that are about alarms and see that one goes off."""
        for rule in self.at(EventRule, place[0]):
            if rule.place != place or rule.bus != "default" or not rule.about_alarms:
                continue
            sample = _gone_off(alarm, place)
            answer = sees(rule.event_pattern, sample)
            if answer is not False:
                yield self._by_told(rule, answer, f"the rule {rule.name} may not see it")

    def _by_told(self, rule: EventRule, answer: bool | None, why: str) -> Way:  # noqa: FBT001
        return along(
            lambda: link(answer, why),
            lambda: link(rule.state != OFF, f"the rule {rule.name} is disabled"),
            lambda: holds(f"rule {rule.name}", rule),
            lambda: by_any(
                [
                    self.end(one.arn, Sender(EVENTS, rule.arn), f"the rule {rule.name}")
                    for one in rule.targets
                ],
                stops(f"the rule {rule.name} has no target"),
            ),
        )

    def _by_rule(self, rule: EventRule, event: Event, region: str, hops: int) -> Way:
        sample = event.envelope(self.number, region)
        answer = sees(rule.event_pattern, sample)
        why = f"the rule {rule.name} does not see it" if answer is False else (
            f"the rule {rule.name} leaves some of it out{_asks(sample)}"
        )  # fmt: skip
        if answer is False:
            return unseen(why)
        return along(
            lambda: link(answer, why),
            lambda: link(*_told(rule, event)),
            lambda: self._to_bus(event, region),
            lambda: holds(f"rule {rule.name}", rule),
            lambda: by_any(
                [
                    self._by_target(target.arn, target.role_arn, rule, event, region, hops)
                    for target in rule.targets
                ],
                stops(f"the rule {rule.name} has no target"),
            ),
        )

    def _to_bus(self, event: Event, region: str) -> Way:
        """Whether CloudTrail sends the event to EventBridge: what a trail records, it does."""
        return by_any(
            (
                self._recorded(trail, event, region)
                for trail in self.trails
                if trail.is_multi_region_trail or trail.home_region == region
            ),
            unseen(f"no trail records {region}, so EventBridge is told of no call"),
        )

    def _by_target(
        self, arn: str, role: str | None, rule: EventRule, event: Event, region: str, hops: int
    ) -> Way:
        to = parsed(arn)
        if to.service != "events" or not to.resource.startswith("event-bus/"):
            return self.end(arn, Sender(EVENTS, rule.arn), f"the rule {rule.name}")
        name = to.resource.removeprefix("event-bus/")
        if hops == 0:
            return unclear(f"the rule {rule.name} leads from bus to bus")
        return along(
            lambda: link(
                True if role and to.account == rule.place[0] else None,
                f"whether the bus {name} of account {to.account} takes events of the rule {rule.name} is not "
                "read",
            ),
            lambda: self._there(
                to.place,
                f"the bus {name}",
                lambda: _unless_custom(
                    name,
                    by_any(
                        self._by_rules(event, to.place, name, region, hops - 1),
                        unseen(f"no rule of the bus {name} in {to.region} sees it"),
                    ),
                ),
            ),
        )

    # -- the end: a topic, or what the company says -------------------------------------------------------

    def end(self, arn: str, sender: Sender, what: str) -> Way:
        """Whether what is sent to an ARN (of a topic, a function, a queue) reaches somebody.

        ``what`` sends it, for the reasons.
        """
        return attempt(lambda: self._end(arn, sender, what))

    def _end(self, arn: str, sender: Sender, what: str) -> Way:
        if any(fnmatchcase(arn, pattern) for pattern in self.reaches_people):
            return holds(f"{arn} (reaches people, by configuration)")
        to = parsed(arn)
        name = to.resource or arn
        if to.service in ACTS:
            return stops(f"{what} does {to.service} actions, which notify nobody")
        if to.service != "sns":
            return unclear(
                f"{what} leads to {name} of {to.service or 'an unknown service'}, a program: name it in "
                "reaches_people if it notifies people"
            )
        return self._there(
            to.place,
            f"the topic {name}",
            lambda: along(
                lambda: by_any(
                    [
                        self._by_subscription(one, name)
                        for one in self.at(Subscription, to.account)
                        if one.topic_arn == arn
                    ],
                    stops(f"nobody subscribes to the topic {name}"),
                ),
                lambda: self._publishes(arn, sender),
            ),
        )

    def _by_subscription(self, one: Subscription, topic: str) -> Way:
        declared = any(
            fnmatchcase(one.subscription_arn, pattern) for pattern in self.reaches_people
        )
        how = f"the subscription by {one.protocol} to the topic {topic}"
        if not one.confirmed:
            return stops(f"{how} is not confirmed")
        if declared:
            return holds(f"topic {topic} (reaches people, by configuration)", one)
        if not one.personal:
            return unclear(
                f"{how} is read by a program: name it in reaches_people if it notifies people"
            )
        return along(
            lambda: link(
                {"true": False, "false": True}.get(one.attributes.pending_confirmation),
                f"{how} is not confirmed",
            ),
            lambda: link(
                None if (one.attributes.filter_policy or "{}") != "{}" else True,
                f"{how} has a filter policy, which may drop the message",
            ),
            lambda: holds(f"topic {topic} ({one.protocol})", one),
        )

    def _publishes(self, arn: str, sender: Sender) -> Way:
        """Whether the topic's policy, and its key, let a service publish to it."""
        to = parsed(arn)
        topic = next((one for one in self.at(Topic, to.account) if one.topic_arn == arn), None)
        if topic is None:
            return stops(f"there is no topic {to.resource} in {to.region}")
        key = topic.attributes.kms_master_key_id
        policy = topic.attributes.policy
        answer = may_publish(policy, arn, sender) if policy else None
        return along(
            lambda: link(answer, _let(answer, f"the policy of the topic {to.resource}", sender)),
            lambda: self._opens(key, sender, to.place, to.resource) if key else holds(),
            lambda: holds("", topic),
        )

    def _opens(self, key: str, sender: Sender, place: Place, topic: str) -> Way:
        """Whether a service may use the key of a topic."""
        closed = f"the topic {topic} is encrypted with the key of AWS, which {sender.service} may not use"
        if key.endswith("alias/aws/sns"):
            return stops(closed)
        number = key.rpartition("/")[2]
        known = () if "alias/" in key else self.at(Key, place[0])
        found = next((one for one in known if one.key_id == number), None)
        if found is None:
            return unclear(f"the key {key} of the topic {topic} was not read")
        answer = may_use_key(found.policy, sender)
        metadata = found.metadata
        return along(
            lambda: link(metadata.customer, closed),
            lambda: link(
                metadata.key_state == "Enabled",
                f"the key of the topic {topic} is {metadata.key_state}",
            ),
            lambda: link(answer, _let(answer, f"the key of the topic {topic}", sender)),
            lambda: holds("", found),
        )

    # -- where what is read -------------------------------------------------------------------------------

    def at(self, kind: type[R], account: str) -> Sequence[R]:
        """The documents of a kind in an account: this one's, or those of a source elsewhere."""
        if account == self.number:
            return self.evidence.account(kind)
        return [one for one in self.evidence.everywhere(kind) if _account_of(one) in (account, "")]

    def _there(self, place: Place, what: str, then: Callable[[], Way]) -> Way:
        """What is found in an account and Region, if these were read: their default bus is in evidence."""
        account, region = place
        if any(bus.place == place for bus in self.at(EventBus, account)):
            return then()
        return unclear(f"{what} stands in account {account}, {region}, which was not read")


def _gone_off(alarm: Alarm, place: Place) -> Sample:
    """What EventBridge is told when an alarm goes off."""
    return Sample(
        {
            "version": "0",
            "source": "aws.cloudwatch",
            "detail-type": STATE_CHANGE,
            "account": place[0],
            "region": place[1],
            # A list of one: a pattern matches it where it matches its only member.
            "resources": alarm.arn or Varies(),
            "detail": {
                "alarmName": alarm.name,
                "state": {"value": "ALARM"},
                "previousState": {"value": Varies(examples=("OK", "INSUFFICIENT_DATA"))},
            },
        }
    )


def _account_of(one: Resource) -> str:
    for name in ("arn", "topic_arn", "log_group_arn"):
        if text := getattr(one, name, None):
            return parsed(text).account
    return ""


def _filters_by_place(whole: Whole) -> dict[Place, list[MetricFilter]]:
    placed: Placed[MetricFilter] = whole.placed(MetricFilter)
    found: dict[Place, list[MetricFilter]] = {}
    for scope, item in placed.resources:
        found.setdefault((scope.account, scope.region or ""), []).append(item)
    return found


def _counted(item: MetricFilter, counts: Transformation) -> Counted:
    return Counted(
        counts.metric_namespace,
        counts.metric_name,
        counts.value,
        counts.default_value,
        counts.unit or "None",
        bool(counts.dimensions or item.emit_system_field_dimensions),
    )


def _told(rule: EventRule, event: Event) -> tuple[bool | None, str]:
    """Whether a rule in its state is told of such an event."""
    if rule.state == OFF:
        return False, f"the rule {rule.name} is disabled"
    if rule.state == ALL:
        return True, ""
    if rule.state != WRITES:
        return None, f"the rule {rule.name} is in the state {rule.state}"
    reads = event.record["readOnly"]
    return (
        not reads,
        f"the rule {rule.name} is not told of calls that only read: its state is {WRITES}",
    )


def _unless_custom(bus: str, way: Way) -> Way:
    """Rules of buses beside the default one are in evidence of today, not in that of earlier versions."""
    if way.answer is False and bus != "default":
        return unclear(*way.why)
    return way


def _let(answer: bool | None, what: str, sender: Sender) -> str:  # noqa: FBT001
    if answer is None:
        return (
            f"whether {what} lets {sender.service} publish depends on a condition that is not read"
        )
    return f"{what} does not let {sender.service} publish"


def _asks(sample: Sample) -> str:
    return f": it asks for {', '.join(sorted(sample.asked))}" if sample.asked else ""
