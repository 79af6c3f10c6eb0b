"""Timelines of rules and parts: when all held, when something failed, and when that was not known."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.audit.spans import DAY, Stretch, text_of
from soc2_pac.report import Lane, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from soc2_pac.audit.times import Step

MOST = 400
"""Spans of one lane; where there would be more, it shows days."""


class Moment(NamedTuple):
    """What is the case from an instant on."""

    status: str
    number: int


_OUTSIDE = Moment("outside", 0)
_HOLDS = Moment("holds", 0)
_WORST = ("outside", "holds", "unknown", "fails")


def lane(
    subject: str, kind: str, steps: Iterable[tuple[Mapping[int, Step], Sequence[Stretch]]],
    holes: Sequence[Sequence[Stretch]], there: Sequence[Stretch], start: int, end: int,
) -> Lane:  # fmt: skip
    """The timeline of one rule or part.

    Args:
        subject: its id.
        kind: ``rule``, or that of the part.
        steps: for each rule and scope, instant -> how many more or fewer fail, and could not be judged, from then on;
            with the time in which it was not known whether they still did.
        holes: for each scope, the time in which it was not known; for each rule, that in which it was not in force.
        there: the time in which there was anything to judge.
        start: of the period, milliseconds since 1970.
        end: of the period.
    """
    changes: dict[int, list[int]] = {start: [0, 0, 0, 0]}

    def add(at: int, place: int, count: int) -> None:
        changes.setdefault(min(max(at, start), end), [0, 0, 0, 0])[place] += count

    for one, dark in steps:
        for at, failing in _seen_failing(one, dark):
            add(at, 0, failing)
        for at, step in one.items():
            add(at, 1, step.unsettled)
    for place, stretches in ((2, [s for one in holes for s in one]), (3, there)):
        for first, last in stretches:
            add(first, place, 1)
            add(last, place, -1)
    spans = _merged(_walk(changes, start, end))
    if len(spans) > MOST:
        spans = _merged(_by_day(spans, start, end))
    return Lane(
        subject,
        tuple(Span(text_of(a), text_of(b), what.status, what.number) for a, b, what in spans),
        kind,
    )


def _seen_failing(steps: Mapping[int, Step], dark: Sequence[Stretch]) -> Iterator[tuple[int, int]]:
    """(instant, how many more or fewer are known to fail from then on): in the dark none is."""
    changes = Counter({at: step.failing for at, step in steps.items()})
    begins, ends = {first for first, _ in dark}, {last for _, last in dark}
    failing = shown = within = 0
    for at in sorted({*changes, *begins, *ends}):
        failing += changes[at]
        within += (at in begins) - (at in ends)
        now = 0 if within else failing
        if now != shown:
            yield at, now - shown
            shown = now


def _walk(
    changes: Mapping[int, list[int]], start: int, end: int
) -> Iterator[tuple[int, int, Moment]]:
    now = [0, 0, 0, 0]
    instants = [*sorted(at for at in changes if start <= at < end), end]
    for at, until in itertools.pairwise(instants):
        now = [a + b for a, b in zip(now, changes[at], strict=True)]
        failing, unsettled, holes, there = now
        if failing:
            what = Moment("fails", failing)
        elif unsettled or (holes and there):
            what = Moment("unknown", max(unsettled, holes))
        else:
            what = _HOLDS if there else _OUTSIDE
        yield at, until, what


def _merged(spans: Iterable[tuple[int, int, Moment]]) -> list[tuple[int, int, Moment]]:
    """Neighbours of one status become one, with the largest count."""
    found: list[tuple[int, int, Moment]] = []
    for first, last, what in spans:
        if first == last:
            continue
        if found and found[-1][2].status == what.status:
            before = found[-1]
            count = max(before[2].number, what.number)
            found[-1] = (before[0], last, Moment(what.status, count))
        else:
            found.append((first, last, what))
    return found


def _by_day(
    spans: Sequence[tuple[int, int, Moment]], start: int, end: int
) -> Iterator[tuple[int, int, Moment]]:
    """The worst of each UTC day."""
    i = 0
    day = start - start % DAY
    while day < end:
        first, last = max(day, start), min(day + DAY, end)
        here = []
        while i < len(spans) and spans[i][0] < last:
            here.append(spans[i][2])
            if spans[i][1] > last:
                break
            i += 1
        status = max((one.status for one in here), key=_WORST.index)
        count = max(one.number for one in here if one.status == status)
        yield first, last, Moment(status, count)
        day += DAY
