"""Stretches of time in whole milliseconds, so that sums are exact."""

from __future__ import annotations

import functools
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from soc2_pac.model import utc_text, utc_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Stretch: TypeAlias = tuple[int, int]
"""From an instant up to, and without, another: milliseconds since 1970, UTC."""

DAY = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@functools.lru_cache(maxsize=200_000)
def ms(text: str) -> int:
    """UTC text -> milliseconds since 1970."""
    return (utc_time(text) - _EPOCH) // _MILLISECOND


@functools.lru_cache(maxsize=50_000)
def text_of(instant: int) -> str:
    """The inverse of :func:`ms`."""
    return utc_text(_EPOCH + timedelta(milliseconds=instant))


def union(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """The same time without overlap, in order."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def common(one: Sequence[Stretch], other: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """The time that is in both; each is in order and without overlap."""
    found: list[Stretch] = []
    i = j = 0
    while i < len(one) and j < len(other):
        start, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if start < end:
            found.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def without(one: Sequence[Stretch], other: Sequence[Stretch]) -> tuple[Stretch, ...]:
    """The time of one that is not in the other; each is in order and without overlap."""
    found: list[Stretch] = []
    j = 0
    for start, end in one:
        here = start
        while j < len(other) and other[j][1] <= here:
            j += 1
        k = j
        while k < len(other) and other[k][0] < end:
            if other[k][0] > here:
                found.append((here, other[k][0]))
            here = max(here, other[k][1])
            k += 1
        if here < end:
            found.append((here, end))
    return tuple(found)


def length(stretches: Iterable[Stretch]) -> int:
    """Milliseconds in all."""
    return sum(end - start for start, end in stretches)


class Gauge:
    """How much of some time lies before an instant: so the time that many intervals share with it is a sum.

    What an interval shares with it is the value at its end less the value at its beginning.
    """

    __slots__ = ("_before", "_starts", "stretches")

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        """``stretches``: in order and without overlap."""
        self.stretches = tuple(stretches)
        self._starts = [start for start, _ in self.stretches]
        self._before = [0]
        for start, end in self.stretches:
            self._before.append(self._before[-1] + end - start)

    def upto(self, at: int) -> int:
        """Milliseconds before an instant."""
        i = bisect_right(self._starts, at)
        if not i:
            return 0
        start, end = self.stretches[i - 1]
        return self._before[i - 1] + min(at, end) - start

    def between(self, start: int, end: int) -> int:
        """Milliseconds within an interval."""
        return self.upto(end) - self.upto(start)


def days(start: int, end: int) -> Iterator[Stretch]:
    """The UTC days of a period, the first and the last cut to it."""
    day = start - start % DAY
    while day < end:
        yield max(day, start), min(day + DAY, end)
        day += DAY
