"""An Okta of one's own for each test, reached over HTTP through the real SDK."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.okta import OktaProvider
from soc2_collectors.okta.settings import OktaSettings
from soc2_demo.okta import OktaEmulator
from soc2_demo.okta_company import acme_robotics
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Meter, stopping
from soc2_pac.config import SecretRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.okta.client import Okta, OktaConnection

TOKEN = "00" + "t" * 40


class Source:
    """The emulator, and clients of it."""

    def __init__(self, emulator: OktaEmulator, url: str) -> None:
        self.emulator = emulator
        self.url = url
        self.meter = Meter(Limits())

    def connect(self, **settings: Any) -> OktaConnection:
        given = {"token": SecretRef(env="ACME_OKTA_TOKEN"), "max_attempts": 2, **settings}
        connection: OktaConnection = OktaProvider().connect(  # type: ignore[assignment]
            OktaSettings(org_url=self.url, **given)
        )
        return connection

    def client(self, *calls: str, limits: Limits | None = None, **settings: Any) -> Okta:
        self.meter = Meter(limits or Limits())
        connection = self.connect(**settings)
        return connection.client(connection.scope, self.meter, frozenset(calls))


@pytest.fixture
def okta(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    monkeypatch.setenv("ACME_OKTA_TOKEN", TOKEN)
    state = acme_robotics()
    state.token = TOKEN
    emulator = OktaEmulator(state)
    url = emulator.start()
    try:
        yield Source(emulator, url)
    finally:
        fetch.forget_connections()
        emulator.stop()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the client wanted to wait; it does not, but its clock moves on by them."""
    waited: list[float] = []
    began = time.monotonic()

    def note(seconds: float) -> bool:
        waited.append(seconds)
        return False

    def monotonic() -> float:
        return began + sum(waited)

    # What a unit of work waits with, what waits without one, and the clock of the rate limits.
    clock = SimpleNamespace(sleep=note, time=time.time, monotonic=monotonic)
    monkeypatch.setattr(stopping, "wait", note)
    monkeypatch.setattr("soc2_collectors.okta.client.door.time", clock)
    monkeypatch.setattr("soc2_collectors.exchange.outside.time", clock)
    monkeypatch.setattr("soc2_collectors.okta.limits.time", clock)
    return waited
