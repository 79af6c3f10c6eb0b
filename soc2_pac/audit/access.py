"""Tokens for the pages. Each is an act: who was given access, as what and by whom is in the ledger for good."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, get_args

from soc2_pac.acts import access as said
from soc2_pac.acts.access import Granted, Revoked, Role
from soc2_pac.audit.bounds import Bounds
from soc2_pac.collect.redact import scrub
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text
from soc2_pac.store import acts
from soc2_pac.text import nearest, says_something

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.acts import Act, Actor

ROLES: tuple[Role, ...] = get_args(Role)
LONGEST = timedelta(days=366)
"""How long a token may work."""
_KINDS = (said.GRANTED, said.REVOKED)
_TOKEN = re.compile(r"soc2pac_((?:tok|aud)-[0-9a-f]{8})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Grant:
    """A token and what became of it. Its secret is not here: nobody has it but its holder."""

    id: str
    said: Granted
    added: Act
    revoked: Act | None = None

    def state(self, now: datetime) -> str:
        """``active``, ``expired`` or ``revoked``."""
        if self.revoked is not None:
            return "revoked"
        return "active" if utc_text(now) < self.said.until else "expired"

    @property
    def bounds(self) -> Bounds | None:
        """What an auditor may see; ``None`` of anybody else."""
        said = self.said
        if said.role != "auditor":
            return None
        # A grant without a period is one of nothing.
        return Bounds(said.start or "", said.end or "", said.criteria)


def create(
    connection: Connection,
    *,
    name: str,
    role: Role,
    until: datetime,
    by: Actor,
    now: datetime,
    bounds: Bounds | None = None,
) -> tuple[Grant, str]:
    """Give somebody access. Within ``Database.writing``.

    Args:
        connection: writing.
        name: who holds the token.
        role: as what.
        until: the instant from which it works no more.
        by: who gives it.
        now: this instant.
        bounds: what an auditor may see; of nobody else.

    Returns:
        The grant, and the token: it is shown once and kept nowhere.

    Raises:
        UsageError: nobody is named, or it would end before it begins, or last longer than :data:`LONGEST`.
    """
    if not says_something(name):
        msg = "--name: say who holds the token: an auditor will ask"
        raise UsageError(msg)
    if until <= now:
        msg = f"--until: {utc_text(until)} is over already"
        raise UsageError(msg)
    if until > now + LONGEST:
        msg = f"--until: a token works {LONGEST.days} days at most"
        raise UsageError(msg)
    if (role == "auditor") != (bounds is not None):
        msg = (
            "an auditor has a period and criteria, and nobody else has. Next: soc2-pac auditors add"
        )
        raise UsageError(msg)
    kind = "tok" if bounds is None else "aud"
    token_id, secret = f"{kind}-{secrets.token_hex(4)}", secrets.token_urlsafe(32)
    body = Granted(
        name=scrub(name.strip()),
        role=role,
        until=utc_text(until),
        secret=_hash(secret),
        start=bounds.start if bounds else None,
        end=bounds.end if bounds else None,
        criteria=bounds.criteria if bounds else (),
    )
    act = acts.record(connection, said.GRANTED, token_id, body, by=by, now=now)
    return Grant(token_id, body, act), f"soc2pac_{token_id}_{secret}"


def revoke(connection: Connection, token_id: str, *, reason: str, by: Actor, now: datetime) -> None:
    """Take a token back. Within ``Database.writing``.

    Raises:
        UsageError: no reason, no such token, or it was revoked before.
    """
    if not says_something(reason):
        msg = "--reason: say why: an auditor will ask"
        raise UsageError(msg)
    found = _grants(acts.listed(connection, _KINDS))
    if token_id not in found:
        msg = (
            f"there is no token '{token_id}'.{nearest(token_id, found)} Next: soc2-pac tokens list"
        )
        raise UsageError(msg)
    before = found[token_id].revoked
    if before is not None:
        msg = f"{token_id} was revoked on {before.recorded_at[:10]} already"
        raise UsageError(msg)
    acts.record(connection, said.REVOKED, token_id, Revoked(reason=scrub(reason)), by=by, now=now)


def holder(connection: Connection, token: str, now: datetime) -> Grant | None:
    """Who holds a token, found by keys; ``None`` where it is none, was revoked, or is over."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        return None
    found = active(connection, parts[1], now)
    if found is None or not hmac.compare_digest(_hash(parts[2]), found.said.secret):
        return None
    return found


def active(connection: Connection, token_id: str, now: datetime) -> Grant | None:
    """The grant of a token by its id, found by keys; ``None`` where there is none that holds."""
    found = _grants(acts.listed(connection, _KINDS, token_id)).get(token_id)
    return found if found is not None and found.state(now) == "active" else None


def rows(connection: Connection, now: datetime) -> list[dict[str, object]]:
    """Every token, newest first, revoked and expired ones too. None shows a secret, or its hash."""
    return [
        {
            "token": grant.id,
            "state": grant.state(now),
            "name": grant.said.name,
            "role": grant.said.role,
            "start": grant.said.start,
            "end": grant.said.end,
            "criteria": list(grant.said.criteria),
            "until": grant.said.until,
            "created_at": grant.added.recorded_at,
            "created_by": str(grant.added.by),
            "revoked_at": grant.revoked and grant.revoked.recorded_at,
            "revoked_by": grant.revoked and str(grant.revoked.by),
            "reason": grant.revoked and grant.revoked.said(Revoked).reason,
        }
        for grant in reversed(_grants(acts.listed(connection, _KINDS)).values())
    ]


def _grants(found: Iterable[Act]) -> dict[str, Grant]:
    grants: dict[str, Grant] = {}
    for act in found:
        if act.kind == said.GRANTED:
            grants[act.subject] = Grant(act.subject, act.said(Granted), act)
        else:
            before = grants[act.subject]
            grants[act.subject] = Grant(before.id, before.said, before.added, act)
    return grants


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
