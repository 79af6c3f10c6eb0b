"""The rules that soc2-pac ships, by provider and service. Criteria are attributes of each rule."""

from __future__ import annotations

from soc2_pac.hookspecs import hookimpl


@hookimpl
def soc2_rule_packages() -> list[str]:
    """Every module below this package."""
    return [__name__]
