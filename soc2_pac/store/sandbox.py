"""Questions in SQL that can only read, end in time, and give so many rows: for people, and for programs of theirs.

Three walls stand behind each other.

1. The text is read first (:mod:`soc2_pac.store.sql_text`): one SELECT, over documented views, with functions known to
   be safe. On both databases.
2. The database refuses. SQLite: the file is opened read-only, ``query_only`` is on, and an authorizer allows nothing
   but reading those views and calling those functions; no text gets around it. PostgreSQL: a READ ONLY transaction,
   and a cursor, which takes one SELECT and nothing else; every relation that the statement locked must be one that the
   views are made of.
3. Time and rows are bounded: SQLite by a handler that is called as it works, PostgreSQL by ``statement_timeout``.

What PostgreSQL does not enforce is which functions are called: there the reading of the text is the only wall. A role
that may do nothing but SELECT on the views is another one.

Sources: sqlite.org "Compile-Time Authorization Callbacks", "PRAGMA query_only", "Run-Time Limits"; PostgreSQL's
manual on SET TRANSACTION (what READ ONLY refuses), DECLARE (only SELECT and VALUES), and statement_timeout.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import math
import re
import sqlite3
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from soc2_pac.errors import UsageError
from soc2_pac.store import tables
from soc2_pac.store.sql_text import COLUMNS, FUNCTIONS, VIEWS, read
from soc2_pac.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from soc2_pac.store.database import Database
    from soc2_pac.store.sql_text import Question

_CHUNK = 500
_STEPS = 10_000
"""Instructions of SQLite's machine between two looks at the clock: under a millisecond."""
_LARGEST = 16 * 1024 * 1024
"""Bytes of one value or row in SQLite: a text that is made larger is an error."""
_OWN_READS = frozenset({"pg_class", "pg_locks", "pg_namespace"})
"""What the look at the locks reads itself."""


@dataclass(slots=True)
class Answer:
    """An answer that comes as it is read; :attr:`more` is known at its end."""

    columns: tuple[str, ...]
    rows: Iterator[dict[str, object]]
    more: bool = False
    """Whether rows were left out because of the limit."""


class _Clock:
    """How long the database may still work. While nobody asks it for rows, it stands."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self._until = math.inf

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        began = time.monotonic()
        self._until = began + self.left
        try:
            yield
        finally:
            self._until = math.inf
            self.left -= time.monotonic() - began

    def over(self) -> bool:
        return time.monotonic() > self._until


@contextlib.contextmanager
def ask(
    database: Database,
    text: str,
    parameters: Mapping[str, str | int | float | None] | None = None,
    *,
    seconds: float = 30,
    limit: int = 1000,
) -> Iterator[Answer]:
    """Ask a question in SQL; the answer holds as long as the block.

    Args:
        database: of the store.
        text: one SELECT over the documented views; ``:name`` is a parameter.
        parameters: values by name, bound and never pasted in.
        seconds: how long the database may work on it.
        limit: how many rows at most.

    Raises:
        UsageError: the question is refused, wrong, or took too long; a parameter is missing or of no use.
        StoreError: the store cannot be read.
    """
    question = read(text, sqlite=database.sqlite)
    given = dict(parameters or {})
    _check_parameters(question, given)
    clock = _Clock(seconds)
    opened = _sqlite if database.sqlite else _postgresql
    with opened(database, question, given, clock, seconds) as (names, fetch):
        columns = _distinct(names)
        answer = Answer(columns, iter(()))
        answer.rows = _rows(answer, fetch, limit)
        yield answer


def _check_parameters(question: Question, given: Mapping[str, object]) -> None:
    for name in question.parameters:
        if name not in given:
            msg = f"the question has a parameter :{name}, and it was not given. Next: --param {name}=VALUE"
            raise UsageError(msg)
    for name in given:
        if name not in question.parameters:
            hint = nearest(name, question.parameters)
            has = ", ".join(f":{one}" for one in question.parameters) or "none"
            msg = f"the question has no parameter :{name}.{hint} It has: {has}"
            raise UsageError(msg)


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    """Names of columns; one that comes again gets a number."""
    found: dict[str, None] = {}
    for name in names:
        chosen, number = name, 1
        while chosen in found:
            number += 1
            chosen = f"{name}_{number}"
        found[chosen] = None
    return tuple(found)


def _rows(answer: Answer, fetch: Any, limit: int) -> Iterator[dict[str, object]]:  # noqa: ANN401
    left = limit
    while True:
        # One more than is wanted tells whether there are more.
        chunk = fetch(min(_CHUNK, left + 1))
        for values in chunk[:left]:
            plain = (_plain(value) for value in values)
            yield dict(zip(answer.columns, plain, strict=True))
        if len(chunk) > left:
            answer.more = True
            return
        left -= len(chunk)
        if not chunk:
            return


def _plain(value: object) -> object:
    """A value that every format can write."""
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value if isinstance(value, str | int | float | list | dict | None) else str(value)


# -- SQLite -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _sqlite(
    database: Database,
    question: Question,
    given: Mapping[str, object],
    clock: _Clock,
    seconds: float,
) -> Iterator[tuple[list[str], Any]]:
    with (
        database.apart() as connection,
        _explained(question.text, sqlite3.Error, clock, seconds),
    ):
        connection.execute("PRAGMA query_only = ON")
        # SQLite sets these up at their first use, by ways that the authorizer refuses.
        connection.execute("SELECT 1 FROM json_each('[]'), json_tree('[]')").fetchall()
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LARGEST)
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_authorizer(_authorize)
        connection.set_progress_handler(clock.over, _STEPS)
        with clock.running():
            cursor = connection.execute(question.text, given)

        def fetch(count: int) -> list[Any]:
            with clock.running():
                return cursor.fetchmany(count)

        yield [column[0] for column in cursor.description], fetch


_READ_FROM = VIEWS | {"json_each", "json_tree"}


def _authorize(
    action: int, first: str | None, second: str | None, _database: str | None, source: str | None
) -> int:
    """Whether SQLite may do something for a question.

    ``source``: the view that wants it. The text was read before: nothing in a question has the name of a view. A
    reading without a column (``second`` is empty) says that a table of a view counts by its rows alone.
    """
    inside = source is not None and source.lower() in VIEWS
    first = first and first.lower()
    allowed = (
        action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE)
        or (action == sqlite3.SQLITE_READ and (first in _READ_FROM or inside or not second))
        or (
            action == sqlite3.SQLITE_FUNCTION and (str(second).lower() in FUNCTIONS[True] or inside)
        )
    )
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


# -- PostgreSQL ---------------------------------------------------------------------------------------


@contextlib.contextmanager
def _postgresql(
    database: Database,
    question: Question,
    given: Mapping[str, object],
    clock: _Clock,
    seconds: float,
) -> Iterator[tuple[list[str], Any]]:
    import psycopg  # noqa: PLC0415 - with the extra alone

    with database.reading() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)  # noqa: S101 - the one driver
        with (
            psycopg.RawCursor(raw) as cursor,
            _explained(question.text, psycopg.Error, clock, seconds),
        ):
            # Reads nothing yet: a transaction that has read cannot be made read-only, nor made to write again.
            cursor.execute("SELECT pg_catalog.current_schema()")
            (schema,) = cursor.fetchone() or (None,)
            schema = schema or "public"
            found = str(schema).replace('"', '""')
            cursor.execute(f'SET LOCAL search_path = pg_catalog, "{found}", pg_temp')
            cursor.execute("SET LOCAL standard_conforming_strings = on")
            _allow(cursor, clock)
            with clock.running():
                cursor.execute(
                    f"DECLARE answer NO SCROLL CURSOR FOR {question.numbered()}",
                    [given[name] for name in question.parameters],
                )
            _check_locks(cursor, str(schema))
            _allow(cursor, clock)
            with clock.running():
                cursor.execute("FETCH FORWARD 0 FROM answer")
            names = [column.name for column in cursor.description or ()]

            def fetch(count: int) -> list[Any]:
                _allow(cursor, clock)
                with clock.running():
                    cursor.execute(f"FETCH FORWARD {count} FROM answer")
                    return cursor.fetchall()

            yield names, fetch


def _allow(cursor: Any, clock: _Clock) -> None:  # noqa: ANN401 - psycopg's
    left = max(1, math.ceil(clock.left * 1000))
    cursor.execute(f"SET LOCAL statement_timeout = {left}")


def _check_locks(cursor: Any, schema: str) -> None:  # noqa: ANN401 - psycopg's
    """Whether the statement reads nothing but what the views are made of: PostgreSQL locks all that it reads.

    Raises UsageError.
    """
    cursor.execute(
        "SELECT n.nspname, c.relname, c.relkind FROM pg_locks l JOIN pg_class c ON c.oid = l.relation "
        "JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND c.relkind NOT IN ('i', 'I')"
    )
    known = {*tables.metadata.tables, *VIEWS}
    for namespace, name, _kind in cursor.fetchall():
        ours = namespace == schema and name in known
        if not ours and not (namespace == "pg_catalog" and name in _OWN_READS):
            msg = f"the question cannot be asked: it reads {namespace}.{name}. Next: read the documented views"
            raise UsageError(msg)


# -- what the database said ---------------------------------------------------------------------------


@contextlib.contextmanager
def _explained(text: str, errors: type[Exception], clock: _Clock, seconds: float) -> Iterator[None]:
    try:
        yield
    except errors as error:
        said = " ".join(str(error).split("\n")[0].split()) or type(error).__name__
        late = clock.left <= 0 or "statement timeout" in said
        if late and any(word in said for word in ("interrupted", "timeout")):
            msg = (
                f"the question took more than {seconds:g} seconds and was stopped. "
                "Next: narrow it by WHERE, or give it more with --timeout"
            )
            raise UsageError(msg) from error
        msg = f"the database refused the question: {said}.{_hint(said, text)}"
        raise UsageError(msg) from error


def _hint(said: str, text: str) -> str:
    """The nearest column of the views that the question names; how columns are looked up, where none is near."""
    wrong = re.search(
        r"no such column: (?:\w+\.)?\"?(\w+)|column \"?(?:\w+\.)?(\w+)\"? does not", said
    )
    if wrong is None:
        return " Next: docs/queries.md shows questions to start from"
    named = [view for view in sorted(VIEWS) if view in text.lower()]
    columns = {column for view in named for column in COLUMNS[view]}
    hint = nearest(wrong.group(1) or wrong.group(2), columns)
    return f"{hint} Columns of {', '.join(named)}: {', '.join(sorted(columns))}"
