"""Who may see the pages: whoever has the link that is printed at start, which works once, or a token.

Sessions live in this process: they end with it, and can be ended before. Nothing about them is stored. Tokens are acts
in the store (:mod:`soc2_pac.audit.access`): each request asks whether its token still holds.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soc2_pac import clock
from soc2_pac.audit import access as tokens
from soc2_pac.store import messages

if TYPE_CHECKING:
    from soc2_pac.acts.access import Role
    from soc2_pac.audit.bounds import Bounds
    from soc2_pac.store import Store

LINK_SECONDS = 600
"""How long the printed link works."""
SESSION_SECONDS = 12 * 3600
"""How long a session lasts."""
_MOST = 64
"""Sessions at once; the oldest ends first."""


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in."""

    name: str
    """As whom."""
    ends: float
    """By :func:`time.monotonic`."""
    role: Role = "operator"
    token: str | None = None
    """Id of the token that it rests on; ``None``: the printed link."""
    bounds: Bounds | None = None
    """Of an auditor: what they may see."""
    proof: str | None = None
    """What proves who it is: ``token tok-5f0c19aa``; ``None``: the link, which whoever is at this computer has."""


class Access:
    """The link and the sessions of one server. Safe to use from threads."""

    def __init__(self, store: Store) -> None:
        """``store``: where tokens are kept, open for as long as this is used."""
        self._store = store
        self._lock = threading.Lock()
        self._code: str | None = None
        self._code_ends = 0.0
        self._sessions: dict[str, Session] = {}

    def new_link(self) -> str:
        """The secret part of a link that works once; an earlier one works no more."""
        with self._lock:
            self._code = secrets.token_urlsafe(32)
            self._code_ends = time.monotonic() + LINK_SECONDS
            return self._code

    def redeem(self, code: str) -> str | None:
        """Exchange the secret part of the link for a session; ``None`` where it is wrong, used or too old."""
        with self._lock:
            good = (
                self._code is not None
                and time.monotonic() < self._code_ends
                and hmac.compare_digest(code.encode(), self._code.encode())
            )
            if not good:
                return None
            self._code = None
            return self._begun(Session("local", time.monotonic() + SESSION_SECONDS))

    def _begun(self, session: Session) -> str:
        """With the lock held."""
        cookie = secrets.token_urlsafe(32)
        while len(self._sessions) >= _MOST:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[cookie] = session
        return cookie

    def bearer(self, token: str) -> Session | None:
        """Who sends a token with a request; ``None`` where it does not hold.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._store.reading(strictly=True) as connection:
            found = tokens.holder(connection, token, clock.now())
        if found is None:
            return None
        ends = time.monotonic() + SESSION_SECONDS
        return Session(
            found.said.name, ends, found.said.role, found.id, found.bounds, f"token {found.id}"
        )

    def sign_in(self, token: str) -> str | None:
        """Exchange a token for a session, which ends with it; ``None`` where it does not hold.

        Raises:
            StoreError: the store cannot be read.
        """
        session = self.bearer(token)
        if session is None:
            return None
        with self._lock:
            return self._begun(session)

    def session(self, cookie: str | None) -> Session | None:
        """The session of a cookie; ``None`` where there is none, it is over, or its token holds no more.

        Raises:
            StoreError: the store cannot be read.
        """
        if not cookie:
            return None
        with self._lock:
            found = self._sessions.get(cookie)
            if found is not None and found.ends <= time.monotonic():
                del self._sessions[cookie]
                return None
        if found is None or found.token is None:
            return found
        with self._store.reading(strictly=True) as connection:
            if tokens.active(connection, found.token, clock.now()) is not None:
                return found
        self.end(cookie)
        return None

    def note(self, session: Session, path: str, query: str) -> None:
        """Record what an auditor asks for, before it is answered.

        Raises:
            StoreError: it cannot be recorded.
        """
        with self._store.database.writing() as connection:
            messages.opened(connection, session.token or "", path, query)

    def end(self, cookie: str | None) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(cookie or "", None)
