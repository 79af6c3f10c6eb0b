"""What a rule that joins reads: views by kind, checked for declaration and completeness."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from soc2_pac.errors import EvidenceIncomplete, UndeclaredRead
from soc2_pac.resources import Resource, view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from soc2_pac.model import Scope
    from soc2_pac.rules import Rule

R = TypeVar("R", bound=Resource)


class Documents(Protocol):
    """Where joined documents come from: the store, a case file, or a live look."""

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        """Every scope where the kind was looked for, with why its last look is not complete, or None."""

    def bodies(self, kind: str) -> Iterable[tuple[Scope, bytes | str]]:
        """Every current document of the kind, in a stable order."""


class JoinedEvidence:
    """The :class:`soc2_pac.rules.Evidence` of one rule over one state of the documents.

    Views and indexes are built once for each kind and shared by all judged resources; call :meth:`at`
    for the view from one judged resource's scope.
    """

    def __init__(self, rule: Rule, documents: Documents) -> None:
        self._declared = frozenset(needed.kind for needed in rule.needs)
        self._rule_id = rule.id
        self._documents = documents
        self._views: dict[str, list[tuple[Scope, Resource]]] = {}
        self._looks: dict[str, list[tuple[Scope, str | None]]] = {}
        self._slices: dict[tuple[str, str, Scope | str | None], list[Resource]] = {}
        self._indexes: dict[
            tuple[str, str, Scope | str | None, str], dict[Any, list[Resource]]
        ] = {}

    def at(self, scope: Scope) -> EvidenceHere:
        """The evidence as seen from a resource in ``scope``."""
        return EvidenceHere(self, scope)

    def slice(self, kind: type[R], within: str, scope: Scope) -> list[R]:
        """The views of a kind ``here``, in the ``account`` or ``everywhere``, seen from ``scope``."""
        key = (kind.kind, within, _anchor(within, scope))
        found = self._slices.get(key)
        if found is None:
            inside = _inside(within, scope)
            self._load(kind)
            self._demand_complete(kind.kind, inside, scope)
            found = self._slices[key] = [v for s, v in self._views[kind.kind] if inside(s)]
        return cast("list[R]", found)

    def index(self, kind: type[R], attribute: str, within: str, scope: Scope) -> dict[Any, list[R]]:
        """The same views by the value of one attribute."""
        key = (kind.kind, within, _anchor(within, scope), attribute)
        found = self._indexes.get(key)
        if found is None:
            found = {}
            value_of = attrgetter(attribute)
            for resource in self.slice(kind, within, scope):
                found.setdefault(value_of(resource), []).append(resource)
            self._indexes[key] = found
        return cast("dict[Any, list[R]]", found)

    def _load(self, kind: type[Resource]) -> None:
        if kind.kind not in self._declared:
            msg = f"rule {self._rule_id} reads {kind.kind} without naming it in needs=[...]"
            raise UndeclaredRead(msg)
        if kind.kind not in self._views:
            self._looks[kind.kind] = list(self._documents.looks(kind.kind))
            self._views[kind.kind] = [
                (scope, view(kind, body)) for scope, body in self._documents.bodies(kind.kind)
            ]

    def _demand_complete(
        self, kind: str, inside: Callable[[Scope], bool], seen_from: Scope
    ) -> None:
        looks = [(scope, reason) for scope, reason in self._looks[kind] if inside(scope)]
        if not looks:
            msg = f"{kind} is needed and was never collected for {seen_from}"
            raise EvidenceIncomplete(msg)
        for scope, reason in looks:
            if reason is not None:
                msg = f"{kind} is needed and not complete in {scope}: {reason}"
                raise EvidenceIncomplete(msg)


class EvidenceHere:
    """:class:`soc2_pac.rules.Evidence`, seen from the scope of the judged resource."""

    __slots__ = ("_joined", "_scope")

    def __init__(self, joined: JoinedEvidence, scope: Scope) -> None:
        self._joined = joined
        self._scope = scope

    def here(self, kind: type[R]) -> Sequence[R]:
        """All resources of a kind in the same scope."""
        return self._joined.slice(kind, "here", self._scope)

    def account(self, kind: type[R]) -> Sequence[R]:
        """All resources of a kind in the same account."""
        return self._joined.slice(kind, "account", self._scope)

    def everywhere(self, kind: type[R]) -> Sequence[R]:
        """All resources of a kind."""
        return self._joined.slice(kind, "everywhere", self._scope)

    def index(
        self, kind: type[R], key: str, *, within: str = "account"
    ) -> Mapping[Any, Sequence[R]]:
        """Resources by the value of one attribute."""
        return self._joined.index(kind, key, within, self._scope)


class GivenDocuments:
    """Documents held in memory and complete: for cases, tests and ``check --document``."""

    def __init__(self, scope: Scope, bodies: Mapping[str, Sequence[bytes]]) -> None:
        self._scope = scope
        self._bodies = bodies

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        """Given kinds are complete; kinds that nobody gave were not looked at."""
        return [(self._scope, None)] if kind in self._bodies else []

    def bodies(self, kind: str) -> Iterable[tuple[Scope, bytes | str]]:
        """The given documents, all in the one scope."""
        return [(self._scope, body) for body in self._bodies.get(kind, ())]


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
