"""What a store shows of a period, worked out once: reports and their tables are projections of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from soc2_pac.audit import deviations, force, parts, times
from soc2_pac.audit.knowledge import Cell, Gap, Knowledge
from soc2_pac.audit.spans import days, ms, text_of, union
from soc2_pac.audit.times import Times
from soc2_pac.config import duration_of
from soc2_pac.store import acts, periods

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from soc2_pac.acts import Act
    from soc2_pac.audit.deviations import Deviation
    from soc2_pac.audit.force import Force
    from soc2_pac.audit.parts import Subject
    from soc2_pac.audit.reviews import Known
    from soc2_pac.audit.spans import Stretch
    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.rules import Rule
    from soc2_pac.store.checkpoint import Checkpoint
    from soc2_pac.store.periods import Horizon, Verdicts, Version
    from soc2_pac.store.waivers import Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is asked for, beside the period."""

    criteria: tuple[str, ...] = ()
    """Only parts of these criteria or series; empty: all."""
    scopes: tuple[str, ...] = ()
    """Only these scopes, or prefixes that end in ``*``; empty: all."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """The rules that are installed: they say what kind they judge, and how a failure is fixed."""
    framework: str = "soc2"
    """By whose requirements findings are grouped: one of :data:`soc2_pac.frameworks.FRAMEWORKS`."""
    checkpoints: tuple[Checkpoint, ...] = ()
    """Those that were kept elsewhere and are named."""
    kept: tuple[Checkpoint, ...] = ()
    """Those that runs left in the configured folder."""
    known: Known | None = None
    """How accounts and people are read; ``None``: no population is derived."""


class Off(NamedTuple):
    """That a rule is switched off."""

    reason: str
    owner: str
    date: str


@dataclass(slots=True)
class OfRule:
    """One rule through the period."""

    rule: str
    version: Version
    """In force at the end, or the last that was."""
    kind: str | None
    state: str
    """``in force``, ``switched off`` or ``not in force``."""
    off: Off | None
    fresh: int
    """For how many milliseconds a collection counts."""
    judged: tuple[Stretch, ...]
    """When it was in force, within the period."""
    cells: tuple[Cell, ...]
    times: Times
    seen: int
    """Resources that got a verdict at some time."""
    known: int
    """The days of the period on which everything was known: bit 0 stands for the first."""
    unsettled: tuple[Stretch, ...]
    """When some verdict could not be given, or said nothing of what was there."""
    deviations: list[Deviation] = field(default_factory=list)

    @property
    def days(self) -> int:
        """How many days everything was known on."""
        return self.known.bit_count()

    @property
    def counting(self) -> list[Deviation]:
        """Deviations of what belongs to the system."""
        return [one for one in self.deviations if not one.outside]


class Tally(NamedTuple):
    """Deviations, counted."""

    all: int
    in_time: int
    """Ended by the due date, as collections show."""
    fixed: int
    """Of these, those that passed then; the others were deleted, or the rule does not apply any more."""
    unproved: int
    """Ended, and no collection proves that by what: the rule changed or was switched off, the scope was retired."""
    late: int
    open: int
    waived: int
    outside: int
    """Not among the others."""

    @classmethod
    def of(cls, found: Collection[Deviation]) -> Tally:
        """The counts of some deviations."""
        counting = [one for one in found if not one.outside]
        return cls(
            len(counting),
            sum(one.in_time for one in counting),
            sum(one.in_time and one.outcome == deviations.FIXED for one in counting),
            sum(
                one.ended is not None and one.outcome not in deviations.ENDED_BY_EVIDENCE
                for one in counting
            ),
            sum(one.late for one in counting),
            sum(one.ended is None for one in counting),
            sum(one.waived for one in counting),
            len(found) - len(counting),
        )


@dataclass(slots=True)
class LeftOut:
    """What a limited report does not show."""

    parts: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    deviations: Counter[str] = field(default_factory=Counter)
    """Rule -> deviations that are left out."""


@dataclass(slots=True)
class Measured:
    """A period, as the store knew it at its end."""

    to: Horizon
    start: int
    end: int
    """Where the time ends that is reported: the last collection."""
    asked_end: int
    days: int
    acts: list[Act]
    """Those that were recorded by then."""
    configuration: dict[str, Any]
    """That of the last run; empty where none is known."""
    force: Force
    knowledge: Knowledge
    _steps: Mapping[str, dict[int, Mapping[int, times.Step]]]
    unjudged: Mapping[tuple[str, int], tuple[Stretch, ...]]
    """(rule, id of a resource) -> time in which its verdict said nothing of what was there."""
    behind: frozenset[str]
    """Rules that did not judge all that was collected."""
    subjects: list[Subject]
    rules: dict[str, OfRule]
    deviations: list[Deviation]
    waivers: list[Waiver]
    left_out: LeftOut
    subjects_of: Mapping[tuple[str, int], int]
    """(rule, id of a scope) -> how many findings there were."""
    outside: frozenset[str]
    """Digests of adjustments by which a finding does not count."""
    scopes: frozenset[int]
    """Ids of the scopes that are reported."""
    options: Options

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Those that were named, and of those that runs left the ones that were taken by the end."""
        named = self.options.checkpoints
        kept = (one for one in self.options.kept if one.recorded_at <= self.to.at)
        return (*named, *(one for one in kept if one not in named))

    @property
    def at(self) -> str:
        """The instant as of which things are due, or count: the end of what is reported, UTC."""
        return min(self.to.at, text_of(self.end))

    @property
    def cadence(self) -> int | None:
        """Milliseconds between collections, as configured; ``None``: nobody said."""
        said = self.configuration.get("audit", {}).get("cadence")
        return duration_of(said) if said else None

    def steps_of(self, rule: str) -> Mapping[int, Mapping[int, times.Step]]:
        """What changes when of a rule, in each scope that is reported; that which stands for none included."""
        return self._steps.get(rule, {})

    def not_judged(self) -> dict[str, list[str]]:
        """Kind -> rules in force that had not judged its last collections by the end."""
        found: dict[str, list[str]] = {}
        for name, rule in self.rules.items():
            uptos = self.force.uptos.get(rule.version.rule_id)
            if not uptos or rule.state != "in force":
                continue
            lasts = [cover.last.id for c in rule.cells if (cover := self.knowledge.covers[c]).last]
            if max(lasts, default=0) > uptos[-1]:
                found.setdefault(str(rule.kind), []).append(name)
        return found

    def gaps(self) -> list[Gap]:
        """Every gap of what is reported, the longest first; kinds that only joins read included."""
        ages: dict[str, int] = {}
        for rule in self.rules.values():
            if rule.kind is not None:
                ages[rule.kind] = min(rule.fresh, ages.get(rule.kind, rule.fresh))
        usual = self.usual_age
        found = [
            gap
            for cell in self.knowledge.covers
            if cell.scope in self.scopes
            for gap in self.knowledge.gaps(cell, ages.get(cell.kind, usual))
        ]
        return sorted(
            found, key=lambda g: (-g.length, g.start, g.cell.kind, self.name(g.cell.scope))
        )

    @property
    def usual_age(self) -> int:
        """For how many milliseconds a collection counts for most rules."""
        counts = Counter(rule.fresh for rule in self.rules.values())
        return min(counts, key=lambda age: (-counts[age], age)) if counts else force.DEFAULT_AGE

    def name(self, scope: int) -> str:
        """A scope by its id."""
        return self.knowledge.name(scope)


def measure(
    connection: Connection, to: Horizon, start: str, end: str, asked_end: str, options: Options
) -> Measured:
    """Work out a period.

    Args:
        connection: to read from.
        to: what was recorded by the end.
        start: of the period, UTC text.
        end: the last collection, or the end that was asked for.
        asked_end: the end that was asked for.
        options: what is asked for.
    """
    recorded = [act for act in acts.listed(connection) if act.recorded_at <= to.at]
    configuration = periods.configuration(connection, to)
    judged = force.read(connection, to, asked_end)
    knowledge = Knowledge(connection, to, recorded, start, end)
    installed = {name: rule.kind for name, rule in options.rules.items()}
    counted = periods.verdicts(connection, to, start, end)
    kinds = times.kinds_of(connection, judged, counted, installed)
    sums = times.read(connection, to, counted, judged, knowledge, kinds, start, end)
    found = deviations.read(connection, to, judged, knowledge, kinds, start, end, asked_end)
    within = ms(start), ms(end)
    reported = _reported(judged, found, within)
    subjects = parts.subjects(
        recorded, to.at, {rule: judged.last[rule].criteria for rule in reported}, options.framework
    )
    left = LeftOut()
    chosen = [one for one in subjects if parts.takes(one, options.criteria)]
    left.parts = [one.id for one in subjects if one not in chosen]
    rules = {rule for one in chosen for rule in one.rules} if options.criteria else set(reported)
    left.rules = sorted(set(reported) - rules)
    scopes = _scopes(knowledge, options.scopes, left)
    kept = [one for one in found if one.rule in rules and one.scope in scopes]
    left.deviations = Counter(
        one.rule for one in found if one.rule not in rules or one.scope not in scopes
    )
    names = {version.rule_id: rule for rule, version in judged.last.items()}
    adjusted = periods.adjustments(connection)
    measured = Measured(
        to=to,
        start=within[0],
        end=within[1],
        asked_end=ms(asked_end),
        days=sum(1 for _ in days(*within)),
        acts=recorded,
        configuration=configuration,
        force=judged,
        knowledge=knowledge,
        _steps=_by_rule(sums.steps, scopes),
        unjudged={key: union(some) for key, some in sums.unjudged.items()},
        behind=frozenset(sums.behind),
        subjects=chosen,
        rules={},
        deviations=kept,
        waivers=deviations.known_waivers(connection, to.at),
        left_out=left,
        subjects_of={(names[one.rule], one.scope): one.all for one in counted.subjects},
        outside=frozenset(digest for digest, said in adjusted.items() if said[0]),
        scopes=scopes,
        options=options,
    )
    seen = _seen(counted, judged, scopes)
    totals: dict[str, Times] = {}
    for (rule, scope), spent in sums.times.items():
        if scope in scopes:
            totals[rule] = totals.get(rule, Times()) + spent
    cells = _cells(knowledge, scopes)
    for rule in sorted(rules):
        kind = kinds.get(rule)
        total = totals.get(rule, Times())
        here = tuple(cells.get(kind, ())) if kind is not None else ()
        measured.rules[rule] = _of_rule(measured, rule, kind, here, total, seen[rule])
    for one in kept:
        measured.rules[one.rule].deviations.append(one)
    return measured


def at_instant(
    connection: Connection, to: Horizon, options: Options, now: Sequence[ActiveRule] | None = None
) -> Measured:
    """What was known and in force at an instant; without times and deviations.

    The time that is reported is all from the first collection of the store up to the instant. ``now``: these rules
    are in force, and no others.
    """
    recorded = [act for act in acts.listed(connection) if act.recorded_at <= to.at]
    configuration = periods.configuration(connection, to)
    judged = force.read(connection, to, to.at)
    first = periods.collected(connection)
    begun = first[0] if first is not None else to.at
    knowledge = Knowledge(connection, to, recorded, begun, text_of(ms(to.at) + 1))
    samples = periods.samples(connection, to, {v.rule_id for v in judged.last.values()})
    installed = {name: rule.kind for name, rule in options.rules.items()}
    if now is not None:
        judged.replace(now)
        installed |= {item.rule.id: item.rule.kind for item in now}
    reported = sorted(judged.now)
    # What judged before and does not any more is a part of the report, whether or not somebody said why.
    reported += sorted(set(judged.last) - set(judged.now))
    subjects = parts.subjects(
        recorded, to.at, {rule: judged.last[rule].criteria for rule in reported}, options.framework
    )
    left = LeftOut()
    chosen = [one for one in subjects if parts.takes(one, options.criteria)]
    left.parts = [one.id for one in subjects if one not in chosen]
    rules = {rule for one in chosen for rule in one.rules} if options.criteria else set(reported)
    left.rules = sorted(set(reported) - rules)
    scopes = _scopes(knowledge, options.scopes, left)
    adjusted = periods.adjustments(connection)
    measured = Measured(
        to=to,
        start=ms(begun),
        end=ms(to.at) + 1,
        asked_end=ms(to.at) + 1,
        days=0,
        acts=recorded,
        configuration=configuration,
        force=judged,
        knowledge=knowledge,
        _steps={},
        unjudged={},
        behind=frozenset(),
        subjects=chosen,
        rules={},
        deviations=[],
        waivers=deviations.known_waivers(connection, to.at),
        left_out=left,
        subjects_of={},
        outside=frozenset(digest for digest, said in adjusted.items() if said[0]),
        scopes=scopes,
        options=options,
    )
    cells = _cells(knowledge, scopes)
    for rule in sorted(rules):
        version = judged.now.get(rule) or judged.last[rule]
        kind = samples.get(version.rule_id) or installed.get(rule)
        here = tuple(cells.get(kind, ())) if kind is not None else ()
        measured.rules[rule] = _of_rule(measured, rule, kind, here, Times(), 0)
    return measured


def _cells(knowledge: Knowledge, scopes: Collection[int]) -> dict[str, list[Cell]]:
    """Kind -> where it was collected."""
    found: dict[str, list[Cell]] = {}
    for cell in sorted(knowledge.covers):
        if cell.scope in scopes:
            found.setdefault(cell.kind, []).append(cell)
    return found


def _reported(judged: Force, found: Collection[Deviation], within: tuple[int, int]) -> list[str]:
    """Rules in force at some time of the period, and those with a deviation in it."""
    also = {one.rule for one in found}
    return sorted(
        rule
        for rule in judged.last
        if rule in also or rule in judged.now or judged.judged(rule, *within)
    )


def _scopes(knowledge: Knowledge, wanted: Collection[str], left: LeftOut) -> frozenset[int]:
    known = {number: str(scope) for number, scope in knowledge.scopes.items()}
    if not wanted:
        return frozenset(known)
    chosen = {
        number
        for number, name in known.items()
        if any(name.startswith(one[:-1]) if one.endswith("*") else name == one for one in wanted)
    }
    collected = {cell.scope for cell in knowledge.covers}
    left.scopes = sorted(known[number] for number in collected - chosen)
    return frozenset(chosen)


def _seen(counted: Verdicts, judged: Force, scopes: Collection[int]) -> Counter[str]:
    """Rule -> how many resources got a verdict."""
    names = {version.rule_id: rule for rule, version in judged.last.items()}
    found: Counter[str] = Counter()
    for one in counted.subjects:
        if one.scope in scopes:
            found[names[one.rule]] += one.judged
    return found


def _of_rule(
    measured: Measured,
    rule: str,
    kind: str | None,
    cells: tuple[Cell, ...],
    total: Times,
    seen: int,
) -> OfRule:
    judged = measured.force
    version = judged.now.get(rule) or judged.last[rule]
    age = force.fresh(version)
    held = judged.judged(rule, measured.start, measured.end)
    off = (
        None if rule in judged.now else switched_off(measured.configuration, rule, version.criteria)
    )
    state = "in force" if rule in judged.now else "switched off" if off else "not in force"
    unsettled = _unsettled(measured.steps_of(rule).values(), measured)
    dark = union((*unsettled, *judged.pauses(rule)))
    known = measured.knowledge.full_days(cells, age, held, dark) if measured.days else 0
    return OfRule(rule, version, kind, state, off, age, held, cells, total, seen, known, unsettled)


def _by_rule(
    steps: Mapping[tuple[str, int], Mapping[int, times.Step]], scopes: Collection[int]
) -> dict[str, dict[int, Mapping[int, times.Step]]]:
    found: dict[str, dict[int, Mapping[int, times.Step]]] = {}
    for (rule, scope), own in steps.items():
        if scope in scopes:
            found.setdefault(rule, {})[scope] = own
    return found


def _unsettled(
    steps: Iterable[Mapping[int, times.Step]], measured: Measured
) -> tuple[Stretch, ...]:
    """When some verdict could not be given, or said nothing of what was there."""
    changes: Counter[int] = Counter()
    for one in steps:
        for at, step in one.items():
            if step.unsettled:
                changes[at] += step.unsettled
    found = []
    count, since = 0, measured.start
    for at in sorted(changes):
        if count > 0:
            found.append((since, at))
        count, since = count + changes[at], at
    return union(found)


def switched_off(
    configuration: Mapping[str, Any], rule: str, criteria: Collection[str]
) -> Off | None:
    """The decision of a recorded configuration that switches a rule off, or ``None``."""
    own = configuration.get("rules", {}).get(rule, {})
    if own.get("enabled") is False:
        return _off(own.get("decision") or {})
    for one in configuration.get("exclude", ()):
        pattern = one.get("rule", "")
        series = {criterion.partition(".")[0] for criterion in criteria}
        if fnmatchcase(rule, pattern) or pattern in criteria or pattern in series:
            return _off(one)
    include = configuration.get("include") or ()
    if include and not any(
        fnmatchcase(rule, p) or p in criteria or p in {c.partition(".")[0] for c in criteria}
        for p in include
    ):
        return Off("not among rules.include", "", "")
    return None


def _off(said: Mapping[str, Any]) -> Off:
    return Off(str(said.get("reason", "")), str(said.get("owner", "")), str(said.get("date", "")))
