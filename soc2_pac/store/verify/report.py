"""What ``verify`` says, and how it reads rows that may hold anything."""

from __future__ import annotations

import codecs
import contextlib
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from soc2_pac.store import ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy as sa
    from sqlalchemy import Connection

_CHUNK = 10_000
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it was written."""

    where: str
    """Table and row, or the ledger entry."""
    what: str


@dataclass(slots=True)
class Report:
    """What was checked, and what was found."""

    checked: dict[str, int] = field(default_factory=dict)
    """How many of each were looked at."""
    problems: list[Problem] = field(default_factory=list)
    documents: set[int] | None = None
    """Hashes of (kind, digest) of every document that some resource has, once all were read."""
    unverified: list[str] = field(default_factory=list)
    """What could not be checked without a right that this connection lacks."""

    simulated: str | None = None
    """Since when the history is simulated, as the store says; ``None``: it is real."""

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.problems

    def find(self, where: str, what: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(where, what))


def stream(connection: Connection, query: sa.Select[Any]) -> Iterator[Any]:
    """Rows as they come; memory does not grow with their number."""
    return iter(connection.execute(query.execution_options(yield_per=_CHUNK)))


def tuples(connection: Connection, query: sa.Select[Any]) -> Iterator[tuple[Any, ...]]:
    """The same as plain tuples of texts, numbers and bytes: for what is read by the hundred thousand."""
    if connection.dialect.name != "sqlite":
        yield from (tuple(row) for row in stream(connection, query))
        return
    # The driver's own rows are made five times faster than SQLAlchemy's, and texts that are UTF-8 without
    # a call for each.
    text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    raw: Any = connection.connection.driver_connection
    cursor = raw.execute(text)
    lenient, given = raw.text_factory, 0
    while True:
        raw.text_factory = str
        try:
            rows = cursor.fetchmany(_AT_ONCE)
        except raw.OperationalError:
            # Some text is none. The same query gives the same rows in the same order within a transaction.
            raw.text_factory = lenient
            yield from itertools.islice(raw.execute(text), given, None)
            return
        finally:
            raw.text_factory = lenient
        yield from rows
        given += len(rows)
        if len(rows) < _AT_ONCE:
            return


def digest_of(value: object) -> str:
    """SHA-256 (hex) of a text; empty for anything else, which matches no digest."""
    return ledger.sha256(value) if isinstance(value, str) else ""


def short(value: object) -> str:
    """The start of a digest, for a message; of whatever else stands in its place."""
    return str(value)[:12]


@contextlib.contextmanager
def tolerant(connection: Connection) -> Iterator[None]:
    """While it lasts, SQLite hands over text that is not valid UTF-8, marked as no stored text can be."""
    raw: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    before = raw.text_factory
    raw.text_factory = lambda data: data.decode("utf-8", _HANDLER)
    try:
        yield
    finally:
        raw.text_factory = before


_HANDLER = "soc2_pac.invalid"


def _mark(error: UnicodeError) -> tuple[str, int]:
    # NUL is never stored: see soc2_pac.store.database.storable.
    return "\0", error.end if isinstance(error, UnicodeDecodeError) else 0


codecs.register_error(_HANDLER, _mark)
