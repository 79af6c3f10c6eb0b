"""What auditors ask and note, what the team answers, and which pages auditors opened. Appended; nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text
from soc2_pac.records import storable
from soc2_pac.store import ledger, tables
from soc2_pac.store.database import insert, next_id
from soc2_pac.text import says_something

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from soc2_pac.acts import Actor

LONGEST = 4000
"""Characters of a message."""
_LONGEST_ADDRESS = 2000


class Message(NamedTuple):
    """One of them."""

    id: int
    number: int
    """Of the request or note; an answer has that of its request."""
    kind: str
    """``request``, ``note`` or ``answer``."""
    auditor: str
    """The id of the access."""
    about: str | None
    """The address of a page."""
    said: str
    claimed_name: str
    os_user: str
    login: str | None
    recorded_at: str


class Opened(NamedTuple):
    """An address that an auditor asked for."""

    seq: int
    auditor: str
    path: str
    query: str
    opened_at: str


class Place(NamedTuple):
    """Where a page of them ended."""

    seq: int

    @classmethod
    def of(cls, one: Opened) -> Place:
        """The place of an address."""
        return cls(one.seq)


def ask(
    connection: Connection,
    kind: Literal["request", "note"],
    auditor: str,
    said: str,
    *,
    about: str | None = None,
    by: Actor,
) -> int:
    """Record a request or a note; returns its number. Within ``Database.writing``.

    Raises:
        UsageError: it says nothing, or too much.
    """
    m = tables.message
    last = connection.execute(sa.select(sa.func.max(m.c.number))).scalar()
    number = int(last or 0) + 1
    _append(connection, number, kind, auditor, said, about, by)
    return number


def answer(connection: Connection, number: int, said: str, *, by: Actor) -> None:
    """Record what the team says to a request or note. Within ``Database.writing``.

    Raises:
        UsageError: there is no such request, or the answer says nothing, or too much.
    """
    m = tables.message
    query = sa.select(m.c.auditor).where(m.c.number == number).order_by(m.c.id)
    auditor = connection.execute(query).scalar()
    if auditor is None:
        msg = f"there is no request {number}. Next: soc2-pac auditors requests"
        raise UsageError(msg)
    _append(connection, number, "answer", auditor, said, None, by)


def _append(
    connection: Connection,
    number: int,
    kind: str,
    auditor: str,
    said: str,
    about: str | None,
    by: Actor,
) -> None:
    if not says_something(said):
        msg = f"the {kind} says nothing"
        raise UsageError(msg)
    if len(said) > LONGEST or len(about or "") > _LONGEST_ADDRESS:
        msg = f"the {kind} is longer than {LONGEST:,} characters. Write less, or hand in a file"
        raise UsageError(msg)
    at = utc_text(clock.now())
    row = next_id(connection, tables.message)
    actor = (storable(by.claimed_name), storable(by.os_user), by.login)
    where = None if about is None else storable(about)
    values = (row, number, kind, auditor, where, storable(said.strip()), *actor, at)
    insert(connection, tables.message, [values])
    ledger.record(connection, "message", row, at)


def listed(connection: Connection, auditor: str | None = None) -> list[Message]:
    """Every message in the order of recording; ``auditor``: only those of this access."""
    m = tables.message
    query = sa.select(m).order_by(m.c.id)
    if auditor is not None:
        query = query.where(m.c.auditor == auditor)
    return [Message._make(row) for row in connection.execute(query)]


def opened(connection: Connection, auditor: str, path: str, query: str) -> None:
    """Record that an auditor asked for an address. Within ``Database.writing``."""
    v = tables.auditor_view
    last = connection.execute(sa.select(sa.func.max(v.c.seq))).scalar()
    row = (int(last or 0) + 1, auditor, storable(path), storable(query), utc_text(clock.now()))
    insert(connection, v, [row])


def views(
    connection: Connection,
    *,
    auditor: str | None = None,
    until: str | None = None,
    after: Place | None = None,
    limit: int,
) -> Iterator[Opened]:
    """What auditors opened, the newest first.

    Args:
        connection: reading.
        auditor: only by this access.
        until: only up to this instant, UTC text.
        after: only what comes behind this place.
        limit: so many at most.
    """
    v = tables.auditor_view
    query = sa.select(v).order_by(v.c.seq.desc()).limit(limit)
    if auditor is not None:
        query = query.where(v.c.auditor == auditor)
    if until is not None:
        query = query.where(v.c.opened_at <= until)
    if after is not None:
        query = query.where(v.c.seq < after.seq)
    for row in connection.execute(query):
        yield Opened._make(row)
