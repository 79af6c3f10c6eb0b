"""Whatever a document holds, a rule does not break: seeded edits of the documents of its cases."""

from __future__ import annotations

import copy
import functools
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import plugins
from soc2_pac.model import Status
from soc2_pac.resources import GAPS

from .judging import Judge, cases_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.rules import Rule

REGISTRY = plugins.load()
BUILT_IN = [
    rule for rule in REGISTRY.rules.values() if rule.function.__module__.startswith("soc2_rules.")
]
EXAMPLES = 60
"""Documents that each rule is given."""

# A view takes what has the right types, so values of the right type in odd places are what finds faults.
WORDS = (
    "",
    "*",
    "x",
    "0",
    "2026-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
    "0.0.0.0/0",
    "::/0",
    "not/an/address",
    "arn:aws:iam::111122223333:root",
    "arn:",
    "{}",
    "[",
    "\u202e",
    "\x00",
    "🦄",
)
KEYS = ("Statement", "Effect", "Principal", "Action", "Resource", "Condition", "AWS", "x", "")
NUMBERS = (0, 1, -1, 2**31, -(2**31), 2**40)


def scalar(draw: Random) -> Any:
    """A value that holds no other."""
    match draw.randrange(6):
        case 0:
            return None
        case 1:
            return draw.random() < 0.5
        case 2:
            return draw.choice([draw.choice(NUMBERS), draw.randint(-(2**31), 2**40)])
        case 3:
            return draw.choice([0.5, -0.0, 1e-300, -1e300, draw.uniform(-1e6, 1e6)])
        case 4:
            return draw.choice(WORDS)
    return "".join(chr(draw.choice((0x7E, 0x2FF, 0xD7FF))) for _ in range(draw.randrange(9)))


def value(draw: Random, depth: int = 3) -> Any:
    """A JSON value, small."""
    sort = draw.randrange(4) if depth else 0
    if sort == 2:
        return [value(draw, depth - 1) for _ in range(draw.randrange(4))]
    if sort == 3:
        return {draw.choice(KEYS): value(draw, depth - 1) for _ in range(draw.randrange(4))}
    return scalar(draw)


def places(body: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every path into a JSON-like value, the value itself left out; gaps are the engine's own."""
    items = (
        body.items()
        if isinstance(body, dict)
        else enumerate(body)
        if isinstance(body, list)
        else ()
    )
    for key, item in items:
        if key != GAPS:
            yield (*way, key)
            yield from places(item, (*way, key))


class Edited:
    """Copies of one document, each with a few parts removed, emptied or replaced; each part in turn."""

    def __init__(self, document: dict[str, Any], draw: Random) -> None:
        self._document = document
        self._draw = draw
        self._places = list(places(document))
        self._turn: list[tuple[Any, ...]] = []

    def next(self) -> tuple[dict[str, Any], str]:
        """A copy, and what was done to it."""
        body, said = copy.deepcopy(self._document), []
        for _ in range(self._draw.randint(1, 3) if self._places else 0):
            if not self._turn:
                self._turn = self._draw.sample(self._places, len(self._places))
            *way, last = self._turn.pop()
            try:
                parent = functools.reduce(lambda here, step: here[step], way, body)
                old = parent[last]
            except (LookupError, TypeError):
                continue  # an edit before this one took it away
            if not isinstance(parent, dict | list):
                continue  # ... or left a text there, of which letters have places too
            if self._draw.random() < 0.5:
                del parent[last]
                said.append(f"{[*way, last]} deleted")
                continue
            empty = type(old)() if old is not None else None
            parent[last] = empty if self._draw.random() < 0.25 else value(self._draw)
            said.append(f"{[*way, last]} = {parent[last]!r}")
        return body, "; ".join(said)


@pytest.mark.parametrize("rule", BUILT_IN, ids=lambda rule: rule.id)
def test_no_document_breaks_a_rule(rule: Rule) -> None:
    draw = Random(rule.id)
    tried = [(Judge(rule, case), Edited(case.document(), draw)) for case in cases_of(rule)]
    broken: dict[str, str] = {}
    for _ in range(EXAMPLES):
        judge, edited = draw.choice(tried)
        body, said = edited.next()
        verdict = judge.verdict(body)
        if verdict.status is Status.ERROR:
            broken.setdefault(verdict.message, f"case '{judge.case.name}': {said}")
    assert not broken


@pytest.mark.parametrize(
    "rule", [rule for rule in BUILT_IN if rule.joins], ids=lambda rule: rule.id
)
def test_no_joined_document_breaks_a_rule(rule: Rule) -> None:
    draw = Random(rule.id)
    tried = [
        (Judge(rule, case), case.document(), kind, [Edited(body, draw) for body in bodies])
        for case in cases_of(rule)
        for kind, bodies in case.given.items()
        if bodies
    ]
    assert tried, "no case gives a document of a kind that the rule needs"
    broken: dict[str, str] = {}
    for _ in range(EXAMPLES):
        judge, document, kind, edited = draw.choice(tried)
        bodies, said = zip(*(one.next() for one in edited), strict=True)
        verdict = judge.verdict(document, instead={kind: list(bodies)})
        if verdict.status is Status.ERROR:
            broken.setdefault(verdict.message, f"case '{judge.case.name}', {kind}: {said}")
    assert not broken
