"""Whether a filter of Cloud Logging sees an entry: its query language, evaluated on a sample.

``resource.type="gce_route" AND NOT protoPayload.methodName:"routes.get"`` and the like. ``NOT`` binds
closest, then ``OR``, then ``AND``, which also stands between comparisons that nothing joins. Texts are
compared without regard to case, except by regular expressions. A comparison with a field that is not there
holds never, so its ``NOT`` always does. What a sample says nothing of is neither yes nor no.

Source: Cloud Logging, "Logging query language".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from soc2_collectors.samples import (
    ABSENT,
    Absent,
    Answer,
    Sample,
    Unknown,
    Varies,
    compared,
    every,
    negated,
    some,
    text_of,
)

Test = Callable[[Sample], Answer]

_TOKEN = re.compile(
    r"(?P<space>\s+|--[^\n]*)"
    r"|(?P<op>!=|>=|<=|=~|!~|[()=<>:,])"
    r"|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|'(?P<single>(?:[^'\\]|\\.)*)'"
    r"|(?P<word>(?:[^\s()=!<>:,\"'~]|\"(?:[^\"\\]|\\.)*\")+)",
    re.DOTALL,
)
_COMPARE = ("=", "!=", ">", "<", ">=", "<=", ":", "=~", "!~")
_SEVERITIES = (
    "DEFAULT",
    "DEBUG",
    "INFO",
    "NOTICE",
    "WARNING",
    "ERROR",
    "CRITICAL",
    "ALERT",
    "EMERGENCY",
)
_LONGEST = 20_000
"""Characters of a filter: Cloud Logging takes no longer ones."""
_DEEPEST = 40
"""Brackets within brackets."""
_QUICK = re.compile(r"[\w\s.:/@^$|\\()*-]*")
"""Regular expressions that are tried: others may be of RE2 alone, or take for ever."""


class NotUnderstoodError(ValueError):
    """The filter uses something that this module does not know."""


@functools.cache
def compiled(text: str) -> Test | None:
    """A test for log entries; ``None`` for a filter that is not understood. An empty one takes all."""
    if len(text) > _LONGEST:
        return None
    try:
        parser = _Parser(list(_tokens(text)))
        test = parser.conjunction() if not parser.done else _all
    except (NotUnderstoodError, RecursionError):
        return None
    return test if parser.done else None


def _all(entry: Sample) -> Answer:
    del entry
    return True


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise NotUnderstoodError(text[at:])
        at = match.end()
        if match.lastgroup != "space":
            sort = "quoted" if match.lastgroup == "single" else match.lastgroup
            yield sort, match[match.lastgroup]


class _Parser:
    """Recursive descent: ``AND`` binds less than ``OR``, and ``OR`` less than ``NOT``."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def conjunction(self) -> Test:
        tests = [self.disjunction()]
        while not self.done and self._peek() != ("op", ")"):
            self._take("word", "AND")
            tests.append(self.disjunction())
        return lambda entry: every([test(entry) for test in tests])

    def disjunction(self) -> Test:
        tests = [self.term()]
        while self._take("word", "OR"):
            tests.append(self.term())
        return lambda entry: some([test(entry) for test in tests])

    def term(self) -> Test:
        self._depth += 1
        if self._depth > _DEEPEST:
            msg = "too many brackets within brackets"
            raise NotUnderstoodError(msg)
        test = self._term()
        self._depth -= 1
        return test

    def _term(self) -> Test:
        if self._take("word", "NOT"):
            return _negated(self.term())
        kind, text = self._peek()
        if kind == "word" and text == "-":
            self._at += 1
            return _negated(self.term())
        if kind == "word" and text.startswith("-"):
            self._tokens[self._at] = (kind, text[1:])
            return _negated(self.term())
        if self._take("op", "("):
            inner = self.conjunction()
            self._close()
            return inner
        return self.comparison()

    def comparison(self) -> Test:
        kind, text = self._peek()
        self._at += 1
        if kind not in ("word", "quoted") or (kind == "word" and text in ("AND", "OR", "NOT")):
            raise NotUnderstoodError(text)
        following = self._tokens[self._at] if not self.done else ("", "")
        if kind == "word" and following == ("op", "("):
            return self._function(text)
        if following[0] != "op" or following[1] not in _COMPARE:
            return functools.partial(_anywhere, text.lower())
        self._at += 1
        path = (text,) if kind == "quoted" else _path(text)
        return self._compared(path, following[1])

    def _compared(self, path: tuple[str, ...], sign: str) -> Test:
        if not self._take("op", "("):
            return _comparison(path, sign, *self._value())
        # field = ("a" OR "b"): the comparison is meant for each value.
        nested = _Values(self, path, sign)
        test = nested.conjunction()
        self._close()
        return test

    def _function(self, name: str) -> Test:
        self._at += 1
        given: list[str] = []
        while not self._take("op", ")"):
            given.append(self._value()[1])
            self._take("op", ",")
        if name.lower() == "log_id" and len(given) == 1:
            wanted = f"/logs/{given[0]}".lower()
            return lambda entry: compared(
                entry.read(("logName",)), f"*{wanted}", lambda text: _decoded(text).endswith(wanted)
            )
        if name.upper() == "SEARCH" and len(given) == 1 and re.fullmatch(r"\w+", given[0]):
            return functools.partial(_anywhere, given[0].lower())
        raise NotUnderstoodError(name)

    def _value(self) -> tuple[str, str]:
        kind, text = self._peek()
        if kind not in ("quoted", "word"):
            raise NotUnderstoodError(text)
        self._at += 1
        return kind, re.sub(r'\\(["\'])', r"\1", text) if kind == "quoted" else text

    def _close(self) -> None:
        if not self._take("op", ")"):
            msg = "a bracket is not closed"
            raise NotUnderstoodError(msg)

    def _peek(self) -> tuple[str, str]:
        if self.done:
            msg = "the filter ends too early"
            raise NotUnderstoodError(msg)
        return self._tokens[self._at]

    def _take(self, kind: str, text: str) -> bool:
        if not self.done and self._tokens[self._at] == (kind, text):
            self._at += 1
            return True
        return False


class _Values(_Parser):
    """What stands in brackets on the right of a comparison."""

    def __init__(self, outer: _Parser, path: tuple[str, ...], sign: str) -> None:
        super().__init__(outer._tokens)  # noqa: SLF001 - the same parser a level deeper
        self._outer, self._path, self._sign = outer, path, sign
        self._at = outer._at  # noqa: SLF001

    def conjunction(self) -> Test:
        test = super().conjunction()
        self._outer._at = self._at  # noqa: SLF001
        return test

    def _term(self) -> Test:
        if self._take("word", "NOT"):
            return _negated(self.term())
        if self._take("op", "("):
            inner = _Parser.conjunction(self)
            self._close()
            return inner
        return self.comparison()

    def comparison(self) -> Test:
        kind, text = self._peek()
        if kind == "word" and text in ("AND", "OR", "NOT"):
            raise NotUnderstoodError(text)
        return _comparison(self._path, self._sign, *self._value())


def _negated(test: Test) -> Test:
    return lambda entry: negated(test(entry))


def _path(text: str) -> tuple[str, ...]:
    """``labels."a.b".c`` -> labels, a.b, c."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|([^."]+)', text)
    return tuple(quoted or plain for quoted, plain in found)


def _comparison(path: tuple[str, ...], sign: str, kind: str, wanted: str) -> Test:
    if sign in ("=~", "!~"):
        expression = _expression(wanted)
        like = sign == "=~"
        return _of_values(path, "*", lambda text: (expression.search(text) is not None) is like)
    if sign == ":" and (kind, wanted) == ("word", "*"):
        return lambda entry: some([_there(value) for value in entry.values(path)])
    if kind == "word" and wanted == "NULL_VALUE":
        raise NotUnderstoodError(wanted)
    exact = wanted.lower()
    if sign == ":":
        return lambda entry: some([_holds(value, exact) for value in entry.values(path)])
    if sign == "=":
        return _of_values(path, exact, lambda text: text.lower() == exact)
    if sign == "!=":
        return _of_values(path, exact, lambda text: text.lower() != exact, unlike=True)
    return _ordered(path, sign, wanted)


def _of_values(
    path: tuple[str, ...], form: str, test: Callable[[str], bool], *, unlike: bool = False
) -> Test:
    """Whether one of the values at a path passes a test of texts; objects pass none."""

    def one(value: Any) -> Answer:  # noqa: ANN401
        if isinstance(value, Mapping | Absent):
            return False
        if unlike and isinstance(value, Varies):
            return None if value.may_be(form) else True
        return compared(value, form, test)

    return lambda entry: some([one(value) for value in entry.values(path)])


def _there(value: Any) -> Answer:  # noqa: ANN401
    return None if isinstance(value, Unknown) else value is not ABSENT


def _ordered(path: tuple[str, ...], sign: str, wanted: str) -> Test:
    def holds(one: float, other: float) -> bool:
        return {">": one > other, "<": one < other, ">=": one >= other, "<=": one <= other}[sign]

    if path == ("severity",) and wanted.upper() in _SEVERITIES:
        limit = _SEVERITIES.index(wanted.upper())

        def by_severity(entry: Sample) -> Answer:
            value = entry.read(path)
            if isinstance(value, Varies | Unknown):
                return None
            said = "DEFAULT" if value is ABSENT else text_of(value).upper()
            return said in _SEVERITIES and holds(_SEVERITIES.index(said), limit)

        return by_severity
    if path[-1].lower().endswith(("time", "timestamp")):
        raise NotUnderstoodError(path[-1])
    try:
        number = float(wanted)
    except ValueError:
        raise NotUnderstoodError(wanted) from None

    def by_number(value: Any) -> Answer:  # noqa: ANN401
        if isinstance(value, Varies | Unknown):
            return None
        return isinstance(value, int | float) and holds(value, number)

    return lambda entry: some([by_number(value) for value in entry.values(path)])


def _expression(text: str) -> re.Pattern[str]:
    # RE2 has no look-around and no references back; what both read alike is tried.
    if not _QUICK.fullmatch(text.removeprefix("(?i)")) or re.search(
        r"[*)]\s*\*|\)\+|\\[1-9]", text
    ):
        raise NotUnderstoodError(text)
    try:
        return re.compile(text)
    except (re.error, OverflowError):
        raise NotUnderstoodError(text) from None


def _holds(value: Any, part: str) -> Answer:  # noqa: ANN401
    """Whether a value has a text in it: itself, a member, or a field of that name."""
    if isinstance(value, Absent):
        return False
    if isinstance(value, Mapping):
        named = some([part == str(key).lower() for key in value])
        return some([named, *(_holds(one, part) for one in value.values())])
    if isinstance(value, list):
        return some([_holds(one, part) for one in value])
    return compared(value, f"*{part}*", lambda text: part in text.lower())


def _anywhere(part: str, entry: Sample) -> Answer:
    """Whether any value of the entry holds the text."""
    unknown: Answer = False if entry.whole else None
    return some([unknown, *(_holds(value, part) for value in _leaves(entry.known))])


def _leaves(value: Any) -> Iterator[Any]:  # noqa: ANN401
    inner = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
    )
    if inner is None:
        yield value
    else:
        for one in inner:
            yield from _leaves(one)


def _decoded(name: str) -> str:
    """Names of logs write ``/`` as ``%2F``."""
    return name.replace("%2F", "/").replace("%2f", "/").lower()
