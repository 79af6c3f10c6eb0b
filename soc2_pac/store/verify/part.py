"""Which rows one verification reads: all, or what is new since a checkpoint and a thirtieth of the rest.

What is old takes turns by the day, chosen by nothing but the rows' own ids, so that nobody has to remember
what was read: thirty days in a row read everything. What can only be checked as a whole has one day of the
thirty.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from soc2_pac.store import ledger, tables

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from soc2_pac.store.checkpoint import Checkpoint

DAYS = 30
"""Turns: after so many days everything was read."""
_STRIDE = 7
"""So that the blocks of collections that follow each other have turns of their own."""
_HASHES = 2**32
_STRAYS = range(0, DAYS, 3)
"""The days on which documents are sought that nothing observed."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows to read. Without ``since`` all of them."""

    since: Checkpoint | None = None
    turn: int = 0
    """The day's number, 0 to 29."""

    @classmethod
    def of(cls, since: Checkpoint, now: datetime) -> Part:
        """What is new since a checkpoint, and what has its turn on this day (UTC)."""
        return cls(since, now.date().toordinal() % DAYS)

    def last_old(self, table: sa.Table) -> int:
        """The last id that a table had at the checkpoint."""
        if self.since is None:
            return 0
        if table is tables.ledger:
            return self.since.seq
        # A population has the id of its collection.
        of = tables.collection if table is tables.population else table
        return self.since.ends.get(of.name, 0)

    def rows(self, column: ColumnElement[int], table: sa.Table) -> ColumnElement[bool]:
        """The condition for a column that holds the ids of a table."""
        if self.since is None:
            return sa.true()
        return sa.or_(column > self.last_old(table), column % DAYS == self.turn)

    def entries(self, kind: str, table: sa.Table) -> ColumnElement[bool]:
        """The condition for the ledger's entries of a kind, by the row that they are about."""
        l = tables.ledger  # noqa: E741 - reads as the table that it is
        if self.since is None:
            return l.c.kind == kind
        if not isinstance(table.c[0].type, sa.Integer):
            return l.c.kind == kind
        # On PostgreSQL the cast may be tried before the kind is looked at.
        number = sa.case((l.c.kind == kind, sa.cast(l.c.ref, sa.BigInteger)))
        return sa.and_(
            l.c.kind == kind,
            sa.or_(l.c.seq > self.since.seq, number % DAYS == self.turn),
        )

    def digests(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """The condition for a column of SHA-256 digests: a stretch of them, which an index finds."""
        if self.since is None:
            return sa.true()
        return _between(column, self.turn, DAYS)

    def strays(self, column: ColumnElement[str]) -> ColumnElement[bool] | None:
        """The condition for digests that are sought among all observed ones; ``None`` on most days.

        Each time reads what all observations name, so there are few times, and each takes many digests.
        """
        if self.since is None or self.turn not in _STRAYS:
            return None
        return _between(column, _STRAYS.index(self.turn), len(_STRAYS))

    def comes(self, name: str) -> bool:
        """Whether something that is checked as a whole, or not at all, has its turn."""
        return self.since is None or zlib.crc32(name.encode()) % DAYS == self.turn

    def stretches(self, connection: Connection, owner: sa.Table) -> list[Stretch]:
        """The intervals to read that old collections or evaluations opened or closed.

        Each gave out the ids of its own in one stretch, so that how many were opened before says where.
        """
        if self.since is None:
            return []
        upto = sa.func.sum(owner.c.opened).over(order_by=owner.c.id).label("upto")
        query = (
            sa.select(owner.c.id, owner.c.opened, owner.c.closed, owner.c.changes_root, upto)
            .where(owner.c.id <= self.last_old(owner))
            .order_by(owner.c.id)
        )
        found: list[Stretch] = []
        for number, opened, _, root, upto_ in connection.execute(query):
            first = int(upto_) - opened + 1
            if not in_blocks(root):
                if number % DAYS == self.turn and opened > 0:
                    found.append(Stretch(number, first, first + opened - 1))
                continue
            begun, ended = root.split("/")
            blocks = [*begun.split("."), *ended.split(".")] if begun else ["", *ended.split(".")]
            count = len(begun.split("."))
            for place, digest in enumerate(blocks):
                if not digest or (_STRIDE * number + place) % DAYS != self.turn:
                    continue
                if place >= count:
                    found.append(Stretch(number, place - count, digest=digest, closed=True))
                    continue
                start = first + place * ledger.BLOCK
                end = min(start + ledger.BLOCK, first + opened) - 1
                found.append(Stretch(number, start, end, digest))
        return found

    def in_ranges(
        self, connection: Connection, table: sa.Table, owner: sa.Table
    ) -> list[ColumnElement[bool]]:
        """Conditions for the intervals to read of a table, one for each stretch of ids."""
        if self.since is None:
            return [sa.true()]
        old = [
            table.c.id.between(one.first, one.last)
            for one in self.stretches(connection, owner)
            if not one.closed
        ]
        # No id stands before the first: whoever is there was added.
        return [table.c.id < 1, *old, table.c.id > self.last_old(table)]


def _between(column: ColumnElement[str], place: int, of: int) -> ColumnElement[bool]:
    """The condition for one of so many stretches of SHA-256 digests."""
    start, end = (f"{-(-_HASHES * number // of):08x}" for number in (place, place + 1))
    if place == of - 1:
        return column >= start
    # What is no digest sorts before or after all of them, and has the first or the last turn.
    return column < end if place == 0 else sa.and_(column >= start, column < end)


class Stretch(NamedTuple):
    """Intervals that are verified together."""

    owner: int
    """The collection or evaluation."""
    first: int
    """The first id; of closed ones, which block it is."""
    last: int = 0
    """The last id."""
    digest: str = ""
    """Of a block: what its owner's changes root says of it; empty: all that the owner opened."""
    closed: bool = False
    """Whether they are a block of those that the owner closed."""


def in_blocks(root: object) -> bool:
    """Whether a changes root sums up its intervals block by block."""
    return isinstance(root, str) and root.count("/") == 1


WHOLE = Part()
"""Everything."""
