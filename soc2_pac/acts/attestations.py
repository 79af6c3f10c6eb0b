"""Attestations: evidence that people hand in, the days that it covers, and how long it holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from soc2_pac.acts import Act, Body

if TYPE_CHECKING:
    from collections.abc import Iterable

ADDED = "attestation.added"
"""Evidence was handed in; the subject is the id of the attestation."""
REVOKED = "attestation.revoked"
"""It does not hold any more, or never did; the subject is the id of the attestation."""

TOPICS = {
    "access-review": "Who has access to what was reviewed",
    "background-checks": "New people were checked before they started",
    "board-review": "The board, or who oversees management, reviewed security and control",
    "incident-response-test": "The plan for incidents was rehearsed",
    "penetration-test": "Somebody independent tried to break in",
    "policy-acknowledgement": "People confirmed that they read the policies",
    "restore-test": "A backup was restored, and what came back was checked",
    "risk-assessment": "Risks were assessed, with owners and decisions",
    "security-training": "People were trained in security",
    "vendor-review": "Vendors were reviewed, with their own reports",
}
"""Topics that rules know -> what evidence of it shows. A control may name further ones of the company's own."""


class Attestation(Body, frozen=True):
    """The body of :data:`ADDED`."""

    control: str
    """Id of the control that it is evidence for."""
    topic: str
    covers_from: str
    """First day that it covers, ``2026-01-01``."""
    covers_to: str
    """Last day that it covers."""
    valid_until: str
    """Last day on which it counts as evidence that the control is operated."""
    file_name: str
    note: str = ""
    systems: tuple[str, ...] = ()
    """Of an access review, the systems that it covers; ``*`` stands for all."""


class Revoked(Body, frozen=True):
    """The body of :data:`REVOKED`."""

    reason: str


@dataclass(frozen=True, slots=True)
class HandedIn:
    """An attestation and what became of it."""

    id: str
    said: Attestation
    added: Act
    revoked: Act | None = None
    """The act that revoked it."""

    def holds_until(self, every_days: int | None = None) -> datetime:
        """The first instant, UTC, at which it does not count any more, revoked or not.

        Args:
            every_days: the cadence: it counts this many days after the last day that it covers, at most.
        """
        ends = day_after(self.said.valid_until)
        if every_days is None:
            return ends
        return min(ends, day_after(self.said.covers_to) + timedelta(days=every_days))


def day_after(day: str) -> datetime:
    """The instant at which a day (``2026-01-31``) is over, UTC. Raises ValueError for anything else."""
    return datetime.combine(
        date.fromisoformat(day) + timedelta(days=1), datetime.min.time(), tzinfo=UTC
    )


def handed_in(acts: Iterable[Act]) -> dict[str, HandedIn]:
    """Every attestation by id, in the order of recording, revoked ones too."""
    found: dict[str, HandedIn] = {}
    for act in acts:
        if act.kind == ADDED:
            found[act.subject] = HandedIn(act.subject, act.said(Attestation), act)
        elif act.kind == REVOKED:
            before = found[act.subject]
            found[act.subject] = HandedIn(before.id, before.said, before.added, act)
    return found
