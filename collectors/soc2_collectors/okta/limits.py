"""Staying below a share of the org's rate limits, as Okta's own headers tell them.

Okta counts the requests of a minute for each of its buckets of endpoints, all clients of an org together.
A bucket is not named in an answer; each path template is followed by itself, and every answer says how
much is left of the bucket that it stands in.

Source: Okta, "Rate limits overview" and "Rate limit best practices".
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from soc2_collectors.exchange.attempts import PATIENCE_SECONDS
from soc2_pac.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_pac.hookspecs import Meter

_ROUNDING_SECONDS = 1.0
"""Both times are told in whole seconds."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the rate-limit headers of one answer say."""

    limit: int
    """Requests that the bucket takes in its window."""
    remaining: int
    wait: float
    """Seconds until the window ends, counted by the clock of the server that answered."""

    @property
    def concurrent(self) -> bool:
        """Whether this is the limit of requests at the same time: it has no window to wait for."""
        return self.limit == 0 and self.remaining == 0


def told(headers: Mapping[str, str]) -> Told | None:
    """The rate limit in the headers (names in lower case), or ``None`` where they do not say it whole."""
    limit = _least(headers.get("x-rate-limit-limit", ""))
    remaining = _least(headers.get("x-rate-limit-remaining", ""))
    reset = _least(headers.get("x-rate-limit-reset", ""))
    if limit is None or remaining is None or reset is None:
        return None
    # This machine's clock says nothing of the server's: the answer tells both times.
    now = server_time(headers)
    wait = reset - (time.time() if now is None else now) + _ROUNDING_SECONDS
    return Told(limit, remaining, max(0.0, wait))


def server_time(headers: Mapping[str, str]) -> float | None:
    """When the server says that it answered, in seconds since 1970; ``None`` where it does not."""
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None


def _least(value: str) -> int | None:
    """The least of the numbers of a header that may come several times."""
    numbers = [part.strip() for part in value.split(",")]
    return min(map(int, numbers)) if all(n.isascii() and n.isdigit() for n in numbers) else None


@dataclass
class _Bucket:
    limit: int | None = None
    remaining: int = 0
    ends: float = 0.0
    """On the monotonic clock."""
    under_way: int = 0


@dataclass
class Shares:
    """How much of each bucket is used, shared by the threads of a connection."""

    share: float
    _buckets: dict[str, _Bucket] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, name: str) -> float:
        """Take a place for one request: 0, or the seconds to wait before asking again."""
        with self._lock:
            bucket = self._buckets.setdefault(name, _Bucket())
            if bucket.limit is not None:
                left = bucket.ends - time.monotonic()
                if left <= 0:
                    bucket.remaining = bucket.limit
                # One request of each window always passes: it tells how much others have left over.
                keep = min(bucket.limit * (1 - self.share), bucket.limit - 1)
                if bucket.remaining - bucket.under_way - 1 < keep:
                    return max(left, _ROUNDING_SECONDS)
            bucket.under_way += 1
            return 0.0

    def wait(self, name: str, meter: Meter) -> None:
        """Take a place for one request, waiting for it. Raises Throttled where none comes free in time."""
        waited = 0.0
        while wait := self.enter(name):
            waited += wait
            if waited > PATIENCE_SECONDS:
                msg = "what soc2-pac may use of the org's rate limit for this endpoint is used up"
                raise Throttled(msg, operation=name)
            meter.pause(wait)

    def leave(self, name: str, headers: Mapping[str, str] | None) -> None:
        """Give the place back, with the headers of the answer, if there was one."""
        said = told(headers) if headers is not None else None
        with self._lock:
            bucket = self._buckets[name]
            bucket.under_way -= 1
            if said is None or said.concurrent:
                bucket.remaining -= 1
                return
            ends = time.monotonic() + said.wait
            # Answers of one window may come out of order: the least that one of them told holds.
            same = bucket.limit is not None and abs(ends - bucket.ends) <= 2 * _ROUNDING_SECONDS
            bucket.remaining = min(bucket.remaining, said.remaining) if same else said.remaining
            bucket.limit, bucket.ends = said.limit, ends
