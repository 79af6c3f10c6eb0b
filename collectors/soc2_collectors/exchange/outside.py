"""The meter of what belongs to no unit of work: signing in, who am I, which scopes there are."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from soc2_pac.errors import Unexpected, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_pac.hookspecs import Meter
    from soc2_pac.model import Exchange

_SECONDS = 300.0
_PAGES = 10_000


class Spending:
    """Counts the requests of a connection that belong to no unit of work. Safe to use from threads."""

    def __init__(self) -> None:
        self._spent: Counter[str] = Counter()
        self._counting = threading.Lock()

    @property
    def spent(self) -> dict[str, int]:
        """How many there were so far, by operation."""
        with self._counting:
            return dict(self._spent)

    def spend(self, operation: str) -> None:
        """Count one."""
        with self._counting:
            self._spent[operation] += 1


class Outside:
    """Counts among what the connection spent, and ends like a unit does. Safe to use from threads."""

    def __init__(
        self, spend: Callable[[str], None], within: Meter | None = None, *, counted: bool = True
    ) -> None:
        """Bounds of what is asked.

        Args:
            spend: counts a request.
            within: whose time, pages and waits these are: discovery's own meter, or a unit's that waits for
                this; ``None``: bounds of its own.
            counted: whether ``within`` counts the requests and pages too.
        """
        self._spend = spend
        self._within = within
        self._counted = counted
        self._ends = time.monotonic() + _SECONDS
        self._pages = 0
        self._lock = threading.Lock()

    def left(self) -> float:
        """Seconds that remain."""
        return self._ends - time.monotonic() if self._within is None else self._within.left()

    def request(self, operation: str) -> None:
        """Count, and end where the time is spent."""
        if self._within is not None and self._counted:
            self._within.request(operation)
        elif self.left() <= 0:
            msg = "the time allowed for finding out what there is to read is spent"
            raise Unreachable(msg, operation=operation)
        self._spend(operation)

    def page(self) -> None:
        """Count. Raises Unexpected for a listing that does not end."""
        if self._within is not None and self._counted:
            self._within.page()
            return
        with self._lock:
            self._pages += 1
            if self._pages > _PAGES:
                msg = f"the listing did not end within {_PAGES} pages"
                raise Unexpected(msg)

    def answered(self, exchange: Exchange) -> None:
        """Tell whoever waits for this."""
        if self._within is not None:
            self._within.answered(exchange)

    def pause(self, seconds: float, *, working: bool = False) -> None:
        """Wait, as whoever waits for this may."""
        if self._within is not None:
            self._within.pause(seconds, working=working)
        elif seconds > self.left():
            msg = f"it would have to be asked again in {seconds:.0f} s: there is no time for that"
            raise Unreachable(msg)
        else:
            time.sleep(seconds)
