"""Which rows one verification reads: all, or what is new since a checkpoint and a thirtieth of the rest.

What is old takes turns by the day, chosen by nothing but the rows' own ids, so that nobody has to remember
what was read: thirty days in a row read everything. What can only be checked as a whole has one day of the
thirty.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from soc2_pac.store import tables

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from soc2_pac.store.checkpoint import Checkpoint

DAYS = 30
"""Turns: after so many days everything was read."""
_FIRST, _LAST = -(2**63), 2**63 - 1
_HASHES = 2**32


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
        start, end = (f"{-(-_HASHES * turn // DAYS):08x}" for turn in (self.turn, self.turn + 1))
        if self.turn == DAYS - 1:
            return column >= start
        # What is no digest sorts before or after all of them, and has the first or the last turn.
        return column < end if self.turn == 0 else sa.and_(column >= start, column < end)

    def comes(self, name: str) -> bool:
        """Whether something that is checked as a whole, or not at all, has its turn."""
        return self.since is None or zlib.crc32(name.encode()) % DAYS == self.turn

    def ranges(
        self, connection: Connection, table: sa.Table, owner: sa.Table
    ) -> list[tuple[int, int]]:
        """Ids (first, last) of the intervals that the chosen collections or evaluations opened.

        Each gave out the ids of its own in one stretch, so that how many were opened before says where.
        """
        if self.since is None:
            return [(_FIRST, _LAST)]
        upto = sa.func.sum(owner.c.opened).over(order_by=owner.c.id).label("upto")
        opened = sa.select(owner.c.id, owner.c.opened, upto).subquery()
        old = self.last_old(owner)
        chosen = sa.select(opened.c.upto - opened.c.opened, opened.c.upto).where(
            opened.c.id <= old, opened.c.id % DAYS == self.turn
        )
        found = [
            (int(start) + 1, int(end))
            for start, end in connection.execute(chosen.order_by(opened.c.id))
            if end > start
        ]
        return [*found, (self.last_old(table) + 1, _LAST)]

    def in_ranges(
        self, connection: Connection, table: sa.Table, owner: sa.Table
    ) -> list[ColumnElement[bool]]:
        """The same as conditions, one for each stretch."""
        if self.since is None:
            return [sa.true()]
        return [
            sa.and_(table.c.id >= first, table.c.id <= last)
            for first, last in self.ranges(connection, table, owner)
        ]


WHOLE = Part()
"""Everything."""
