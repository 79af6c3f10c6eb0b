"""Controls of the company."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soc2_collectors.company.models.attestation import HandedIn
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from datetime import datetime


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """Evidence of one topic that a control expects of people, and what it was given."""

    topic: str
    handed_in: list[HandedIn]
    """For this control, in the order of receipt, revoked ones too."""

    def held_until(self, every_days: int | None) -> datetime | None:
        """When the last that counts does not any more; ``None``: nothing was handed in."""
        return max(
            (one.holds_until(every_days) for one in self.handed_in if one.revoked is None),
            default=None,
        )


class Control(Resource, frozen=True, kw_only=True):
    """A control in force, as the configuration declared it, with the evidence that people gave for it."""

    kind = "company.control"

    id: str
    frequency: str
    """A key of :data:`soc2_pac.acts.controls.DAYS`."""
    rules: list[str]
    populations: list[str]
    expected: list[Expected]
    """One for each topic that it names."""
