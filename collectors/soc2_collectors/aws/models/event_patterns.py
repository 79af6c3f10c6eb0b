"""Whether a rule of EventBridge sees an event: its JSON patterns, evaluated on a sample.

The grammar is that of the event patterns in the EventBridge user guide: all fields must match, one value of
a field is enough. An operator that is not known here is neither yes nor no.
"""

from __future__ import annotations

import json
from fnmatch import translate
from functools import lru_cache
from re import compile as compiled
from typing import TYPE_CHECKING, Any

from soc2_collectors.samples import (
    ABSENT,
    Answer,
    Sample,
    Unknown,
    Varies,
    compared,
    every,
    exists,
    negated,
    some,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from re import Pattern


@lru_cache(maxsize=1024)
def _wildcard(wanted: str) -> Pattern[str]:
    """``*`` alone stands for anything; fnmatch knows more."""
    return compiled(translate(wanted.replace("[", "[[]").replace("?", "[?]")))


_TEXT: Mapping[str, Callable[[str], Callable[[str], bool]]] = {
    "prefix": lambda wanted: lambda text: text.startswith(wanted),
    "suffix": lambda wanted: lambda text: text.endswith(wanted),
    "equals-ignore-case": lambda wanted: lambda text: text.lower() == wanted.lower(),
    "wildcard": lambda wanted: lambda text: _wildcard(wanted).match(text) is not None,
}
"""Operators over one text."""


def sees(pattern: str, event: Sample) -> Answer:
    """Whether a pattern matches. One that is no JSON matches nothing: EventBridge takes no such rule."""
    try:
        parsed: Any = json.loads(pattern)
    except (ValueError, RecursionError):
        return False
    if not isinstance(parsed, dict) or not parsed:
        return False
    try:
        return _object(parsed, (), event)
    except RecursionError:
        return None


def _object(pattern: Mapping[str, Any], path: tuple[str, ...], event: Sample) -> Answer:
    return every([_field(key, wanted, path, event) for key, wanted in pattern.items()])


def _field(key: str, wanted: Any, path: tuple[str, ...], event: Sample) -> Answer:  # noqa: ANN401
    if key == "$or":
        parts = wanted if isinstance(wanted, list) else []
        return some([isinstance(part, dict) and _object(part, path, event) for part in parts])
    inner = (*path, key)
    if isinstance(wanted, dict):
        return _object(wanted, inner, event)
    if not isinstance(wanted, list):
        return False
    value = event.read(inner)
    return some([_one(item, value) for item in wanted])


def _one(wanted: Any, value: Any) -> Answer:  # noqa: ANN401
    """Whether a value is as one entry of the list says."""
    if isinstance(wanted, str):
        return compared(value, wanted.replace("*", ""), lambda text: text == wanted)
    if not isinstance(wanted, dict):
        return None if isinstance(value, Unknown | Varies) else _same(value, wanted)
    if len(wanted) != 1:
        return None
    ((sort, operand),) = wanted.items()
    if sort == "exists":
        there = exists(value)
        return there if operand is True else negated(there) if operand is False else None
    if sort == "anything-but":
        return _other(operand, value)
    return _text(sort, operand, value)


def _same(value: Any, wanted: Any) -> bool:  # noqa: ANN401
    """Equality of JSON: ``true`` is not 1."""
    return type(value) is type(wanted) and value == wanted


def _text(sort: str, operand: Any, value: Any) -> Answer:  # noqa: ANN401
    make = _TEXT.get(sort)
    if isinstance(operand, dict) and set(operand) == {"equals-ignore-case"}:
        folded = str(operand["equals-ignore-case"]).lower()
        if sort in ("prefix", "suffix") and isinstance(value, str):
            return (
                value.lower().startswith(folded)
                if sort == "prefix"
                else value.lower().endswith(folded)
            )
        return False if value is ABSENT else None
    if make is None or not isinstance(operand, str):
        return False if value is ABSENT else None  # numeric, cidr, or what is not known here
    if not isinstance(value, str | Varies | Unknown):
        return False
    return compared(value, operand if sort == "wildcard" else f"*{operand}*", make(operand))


def _other(operand: Any, value: Any) -> Answer:  # noqa: ANN401
    """``anything-but``: a field that is there and is none of these, or of no such form."""
    there = exists(value)
    if there is not True:
        return there
    if isinstance(operand, dict):
        if len(operand) != 1:
            return None
        ((sort, given),) = operand.items()
        several = given if isinstance(given, list) else [given]
        return negated(some([_text(sort, one, value) for one in several]))
    several = operand if isinstance(operand, list) else [operand]
    return negated(some([_one(one, value) for one in several]))
