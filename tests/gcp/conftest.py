"""A Google Cloud of one's own for each test, reached over HTTP."""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.gcp import GcpProvider, methods
from soc2_collectors.gcp.settings import GcpSettings
from soc2_demo.gcp import GcpEmulator
from soc2_demo.gcp_company import acme_robotics
from soc2_demo.gcp_words import ORGANIZATION
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Meter, stopping
from soc2_pac.model import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.gcp.client import Gcp, GcpConnection

# As a plugin does: methods that no collector of soc2-pac declares.
methods.add(json.loads(Path(__file__).with_name("methods.json").read_text(encoding="utf-8")))

METHODS = {
    call: versions
    for path in (Path(methods.__file__), Path(__file__))
    for call, versions in json.loads(
        path.with_name("methods.json").read_text(encoding="utf-8")
    ).items()
}

WHOLE = Scope("gcp", f"organizations/{ORGANIZATION}")


class Source:
    """The emulator, and clients of it."""

    def __init__(self, emulator: GcpEmulator, url: str) -> None:
        self.emulator = emulator
        self.url = url
        self.meter = Meter(Limits())

    def connect(self, **settings: Any) -> GcpConnection:
        if not settings.keys() & {"organization", "folders", "projects"}:
            settings["organization"] = ORGANIZATION
        given = {"max_attempts": 2, "endpoint": self.url, **settings}
        connection: GcpConnection = GcpProvider().connect(GcpSettings(**given))  # type: ignore[assignment]
        return connection

    def client(
        self, *calls: str, scope: Scope = WHOLE, limits: Limits | None = None, **settings: Any
    ) -> Gcp:
        self.meter = Meter(limits or Limits())
        return self.connect(**settings).client(scope, self.meter, frozenset(calls))


@pytest.fixture
def gcp() -> Iterator[Source]:
    emulator = GcpEmulator(acme_robotics())
    url = emulator.start()
    try:
        yield Source(emulator, url)
    finally:
        fetch.forget_connections()
        emulator.stop()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the client wanted to wait; it does not."""
    waited: list[float] = []

    def note(seconds: float) -> bool:
        waited.append(seconds)
        return False

    monkeypatch.setattr(stopping, "wait", note)
    clock = SimpleNamespace(sleep=note, monotonic=time.monotonic)
    monkeypatch.setattr("soc2_collectors.exchange.outside.time", clock)
    return waited
