"""Waivers: dated, owned acceptances of a failure. Events are appended; nothing is taken back silently."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from soc2_pac import clock
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text
from soc2_pac.records import storable
from soc2_pac.store import ledger, tables
from soc2_pac.store.database import insert, next_id
from soc2_pac.text import says_something

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts import Actor


@dataclass(frozen=True, slots=True)
class Waiver:
    """One waiver and what became of it."""

    waiver: str
    """Short id."""
    rule: str
    scope: str | None
    """``None``: every scope."""
    resource: str | None
    """A uid; ``None``: every resource, or those of ``pattern``."""
    reason: str
    owner: str
    """The person who accepts the risk."""
    added_at: str
    expires_at: str | None
    revoked_at: str | None
    revoked_because: str | None
    revoked_by: str | None
    approver: str | None
    """Who else agreed; ``None`` in what older versions wrote."""
    pattern: str | None
    """A glob over ids and names of resources, in which only ``*`` is special."""
    os_user: str | None
    """The user of the operating system who recorded it."""
    login: str | None
    """The login that proved who it was; ``None``: none did."""

    def covers(self, scope: str, uid: str | None, name: str | None) -> bool:
        """Whether a failure of its rule is accepted by it, while it is active."""
        if self.scope not in (None, scope) or self.resource not in (None, uid):
            return False
        return self.pattern is None or matches(self.pattern, uid, name)

    def active(self, now: datetime) -> bool:
        """Whether it holds at an instant."""
        return self.revoked_at is None and (
            self.expires_at is None or self.expires_at > utc_text(now)
        )


def add(
    connection: Connection,
    *,
    rule: str,
    scope: str | None,
    resource: str | None,
    pattern: str | None = None,
    reason: str,
    owner: str,
    approver: str,
    expires_at: datetime | None,
    by: Actor,
) -> str:
    """Record a waiver; returns its id. Within ``Database.writing``.

    Raises:
        UsageError: see :func:`check_terms`.
    """
    now = clock.now()
    check_terms(reason, owner, approver, expires_at, now)
    waiver = f"w-{secrets.token_hex(4)}"
    ends = utc_text(expires_at) if expires_at else None
    said = (storable(reason), storable(owner), ends)
    more = (storable(approver), pattern, storable(by.os_user), by.login)
    _append(connection, (waiver, "add", rule, scope, resource, *said), more, now)
    return waiver


def check_terms(
    reason: str, owner: str, approver: str, expires_at: datetime | None, now: datetime
) -> None:
    """Whether a waiver may be recorded so.

    Raises:
        UsageError: reason, owner or approver is empty, the approver is the owner, or the end is not in the
            future.
    """
    for name, value in (("reason", reason), ("owner", owner), ("approver", approver)):
        if not says_something(value):
            msg = f"a waiver needs {'a' if name == 'reason' else 'an'} {name}: an auditor will ask"
            raise UsageError(msg)
    if same_name(owner, approver):
        msg = f"{owner} cannot approve a waiver of their own: name somebody else"
        raise UsageError(msg)
    if expires_at is not None and expires_at <= now:
        msg = f"the waiver would have ended on {expires_at:%Y-%m-%d} already"
        raise UsageError(msg)


def same_name(one: str, other: str) -> bool:
    """Whether two texts name the same person as far as letters tell: case, accents and marks do not count."""
    return _plain_name(one) == _plain_name(other)


def _plain_name(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_LOOK_ALIKES))
    words = re.findall(r"[^\W_]+", "".join(c for c in decomposed if not unicodedata.combining(c)))
    return " ".join(sorted(words))


_LOOK_ALIKES = str.maketrans("авеікмнорстухѕјԁαορν", "abeikmhopctyxsjdaopv")
"""Letters of other alphabets that look like Latin ones."""


def matches(pattern: str, *names: str | None) -> bool:
    """Whether a pattern in which only ``*`` is special, as in the views, is of one of these names."""
    wanted = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    return any(name is not None and wanted.fullmatch(name) for name in names)


def revoke(connection: Connection, waiver: str, *, reason: str, owner: str, by: Actor) -> None:
    """End a waiver. Within ``Database.writing``.

    Raises:
        UsageError: there is no such waiver, or it was revoked before.
    """
    e = tables.waiver_event
    rows = connection.execute(sa.select(e).where(e.c.waiver == waiver).order_by(e.c.id)).all()
    if not rows:
        msg = f"there is no waiver '{waiver}'. Next: soc2-pac waivers list"
        raise UsageError(msg)
    if any(row.action == "revoke" for row in rows):
        msg = f"waiver {waiver} was revoked on {rows[-1].recorded_at[:10]} already"
        raise UsageError(msg)
    added = rows[0]
    _append(
        connection,
        (
            waiver,
            "revoke",
            added.rule,
            added.scope,
            added.resource,
            storable(reason),
            storable(owner),
            None,
        ),
        (None, added.pattern, storable(by.os_user), by.login),
        clock.now(),
    )


def listed(connection: Connection) -> list[Waiver]:
    """Every waiver, oldest first, ended ones too."""
    names = ", ".join(Waiver.__dataclass_fields__)
    rows = connection.execute(sa.text(f"SELECT {names} FROM v_waivers ORDER BY added_at, waiver"))  # noqa: S608
    return [Waiver(*row) for row in rows]


def _append(
    connection: Connection,
    values: tuple[str | None, ...],
    more: tuple[str | None, ...],
    now: datetime,
) -> None:
    event = next_id(connection, tables.waiver_event)
    insert(connection, tables.waiver_event, [(event, *values, utc_text(now), *more)])
    ledger.record(connection, "waiver", event, utc_text(now))
