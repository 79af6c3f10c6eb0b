"""Notified: whether a person is notified of an event, for the alerts of all clouds.

From the event being recorded to somebody who reads the message there are several links, and there may be
several ways. A link holds, does not hold, or is not known: a filter that is not understood, a narrowing that
was not read, an account that is no source. A way leads to a person where every link holds; the event is
notified where one way does. What is not known is never a yes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from soc2_pac.errors import EvidenceIncomplete, FactUnavailable
from soc2_pac.model import Verdict, failed, not_applicable, passed
from soc2_rules.mechanisms.undecided import undecided

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

E = TypeVar("E")
_SHOWN = 5
_REASONS = 3
_UNSEEN = -20


@dataclass(frozen=True, slots=True)
class Way:
    """A link, or several links one after the other: whether an event gets to their end."""

    answer: bool | None
    """``None``: not known."""
    why: tuple[str, ...] = ()
    """Of a yes: what it passes. Otherwise: why it goes no further, or why that is not known."""
    on: tuple[object, ...] = ()
    """Documents that it passes."""
    missing: tuple[FactUnavailable, ...] = ()
    """Of what is not known: the facts that were not there."""
    until: datetime | None = None
    """The instant at which the clock alone changes it."""
    passed: int = 0
    """Of a no: how many links held before. The reason of the way that leads farthest is worth telling."""


def holds(why: str = "", *on: object) -> Way:
    """The event gets through."""
    return Way(True, (why,) if why else (), on)  # noqa: FBT003


def stops(why: str, *on: object) -> Way:
    """The event gets no further."""
    return Way(False, (why,), on)  # noqa: FBT003


def unseen(why: str) -> Way:
    """Nothing here is about the event: any other reason is worth more."""
    return Way(False, (why,), passed=_UNSEEN)  # noqa: FBT003


def apart(way: Way) -> Way:
    """A way that has little to do with the event: told where there is nothing else to tell."""
    return replace(way, passed=way.passed + 2 * _UNSEEN) if way.answer is False else way


def unclear(why: str, *on: object) -> Way:
    """Whether it gets through is not known."""
    return Way(None, (why,), on)


def link(answer: bool | None, why: str, *on: object) -> Way:  # noqa: FBT001
    """A link of three values. ``why`` says why it does not hold, or why that is not known."""
    return holds("", *on) if answer else Way(answer, (why,), on)


def attempt(read: Callable[[], Way]) -> Way:
    """A link whose evidence may be missing: what was not collected is not known."""
    try:
        return read()
    except FactUnavailable as error:
        return Way(None, (str(error),), missing=(error,))
    except EvidenceIncomplete as error:
        return unclear(str(error))


def along(*links: Callable[[], Way]) -> Way:
    """All links, one after the other. What proves that there is no way is read before what is missing."""
    doubts: list[str] = []
    why: list[str] = []
    on: list[object] = []
    missing: list[FactUnavailable] = []
    until: datetime | None = None
    for number, read in enumerate(links):
        found = attempt(read)
        until = _first(until, found.until)
        if found.answer is False:
            return replace(found, passed=found.passed + number, until=until)
        if found.answer is None:
            doubts += found.why
            missing += found.missing
        why += found.why
        on += found.on
    if doubts:
        return Way(None, tuple(dict.fromkeys(doubts)), tuple(on), tuple(missing), until)
    return Way(True, tuple(why), tuple(on), (), until)  # noqa: FBT003


def _first(one: datetime | None, other: datetime | None) -> datetime | None:
    """The earlier of two instants."""
    return min(one, other) if one and other else one or other


def by_all(ways: Iterable[Way]) -> Way:
    """Every way is needed: one for each place where the event may happen."""
    found = list(ways)
    until = min((way.until for way in found if way.until), default=None)
    for answer in (False, None):
        some = [way for way in found if way.answer is answer]
        if some:
            why = tuple(dict.fromkeys(text for way in some for text in way.why))
            missing = tuple(error for way in some for error in way.missing)
            most = max(way.passed for way in some)
            return Way(answer, why, (), missing, until, passed=most)
    passes = tuple(dict.fromkeys(" > ".join(way.why) for way in found))
    on = tuple(document for way in found for document in way.on)
    return Way(True, passes, on, until=until)  # noqa: FBT003


def by_any(ways: Iterable[Way], otherwise: Way) -> Way:
    """One way is enough. ``otherwise`` stands for there being none at all."""
    doubts: list[str] = []
    missing: list[FactUnavailable] = []
    best = otherwise
    until: datetime | None = None
    for way in ways:
        if way.answer:
            return way
        until = _first(until, way.until)
        if way.answer is None:
            doubts += way.why
            missing += way.missing
        elif way.passed >= best.passed:
            best = way
    if doubts:
        return Way(None, tuple(dict.fromkeys(doubts)), (), tuple(missing), until)
    return replace(best, until=until)


def settled(way: Callable[[E], Way], event: E, examples: Iterable[E]) -> Way:
    """The way of an event, of which part is not the same each time.

    Where that part keeps it from being known, examples are tried: one that is not notified is proof.
    """
    found = attempt(lambda: way(event))
    if found.answer is None:
        for example in examples:
            lost = attempt(lambda one=example: way(one))  # type: ignore[misc]
            if lost.answer is False:
                return lost
    return found


def verdict(events: Mapping[str, Way], left_out: Iterable[str] = ()) -> Verdict:
    """What the ways of all events come to.

    Args:
        events: name of an event -> its way.
        left_out: events of which nobody needs to be notified, by configuration.

    Raises:
        FactUnavailable: what is not known depends on a fact that was not asked for.
    """
    skipped = sorted(set(left_out) & events.keys())
    asked = {name: way for name, way in events.items() if name not in skipped}
    if not asked:
        return not_applicable(f"not asked, by configuration: {_named(skipped)}")
    until = min((way.until for way in asked.values() if way.until), default=None)
    lost = [name for name, way in asked.items() if way.answer is False]
    unsure = [name for name, way in asked.items() if way.answer is None]
    if lost:
        reasons = _reasons(text for name in lost for text in asked[name].why)
        return failed(f"nobody is notified of {_named(lost)}: {reasons}", until=until)
    if unsure:
        reasons = _reasons(text for name in unsure for text in asked[name].why)
        missing = [error for name in unsure for error in asked[name].missing]
        return undecided(
            f"not known whether anybody is notified of {_named(unsure)}: {reasons}", missing
        )
    without = f"; not asked: {_named(skipped)}" if skipped else ""
    ways = _reasons(" > ".join(way.why) for way in asked.values())
    on = list({id(document): document for way in asked.values() for document in way.on}.values())
    return passed(
        f"somebody is notified of all {len(asked)} events: {ways}{without}",
        until=until,
        on=on,
    )


def _reasons(texts: Iterable[str]) -> str:
    """Each once, and not too many."""
    found = list(dict.fromkeys(texts))
    more = f" and {len(found) - _REASONS} more" if len(found) > _REASONS else ""
    return "; ".join(found[:_REASONS]) + more


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
