"""Which keys sign checkpoints: events, so that a key that was replaced or lost stays part of the history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text
from soc2_pac.records import storable
from soc2_pac.store import ledger, tables
from soc2_pac.store.checkpoint import key_id
from soc2_pac.store.database import insert, next_id
from soc2_pac.text import says_something

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key, and what became of it."""

    key_id: str
    public_key: str
    """Base64 of 32 bytes (Ed25519)."""
    added_at: str
    added_by: str
    reason: str
    revoked_at: str | None
    revoked_by: str | None
    revoked_because: str | None


def add(connection: Connection, public_key: str, *, reason: str, owner: str) -> str:
    """Record that a key signs checkpoints from now on; returns its id. Within ``Database.writing``.

    Raises:
        UsageError: it is no public key, was added already, or reason or owner is empty.
    """
    name = key_id(public_key)
    if any(key.key_id == name for key in listed(connection)):
        msg = f"the key {name} was added already"
        raise UsageError(msg)
    _append(connection, (name, public_key, "add", reason, owner))
    return name


def revoke(connection: Connection, name: str, *, reason: str, owner: str) -> None:
    """Record that a key signs no more. Within ``Database.writing``.

    Raises:
        UsageError: there is no such key, it was revoked already, or reason or owner is empty.
    """
    found = next((key for key in listed(connection) if key.key_id == name), None)
    if found is None:
        msg = f"there is no key {name}. Next: soc2-pac checkpoint keys"
        raise UsageError(msg)
    if found.revoked_at is not None:
        msg = f"the key {name} was revoked on {found.revoked_at[:10]} already"
        raise UsageError(msg)
    _append(connection, (name, found.public_key, "revoke", reason, owner))


def listed(connection: Connection) -> list[SigningKey]:
    """Every key, oldest first."""
    found: dict[str, SigningKey] = {}
    for row in connection.execute(sa.select(tables.signing_key_event).order_by(sa.text("id"))):
        if row.action == "add":
            found[row.key_id] = SigningKey(
                row.key_id, row.public_key, row.recorded_at, row.owner, row.reason, None, None, None
            )
        elif row.key_id in found:
            key = found[row.key_id]
            found[row.key_id] = SigningKey(
                key.key_id,
                key.public_key,
                key.added_at,
                key.added_by,
                key.reason,
                row.recorded_at,
                row.owner,
                row.reason,
            )
    return list(found.values())


def _append(connection: Connection, event: tuple[str, str, str, str, str]) -> None:
    name, public_key, action, reason, owner = event
    for what, value in (("reason", reason), ("owner", owner)):
        if not says_something(value):
            msg = f"a signing key needs {'an' if what == 'owner' else 'a'} {what}: an auditor will ask"
            raise UsageError(msg)
    now = utc_text(clock.now())
    number = next_id(connection, tables.signing_key_event)
    row = (number, name, public_key, action, storable(reason), storable(owner), now)
    insert(connection, tables.signing_key_event, [row])
    ledger.record(connection, "signing_key", number, now)
