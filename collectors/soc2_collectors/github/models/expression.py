"""Expressions of workflow files, ``${{ ... }}``: read into a tree, never evaluated.

Source: GitHub Docs, "Evaluate expressions in workflows and actions" (literals, operators, functions,
object filters).
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_TOKENS = 2_000
_DEEPEST = 30
_OPENING, _CLOSING = "${{", "}}"
_INSIDE = re.compile(r"(?:'(?:[^']|'')*+'|[^'}]|}(?!}))*+}}")
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>[+-]?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:e[+-]?\d+)?))"
    r"|(?P<name>[A-Za-z_][\w-]*)|(?P<sign>&&|\|\||==|!=|<=|>=|[<>!().,\[\]*]))"
)
_LITERALS = frozenset({"true", "false", "null", "nan", "infinity"})
ANY = "*"
"""Stands in a path for every item, and for an index that is worked out."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number or truth value."""

    text: str
    quoted: bool = False
    """A text, which is true unless it is empty: ``'false'`` too."""


@dataclass(frozen=True, slots=True)
class Reference:
    """``github.event.issue.title``, in lower case: names do not depend on case."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        """Dotted."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Call:
    """A function."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """``||``, ``&&``, ``!`` or a comparison."""

    sign: str
    operands: tuple[Node, ...]


Node: TypeAlias = Literal | Reference | Call | Operation


class NotAnExpression(ValueError):
    """A text that GitHub would not take for an expression."""


def embedded(text: str) -> list[str]:
    """The expressions in a text, without their brackets."""
    return [text[start + len(_OPENING) : end - len(_CLOSING)] for start, end in _spans(text)]


def without_expressions(text: str) -> str:
    """A text with a space for each of its expressions."""
    parts, at = [], 0
    for start, end in _spans(text):
        parts += [text[at:start], " "]
        at = end
    return "".join([*parts, text[at:]])


def _spans(text: str) -> Iterator[tuple[int, int]]:
    at, quoted = 0, True
    while (start := text.find(_OPENING, at)) >= 0:
        # A quoted bracket closes nothing. Where the quotes do not match, the next bracket does: scanning to
        # the end again and again would take a long file for ever.
        match = _INSIDE.match(text, start + len(_OPENING)) if quoted else None
        quoted = quoted and match is not None
        end = match.end() if match else text.find(_CLOSING, start) + len(_CLOSING)
        if end < start + len(_OPENING) + len(_CLOSING):
            return
        yield start, end
        at = end


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """An expression as a tree. Raises NotAnExpression."""
    parser = _Parser(_tokens(text))
    try:
        found = parser.either(0)
    except IndexError as error:
        msg = "the expression ends too early"
        raise NotAnExpression(msg) from error
    if parser.at < len(parser.tokens):
        msg = f"the expression goes on with {parser.tokens[parser.at][1]!r}"
        raise NotAnExpression(msg)
    return found


def condition(text: str) -> Node | None:
    """What an ``if`` asks, with or without brackets; ``None`` for none, or for one that is not understood.

    Anything beside the brackets, be it a line break, makes a text of the whole, which is always true.
    """
    inner = text.strip()
    if _OPENING in text:
        bare = text.startswith(_OPENING) and text.endswith(_CLOSING) and len(embedded(text)) == 1
        inner = embedded(text)[0] if bare else ""
    try:
        return parse(inner) if inner else None
    except NotAnExpression:
        return None


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None or len(found) > _MOST_TOKENS:
            msg = f"the expression holds {text[at : at + 10]!r}"
            raise NotAnExpression(msg)
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    """By recursive descent; each step raises IndexError where the text ends."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.at = 0

    def either(self, depth: int) -> Node:
        if depth > _DEEPEST:
            msg = "the expression is nested too deep"
            raise NotAnExpression(msg)
        return self._chain("||", lambda: self._chain("&&", lambda: self._compared(depth)))

    def _chain(self, sign: str, part: object) -> Node:
        assert callable(part)  # noqa: S101 - of this module only
        operands = [part()]
        while self._take(sign):
            operands.append(part())
        return operands[0] if len(operands) == 1 else Operation(sign, tuple(operands))

    def _compared(self, depth: int) -> Node:
        left = self._unary(depth)
        for sign in ("==", "!=", "<=", ">=", "<", ">"):
            if self._take(sign):
                return Operation(sign, (left, self._unary(depth)))
        return left

    def _unary(self, depth: int) -> Node:
        if depth > _DEEPEST:
            msg = "the expression is nested too deep"
            raise NotAnExpression(msg)
        if self._take("!"):
            return Operation("!", (self._unary(depth + 1),))
        return self._primary(depth)

    def _primary(self, depth: int) -> Node:
        sort, text = self.tokens[self.at]
        self.at += 1
        if sort == "text":
            return Literal(text[1:-1].replace("''", "'"), quoted=True)
        if sort == "number":
            return Literal(text)
        if text == "(":
            inner = self.either(depth + 1)
            self._demand(")")
            return inner
        if sort != "name":
            msg = f"the expression holds {text!r} where a value belongs"
            raise NotAnExpression(msg)
        if self._take("("):
            return Call(text.lower(), self._arguments(depth))
        if text.lower() in _LITERALS:
            return Literal(text.lower())
        return self._path(text.lower(), depth)

    def _arguments(self, depth: int) -> tuple[Node, ...]:
        found: list[Node] = []
        if self._take(")"):
            return ()
        while True:
            found.append(self.either(depth + 1))
            if self._take(")"):
                return tuple(found)
            self._demand(",")

    def _path(self, root: str, depth: int) -> Node:
        path = [root]
        while self.at < len(self.tokens):
            if self._take("."):
                sort, text = self.tokens[self.at]
                if sort != "name" and text != "*":
                    msg = f"the expression holds {text!r} after a dot"
                    raise NotAnExpression(msg)
                self.at += 1
                path.append(text.lower())
            elif self._take("["):
                if self._take("*"):
                    inner: Node = Literal(ANY)
                else:
                    inner = self.either(depth + 1)
                self._demand("]")
                named = isinstance(inner, Literal) and not inner.text.isdecimal()
                path.append(inner.text.lower() if named and isinstance(inner, Literal) else ANY)
            else:
                break
        return Reference(tuple(path))

    def _take(self, sign: str) -> bool:
        here = self.at < len(self.tokens) and self.tokens[self.at] == ("sign", sign)
        self.at += here
        return here

    def _demand(self, sign: str) -> None:
        if not self._take(sign):
            msg = f"the expression lacks {sign!r}"
            raise NotAnExpression(msg)
