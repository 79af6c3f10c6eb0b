"""How fast one service of one region of one account may be asked.

Never more than the configured number of requests in any second. A service that answers "too many" is
asked half as often, and a little more often again with every quiet second; its neighbours are not slowed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SLOWEST_SECONDS = 8.0
"""The longest window in which a service that goes on refusing gets its one request."""


class Pace:
    """A window that slides: at most ``room`` requests in any ``window`` seconds. Safe to use from threads."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = max(1, int(per_second))
        self._shortest = self._most / per_second
        self._clock = clock
        self._room = self._most
        self._window = self._shortest
        self._starts: deque[float] = deque(maxlen=self._most)
        self._slowed_at = float("-inf")
        self._raised_at = float("-inf")
        self._lock = threading.Lock()

    def reserve(self) -> float:
        """Take the next place. Returns the seconds to wait before the request may be sent."""
        with self._lock:
            now = self._clock()
            self._recover(now)
            start = max(now, self._starts[-1]) if self._starts else now
            if len(self._starts) >= self._room:
                start = max(start, self._starts[-self._room] + self._window)
            self._starts.append(start)
            return start - now

    def refused(self) -> None:
        """The service said "too many". Answers to requests that were under way together count once."""
        with self._lock:
            now = self._clock()
            if now - self._slowed_at < self._window:
                return
            if self._room > 1:
                self._room //= 2
            else:
                self._window = min(2 * self._window, _SLOWEST_SECONDS)
            self._slowed_at = self._raised_at = now

    @property
    def per_second(self) -> float:
        """Requests a second that are allowed now."""
        return self._room / self._window

    def _recover(self, now: float) -> None:
        if now - self._raised_at < self._window:
            return
        self._raised_at = now
        if self._window > self._shortest:
            self._window = max(self._window / 2, self._shortest)
        elif self._room < self._most:
            self._room += 1
