"""The facts that stand in tests/facts, for the tests and for the docs."""

from __future__ import annotations

import functools
import importlib
import json
import typing
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from views import FACTS, fields_of, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from views import Struct


class Facts(NamedTuple):
    """The files of one provider, joined."""

    views: dict[str, list[str]]
    """Struct of ours -> shapes of theirs."""
    shapes: dict[str, dict[str, str]]
    """Shape -> field -> type."""
    read: dict[str, set[str]]
    """Shape -> fields that some view of it reads."""


@functools.cache
def facts(provider: str) -> Facts:
    """What is known of a provider's objects; nothing where no specification was taken."""
    views: dict[str, list[str]] = defaultdict(list)
    shapes: dict[str, dict[str, str]] = {}
    for path in sorted((FACTS / provider).glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        for name, found in content["views"].items():
            views[name] += found
        shapes.update(content["shapes"])
    read: dict[str, set[str]] = defaultdict(set)
    for name, found in views.items():
        for shape in found:
            read[shape] |= fields_of(struct_of(name)).keys()
    return Facts(views, shapes, read)


def struct_of(name: str) -> Struct:
    """The struct of a name that ``views.name_of`` gave. Raises AttributeError when it is gone."""
    module, _, struct = name.partition(":")
    found: Struct = getattr(importlib.import_module(f"soc2_collectors.{module}"), struct)
    return found


def structs_of(struct: Any) -> Iterator[Any]:
    """A view and every struct within it, each once."""
    seen: set[str] = set()
    queue = [struct]
    while queue:
        one = queue.pop(0)
        key = f"{name_of(one)}{typing.get_args(one)}"
        if key not in seen:
            seen.add(key)
            yield one
            queue += [inner for many in fields_of(one).values() for inner in many]
