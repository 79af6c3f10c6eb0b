"""Acts of people, and the files that come with them. Appended; nothing is ever changed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.acts import Act, Actor
from soc2_pac.model import utc_text
from soc2_pac.records import storable
from soc2_pac.store import ledger, tables
from soc2_pac.store.database import insert, next_id

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts import Body


class File(NamedTuple):
    """A file to keep with an act."""

    digest: str
    """SHA-256 (hex) of its bytes."""
    size: int
    """Bytes."""
    media_type: str
    content: bytes | None
    """``None``: kept outside."""
    location: str | None = None
    """Where it is kept outside; ``None``: in the store."""

    @classmethod
    def inside(cls, content: bytes, media_type: str) -> File:
        """A file that the store itself keeps."""
        return cls(hashlib.sha256(content).hexdigest(), len(content), media_type, content)


def record(
    connection: Connection,
    kind: str,
    subject: str,
    body: Body,
    *,
    by: Actor,
    file: File | None = None,
    now: datetime | None = None,
) -> Act:
    """Append one act with its ledger entry. Within ``Database.writing``.

    Args:
        connection: writing.
        kind: what was done to which sort of thing.
        subject: the id of what it is about.
        body: what was said.
        by: who did it.
        file: what came with it; the same bytes are kept once.
        now: when; the clock's time when left out.
    """
    at = utc_text(now or clock.now())
    if file is not None and _kept(connection, file.digest) is None:
        row = (file.digest, file.size, file.media_type, file.location, file.content)
        insert(connection, tables.attachment, [row])
        ledger.record(connection, "attachment", file.digest, at)
    act = Act(
        next_id(connection, tables.act),
        kind,
        subject,
        storable(body.canonical()),
        file.digest if file else None,
        Actor(storable(by.claimed_name), storable(by.os_user), by.login),
        at,
    )
    actor = (act.by.claimed_name, act.by.os_user, act.by.login)
    insert(
        connection,
        tables.act,
        [(act.id, kind, subject, act.body, act.attachment, *actor, at)],
    )
    ledger.record(connection, "act", act.id, at)
    return act


def listed(
    connection: Connection, kinds: Collection[str] = (), subject: str | None = None
) -> list[Act]:
    """Acts in the order of recording.

    Args:
        connection: reading.
        kinds: only these; all when empty. One that ends in ``.`` stands for all that begin with it.
        subject: only what is about this.
    """
    a = tables.act
    query = sa.select(a).order_by(a.c.id)
    if kinds:
        query = query.where(
            sa.or_(
                *(
                    a.c.kind.startswith(kind, autoescape=True)
                    if kind.endswith(".")
                    else a.c.kind == kind
                    for kind in kinds
                )
            )
        )
    if subject is not None:
        query = query.where(a.c.subject == subject)
    return [
        Act(
            row.id,
            row.kind,
            row.subject,
            row.body,
            row.attachment,
            Actor(row.claimed_name, row.os_user, row.login),
            row.recorded_at,
        )
        for row in connection.execute(query)
    ]


def file(connection: Connection, digest: str) -> File | None:
    """A kept file by its whole digest, or ``None``."""
    return _kept(connection, digest)


def _kept(connection: Connection, digest: str) -> File | None:
    a = tables.attachment
    row = connection.execute(sa.select(a).where(a.c.digest == digest)).first()
    return File(row.digest, row.size, row.media_type, row.content, row.location) if row else None
