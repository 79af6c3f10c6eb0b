"""Whether a metric filter of CloudWatch Logs sees an event: its JSON patterns, evaluated on a sample.

The grammar is that of the filter and pattern syntax in the CloudWatch Logs user guide:
``{ ($.eventName = DeleteTrail) || ($.errorCode = "*UnauthorizedOperation") && ($.a NOT EXISTS) }``.
``&&`` binds closer than ``||``. An asterisk stands for anything at the beginning and the end of a value, and
for itself within; between percent signs stands a regular expression.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping
from typing import Any

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

Test = Callable[[Sample], Answer]

_TOKEN = re.compile(
    r"\s*(?:(?P<op>&&|\|\||!=|>=|<=|[()=<>])|\"(?P<quoted>(?:[^\"\\]|\\.)*)\""
    r"|(?P<regex>%(?:[^%\\]|\\.)*%)|(?P<word>[^\s()=!<>&|\"%]+))"
)
_EXPRESSION = re.compile(r"[A-Za-z0-9_#=@/;,:\-^$?\[\]{}|\\*+. ]*")
"""What a regular expression may hold: brackets for groups are none of it."""
_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    ">": lambda one, other: one > other,
    "<": lambda one, other: one < other,
    ">=": lambda one, other: one >= other,
    "<=": lambda one, other: one <= other,
}


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
        return lambda event: some([test(event) for test in tests])

    def conjunction(self) -> Test:
        tests = [self.comparison()]
        while self._take("op", "&&"):
            tests.append(self.comparison())
        return lambda event: every([test(event) for test in tests])

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
            return _compare(path, *self._value(), equal=sign == "=")
        if kind == "op" and sign in _ORDER:
            return _ordered(path, sign, self._next("word"))
        if kind == "word":
            return self._worded(path, sign.upper())
        raise NotUnderstoodError(sign)

    def _worded(self, path: tuple[str, ...], word: str) -> Test:
        following = self._next("word").upper()
        if (word, following) == ("NOT", "EXISTS"):
            return lambda event: negated(exists(event.read(path)))
        if (word, following) == ("IS", "NULL"):
            return lambda event: _is(event.read(path), None)
        if (word, following) in (("IS", "TRUE"), ("IS", "FALSE")):
            wanted = following == "TRUE"
            return lambda event: _is(event.read(path), wanted)
        msg = f"{word} {following}"
        raise NotUnderstoodError(msg)

    def _value(self) -> tuple[str, str]:
        kind, text = self._peek()
        if kind not in ("quoted", "word", "regex"):
            raise NotUnderstoodError(text)
        self._at += 1
        return kind, text.replace('\\"', '"') if kind == "quoted" else text

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


def _compare(path: tuple[str, ...], kind: str, wanted: str, *, equal: bool) -> Test:
    matches = _expression(wanted) if kind == "regex" else _form(wanted)
    form = "*" if kind == "regex" else wanted

    def test(event: Sample) -> Answer:
        value = event.read(path)
        if value is ABSENT or isinstance(value, Mapping | list):
            # Equal to nothing. AWS does not say whether != holds of what is not there.
            return False if equal else None
        answer = compared(value, form, matches)
        return answer if equal else negated(answer)

    return test


def _form(wanted: str) -> Callable[[str], bool]:
    """A value with an asterisk before it, after it, or both."""
    middle = wanted.removeprefix("*").removesuffix("*")
    if wanted in ("*", "**"):
        return lambda _: True
    if wanted.startswith("*") and wanted.endswith("*"):
        return lambda text: middle in text
    if wanted.startswith("*"):
        return lambda text: text.endswith(middle)
    if wanted.endswith("*"):
        return lambda text: text.startswith(middle)
    return lambda text: text == wanted


def _expression(wanted: str) -> Callable[[str], bool]:
    inner = wanted[1:-1]
    if not _EXPRESSION.fullmatch(inner):
        raise NotUnderstoodError(wanted)
    try:
        pattern = re.compile(inner)
    except (re.error, OverflowError) as error:
        raise NotUnderstoodError(wanted) from error
    return lambda text: pattern.search(text) is not None


def _ordered(path: tuple[str, ...], sign: str, wanted: str) -> Test:
    try:
        number = float(wanted)
    except ValueError:
        raise NotUnderstoodError(wanted) from None

    def test(event: Sample) -> Answer:
        value = event.read(path)
        if isinstance(value, Varies | Unknown):
            return None
        return isinstance(value, int | float) and _ORDER[sign](value, number)

    return test


def _is(value: Any, wanted: object) -> Answer:  # noqa: ANN401
    return None if isinstance(value, Varies | Unknown) else value is wanted
