"""How long verdicts of each sort held, rule by rule and scope by scope. The database counts; sums are exact.

Time in scope = pass + fail + not applicable + not known, to the millisecond. A verdict counts for as long as the
collections behind it make its kind known; whatever is left of the time in which a resource was there is not known.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.audit.force import fresh
from soc2_pac.audit.knowledge import Cell
from soc2_pac.audit.spans import ms
from soc2_pac.model import Status
from soc2_pac.store import periods

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection

    from soc2_pac.audit.force import Force
    from soc2_pac.audit.knowledge import Knowledge
    from soc2_pac.audit.spans import Gauge, Stretch
    from soc2_pac.store.periods import Edge, Horizon, Presence, Unjudged, Verdicts, Version

_SETTLED = (Status.PASS, Status.FAIL, Status.NOT_APPLICABLE)


@dataclass(slots=True)
class Times:
    """Milliseconds, summed over resources."""

    passed: int = 0
    failed: int = 0
    not_applicable: int = 0
    not_known: int = 0
    outside: int = 0
    """Of what does not count, by a decision; not part of the time in scope."""
    resources: int = 0
    """How many were there at some time."""
    scopes: int = 0
    """How many scopes something was said about as a whole, since they are empty or were not read."""

    @property
    def in_scope(self) -> int:
        """All time in which something was there that counts."""
        return self.passed + self.failed + self.not_applicable + self.not_known

    def __add__(self, other: Times) -> Times:
        return Times(
            self.passed + other.passed,
            self.failed + other.failed,
            self.not_applicable + other.not_applicable,
            self.not_known + other.not_known,
            self.outside + other.outside,
            self.resources + other.resources,
            self.scopes + other.scopes,
        )


class Step(NamedTuple):
    """What changes at one instant."""

    failing: int
    unsettled: int
    """Verdicts that nobody could give: inconclusive, stale, in error."""


_NONE = Step(0, 0)


@dataclass(slots=True)
class Sums:
    """What the verdicts of a period add up to."""

    times: dict[tuple[str, int], Times] = field(default_factory=dict)
    """(rule, id of a scope) -> times."""
    steps: dict[tuple[str, int], dict[int, Step]] = field(default_factory=dict)
    """(rule, id of a scope) -> instant -> how many more or fewer there are from then on. What does not count is
    left out."""
    unjudged: dict[tuple[str, int], list[Stretch]] = field(default_factory=dict)
    """(rule, id of a resource) -> time in which its verdict said nothing of what was there."""
    void: list[Unjudged] = field(default_factory=list)
    """Those parts of verdicts."""
    behind: set[str] = field(default_factory=set)
    """Rules that did not judge all that was collected."""


@dataclass(slots=True)
class _Sum:
    """What verdicts of one rule in one scope add up to."""

    settled: dict[str, int]
    outside: int = 0
    all: int = 0

    def add(
        self, status: str, at: int, count: int, known: Gauge, there: Gauge, *, outside: bool
    ) -> None:
        self.all += count * there.upto(at)
        if outside:
            self.outside += count * there.upto(at)
        elif status in _SETTLED:
            self.settled[status] += count * known.upto(at)

    def void(self, status: str, start: int, end: int, known: Gauge) -> None:
        """Take the time off in which a verdict said nothing of what was there."""
        if status in _SETTLED:
            self.settled[status] -= known.between(start, end)


def kinds_of(
    connection: Connection, force: Force, counted: Verdicts, installed: Mapping[str, str]
) -> dict[str, str]:
    """Rule -> the kind that it judges: by what it judged, or else as it is installed."""
    samples = {one.rule: one.sample for one in counted.subjects if one.sample is not None}
    kinds = periods.resources(connection, samples.values())
    judged = {rule: kinds[sample][0] for rule, sample in samples.items()}
    found = {}
    for rule, version in force.last.items():
        kind = judged.get(version.rule_id) or installed.get(rule)
        if kind is not None:
            found[rule] = kind
    return found


def read(
    connection: Connection, to: Horizon, counted: Verdicts, force: Force, knowledge: Knowledge,
    kinds: Mapping[str, str], start: str, end: str,
) -> Sums:  # fmt: skip
    """What verdicts of every rule that ever judged add up to, in each scope and within a period.

    Args:
        connection: to read from.
        to: what was recorded by the end.
        counted: the verdicts of the period.
        force: which rules judged.
        knowledge: what was known.
        kinds: rule -> the kind that it judges.
        start: of the period, UTC text.
        end: of the period.
    """
    names = {version.rule_id: rule for rule, version in force.last.items()}
    ages = {rule: fresh(version) for rule, version in force.last.items()}
    sums: dict[tuple[str, int, bool], _Sum] = defaultdict(lambda: _Sum(defaultdict(int)))

    def gauges(rule: str, scope: int, *, whole: bool) -> tuple[Gauge, Gauge]:
        cell = Cell(kinds.get(rule, ""), scope)
        there = knowledge.gauge(cell, None)
        # What an event shows was read whole: no later collection makes it less known.
        known = (
            there if cell in knowledge.events and not whole else knowledge.gauge(cell, ages[rule])
        )
        return known, there

    found = Sums()
    for edge in counted.edges:
        rule, at = names[edge.rule], ms(edge.at)
        own = sums[rule, edge.scope, edge.whole]
        own.add(
            edge.status,
            at,
            -edge.number,
            *gauges(rule, edge.scope, whole=edge.whole),
            outside=edge.outside,
        )
        if not edge.outside:
            _note(found.steps.setdefault((rule, edge.scope), {}), at, edge)
    present, deleted, shown = periods.presence(connection, to, start, end)
    for over in periods.overhangs(connection, to, start, end) if deleted else ():
        rule = names[over.rule]
        own = sums[rule, over.scope, False]
        for number, instant in ((1, over.start), (-1, over.end)):
            own.add(
                over.status,
                ms(instant),
                number,
                *gauges(rule, over.scope, whole=False),
                outside=over.outside,
            )
    _note_missed(connection, to, found, force, kinds, start, end, force.missed(shown))
    for void in found.void:
        rule, stretch = names[void.rule], (ms(void.start), ms(void.end))
        found.unjudged.setdefault((rule, void.resource), []).append(stretch)
        if not void.outside:
            known, _ = gauges(rule, void.scope, whole=False)
            sums[rule, void.scope, False].void(void.status, *stretch, known)
            _void(found.steps.setdefault((rule, void.scope), {}), void.status, *stretch)
    found.times |= _totals(sums, force, kinds, knowledge, present)
    return found


def _totals(
    sums: Mapping[tuple[str, int, bool], _Sum], force: Force, kinds: Mapping[str, str], knowledge: Knowledge,
    present: Mapping[tuple[str, int], Presence],
) -> dict[tuple[str, int], Times]:  # fmt: skip
    """(rule, id of a scope) -> times: what is left of the time in which something was there is not known."""
    there = {Cell(*cell): _there(Cell(*cell), one, knowledge) for cell, one in present.items()}
    times: dict[tuple[str, int], Times] = {}
    cells: dict[str, list[Cell]] = defaultdict(list)
    for cell in there:
        cells[cell.kind].append(cell)
    for rule in force.last:
        for cell in cells.get(kinds.get(rule, ""), ()):
            own = sums.get((rule, cell.scope, False)) or _Sum(defaultdict(int))
            times[rule, cell.scope] = _times(
                own, there[cell], resources=len(present[cell].resources)
            )
    for (rule, scope, whole), one in sums.items():
        if whole:
            key = rule, scope
            times[key] = times.get(key, Times()) + _times(one, one.all, scopes=1)
    return times


def _there(cell: Cell, present: Presence, knowledge: Knowledge) -> int:
    """For how long its documents were there, summed."""
    gauge = knowledge.gauge(cell, None)
    return -sum(number * gauge.upto(ms(at)) for at, number in present.edges.items())


def _note_missed(
    connection: Connection, to: Horizon, found: Sums, force: Force, kinds: Mapping[str, str], start: str, end: str,
    openers: Collection[int],
) -> None:  # fmt: skip
    """Note what no verdict is about: documents that were there and not judged, and verdicts that were out of date."""
    same: set[tuple[int, int, int]] = set()
    for one in periods.beneath(connection, to, start, end, openers) if openers else ():
        part = one.part
        if one.same:
            same.add((part.rule, part.resource, one.opened_by))
        elif not force.judges(part.rule, one.opened_by, one.closed_by):
            found.void.append(part)
    of_kind: dict[str, list[Version]] = defaultdict(list)
    for rule, version in force.last.items():
        of_kind[kinds.get(rule, "")].append(version)
    for document in periods.missed(connection, to, start, end, openers) if openers else ():
        for version in of_kind.get(document.kind, ()):
            about = version.rule_id, document.resource, document.opened_by
            shown = document.opened_by, document.closed_by
            if about not in same and force.misses(version.rule_id, *shown):
                steps = found.steps.setdefault((version.rule, document.scope), {})
                _add(steps, ms(document.start), 0, 1)
                _add(steps, ms(document.end), 0, -1)
                found.behind.add(version.rule)
    names = {version.rule_id: rule for rule, version in force.last.items()}
    for part in periods.out_of_date(connection, to, start, end):
        found.void.append(part)
        rule = names[part.rule]
        found.behind.add(rule)
        steps = found.steps.setdefault((rule, part.scope), {})
        _add(steps, ms(part.start), 0, 1)
        _add(steps, ms(part.end), 0, -1)


def _note(steps: dict[int, Step], at: int, edge: Edge) -> None:
    if edge.status == Status.FAIL:
        _add(steps, at, edge.number, 0)
    elif edge.status not in _SETTLED:
        _add(steps, at, 0, edge.number)


def _add(steps: dict[int, Step], at: int, failing: int, unsettled: int) -> None:
    before = steps.get(at, _NONE)
    steps[at] = Step(before.failing + failing, before.unsettled + unsettled)


def _void(steps: dict[int, Step], status: str, start: int, end: int) -> None:
    """A failure within a stretch is none that is known."""
    if status == Status.FAIL:
        _add(steps, start, -1, 0)
        _add(steps, end, 1, 0)


def _times(own: _Sum, there: int, *, resources: int = 0, scopes: int = 0) -> Times:
    passed, failed, not_applicable = (own.settled.get(status, 0) for status in _SETTLED)
    rest = there - own.outside - passed - failed - not_applicable
    return Times(passed, failed, not_applicable, rest, own.outside, resources, scopes)
