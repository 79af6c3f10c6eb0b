"""What is known of several things when something of one could not be read: a proven fail stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from soc2_pac.errors import FactUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
