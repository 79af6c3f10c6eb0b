"""One look at a kind of Azure over the emulator, through the engine's own unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_demo.azure_words import PRODUCTION, TENANT
from soc2_pac import config, plugins
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Unit, UnitResult, run_unit
from soc2_pac.model import Scope

if TYPE_CHECKING:
    from .conftest import Source

REGISTRY = plugins.load()
KINDS = {k: c for k, c in REGISTRY.collectors.items() if k.startswith("azure.")}
CALLS = sorted({call for collector in KINDS.values() for call in collector.calls})


def look(azure: Source, kind: str, subscription: str = PRODUCTION, **settings: Any) -> UnitResult:
    """One look, with a connection of its own."""
    raw = {
        "provider": "azure",
        "tenant": TENANT,
        "arm_endpoint": azure.url,
        "graph_endpoint": azure.url,
        "loopback_token": {"env": "ACME_AZURE_TOKEN"},
        "max_attempts": 1,
        **settings,
    }
    sources = config.parse({"sources": {"home": raw}}, None).sources(REGISTRY.providers)
    fetch.forget_connections()
    per = KINDS[kind].per
    scope = Scope("azure", TENANT if per == "tenant" else f"{TENANT}/{subscription}")
    return run_unit(Unit(kind, scope, sources["home"]), Limits(seconds=60, pages=50))
