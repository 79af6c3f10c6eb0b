"""An Azure of one's own for each test, reached over HTTP."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.azure import AzureProvider
from soc2_collectors.azure.settings import AzureSettings
from soc2_demo.azure import AzureEmulator
from soc2_demo.azure_company import acme_robotics
from soc2_demo.azure_words import PRODUCTION, TENANT
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Meter, stopping
from soc2_pac.config import SecretRef
from soc2_pac.model import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure, AzureConnection

TOKEN = "emulated-" + "t" * 40


class Source:
    """The emulator, and clients of it."""

    def __init__(self, emulator: AzureEmulator, url: str) -> None:
        self.emulator = emulator
        self.url = url
        self.meter = Meter(Limits())

    def connect(self, **settings: Any) -> AzureConnection:
        given = {
            "tenant": TENANT,
            "loopback_token": SecretRef(env="ACME_AZURE_TOKEN"),
            "arm_endpoint": self.url,
            "graph_endpoint": self.url,
            "max_attempts": 2,
            **settings,
        }
        connection: AzureConnection = AzureProvider().connect(  # type: ignore[assignment]
            AzureSettings(**given)
        )
        return connection

    def client(
        self,
        *calls: str,
        subscription: str = PRODUCTION,
        limits: Limits | None = None,
        **settings: Any,
    ) -> Azure:
        """A client of one subscription; of the tenant where that is empty."""
        self.meter = Meter(limits or Limits())
        boundary = f"{TENANT}/{subscription}" if subscription else TENANT
        return self.connect(**settings).client(
            Scope("azure", boundary), self.meter, frozenset(calls)
        )


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    monkeypatch.setenv("ACME_AZURE_TOKEN", TOKEN)
    state = acme_robotics()
    state.token = TOKEN
    emulator = AzureEmulator(state)
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

    clock = SimpleNamespace(sleep=note, time=time.time, monotonic=lambda: began + sum(waited))
    monkeypatch.setattr(stopping, "wait", note)
    monkeypatch.setattr("soc2_collectors.azure.client.door.time", clock)
    monkeypatch.setattr("soc2_collectors.exchange.outside.time", clock)
    return waited
