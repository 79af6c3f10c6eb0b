"""The rules that soc2-pac ships, by provider and service. Criteria are attributes of each rule."""

from __future__ import annotations

from importlib.resources import files

from soc2_pac.hookspecs import JoinedIdentities, hookimpl


@hookimpl
def soc2_rule_packages() -> list[str]:
    """Every module below this package."""
    return [__name__]


@hookimpl
def soc2_starter_controls() -> list[str]:
    """A set over all criteria, in our own words."""
    return [files(__name__).joinpath("controls.toml").read_text(encoding="utf-8")]


@hookimpl
def soc2_joined_identities() -> list[JoinedIdentities]:
    """Who administers, by the mechanisms that the rules use."""
    from soc2_rules.mechanisms.people import rights  # noqa: PLC0415 - it imports every provider's views

    return [JoinedIdentities(provider, rights) for provider in ("aws", "azure", "okta")]
