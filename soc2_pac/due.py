"""By when a failure is to be fixed: calendar days or business days, counted in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from soc2_pac.model import Severity, utc_text, utc_time

if TYPE_CHECKING:
    from collections.abc import Mapping

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class DueDates:
    """How long a failure of each severity may stay open."""

    days: Mapping[Severity, int]
    business: bool = False
    """Whether only working days count."""
    weekend: frozenset[int] = frozenset((5, 6))
    """Days of the week that are not worked, Monday is 0."""
    holidays: frozenset[date] = field(default_factory=frozenset)

    def of(self, severity: Severity, since: str) -> str:
        """The instant by which a failure is due, UTC text.

        A business day has the hours of the day on which the failure was first seen: seen on a Friday at 15:00,
        one business day ends on Monday at 15:00. Seen on a day that is not worked, counting starts with the
        next one that is.
        """
        instant = utc_time(since)
        if not self.business:
            return utc_text(instant + timedelta(days=self.days[severity]))
        left = self.days[severity]
        while left:
            instant += timedelta(days=1)
            if instant.weekday() not in self.weekend and instant.date() not in self.holidays:
                left -= 1
        return utc_text(instant)
