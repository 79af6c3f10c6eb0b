"""How fast a service is asked: never faster than configured, slower when it refuses, and back again."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_collectors.aws.client.pace import Pace


class Clock:
    """Time that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@settings(max_examples=200, deadline=None)
@given(
    rate=st.sampled_from([0.5, 1, 2.5, 7, 20]),
    steps=st.lists(st.tuples(st.floats(0, 3), st.booleans()), min_size=1, max_size=120),
)
def test_never_more_than_configured_in_any_second(
    rate: float, steps: list[tuple[float, bool]]
) -> None:
    clock = Clock()
    pace = Pace(rate, clock)
    sent = []
    for passed, refused in steps:
        clock.now += passed
        if refused:
            pace.refused()
        sent.append(clock.now + pace.reserve())
    most = max(1, int(rate))
    window = most / rate
    assert sent == sorted(sent)
    for first, last in zip(sent, sent[most:], strict=False):
        assert last - first >= window - 1e-9


def test_a_burst_up_to_the_rate_does_not_wait() -> None:
    pace = Pace(20, Clock())
    waits = [pace.reserve() for _ in range(45)]
    assert waits == [0.0] * 20 + [1.0] * 20 + [2.0] * 5


def test_a_refusal_halves_and_quiet_seconds_give_back() -> None:
    clock = Clock()
    pace = Pace(16, clock)
    for expected in (8, 4, 2, 1, 0.5, 0.25, 0.125, 0.125):
        clock.now += 0.001
        pace.refused()
        # More answers of the same moment say nothing new.
        pace.refused()
        assert pace.per_second == expected
        clock.now += 1 / min(1, pace.per_second)
    # One request in eight seconds at worst; then back, step by step, to what is configured.
    for _ in range(60):
        clock.now += 8
        pace.reserve()
    assert pace.per_second == 16


def test_threads_share_it() -> None:
    pace = Pace(50)
    sent: list[float] = []
    lock = threading.Lock()

    def ask() -> None:
        for _ in range(25):
            time.sleep(pace.reserve())
            with lock:
                sent.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == 100
    assert max(sent) - min(sent) == pytest.approx(1.0, abs=0.3)
