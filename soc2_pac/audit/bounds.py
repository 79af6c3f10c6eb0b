"""What an auditor may see: a period and criteria."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_pac.criteria import CRITERIA
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class Bounds(NamedTuple):
    """What an auditor may see."""

    start: str
    """The first instant, UTC text."""
    end: str
    """The last instant, UTC text."""
    criteria: tuple[str, ...]
    """Criteria and series: ``CC6`` means all of CC6."""

    def takes(self, criteria: Iterable[str]) -> bool:
        """Whether something that serves these criteria is within."""
        return any(
            one in self.criteria or one.partition(".")[0] in self.criteria for one in criteria
        )

    def instant(self, asked: str | None, now: datetime) -> str | None:
        """As of when pages show the store; ``None``: what is asked for is outside of the period.

        ``asked``: UTC text. Left out, it is the end, or this minute while the period goes on.
        """
        last = min(self.end, utc_text(now.replace(second=0, microsecond=0)))
        if asked is None:
            return last
        return asked if self.start <= asked <= last else None


def named(text: str) -> tuple[str, ...]:
    """Criteria and series as somebody lists them, ``CC6,CC7.1``; sorted.

    Raises:
        UsageError: it names none, or one that does not exist.
    """
    known = {*CRITERIA, *(one.partition(".")[0] for one in CRITERIA)}
    found = sorted({one.strip() for one in text.split(",")} - {""})
    if not found:
        msg = "--criteria: name at least one: CC6,CC7"
        raise UsageError(msg)
    for one in found:
        if one not in known:
            msg = f"--criteria: there is no criterion or series '{one}'"
            raise UsageError(msg)
    return tuple(found)
