"""Which reviews of access count: what they cover, whether they go on, and who decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from soc2_collectors.azure.models.entra_reviews import AccessReview


class Counted(NamedTuple):
    """Of some reviews, those that count, and why the others do not."""

    good: list[tuple[AccessReview, datetime]]
    """With until when it counts: its last round is too old then, another ends, or the series does."""
    unsure: list[str]
    """Why nobody can tell of some."""
    lacks: list[str]
    """Why some do not."""
    turns: list[datetime]
    """When the clock alone may change what counts."""

    @property
    def why(self) -> str:
        """All reasons."""
        return listed([*self.lacks, *self.unsure])


def counted(reviews: Iterable[AccessReview], now: datetime, max_days: int) -> Counted:
    """Which of these reviews recur in time, and of which a person decided the last round."""
    found = Counted([], [], [], [])
    for review in reviews:
        standing = review.standing(now, max_days)
        if standing.turns is not None:
            found.turns.append(standing.turns)
        if standing.until is not None:
            found.good.append((review, standing.turns or standing.until))
        elif standing.unsure:
            found.unsure.append(f"{review.display_name}: {standing.unsure}")
        else:
            found.lacks.append(f"{review.display_name}: {standing.lacks}")
    return found


def roles_covered(reviews: Iterable[AccessReview]) -> frozenset[str]:
    """Ids of the roles of which all users are reviewed: at once, or active and eligible ones apart."""
    whole: set[str] = set()
    eligible: set[str] = set()
    active: set[str] = set()
    for review in reviews:
        whole |= review.roles
        eligible |= review.eligible_roles
        active |= review.active_roles
    return frozenset(whole | (eligible & active))
