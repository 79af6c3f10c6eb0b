"""What differs between two versions of a document or of a configuration, path by path."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST = 300
"""Characters of a value that are shown."""
GONE = "(its text left the store)"


class Difference(NamedTuple):
    """One value that is not what it was."""

    path: str
    """``Policy.Statement[2].Effect``; empty for the whole."""
    before: str | None
    """JSON; ``None``: it was not there."""
    after: str | None
    """JSON; ``None``: it is not there any more."""


def between(before: str, after: str, *, whole_items: bool = False) -> list[Difference]:
    """What differs between two JSON texts, in the order of the paths.

    Args:
        before: canonical JSON; empty where the text left the store.
        after: the same of the later one.
        whole_items: items of lists are compared as wholes: one that changed went, and another came.
    """
    if not before or not after:
        shown = (GONE if not text else "(not compared)" for text in (before, after))
        return [Difference("", *shown)]
    return list(_differ("", json.loads(before), json.loads(after), whole_items=whole_items))


def cut(text: str | None) -> str | None:
    """A value no longer than :data:`LONGEST`; a longer one says how long it is."""
    if text is None or len(text) <= LONGEST:
        return text
    return f"{text[:LONGEST]} ... ({len(text):,} characters)"


def _differ(path: str, before: object, after: object, *, whole_items: bool) -> Iterator[Difference]:
    if before == after and _json(before) == _json(after):
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            here = f"{path}.{key}" if path else str(key)
            if key not in before:
                yield Difference(here, None, _json(after[key]))
            elif key not in after:
                yield Difference(here, _json(before[key]), None)
            else:
                yield from _differ(here, before[key], after[key], whole_items=whole_items)
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(path, before, after, whole_items=whole_items)
    else:
        yield Difference(path, _json(before), _json(after))


def _lists(
    path: str, before: list[Any], after: list[Any], *, whole_items: bool
) -> Iterator[Difference]:
    """Items that both have are left out, wherever they stand; of the others, pairs are compared."""
    old, new = _only(before, after), _only(after, before)
    if not old and not new:
        yield Difference(path, "(in this order)", "(in another order)")
        return
    pairs = 0 if whole_items else min(len(old), len(new))
    for (_, one), (place, other) in zip(old[:pairs], new[:pairs], strict=True):
        yield from _differ(f"{path}[{place}]", one, other, whole_items=whole_items)
    for place, one in old[pairs:]:
        yield Difference(f"{path}[{place}]", _json(one), None)
    for place, one in new[pairs:]:
        yield Difference(f"{path}[{place}]", None, _json(one))


def _only(items: list[Any], others: list[Any]) -> list[tuple[int, Any]]:
    """Items, with their places, that are not among others; as often as they are more."""
    left: dict[str, int] = {}
    for one in others:
        text = _json(one)
        left[text] = left.get(text, 0) + 1
    found = []
    for place, one in enumerate(items):
        text = _json(one)
        if left.get(text, 0):
            left[text] -= 1
        else:
            found.append((place, one))
    return found


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
