"""One look at a kind of Google Cloud over the emulator, through the engine's own unit of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_demo.gcp_words import ORGANIZATION, PRODUCTION
from soc2_pac import config, plugins
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Unit, UnitResult, run_unit
from soc2_pac.model import Scope

if TYPE_CHECKING:
    from .conftest import Source

REGISTRY = plugins.load()
KINDS = {k: c for k, c in REGISTRY.collectors.items() if k.startswith("gcp.")}
CALLS = sorted({call for collector in KINDS.values() for call in collector.calls})
WHOLE = Scope("gcp", f"organizations/{ORGANIZATION}")
PROJECT = Scope("gcp", PRODUCTION)


def look(gcp: Source, kind: str, scope: Scope | None = None, **settings: Any) -> UnitResult:
    """One look, with a connection of its own; of what is per project, at the production project."""
    raw = {"provider": "gcp", "endpoint": gcp.url, "max_attempts": 1, **settings}
    if not raw.keys() & {"organization", "folders", "projects"}:
        raw["organization"] = ORGANIZATION
    sources = config.parse({"sources": {"cloud": raw}}, None).sources(REGISTRY.providers)
    fetch.forget_connections()
    if scope is None:
        scope = PROJECT if KINDS[kind].per == "project" else WHOLE
    return run_unit(Unit(kind, scope, sources["cloud"]), Limits(seconds=60, pages=50))
