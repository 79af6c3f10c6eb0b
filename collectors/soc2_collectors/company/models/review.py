"""Access reviews: what was frozen, how far the decisions are, and what proves that access is gone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Literal

import msgspec

from soc2_pac.resources import Resource

Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone."""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Complete collections that do not show a grant any more."""

    collections: list[int]
    seen_at: Moment
    """When the last of them ended: the grant was gone by then."""


class NotChecked(msgspec.Struct, frozen=True, kw_only=True):
    """Why nobody can look whether a grant is gone."""

    any_value: ClassVar[Mapping[str, str]] = {
        "scopes": "only named in the message",
        "reason": "only named in the message",
        "owner": "only named in the message",
    }

    scopes: list[str]
    """Scopes that showed it, and were retired since."""
    reason: str
    owner: str


class Revocation(msgspec.Struct, frozen=True, kw_only=True):
    """A grant that a reviewer decided to take away or to change."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "not_checked": "null unless what showed the grant was retired: then it must be proved like any other",
    }

    label: str
    """The grant in words."""
    decided_at: Moment
    remove_by: Moment
    """From when on it is overdue."""
    proof: Proof | None
    """``None``: no later complete collection shows that it is gone."""
    not_checked: NotChecked | None = None
    """Where what showed it was retired; older documents do not say it."""

    @property
    def retired(self) -> NotChecked | None:
        """Why nobody can look for it; ``None`` where somebody can, or nobody says why and who answers for that."""
        why = self.not_checked
        return why if why is not None and why.scopes and why.reason and why.owner else None

    @property
    def late(self) -> bool:
        """Whether it was proved to be gone, and only after its day."""
        return self.proof is not None and self.proof.seen_at > self.remove_by


class Reviewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who reviews."""

    name: str
    rows: int
    decided: int


class Review(Resource, frozen=True, kw_only=True):
    """An access review, with everything that became of it."""

    kind = "company.review"
    may_lack: ClassVar[Mapping[str, str]] = {
        "due": "null where nobody set a day: then the cadence of reviews is all that ends it",
        "closed_at": "null while it is open",
        "partial": "a list that may be empty: everything was complete at the start",
        "proved": "only named in the message",
    }
    any_value: ClassVar[Mapping[str, str]] = {"proved": "only named in the message"}

    id: str
    state: Literal["open", "closed", "cancelled"]
    systems: list[str]
    """In full or by provider."""
    started_at: Moment
    due: date | None
    """The last day for decisions."""
    closed_at: Moment | None
    partial: list[str]
    """What was not complete at the start."""
    rows: int
    open_rows: int
    proved: int = 0
    """How many of the decisions were made by somebody whom a login proved; older documents do not say it."""
    own: list[str]
    """Grants that somebody decided on who has them: none, unless something is broken."""
    reviewers: list[Reviewer]
    revocations: list[Revocation]

    @property
    def ends(self) -> datetime | None:
        """The first instant, UTC, after the last day for decisions."""
        if self.due is None:
            return None
        start = self.started_at
        return datetime(
            self.due.year, self.due.month, self.due.day, tzinfo=start.tzinfo
        ) + timedelta(days=1)
