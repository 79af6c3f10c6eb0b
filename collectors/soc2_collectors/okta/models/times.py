"""Reckoning with the times that Okta gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeAlias

import msgspec

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: what has none is no instant, and is not read."""


def days_after(moment: datetime, days: int) -> datetime:
    """The instant so many days later; the last one there is where the calendar ends before that."""
    return hours_after(moment, 24 * days)


def hours_after(moment: datetime, hours: int) -> datetime:
    """The instant so many hours later; the last one there is where the calendar ends before that."""
    try:
        return moment + timedelta(hours=hours)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)
