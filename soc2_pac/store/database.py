"""The connection to the database: pragmas, transactions, the one-writer lock, and clear errors."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from soc2_pac.errors import StoreError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection, Engine, Table

_WRITER_LOCK = 0x50C2_0001
"""Advisory lock on PostgreSQL, held for one writing transaction."""
_RUN_LOCK = 0x50C2_0002
"""Advisory lock on PostgreSQL, held for a whole run."""
_BUSY_SECONDS = 30


def parse_url(url: str) -> URL:
    """``sqlite:///file.db`` or ``postgresql://user@host/db``. Raises StoreError for anything else."""
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        msg = "the store URL cannot be read. Write sqlite:///soc2-pac.db or postgresql://user@host/database"
        raise StoreError(msg) from error
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and (parsed.database or "").startswith("file:"):
        msg = "the store's path cannot be a file: URI. Write sqlite:///soc2-pac.db"
        raise StoreError(msg)
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        msg = f"the store cannot be {parsed.drivername}: use sqlite or postgresql"
        raise StoreError(msg)
    return parsed


CACHE_MB = 64
"""MiB of a database file that a connection keeps: an evaluation goes back and forth in it."""

_MANY = 50
"""Rows from which on PostgreSQL's COPY is worth its preparation."""


class Database:
    """One database. Transactions come from :meth:`reading` and :meth:`writing`; close it when done."""

    def __init__(self, url: str, *, cache_mb: int = CACHE_MB) -> None:
        """Raises StoreError when the URL or the driver cannot serve. Opens nothing yet.

        ``cache_mb``: of SQLite, for each connection; PostgreSQL has its own.
        """
        self.url = parse_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        try:
            self.engine = (
                _sqlite_engine(self.url, cache_mb)
                if self.sqlite
                else sa.create_engine(self.url, hide_parameters=True)
            )
        except ModuleNotFoundError as error:
            msg = f"{error.name} is not installed. Next: pip install 'soc2-pac[postgres]'"
            raise StoreError(msg) from error
        self._writer: tuple[int, Connection] | None = None

    @property
    def name(self) -> str:
        """The URL with its password hidden."""
        return self.url.render_as_string(hide_password=True)

    def create_file(self) -> None:
        """Create the SQLite file readable by its owner alone, before SQLite would create it for all."""
        if self.path is None or self.path.exists():
            return
        try:
            # Where a link leads nowhere yet, the file is made there.
            path = self.path.resolve()
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return  # another process created it in between: it used the same mode
        except (OSError, RuntimeError) as error:
            said = error.strerror if isinstance(error, OSError) else "its links lead in a circle"
            msg = f"the store {self.path} cannot be created: {said}"
            raise StoreError(msg) from error

    @property
    def path(self) -> Path | None:
        """The SQLite file; ``None`` for PostgreSQL and for a store in memory."""
        name = self.url.database
        return Path(name) if self.sqlite and name not in (None, "", ":memory:") else None

    @contextlib.contextmanager
    def reading(self, *, strictly: bool = False) -> Iterator[Connection]:
        """A read-only transaction: one consistent state throughout.

        ``strictly``: SQLite, too, refuses every change, also of temporary tables. PostgreSQL always does.
        """
        with self._explained(), self._unchanged(), self.engine.connect() as connection:
            if not self.sqlite:
                connection.exec_driver_sql(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
                )
            if not (strictly and self.sqlite):
                yield connection
                return
            connection.exec_driver_sql("PRAGMA query_only = ON")
            try:
                yield connection
            finally:
                # The connection goes back to where others take theirs from.
                connection.exec_driver_sql("PRAGMA query_only = OFF")

    @contextlib.contextmanager
    def apart(self) -> Iterator[sqlite3.Connection]:
        """A connection of SQLite's own to the file, opened read-only: for who restricts it further.

        Raises:
            StoreError: the store is no file, or cannot be opened.
        """
        import sqlite3  # noqa: PLC0415 - PostgreSQL alone does not need it

        if self.path is None:
            msg = f"the store {self.name} is no file of SQLite"
            raise StoreError(msg)
        how = _how_to_open(self.path) or "mode=ro"
        address = f"{self.path.resolve().as_uri()}?{how}"
        with self._unchanged():
            try:
                connection = sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)
            except sqlite3.Error as error:
                msg = f"store {self.name}: {error}"
                raise StoreError(msg) from error
            with contextlib.closing(connection):
                yield connection

    @contextlib.contextmanager
    def _unchanged(self) -> Iterator[None]:
        """A file that is read without locks, since its folder cannot be written, stays what it was."""
        path = self.path
        if path is None or _how_to_open(path) != "immutable=1":
            yield
            return
        before = path.stat()
        yield
        after = path.stat()
        if (before.st_mtime_ns, before.st_size) != (after.st_mtime_ns, after.st_size):
            msg = f"the store {path} was written to while it was read. Next: run it again"
            raise StoreError(msg)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that alone may write; all or nothing."""
        self._drop_cut_short()
        with self._explained(), self.engine.connect() as connection:
            writer = connection.execution_options(soc2_writer=True)
            self._writer = (threading.get_ident(), writer)
            with writer.begin():
                if not self.sqlite:
                    writer.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
                yield writer
                if self._writer is None or self._writer[1] is not writer:
                    msg = "a writing transaction was begun within another, which was rolled back by it"
                    raise RuntimeError(msg)
        self._writer = None

    def _drop_cut_short(self) -> None:
        """Roll back what a signal left open in this thread.

        A signal that comes just as a ``with`` block is entered or left skips its end: the transaction would
        stay open for as long as the traceback lives, and the next one would wait for it in vain.
        """
        if self._writer is None:
            return
        thread, writer = self._writer
        if thread == threading.get_ident():
            self._writer = None
            if writer.closed:
                return
            transaction = writer.get_transaction()
            if transaction is not None:
                transaction.rollback()
            if not writer.invalidated:
                # BEGIN may have been said before there was a transaction to hold.
                writer.connection.rollback()

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise StoreError(_explain(self.name, error)) from error

    @contextlib.contextmanager
    def run_lock(self) -> Iterator[None]:
        """Held for a whole run; gone with the process, however it ends.

        Raises:
            StoreError: another run works on this store.
        """
        msg = f"another run is working on {self.name}. Next: wait for it to end, or stop it"
        if self.sqlite:
            with _file_lock(self.path, msg):
                yield
            return
        with self._explained(), self.engine.connect() as connection:
            # Outside of a transaction: a session lock lives as long as the connection.
            session = connection.execution_options(isolation_level="AUTOCOMMIT")
            if not session.exec_driver_sql(f"SELECT pg_try_advisory_lock({_RUN_LOCK})").scalar():
                raise StoreError(msg)
            try:
                yield
            finally:
                session.exec_driver_sql(f"SELECT pg_advisory_unlock({_RUN_LOCK})")

    def shrink(self) -> None:
        """Give the disk space of what was taken out back, as far as the database does not do that itself."""
        if self.path is None:
            return  # PostgreSQL's autovacuum does
        with self.engine.connect() as connection:
            # Not allowed within a transaction.
            raw = connection.connection.driver_connection
            assert raw is not None  # noqa: S101 - an open connection has one
            raw.rollback()
            raw.execute("VACUUM")

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def insert(
    connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]], *, new: bool = True
) -> None:
    """Insert rows whose values stand in the table's column order, by the driver's own fast path.

    ``new=False``: rows whose primary key, the first column, exists already are left as they are.
    """
    if not rows:
        return
    if connection.dialect.name != "sqlite" and len(rows) >= _MANY:
        _copy(connection, table, rows if new else _not_there(connection, table, rows))
        return
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    marks = ", ".join(mark for _ in table.columns)
    conflict = "" if new else " ON CONFLICT DO NOTHING"
    # Names come from tables.py; values are bound.
    sql = f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks}){conflict}'  # noqa: S608
    connection.exec_driver_sql(sql, list(rows))


def _not_there(
    connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    """Rows with new keys, each key once. There is one writer: what is not there now is not there then."""
    found = {row[0]: row for row in reversed(rows)}
    key = table.columns[0].name
    sql = f'SELECT "{key}" FROM "{table.name}" WHERE "{key}" = ANY(%s)'  # noqa: S608 - names are ours
    for known in connection.exec_driver_sql(sql, (list(found),)).scalars():
        del found[known]
    return list(found.values())


def _copy(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """PostgreSQL's COPY: rows one by one would each wait for an answer."""
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    raw = connection.connection.driver_connection
    assert raw is not None  # noqa: S101 - an open connection has one
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def close_intervals(
    connection: Connection, table: Table, rows: Sequence[tuple[str, int, int]]
) -> None:
    """Close open intervals: rows of (valid_to, closed_by, id)."""
    if not rows:
        return
    if connection.dialect.name != "sqlite":
        sql = (
            f'UPDATE "{table.name}" AS t SET valid_to = v.valid_to, closed_by = v.closed_by '  # noqa: S608 - names are ours
            "FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS v(valid_to, closed_by, id) "
            "WHERE t.id = v.id AND t.closed_by IS NULL"
        )
        connection.exec_driver_sql(sql, tuple(map(list, zip(*rows, strict=True))))
        return
    sql = (
        f'UPDATE "{table.name}" SET valid_to = ?, closed_by = ? '  # noqa: S608 - names are ours
        "WHERE id = ? AND closed_by IS NULL"
    )
    connection.exec_driver_sql(sql, list(rows))


def next_id(connection: Connection, table: Table) -> int:
    """The next id of a table. Only within :meth:`Database.writing`: there is one writer."""
    return (connection.execute(_last_id(table.name, table.c[0].name)).scalar() or 0) + 1


@functools.cache
def _last_id(table: str, column: str) -> sa.TextClause:
    # Asked four times for each look: as text it is neither built nor compiled anew.
    return sa.text(f'SELECT max("{column}") FROM "{table}"')  # noqa: S608 - names come from tables.py


@contextlib.contextmanager
def without_cycle_search() -> Iterator[None]:
    """For work over millions of small tuples and no cycles: looking for some takes a tenth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def batched(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Lists of up to ``size`` rows."""
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch


def _sqlite_engine(url: URL, cache_mb: int) -> Engine:
    import sqlite3  # noqa: PLC0415 - PostgreSQL alone does not need it

    memory = url.database in (None, "", ":memory:")
    path = Path(url.database or ":memory:")

    def connect() -> sqlite3.Connection:
        how = None if memory else _how_to_open(path)
        if how is not None:
            return sqlite3.connect(
                f"{path.resolve().as_uri()}?{how}",
                uri=True,
                timeout=_BUSY_SECONDS,
                check_same_thread=False,
            )
        return sqlite3.connect(str(path), timeout=_BUSY_SECONDS, check_same_thread=False)

    engine = sa.create_engine(
        url,
        hide_parameters=True,
        creator=connect,
        **({"poolclass": sa.StaticPool} if memory else {}),
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # this module begins transactions, not the driver
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = {-1024 * cache_mb:d}")
        connection.execute("PRAGMA temp_store = MEMORY")
        # 80 MB of log before it is folded in: at the default of 4 MB a first run folds twenty times.
        connection.execute("PRAGMA wal_autocheckpoint = 20000")

    @event.listens_for(engine, "invalidate")
    def end(connection: sqlite3.Connection, *_: object) -> None:
        """A signal in the midst of a statement makes SQLAlchemy close the connection.

        SQLite closes one for good only when its statements are gone, and a traceback keeps them: the transaction
        would stay open, and lock everybody out.
        """
        with contextlib.suppress(sqlite3.Error):
            connection.rollback()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("soc2_writer"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _how_to_open(path: Path) -> str | None:
    """Parameters for a store that cannot be written from here, nor its folder; ``None`` for any other.

    SQLite wants its log and index beside the file, and makes them where they are missing.
    """
    if not path.exists() or os.access(path, os.W_OK) or os.access(path.resolve().parent, os.W_OK):
        return None
    real = path.resolve()
    log, index = (real.with_name(real.name + end) for end in ("-wal", "-shm"))
    if not log.exists() or log.stat().st_size == 0:
        return "immutable=1"
    if index.exists():
        return "mode=ro"
    msg = (
        f"the store {path} is read-only, and {log.name} holds changes that were not folded in. "
        "Next: copy both to a folder that can be written"
    )
    raise StoreError(msg)


@contextlib.contextmanager
def _file_lock(path: Path | None, message: str) -> Iterator[None]:
    if path is None:
        yield
        return
    import fcntl  # noqa: PLC0415 - not on every platform

    lock = path.with_name(path.name + ".lock")
    try:
        handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        msg = f"the lock file {lock} cannot be opened: {error.strerror}"
        raise StoreError(msg) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(message) from error
        yield
    finally:
        os.close(handle)


def _explain(name: str, error: DBAPIError) -> str:
    """What the driver said, as thing, cause and next step. Statement and values are left out."""
    said = (
        str(error.orig).strip().splitlines()[0]
        if error.orig and str(error.orig).strip()
        else "no reason"
    )
    hints = (
        ("readonly", "it is read-only. Next: check the file's owner and mode"),
        ("read-only", "it is read-only. Next: use a role that may write"),
        (
            "disk is full",
            "the disk is full; nothing of this step was written. Next: free space, run again",
        ),
        (
            "No space left",
            "the disk is full; nothing of this step was written. Next: free space, run again",
        ),
        (
            "unable to open",
            "the file cannot be opened. Next: check the path in [store] url and its rights",
        ),
        (
            "not a database",
            "the file is not a SQLite database. Next: check the path in [store] url",
        ),
        ("malformed", "the file is damaged. Next: restore a backup, then run soc2-pac verify"),
        (
            "locked",
            f"another process has been writing for {_BUSY_SECONDS} seconds. Next: try again",
        ),
    )
    for sign, meaning in hints:
        if sign in said:
            return f"store {name}: {meaning} ({said})"
    return f"store {name}: {said}"
