"""Asking again: what every client does about answers that may be better a moment later."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, TypeVar

from soc2_pac.errors import ProviderError, Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_pac.hookspecs import Meter

PATIENCE_SECONDS = 180.0
"""How long one call may wait between its attempts, all together."""
_BACK_OFF_SECONDS = 0.5
_LONGEST_BACK_OFF_SECONDS = 16.0

A = TypeVar("A")


def attempted(
    meter: Meter,
    attempts: int,
    call: str,
    exchange: Callable[[], tuple[A, ProviderError | None]],
    asked: Callable[[A], float | None],
    *,
    patience: float = PATIENCE_SECONDS,
    counted: bool = True,
    worn: set[str] | None = None,
) -> A:
    """Attempts until there is an answer, with back-off and jitter, within the budget.

    Waiting for a rate limit is waiting; waiting out a server's trouble is a part of the work, and spends
    the time of the unit: a service that is down does not hold up a run.

    Args:
        meter: counts every attempt before it is sent, and waits.
        attempts: how many there may be, 1 or more.
        call: the declared call, as errors name it.
        exchange: one attempt: what came, and what is wrong with it.
        asked: seconds that an answer asks to wait; ``None`` when it does not say.
        patience: seconds that all waits together may take.
        counted: whether the meter counts the attempts; not where the connection does it.
        worn: calls whose attempts were all spent before. Each gets one attempt until it succeeds: what does
            not work for one resource is not tried over and over for thousands.

    Raises:
        ProviderError: what was wrong with the last attempt.
    """
    worn = set() if worn is None else worn
    if call in worn:
        attempts = 1
    for attempt in range(1, attempts + 1):
        if counted:
            meter.request(call)
        try:
            answer, wrong = exchange()
        except ProviderError as error:
            wrong = error
            told = error.wait
        else:
            if wrong is None or not wrong.retryable:
                worn.discard(call)
            if wrong is None:
                return answer
            told = asked(answer)
        back_off = min(_LONGEST_BACK_OFF_SECONDS, _BACK_OFF_SECONDS * 2 ** (attempt - 1))
        wait = told if told is not None else back_off
        wait += random.uniform(0, back_off)  # noqa: S311 - jitter, no secret
        if not wrong.retryable or attempt == attempts or wait > patience:
            wrong.operation = wrong.operation or call
            if wrong.retryable:
                worn.add(call)
            raise wrong
        patience -= wait
        meter.pause(wait, working=not isinstance(wrong, Throttled))
    raise AssertionError  # attempts is at least 1
