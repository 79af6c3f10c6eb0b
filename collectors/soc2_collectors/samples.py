"""Samples of events, for all clouds: what a filter says of an event of which not everything is known.

A filter is tried on a sample. Part of a sample is the same in every such event (which call it was); part is
not (who called, and from where). What depends on the second part is neither yes nor no: a filter that asks
for it takes some of these events and leaves others out. So every test answers ``True``, ``False`` or
``None``, and ``None`` is never a yes. Examples of the second part tell a filter that leaves some out (one
example that it does not take is proof) from one that may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Answer = bool | None
"""Three values: yes, no, and not known."""


def every(answers: Iterable[Answer]) -> Answer:
    """Whether all hold: no where one does not, not known where one is not known."""
    found: Answer = True
    for one in answers:
        if one is False:
            return False
        found = None if one is None else found
    return found


def some(answers: Iterable[Answer]) -> Answer:
    """Whether one holds: yes where one does, not known where one is not known."""
    found: Answer = False
    for one in answers:
        if one is True:
            return True
        found = None if one is None else found
    return found


def negated(answer: Answer) -> Answer:
    """The contrary of what is known."""
    return None if answer is None else not answer


class Absent:
    """Stands in a sample for a field that such an event has not."""


class Unknown:
    """Stands for a field of which the sample says nothing: it may be there or not."""


ABSENT, UNKNOWN = Absent(), Unknown()


@dataclass(frozen=True)
class Varies:
    """Stands in a sample for a text that is there and is not the same in every event."""

    of: str = ""
    """The characters that it may be made of; any, where this is empty. No address is ``*.amazonaws.com``."""
    but: tuple[str, ...] = ()
    """Values that are of no interest: an event that has one of them is not what is asked about."""
    examples: tuple[str, ...] = ()
    """Values that it has in some such events."""

    def may_be(self, wanted: str) -> bool:
        """Whether it can be a text, or of a form with ``*`` for anything."""
        plain = wanted.replace("*", "")
        return wanted not in self.but and not (self.of and set(plain) - set(self.of))


@dataclass
class Sample:
    """An event, as far as it is known, and what was asked of it that is not."""

    known: Mapping[str, Any]
    whole: bool = False
    """Whether it has all that such an event has: what is not there is absent."""
    asked: set[str] = field(default_factory=set)
    """Dotted paths that a filter asked for and that are not the same in every event."""

    def read(self, path: Iterable[str]) -> Any:  # noqa: ANN401
        """The value at a path, or :data:`ABSENT`, :data:`UNKNOWN` or a :class:`Varies`."""
        return self.values(path, lists=False)[0]

    def values(self, path: Iterable[str], *, lists: bool = True) -> list[Any]:
        """The values at a path, of a list those of each member; one at least, if only :data:`ABSENT`."""
        steps = tuple(path)
        found: list[Any] = [self.known]
        for step in steps:
            found = [inner for one in found for inner in self._step(one, step, lists)]
        if lists:
            found = [inner for one in found for inner in _members(one)]
        if any(isinstance(one, Varies | Unknown) for one in found):
            self.asked.add(".".join(steps))
        return found or [ABSENT]

    def _step(self, value: Any, step: str, lists: bool) -> list[Any]:  # noqa: ANN401, FBT001
        if isinstance(value, Mapping):
            return [value.get(step, ABSENT if self.whole else UNKNOWN)]
        if isinstance(value, Varies | Unknown):
            return [value]
        if lists and isinstance(value, list):
            return [inner for one in value for inner in self._step(one, step, lists)]
        return [ABSENT]  # a text has no fields


def _members(value: Any) -> list[Any]:  # noqa: ANN401
    return (
        [one for inner in value for one in _members(inner)] if isinstance(value, list) else [value]
    )


def examples(known: Any) -> list[Any]:  # noqa: ANN401
    """A sample with each of its examples in place of what varies; none where there are no examples."""
    many = _most(known)
    return [_filled(known, number) for number in range(many)]


def _most(value: Any) -> int:  # noqa: ANN401
    if isinstance(value, Varies):
        return len(value.examples)
    inner = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    )
    return max((_most(one) for one in inner), default=0)


def _filled(value: Any, number: int) -> Any:  # noqa: ANN401
    if isinstance(value, Varies) and value.examples:
        return value.examples[number % len(value.examples)]
    if isinstance(value, Mapping):
        return {key: _filled(one, number) for key, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, number) for one in value]
    return value


def compared(value: Any, wanted: str, test: Callable[[str], bool]) -> Answer:  # noqa: ANN401
    """Whether a value passes a test of texts, not known where the value is not the same in every event.

    Args:
        value: as :meth:`Sample.read` gives it; one that is no text is written as JSON does.
        wanted: the text that the test compares with, ``*`` standing for anything.
        test: of the text.
    """
    if value is ABSENT:
        return False
    if isinstance(value, Unknown):
        return None
    if isinstance(value, Varies):
        return None if value.may_be(wanted) else False
    return test(text_of(value))


def exists(value: Any) -> Answer:  # noqa: ANN401
    """Whether a field is there."""
    return None if isinstance(value, Unknown) else value is not ABSENT


def text_of(value: Any) -> str:  # noqa: ANN401
    """A value as JSON writes it, a text without its quotes."""
    if isinstance(value, str):
        return value
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
