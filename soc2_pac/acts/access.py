"""Access to the pages: who was given it, as what, until when, and who took it back."""

from __future__ import annotations

from typing import Literal

from soc2_pac.acts import Body

GRANTED = "access.granted"
"""Somebody, or a program, may read the pages with a token; the subject is the id of the token."""
REVOKED = "access.revoked"
"""The token works no more; the subject is its id."""

Role = Literal["viewer", "operator", "auditor"]
"""A viewer reads everything; an operator also does what only people can do; an auditor reads a period and criteria."""


class Granted(Body, frozen=True):
    """The body of :data:`GRANTED`."""

    name: str
    """Who holds the token: a person, or a program."""
    role: Role
    until: str
    """The instant from which it works no more, UTC."""
    secret: str
    """SHA-256 (hex) of the token's secret part, which has 256 random bits: nobody finds it by trying."""
    start: str | None = None
    """Of an auditor: the first instant of the period, UTC."""
    end: str | None = None
    """Of an auditor: the last instant of the period, UTC."""
    criteria: tuple[str, ...] = ()
    """Of an auditor: criteria and series (``CC6``), sorted."""


class Revoked(Body, frozen=True):
    """The body of :data:`REVOKED`."""

    reason: str
