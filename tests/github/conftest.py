"""A GitHub of one's own for each test, reached over HTTP through the real PyGithub."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.github import GithubProvider
from soc2_collectors.github.settings import GithubSettings
from soc2_demo.github import GithubEmulator
from soc2_demo.github_company import acme_robotics
from soc2_demo.github_words import ENTERPRISE
from soc2_pac.collect.fetch import Limits, Meter, stopping
from soc2_pac.config import SecretRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.github.client import Github, GithubConnection

TOKEN = "ghp_" + "0" * 36


class Source:
    """The emulator, and clients of it."""

    def __init__(self, emulator: GithubEmulator, url: str) -> None:
        self.emulator = emulator
        self.url = url
        self.meter = Meter(Limits())

    def connect(self, **settings: Any) -> GithubConnection:
        token = SecretRef(env="ACME_TOKEN")
        given = {"token": token, "enterprise": ENTERPRISE, "max_attempts": 2, **settings}
        connection: GithubConnection = GithubProvider().connect(  # type: ignore[assignment]
            GithubSettings(organization="acme-robotics", base_url=self.url, **given)
        )
        return connection

    def client(self, *calls: str, limits: Limits | None = None, **settings: Any) -> Github:
        self.meter = Meter(limits or Limits())
        connection = self.connect(**settings)
        return connection.client(connection.scope, self.meter, frozenset(calls))


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> Iterator[Source]:
    monkeypatch.setenv("ACME_TOKEN", TOKEN)
    emulator = GithubEmulator(acme_robotics())
    url = emulator.start()
    try:
        yield Source(emulator, url)
    finally:
        emulator.stop()


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the client wanted to wait; it does not."""
    waited: list[float] = []
    note: Callable[[float], None] = waited.append
    # What a unit of work waits with, and what waits without one; the emulator goes on sleeping.
    monkeypatch.setattr(stopping, "wait", note)
    monkeypatch.setattr(
        "soc2_collectors.exchange.outside.time",
        SimpleNamespace(sleep=note, monotonic=time.monotonic),
    )
    return waited
