"""Resource types: what is worked out once for each."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from soc2_pac import resources
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    import pytest


def test_types_are_described_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two threads in which msgspec describes the same types at once end the process, without a traceback.
    at_once = most = 0

    class Describing:
        def __init__(self, resource_type: type[Resource]) -> None:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            time.sleep(0.02)
            at_once -= 1

    monkeypatch.setattr(resources, "_Shape", Describing)
    monkeypatch.setattr(resources, "_shapes", {})
    types = [type(f"One{n}", (Resource,), {"kind": f"fake.one{n}"}) for n in range(3)] * 2
    with ThreadPoolExecutor(len(types)) as pool:
        found = list(pool.map(resources._shape, types))
    assert most == 1
    assert [one is other for one, other in zip(found[:3], found[3:], strict=True)] == [True] * 3
