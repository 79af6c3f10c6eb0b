"""Controls: what the company says that it does, and what shows that it does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from soc2_pac.acts import Act, Body

if TYPE_CHECKING:
    from collections.abc import Iterable

SET = "control.set"
"""A control was declared, or declared anew; the subject is its id."""
RETIRED = "control.retired"
"""A control is no longer one; the subject is its id."""

DAYS: dict[str, int | None] = {
    "continuous": None,
    "daily": 1,
    "weekly": 7,
    "monthly": 31,
    "quarterly": 92,
    "half-yearly": 184,
    "yearly": 366,
    "as needed": None,
}
"""How often a control is performed -> the longest time between two performances, in days; ``None`` where no
date can be told."""


class Control(Body, frozen=True):
    """The body of :data:`SET`: one version of a control."""

    wording: str
    """What is done, in the company's own words."""
    owner: str
    """Who answers for it: a person or a role."""
    frequency: str
    """A key of :data:`DAYS`."""
    criteria: tuple[str, ...]
    """Ids of the criteria that it serves."""
    rules: tuple[str, ...] = ()
    """Rules that show a part of it: ids or globs over ids."""
    attestations: tuple[str, ...] = ()
    """Topics of evidence that people hand in for it."""
    populations: tuple[str, ...] = ()
    """Kinds whose events an auditor can sample for it."""
    grace_days: int = 30
    """How long after its time new evidence of people may come in: what covers a quarter ends with it."""
    topics: dict[str, str] = msgspec.field(default_factory=dict)
    """Of ``attestations``, those of the company's own -> what evidence of it shows."""

    @property
    def every_days(self) -> int | None:
        """How many days after the last day that it covers evidence of people counts, at most."""
        days = DAYS[self.frequency]
        return None if days is None else days + self.grace_days


class Retired(Body, frozen=True):
    """The body of :data:`RETIRED`."""

    reason: str = ""


def in_force(acts: Iterable[Act], at: str | None = None) -> dict[str, tuple[Act, Control]]:
    """Each control by id with the act that set it, sorted.

    Args:
        acts: in the order of recording; other kinds are left out.
        at: as of this instant (UTC text); as of now when left out.
    """
    found: dict[str, tuple[Act, Control]] = {}
    for act in acts:
        if at is not None and act.recorded_at > at:
            continue
        if act.kind == SET:
            found[act.subject] = (act, act.said(Control))
        elif act.kind == RETIRED:
            found.pop(act.subject, None)
    return dict(sorted(found.items()))
