"""A rule as it is configured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from soc2_pac.decisions import EVERYTHING, adjust, tags_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from soc2_pac.decisions import Adjustment, Boundary, Variant
    from soc2_pac.model import Scope, Severity
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Rule


@dataclass(frozen=True, slots=True)
class ActiveRule:
    """A rule as configured."""

    rule: Rule
    thresholds: Mapping[str, Any]
    severity: Severity
    max_age: timedelta
    """Older evidence is stale."""
    sourced: frozenset[str] = frozenset()
    """Of the kinds that the rule joins ``where_sourced``, those whose provider has a source."""
    variants: tuple[Variant, ...] = ()
    """Other settings in some places."""
    boundary: Boundary = EVERYTHING
    """What belongs to the system that is audited."""

    @property
    def by_tag(self) -> bool:
        """Whether tags of the judged resource decide about settings or boundary."""
        return self.boundary.by_tag or any(variant.tag for variant in self.variants)

    def adjustment(self, scope: Scope, body: bytes | str | None) -> Adjustment | None:
        """What was decided for a place or a document there; ``body`` is ``None`` for a whole scope."""
        if not self.variants and not self.boundary:
            return None
        tags = tags_of(body) if body is not None and self.by_tag else {}
        return adjust(self.variants, self.boundary, scope, tags)

    @property
    def joins(self) -> tuple[type[Resource], ...]:
        """The kinds that it reads through ``evidence`` in this configuration."""
        rule = self.rule
        return (*rule.needs, *(kind for kind in rule.where_sourced if kind.kind in self.sourced))

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind that it reads in this configuration, the judged one first."""
        joined = self.rule.joined
        sourced = (kind for kind in joined.where_sourced if kind in self.sourced)
        return tuple(dict.fromkeys((self.rule.kind, *joined.needs, *sourced)))
