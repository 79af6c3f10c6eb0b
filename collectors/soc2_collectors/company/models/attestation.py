"""Evidence that people handed in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """That it does not hold any more, or never did."""

    reason: str


class HandedIn(msgspec.Struct, frozen=True, kw_only=True):
    """One attestation: a file with the days that it covers."""

    id: str
    control: str
    covers_to: date
    """The last day that it covers."""
    valid_until: date
    """The last day on which it counts."""
    revoked: Revocation | None

    def holds_until(self, every_days: int | None) -> datetime:
        """The first instant, UTC, at which it does not count any more.

        Args:
            every_days: the cadence: it counts this many days after the last day that it covers, at most;
                ``None``: as long as it says itself.
        """
        last = self.valid_until
        if every_days is not None:
            last = min(last, self.covers_to + timedelta(days=every_days))
        return datetime.combine(last + timedelta(days=1), datetime.min.time(), tzinfo=UTC)


class Attestation(Resource, frozen=True, kw_only=True):
    """A topic, and all that was handed in on it."""

    kind = "company.attestation"
    any_value: ClassVar[dict[str, str]] = {
        "handed_in[].control": "only named: any control may bring the evidence of a topic",
        "handed_in[].id": "only named",
    }

    topic: str
    """A key of :data:`soc2_pac.acts.attestations.TOPICS`, or one of the company's own."""
    handed_in: list[HandedIn]
    """In the order of receipt, revoked ones too."""
