"""Access to the pages: who was given it, as what, until when, and who took it back."""

from __future__ import annotations

from typing import Literal

from soc2_pac.acts import Body

GRANTED = "access.granted"
"""Somebody, or a program, may read the pages with a token; the subject is the id of the token."""
REVOKED = "access.revoked"
"""The token works no more; the subject is its id."""

Role = Literal["viewer", "operator"]
"""A viewer reads everything; an operator also does what only people can do."""


class Granted(Body, frozen=True):
    """The body of :data:`GRANTED`."""

    name: str
    """Who holds the token: a person, or a program."""
    role: Role
    until: str
    """The instant from which it works no more, UTC."""
    secret: str
    """SHA-256 (hex) of the token's secret part, which has 256 random bits: nobody finds it by trying."""


class Revoked(Body, frozen=True):
    """The body of :data:`REVOKED`."""

    reason: str
