"""Evidence that people handed in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """That it does not hold any more, or never did."""

    reason: str


class HandedIn(msgspec.Struct, frozen=True, kw_only=True):
    """One attestation: a file with the days that it covers."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "control": "only named: any control may bring the evidence of a topic",
        "id": "only named",
    }
    any_value: ClassVar[Mapping[str, str]] = may_lack

    id: str
    control: str
    covers_to: date
    """The last day that it covers."""
    valid_until: date
    """The last day on which it counts."""
    revoked: Revocation | None
    systems: list[str] = []
    """Of an access review, those that it covers; older documents and other topics name none."""

    def last_day(self, every_days: int | None) -> date:
        """The last day on which it counts.

        Args:
            every_days: the cadence: it counts this many days after the last day that it covers, at most;
                ``None``: as long as it says itself.
        """
        if every_days is None:
            return self.valid_until
        last = min(self.covers_to.toordinal() + every_days, date.max.toordinal())
        return min(self.valid_until, date.fromordinal(max(last, 1)))


def over(day: date) -> datetime:
    """The instant at which a day is over, UTC."""
    if day == date.max:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.combine(day, datetime.min.time(), tzinfo=UTC) + timedelta(days=1)


class Attestation(Resource, frozen=True, kw_only=True):
    """A topic, and all that was handed in on it."""

    kind = "company.attestation"

    topic: str
    """A key of :data:`soc2_pac.acts.attestations.TOPICS`, or one of the company's own."""
    handed_in: list[HandedIn]
    """In the order of receipt, revoked ones too."""
