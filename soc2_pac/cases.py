"""Named cases beside each rule: its tests, and the examples on its page.

``aws_s3.cases.yaml`` stands beside ``aws_s3.py``::

    aws-s3-bucket-versioning:
      base: {Name: logs, GetBucketVersioning: {Status: Enabled}}     # a document that passes
      cases:
        - {name: versioning is on, status: pass}
        - {name: versioning is suspended, status: fail, set: {GetBucketVersioning.Status: Suspended}}

A rule may also give ``now``, ``scope`` and ``given`` (joined documents by kind), and a case ``set``,
``remove``, ``gaps``, ``given``, ``params``, ``now``, ``scope`` and ``message`` (text that must occur).
"""

from __future__ import annotations

import copy
import functools
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from soc2_pac.canonical import canonical
from soc2_pac.errors import UsageError
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Status
from soc2_pac.resources import GAPS
from soc2_pac.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.model import Verdict
    from soc2_pac.rules import Rule

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _CaseEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    status: Status
    set: dict[str, Any] = {}
    remove: list[str] = []
    gaps: dict[str, dict[str, str]] = {}
    given: dict[str, list[dict[str, Any]]] = {}
    params: dict[str, Any] = {}
    now: Any = None
    scope: str | None = None
    message: str | None = None


class _RuleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    base: dict[str, Any]
    cases: list[_CaseEntry]
    now: Any = None
    scope: str | None = None
    given: dict[str, list[dict[str, Any]]] = {}


@dataclass(frozen=True, slots=True)
class Case:
    """One example: a document, what surrounds it, and the verdict that is expected."""

    rule: str
    name: str
    status: Status
    message: str | None
    base: dict[str, Any]
    now: datetime
    scope: Scope
    given: dict[str, list[dict[str, Any]]]
    """Joined documents by kind, with the case's own laid over the rule's."""
    overrides: tuple[tuple[str, str, Any], ...] = field(default=())
    """What sets this case apart from the base, as (sort, key, value); sorts: set, remove, gaps, params."""
    own: tuple[tuple[str, Any], ...] = field(default=())
    """What this case says of now, scope and given itself, with the value that the rule gives otherwise."""

    def document(self) -> dict[str, Any]:
        """The base with the overrides laid over it. Raises UsageError for a path that leads nowhere."""
        body = copy.deepcopy(self.base)
        for sort, key, value in self.overrides:
            if sort == "set":
                _set(body, key, value, self)
            elif sort == "remove":
                _remove(body, key, self)
            elif sort == "gaps":
                body.setdefault(GAPS, {})[key] = value
                body.pop(key, None)
        return body

    def params(self) -> dict[str, Any]:
        """Thresholds that the case changes."""
        return {key: value for sort, key, value in self.overrides if sort == "params"}

    def without_each(self) -> Iterator[tuple[str, Case]]:
        """The case with one of its overrides dropped, for each: what is left must say something else."""
        for dropped in self.overrides:
            rest = tuple(other for other in self.overrides if other is not dropped)
            yield f"{dropped[0]} {dropped[1]}", replace(self, overrides=rest)
        for name, otherwise in self.own:
            if name.startswith("given "):
                kind = name.removeprefix("given ")
                yield name, replace(self, given={**self.given, kind: otherwise})
            else:
                yield name, replace(self, **{name: otherwise})


def case_file(rule: Rule) -> Path:
    """Where the cases of a rule stand: beside its module."""
    module = sys.modules[rule.function.__module__]
    return Path(str(module.__file__)).with_suffix(".cases.yaml")


def load_cases(rule: Rule) -> list[Case]:
    """The cases of a rule, in order; none when the file or the entry is missing.

    Raises:
        UsageError: the file is not as it should be. The message names file, rule and what is wrong.
    """
    path = case_file(rule)
    entries = _read(path)
    if rule.id not in entries:
        return []
    try:
        entry = msgspec.convert(entries[rule.id], _RuleEntry)
    except msgspec.ValidationError as error:
        msg = f"{path.name}: {rule.id}: {error}"
        raise UsageError(msg) from error
    return [_case(rule, entry, case) for case in entry.cases]


def rule_ids(path: Path) -> list[str]:
    """The ids that a case file speaks of."""
    return list(_read(path))


def run_case(rule: Rule, case: Case) -> Verdict:
    """What the rule says of a case. Raises UsageError for a path or a threshold that does not exist."""
    bodies = {kind: [canonical(body) for body in documents] for kind, documents in case.given.items()}
    evidence = None
    if rule.needs:
        evidence = JoinedEvidence(rule, GivenDocuments(case.scope, bodies)).at(case.scope)
    return judge(
        rule, canonical(case.document()), now=case.now, scope=case.scope, evidence=evidence,
        thresholds=rule.settle(case.params()),
    )


def mismatch(case: Case, verdict: Verdict) -> str | None:
    """Why a verdict is not the expected one; ``None`` when it is."""
    if verdict.status is not case.status:
        return f"expected {case.status}, got {verdict.status}: {verdict.message}"
    if case.message is not None and case.message not in verdict.message:
        return f"the message '{verdict.message}' lacks '{case.message}'"
    return None


@functools.cache
def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        msg = f"{path.name}: not valid YAML: {error}"
        raise UsageError(msg) from error
    return entries or {}


def _case(rule: Rule, entry: _RuleEntry, case: _CaseEntry) -> Case:
    default_scope = Scope(rule.provider, "111122223333/eu-west-1")
    scope = Scope.parse(entry.scope) if entry.scope else default_scope
    now = _instant(entry.now) if entry.now else datetime(2026, 1, 1, tzinfo=UTC)
    overrides = (
        *(("set", key, value) for key, value in case.set.items()),
        *(("remove", key, None) for key in case.remove),
        *(("gaps", key, value) for key, value in case.gaps.items()),
        *(("params", key, value) for key, value in case.params.items()),
    )
    own = tuple(
        [(f"given {kind}", entry.given.get(kind, [])) for kind in case.given]
        + ([("now", now)] if case.now else [])
        + ([("scope", scope)] if case.scope else [])
    )
    return Case(
        rule=rule.id, name=case.name, status=case.status, message=case.message, base=entry.base,
        now=_instant(case.now) if case.now else now,
        scope=Scope.parse(case.scope) if case.scope else scope,
        given={**{needed.kind: [] for needed in rule.needs}, **entry.given, **case.given},
        overrides=overrides, own=own,
    )


def _instant(value: object) -> datetime:
    if not isinstance(value, date):  # a datetime is a date, too
        msg = f"now: '{value}' is no date; write 2026-01-31"
        raise UsageError(msg)
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _steps(path: str) -> list[str]:
    """``a.b.0`` -> its parts; ``a\\.b`` keeps the dot."""
    return [part.replace("\0", ".") for part in path.replace("\\.", "\0").split(".")]


def _parent(body: Any, path: str, case: Case) -> tuple[Any, str | int]:  # noqa: ANN401
    *way, last = _steps(path)
    here = body
    for step in way:
        try:
            here = here[int(step)] if isinstance(here, list) else here[step]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            known = list(here) if isinstance(here, dict) else []
            msg = f"{case.rule}, case '{case.name}': the path {path} leads nowhere at '{step}'.{nearest(step, known)}"
            raise UsageError(msg) from error
    if isinstance(here, list):
        return here, int(last)
    if not isinstance(here, dict):
        msg = f"{case.rule}, case '{case.name}': the path {path} leads into a {type(here).__name__}"
        raise UsageError(msg)
    return here, last


def _set(body: dict[str, Any], path: str, value: Any, case: Case) -> None:  # noqa: ANN401
    parent, key = _parent(body, path, case)
    if isinstance(parent, list) and key == len(parent):
        parent.append(copy.deepcopy(value))
    else:
        parent[key] = copy.deepcopy(value)


def _remove(body: dict[str, Any], path: str, case: Case) -> None:
    parent, key = _parent(body, path, case)
    try:
        del parent[key]
    except (KeyError, IndexError) as error:
        msg = f"{case.rule}, case '{case.name}': nothing to remove at {path}"
        raise UsageError(msg) from error
