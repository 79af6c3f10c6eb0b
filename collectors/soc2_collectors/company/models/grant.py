"""An account that came to administer its system, between two collections, and what approves that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, ClassVar

import msgspec

from soc2_pac.resources import Resource

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that the configuration names."""

    ticket: str
    by: str
    """Who approved."""
    date: date


class ReviewDecision(msgspec.Struct, frozen=True, kw_only=True):
    """What an access review decided on it, afterwards."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "proved_by": "null where nobody signed in: the message says so"
    }
    any_value: ClassVar[Mapping[str, str]] = may_lack

    review: str
    decision: str
    """``keep``, ``revoke`` or ``change``."""
    decided_at: Moment
    decided_by: str
    """Who says that they decided."""
    proved_by: str | None
    """The login that proved it; ``None``: none did."""


class PrivilegedGrant(Resource, frozen=True, kw_only=True):
    """An account that came to administer its system: after one collection and before another."""

    kind = "company.grant"
    may_lack: ClassVar[Mapping[str, str]] = {
        "tickets": "a list that may be empty: nothing is approved by it then",
        "reviews": "a list that may be empty: nothing is approved by it then",
        "owner_name": "null for an account that nobody owns: it is compared with its login alone then",
        "owner": "null for an account that nobody owns: it is compared with its login alone then",
    }

    system: str
    account: str
    """Its uid."""
    login: str
    owner: str | None
    """Id of whose it is, ``roster:acme/1042``; ``None``: nobody's who is known."""
    owner_name: str | None
    happened_after: Moment
    """The start of the last collection that did not show it."""
    happened_before: Moment
    """The end of the first collection that did."""
    tickets: list[Ticket]
    reviews: list[ReviewDecision]

    def is_own(self, name: str) -> bool:
        """Whether who approved calls themselves as whoever got the access."""
        folded = name.strip().lower()
        number = (self.owner or "").rpartition("/")[2]
        own = (self.login, self.account, self.owner_name or "", self.owner or "", number)
        return folded in {one.lower() for one in own if one}

    def event_columns(self) -> Mapping[str, object]:
        """What approves it."""
        return {
            "tickets": [f"{one.ticket} by {one.by}" for one in self.tickets],
            "review_decisions": [f"{one.review}: {one.decision}" for one in self.reviews],
        }
