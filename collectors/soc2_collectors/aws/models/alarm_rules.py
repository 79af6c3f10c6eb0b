"""Whether a composite alarm goes off when one of its alarms does: its rule, evaluated.

``ALARM("root") OR (ALARM("logging") AND NOT OK("maintenance"))``. The state of the other alarms is not
known, so a rule that depends on them is neither yes nor no. Source: CloudWatch API reference,
``PutCompositeAlarm``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from soc2_collectors.samples import Answer, every, negated, some

if TYPE_CHECKING:
    from collections.abc import Collection

_TOKEN = re.compile(
    r"\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:\"(?P<quoted>[^\"]*)\"|'(?P<single>[^']*)'|(?P<bare>[^\s()\"']+))\s*\)"
    r"|(?P<word>AND|OR|NOT|TRUE|FALSE)\b|(?P<bracket>[()]))"
)


class _NotUnderstoodError(ValueError):
    """The rule uses something that is not known here (``AT_LEAST``)."""


def evaluated(rule: str, gone_off: Collection[str]) -> Answer:
    """Whether a rule holds once alarms of these names or ARNs are in ``ALARM``."""
    try:
        reader = _Reader(list(_tokens(rule)), frozenset(gone_off))
        answer = reader.disjunction()
    except (_NotUnderstoodError, RecursionError, IndexError):
        return None
    return answer if reader.done else None


def names(rule: str, alarms: Collection[str]) -> bool:
    """Whether a rule speaks of an alarm of these names or ARNs, in whatever way."""
    return any(
        re.search(rf"(?<![^\s(,\"']){re.escape(alarm)}(?![^\s),\"'])", rule) is not None
        for alarm in alarms
    )


def _tokens(rule: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at = 0
    while rule[at:].strip():
        match = _TOKEN.match(rule, at)
        if match is None:
            raise _NotUnderstoodError(rule[at:])
        at = match.end()
        if match["state"]:
            name = match["quoted"] or match["single"] or match["bare"] or ""
            found.append((match["state"], name))
        else:
            found.append(("sign", match["word"] or match["bracket"]))
    return found


class _Reader:
    """Recursive descent: ``OR`` binds less than ``AND``, and that less than ``NOT``."""

    def __init__(self, tokens: list[tuple[str, str]], gone_off: frozenset[str]) -> None:
        self._tokens, self._gone_off, self._at = tokens, gone_off, 0

    @property
    def done(self) -> bool:
        return self._at == len(self._tokens)

    def disjunction(self) -> Answer:
        answers = [self._conjunction()]
        while self._take("OR"):
            answers.append(self._conjunction())
        return some(answers)

    def _conjunction(self) -> Answer:
        answers = [self._term()]
        while self._take("AND"):
            answers.append(self._term())
        return every(answers)

    def _term(self) -> Answer:
        if self._take("NOT"):
            return negated(self._term())
        if self._take("("):
            inner = self.disjunction()
            if not self._take(")"):
                msg = "a bracket is not closed"
                raise _NotUnderstoodError(msg)
            return inner
        state, name = self._tokens[self._at]
        self._at += 1
        if state == "sign":
            if name in ("TRUE", "FALSE"):
                return name == "TRUE"
            raise _NotUnderstoodError(name)
        if name not in self._gone_off:
            return None
        return state == "ALARM"

    def _take(self, sign: str) -> bool:
        if not self.done and self._tokens[self._at] == ("sign", sign):
            self._at += 1
            return True
        return False
