"""One look at a kind of Okta over the emulator, through the engine's own unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_pac import config, plugins
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Unit, UnitResult, run_unit
from soc2_pac.model import Scope

if TYPE_CHECKING:
    from .conftest import Source

REGISTRY = plugins.load()
KINDS = {k: c for k, c in REGISTRY.collectors.items() if k.startswith("okta.")}
CALLS = sorted({call for collector in KINDS.values() for call in collector.calls})


def look(okta: Source, kind: str, **settings: Any) -> UnitResult:
    """One look, with a connection of its own."""
    raw = {
        "provider": "okta",
        "org_url": okta.url,
        "token": {"env": "ACME_OKTA_TOKEN"},
        "max_attempts": 1,
        **settings,
    }
    sources = config.parse({"sources": {"home": raw}}, None).sources(REGISTRY.providers)
    fetch.forget_connections()
    scope = Scope("okta", okta.url.removeprefix("http://"))
    return run_unit(Unit(kind, scope, sources["home"]), Limits(seconds=60, pages=50))
