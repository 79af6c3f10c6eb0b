"""Whether the passes of a rule rest on facts that were read, and are known to be good.

Each passing case of a rule is judged once while every field that it reads of a view is noted. Then each of
these fields, and each field that the rule's own cases change, is taken away, set to null and emptied: a
verdict that is still a pass did not rest on it. Likewise each text that was read becomes one that nobody
knows: an unknown value is not a good one.

Some passes are right all the same. Who says so writes why, with the source: for all rules in the view
(``may_lack`` and ``any_value``: encoded field name -> reason), or for one rule in its case file.
Names, ids and times are left out by pattern: messages name them, and verdicts do not rest on them.

And whether a failure that is proven stands where a joined kind is not known: :func:`hidden_failures`.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import gc
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from soc2_pac.canonical import canonical
from soc2_pac.cases import allowances, joined_documents, joined_evidence, load_cases, stored
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.evidence import JoinedEvidence
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Status
from soc2_pac.resources import GAPS, prepare, view

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from soc2_pac.cases import Case
    from soc2_pac.evaluate.evidence import Documents, EvidenceHere, Held
    from soc2_pac.model import Scope, Verdict
    from soc2_pac.rules import Rule

_UNKNOWN = "SomethingNobodyKnows"
_NAMED = re.compile(
    r"(^|[a-z_.])(Name|Names|Id|Ids|ID|Arn|ARN|name|id|arn|uid|login|email|mail|title|url|Url|URL|Uri|uri|uniqueId"
    r"|label|Label|displayName|DisplayName|description|Description|userPrincipalName|number|self[Ll]ink|Path)$"
)
"""Fields that say which thing it is."""
_TIME = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]|$)")
_WORD = re.compile(r"^[A-Za-z][A-Za-z0-9_ .:-]{0,60}$")

Path = tuple[Any, ...]
"""Where something stands in a document: keys and indexes."""


@dataclass(frozen=True, slots=True, order=True)
class Idle:
    """A fact that a pass did not need."""

    rule: str
    place: str
    """``Field.*.Other``, or ``kind: Field`` in a joined document."""
    how: str
    """``removed``, ``null``, ``empty``, ``absent`` (it was not there to begin with) or ``unknown``."""
    case: str


def idle_facts(rule: Rule) -> list[Idle]:
    """Facts without which passing cases of a rule still pass, and that nobody excused."""
    allowed = allowances(rule)
    changed = _changed_by_cases(rule)
    found: dict[tuple[str, str], Idle] = {}
    for case in load_cases(rule):
        if case.status is not Status.PASS or case.attack:
            continue
        read = _reads(rule, case)
        here = (None, 0)
        places = read.keys() | {(here, path) for path in changed}
        stand = _Stand(rule, case)
        for document, path in sorted(places, key=repr):
            excused = read.get((document, path), _NOT_EXCUSED)
            place = _place(document[0], path)
            if _named(path) or _excused(place, allowed.may_lack) or excused.may_lack:
                continue
            for how, body in _without(_body(case, document), path):
                if (place, how) not in found and stand.passes(document, body):
                    found[place, how] = Idle(rule.id, place, how, case.name)
        for (document, path), excused in sorted(read.items(), key=lambda item: repr(item[0])):
            place = _place(document[0], path)
            if _named(path) or _excused(place, allowed.any_value) or excused.any_value:
                continue
            for body in _unknown(_body(case, document), path):
                if (place, "unknown") not in found and stand.passes(document, body):
                    found[place, "unknown"] = Idle(rule.id, place, "unknown", case.name)
    return sorted(found.values())


def unused_excuses(rule: Rule) -> list[str]:
    """Excuses of a case file that excuse nothing: the fact is needed by now, or the path is misspelled."""
    allowed = allowances(rule)
    if not (allowed.may_lack or allowed.any_value):
        return []
    read = {
        _place(document[0], path)
        for case in load_cases(rule)
        if case.status is Status.PASS
        for document, path in _reads(rule, case)
    }
    read |= {_place(None, path) for path in _changed_by_cases(rule)}
    return sorted(
        {
            place
            for places in (allowed.may_lack, allowed.any_value)
            for place in places
            if not any(_excused(one, {place: ""}) for one in read)
        }
    )


@dataclass(frozen=True, slots=True, order=True)
class Hidden:
    """A failure that is not seen where a joined kind is not known, though it does not rest on it."""

    rule: str
    kind: str
    """The joined kind."""
    case: str
    status: str
    """What the case is without the kind."""


def hidden_failures(rule: Rule) -> list[Hidden]:
    """Failures of cases that a denied collection of a joined kind hides, and that nobody excused.

    A failure does not rest on a kind where the case fails with whatever the rule's cases hold of it, and with
    nothing of it. Where it does all the same, as no case shows, the rule's entry says so: ``rests_on``.
    """
    excused = allowances(rule).rests_on
    return _hidden(rule, [joined.kind for joined in rule.joins if joined.kind not in excused])


def unfounded_failures(rule: Rule) -> list[Hidden]:
    """Failures that a denied collection of a joined kind makes of cases, where the kind may hold what lets them pass.

    What may be there is what the rule's cases hold of the kind, and nothing of it.
    """
    cases = load_cases(rule)
    found = []
    for kind in (joined.kind for joined in rule.joins):
        seen = _held(cases, kind)
        for case in cases:
            if case.given.get(kind) is None:
                continue
            without = _judged(rule, case, case.given, kind)
            if without.status is Status.FAIL and any(
                _judged(rule, case, {**case.given, kind: one}).status
                in (Status.PASS, Status.NOT_APPLICABLE)
                for one in seen
            ):
                found.append(Hidden(rule.id, kind, case.name, without.status.value))
    return found


def unused_rests(rule: Rule) -> list[str]:
    """Kinds of ``rests_on`` that hide no failure any more, or that the rule does not read."""
    excused = allowances(rule).rests_on
    read = [joined.kind for joined in rule.joins if joined.kind in excused]
    return sorted(set(excused) - {one.kind for one in _hidden(rule, read)})


def _hidden(rule: Rule, kinds: Iterable[str]) -> list[Hidden]:
    cases = load_cases(rule)
    found = []
    for kind in kinds:
        seen = _held(cases, kind)
        for case in cases:
            if case.status is not Status.FAIL or case.given.get(kind) is None:
                continue
            without = _judged(rule, case, case.given, kind)
            if without.status is Status.FAIL:
                continue
            if all(
                _judged(rule, case, {**case.given, kind: one}).status is Status.FAIL for one in seen
            ):
                found.append(Hidden(rule.id, kind, case.name, without.status.value))
    return found


def _held(cases: Iterable[Case], kind: str) -> list[list[dict[str, Any]]]:
    """What the cases hold of a joined kind, each once, and nothing of it."""
    found: dict[bytes, list[dict[str, Any]]] = {b"[]": []}
    for case in cases:
        if (held := case.given.get(kind)) is not None:
            found.setdefault(canonical(held), held)
    return list(found.values())


def _judged(rule: Rule, case: Case, given: Mapping[str, Any], denied: str | None = None) -> Verdict:
    """A case with other joined documents; of the kind that is denied its scope shows nothing."""
    evidence = joined_evidence(rule, given, case.scope)
    if evidence is not None and denied is not None:
        loaded = evidence._joined._loaded  # noqa: SLF001 - what the case's documents are read through
        loaded._documents = _Denied(loaded._documents, denied, case.scope)  # noqa: SLF001 - likewise
    return judge(
        rule,
        stored(rule.resource, case.document()),
        now=case.now,
        scope=case.scope,
        evidence=evidence,
        thresholds=rule.settle(case.params()),
    )


class _Denied:
    """Documents of which one kind may not be read."""

    def __init__(self, documents: Documents, kind: str, scope: Scope) -> None:
        self._documents = documents
        self._kind = kind
        self._scope = scope

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        """As they are; of the kind one that was denied."""
        if kind == self._kind:
            return [(self._scope, "denied")]
        return self._documents.looks(kind)

    def bodies(self, kind: str) -> Iterable[Held]:
        """As they are; none of the kind."""
        return [] if kind == self._kind else self._documents.bodies(kind)


# -- what is read ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Excuse:
    may_lack: bool
    any_value: bool


_NOT_EXCUSED = _Excuse(may_lack=False, any_value=False)

Which = tuple[str | None, int]
"""A document of a case: (``None``, 0) for the judged one, else (kind, index among those given)."""


def _reads(rule: Rule, case: Case) -> dict[tuple[Which, Path], _Excuse]:
    """Every field of a view that judging a case reads, by its path in the document."""
    _forget()
    for kind in (rule.resource, *rule.joins):
        # A class that were made while reads are noted would not be watched.
        prepare(kind)
    evidence = _evidence(rule, case)
    try:
        judged = view(rule.resource, stored(rule.resource, case.document()))
    except FactUnavailable:
        return {}
    with _noting() as noted:
        settled = rule.settle(case.params())
        offered = {"now": case.now, "scope": case.scope, "evidence": evidence}
        with contextlib.suppress(Exception):
            rule.function(judged, *[offered[name] for name in rule.injected], **settled)
    found: dict[tuple[Which, Path], _Excuse] = {}
    for which, root in _roots(rule, case, judged, evidence):
        for struct, way in _structs(root, ()):
            for name in noted.get(id(struct), ()):
                encoded = _encoded(type(struct)).get(name)
                if encoded is None or encoded == GAPS:
                    continue
                found[which, (*way, encoded)] = _Excuse(
                    encoded in getattr(type(struct), "may_lack", {}),
                    encoded in getattr(type(struct), "any_value", {}),
                )
    return found


def _roots(
    rule: Rule, case: Case, judged: object, evidence: EvidenceHere | None
) -> Iterator[tuple[Which, object]]:
    yield (None, 0), judged
    if evidence is None:
        return
    views = evidence._joined._loaded._views  # noqa: SLF001 - what was really read, not a second decoding
    for joined in rule.joins:
        bodies = [b for b in case.given.get(joined.kind) or () if "$scope" not in b]
        bodies += [b for b in case.given.get(joined.kind) or () if "$scope" in b]
        loaded = views.get(joined.kind, [])
        if len(loaded) == len(bodies):
            order = _order(case, joined.kind)
            for position, (_, seen) in enumerate(loaded):
                yield (joined.kind, order[position]), seen


def _order(case: Case, kind: str) -> list[int]:
    """Indexes of the given documents in the order in which they are read: those elsewhere come last."""
    given = case.given.get(kind) or ()
    return [
        *(n for n, body in enumerate(given) if "$scope" not in body),
        *(n for n, body in enumerate(given) if "$scope" in body),
    ]


@contextlib.contextmanager
def _noting() -> Iterator[dict[int, set[str]]]:
    """While it lasts, every attribute of a struct that is read is noted: id of the struct -> names."""
    noted: dict[int, set[str]] = defaultdict(set)
    kept: dict[int, object] = {}
    """What was noted, so that nothing that is made later gets the id of what is gone."""
    plain: Any = msgspec.Struct.__getattribute__

    def note(self: object, name: str) -> object:
        kept[id(self)] = self
        noted[id(self)].add(name)
        return plain(self, name)

    # Every struct inherits it; views that guard their facts call it for the value.
    msgspec.Struct.__getattribute__ = note  # type: ignore[method-assign]
    try:
        yield noted
    finally:
        del msgspec.Struct.__getattribute__


def _structs(value: object, way: Path) -> Iterator[tuple[msgspec.Struct, Path]]:
    if isinstance(value, msgspec.Struct):
        yield value, way
        for name, encoded in _encoded(type(value)).items():
            inner = msgspec.Struct.__getattribute__(value, name)
            yield from _structs(inner, (*way, encoded))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _structs(inner, (*way, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _structs(inner, (*way, index))


@functools.cache
def _encoded(struct: type[msgspec.Struct]) -> dict[str, str]:
    return dict(zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True))


@functools.cache
def _memories() -> list[Any]:
    """Every memory of a function in these packages: what it remembers is not read again."""
    kind = type(functools.cache(lambda: None))
    return [
        one
        for one in gc.get_objects()
        if isinstance(one, kind)
        and str(getattr(one, "__module__", "")).partition(".")[0]
        not in {"soc2_pac", "functools", "re", "typing", "sqlalchemy", "msgspec"}
    ]


def _forget() -> None:
    for memory in _memories():
        memory.cache_clear()


# -- what is taken away ------------------------------------------------------------------------------------


def _changed_by_cases(rule: Rule) -> set[Path]:
    """Paths of the judged document that the rule's own cases change."""
    found: set[Path] = set()
    for case in load_cases(rule):
        for sort, key, _ in case.overrides:
            if sort in ("set", "remove"):
                steps = [part.replace("\0", ".") for part in key.replace("\\.", "\0").split(".")]
                found.add(tuple(int(step) if step.isdecimal() else step for step in steps))
    return found


def _without(body: dict[str, Any] | None, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    if body is None or (parent := _holder(body, path)) is None:
        return
    last = path[-1]
    if isinstance(parent, list):
        if not (isinstance(last, int) and last < len(parent)):
            return
        old = parent[last]
    elif last in parent:
        old = parent[last]
        yield "removed", _changed(body, path, _REMOVED)
    else:
        # A field inside a fact that was not collected is not absent: there is nothing that could hold it.
        yield "absent", body
        return
    if old is not None:
        yield "null", _changed(body, path, None)
    if isinstance(old, str | list | dict) and old:
        yield "empty", _changed(body, path, type(old)())


def _unknown(body: dict[str, Any] | None, path: Path) -> Iterator[dict[str, Any]]:
    parent = _holder(body, path) if body is not None else None
    if body is None or not isinstance(parent, dict) or path[-1] not in parent:
        return
    old = parent[path[-1]]
    if isinstance(old, str) and _WORD.match(old) and not _TIME.match(old):
        yield _changed(body, path, _UNKNOWN)
    elif (
        isinstance(old, list)
        and old
        and all(isinstance(one, str) and _WORD.match(one) for one in old)
    ):
        yield _changed(body, path, [_UNKNOWN])


_REMOVED = object()


def _changed(body: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    """A copy with another value at the path; what lies off the path is shared."""
    made = copy.copy(body)
    parent: Any = made
    for step in path[:-1]:
        parent[step] = copy.copy(parent[step])
        parent = parent[step]
    if value is _REMOVED:
        del parent[path[-1]]
    else:
        parent[path[-1]] = value
    return made


def _holder(body: Any, path: Path) -> Any:  # noqa: ANN401
    here = body
    for step in path[:-1]:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            return None
    return here if isinstance(here, dict | list) else None


def _body(case: Case, document: Which) -> dict[str, Any] | None:
    kind, index = document
    if kind is None:
        return case.document()
    return (case.given.get(kind) or [])[index]


class _Stand:
    """A passing case, to be judged with one of its documents changed; what does not change is made once."""

    def __init__(self, rule: Rule, case: Case) -> None:
        self._rule = rule
        self._case = case
        self._thresholds = rule.settle(case.params())
        self._judged = stored(rule.resource, case.document())
        self._joined = joined_documents(rule, case.given, case.scope)

    def passes(self, document: Which, body: dict[str, Any]) -> bool:
        """Whether the case is still a pass with ``body`` in the place of one of its documents."""
        rule, case = self._rule, self._case
        kind, index = document
        if kind is None:
            judged = stored(rule.resource, body)
            # What rules derive may know the judged one by its name: it is derived anew for each.
            joined = JoinedEvidence(rule, self._joined, case.sourced)
            evidence = joined.at(case.scope) if rule.joins else None
        else:
            bodies = list(case.given[kind] or ())
            bodies[index] = body
            judged = self._judged
            evidence = joined_evidence(rule, {**case.given, kind: bodies}, case.scope)
        verdict = judge(
            rule,
            judged,
            now=case.now,
            scope=case.scope,
            evidence=evidence,
            thresholds=self._thresholds,
        )
        return verdict.status is Status.PASS


def _evidence(rule: Rule, case: Case) -> EvidenceHere | None:
    return joined_evidence(rule, case.given, case.scope)


def _place(kind: str | None, path: Path) -> str:
    dotted = ".".join("*" if isinstance(step, int) else str(step) for step in path)
    return dotted if kind is None else f"{kind}: {dotted}"


def _excused(place: str, excuses: Mapping[str, str]) -> bool:
    """Whether an excuse names the place, or what holds it (``Statement.**``)."""
    return any(
        excuse == place or (excuse.endswith(".**") and place.startswith(excuse[:-2]))
        for excuse in excuses
    )


def _named(path: Path) -> bool:
    words = [step for step in path if isinstance(step, str)]
    return bool(words) and _NAMED.search(words[-1]) is not None
