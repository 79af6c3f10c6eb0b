"""A run's beginning and end. A run that was killed is noted as interrupted by the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.model import utc_text
from soc2_pac.store import ledger, tables
from soc2_pac.store.database import insert, next_id

if TYPE_CHECKING:
    from sqlalchemy import Connection


def begin(
    connection: Connection, *, command: str, config: tuple[str, str] | None, tool_version: str
) -> int:
    """Start a run; returns its id. Within ``Database.writing`` and under the run lock.

    Args:
        connection: the writer.
        command: what was asked for, without options that could hold a secret.
        config: (digest, canonical body without secrets) of the configuration in force.
        tool_version: soc2-pac's.
    """
    now = utc_text(clock.now())
    r = tables.run
    for run_id in connection.execute(sa.select(r.c.id).where(r.c.status.is_(None))).scalars().all():
        _end(connection, run_id, "interrupted", now)
    if config is not None:
        digest, body = config
        c = tables.config
        if connection.execute(sa.select(c.c.digest).where(c.c.digest == digest)).scalar() is None:
            insert(connection, c, [(digest, body, now)])
            ledger.record(connection, "config", digest, now)
    run_id = next_id(connection, r)
    insert(
        connection,
        r,
        [(run_id, command, now, None, None, config[0] if config else None, tool_version)],
    )
    ledger.record(connection, "run.started", run_id, now)
    return run_id


def end(connection: Connection, run_id: int, status: str) -> None:
    """End a run as ``finished``, ``failed`` or ``interrupted``. Within ``Database.writing``."""
    _end(connection, run_id, status, utc_text(clock.now()))


def _end(connection: Connection, run_id: int, status: str, now: str) -> None:
    r = tables.run
    connection.execute(
        sa.update(r)
        .where(r.c.id == run_id, r.c.status.is_(None))
        .values(status=status, finished_at=now)
    )
    ledger.record(connection, "run.ended", run_id, now)
