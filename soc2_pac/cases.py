"""Named cases beside each rule: its tests, and the examples on its page.

``aws_s3.cases.yaml`` stands beside ``aws_s3.py``::

    aws-s3-bucket-versioning:
      base: {Name: logs, GetBucketVersioning: {Status: Enabled}}     # a document that passes
      cases:
        - {name: versioning is on, status: pass}
        - {name: versioning is suspended, status: fail, set: {GetBucketVersioning.Status: Suspended}}

A rule may also give ``now``, ``scope`` and ``given`` (joined documents by kind), and a case ``set``,
``remove``, ``gaps``, ``given``, ``params``, ``now``, ``scope`` and ``message`` (text that must occur).
Of the kinds that a rule reads ``where_sourced``, those have a source that are given; a case that gives
``null`` for one takes the source away. A given document with the key ``$scope`` stands in that scope.

A case with ``attack: true`` was written by somebody who tried to make the rule wrong; its ``source`` names
the provider's page that documents the state. ``may_lack`` and ``any_value`` of a rule's entry say of which
facts a pass may do without, and why; ``rests_on`` of which joined kinds a failure needs; see
:mod:`soc2_pac.testing.guards`.
"""

from __future__ import annotations

import copy
import functools
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import msgspec
import yaml

from soc2_pac.collect import redact
from soc2_pac.errors import ConfigError, UsageError
from soc2_pac.evaluate.evidence import GivenDocuments, JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Status
from soc2_pac.resources import GAPS
from soc2_pac.text import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from soc2_pac.evaluate.evidence import EvidenceHere
    from soc2_pac.model import Verdict
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Rule

SCOPE = "$scope"
"""The key by which a given document says that it stands in another scope than the judged one."""

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]
    """The safe loader, stricter: a key twice would lose the first, ``on`` would be the key ``true``."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
        names = [key.value for key, _ in node.value if key.value != "<<"]
        made: dict[str, Any] = super().construct_mapping(node, deep=deep)
        for what, wrong in (
            ("stands there twice", [name for name in names if names.count(name) > 1]),
            ("is no text to YAML; put it in quotes", [k for k in made if not isinstance(k, str)]),
        ):
            if wrong:
                problem = f"the key '{wrong[0]}' {what}"
                raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return made


_Given: TypeAlias = dict[str, list[dict[str, Any]] | None]


class _CaseEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    status: Status
    set: dict[str, Any] = {}
    remove: list[str] = []
    gaps: dict[str, dict[str, str | None]] = {}
    given: _Given = {}
    params: dict[str, Any] = {}
    now: Any = None
    scope: str | None = None
    message: str | None = None
    attack: bool = False
    source: str = ""


class _RuleEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    base: dict[str, Any]
    cases: list[Any]
    now: Any = None
    scope: str | None = None
    given: _Given = {}
    may_lack: dict[str, str] = {}
    any_value: dict[str, str] = {}
    rests_on: dict[str, str] = {}


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
    given: _Given
    """Joined documents by kind, with the case's own laid over the rule's; ``None``: not sourced."""
    overrides: tuple[tuple[str, str, Any], ...] = field(default=())
    """What sets this case apart from the base, as (sort, key, value); sorts: set, remove, gaps, params."""
    own: tuple[tuple[str, Any], ...] = field(default=())
    """What this case says of now, scope and given itself, with the value that the rule gives otherwise."""
    where: str = ""
    """File, rule and case, for messages."""
    attack: bool = False
    """Written by somebody who tried to make the rule wrong."""
    source: str = ""
    """Where the provider documents the state that the case shows."""

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

    @property
    def sourced(self) -> frozenset[str]:
        """The kinds that have a source."""
        return frozenset(kind for kind, bodies in self.given.items() if bodies is not None)

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
        UsageError: the file is not as it should be. The message names file, rule, case and what is wrong.
    """
    path = case_file(rule)
    entries = _read(path)
    if rule.id not in entries:
        return []
    where = f"{_named(path)}: {rule.id}"
    entry: _RuleEntry = _convert(entries[rule.id], _RuleEntry, where)
    cases: list[Case] = []
    for number, raw in enumerate(entry.cases, start=1):
        name = raw.get("name", number) if isinstance(raw, dict) else number
        place = f"{where}: case '{name}'"
        case = _case(rule, entry, _convert(raw, _CaseEntry, place), place)
        if any(other.name == case.name for other in cases):
            msg = f"{place}: there are two cases of that name"
            raise UsageError(msg)
        cases.append(case)
    return cases


class Allowances(NamedTuple):
    """What a rule's entry says of facts that its passes do without. Paths have ``*`` for every index."""

    may_lack: Mapping[str, str]
    """Path -> why a pass may stand without it, with the source."""
    any_value: Mapping[str, str]
    """Path -> why a pass may stand whatever its value is, with the source."""
    rests_on: Mapping[str, str]
    """Joined kind -> why a failure that no case overturns by this kind rests on it all the same."""


def allowances(rule: Rule) -> Allowances:
    """What the entry of a rule says under ``may_lack``, ``any_value`` and ``rests_on``. Raises UsageError."""
    path = case_file(rule)
    entries = _read(path)
    if rule.id not in entries:
        return Allowances({}, {}, {})
    entry: _RuleEntry = _convert(entries[rule.id], _RuleEntry, f"{_named(path)}: {rule.id}")
    return Allowances(entry.may_lack, entry.any_value, entry.rests_on)


def rule_ids(path: Path) -> list[str]:
    """The ids that a case file speaks of."""
    return list(_read(path))


def run_case(rule: Rule, case: Case) -> Verdict:
    """What the rule says of a case. Raises UsageError for a path or threshold that does not exist."""
    try:
        thresholds = rule.settle(case.params())
    except ConfigError as error:
        msg = f"{case.where}: params: {error}"
        raise UsageError(msg) from error
    return judge(
        rule,
        stored(rule.resource, case.document()),
        now=case.now,
        scope=case.scope,
        evidence=joined_evidence(rule, case.given, case.scope),
        thresholds=thresholds,
    )


def joined_evidence(
    rule: Rule, given: Mapping[str, Sequence[dict[str, Any]] | None], scope: Scope
) -> EvidenceHere | None:
    """What a rule reads of given documents, by kind; ``None`` for a rule that joins nothing.

    A document with the key ``$scope`` (``aws:444455556666/eu-west-1``) stands in that scope, every other
    in ``scope``. A kind that is ``None`` has no source.
    """
    if not rule.joins:
        return None
    sourced = [kind for kind, some in given.items() if some is not None]
    return JoinedEvidence(rule, joined_documents(rule, given, scope), sourced).at(scope)


def joined_documents(
    rule: Rule, given: Mapping[str, Sequence[dict[str, Any]] | None], scope: Scope
) -> GivenDocuments:
    """The given documents as they would be stored, for as many judgements as there are."""
    bodies: dict[str, list[bytes]] = {}
    elsewhere: dict[str, list[tuple[Scope, bytes]]] = {}
    for joined in rule.joins:
        found = given.get(joined.kind)
        if found is None:
            continue
        bodies[joined.kind] = []
        for body in found:
            if SCOPE not in body:
                bodies[joined.kind].append(stored(joined, body))
                continue
            place = _scope(body[SCOPE], rule.id)
            rest = {key: value for key, value in body.items() if key != SCOPE}
            elsewhere.setdefault(joined.kind, []).append((place, stored(joined, rest)))
    return GivenDocuments(scope, bodies, elsewhere)


def stored(kind: type[Resource], body: dict[str, Any]) -> bytes:
    """The document as evidence: a rule that needs what is dropped or redacted must not pass."""
    return redact.kept(body, kind.volatile, kind.secret)


_stored = stored  # the name that a script outside of this project calls it by


def mismatch(case: Case, verdict: Verdict) -> str | None:
    """Why a verdict is not the expected one; ``None`` when it is."""
    if verdict.status is not case.status:
        return f"expected {case.status}, got {verdict.status}: {verdict.message}"
    if case.message is not None and case.message not in verdict.message:
        return f"the message '{verdict.message}' lacks '{case.message}'"
    return None


def idle_overrides(rule: Rule, case: Case) -> list[str]:
    """The overrides of a case without which the rule says the same status: they do not test what they say."""
    idle = []
    for dropped, rest in case.without_each():
        try:
            verdict = run_case(rule, rest)
        except UsageError:
            continue  # another override builds upon it
        if verdict.status is case.status:
            idle.append(dropped)
    return idle


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    return _parsed(path, path.stat().st_mtime_ns)


@functools.cache
def _parsed(path: Path, _changed: int) -> dict[str, Any]:
    try:
        entries = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{_named(path)}: not valid YAML: {error}"
        raise UsageError(msg) from error
    if entries is None:
        return {}
    if not isinstance(entries, dict):
        msg = f"{_named(path)}: write one entry a rule, RULE-ID: {{base: ..., cases: [...]}}"
        raise UsageError(msg)
    return entries


def _named(path: Path) -> str:
    """``aws/s3.cases.yaml``: enough to tell it from others of its name."""
    return f"{path.parent.name}/{path.name}"


def _convert(value: object, shape: Any, where: str) -> Any:  # noqa: ANN401
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        msg = f"{where}: {error}"
        raise UsageError(msg) from error


def _case(rule: Rule, entry: _RuleEntry, case: _CaseEntry, where: str) -> Case:
    default_scope = Scope(rule.provider, "111122223333/eu-west-1")
    scope = _scope(entry.scope, where) if entry.scope else default_scope
    now = _instant(entry.now, where) if entry.now else datetime(2026, 1, 1, tzinfo=UTC)
    joined: _Given = {needed.kind: [] for needed in rule.needs}
    joined |= {kind.kind: None for kind in rule.where_sourced}
    for kind, bodies in (*entry.given.items(), *case.given.items()):
        if kind not in joined:
            msg = f"{where}: given: the rule does not need {kind}.{nearest(kind, joined)}"
            raise UsageError(msg)
        if bodies is None and joined[kind] is not None:
            msg = f"{where}: given: {kind} is needed whatever is configured: give a list"
            raise UsageError(msg)
    if case.attack and not case.source:
        msg = f"{where}: an attack names its source: the provider's page that documents the state"
        raise UsageError(msg)
    overrides = (
        *(("set", key, value) for key, value in case.set.items()),
        *(("remove", key, None) for key in case.remove),
        *(("gaps", key, value) for key, value in case.gaps.items()),
        *(("params", key, value) for key, value in case.params.items()),
    )
    own = tuple(
        [(f"given {kind}", entry.given.get(kind, joined[kind])) for kind in case.given]
        + ([("now", now)] if case.now else [])
        + ([("scope", scope)] if case.scope else [])
    )
    return Case(
        rule=rule.id,
        name=case.name,
        status=case.status,
        message=case.message,
        base=entry.base,
        now=_instant(case.now, where) if case.now else now,
        scope=_scope(case.scope, where) if case.scope else scope,
        given={**joined, **entry.given, **case.given},
        overrides=overrides,
        own=own,
        where=where,
        attack=case.attack,
        source=case.source,
    )


def _scope(text: str, where: str) -> Scope:
    try:
        return Scope.parse(text)
    except ValueError as error:
        msg = f"{where}: scope: {error}"
        raise UsageError(msg) from error


def _instant(value: object, where: str) -> datetime:
    if not isinstance(value, date):  # a datetime is a date, too
        msg = f"{where}: now: '{value}' is no date; write 2026-01-31 or 2026-01-31T12:00:00Z, without quotes"
        raise UsageError(msg)
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _steps(path: str) -> list[str]:
    r"""``a.b.0`` -> its parts; ``a\.b`` keeps the dot."""
    return [part.replace("\0", ".") for part in path.replace("\\.", "\0").split(".")]


def _parent(body: Any, path: str, case: Case) -> tuple[Any, Any]:  # noqa: ANN401
    """What holds the last step of a path, and that step: a key, or an index that may be one too far."""
    *way, last = _steps(path)
    here = body
    for step in way:
        try:
            here = here[int(step)] if isinstance(here, list) else here[step]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            known = list(here) if isinstance(here, dict) else []
            msg = f"{case.where}: the path {path} leads nowhere at '{step}'.{nearest(step, known)}"
            raise UsageError(msg) from error
    if isinstance(here, dict):
        return here, last
    if isinstance(here, list) and last.isdecimal() and int(last) <= len(here):
        return here, int(last)
    holder = f"a list of {len(here)}" if isinstance(here, list) else f"a {type(here).__name__}"
    msg = f"{case.where}: the path {path} leads nowhere: '{last}' is no place in {holder}"
    raise UsageError(msg)


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
        known = list(parent) if isinstance(parent, dict) else []
        msg = f"{case.where}: there is nothing to remove at {path}.{nearest(str(key), known)}"
        raise UsageError(msg) from error
