"""What the formats for other programs share: findings with the words of their rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.model import Status
from soc2_pac.output import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_pac.store.queries import Finding
    from soc2_pac.store.waivers import Waiver

FORMATS = ("sarif", "junit", "ocsf")

UNKNOWN = (Status.INCONCLUSIVE, Status.STALE)
"""Nobody can say: never a pass, and no failure."""


class Words(NamedTuple):
    """What a rule says of itself."""

    title: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Context:
    """What is said of all findings together."""

    version: str
    """Of soc2-pac."""
    as_of: str | None
    """The instant of the last evaluation, UTC; ``None``: there was none."""
    rules: Mapping[str, Words]
    """By id; a rule that is not installed any more is not there."""
    waivers: Mapping[str, Waiver] = field(default_factory=dict)
    """By id."""

    def words(self, finding: Finding) -> Words:
        """What the rule of a finding says."""
        found = self.rules.get(finding.rule)
        if found is not None:
            return found
        return Words(finding.title, "", f"soc2-pac rules show {finding.rule}")

    def excused(self, finding: Finding) -> str | None:
        """Why a failure does not count: it is waived, or outside of the system; ``None``: it counts."""
        if finding.status is not Status.FAIL:
            return None
        if finding.waiver is not None:
            waiver = self.waivers.get(finding.waiver)
            if waiver is None:
                return f"waived: {finding.waiver}"
            approved = f", approved by {waiver.approver}" if waiver.approver else ""
            ends = f", until {waiver.expires_at}" if waiver.expires_at else ""
            said = (
                f"waived ({waiver.waiver}): {waiver.reason} (owner {waiver.owner}{approved}{ends})"
            )
            return plain(said)
        if finding.outside:
            return plain(f"outside of the audited system: {'; '.join(finding.because)}")
        return None


def resource_of(finding: Finding) -> str:
    """What a finding is about, for a person: a resource, or a whole scope."""
    return plain(finding.resource_name or finding.resource or f"all of {finding.scope}")
