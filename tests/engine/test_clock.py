"""One clock for the engine: nothing else asks what time it is, and only the Python API can simulate it."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from soc2_pac import clock

_ROOT = Path(__file__).parents[2]
_ASKS = re.compile(
    r"datetime\.now\(|\.utcnow\(|date\.today\(|datetime\.today\(|time\.(time|time_ns|gmtime|localtime|strftime)\("
    r"|CURRENT_TIMESTAMP|datetime\('now'\)|func\.now\("
)
_MAY = {
    "soc2_pac/clock.py": "it is the clock",
    "collectors/soc2_collectors/azure/client/call.py": "how long to wait until the instant that an answer names",
    "collectors/soc2_collectors/azure/client/signing.py": "when a token of a real provider ends",
    "collectors/soc2_collectors/github/answers.py": "how long to wait until the instant that an answer names",
    "collectors/soc2_collectors/github/client/door.py": "when a token of a real provider ends",
    "collectors/soc2_collectors/okta/client/door.py": "a signed claim is checked against the provider's clock",
    "collectors/soc2_collectors/okta/limits.py": "how long to wait until the instant that an answer names",
}
"""Modules that ask the machine, each with the reason."""
THEN = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)


def test_nothing_else_asks_what_time_it_is() -> None:
    asking = {
        str(path.relative_to(_ROOT))
        for folder in ("soc2_pac", "collectors", "rules")
        for path in (_ROOT / folder).rglob("*.py")
        if _ASKS.search(path.read_text(encoding="utf-8"))
    }
    assert asking == set(_MAY)


def test_nobody_but_the_demo_and_benchmarks_simulates() -> None:
    simulating = {
        path.relative_to(_ROOT).parts[0]
        for folder in ("soc2_pac", "collectors", "rules", "demo", "tools", "benchmarks")
        for path in (_ROOT / folder).rglob("*.py")
        if path.name != "clock.py" and "clock.simulated" in path.read_text(encoding="utf-8")
    }
    # The benchmarks ask a store as of the end of the history that they made; they are in no wheel.
    assert simulating <= {"demo", "benchmarks"}


def test_without_simulation_it_is_the_machines_clock() -> None:
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert not clock.is_simulated()


def test_a_simulated_instant_holds_in_every_thread_and_ends() -> None:
    seen: list[datetime] = []
    with clock.simulated(THEN.astimezone(timezone(timedelta(hours=5)))):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
        assert clock.is_simulated()
        assert clock.now().utcoffset() == timedelta()
    assert seen == [THEN]
    assert not clock.is_simulated()
    assert clock.now() > THEN


def test_a_simulation_ends_with_what_failed_in_it() -> None:
    with pytest.raises(KeyError), clock.simulated(THEN):
        raise KeyError
    assert not clock.is_simulated()


def test_an_instant_without_a_time_zone_is_none() -> None:
    with pytest.raises(ValueError, match="time zone"), clock.simulated(datetime(2025, 3, 4)):  # noqa: DTZ001
        pass


def test_one_simulation_at_a_time() -> None:
    with clock.simulated(THEN):
        with pytest.raises(RuntimeError, match="already"), clock.simulated(THEN):
            pass
        assert clock.now() == THEN
