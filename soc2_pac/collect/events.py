"""What happens during a collection, for whoever watches: a progress bar or one JSON line an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soc2_pac.model import CollectionStatus, Scope


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan stands: this many units will be collected."""

    units: int


@dataclass(frozen=True, slots=True)
class UnitStarted:
    """A unit was handed to the executor."""

    source: str
    kind: str
    scope: Scope


@dataclass(frozen=True, slots=True)
class UnitFinished:
    """A unit ended, well or not."""

    source: str
    kind: str
    scope: Scope
    status: CollectionStatus
    reason: str
    count: int
    requests: int
    seconds: float
    gaps: int = 0
    """Details of single resources that could not be read."""
    waited: float = 0.0
    """Seconds of waiting for rate limits."""


Event = Planned | UnitStarted | UnitFinished
Listener = Callable[[Event], None]


def ignore(_event: Event) -> None:
    """Nobody watches."""
