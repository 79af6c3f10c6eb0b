"""The Common Expression Language, as far as conditions of Google Cloud use it: a text becomes a tree.

What cannot be read is no tree: whoever asks decides what that means, and it must never mean "good".

Source: CEL, "Language definition" (grammar).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>[rR]?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'))
      | (?P<number>\d+(?:\.\d+)?u?)
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign>&&|\|\||==|!=|<=|>=|[<>!.,()\[\]?:+\-*/%])
    )""",
    re.VERBOSE,
)
_LONGEST = 12_000
"""Google takes 12,000 characters at most in a condition."""
_DEEPEST = 60
_COMPARED = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""A comparison as the other side says it."""


class NotUnderstood(ValueError):
    """The text is no expression that is read here."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, a number, or ``true`` and ``false``."""

    value: str | float | bool


@dataclass(frozen=True, slots=True)
class Path:
    """``assertion.repository``, ``resource.name``."""

    text: str


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """``resource.name.startsWith("x")``: a function, on something or on nothing."""

    name: str
    on: Tree | None
    arguments: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Two sides and what is said of them: ``==``, ``<``, ``in``."""

    sign: str
    left: Tree
    right: Tree


@dataclass(frozen=True, slots=True)
class Both:
    """All of them hold."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of them holds."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It does not hold."""

    part: Tree


Tree: TypeAlias = "Literal | Path | Many | Call | Compared | Both | Either | Not"


@lru_cache(maxsize=4096)
def parsed(text: str) -> Tree:
    """The tree of an expression. Raises NotUnderstood."""
    if len(text) > _LONGEST:
        msg = "the condition is too long"
        raise NotUnderstood(msg)
    return _Parser(list(_tokens(text))).whole()


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            msg = f"'{text[at : at + 20]}' is not understood"
            raise NotUnderstood(msg)
        at = found.end()
        yield str(found.lastgroup), found[str(found.lastgroup)]


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = [*tokens, ("end", "")]
        self._at = 0
        self._depth = 0

    def whole(self) -> Tree:
        found = self._or()
        if self._kind() != "end":
            self._wrong()
        return found

    def _or(self) -> Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._wrong()
        parts = [self._and()]
        while self._take("||"):
            parts.append(self._and())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _and(self) -> Tree:
        parts = [self._comparison()]
        while self._take("&&"):
            parts.append(self._comparison())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _comparison(self) -> Tree:
        left = self._one()
        while self._said() in _COMPARED and self._kind() in ("sign", "name"):
            sign = self._next()[1]
            left = Compared(sign, left, self._one())
        return left

    def _one(self) -> Tree:
        if self._take("!"):
            self._depth += 1
            if self._depth > _DEEPEST:
                self._wrong()
            return Not(self._one())
        kind, said = self._next()
        found: Tree
        if kind == "text":
            found = Literal(_unquoted(said))
        elif kind == "number":
            found = Literal(float(said.rstrip("u")))
        elif kind == "name" and said in ("true", "false"):
            found = Literal(said == "true")
        elif kind == "name" and said != "in":
            found = self._named(said)
        elif said == "(":
            found = self._or()
            self._demand(")")
        elif said == "[":
            found = Many(self._list("]"))
        else:
            return self._wrong()
        return self._after(found)

    def _named(self, name: str) -> Tree:
        if self._take("("):
            return Call(name, None, self._list(")"))
        return Path(name)

    def _after(self, found: Tree) -> Tree:
        """Fields, keys and methods of what stands before."""
        while True:
            if self._take("."):
                kind, name = self._next()
                if kind != "name":
                    return self._wrong()
                if self._take("("):
                    found = Call(name, found, self._list(")"))
                elif isinstance(found, Path):
                    found = Path(f"{found.text}.{name}")
                else:
                    return self._wrong()
            elif self._take("["):
                key = self._or()
                self._demand("]")
                if not (
                    isinstance(found, Path)
                    and isinstance(key, Literal)
                    and isinstance(key.value, str)
                ):
                    return self._wrong()
                found = Path(f"{found.text}.{key.value}")
            else:
                return found

    def _list(self, end: str) -> tuple[Tree, ...]:
        found: list[Tree] = []
        while not self._take(end):
            if found:
                self._demand(",")
            found.append(self._or())
        return tuple(found)

    def _kind(self) -> str:
        return self._tokens[self._at][0]

    def _said(self) -> str:
        return self._tokens[self._at][1] if self._kind() != "text" else ""

    def _next(self) -> tuple[str, str]:
        found = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return found

    def _take(self, sign: str) -> bool:
        if self._said() == sign and self._kind() == "sign":
            self._at += 1
            return True
        return False

    def _demand(self, sign: str) -> None:
        if not self._take(sign):
            self._wrong()

    def _wrong(self) -> Tree:
        msg = f"the condition is not understood at '{self._said() or 'its end'}'"
        raise NotUnderstood(msg)


def _unquoted(text: str) -> str:
    raw = text[0] in "rR"
    inner = text[2:-1] if raw else text[1:-1]
    return inner if raw else re.sub(r"\\(.)", _escaped, inner)


def _escaped(found: re.Match[str]) -> str:
    if found[1] in "\\'\"`?":
        return found[1]
    # A line end or a character by its number stands in no name that is compared here.
    msg = f"'{found[0]}' in a text is not understood"
    raise NotUnderstood(msg)
