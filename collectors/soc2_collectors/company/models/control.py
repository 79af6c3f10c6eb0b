"""Controls of the company."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - read at run time

import msgspec

from soc2_collectors.company.models.attestation import HandedIn
from soc2_pac.acts.controls import DAYS
from soc2_pac.resources import Resource


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence of one topic that a control expects of people, and what it was given."""

    topic: str
    handed_in: list[HandedIn]
    """For this control, in the order of receipt, revoked ones too."""

    def last_day(self, every_days: int | None) -> date | None:
        """The last day on which some of it counts; ``None``: nothing was handed in, or all is revoked."""
        return max(
            (one.last_day(every_days) for one in self.handed_in if one.revoked is None),
            default=None,
        )


class Control(Resource, frozen=True, kw_only=True):
    """A control in force, as the configuration declared it, with the evidence that people gave for it."""

    kind = "company.control"

    id: str
    frequency: str
    """A key of :data:`soc2_pac.acts.controls.DAYS`."""
    grace_days: int
    """How long after its time new evidence may come in."""
    rules: list[str]
    populations: list[str]
    expected: list[Expected]
    """One for each topic that it names."""

    @property
    def known_frequency(self) -> bool:
        """Whether it says how often it is performed in a word that is known."""
        return self.frequency in DAYS

    @property
    def every_days(self) -> int | None:
        """How many days after the last day that it covers evidence counts, at most; ``None``: no date is set."""
        days = DAYS.get(self.frequency)
        return None if days is None else days + self.grace_days
