"""Values as Google writes them: times, durations, numbers, names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, TypeAlias

import msgspec

from soc2_collectors.environments import names_other, without_others

if TYPE_CHECKING:
    from collections.abc import Iterable

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone: what has none is no instant, and is not read."""


def matches(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name is, or is of the form of, one of these; upper and lower case are alike.

    Brackets may be a part of a name: ``serviceAccount:acme.svc.id.goog[shop/web]``.
    """
    said = name.lower()
    return any(said == one.lower() or fnmatchcase(said, one.lower()) for one in patterns)


def has_word(name: str, patterns: Iterable[str]) -> bool:
    """Whether a name, or a word in it, is or is of the form of one of these: ``web-live``, ``deployProd``.

    A word inside of another is none: ``delivery`` is not ``live``. Nor is ``non-prod`` a form of ``prod``:
    only a pattern that says so itself means it.
    """
    wanted = [*patterns]
    said = without_others(name)
    if said != name and _any_word(name, [one for one in wanted if names_other(one)]):
        return True
    return _any_word(said, wanted)


def _any_word(name: str, patterns: list[str]) -> bool:
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)
    return matches(name, patterns) or any(matches(word, patterns) for word in words)


def days_after(moment: datetime, days: float) -> datetime:
    """The instant so many days later; the last one there is where the calendar ends before that."""
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def days_before(moment: datetime, days: float) -> datetime:
    """The instant so many days earlier; the first one there is where the calendar begins after that."""
    try:
        return moment - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


def seconds(duration: str | None) -> float | None:
    """``7776000s`` in seconds; ``None`` where it is no duration."""
    if duration is None or not duration.endswith("s"):
        return None
    try:
        said = float(duration[:-1])
    except ValueError:
        return None
    return said if 0 <= said < float("inf") else None


def positive(value: int | str | None) -> int:
    """A number that Google writes as text; 0 where it is none."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0  # noqa: PLR2004
    return max(value or 0, 0)


def unread_above(boundary: str, ancestors: Iterable[str]) -> str:
    """What above a resource is not read, where a source reads less than the organisation; else empty.

    Args:
        boundary: of the scope: ``organizations/9``, or a project's id.
        ancestors: of the resource, as the inventory gives them.
    """
    top = next((one for one in ancestors if one.startswith("organizations/")), "")
    return "" if top in ("", boundary) else f"what {top} sets for all below was not read"
