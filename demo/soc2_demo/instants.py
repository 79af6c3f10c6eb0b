"""Times in the answers of an emulated company, as they were at an earlier instant.

A company is made as of the end of its history. At an earlier instant some of its times would lie ahead: the last
sign-in of somebody who signs in daily, last night's snapshot. Each is told as many whole weeks earlier as it takes,
so that it is at most a week old then. What lies beyond the end (a certificate's expiry) stays, and so does what
says until when something holds.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

_WEEK = timedelta(days=7)
_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|\+00:00)")
_AHEAD = re.compile(
    "expir|notafter|until|validto|enddate|end_date|nextrotation|scheduled|due", re.IGNORECASE
)
"""Names of fields that say until when something holds."""


class View(NamedTuple):
    """What is seen at ``at`` of a company that was made as of ``end``; both UTC."""

    end: datetime
    at: datetime

    @property
    def days(self) -> float:
        """How long before the end."""
        return (self.end - self.at) / timedelta(days=1)

    def happened(self, instant: datetime) -> bool:
        """Whether something had happened by then."""
        return instant <= self.at

    def time(self, instant: datetime) -> datetime:
        """An instant of the company, as it is told then."""
        if not self.at < instant <= self.end:
            return instant
        return instant - math.ceil((instant - self.at) / _WEEK) * _WEEK

    def ago(self, days: float) -> datetime:
        """So many days before the end, as it is told then."""
        return self.time(self.end - timedelta(days=days))

    def seen(self, value: object, name: str = "") -> object:
        """A body of JSON with its times as they are told then."""
        if isinstance(value, dict):
            return {key: self.seen(one, str(key)) for key, one in value.items()}
        if isinstance(value, list):
            return [self.seen(one, name) for one in value]
        if isinstance(value, str) and len(value) < 40 and _TEXT.fullmatch(value):  # noqa: PLR2004 - no instant is longer
            return value if _AHEAD.search(name) else self._text(value)
        return value

    def _text(self, text: str) -> str:
        before = datetime.fromisoformat(text).astimezone(UTC)
        told = self.time(before)
        return text if told == before else f"{told:%Y-%m-%d}{text[10:]}"
