"""The collections around a period: which saw a document last, and which time nobody saw."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from soc2_pac.evaluate.looks import state_of
from soc2_pac.model import NOT_OFFERED, CollectionStatus, Status, utc_text, utc_time
from soc2_pac.store import changes
from soc2_pac.store import findings as store
from soc2_pac.store.findings import LookRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from soc2_pac.model import Scope
    from soc2_pac.store.changes import Collected

_Cell: TypeAlias = tuple[str, int]
"""Kind and id of the scope."""


class Change(NamedTuple):
    """A document that changed, and the collections between which it did."""

    seen: Collected
    """The first that showed it as it is since."""
    last: Collected | None
    """The last that showed it as it was before; ``None``: nobody had collected it completely yet."""
    missed: int
    """How many collections between the two were not complete."""
    why: str
    """What the last of these says."""


@dataclass
class Cover:
    """The collections of one kind in one scope, as far as they bear on a period.

    Those are the complete ones from the last before the period to the first after it, and what was not complete
    between them.
    """

    first: Collected | None = None
    """The first complete one of all."""
    last: Collected | None = None
    """The last complete one of all."""
    newest: Collected | None = None
    """The last one, complete or not."""
    complete: int = 0
    """How many complete ones bear on the period."""
    incomplete: list[Collected] = field(default_factory=list)
    """Those that were not complete."""
    gap: tuple[timedelta, str, str] | None = None
    """The longest time between two complete ones: how long, from when and until when."""
    requests: int = 0
    pages: int = 0
    ids: list[int] = field(default_factory=list)
    """Of all those that bear on the period."""

    def bears(self, one: Collected) -> None:
        """Count a collection."""
        self.ids.append(one.id)
        self.requests += one.requests
        self.pages += one.pages


class Coverage:
    """Goes along with a history and remembers its collections.

    Args:
        connection: to read from.
        kinds: whose collections are asked about.
        start: of the period, UTC.
        end: of the period.
        upto: the last collection that counts.
    """

    def __init__(
        self,
        connection: Connection,
        kinds: Collection[str],
        start: datetime,
        end: datetime,
        upto: int,
    ) -> None:
        self._connection = connection
        self._kinds = kinds
        self._end = utc_text(end)
        self._upto = upto
        self.base = min(changes.last_finished(connection, utc_text(start)), upto)
        """The last collection before the period."""
        self.covers: dict[tuple[str, str], Cover] = {}
        """(kind, scope) -> its collections."""
        self.newest: dict[_Cell, Collected] = {}
        self._complete: dict[_Cell, Collected] = {}
        self._missed: dict[_Cell, tuple[int, str]] = {}
        self._sighted: dict[int, Collected] = {}
        self._begin()

    def _begin(self) -> None:
        for first in changes.oldest(self._connection, self._kinds, self._upto):
            self._cover(first).first = first
        for one in changes.newest(self._connection, self._kinds, self.base, complete=True):
            self._complete[one.kind, one.scope_id] = one
            cover = self._cover(one)
            cover.last = one
            cover.complete = 1
            cover.bears(one)
        for one in changes.newest(self._connection, self._kinds, self.base):
            self.newest[one.kind, one.scope_id] = one
            self._cover(one).newest = one
            if not one.complete:
                self._note_incomplete(one)

    def later(self) -> Iterator[Collected]:
        """The collections from the period on, in order. Each is to be passed to :meth:`done`."""
        return changes.collections(self._connection, self._kinds, self.base, self._upto)

    def change(self, one: Collected, resource: int | None) -> Change:
        """That a collection saw something else than before.

        ``resource``: the document that was there before; ``None``: there was none, and only a complete collection
        says so.
        """
        cell = one.kind, one.scope_id
        last = self._complete.get(cell)
        sighted = self._sighted.get(resource) if resource is not None else None
        if sighted is not None and (last is None or sighted.id > last.id):
            last = sighted
        return Change(one, last, *self._missed.get(cell, (0, "")))

    def done(self, one: Collected) -> None:
        """Whatever a collection changed was noted."""
        cell = one.kind, one.scope_id
        self.newest[cell] = one
        cover = self._cover(one)
        cover.newest = one
        if one.complete:
            self._note_complete(one, cover)
            self._complete[cell] = one
            self._missed.pop(cell, None)
        elif not not_offered(one):
            self._note_incomplete(one)
            seen = store.sighted(self._connection, one.id)
            self._sighted.update(dict.fromkeys(seen, one))

    def _cover(self, one: Collected) -> Cover:
        return self.covers.setdefault((one.kind, str(one.scope)), Cover())

    def _note_incomplete(self, one: Collected) -> None:
        if not_offered(one):
            return
        cell = one.kind, one.scope_id
        count, _ = self._missed.get(cell, (0, ""))
        grant = f"; grant {one.permission}" if one.permission else ""
        self._missed[cell] = count + 1, f"{one.status}: {one.reason}{grant}"
        cover = self._cover(one)
        ended = cover.last is not None and cover.last.started_at >= self._end
        if not ended and one.started_at < self._end:
            cover.incomplete.append(one)
            cover.bears(one)

    def _note_complete(self, one: Collected, cover: Cover) -> None:
        before = cover.last
        cover.last = one
        if before is not None and before.started_at >= self._end:
            return
        cover.bears(one)
        cover.complete += 1
        if before is not None:
            gap = utc_time(one.started_at) - utc_time(before.finished_at)
            if cover.gap is None or gap > cover.gap[0]:
                cover.gap = gap, before.finished_at, one.started_at


def not_offered(one: Collected) -> bool:
    """Whether the provider has no such service there: nothing is missing then."""
    return one.status is CollectionStatus.SKIPPED and one.reason.startswith(NOT_OFFERED)


def unreliable(one: Collected, at: datetime, max_age: timedelta) -> tuple[Scope, str | None]:
    """The scope of a collection, and why it cannot be relied on at an instant."""
    look = LookRow(
        one.id, one.source, one.scope, one.status, one.reason, one.permission, one.finished_at,
        one.found, population=False,
    )  # fmt: skip
    state = state_of(look, at, max_age)
    return one.scope, None if state.status in (None, Status.NOT_APPLICABLE) else state.reason
