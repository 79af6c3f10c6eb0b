"""What time it is: the engine and its collectors ask here and nowhere else.

The demo makes 180 days of history within a minute. It gives the Python API a simulated instant
(:func:`simulated`); nothing else can: no setting, no variable and no option leads here. The store that is
written meanwhile says so for ever, see :mod:`soc2_pac.store.simulation`. What waits or limits
(timeouts, rate limits, tokens) asks the machine's own clocks.
"""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGAN = time.time()
"""When this process began to import what is ours, in seconds since 1970, by the machine's own clock."""
_instants: list[datetime] = []
"""The simulated instant, if any. Of the process and not of a thread: units of work run on many."""


def now() -> datetime:
    """The instant, UTC."""
    return _instants[-1] if _instants else datetime.now(UTC)


def is_simulated() -> bool:
    """Whether :func:`now` tells a simulated instant."""
    return bool(_instants)


@contextlib.contextmanager
def simulated(instant: datetime) -> Iterator[None]:
    """While it lasts, it is ``instant`` in this process, and the clock stands still.

    Raises:
        ValueError: the instant names no time zone.
        RuntimeError: another one is simulated already.
    """
    if instant.utcoffset() is None:
        msg = f"a simulated instant needs a time zone: {instant}"
        raise ValueError(msg)
    if _instants:
        msg = f"{_instants[-1]} is simulated already"
        raise RuntimeError(msg)
    _instants.append(instant.astimezone(UTC))
    try:
        yield
    finally:
        _instants.pop()
