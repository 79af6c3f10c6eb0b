"""How long a unit of work may last: its work and its waiting are counted apart."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from soc2_pac.collect.fetch import Limits, Meter
from soc2_pac.errors import Unreachable


def test_waiting_for_a_rate_limit_is_no_work() -> None:
    meter = Meter(Limits(seconds=0.2, waiting_seconds=5))
    meter.pause(0.4)
    meter.request("GET /things")
    assert meter.calls["GET /things"] == 1


def test_work_is_bounded_though_somebody_waited() -> None:
    meter = Meter(Limits(seconds=0.1, waiting_seconds=5))
    meter.pause(0.1)
    time.sleep(0.2)
    with pytest.raises(Unreachable, match="time allowed for one listing"):
        meter.request("GET /things")


def test_waiting_is_bounded() -> None:
    meter = Meter(Limits(waiting_seconds=0.3))
    meter.pause(0.2)
    with pytest.raises(Unreachable, match="wait for rate limits"):
        meter.pause(0.2)


def test_threads_that_wait_at_once_wait_once() -> None:
    meter = Meter(Limits(seconds=0.2, waiting_seconds=1))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(meter.pause, [0.3] * 4))
    meter.pause(0.3)  # 0.6 s of a second, and not 1.5
    with pytest.raises(Unreachable, match="wait for rate limits"):
        meter.pause(0.5)  # what was waited counts, once
