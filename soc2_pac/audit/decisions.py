"""Every decision of the configuration that makes something looser, or leaves it out: what an auditor asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.config import matches
from soc2_pac.decisions import loosened

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Mapping

    from soc2_pac.config import Config, RuleSettings
    from soc2_pac.decisions import Variant
    from soc2_pac.rules import Rule


class Decided(NamedTuple):
    """One decision."""

    what: str
    """The rule, pattern or table that it is about."""
    effect: str
    """``switched off (245 rules)``, ``max_age_days = 1000 instead of 90``, ``outside of the system``."""
    where: str
    """``everywhere``, or the scopes and tags."""
    reason: str
    owner: str
    date: dt.date


def decided(config: Config, rules: Mapping[str, Rule]) -> Iterator[Decided]:
    """Each decision, rules first, in the order of the configuration."""
    for one in config.exclude:
        count = sum(matches(rule, one.rule) for rule in rules.values())
        off = "switched off" if count == 1 else f"switched off ({count} rules)"
        yield Decided(one.rule, off, "everywhere", one.reason, one.owner, one.date)
    for name, settings in config.rules.items():
        if settings.decision is not None:
            said = settings.decision
            effect = _effect(rules[name], settings)
            yield Decided(name, effect, "everywhere", said.reason, said.owner, said.date)
        for variant in settings.where:
            effect = _variant(variant)
            yield Decided(name, effect, variant.where, variant.reason, variant.owner, variant.date)
    for place in config.audit.include:
        effect = "inside of the system, and nothing else is"
        yield Decided("audit", effect, place.where, place.reason, place.owner, place.date)
    for place in config.audit.exclude:
        effect = "outside of the system"
        yield Decided("audit", effect, place.where, place.reason, place.owner, place.date)
    for key, table in config.loosened_tables():
        changed = ", ".join(f"{name} = {getattr(table, name)}" for name in table.looser())
        assert table.date is not None  # noqa: S101 - the configuration is refused without one
        yield Decided(key, changed, "everywhere", table.reason, table.owner, table.date)


def _effect(rule: Rule, settings: RuleSettings) -> str:
    if not settings.enabled:
        return "switched off"
    defaults = {threshold.name: threshold.default for threshold in rule.thresholds}
    parts = [
        f"{name} = {value!r} instead of {defaults[name]!r}"
        for name, value in settings.thresholds.items()
        if name in defaults and loosened(name, defaults[name], value)
    ]
    if settings.severity is not None and settings.severity is not rule.severity:
        parts.append(f"severity {settings.severity} instead of {rule.severity}")
    return ", ".join(parts) or "no setting that is looser"


def _variant(variant: Variant) -> str:
    parts = [] if variant.enabled else ["switched off: judged, and not counted"]
    parts += [f"{name} = {value!r}" for name, value in variant.thresholds.items()]
    if variant.severity is not None:
        parts.append(f"severity {variant.severity}")
    return ", ".join(parts) or "no other setting"
