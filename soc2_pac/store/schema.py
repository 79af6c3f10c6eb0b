"""The schema's version: created when the store is empty, upgraded on request, refused when unknown."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.errors import StoreError
from soc2_pac.model import utc_text
from soc2_pac.store import ledger, tables
from soc2_pac.store.database import insert

if TYPE_CHECKING:
    from alembic.config import Config

    from soc2_pac.store.database import Database

HEAD = "0010"
"""The newest revision that this version knows; a test holds it against the migrations."""


def current(database: Database) -> str | None:
    """The store's revision; ``None`` when it is empty."""
    with database.reading() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def known() -> list[str]:
    """Every revision that this version ships, oldest first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - 0.2 s that only upgrades need

    scripts = ScriptDirectory.from_config(_alembic_config())
    return [revision.revision for revision in reversed(list(scripts.walk_revisions()))]


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the store to :data:`HEAD`. Returns the revisions before and after.

    Raises:
        StoreError: the store was written by a newer version, or cannot be written.
    """
    prepare(database)
    before = current(database)
    if before not in (None, HEAD) and before not in known():
        raise StoreError(_too_new(database, before))
    if before == HEAD:
        return before, HEAD
    with database.writing() as connection:
        migrate(connection)
        if before is None:
            _found(connection)
    return before, HEAD


def prepare(database: Database) -> None:
    """Make the file, where there is none, that :func:`migrate` brings up."""
    database.create_file()
    if database.path is None or current(database) is not None:
        return
    with database.engine.connect() as connection:
        # Persistent, and not allowed within a transaction.
        connection.connection.driver_connection.execute("PRAGMA journal_mode = WAL")  # type: ignore[union-attr]


def migrate(connection: sa.Connection) -> None:
    """Bring the schema on a connection to :data:`HEAD`, within its transaction. Adds no rows of ours."""
    from alembic import command  # noqa: PLC0415 - 0.2 s that only upgrades need

    settings = _alembic_config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")


def require(database: Database, *, create: bool) -> None:
    """Make sure that the store can be used. ``create``: an empty one is brought up first.

    Raises:
        StoreError: there is no store, or its schema is older or newer than this version's.
    """
    if database.path is not None and not database.path.exists() and not create:
        msg = f"there is no store at {database.name}. Next: soc2-pac run, or soc2-pac db upgrade to create it"
        raise StoreError(msg)
    if create:
        database.create_file()
    found = current(database)
    if found == HEAD:
        return
    if found is None:
        if create:
            upgrade(database)
            return
        msg = f"the store {database.name} is empty. Next: soc2-pac run, or soc2-pac db upgrade"
        raise StoreError(msg)
    if found in known():
        msg = (
            f"the store {database.name} has schema {found}, this version needs {HEAD}. "
            "Next: soc2-pac db upgrade"
        )
        raise StoreError(msg)
    raise StoreError(_too_new(database, found))


def _too_new(database: Database, found: str) -> str:
    return (
        f"the store {database.name} has schema {found}, which this version does not know: a newer "
        "soc2-pac wrote it. Next: upgrade soc2-pac"
    )


def _found(connection: sa.Connection) -> None:
    """Give a new store its identity, as the ledger's first entry."""
    store_id = secrets.token_hex(16)
    insert(connection, tables.meta, [("store_id", store_id)])
    ledger.append(connection, "store", store_id, store_id, utc_text(clock.now()))


def _migrations() -> Path:
    package = Path(__file__).resolve().parent.parent
    shipped = package / "_migrations"
    # In a checkout the migrations stand at the top level; the wheel carries them inside the package.
    return shipped if shipped.is_dir() else package.parent / "migrations"


def _alembic_config() -> Config:
    from alembic.config import Config  # noqa: PLC0415

    settings = Config()
    settings.set_main_option("script_location", str(_migrations()))
    settings.set_main_option("path_separator", "os")
    return settings
