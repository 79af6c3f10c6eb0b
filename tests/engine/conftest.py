"""The engine's tests see one provider: the fake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from soc2_pac.collect import fetch

from . import fakes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.plugins import Registry


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    found = fakes.registry()
    monkeypatch.setattr(fetch, "registry", lambda: found)
    fetch.forget_connections()
    yield found
    fetch.forget_connections()
    fetch.stopping.clear()
