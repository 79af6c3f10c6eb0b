"""Notified, in Azure: from an event of the activity log to an action group that calls somebody.

An alert must be on, watch the whole subscription and take the event; one of its action groups must be on and
call a person, or a service that somebody chose for it; and no processing rule may keep the alert from
calling. Conditions are evaluated on samples of the event, not compared with a text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.models.arm import last_part, subscription_of
from soc2_collectors.azure.models.monitor import (
    ActionGroup,
    ActivityLogAlert,
    AlertProcessingRule,
    Fired,
)
from soc2_collectors.azure.models.subscription import Subscription
from soc2_collectors.samples import Sample, every, examples, some
from soc2_rules.mechanisms.notified import (
    Way,
    along,
    by_any,
    holds,
    link,
    settled,
    stops,
    unclear,
    unseen,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence, Whole

GROUP_NEEDS: list[type[Resource]] = [ActionGroup, AlertProcessingRule, Subscription]
NEEDS: list[type[Resource]] = [ActivityLogAlert, *GROUP_NEEDS]


@dataclass(frozen=True)
class Event:
    """A change of which somebody should be notified."""

    written: tuple[Mapping[str, Any], ...]
    """Events that the activity log has of it, by folded names of fields; one that is noticed is enough."""
    at_times: tuple[Mapping[str, Any], ...] = ()
    """Those that it may have besides."""
    rules: bool = True
    """Whether processing rules have a say: service health heeds none."""

    @property
    def type(self) -> str:
        """What sort of resource changes, folded."""
        return str(self.written[0].get("resourcetype", "")).casefold()

    @property
    def examples(self) -> list[Event]:
        """The same with examples of what varies."""
        cut = len(self.written)
        of_each = [(one, examples(one)) for one in (*self.written, *self.at_times)]
        found: list[Event] = []
        for number in range(max((len(chosen) for _, chosen in of_each), default=0)):
            one = [chosen[number % len(chosen)] if chosen else raw for raw, chosen in of_each]
            found.append(replace(self, written=tuple(one[:cut]), at_times=tuple(one[cut:])))
        return found


def notified(
    subscription: Subscription,
    event: Event,
    evidence: Evidence,
    now: datetime,
    reaches_people: Sequence[str] = (),
) -> Way:
    """Whether somebody is notified of an event in a subscription."""
    alerts = evidence.here(ActivityLogAlert)

    def way(asked: Event) -> Way:
        return by_any(
            [_by_alert(one, subscription, asked, evidence, now, reaches_people) for one in alerts],
            unseen("no alert on the activity log sees it"),
        )

    return settled(way, event, event.examples)


def _by_alert(
    alert: ActivityLogAlert,
    subscription: Subscription,
    event: Event,
    evidence: Evidence,
    now: datetime,
    reaches_people: Sequence[str],
) -> Way:
    asked: set[str] = set()

    def seen() -> Way:
        answer = _seen(alert, event, asked)
        if answer is False:
            return unseen(f"the alert {alert.name} does not see it")
        fields = f": it asks for {', '.join(sorted(asked))}" if asked else ""
        return link(answer, f"the alert {alert.name} may leave some of it out{fields}")

    def covered() -> Way:
        answer = alert.covers(subscription.path)
        why = "watches a part of the subscription only" if answer is False else "has another scope"
        return link(answer, f"the alert {alert.name} {why}")

    found = seen()
    if found.answer is False:
        return found
    return along(
        lambda: found,
        covered,
        lambda: link(alert.properties.enabled, f"the alert {alert.name} is off"),
        lambda: holds(f"alert {alert.name}", alert),
        lambda: reached_by(
            alert,
            evidence,
            now,
            reaches_people,
            fired=Fired(alert, (subscription.path,), event.type) if event.rules else None,
        ),
    )


def _seen(alert: ActivityLogAlert, event: Event, asked: set[str]) -> bool | None:
    answers: list[bool | None] = []
    for written, certain in ((event.written, True), (event.at_times, False)):
        for one in written:
            sample = Sample(one)
            answer = alert.sees(sample)
            answers.append(answer if certain or answer is False else None)
            if answer is None:
                asked |= sample.asked
    return some(answers)


def reached_by(
    alert: ActivityLogAlert,
    evidence: Evidence,
    now: datetime,
    reaches_people: Sequence[str] = (),
    *,
    fired: Fired | None,
) -> Way:
    """Whether what an alert calls reaches somebody.

    Args:
        alert: that is on.
        evidence: of the subscription.
        now: when it fires.
        reaches_people: names or ids of action groups that do, by configuration.
        fired: what processing rules look at; ``None``: they have no say.
    """
    rules = [_Rule(one, fired, now) for one in evidence.here(AlertProcessingRule)] if fired else []

    def groups() -> Way:
        own = [_by_group(number, alert, evidence, reaches_people) for number in alert.group_ids]
        added = [
            along(rule.adding, lambda n=number: _by_group(n, alert, evidence, reaches_people))  # type: ignore[misc]
            for rule in rules
            for number in rule.rule.adds
        ]
        return by_any([*own, *added], stops(f"the alert {alert.name} calls no action group"))

    return along(groups, *(rule.muting for rule in rules if rule.rule.mutes is not False))


@dataclass(frozen=True)
class _Rule:
    """A processing rule, and the alert that fires."""

    rule: AlertProcessingRule
    fired: Fired
    now: datetime

    def muting(self) -> Way:
        """Whether it leaves the alert alone."""
        applies = self.rule.applies(self.fired)
        if applies is False:
            return holds()
        active, until = self.rule.in_force(self.now)
        if active is False:
            return replace(holds(), until=until)
        sure = every((applies, active, self.rule.mutes))
        may = "keeps" if sure else "may keep"
        why = f"the processing rule {self.rule.name} {may} it from calling anybody"
        return replace(link(False if sure else None, why), until=until)

    def adding(self) -> Way:
        """Whether it has the alert call its groups, too."""
        active, until = self.rule.in_force(self.now)
        applies = self.rule.applies(self.fired)
        name = f"processing rule {self.rule.name}"
        if applies and active:
            return replace(holds(name, self.rule), until=until)
        if applies is False or active is False:
            return replace(unseen(f"the {name} is not for it"), until=until)
        return replace(unclear(f"whether the {name} is for it is not known"), until=until)


def _subscriptions(whole: Whole) -> frozenset[str]:
    return frozenset(one.subscription_id.casefold() for one in whole.everywhere(Subscription))


def _groups(whole: Whole) -> Mapping[str, ActionGroup]:
    return {one.id.casefold(): one for one in whole.everywhere(ActionGroup)}


def _by_group(
    number: str, alert: ActivityLogAlert, evidence: Evidence, reaches_people: Sequence[str]
) -> Way:
    where = subscription_of(number)
    if where in ("", subscription_of(alert.id)):
        here = (one for one in evidence.here(ActionGroup) if one.id.casefold() == number)
        group = next(here, None)
    elif where in evidence.derived(_subscriptions):
        group = evidence.derived(_groups).get(number)
    else:
        return unclear(f"the subscription of the action group {last_part(number)} is not read")
    if group is None:
        return stops(f"the action group {last_part(number)} does not exist")
    if group.reaches:
        return holds(group.name, group)
    declared = any(
        fnmatchcase(text.casefold(), pattern.casefold())
        for text in (group.id, group.name)
        for pattern in reaches_people
    )
    if declared and group.reaches is None:
        return holds(f"{group.name} (reaches people, by configuration)", group)
    return link(group.reaches, group.why)
