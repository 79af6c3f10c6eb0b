"""Conditions of role assignments: which roles somebody may give away, of those that may give roles.

A condition is a text of Azure's own language. It is read as a whole and tried on one request: the assignment of
a role. What depends on anything else of the request is not known, since whoever asks chooses it.

Source: Azure, "Azure role assignment condition format and syntax", "Delegate Azure role assignment management to
others with conditions".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from soc2_collectors.samples import Answer, every, negated, some

if TYPE_CHECKING:
    from collections.abc import Callable

_WRITE = "microsoft.authorization/roleassignments/write"
_TOKEN = re.compile(
    r"\s*(?:(?P<mark>\(|\)|!|&&|\|\|)|(?P<held>\{[^}]*\}|'[^']*')"
    r"|(?P<attribute>@\w+\s*\[[^\]]*\])|(?P<word>[\w:.\-]+))"
)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COMPARED = re.compile(r"(?:for(?:any|all)of(?P<right>any|all)values:)?guid(?P<not>not)?equals")
_ROLE = "@request[microsoft.authorization/roleassignments:roledefinitionid]"
_LOGIC = {"&&": "and", "||": "or", "!": "not", "and": "and", "or": "or", "not": "not"}

Test: TypeAlias = "Callable[[str], Answer]"
"""Whether the assignment of a role, by its id, meets it; ``None``: that depends on what else is asked."""


def allows(condition: str, role: str) -> bool:
    """Whether a condition may let its holder give away a role, by its id; also where it cannot be read."""
    test = _read(condition.casefold())
    return test is None or test(role) is not False


@lru_cache(maxsize=1024)
def _read(text: str) -> Test | None:
    """A condition, in lower case; ``None`` where it is not of the language."""
    tokens: list[str] = []
    at = 0
    text = text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            return None
        tokens.append("".join(found[0].split()) if found["attribute"] else found[0].strip())
        at = found.end()
    try:
        test, rest = _either(tuple(tokens))
    except (IndexError, RecursionError):
        return None
    return None if rest else test


def _either(tokens: tuple[str, ...]) -> tuple[Test, tuple[str, ...]]:
    test, tokens = _both(tokens)
    tests = [test]
    while tokens and _LOGIC.get(tokens[0]) == "or":
        test, tokens = _both(tokens[1:])
        tests.append(test)
    return (lambda role: some(one(role) for one in tests)), tokens


def _both(tokens: tuple[str, ...]) -> tuple[Test, tuple[str, ...]]:
    test, tokens = _one(tokens)
    tests = [test]
    while tokens and _LOGIC.get(tokens[0]) == "and":
        test, tokens = _one(tokens[1:])
        tests.append(test)
    return (lambda role: every(one(role) for one in tests)), tokens


def _one(tokens: tuple[str, ...]) -> tuple[Test, tuple[str, ...]]:
    """Raises IndexError where something is missing."""
    if _LOGIC.get(tokens[0]) == "not":
        test, tokens = _one(tokens[1:])
        return (lambda role: negated(test(role))), tokens
    if tokens[0] == "(":
        test, tokens = _either(tokens[1:])
        if tokens[0] != ")":
            raise IndexError
        return test, tokens[1:]
    end = next(
        (n for n, one in enumerate(tokens) if one in ("(", ")") or one in _LOGIC), len(tokens)
    )
    if not end:
        raise IndexError
    return _leaf(tokens[:end]), tokens[end:]


def _leaf(tokens: tuple[str, ...]) -> Test:
    """One comparison, or one sort of action."""
    match tokens:
        case ("actionmatches", held):
            pattern = ".*".join(re.escape(part) for part in held.strip("{}' \n\t").split("*"))
            is_write = re.fullmatch(pattern, _WRITE) is not None
            return lambda _: is_write
        case (attribute, operator, held) if attribute == _ROLE and (
            compared := _COMPARED.fullmatch(operator)
        ):
            ids = _GUID.findall(held)
            if not ids:
                return lambda _: None
            whole = all if compared["right"] == "all" else any
            unequal = bool(compared["not"])
            return lambda role: whole((role == one) != unequal for one in ids)
    return lambda _: None
