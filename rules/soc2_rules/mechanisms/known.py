"""What is known of several things when something of one could not be read: a proven fail stands."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, TypeVar

from soc2_pac.errors import EvidenceIncomplete, FactUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

T = TypeVar("T")
A = TypeVar("A")


def asked(
    things: Iterable[T], question: Callable[[T], A]
) -> tuple[list[tuple[T, A]], FactUnavailable | None]:
    """Each thing with its answer, and the first reason why one has none.

    Judge the answers first: what proves a fail needs no other fact. Then raise the reason, before a pass.
    """
    known: list[tuple[T, A]] = []
    unread: FactUnavailable | None = None
    for thing in things:
        try:
            known.append((thing, question(thing)))
        except FactUnavailable as error:
            unread = unread or error
    return known, unread


def holding(
    error: FactUnavailable | EvidenceIncomplete, until: datetime | None
) -> FactUnavailable | EvidenceIncomplete:
    """The same, to be raised where the clock alone decides the question at ``until``."""
    raised = copy(error)  # the evidence raises the same one to other rules
    raised.until = until
    return raised


class Unread:
    """What could not be read of the kinds that a rule joins. What the rest proves is said before it is raised."""

    def __init__(self) -> None:
        self._why: EvidenceIncomplete | FactUnavailable | None = None

    def of(self, read: Callable[[], Sequence[T]]) -> Sequence[T]:
        """What was read; nothing where that is not known whole."""
        try:
            return read()
        except (EvidenceIncomplete, FactUnavailable) as error:
            self._why = self._why or error
            return ()

    def __bool__(self) -> bool:
        return self._why is not None

    def __str__(self) -> str:
        return str(self._why or "")

    def demand_all(self) -> None:
        """Raise the first reason why something is not known, if there is one."""
        if self._why is not None:
            raise self._why.with_traceback(None)
