"""What a rule that joins reads: views by kind, checked for declaration and completeness."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

from soc2_pac.errors import EvidenceIncomplete, FactUnavailable, UndeclaredRead
from soc2_pac.model import Basis, Scope
from soc2_pac.resources import Resource, view
from soc2_pac.rules import Placed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from soc2_pac.rules import Rule, Whole

R = TypeVar("R", bound=Resource)
T = TypeVar("T")
_NOWHERE = Scope("", "")
"""Stands for the judged scope where none matters."""


class Held(NamedTuple):
    """One document, where it was seen, and what it is called there."""

    scope: Scope
    body: bytes | str
    uid: str = ""
    digest: str = ""


class Documents(Protocol):
    """Where joined documents come from: the store, a case file, or a live collection."""

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        """Every scope where the kind was asked for, with why its last collection is not complete, or None."""

    def bodies(self, kind: str) -> Iterable[Held]:
        """Every current document of the kind, in a stable order."""


class Loaded:
    """What was read of one state of the documents: views, slices and what was derived, each built once.

    Several rules may share it, so long as they allow evidence of the same age.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._looks: dict[str, list[tuple[Scope, str | None]]] = {}
        self._views: dict[str, list[tuple[Scope, Resource]]] = {}
        self._broken: dict[str, list[tuple[Scope, FactUnavailable]]] = {}
        self.slices: dict[tuple[str, str, Scope | str | None], list[Resource]] = {}
        self.indexes: dict[tuple[str, str, Scope | str | None, str], dict[Any, list[Resource]]] = {}
        self.derived: dict[object, tuple[Any, Exception | None, frozenset[str]]] = {}
        self._held: dict[str, list[Held]] = {}
        self._named: dict[int, tuple[str, Held]] = {}
        """Id of a view (they live as long as this) -> its kind and document; filled when first asked."""
        self._named_kinds: set[str] = set()

    def document_of(self, seen: object) -> tuple[str, str, str, str]:
        """(kind, scope, uid, digest) of the document of a view. Raises TypeError for anything else."""
        if id(seen) not in self._named:
            for kind in self._views.keys() - self._named_kinds:
                self._named_kinds.add(kind)
                held = self._held[kind]
                views = self._views[kind]
                self._named.update(
                    (id(view), (kind, one)) for (_, view), one in zip(views, held, strict=True)
                )
        if id(seen) not in self._named:
            msg = f"on=[...] takes views of joined documents, not {type(seen).__name__}"
            raise TypeError(msg)
        kind, one = self._named[id(seen)]
        return kind, str(one.scope), one.uid, one.digest

    def slice(self, kind: type[R], within: str, scope: Scope) -> list[R]:
        """The views of a kind ``here``, in the ``account`` or ``everywhere``, seen from ``scope``.

        Raises:
            EvidenceIncomplete: the kind was not looked for there, or not to the end.
            FactUnavailable: one of the documents cannot be read.
        """
        key = (kind.kind, within, _anchor(within, scope))
        found = self.slices.get(key)
        if found is None:
            inside = _inside(within, scope)
            self._load(kind)
            self._demand_complete(kind.kind, inside, scope)
            for where, error in self._broken[kind.kind]:
                if inside(where):
                    raise error.with_traceback(None)
            found = self.slices[key] = [v for s, v in self._views[kind.kind] if inside(s)]
        return cast("list[R]", found)

    def placed(self, kind: type[R]) -> Placed[R]:
        """All views with their scopes, and what cannot be read. Raises EvidenceIncomplete."""
        self._load(kind)
        self._demand_complete(kind.kind, _inside("everywhere", _NOWHERE), _NOWHERE)
        unreadable = [(scope, str(error)) for scope, error in self._broken[kind.kind]]
        return Placed(cast("list[tuple[Scope, R]]", self._views[kind.kind]), unreadable)

    def _load(self, kind: type[Resource]) -> None:
        if kind.kind in self._views:
            return
        self._looks[kind.kind] = list(self._documents.looks(kind.kind))
        views: list[tuple[Scope, Resource]] = []
        held: list[Held] = []
        broken: list[tuple[Scope, FactUnavailable]] = []
        for one in self._documents.bodies(kind.kind):
            try:
                views.append((one.scope, view(kind, one.body)))
            except FactUnavailable as error:
                broken.append((one.scope, error))
            else:
                held.append(one._replace(body=b""))
        self._broken[kind.kind], self._views[kind.kind] = broken, views
        self._held[kind.kind] = held

    def _demand_complete(
        self, kind: str, inside: Callable[[Scope], bool], seen_from: Scope
    ) -> None:
        looks = [(scope, reason) for scope, reason in self._looks[kind] if inside(scope)]
        if not looks:
            where = "" if seen_from == _NOWHERE else f" for {seen_from}"
            msg = f"{kind} is needed and was never collected{where}"
            raise EvidenceIncomplete(msg)
        for scope, reason in looks:
            if reason is not None:
                msg = f"{kind} is needed and not complete in {scope}: {reason}"
                raise EvidenceIncomplete(msg)


class JoinedEvidence:
    """The :class:`soc2_pac.rules.Evidence` of one rule over one state of the documents.

    Views and indexes are built once for each kind and shared by all judged resources; call :meth:`at`
    for the view from one judged resource's scope. It is the :class:`soc2_pac.rules.Whole`, too.

    Args:
        rule: whose declarations count.
        documents: where they come from, or what other rules have read of them already.
        sourced: of the kinds that the rule joins ``where_sourced``, those whose provider has a source;
            others may stand there, too.
    """

    def __init__(
        self, rule: Rule, documents: Documents | Loaded, sourced: Collection[str] = ()
    ) -> None:
        optional = {kind.kind for kind in rule.where_sourced}
        self._declared = frozenset(kind.kind for kind in rule.joins)
        self._unsourced = frozenset(optional - set(sourced))
        self._rule_id = rule.id
        self._loaded = documents if isinstance(documents, Loaded) else Loaded(documents)
        self._building: set[str] | None = None
        """Kinds that are being read to derive something."""

    def at(self, scope: Scope) -> EvidenceHere:
        """The evidence as seen from a resource in ``scope``."""
        return EvidenceHere(self, scope)

    def sourced(self, kind: type[Resource]) -> bool:
        """Whether a source of the kind's provider is configured."""
        self._demand_declared(kind)
        return kind.kind not in self._unsourced

    def slice(self, kind: type[R], within: str, scope: Scope) -> list[R]:
        """The views of a kind ``here``, in the ``account`` or ``everywhere``, seen from ``scope``."""
        return self._loaded.slice(kind, within, scope) if self.sourced(kind) else []

    def everywhere(self, kind: type[R]) -> list[R]:
        """The views of a kind in all sources."""
        found = self.slice(kind, "everywhere", _NOWHERE)
        self._note(kind)
        return found

    def placed(self, kind: type[R]) -> Placed[R]:
        """The same with their scopes, and with what cannot be read told apart."""
        self._note(kind)
        return self._loaded.placed(kind) if self.sourced(kind) else Placed([], [])

    def _note(self, kind: type[Resource]) -> None:
        if self._building is not None and self.sourced(kind):
            self._building.add(kind.kind)

    def has_source(self, kind: str) -> bool:
        """Whether a kind that was read, by its name, has a source."""
        return kind not in self._unsourced

    def document_of(self, seen: object) -> tuple[str, str, str, str]:
        """See :meth:`Loaded.document_of`."""
        return self._loaded.document_of(seen)

    def index(self, kind: type[R], attribute: str, within: str, scope: Scope) -> dict[Any, list[R]]:
        """The same views by the value of one attribute."""
        if not self.sourced(kind):
            return {}
        key = (kind.kind, within, _anchor(within, scope), attribute)
        found = self._loaded.indexes.get(key)
        if found is None:
            found = {}
            value_of = attrgetter(attribute)
            for resource in self.slice(kind, within, scope):
                found.setdefault(value_of(resource), []).append(resource)
            self._loaded.indexes[key] = found
        return cast("dict[Any, list[R]]", found)

    def derived(self, build: Callable[[Whole], T]) -> tuple[T, frozenset[str]]:
        """What ``build`` makes of the evidence, or raises; once for all rules that may read the same.

        And the kinds that it read for that, everywhere.
        """
        key = (build, self._declared, self._unsourced)
        if key not in self._loaded.derived:
            outer, self._building = self._building, set()
            made: T | None = None
            problem: Exception | None = None
            try:
                made = build(self)
            except (EvidenceIncomplete, FactUnavailable) as error:
                problem = error
            read = frozenset(self._building)
            self._building = outer
            self._loaded.derived[key] = (made, problem, read)
        found, problem, read = self._loaded.derived[key]
        if problem is not None:
            raise problem.with_traceback(None)
        return cast("T", found), read

    def _demand_declared(self, kind: type[Resource]) -> None:
        if kind.kind not in self._declared:
            msg = (
                f"rule {self._rule_id} reads {kind.kind} without naming it in needs=[...] or "
                "where_sourced=[...]"
            )
            raise UndeclaredRead(msg)


class EvidenceHere:
    """:class:`soc2_pac.rules.Evidence`, seen from the scope of the judged resource; notes what is read."""

    __slots__ = ("_joined", "_read", "_scope")

    def __init__(self, joined: JoinedEvidence, scope: Scope) -> None:
        self._joined = joined
        self._scope = scope
        self._read: set[tuple[str, str]] = set()
        """(kind, within) that were read."""

    def here(self, kind: type[R]) -> Sequence[R]:
        """All resources of a kind in the same scope."""
        return self._slice(kind, "here")

    def account(self, kind: type[R]) -> Sequence[R]:
        """All resources of a kind in the same account."""
        return self._slice(kind, "account")

    def everywhere(self, kind: type[R]) -> Sequence[R]:
        """All resources of a kind."""
        return self._slice(kind, "everywhere")

    def _slice(self, kind: type[R], within: str) -> Sequence[R]:
        self._read.add((kind.kind, within))
        return self._joined.slice(kind, within, self._scope)

    def index(
        self, kind: type[R], key: str, *, within: str = "account"
    ) -> Mapping[Any, Sequence[R]]:
        """Resources by the value of one attribute."""
        self._read.add((kind.kind, within))
        return self._joined.index(kind, key, within, self._scope)

    def sourced(self, kind: type[Resource]) -> bool:
        """Whether a source of the kind's provider is configured."""
        return self._joined.sourced(kind)

    def derived(self, build: Callable[[Whole], T]) -> T:
        """What a function makes of the evidence; once for all judged resources."""
        found, kinds = self._joined.derived(build)
        self._read.update((kind, "everywhere") for kind in kinds)
        return found

    def basis(self, on: Iterable[object] = (), judged: object = None) -> Basis | None:
        """What was read so far, and the documents of these views; ``None`` where nothing was.

        ``judged``: the judged view, which a finding names anyway.

        Raises:
            TypeError: one of ``on`` is no view of a joined document.
        """
        documents = {self._joined.document_of(seen) for seen in on if seen is not judged}
        populations = {
            (kind, _pattern(within, self._scope))
            for kind, within in self._read
            if self._joined.has_source(kind)
        }
        if not documents and not populations:
            return None
        return Basis(tuple(sorted(documents)), tuple(sorted(populations)))


class GivenDocuments:
    """Documents held in memory and complete: for cases, tests and ``check --document``."""

    def __init__(
        self,
        scope: Scope,
        bodies: Mapping[str, Sequence[bytes]],
        elsewhere: Mapping[str, Sequence[tuple[Scope, bytes]]] | None = None,
    ) -> None:
        """``bodies`` are in ``scope``; ``elsewhere``: further ones, each with its own scope."""
        self._scope = scope
        self._bodies = bodies
        self._elsewhere = elsewhere or {}

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        """Given kinds are complete; kinds that nobody gave were not collected."""
        if kind not in self._bodies:
            return []
        others = {scope for scope, _ in self._elsewhere.get(kind, ())} - {self._scope}
        return [(scope, None) for scope in (self._scope, *sorted(others))]

    def bodies(self, kind: str) -> Iterable[Held]:
        """The given documents, those of the one scope first."""
        here = [Held(self._scope, body) for body in self._bodies.get(kind, ())]
        return [*here, *(Held(*one) for one in self._elsewhere.get(kind, ()))]


def _pattern(within: str, scope: Scope) -> str:
    """The scopes that a reading was over, as :class:`Basis` names them."""
    if within == "here":
        return str(scope)
    return f"{scope.provider}:{scope.account}/*" if within == "account" else "*"


def _anchor(within: str, scope: Scope) -> Scope | str | None:
    if within == "here":
        return scope
    if within == "account":
        return f"{scope.provider}:{scope.account}"
    return None


def _inside(within: str, scope: Scope) -> Callable[[Scope], bool]:
    if within == "here":
        return lambda other: other == scope
    if within == "account":
        return lambda other: (other.provider, other.account) == (scope.provider, scope.account)
    if within == "everywhere":
        return lambda other: True  # noqa: ARG005 - same shape as its neighbours
    msg = f"within='{within}' is none of here, account, everywhere"
    raise ValueError(msg)
