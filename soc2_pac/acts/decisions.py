"""What the configuration switches off, leaves out or loosens, as each run recorded it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import msgspec

from soc2_pac.acts import Act, Body

if TYPE_CHECKING:
    from collections.abc import Iterable

SET = "decisions.set"
"""These decisions are in force, and no others; the subject is :data:`CONFIGURATION`."""
CONFIGURATION = "configuration"
EVERYWHERE = "everywhere"

Sort: TypeAlias = Literal["switched off", "loosened", "in a place", "boundary", "limit", "retired"]
"""``switched off``: rules that are judged nowhere; ``loosened``: a rule everywhere; ``in a place``: a rule in some
scopes or by a tag; ``boundary``: what belongs to the system; ``limit``: a table of the configuration;
``retired``: scopes that are no longer ours, which stand in acts of their own."""


class Decided(msgspec.Struct, frozen=True, omit_defaults=True):
    """One decision."""

    sort: Sort
    what: str
    """The rule, pattern, table or scope that it is about."""
    effect: str
    """``switched off (245 rules)``, ``max_age_days = 1000 instead of 90``, ``outside of the system``."""
    where: str
    """``everywhere``, or the scopes and tags."""
    reason: str
    owner: str
    date: str
    """The day of the decision, ``2026-01-31``."""
    rules: tuple[tuple[str, str], ...] = ()
    """(id, kind that it judges) of each rule that it is about; empty: of all, or of none in particular."""
    because: str = ""
    """How findings that it touches name it; empty: they do not."""


class Decisions(Body, frozen=True):
    """The body of :data:`SET`."""

    decided: tuple[Decided, ...]


class Stretch(NamedTuple):
    """A time for which the decisions of one act were in force."""

    since: str
    """UTC."""
    until: str | None
    """``None``: they are in force."""
    decided: tuple[Decided, ...]


def stretches(acts: Iterable[Act]) -> list[Stretch]:
    """Which decisions were in force when, oldest first; other kinds of acts are left out."""
    found: list[Stretch] = []
    for act in acts:
        if act.kind != SET:
            continue
        if found:
            found[-1] = found[-1]._replace(until=act.recorded_at)
        found.append(Stretch(act.recorded_at, None, act.said(Decisions).decided))
    return found
