"""What every client does for a collector: refuse what was not declared, ask again, ask once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TypeVar

from soc2_collectors.exchange.attempts import PATIENCE_SECONDS, attempted
from soc2_pac.errors import CallRefused, ProviderError

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_pac.hookspecs import Meter

A = TypeVar("A")


class Caller:
    """The part of a client that is the same for all providers. Safe to use from threads."""

    patience: float = PATIENCE_SECONDS
    """How long one call may wait between its attempts, all together."""

    def __init__(self, meter: Meter, allowed: frozenset[str], attempts: int) -> None:
        self.meter = meter
        self._allowed = allowed
        self._attempts = attempts
        self._worn: set[str] = set()
        self._memory: dict[object, tuple[object, ProviderError | None]] = {}
        self._remembering = threading.RLock()

    def declared(self, call: str) -> str:
        """The call. Raises CallRefused for one that the collector does not declare."""
        if call not in self._allowed:
            msg = f"the collector does not declare {call}: refused before it was sent"
            raise CallRefused(msg, operation=call)
        return call

    def attempted(
        self,
        call: str,
        exchange: Callable[[], tuple[A, ProviderError | None]],
        asked: Callable[[A], float | None],
        *,
        counted: bool = True,
    ) -> A:
        """Attempts until there is an answer; see :func:`soc2_collectors.exchange.attempts.attempted`."""
        return attempted(
            self.meter,
            self._attempts,
            call,
            exchange,
            asked,
            patience=self.patience,
            counted=counted,
            worn=self._worn,
        )

    def once(self, key: object, ask: Callable[[], object]) -> Any:  # noqa: ANN401 - what ``ask`` gives
        """What ``ask`` gave, or raised, the first time: several documents share one call."""
        with self._remembering:
            if key not in self._memory:
                try:
                    self._memory[key] = (ask(), None)
                except ProviderError as error:
                    self._memory[key] = (None, error)
            value, raised = self._memory[key]
        if raised is not None:
            raise raised
        return value
