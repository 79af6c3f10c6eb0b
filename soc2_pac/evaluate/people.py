"""People and their accounts as the store holds them, for a person to read. Rules read through evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.evidence import Loaded
from soc2_pac.evaluate.looks import StoreDocuments
from soc2_pac.identity import IdentityGraph, of_one_truth
from soc2_pac.resources import Resource, view
from soc2_pac.rules import Placed
from soc2_pac.store import findings as store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from soc2_pac.evaluate.evidence import Documents, Held
    from soc2_pac.hookspecs import JoinedIdentities
    from soc2_pac.identity import Identity
    from soc2_pac.model import Scope

R = TypeVar("R", bound=Resource)
_Place: TypeAlias = tuple[str, str]
"""Provider and account."""


class People(NamedTuple):
    """Everybody and every account, and what is not known of them."""

    graph: IdentityGraph
    notes: tuple[str, ...]
    """Looks that are not complete, or too old, and documents that cannot be read."""


def tells_of_people(kind: type[Resource]) -> bool:
    """Whether documents of a kind say anything of persons, accounts or links."""
    return kind.identities is not Resource.identities


def read(
    connection: Connection,
    kinds: Iterable[type[Resource]],
    now: datetime,
    max_age: timedelta,
    joined: Iterable[JoinedIdentities] = (),
) -> People:
    """Join what the current documents of these kinds say.

    Args:
        connection: to read from.
        kinds: those that do not tell of people are passed over.
        now: the instant by which looks are too old.
        max_age: how old a look may be.
        joined: what says more of the accounts, from several kinds of one account.
    """
    documents = StoreDocuments(connection, store.last_collection(connection), now, max_age)
    found: list[Identity] = []
    notes: list[str] = []
    accounts: dict[_Place, None] = {}
    for kind in kinds:
        if not tells_of_people(kind):
            continue
        for scope, reason in documents.looks(kind.kind):
            accounts[scope.provider, scope.account] = None
            if reason is not None:
                notes.append(f"{kind.kind} in {scope} is not known whole: {reason}")
        unreadable = 0
        for held in documents.bodies(kind.kind):
            try:
                found.extend(view(kind, held.body).identities(held.scope))
            except FactUnavailable:
                unreadable += 1
        if unreadable:
            notes.append(f"{unreadable} documents of {kind.kind} cannot be read")
    more, unknown = together(documents, accounts, joined)
    return People(IdentityGraph(of_one_truth([*found, *more])), (*notes, *unknown))


def together(
    documents: Documents, accounts: Iterable[_Place], joined: Iterable[JoinedIdentities]
) -> tuple[list[Identity], list[str]]:
    """What several kinds together say of these accounts, and one note for each kind that is not known whole."""
    shelf = _Shelf(documents)
    found: list[Identity] = []
    unknown: dict[str, list[str]] = {}
    for join in joined:
        for provider, account in accounts:
            if provider == join.provider:
                try:
                    said, problems = join.read(_OneAccount(shelf, provider, account))
                except FactUnavailable as error:  # a document of before the collector asked for it
                    said, problems = (), {error.kind: str(error)}
                found.extend(said)
                for kind, why in problems.items():
                    unknown.setdefault(kind, []).append(f"{provider}:{account}: {why}")
    notes = []
    for _, places in sorted(unknown.items()):
        more = f" (and in {len(places) - 1} more)" if len(places) > 1 else ""
        notes.append(f"what accounts may do is not known whole in {places[0]}{more}")
    return found, notes


class _Shelf:
    """Documents by account, each kind read once for all of them."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._looks: dict[str, dict[_Place, list[tuple[Scope, str | None]]]] = {}
        self._bodies: dict[str, dict[_Place, list[Held]]] = {}

    def looks(self, kind: str, place: _Place) -> list[tuple[Scope, str | None]]:
        """Each scope of the account with why its last look cannot be relied on."""
        if kind not in self._looks:
            found = self._looks[kind] = {}
            for scope, why in self._documents.looks(kind):
                found.setdefault((scope.provider, scope.account), []).append((scope, why))
        return self._looks[kind].get(place, [])

    def bodies(self, kind: str, place: _Place) -> list[Held]:
        """The documents of the account."""
        if kind not in self._bodies:
            found = self._bodies[kind] = {}
            for held in self._documents.bodies(kind):
                found.setdefault((held.scope.provider, held.scope.account), []).append(held)
        return self._bodies[kind].get(place, [])


class _Within:
    """Documents of one account of a provider alone: what is missing in another is nothing to it."""

    def __init__(self, shelf: _Shelf, place: _Place) -> None:
        self._shelf = shelf
        self._place = place

    def looks(self, kind: str) -> list[tuple[Scope, str | None]]:
        """Each scope of the account with why its last look cannot be relied on."""
        return self._shelf.looks(kind, self._place)

    def bodies(self, kind: str) -> list[Held]:
        """The documents of the account."""
        return self._shelf.bodies(kind, self._place)


class _OneAccount:
    """:class:`soc2_pac.rules.Whole` of one account, with every kind of its provider."""

    def __init__(self, shelf: _Shelf, provider: str, account: str) -> None:
        self._provider = provider
        self._loaded = Loaded(_Within(shelf, (provider, account)))

    def sourced(self, kind: type[Resource]) -> bool:
        """Whether the kind is of the account's provider."""
        return kind.kind.partition(".")[0] == self._provider

    def everywhere(self, kind: type[R]) -> Sequence[R]:
        """The views of a kind in the account."""
        return [seen for _, seen in self.placed(kind).resources]

    def placed(self, kind: type[R]) -> Placed[R]:
        """The same with their scopes. Raises EvidenceIncomplete."""
        return self._loaded.placed(kind) if self.sourced(kind) else Placed([], [])
