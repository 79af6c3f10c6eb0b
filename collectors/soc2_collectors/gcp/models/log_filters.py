"""Whether a filter of Cloud Logging sees an entry: its query language, evaluated.

``resource.type="gce_route" AND NOT protoPayload.methodName:"routes.get"`` and the like. ``NOT`` binds
closest, then ``OR``, then ``AND``, which also stands between comparisons that nothing joins. Texts are
compared without regard to case, except by regular expressions. A comparison with a field that is not there
holds never, so its ``NOT`` always does.

Source: Cloud Logging, "Logging query language".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Test = Callable[[Mapping[str, Any]], bool]

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


def _all(entry: Mapping[str, Any]) -> bool:
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
        return lambda entry: all(test(entry) for test in tests)

    def disjunction(self) -> Test:
        tests = [self.term()]
        while self._take("word", "OR"):
            tests.append(self.term())
        return lambda entry: any(test(entry) for test in tests)

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
            return lambda entry: _decoded(str(entry.get("logName", ""))).endswith(wanted)
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
    return lambda entry: not test(entry)


def _path(text: str) -> tuple[str, ...]:
    """``labels."a.b".c`` -> labels, a.b, c."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"|([^."]+)', text)
    return tuple(quoted or plain for quoted, plain in found)


def _comparison(path: tuple[str, ...], sign: str, kind: str, wanted: str) -> Test:
    if sign in ("=~", "!~"):
        expression = _expression(wanted)
        if sign == "=~":
            return lambda entry: any(expression.search(_text(v)) for v in _read(entry, path))
        return lambda entry: any(not expression.search(_text(v)) for v in _read(entry, path))
    if sign == ":" and (kind, wanted) == ("word", "*"):
        return lambda entry: any(True for _ in _read(entry, path, whole=True))
    if kind == "word" and wanted == "NULL_VALUE":
        raise NotUnderstoodError(wanted)
    if sign == ":":
        part = wanted.lower()
        return lambda entry: any(_holds(value, part) for value in _read(entry, path, whole=True))
    if sign in ("=", "!="):
        exact = wanted.lower()
        equal = sign == "="
        return lambda entry: any((_text(v).lower() == exact) is equal for v in _read(entry, path))
    return _ordered(path, sign, wanted)


def _ordered(path: tuple[str, ...], sign: str, wanted: str) -> Test:
    def holds(one: float, other: float) -> bool:
        return {">": one > other, "<": one < other, ">=": one >= other, "<=": one <= other}[sign]

    if path == ("severity",) and wanted.upper() in _SEVERITIES:
        limit = _SEVERITIES.index(wanted.upper())

        def by_severity(entry: Mapping[str, Any]) -> bool:
            said = str(entry.get("severity", "DEFAULT")).upper()
            return said in _SEVERITIES and holds(_SEVERITIES.index(said), limit)

        return by_severity
    if path[-1].lower().endswith(("time", "timestamp")):
        raise NotUnderstoodError(path[-1])
    try:
        number = float(wanted)
    except ValueError:
        raise NotUnderstoodError(wanted) from None

    def by_number(entry: Mapping[str, Any]) -> bool:
        numbers = (v for v in _read(entry, path) if isinstance(v, int | float))
        return any(holds(value, number) for value in numbers)

    return by_number


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


def _read(value: Any, path: tuple[str, ...], *, whole: bool = False) -> Iterator[Any]:  # noqa: ANN401
    """The values at a path; of a list each member counts. ``whole``: objects too, otherwise none."""
    if isinstance(value, list):
        for one in value:
            yield from _read(one, path, whole=whole)
    elif path:
        if isinstance(value, Mapping) and path[0] in value:
            yield from _read(value[path[0]], path[1:], whole=whole)
    elif whole or not isinstance(value, Mapping):
        yield value


def _holds(value: Any, part: str) -> bool:  # noqa: ANN401
    if isinstance(value, Mapping):
        return any(part == str(key).lower() or _holds(one, part) for key, one in value.items())
    if isinstance(value, list):
        return any(_holds(one, part) for one in value)
    return part in _text(value).lower()


def _anywhere(part: str, entry: Mapping[str, Any]) -> bool:
    """Whether any value of the entry holds the text."""
    return any(_holds(value, part) for value in _leaves(entry))


def _leaves(value: Any) -> Iterator[Any]:  # noqa: ANN401
    inner = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
    )
    if inner is None:
        yield value
    else:
        for one in inner:
            yield from _leaves(one)


def _text(value: Any) -> str:  # noqa: ANN401
    return value if isinstance(value, str) else str(value).lower()


def _decoded(name: str) -> str:
    """Names of logs write ``/`` as ``%2F``."""
    return name.replace("%2F", "/").replace("%2f", "/").lower()
