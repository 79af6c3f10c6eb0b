"""Failures that are open, by the day on which they are due: what nobody did in time is a fact about people."""

from __future__ import annotations

import msgspec


class OpenFailures(msgspec.Struct, frozen=True):
    """The open failures of one severity that are due on one day. Waived ones are not among them."""

    severity: str
    day: str
    """UTC."""
    first: str
    """The instant at which the first of them is due, UTC."""
    count: int
    oldest: str
    """Since when the oldest of them fails, UTC."""
