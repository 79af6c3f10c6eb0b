"""Who may see the pages: whoever has the link that is printed at start, which works once.

Sessions live in this process: they end with it, and can be ended before. Nothing about them is stored.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from dataclasses import dataclass

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


class Access:
    """The link and the sessions of one server. Safe to use from threads."""

    def __init__(self) -> None:
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
            token = secrets.token_urlsafe(32)
            while len(self._sessions) >= _MOST:
                del self._sessions[next(iter(self._sessions))]
            self._sessions[token] = Session("local", time.monotonic() + SESSION_SECONDS)
            return token

    def session(self, token: str | None) -> Session | None:
        """The session of a cookie; ``None`` where there is none, or it is over."""
        if not token:
            return None
        with self._lock:
            found = self._sessions.get(token)
            if found is not None and found.ends <= time.monotonic():
                del self._sessions[token]
                return None
            return found

    def end(self, token: str | None) -> None:
        """End a session."""
        with self._lock:
            self._sessions.pop(token or "", None)
