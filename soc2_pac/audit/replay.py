"""The store's history from run to run: what became of each account and of each person, between which collections.

Documents are taken in the order of the collections that saw them. After each run the accounts and persons that
they speak of are compared with those before it. What differs is a turn, with the documents by which it differs:
each changed after the start of the last collection that saw it as it was, and before the end of the first that
did not.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from soc2_pac.audit.coverage import Change, Coverage, unreliable
from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.evidence import Held
from soc2_pac.evaluate.looks import StoreDocuments
from soc2_pac.evaluate.people import tells_of_people, together
from soc2_pac.identity import Account, IdentityGraph, Link, Person, merged, of_one_truth
from soc2_pac.model import utc_time
from soc2_pac.resources import view
from soc2_pac.store import changes
from soc2_pac.store import findings as store

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from soc2_pac.audit.reviews import Known
    from soc2_pac.hookspecs import JoinedIdentities
    from soc2_pac.model import Scope
    from soc2_pac.store.changes import Version
    from soc2_pac.store.periods import Horizon

TurnSort: TypeAlias = Literal["created", "removed", "disabled", "enabled", "granted", "revoked"]
Key: TypeAlias = tuple[str, str]
"""System and uid of an account, or source and id of a person."""
_Place: TypeAlias = tuple[str, str]
"""Provider and account."""
_Said: TypeAlias = dict[Key, tuple[Account, ...]]
_KEPT = 50
"""Changes that are remembered of one account while an answer is not known."""


class Turn(NamedTuple):
    """What became of an account."""

    sort: TurnSort
    old: Account | None
    """As it was before; ``None``: it was not there."""
    new: Account | None
    """As it is since; ``None``: it is not there any more."""
    changes: tuple[Change, ...]
    """At least one, each with both of its collections."""

    @property
    def account(self) -> Account:
        """As it is since, or was last."""
        found = self.new or self.old
        assert found is not None  # noqa: S101 - a turn is of an account
        return found


class PersonTurn(NamedTuple):
    """What became of a person."""

    old: Person | None
    new: Person | None
    changes: tuple[Change, ...]
    """Those without an earlier collection are first sights."""


@dataclass
class _Document:
    """A current document."""

    resource: int
    kind: str
    place: _Place
    held: Held | None
    """Kept where what several kinds say together is read from it."""
    accounts: _Said
    persons: dict[Key, Person]


@dataclass
class _State:
    """What is known of an account."""

    account: Account | None = None
    """``None``: it is not there."""
    active: bool | None = None
    privileged: bool | None = None
    """The last answer; ``None``: there was none yet."""
    when_active: list[Change] = field(default_factory=list)
    """What changed since the answer."""
    when_privileged: list[Change] = field(default_factory=list)

    def note(self, noted: Iterable[Change]) -> None:
        """Remember what changed."""
        for kept in (self.when_active, self.when_privileged):
            kept.extend(noted)
            if len(kept) > _KEPT:
                # The first and the last say when it was.
                del kept[_KEPT // 2 : -_KEPT // 2]


class Replay:
    """Goes through the history once.

    Args:
        connection: to read from.
        known: what is installed, and how old a collection may be.
        start: of the period, UTC. What was before is where it begins.
        end: of the period.
        to: what was recorded by the instant as of which it is told.
        privileges: whether it is asked who administers, too: it takes more reading.
    """

    def __init__(
        self,
        connection: Connection,
        known: Known,
        start: datetime,
        end: datetime,
        to: Horizon,
        *,
        privileges: bool = True,
    ) -> None:
        every = {kind.kind: kind for kind in known.kinds}
        self.kinds = {name: kind for name, kind in every.items() if tells_of_people(kind)}
        self._joins = _Joins(connection, known, self.kinds, to) if privileges else None
        self.joins = self._joins.kinds if self._joins else frozenset[str]()
        """Kinds from which it follows together who administers."""
        self.kinds |= {name: every[name] for name in self.joins if name in every}
        self.turns: list[Turn] = []
        """What became of accounts, in the order of the runs."""
        self.person_turns: list[PersonTurn] = []
        """What became of persons, in the order of the runs."""
        self.unreadable: dict[str, int] = defaultdict(int)
        """Kind -> documents that cannot be read: of another shape, archived, erased."""
        self.unclear: dict[Key, str] = {}
        """Accounts that administer, of which it is not known since when -> when that was seen."""
        self.speaks: set[str] = set()
        """Kinds that said whether somebody administers."""
        self.names: set[str] = set()
        """Kinds that name persons."""
        self._links: set[Link] = set()
        self._last_persons: dict[Key, Person] = {}
        self._last_accounts: dict[Key, Account] = {}
        self._documents: dict[int, _Document] = {}
        self._records: dict[Key, dict[object, tuple[bool, tuple[Account, ...]]]] = {}
        """Account -> what says something of it -> whether that lists it, and what it says."""
        self._states: dict[Key, _State] = {}
        self._touched: dict[Key, list[Change]] = {}
        self._who: dict[Key, dict[int, Person]] = {}
        self._seen: dict[Key, Person] = {}
        self._met: dict[Key, list[Change]] = {}
        self._scopes = changes.scopes(connection)
        self.coverage = Coverage(connection, self.kinds, start, end, to.collection)
        self._go(connection, start, to)

    def graph(self) -> IdentityGraph:
        """Whose each account is that was ever there, by all links that were ever stated."""
        accounts, persons = self._last_accounts.values(), self._last_persons.values()
        return IdentityGraph(of_one_truth([*persons, *self._links, *accounts]))

    def standing(self, key: Key) -> Account | None:
        """An account as of the last run; ``None`` where it is not there."""
        state = self._states.get(key)
        return state.account if state else None

    @property
    def unknown(self) -> list[Key]:
        """Accounts of which it is not known at the end whether they administer."""
        return sorted(
            key
            for key, state in self._states.items()
            if state.account is not None and state.account.privileged is None
        )

    # -- going through ----------------------------------------------------------------------------------

    def _go(self, connection: Connection, start: datetime, to: Horizon) -> None:
        coverage = self.coverage
        closing: dict[int, list[int]] = defaultdict(list)
        found = changes.versions(connection, self.kinds, coverage.base, to.collection)
        versions = _Ahead(found)
        for version in versions.upto(coverage.base):
            self._replace(None, self._open(version, closing, None), None)
        self._settle(start, begins=True)
        for _, group in itertools.groupby(coverage.later(), lambda one: one.run):
            at = start
            for one in group:
                gone = dict.fromkeys(closing.pop(one.id, ()))
                come = {version.resource: version for version in versions.upto(one.id)}
                for resource in {**gone, **come}:
                    before = self._documents.pop(resource, None)
                    change = coverage.change(one, resource if before else None)
                    version_ = come.get(resource)
                    after = self._open(version_, closing, before) if version_ else None
                    self._replace(before, after, change)
                coverage.done(one)
                at = max(at, utc_time(one.finished_at))
            self._settle(at)

    def _open(
        self, version: Version, closing: dict[int, list[int]], before: _Document | None
    ) -> _Document:
        """A document that is current from now on. ``before``: what it replaces.

        One that cannot be read says nothing else than the one before: nobody is gone because of it.
        """
        if version.closed_by is not None:
            closing[version.closed_by].append(version.resource)
        kind, scope = self.kinds[version.kind], self._scopes[version.scope_id]
        accounts: _Said = {}
        persons: dict[Key, Person] = {}
        try:
            for item in view(kind, version.body).identities(scope):
                if isinstance(item, Account):
                    accounts[item.key] = (*accounts.get(item.key, ()), item)
                    if item.privileged is not None:
                        self.speaks.add(version.kind)
                elif isinstance(item, Person):
                    persons[item.key] = item
                    self.names.add(version.kind)
                else:
                    self._links.add(item)
        except FactUnavailable:
            self.unreadable[version.kind] += 1
            accounts, persons = (before.accounts, before.persons) if before else ({}, {})
        joins = version.kind in self.joins
        held = Held(scope, version.body, version.uid, version.digest) if joins else None
        place = scope.provider, scope.account
        found = _Document(version.resource, version.kind, place, held, accounts, persons)
        self._documents[version.resource] = found
        return found

    def _replace(
        self, before: _Document | None, after: _Document | None, change: Change | None
    ) -> None:
        """Remember whom it touches that a document is another. ``change``: ``None`` at the beginning."""
        noted = [] if change is None else [change]
        found = after or before
        if found is None:
            return
        if self._joins is not None and found.kind in self.joins:
            self._joins.replace(before, after, noted)
        listing = self.kinds[found.kind].lists_accounts
        said = after.accounts if after else {}
        for key in {**(before.accounts if before else {}), **said}:
            here = self._records.setdefault(key, {})
            if key in said:
                here[found.resource] = (listing, said[key])
            else:
                here.pop(found.resource, None)
            self._touched.setdefault(key, []).extend(noted)
        named = after.persons if after else {}
        for key in {**(before.persons if before else {}), **named}:
            who = self._who.setdefault(key, {})
            if key in named:
                who[found.resource] = named[key]
            else:
                who.pop(found.resource, None)
            self._met.setdefault(key, []).extend(noted)

    # -- after each run ---------------------------------------------------------------------------------

    def _settle(self, at: datetime, *, begins: bool = False) -> None:
        """Compare with before. ``begins``: with nothing, since this is where the period does."""
        if self._joins is not None:
            for place, old, new, noted in self._joins.settle(at, self._documents, self.coverage):
                self._join(place, old, new, noted)
        accounts: dict[Key, Account | None] = {}
        for key in self._touched:
            records = self._records.get(key, {})
            here = any(listing for listing, _ in records.values())
            every = [one for _, said in records.values() for one in said]
            accounts[key] = merged(every) if here else None
        self._rename(accounts)
        for key, account in sorted(accounts.items(), key=lambda item: item[0]):
            self._turn(key, account, self._touched[key], begins=begins)
        self._touched.clear()
        for key, noted in sorted(self._met.items(), key=lambda item: item[0]):
            who = self._who.get(key) or {}
            before, now = self._seen.pop(key, None), min(who.values(), key=repr) if who else None
            if now is not None:
                self._seen[key] = self._last_persons[key] = now
            if not begins and now != before:
                self.person_turns.append(PersonTurn(before, now, tuple(noted)))
        self._met.clear()

    def _join(self, place: _Place, old: _Said, new: _Said, noted: list[Change]) -> None:
        """Take what several kinds of an account say together."""
        for key in {**old, **new}:
            if key in new:
                self._records.setdefault(key, {})[place] = (False, new[key])
            else:
                self._records.get(key, {}).pop(place, None)
            if old.get(key) != new.get(key):
                self._touched.setdefault(key, []).extend(noted)
            elif (state := self._states.get(key)) and not (
                state.account and state.account.privileged is not None
            ):
                state.note(noted)

    def _rename(self, accounts: Mapping[Key, Account | None]) -> None:
        """An account that got another uid with its name is the one that it was."""
        gone: dict[Key, Key] = {}
        for key, account in accounts.items():
            state = self._states.get(key)
            if account is None and state and state.account and state.account.lasting:
                gone[key[0], state.account.lasting] = key
        for key, account in accounts.items():
            state = self._states.get(key)
            if account is None or not account.lasting or (state and state.account):
                continue
            before = gone.pop((key[0], account.lasting), None)
            if before is not None:
                self._states[key] = self._states.pop(before)
                self._last_accounts.pop(before, None)

    def _turn(
        self, key: Key, account: Account | None, noted: list[Change], *, begins: bool
    ) -> None:
        """What became of one account by the documents that changed."""
        state = self._states.setdefault(key, _State())
        old, state.account = state.account, account
        state.note(noted)
        if account is None:
            if old is not None:
                self._happened("removed", old, None, noted)
                if state.privileged:
                    self._happened("revoked", old, None, state.when_privileged)
            del self._states[key]
            return
        self._last_accounts[key] = account
        if old is not None:
            self._compare(state, old, account)
            return
        if begins or not noted or any(change.last is None for change in noted):
            state.active, state.privileged = account.active, account.privileged
        else:
            self._happened("created", None, account, noted)
            # Nobody administers by an account that does not exist: what it has, it was given.
            state.active, state.privileged = account.active, False
            if account.privileged:
                self._happened("granted", None, account, noted)
                state.privileged = True
        state.when_active = []
        if account.privileged is not None:
            state.when_privileged = []

    def _compare(self, state: _State, old: Account, new: Account) -> None:
        """What became of an account that was there before."""
        if new.active is not None:
            if state.active is not None and new.active != state.active:
                sort: TurnSort = "enabled" if new.active else "disabled"
                self._happened(sort, old, new, state.when_active)
            state.active, state.when_active = new.active, []
        if new.privileged is not None:
            if state.privileged is None and new.privileged:
                self._unclear(new, state.when_privileged)
            elif state.privileged is not None and new.privileged != state.privileged:
                sort = "granted" if new.privileged else "revoked"
                self._happened(sort, old, new, state.when_privileged)
            state.privileged, state.when_privileged = new.privileged, []

    def _happened(
        self, sort: TurnSort, old: Account | None, new: Account | None, noted: Iterable[Change]
    ) -> None:
        found = tuple(dict.fromkeys(noted))
        turn = Turn(sort, old, new, found)
        if found and all(change.last is not None for change in found):
            self.turns.append(turn)
        elif sort == "granted":
            self._unclear(turn.account, found)

    def _unclear(self, account: Account, noted: Iterable[Change]) -> None:
        self.unclear[account.key] = max((one.seen.finished_at for one in noted), default="")


class _Joins:
    """Who administers, by several kinds of one account of a provider together."""

    def __init__(
        self, connection: Connection, known: Known, kinds: Iterable[str], to: Horizon
    ) -> None:
        self._joined: Sequence[JoinedIdentities] = known.joined
        self._max_age = known.max_age
        self.kinds = self._asked(connection, kinds, to)
        """The kinds that are read for it: those that are asked for by what the store held then."""
        self._by_kind: dict[tuple[_Place, str], dict[int, None]] = defaultdict(dict)
        self._dirty: dict[_Place, list[Change]] = {}
        self._sound: dict[_Place, tuple[bool, ...]] = {}
        self._said: dict[_Place, _Said] = {}

    def _asked(self, connection: Connection, kinds: Iterable[str], to: Horizon) -> frozenset[str]:
        if not self._joined:
            return frozenset()
        newest_of_all = store.last_collection(connection) == to.collection
        documents = StoreDocuments(
            connection, to.collection, utc_time(to.at), self._max_age, current=newest_of_all
        )
        reader = _Noting(documents)
        newest = changes.newest(connection, list(kinds), to.collection)
        together(reader, {(one.scope.provider, one.scope.account) for one in newest}, self._joined)
        return frozenset(reader.kinds)

    def replace(
        self, before: _Document | None, after: _Document | None, noted: Iterable[Change]
    ) -> None:
        """A document is another."""
        for document in (before, after):
            if document is None:
                continue
            here = self._by_kind[document.place, document.kind]
            here.pop(document.resource, None)
            if document is after:
                here[document.resource] = None
            dirty = self._dirty.setdefault(document.place, [])
            dirty += (change for change in noted if change not in dirty)

    def settle(
        self, at: datetime, documents: Mapping[int, _Document], coverage: Coverage
    ) -> Iterator[tuple[_Place, _Said, _Said, list[Change]]]:
        """Place, what was said, what is said, and by which changes; where it may be another since."""
        looks: dict[_Place, dict[str, list[tuple[Scope, str | None]]]] = defaultdict(dict)
        for (kind, _), one in coverage.newest.items():
            if kind in self.kinds:
                here = looks[one.scope.provider, one.scope.account]
                here.setdefault(kind, []).append(unreliable(one, at, self._max_age))
        for place, here in looks.items():
            sound = tuple(why is None for kind in sorted(here) for _, why in here[kind])
            if place not in self._dirty and self._sound.get(place) == sound:
                continue
            self._sound[place] = sound
            joined = [join for join in self._joined if join.provider == place[0]]
            said, _ = together(_Here(here, documents, self._by_kind, place), [place], joined)
            new: _Said = {}
            for item in said:
                if isinstance(item, Account):
                    new[item.key] = (*new.get(item.key, ()), item)
            yield place, self._said.get(place, {}), new, self._dirty.pop(place, [])
            self._said[place] = new


class _Ahead:
    """Versions in order, as far as one wants them."""

    def __init__(self, versions: Iterator[Version]) -> None:
        self._versions = versions
        self._next = next(versions, None)

    def upto(self, collection: int) -> Iterator[Version]:
        """Those that were opened by collections up to this one."""
        while self._next is not None and self._next.opened_by <= collection:
            found = self._next
            self._next = next(self._versions, None)
            yield found


class _Noting:
    """Documents of the store; notes which kinds are asked for."""

    def __init__(self, documents: StoreDocuments) -> None:
        self._documents = documents
        self.kinds: dict[str, None] = {}

    def looks(self, kind: str) -> Iterable[tuple[Scope, str | None]]:
        """Each scope's last collection, with why it cannot be relied on."""
        self.kinds[kind] = None
        return self._documents.looks(kind)

    def bodies(self, kind: str) -> Iterable[Held]:
        """Every document of the kind."""
        return self._documents.bodies(kind)


class _Here:
    """Documents of one account of a provider, as of a run."""

    def __init__(
        self,
        looks: Mapping[str, list[tuple[Scope, str | None]]],
        documents: Mapping[int, _Document],
        by_kind: Mapping[tuple[_Place, str], Mapping[int, None]],
        place: _Place,
    ) -> None:
        self._looks = looks
        self._documents = documents
        self._by_kind = by_kind
        self._place = place

    def looks(self, kind: str) -> list[tuple[Scope, str | None]]:
        """Each scope with why its last collection cannot be relied on."""
        return self._looks.get(kind, [])

    def bodies(self, kind: str) -> Iterator[Held]:
        """The documents of the account, in the order of their first sight."""
        for resource in sorted(self._by_kind.get((self._place, kind), ())):
            document = self._documents[resource]
            if document.held is not None:
                yield document.held
