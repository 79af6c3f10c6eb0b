"""When a kind was known in a scope, and when not: collections held against the time for which they count."""

from __future__ import annotations

import functools
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.acts.scopes import RETIRED, Retired
from soc2_pac.audit.spans import Gauge, Stretch, common, days, length, ms, union, without
from soc2_pac.model import NOT_OFFERED, CollectionStatus, Scope
from soc2_pac.store import changes, periods

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from soc2_pac.acts import Act
    from soc2_pac.store.periods import Attempt, Horizon

NO_RUN = "no run"
"""The cause of a gap in which nobody tried."""


class Cell(NamedTuple):
    """One kind in one scope."""

    kind: str
    scope: int


class Seen(NamedTuple):
    """A collection by its id, with when it began and ended in milliseconds since 1970."""

    id: int
    started: int
    finished: int


@dataclass(slots=True)
class Cover:
    """The collections of one cell, oldest first."""

    complete: array[int] = field(default_factory=lambda: array("q"))
    """Ids of the complete ones."""
    started: array[int] = field(default_factory=lambda: array("q"))
    finished: array[int] = field(default_factory=lambda: array("q"))
    incomplete: list[Attempt] = field(default_factory=list)
    first: Attempt | None = None
    last: Attempt | None = None
    first_within: int | None = None
    """Id of the first complete one in the period."""
    last_within: int | None = None
    made: int = 0
    """Complete ones in the period."""
    failed: int = 0
    """Others in the period."""
    requests: int = 0
    """Of those in the period."""
    sources: dict[str, None] = field(default_factory=dict)
    """Names of the sources of those in the period, in order."""
    ahead: bool = False
    """Whether one ended before an earlier one: a clock was ahead."""

    def add(self, one: Attempt, start: str, end: str) -> None:
        """Count a collection; ``start`` and ``end`` are those of the period."""
        self.ahead = self.ahead or (
            self.last is not None and one.finished_at < self.last.finished_at
        )
        self.first = self.first or one
        self.last = one
        within = start <= one.finished_at <= end
        sound = one.status == CollectionStatus.COMPLETE or not_offered(one)
        if within:
            self.sources[one.source] = None
            self.requests += one.requests
            self.made += sound
            self.failed += not sound
        if not sound:
            self.incomplete.append(one)
            return
        self.complete.append(one.id)
        self.started.append(ms(one.started_at))
        self.finished.append(ms(one.finished_at))
        if within:
            self.first_within = self.first_within or one.id
            self.last_within = one.id

    def seen(self, number: int) -> Seen | None:
        """A complete collection by its id."""
        i = bisect_left(self.complete, number)
        if i == len(self.complete) or self.complete[i] != number:
            return None
        return Seen(number, self.started[i], self.finished[i])

    def before(self, number: int) -> Seen | None:
        """The last complete collection before another, by ids."""
        i = bisect_left(self.complete, number)
        return Seen(self.complete[i - 1], self.started[i - 1], self.finished[i - 1]) if i else None


def not_offered(one: Attempt) -> bool:
    """Whether the provider has no such service there: that is known, and nothing is missing."""
    return one.status == CollectionStatus.SKIPPED and one.reason.startswith(NOT_OFFERED)


class Gap(NamedTuple):
    """A stretch in which a kind was not known in a scope."""

    cell: Cell
    start: int
    end: int
    cause: str
    """A status of collections, or :data:`NO_RUN`."""
    reason: str
    permission: str | None
    """What to grant."""
    attempts: str
    """What was tried in it: ``denied 3, failed 1``."""

    @property
    def length(self) -> int:
        """Milliseconds."""
        return self.end - self.start


class Knowledge:
    """What was known of each kind in each scope through a period.

    Args:
        connection: to read from.
        to: what was recorded by the end.
        acts: those that were recorded by then; scopes may have been retired.
        start: of the period, UTC text.
        end: of the period.
    """

    def __init__(
        self, connection: Connection, to: Horizon, acts: Iterable[Act], start: str, end: str
    ) -> None:
        self.start, self.end = ms(start), ms(end)
        self.scopes = changes.scopes(connection)
        self.covers: dict[Cell, Cover] = {}
        self.events = periods.of_populations(connection, to)
        """Cells whose documents are events: what was read of them stays known."""
        self._real: dict[tuple[str, str], array[int]] = {}
        """(source, kind) -> when collections of it ended that reached a scope."""
        self._sources: dict[tuple[str, str], list[Cell]] = {}
        """(source, kind) -> the cells that stand for a source that could not be reached at all."""
        self.sources: dict[str, Attempt] = {}
        """Source -> the first of its collections that reached a scope."""
        self._retired = _retired(self.scopes, acts)
        self._of_retired: dict[int, list[tuple[int, int]]] = {scope: [] for scope in self._retired}
        """Id of a scope that was ever retired -> (id, end) of each of its collections, in order."""
        latest: dict[int, Attempt] = {}
        for one in periods.attempts(connection, to):
            cell = Cell(one.kind, one.scope)
            cover = self.covers.get(cell)
            if cover is None:
                cover = self.covers[cell] = Cover()
                if self.unreached(cell):
                    self._sources.setdefault((one.source, one.kind), []).append(cell)
            cover.add(one, start, end)
            latest[one.scope] = one
            if one.scope in self._of_retired:
                self._of_retired[one.scope].append((one.id, ms(one.finished_at)))
            if not self.unreached(cell):
                self.sources.setdefault(one.source, one)
                key = one.source, one.kind
                self._real.setdefault(key, array("q")).append(ms(one.finished_at))
        self.last_of_scope = latest
        """Id of a scope -> its last collection."""
        self.lives = functools.cache(self._lives)
        """Cell -> the time of the period in which it was there to be known: from its first collection on, until its
        scope is retired; it begins again with a later collection."""
        self.known = functools.cache(self._known)
        """(cell, for how many milliseconds a collection counts) -> the time of the period in which complete
        collections make it known."""
        self.gauge = functools.cache(self._gauge)
        """(cell, the same) -> of that time; with ``None``, of the time in which it was there."""

    def name(self, scope: int) -> str:
        """``aws:111122223333/eu-west-1``."""
        return str(self.scopes[scope])

    def unreached(self, cell: Cell) -> bool:
        """Whether it stands for a source of which no scope could be reached."""
        return self.scopes[cell.scope].boundary.startswith("?")

    def _lives(self, cell: Cell) -> tuple[Stretch, ...]:
        cover = self.covers.get(cell)
        if cover is None or cover.first is None:
            return ((self.start, self.end),)  # nobody ever tried
        found = [(ms(cover.first.finished_at), self.end)]
        if self.unreached(cell):
            found = self._while_unreached(cover)
        for at, upto in self._retired.get(cell.scope, ()):
            # One of another kind shows as well that the scope is still ours.
            again = next((one for one in self._of_retired[cell.scope] if one[0] > upto), None)
            until = max(at, again[1]) if again is not None else self.end
            found = list(without(found, [(at, max(at, until))]))
        return common(union(found), [(self.start, self.end)])

    def ended(self, scope: int, since: int, by: int) -> int | None:
        """When a scope was retired after an instant; ``None``: it was not, or was ours again by another."""
        ends = [
            at
            for at, upto in self._retired.get(scope, ())
            if since <= at <= by
            and not any(number > upto and end <= by for number, end in self._of_retired[scope])
        ]
        return min(ends, default=None)

    def _while_unreached(self, cover: Cover) -> list[Stretch]:
        """From each collection until the next that reaches any scope of the source."""
        found = []
        for one in cover.incomplete:
            ends = self._real.get((one.source, one.kind), array("q"))
            at = ms(one.finished_at)
            i = bisect_right(ends, at)
            found.append((at, ends[i] if i < len(ends) else self.end))
        return found

    def _known(self, cell: Cell, fresh: int) -> tuple[Stretch, ...]:
        cover = self.covers.get(cell)
        if cover is None:
            return ()
        i = 0 if cover.ahead else max(0, bisect_left(cover.finished, self.start - fresh) - 1)
        found = union((at, at + fresh) for at in cover.finished[i:])
        return common(found, self.lives(cell))

    def _gauge(self, cell: Cell, fresh: int | None) -> Gauge:
        return Gauge(self.lives(cell) if fresh is None else self.known(cell, fresh))

    def gaps(self, cell: Cell, fresh: int) -> list[Gap]:
        """The time of the period in which it was there and not known, each stretch with its cause."""
        found = []
        for start, end in without(self.lives(cell), self.known(cell, fresh)):
            tried = [one for one in self._tried(cell, fresh, start) if ms(one.finished_at) < end]
            last = tried[-1] if tried else None
            counts = Counter(one.status for one in tried)
            found.append(
                Gap(
                    cell,
                    start,
                    end,
                    last.status if last else NO_RUN,
                    last.reason if last else "",
                    last.permission if last else None,
                    ", ".join(f"{status} {count}" for status, count in sorted(counts.items())),
                )
            )
        return found

    def _tried(self, cell: Cell, fresh: int, start: int) -> list[Attempt]:
        """What was not complete since the last complete collection before a gap, oldest first."""
        cover = self.covers[cell]
        ends = sorted(cover.finished) if cover.ahead else cover.finished
        i = bisect_right(ends, start - fresh)
        since = ends[i - 1] if i else 0
        here = [one for one in cover.incomplete if ms(one.finished_at) >= since]
        sources = {one.source for one in (cover.first, cover.last) if one is not None}
        for source in sorted(sources):
            for other in self._sources.get((source, cell.kind), ()):
                if other != cell:
                    here += [
                        one for one in self.covers[other].incomplete if ms(one.finished_at) >= since
                    ]
        return sorted(here)

    def full_days(
        self, cells: Collection[Cell], fresh: int, judged: Sequence[Stretch], unsettled: Sequence[Stretch]
    ) -> int:  # fmt: skip
        """The days of the period on which all was known in all of these cells, and was judged.

        The day of the first collection counts from that collection on.

        Args:
            cells: where.
            fresh: for how many milliseconds a collection counts.
            judged: when the rule was in force.
            unsettled: when some verdict was not known, or the rule judged no more.

        Returns:
            A number of which bit 0 is set for the first day, and so on.
        """
        lives = union(stretch for cell in cells for stretch in self.lives(cell))
        real = [cell for cell in cells if not self.unreached(cell)]
        holes = union(
            stretch
            for cell in real or cells
            for stretch in without(self.lives(cell), self.known(cell, fresh))
        )
        holes = union((*holes, *unsettled))
        lives_gauge, holes_gauge, judged_gauge = Gauge(lives), Gauge(holes), Gauge(judged)
        return sum(
            1 << place
            for place, (start, end) in enumerate(days(self.start, self.end))
            if lives_gauge.between(start, end) > 0
            and holes_gauge.between(start, end) == 0
            and judged_gauge.between(start, end + 1) > 0
        )

    def expected(self, cell: Cell, cadence: int | None) -> int | None:
        """How many collections a cadence (milliseconds) asks for while the cell was there; ``None``: unknown."""
        return None if not cadence else -(-length(self.lives(cell)) // cadence)


def _retired(scopes: dict[int, Scope], acts: Iterable[Act]) -> dict[int, list[tuple[int, int]]]:
    """Id of a scope -> (when it was retired, the last collection before), in order."""
    ids = {str(scope): number for number, scope in scopes.items()}
    found: dict[int, list[tuple[int, int]]] = {}
    for act in acts:
        if act.kind == RETIRED:
            said = act.said(Retired)
            for name in said.scopes:
                if name in ids:
                    found.setdefault(ids[name], []).append((ms(act.recorded_at), said.upto))
    return found
