"""Effective grants of every person and machine account, out of the current documents of the store.

Views say who holds what, and who is in which group; here groups are expanded with the way that led through
them, and each account is joined with its owner. What is listed follows from the grants and the accounts that
systems show, never from the roster: an account that nobody owns stands there like any other. A group whose
members nobody read is a row of its own.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from soc2_pac.errors import FactUnavailable
from soc2_pac.evaluate.looks import StoreDocuments, state_of
from soc2_pac.evaluate.people import tells_of_people, together
from soc2_pac.identity import (
    Account,
    Grant,
    Hidden,
    IdentityGraph,
    Members,
    Owned,
    Person,
    of_one_truth,
)
from soc2_pac.model import Status, utc_text
from soc2_pac.resources import Resource, view
from soc2_pac.store import findings as store
from soc2_pac.store.scopes import retired

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from soc2_pac.hookspecs import JoinedIdentities
    from soc2_pac.identity import Access, Identity
    from soc2_pac.model import Scope
    from soc2_pac.store.findings import LookRow

UNLISTED = "unlisted"
"""In which system of its provider an account is that holds a grant and that no listing shows."""
ACCOUNT = "account"
"""What the grant is called that an account is by itself."""
_WAYS = 1000
"""Ways through groups within groups that are told apart for one grant."""


class Source(NamedTuple):
    """From where something is known: all documents of one kind in one scope."""

    kind: str
    scope: Scope


class Effective(NamedTuple):
    """A grant as it reaches an account, or the group of which it is not known whom it reaches."""

    owned: Owned | None
    """The account and whose it is; ``None``: who has it was not read."""
    group: str
    """The group whose members were not read; else empty."""
    unread: str
    """Why they were not."""
    grant: Grant
    paths: tuple[tuple[str, ...], ...]
    """The ways on which it comes, each from the outermost group to the innermost; an empty one: directly."""
    sources: frozenset[Source]
    """What says so."""

    @property
    def key(self) -> tuple[str, str, str, str, str, str]:
        """What makes it this grant and no other, at every collection."""
        holder = self.owned.account.uid if self.owned else f"group {self.group}"
        home = self.owned.account.system if self.owned else self.grant.of or self.grant.system
        grant = self.grant
        return (
            grant.system,
            home,
            holder,
            grant.sort,
            grant.id or grant.what,
            grant.on_id or grant.on,
        )


class Looked(NamedTuple):
    """The last collection of a kind in a scope, and whether a review may rest on it."""

    kind: str
    look: LookRow
    reason: str | None
    """Why it cannot be relied on."""


class Grants(NamedTuple):
    """What the store knows of grants."""

    graph: IdentityGraph
    rows: tuple[Effective, ...]
    """By system, account and grant."""
    incomplete: tuple[str, ...]
    """What is not complete or too old, of all that says who has what."""
    notes: tuple[str, ...]
    """What is not complete of all that only adds to it: factors, the last use, ties to people."""
    looks: tuple[Looked, ...]
    """The collections that this rests on."""
    systems: tuple[str, ...]
    """Those of the rows, in full."""
    known: frozenset[str]
    """Systems and providers that the store knows."""

    def shown(self) -> Mapping[tuple[str, str, str, str, str, str], Effective]:
        """The rows by what makes each this grant and no other."""
        return {row.key: row for row in self.rows}


def tells_of_grants(kind: type[Resource]) -> bool:
    """Whether documents of a kind say who has what: without a complete collection a review is not complete."""
    return kind.lists_accounts or kind.access_grants is not Resource.access_grants


def read(
    connection: Connection,
    kinds: Iterable[type[Resource]],
    now: datetime,
    max_age: timedelta,
    *,
    systems: Collection[str] = (),
    joined: Iterable[JoinedIdentities] = (),
) -> Grants:
    """Effective grants by the current documents.

    Args:
        connection: to read from.
        kinds: all that can be collected; those that tell neither of people nor of grants are passed over.
        now: the instant by which collections are too old.
        max_age: how old a collection may be.
        systems: only these, each in full (``github:acme``) or by its provider; all when empty.
        joined: what says who administers, from several kinds of one account.
    """
    wanted = {system.strip().lower() for system in systems}
    reading = _Reading(connection, now, max_age)
    for kind in kinds:
        if tells_of_people(kind) or tells_of_grants(kind):
            reading.take(kind)
    reading.join(joined)
    return reading.grants(wanted)


class _Reading:
    """Reads documents, and remembers what says what."""

    def __init__(self, connection: Connection, now: datetime, max_age: timedelta) -> None:
        self._connection = connection
        self._now = now
        self._max_age = max_age
        self._upto = store.last_collection(connection)
        self._identities: list[Identity] = []
        self._grants: list[tuple[Grant, Source]] = []
        self._members: list[tuple[Members, Source]] = []
        self._hidden: list[tuple[str, str, str]] = []
        """Provider, system, and what could not be read."""
        self._kinds: list[type[Resource]] = []
        self._looks: dict[str, list[Looked]] = {}
        self._unreadable: dict[str, int] = defaultdict(int)
        self._of: dict[tuple[str, str], set[Source]] = defaultdict(set)
        """Account -> what lists it."""
        self._provider: dict[str, set[str]] = defaultdict(set)
        """System -> providers whose documents speak of it."""
        self._ties: set[str] = set()
        """Kinds that name persons, or say whose an account is."""
        self._persons = False
        self._notes: list[str] = []

    def take(self, kind: type[Resource]) -> None:
        """Read every current document of a kind."""
        self._kinds.append(kind)
        demanded = tells_of_grants(kind)
        scopes: dict[int, Source] = {}
        self._looks[kind.kind] = []
        gone = retired(self._connection, utc_text(self._now))
        looks = store.looks(self._connection, kind.kind, self._upto, gone)
        why = None
        if not looks and gone:
            # Nothing is left of it: a review must not take that for "nobody has anything".
            looks = store.looks(self._connection, kind.kind, self._upto, {})
            why = "the scope was retired, and no other is left"
        for scope_id, look in looks.items():
            scopes[scope_id] = Source(kind.kind, look.scope)
            state = state_of(look, self._now, self._max_age)
            sound = state.status in (None, Status.NOT_APPLICABLE)
            reason = why or (None if sound else state.reason)
            self._looks[kind.kind].append(Looked(kind.kind, look, reason))
        for chunk in store.documents(self._connection, kind.kind, None):
            for row in chunk:
                source = scopes.get(row.scope)
                if source is None:
                    continue  # retired, or of a source that could not be reached then, and was since
                try:
                    seen = view(kind, row.body)
                    self._note(kind, seen.identities(source.scope), source, demanded=demanded)
                    self._note(kind, seen.access_grants(source.scope), source, demanded=demanded)
                except FactUnavailable:
                    self._unreadable[kind.kind] += 1

    def _note(
        self,
        kind: type[Resource],
        said: Iterable[Identity | Access],
        source: Source,
        *,
        demanded: bool,
    ) -> None:
        provider = source.scope.provider
        for item in said:
            if isinstance(item, Account):
                self._identities.append(item)
                if demanded:
                    self._of[item.key].add(source)
                    self._provider[item.system].add(provider)
            elif isinstance(item, Grant):
                self._grants.append((item, source))
                self._provider[item.system].add(provider)
            elif isinstance(item, Members):
                self._members.append((item, source))
            elif isinstance(item, Hidden):
                self._hidden.append((provider, item.system, f"{item.what}: {item.reason}"))
            else:
                self._identities.append(item)
                self._ties.add(kind.kind)
                self._persons = self._persons or isinstance(item, Person)

    def join(self, joined: Iterable[JoinedIdentities]) -> None:
        """Take what several kinds say together of the accounts that are known."""
        documents = StoreDocuments(self._connection, self._upto, self._now, self._max_age)
        places = {
            (looked.look.scope.provider, looked.look.scope.account): None
            for looks in self._looks.values()
            for looked in looks
        }
        known = {item.key for item in self._identities if isinstance(item, Account)}
        said, self._notes = together(documents, places, joined)
        self._identities += [
            item for item in said if not isinstance(item, Account) or item.key in known
        ]

    # -- what comes of it -------------------------------------------------------------------------------

    def grants(self, wanted: set[str]) -> Grants:
        """Expand and join."""
        stated = {id(grant) for grant, _ in self._grants if grant.stated}
        collected = {
            _prefix(account.system)
            for account in self._identities
            if isinstance(account, Account) and self._of.get(account.key)
        }
        # Whoever wrote down an account of a system that nobody collects speaks for the system.
        own = [
            (grant, source)
            for grant, source in self._grants
            if id(grant) not in stated or _prefix(grant.system) not in collected
        ]
        graph = IdentityGraph(of_one_truth(self._identities))
        accounts = _Accounts(graph, self._identities)
        groups = _Groups(self._members)
        rows: dict[tuple[str, ...], Effective] = {}

        def add(row: Effective) -> None:
            before = rows.get(row.key)
            rows[row.key] = row if before is None else _joined(before, row)

        for owned in graph.accounts:
            sources = self._of.get(owned.account.key)
            if sources:
                add(_as_grant(owned, frozenset(sources)))
        held: set[tuple[str, str]] = set()
        """Groups that a grant leads through."""
        for grant, source in own:
            home = grant.of or grant.system
            if not grant.by_group:
                owned = accounts.find(home, grant.holder, grant)
                add(Effective(owned, "", "", grant, (grant.path,), frozenset({source})))
                continue
            for row in groups.expand(grant, source, accounts, held):
                add(row)
        for record, source in groups.idle(held):
            what = record.name or record.uid
            grant = Grant(
                record.system,
                record.uid,
                what,
                "group",
                of=record.system,
                by_group=True,
                id=record.uid,
            )
            for row in groups.expand(grant, source, accounts, set()):
                add(row)
        found = [row for row in rows.values() if self._wants(row, wanted)]
        # A program of the provider's own that may do nothing is none of the company's.
        busy = {row.owned.account.key for row in found if row.owned and row.grant.sort != ACCOUNT}
        found = [
            row
            for row in found
            if row.owned is None
            or row.grant.sort != ACCOUNT
            or row.owned.account.sort != "bot"
            or row.owned.account.key in busy
        ]
        found.sort(key=_order)
        incomplete, notes = self._soundness(wanted)
        rests = {source.kind for row in found for source in row.sources} | self._ties
        providers = {_prefix(kind, ".") for kind in rests}
        looks = tuple(
            looked
            for kind in self._kinds
            for looked in self._looks[kind.kind]
            if _prefix(kind.kind, ".") in providers
        )
        known = {*self._provider, *map(_prefix, self._provider)}
        known |= {name for names in self._provider.values() for name in names}
        known |= {_prefix(kind, ".") for kind, found_looks in self._looks.items() if found_looks}
        return Grants(
            graph,
            tuple(found),
            tuple(incomplete),
            tuple(dict.fromkeys([*notes, *self._notes])),
            looks,
            tuple(sorted({row.grant.system for row in found})),
            frozenset(name.lower() for name in known),
        )

    def _wants(self, row: Effective, wanted: set[str]) -> bool:
        if not wanted:
            return True
        system = row.grant.system
        names = {system.lower(), _prefix(system).lower()}
        if not row.grant.stated:
            names |= {source.scope.provider for source in row.sources}
        return not names.isdisjoint(wanted)

    def _soundness(self, wanted: set[str]) -> tuple[list[str], list[str]]:
        """What is missing of that which says who has what, and of the rest."""
        incomplete: list[str] = []
        notes: list[str] = []
        asked = {_prefix(one) for one in wanted} | {
            provider
            for system, providers in self._provider.items()
            if {system.lower(), _prefix(system).lower()} & wanted
            for provider in providers
        }
        for kind in self._kinds:
            provider = _prefix(kind.kind, ".")
            looks = self._looks[kind.kind]
            chosen = not wanted or provider in asked
            if chosen and tells_of_grants(kind) and self._used(provider):
                if not looks:
                    incomplete.append(f"{kind.kind} was never collected")
                bad = _within(looks, provider, wanted)
                lost = self._unreadable.get(kind.kind)
                if lost:
                    incomplete.append(f"{lost} documents of {kind.kind} cannot be read")
                told = incomplete
            else:
                # Whose the accounts are hangs on what names people, in whatever system; without a single
                # person, on whatever might have named one.
                bad = list(looks)
                told = incomplete if kind.kind in self._ties or not self._persons else notes
                if told is notes and not chosen:
                    continue
            told += [
                f"{kind.kind} in {looked.look.scope} is not complete: {looked.reason}"
                for looked in bad
                if looked.reason
            ]
        for provider, system, what in sorted(set(self._hidden)):
            if not wanted or {provider, system.lower(), _prefix(system).lower()} & wanted:
                incomplete.append(f"{what} (in {system})")
        return incomplete, notes

    def _used(self, provider: str) -> bool:
        """Whether anything was ever collected of a provider."""
        return any(looks for kind, looks in self._looks.items() if _prefix(kind, ".") == provider)


def _within(looks: Sequence[Looked], provider: str, wanted: set[str]) -> list[Looked]:
    """Of the collections of a kind, those in accounts that were asked for; all where it has none there."""
    if not wanted or provider in wanted:
        return list(looks)
    own = [one for one in looks if f"{provider}:{one.look.scope.account}".lower() in wanted]
    return own or list(looks)


class _Accounts:
    """Accounts by what grants call them."""

    def __init__(self, graph: IdentityGraph, records: Iterable[Identity]) -> None:
        """Take every login of an account: while it is renamed, two records of it differ."""
        self._graph = graph
        self._by: dict[tuple[str, str], Owned] = {}
        self._made: dict[tuple[str, str], Owned] = {}
        logins: dict[tuple[str, str], set[str]] = defaultdict(set)
        for record in records:
            if isinstance(record, Account):
                logins[record.key].add(record.login.lower())
        for owned in reversed(graph.accounts):
            account = owned.account
            for name in (*sorted(logins[account.key]), account.uid.lower()):
                for system in (_prefix(account.system), account.system):
                    self._by[system, name] = owned

    def find(self, system: str, holder: str, grant: Grant) -> Owned:
        """The account; where no listing shows it, one of which the grant is all that is known."""
        folded = holder.lower()
        found = self._by.get((system, folded))
        if found is not None:
            return found
        full = system if ":" in system or grant.stated else f"{system}:{UNLISTED}"
        made = self._made.get((full, folded))
        if made is None:
            itself = holder == grant.holder
            account = Account(
                full,
                holder,
                (grant.holder_name if itself else "") or holder,
                "",
                (holder,) if "@" in holder else (),
                None,
                None,
                None,
                sort=grant.holder_is if itself else "person",
            )
            made = self._made[full, folded] = self._graph.whose(account)
        return made


class _Group:
    """What all documents together say of one group."""

    def __init__(self, record: Members) -> None:
        self.name = ""
        self.uid = record.uid
        self.records: list[tuple[Members, Source]] = []

    @property
    def called(self) -> str:
        return self.name or self.uid

    @property
    def unread(self) -> str:
        """Why not all members are known; one document that knows them is enough."""
        reasons = [record.unread for record, _ in self.records]
        return "" if "" in reasons else reasons[0]

    @property
    def label(self) -> str:
        """What stands in a path."""
        rule = next((record.dynamic for record, _ in self.records if record.dynamic), "")
        return f"{self.called} (dynamic: {rule})" if rule else self.called


class _Groups:
    """Groups by uid, and who is in them."""

    def __init__(self, members: Iterable[tuple[Members, Source]]) -> None:
        self._groups: dict[tuple[str, str], _Group] = {}
        for record, source in members:
            key = (record.system, record.uid.lower())
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = _Group(record)
            group.records.append((record, source))
            group.name = group.name or record.name

    def expand(
        self, grant: Grant, source: Source, accounts: _Accounts, held: set[tuple[str, str]]
    ) -> Iterator[Effective]:
        """The grant for each account in the group, and a row for each group of which somebody is missing."""
        home = grant.of or grant.system
        start = self._groups.get((home, grant.holder.lower()))
        if start is None:
            why = "nobody read who is in it"
            yield Effective(None, grant.holder, why, grant, (grant.path,), frozenset({source}))
            return
        todo = [(start, grant.path, frozenset({source}), frozenset[int]())]
        seen: set[int] = set()
        steps = 0
        while todo:
            group, before, sources, above = todo.pop()
            steps += 1
            # A circle ends where it began; where groups are woven too thickly each is walked through once.
            if id(group) in above or (id(group) in seen and steps > _WAYS):
                continue
            seen.add(id(group))
            above |= {id(group)}
            path = (*before, group.label)
            sources |= {one for _, one in group.records}
            held.update((record.system, record.uid.lower()) for record, _ in group.records)
            if group.unread:
                why = group.unread
                yield Effective(None, group.called, why, grant, (path,), sources)
            way = path
            if names := self._perhaps(group):
                way = (*before, f"{group.label} (perhaps by {', '.join(names)} in it)")
            for record, _ in group.records:
                system = record.of or record.system
                for uid in record.accounts:
                    owned = accounts.find(system, uid, grant)
                    yield Effective(owned, "", "", grant, (way,), sources)
                for uid in record.groups:
                    inner = self._groups.get((system, uid.lower()))
                    if inner is not None and not (record.flat and inner.unread):
                        todo.append((inner, path, sources, above))
                    elif not record.flat:
                        why = "nobody read who is in it"
                        yield Effective(None, uid, why, grant, ((*path, uid),), sources)

    def _perhaps(self, group: _Group) -> list[str]:
        """Groups by which accounts may be in a group of which the members are listed without the way."""
        named: set[str] = set()
        for record, _ in group.records:
            for uid in record.groups if record.flat else ():
                inner = self._groups.get((record.of or record.system, uid.lower()))
                named.add(inner.called if inner else uid)
        return sorted(named)

    def idle(self, held: set[tuple[str, str]]) -> Iterator[tuple[Members, Source]]:
        """Groups that no grant leads through, and being in which is a grant by itself."""
        seen = set()
        for group in self._groups.values():
            record, source = group.records[0]
            key = (record.system, record.uid.lower())
            if key in held or id(group) in seen or not all(r.gives for r, _ in group.records):
                continue
            seen.add(id(group))
            yield msgspec.structs.replace(record, name=group.name), source


def _as_grant(owned: Owned, sources: frozenset[Source]) -> Effective:
    account = owned.account
    grant = Grant(account.system, account.uid, ACCOUNT, "account", privileged=account.privileged)
    return Effective(owned, "", "", grant, ((),), sources)


def _joined(one: Effective, other: Effective) -> Effective:
    """The same grant on two ways."""
    paths = tuple(sorted({*one.paths, *other.paths}))
    privileged = one.grant.privileged or other.grant.privileged
    if privileged is False and None in (one.grant.privileged, other.grant.privileged):
        privileged = None
    note = "; ".join(sorted({note for note in (one.grant.note, other.grant.note) if note}))
    grant = msgspec.structs.replace(one.grant, privileged=privileged, note=note)
    return one._replace(grant=grant, paths=paths, sources=one.sources | other.sources)


def _order(row: Effective) -> tuple[str, ...]:
    login = row.owned.account.login.lower() if row.owned else ""
    first = "0" if row.grant.sort == ACCOUNT else "1"
    return (row.grant.system, "" if row.owned else "~", login, first, *row.key)


def _prefix(system: str, separator: str = ":") -> str:
    return system.partition(separator)[0]
