"""Controls in the store: what was in force when, and what evidence there is for each."""

from __future__ import annotations

import functools
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import translate
from typing import TYPE_CHECKING

from soc2_pac.acts import controls as said
from soc2_pac.acts.attestations import HandedIn, handed_in
from soc2_pac.acts.controls import Control, Retired, in_force
from soc2_pac.errors import UsageError
from soc2_pac.model import CollectionStatus, Status
from soc2_pac.store import acts, queries
from soc2_pac.text import listed, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from soc2_pac.acts import Act, Actor
    from soc2_pac.resources import Resource

READ = ("control.", "attestation.")
"""Beginnings of the kinds of acts that are read here."""
_KNOWING = (Status.PASS, Status.FAIL, Status.NOT_APPLICABLE)


def rules_of(patterns: Iterable[str], rules: Iterable[str]) -> list[str]:
    """The ids among ``rules`` that some pattern (id or glob) names, sorted."""
    names = _named(tuple(patterns))
    return [] if names is None else sorted(rule for rule in rules if names.match(rule))


@functools.lru_cache(maxsize=1000)
def _named(patterns: tuple[str, ...]) -> re.Pattern[str] | None:
    """Every glob in one expression: seventy controls are held against six hundred rules, again and again."""
    return re.compile("|".join(map(translate, patterns))) if patterns else None


# -- the record -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """What was recorded of one control."""

    control: str
    what: str
    """``added``, ``changed`` or ``retired``."""
    fields: tuple[str, ...] = ()
    """Of a changed one: what is different."""


def changes(connection: Connection, declared: Mapping[str, Control]) -> list[Change]:
    """What differs between the declared controls and those in force in the store, by id."""
    before = {
        name: control for name, (_, control) in in_force(acts.listed(connection, READ)).items()
    }
    found = []
    for name in sorted({*before, *declared}):
        if name not in declared:
            found.append(Change(name, "retired"))
        elif name not in before:
            found.append(Change(name, "added"))
        elif declared[name] != before[name]:
            differ = tuple(
                key
                for key in Control.__struct_fields__
                if getattr(declared[name], key) != getattr(before[name], key)
            )
            found.append(Change(name, "changed", differ))
    return found


def record(
    connection: Connection,
    declared: Mapping[str, Control],
    *,
    by: Actor,
    now: datetime | None = None,
) -> list[Change]:
    """Record what differs, as acts. Within ``Database.writing``. Returns what was recorded."""
    found = changes(connection, declared)
    for change in found:
        if change.what == "retired":
            body: Control | Retired = Retired(reason="not in the file of controls any more")
            acts.record(connection, said.RETIRED, change.control, body, by=by, now=now)
        else:
            body = declared[change.control]
            acts.record(connection, said.SET, change.control, body, by=by, now=now)
    return found


def one(connection: Connection, control_id: str) -> tuple[Act, Control]:
    """A control in force with the act that set it. Raises UsageError naming the nearest."""
    found = in_force(acts.listed(connection, READ))
    if control_id not in found:
        if not found:
            msg = "the store knows no controls yet. Next: soc2-pac controls record"
            raise UsageError(msg)
        hint = nearest(control_id, found)
        msg = f"there is no control '{control_id}'.{hint} Next: soc2-pac controls list"
        raise UsageError(msg)
    return found[control_id]


class ByRule:
    """Which controls in force name a rule.

    Args:
        connection: reading.
    """

    def __init__(self, connection: Connection) -> None:
        found = in_force(acts.listed(connection, READ))
        self._patterns = {name: control.rules for name, (_, control) in found.items()}
        self._known: dict[str, list[str]] = {}

    def __bool__(self) -> bool:
        """Whether there are controls at all."""
        return bool(self._patterns)

    def of(self, rule: str) -> list[str]:
        """Their ids, sorted."""
        if rule not in self._known:
            self._known[rule] = [
                name for name, patterns in self._patterns.items() if rules_of(patterns, [rule])
            ]
        return self._known[rule]


@dataclass(frozen=True, slots=True)
class Version:
    """A control as it was in force for a time."""

    since: str
    """UTC."""
    until: str | None
    """``None``: it is in force."""
    control: Control
    act: Act


def versions(found: Iterable[Act], control_id: str) -> list[Version]:
    """Every version of one control, oldest first."""
    held: list[Version] = []
    for act in found:
        if act.subject != control_id or act.kind not in (said.SET, said.RETIRED):
            continue
        if held and held[-1].until is None:
            last = held[-1]
            held[-1] = Version(last.since, act.recorded_at, last.control, last.act)
        if act.kind == said.SET:
            held.append(Version(act.recorded_at, None, act.said(Control), act))
    return held


# -- the evidence -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleEvidence:
    """What one rule of a control says."""

    rule: str
    counts: Mapping[Status, int]
    waived: int
    """Failures that somebody accepted; they are among the failures."""
    off: str | None
    """Why it is not judged; ``None``: it is in force."""


@dataclass(frozen=True, slots=True)
class TopicEvidence:
    """What people handed in for a control on one topic."""

    topic: str
    handed_in: tuple[HandedIn, ...]
    """In the order of receipt, revoked ones too."""
    until: datetime | None
    """Up to when the last that counts does; ``None``: there is none."""


@dataclass(frozen=True, slots=True)
class PopulationEvidence:
    """What is known of one population."""

    kind: str
    events: int | None
    """``None``: it is derived from the history for a period that somebody names."""
    problem: str | None
    """Why they are not known to be all."""


@dataclass(frozen=True, slots=True)
class State:
    """A control in force with the evidence that there is for it."""

    id: str
    control: Control
    act: Act
    """What set it."""
    rules: tuple[RuleEvidence, ...]
    topics: tuple[TopicEvidence, ...]
    populations: tuple[PopulationEvidence, ...]
    missing: tuple[str, ...] = field(default=())
    """Evidence that there is not, a sentence each."""

    @property
    def failures(self) -> int:
        """Failures of its rules that nobody accepted."""
        return sum(one.counts.get(Status.FAIL, 0) - one.waived for one in self.rules)

    @property
    def due(self) -> datetime | None:
        """When the first evidence of people that it has does not count any more."""
        return min((one.until for one in self.topics if one.until is not None), default=None)

    @property
    def state(self) -> str:
        """``failing`` (a rule fails), ``missing`` (evidence is missing) or ``current``."""
        return "failing" if self.failures else "missing" if self.missing else "current"


def states(
    connection: Connection,
    rules: Collection[str],
    off: Mapping[str, str],
    now: datetime,
    only: str | None = None,
    kinds: Callable[[], Sequence[type[Resource]]] = tuple,
) -> list[State]:
    """Each control in force with its evidence, by id.

    Args:
        connection: reading.
        rules: ids of every rule that there is.
        off: those that are not judged, with the reason.
        now: the instant.
        only: this control alone.
        kinds: gives all that can be collected, if asked: populations are derived from some of them.

    Raises:
        UsageError: there is no such control.
    """
    if only is not None:
        one(connection, only)
    found = acts.listed(connection, READ)
    held = in_force(found)
    evidence = handed_in(found).values()
    counted = queries.rule_counts(connection)
    every = sorted({*rules, *counted})
    looks = queries.collections(connection, latest=True) if _populations(held) else []
    result = []
    for name, (act, control) in held.items():
        if only not in (None, name):
            continue
        topics = tuple(
            _topic(topic, control, [e for e in evidence if e.said.control == name])
            for topic in control.attestations
        )
        judged = tuple(
            RuleEvidence(rule, *counted.get(rule, ({}, 0)), off.get(rule))
            for rule in rules_of(control.rules, every)
        )
        populations = tuple(_population(kind, looks, kinds) for kind in control.populations)
        missing = (
            *_missing_rules(control, judged),
            *(problem for topic in topics if (problem := _missing_topic(topic, now))),
            *(f"{p.kind}: {p.problem}" for p in populations if p.problem),
        )
        if not (control.rules or control.attestations or control.populations):
            missing = ("it names no rule, no evidence of people and no population",)
        result.append(State(name, control, act, judged, topics, populations, missing))
    return result


def _populations(held: Mapping[str, tuple[Act, Control]]) -> bool:
    return any(control.populations for _, control in held.values())


def _topic(topic: str, control: Control, found: Iterable[HandedIn]) -> TopicEvidence:
    here = tuple(one for one in found if one.said.topic == topic)
    held = [one.holds_until(control.every_days) for one in here if one.revoked is None]
    return TopicEvidence(topic, here, max(held, default=None))


def _missing_topic(found: TopicEvidence, now: datetime) -> str | None:
    if found.until is None:
        what = "what was handed in is revoked" if found.handed_in else "nothing was handed in"
        return f"{found.topic}: {what}"
    if found.until <= now:
        return f"{found.topic}: what was handed in held until {last_day(found.until)}"
    return None


def _missing_rules(control: Control, judged: Iterable[RuleEvidence]) -> list[str]:
    """What its rules leave open."""
    found = list(judged)
    if not control.rules:
        return []
    if all(one.off is not None for one in found):
        reasons = listed({one.off or "" for one in found})
        return [f"none of its {len(found)} rules is judged: {reasons}"]
    if not any(one.counts for one in found):
        return ["none of its rules was judged yet"]
    open_ones: Counter[Status] = Counter()
    for one in found:
        open_ones.update({s: n for s, n in one.counts.items() if s not in _KNOWING})
    return [f"{count} findings are {status}" for status, count in sorted(open_ones.items())]


def _population(
    kind: str,
    looks: Iterable[queries.CollectionItem],
    kinds: Callable[[], Sequence[type[Resource]]],
) -> PopulationEvidence:
    from soc2_pac.audit import history  # noqa: PLC0415 - much, for the few that look at populations

    if kind in history.KINDS:
        return _derived(kind, looks, kinds())
    here = [look for look in looks if look.kind == kind]
    if not here:
        return PopulationEvidence(kind, 0, "was not collected yet")
    broken = [look for look in here if look.status is not CollectionStatus.COMPLETE]
    problem = f"{broken[0].scope} is {broken[0].status}: {broken[0].reason}" if broken else None
    return PopulationEvidence(kind, sum(look.count for look in here), problem)


def _derived(
    kind: str, looks: Iterable[queries.CollectionItem], kinds: Sequence[type[Resource]]
) -> PopulationEvidence:
    """A population out of the history: whether all that it is derived from is collected now."""
    from soc2_pac.audit import history  # noqa: PLC0415

    sources = history.derived_from(kind, kinds)
    here = [look for look in looks if look.kind in sources]
    if not here:
        return PopulationEvidence(kind, None, "nothing was collected that it is derived from")
    named = {one.kind for one in kinds if one.names_people}
    if kind in history.OF_PEOPLE and not any(look.kind in named for look in here):
        return PopulationEvidence(kind, None, "nothing was collected that names people: a roster")
    broken = [look for look in here if look.status is not CollectionStatus.COMPLETE]
    if not broken:
        return PopulationEvidence(kind, None, None)
    first = broken[0]
    more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
    problem = f"{first.kind} in {first.scope} is {first.status}: {first.reason}{more}"
    return PopulationEvidence(kind, None, problem)


def last_day(ends: datetime) -> str:
    """The last day before an instant at which something ends, ``2026-01-31``."""
    return f"{(ends - timedelta(milliseconds=1)).astimezone(UTC):%Y-%m-%d}"
