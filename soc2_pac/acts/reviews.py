"""Access reviews: what is frozen at the start, what reviewers decide, and what proves that access is gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import msgspec

from soc2_pac.acts import Act, Body
from soc2_pac.model import utc_time

if TYPE_CHECKING:
    from collections.abc import Iterable

STARTED = "review.started"
"""A review was started; the subject of this and of all below is the id of the review. The attachment is the
population: canonical JSON lines, first the header."""
ASSIGNED = "review.assigned"
"""Somebody else reviews in a reviewer's place."""
DECIDED = "review.decided"
"""A reviewer decided; the attachment is the file that they handed in."""
REMOVAL = "review.removal"
"""Later collections do not show a grant any more that was to go."""
UNCHECKED = "review.unchecked"
"""Grants that were to go, and that nobody can look for: what showed them was retired."""
CLOSED = "review.closed"
"""Everything is decided."""
CANCELLED = "review.cancelled"
"""It ends without a result."""

Choice: TypeAlias = Literal["keep", "revoke", "change"]
CHOICES: tuple[Choice, ...] = ("keep", "revoke", "change")


class Reviewer(msgspec.Struct, frozen=True):
    """Who reviews."""

    id: str
    """Of the person, ``roster:acme/1042``; the name itself where no source says who works here."""
    name: str
    keys: tuple[str, ...] = ()
    """What they may call themselves besides: personnel number, mail addresses, logins."""
    rows: int = 0
    """How many grants they were given at the start."""

    def called(self, name: str) -> bool:
        """Whether somebody who names themselves so is meant; letter case does not matter."""
        folded = name.strip().lower()
        return folded in {self.id.lower(), self.name.lower(), *(key.lower() for key in self.keys)}


class Started(Body, frozen=True):
    """The body of :data:`STARTED`."""

    systems: tuple[str, ...]
    """In full or by provider, as they were named."""
    reviewers: tuple[Reviewer, ...]
    by_manager: bool
    due: str | None
    """The last day for decisions, ``2026-12-31``."""
    partial: tuple[str, ...]
    """What was not complete at the start; empty: everything was."""
    rows: int
    accounts: int
    privileged: int
    unmatched: int
    unread: int
    """Rows that stand for groups whose members were not read."""
    removal_days: int
    """Days from a decision to revoke or change until the grant must be gone."""
    upto: int
    """The last collection that was taken into account."""


class Assigned(Body, frozen=True):
    """The body of :data:`ASSIGNED`."""

    instead_of: str
    """Id of a reviewer."""
    reviewer: Reviewer
    reason: str


class Decision(msgspec.Struct, frozen=True):
    """What was decided of one row."""

    row: str
    decision: Choice
    reason: str
    label: str
    """The row in words: ``ann-b in github:acme: admin on acme/api``."""
    own: bool = False
    """Whether the reviewer owns the account. Nothing that was refused is recorded: a guard for rules."""


class Decided(Body, frozen=True):
    """The body of :data:`DECIDED`."""

    reviewer: str
    """Id of the reviewer."""
    decisions: tuple[Decision, ...]


class Removed(msgspec.Struct, frozen=True):
    """That a grant is not shown any more."""

    row: str
    collections: tuple[int, ...]
    """Complete collections, begun after the decision, that do not show it."""
    seen_at: str
    """When the last of them ended: the grant was gone by then."""


class Removal(Body, frozen=True):
    """The body of :data:`REMOVAL`."""

    rows: tuple[Removed, ...]


class NotChecked(msgspec.Struct, frozen=True):
    """That nobody can look for a grant any more: its scopes were retired."""

    row: str
    scopes: tuple[str, ...]
    """Those that were retired, of the scopes that showed it."""
    reason: str
    """Why they were."""
    owner: str
    """The person who answers for that."""
    retired_at: str
    """UTC."""

    def __str__(self) -> str:
        where = ", ".join(self.scopes)
        return f"{where} was retired on {self.retired_at[:10]}: {self.reason} ({self.owner})"


class Unchecked(Body, frozen=True):
    """The body of :data:`UNCHECKED`: all of them as of this act, in place of those of the act before."""

    rows: tuple[NotChecked, ...]


class Closed(Body, frozen=True):
    """The body of :data:`CLOSED`."""

    kept: int
    revoked: int
    changed: int


class Cancelled(Body, frozen=True):
    """The body of :data:`CANCELLED`."""

    reason: str


class Made(NamedTuple):
    """A decision with the act that recorded it."""

    decision: Decision
    reviewer: str
    act: Act


@dataclass
class Review:
    """A review and everything that became of it."""

    id: str
    started: Act
    said: Started
    decided: dict[str, Made] = field(default_factory=dict)
    """Row -> its last decision."""
    removed: dict[str, tuple[Removed, Act]] = field(default_factory=dict)
    """Row -> the proof that it is gone."""
    unchecked: dict[str, NotChecked] = field(default_factory=dict)
    """Row -> why nobody can look whether it is gone."""
    instead: dict[str, Reviewer] = field(default_factory=dict)
    """Id of a reviewer -> who reviews in their place."""
    closed: Act | None = None
    cancelled: Act | None = None

    @property
    def state(self) -> str:
        """``open``, ``closed`` or ``cancelled``."""
        return "cancelled" if self.cancelled else "closed" if self.closed else "open"

    @property
    def open_rows(self) -> int:
        """How many rows await a decision."""
        return self.said.rows - len(self.decided)

    def reviewer_of(self, row_reviewer: str) -> Reviewer:
        """Who reviews now what was given to a reviewer at the start."""
        now = self.now_reviewing(row_reviewer)
        everybody = {one.id: one for one in (*self.said.reviewers, *self.instead.values())}
        return everybody[now]

    def now_reviewing(self, reviewer: str) -> str:
        """The id of who reviews in the place of somebody, by their id; the same where nobody does."""
        seen: set[str] = set()
        while reviewer in self.instead and reviewer not in seen:
            seen.add(reviewer)
            reviewer = self.instead[reviewer].id
        return reviewer

    @property
    def reviewers(self) -> list[Reviewer]:
        """Who reviews now, each once."""
        now = [self.reviewer_of(one.id) for one in self.said.reviewers]
        return list({one.id: one for one in now}.values())

    @property
    def to_remove(self) -> dict[str, Made]:
        """Rows that are to go or change: all of them, proved or not."""
        return {row: made for row, made in self.decided.items() if made.decision.decision != "keep"}

    def remove_by(self, made: Made) -> datetime:
        """Until when a grant must be gone, UTC."""
        return utc_time(made.act.recorded_at) + timedelta(days=self.said.removal_days)

    @property
    def pending(self) -> dict[str, Made]:
        """Rows that are to go and of which nothing proves that they are gone. A cancelled review asks nothing."""
        if self.cancelled is not None:
            return {}
        return {row: made for row, made in self.to_remove.items() if row not in self.removed}

    @property
    def waiting(self) -> dict[str, Made]:
        """Those of ``pending`` that a collection can still prove."""
        return {row: made for row, made in self.pending.items() if row not in self.unchecked}

    @property
    def not_checked(self) -> dict[str, NotChecked]:
        """Those of ``pending`` that no collection can prove, with the reason."""
        return {row: self.unchecked[row] for row in self.pending if row in self.unchecked}

    def overdue(self, now: datetime) -> list[str]:
        """Rows that should be gone and of which nothing proves it, though something could."""
        return sorted(row for row, made in self.waiting.items() if self.remove_by(made) <= now)


def reviews(acts: Iterable[Act]) -> dict[str, Review]:
    """Every review by id, in the order of their start.

    Args:
        acts: in the order of recording; other kinds are left out.
    """
    found: dict[str, Review] = {}
    for act in acts:
        if act.kind == STARTED:
            found[act.subject] = Review(act.subject, act, act.said(Started))
            continue
        review = found.get(act.subject)
        if review is None:
            continue
        if act.kind == DECIDED:
            said = act.said(Decided)
            for decision in said.decisions:
                review.decided[decision.row] = Made(decision, said.reviewer, act)
                # What was decided anew must be proved anew.
                review.removed.pop(decision.row, None)
                review.unchecked.pop(decision.row, None)
        elif act.kind == REMOVAL:
            for one in act.said(Removal).rows:
                review.removed[one.row] = (one, act)
        elif act.kind == UNCHECKED:
            review.unchecked = {one.row: one for one in act.said(Unchecked).rows}
        elif act.kind == ASSIGNED:
            instead = act.said(Assigned)
            review.instead[instead.instead_of] = instead.reviewer
        elif act.kind == CLOSED:
            review.closed = act
        elif act.kind == CANCELLED:
            review.cancelled = act
    return found
