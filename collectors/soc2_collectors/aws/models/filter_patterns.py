"""Whether a metric filter of CloudWatch Logs sees an event: its JSON patterns, evaluated.

The grammar is that of the filter and pattern syntax in the CloudWatch Logs user guide:
``{ ($.eventName = DeleteTrail) || ($.errorCode = "*UnauthorizedOperation") && ($.a NOT EXISTS) }``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from fnmatch import translate
from typing import Any

Test = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<op>&&|\|\||!=|>=|<=|[()=<>])|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<word>[^\s()=!<>&|\"]+))"
)
_MISSING = object()


class NotUnderstoodError(ValueError):
    """The pattern uses something that this module does not know."""


@functools.cache
def compiled(pattern: str) -> Test | None:
    """A test for events; ``None`` for a pattern that is not understood (a text pattern, a function)."""
    text = pattern.strip()
    if not (text.startswith("{") and text.endswith("}")):
        return None
    try:
        parser = _Parser(_tokens(text[1:-1]))
        test = parser.disjunction()
    except (NotUnderstoodError, RecursionError):
        return None
    return test if parser.done else None


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise NotUnderstoodError(text[at:])
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Parser:
    """Recursive descent: ``||`` binds less than ``&&``."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def disjunction(self) -> Test:
        tests = [self.conjunction()]
        while self._take("op", "||"):
            tests.append(self.conjunction())
        return lambda event: any(test(event) for test in tests)

    def conjunction(self) -> Test:
        tests = [self.comparison()]
        while self._take("op", "&&"):
            tests.append(self.comparison())
        return lambda event: all(test(event) for test in tests)

    def comparison(self) -> Test:
        if self._take("op", "("):
            inner = self.disjunction()
            if not self._take("op", ")"):
                msg = "a bracket is not closed"
                raise NotUnderstoodError(msg)
            return inner
        selector = self._next("word")
        if not selector.startswith("$."):
            raise NotUnderstoodError(selector)
        path = tuple(selector[2:].split("."))
        kind, sign = self._peek()
        self._at += 1
        if kind == "op" and sign in ("=", "!="):
            return _compare(path, self._value(), equal=sign == "=")
        if kind == "word":
            return self._worded(path, sign.upper())
        raise NotUnderstoodError(sign)

    def _worded(self, path: tuple[str, ...], word: str) -> Test:
        following = self._next("word").upper()
        if (word, following) == ("NOT", "EXISTS"):
            return lambda event: _read(event, path) is _MISSING
        if (word, following) == ("IS", "NULL"):
            return lambda event: _read(event, path) is None
        if (word, following) in (("IS", "TRUE"), ("IS", "FALSE")):
            wanted = following == "TRUE"
            return lambda event: _read(event, path) is wanted
        msg = f"{word} {following}"
        raise NotUnderstoodError(msg)

    def _value(self) -> str:
        kind, text = self._peek()
        if kind not in ("quoted", "word"):
            raise NotUnderstoodError(text)
        self._at += 1
        return text.replace('\\"', '"') if kind == "quoted" else text

    def _peek(self) -> tuple[str, str]:
        if self.done:
            msg = "the pattern ends too early"
            raise NotUnderstoodError(msg)
        return self._tokens[self._at]

    def _next(self, kind: str) -> str:
        found, text = self._peek()
        if found != kind:
            raise NotUnderstoodError(text)
        self._at += 1
        return text

    def _take(self, kind: str, text: str) -> bool:
        if not self.done and self._tokens[self._at] == (kind, text):
            self._at += 1
            return True
        return False


def _compare(path: tuple[str, ...], wanted: str, *, equal: bool) -> Test:
    pattern = re.compile(translate(wanted.replace("[", "[[]").replace("?", "[?]")), re.DOTALL)

    def test(event: Mapping[str, Any]) -> bool:
        value = _read(event, path)
        if value is _MISSING:
            return False  # AWS: a comparison with a field that is not there holds never
        text = value if isinstance(value, str) else str(value).lower()
        return (pattern.match(text) is not None) is equal

    return test


def _read(event: Mapping[str, Any], path: tuple[str, ...]) -> Any:  # noqa: ANN401
    value: Any = event
    for name in path:
        if not isinstance(value, Mapping) or name not in value:
            return _MISSING
        value = value[name]
    return value
