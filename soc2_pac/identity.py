"""Persons and their accounts, joined by what some system says, with the reason for each link.

Pure logic: values come in, a graph comes out, and no provider is known by name. Nothing is guessed. An
account belongs to a person when a statement of the evidence says so: a line of a mapping file, a SAML or
SCIM identity, the account's own record, a mail address that both carry. A likeness of names is no
statement. Where statements of one strength contradict each other, nobody owns the account and the
contradiction is listed.

The order of the input never matters.
"""

from __future__ import annotations

import enum
import functools
from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Sort: TypeAlias = Literal["person", "service", "shared", "bot"]
"""Whose an account is: one person's, a program's, several people's, or a robot's of the provider."""


class Strength(enum.IntEnum):
    """How much a link weighs: a stronger one overrules those below it."""

    MAIL = 1
    """A mail address that the system has verified, or that its administrators wrote, is the person's."""
    STATED = 2
    """The account's own record names its owner: a tag, an attribute."""
    IDENTITY = 3
    """A SAML or SCIM identity ties them."""
    MAPPING = 4
    """Somebody wrote it down in a mapping file, against whatever else is there."""


class Person(msgspec.Struct, frozen=True):
    """Somebody who works here, or did, as the source of truth on people says."""

    id: str
    """Unique within ``source``: a personnel number."""
    name: str
    mails: tuple[str, ...]
    active: bool
    left_at: datetime | None
    """When they left (UTC); ``None`` while they are here, or where the source does not say."""
    source: str
    """Who says so: ``roster:acme``, ``okta:acme.okta.com``."""
    joined_at: datetime | None = None
    manager: str | None = None
    """Id or mail of a person."""
    department: str | None = None
    logins: tuple[str, ...] = ()
    """Further keys that systems know the person by, besides id and mails."""

    @property
    def key(self) -> tuple[str, str]:
        """Unique over all sources."""
        return self.source, self.id

    def gone(self, now: datetime) -> bool:
        """Whether they have left at an instant. A day in the future on which they leave is not here yet."""
        return not self.active or (self.left_at is not None and self.left_at <= now)

    def __str__(self) -> str:
        return f"{self.name} ({self.id})" if self.name else self.id


class Account(msgspec.Struct, frozen=True):
    """Somebody's or something's way into one system.

    Two records of one account (same ``system`` and ``uid``) are merged: what one does not know, the other
    may; where they differ, the more worrying holds.
    """

    system: str
    """Provider and account, joined by a colon: ``github:acme``, ``aws:111122223333``."""
    uid: str
    """Unique within the system and stable over renames."""
    login: str
    """What the system calls it; compared without regard to case."""
    name: str
    mails: tuple[str, ...]
    """Addresses that the system has verified or that its administrators wrote; they tie it to a person."""
    active: bool | None
    """Whether it can be used now; ``None``: not known, or left to another record of the account."""
    privileged: bool | None
    """Whether it administers the system; ``None``: not known."""
    mfa: bool | None
    """Whether it needs a second factor; ``None``: not known."""
    sort: Sort = "person"
    person: str | None = None
    """Id, mail or login of the owner, where the account's own record names one."""
    created: datetime | None = None
    last_used: datetime | None = None
    signs_in: bool | None = None
    """Whether anybody can sign in to it; ``False`` for one with nothing but keys, which have no second
    factor. ``None``: not said, and taken for yes."""
    groups: tuple[str, ...] = ()
    """Names of the groups and roles that give it its rights, as far as the record says."""
    closed_at: datetime | None = None
    """Since when it cannot be used, where the system keeps that."""
    guest: bool = False
    """Whether it is somebody's from outside: a guest, an outside collaborator."""
    lasting: str = ""
    """An id that stays where ``uid`` changes with the name: renaming an IAM user changes its ARN."""

    @property
    def key(self) -> tuple[str, str]:
        """Unique over all systems."""
        return self.system, self.uid

    def __str__(self) -> str:
        return f"{self.login} in {self.system}"


class Link(msgspec.Struct, frozen=True):
    """A statement of some system that an account belongs to a person."""

    system: str
    """As in :class:`Account`, or its provider alone: ``github`` speaks of every GitHub organisation."""
    login: str
    """Of the account."""
    person_key: str | None
    """Id, mail or login of a person; ``None``: the statement says what the account is, and names nobody."""
    reason: str
    """The statement in words: ``SAML NameID ann@acme.example``, ``mapping.csv line 7``."""
    strength: Strength = Strength.IDENTITY
    sort: Sort | None = None
    """What the account is, where the statement says so."""
    note: str = ""


Identity: TypeAlias = Person | Account | Link
"""What views tell of identities."""

GrantSort: TypeAlias = Literal[
    "account", "role", "policy", "group", "application", "repository", "key"
]
"""What is granted: the account itself, a role, a policy, a group that gives nothing which is known, an
application, access to a repository, a credential."""


class Grant(msgspec.Struct, frozen=True):
    """Something that an account, or whoever is in a group, may use or do."""

    system: str
    """Where it holds: ``aws:111122223333``, ``github:acme``."""
    holder: str
    """Uid or login of an account, or uid of a group; letter case does not matter."""
    what: str
    """The role, policy, application or permission, as the system calls it."""
    sort: GrantSort
    on: str = ""
    """What it is a grant on: a subscription, a repository; empty: the whole system."""
    by_group: bool = False
    """Whether the holder is a group."""
    of: str = ""
    """The system of the holder, in full or by its provider alone; empty: ``system``."""
    privileged: bool | None = None
    """Whether who has it administers what it is a grant on; ``None``: not known."""
    path: tuple[str, ...] = ()
    """How it comes beside the groups, as far as the document says: an inherited role, a team's parent."""
    note: str = ""
    """What a reviewer has to know of it: that it must be activated first, or when it ends."""
    id: str = ""
    """What is granted by a name that never changes, where ``what`` may: an ARN, the id of an application. Another
    ``id`` is another grant: nothing counts as taken away because somebody renamed it."""
    on_id: str = ""
    """The same of ``on``: the id of a repository that may be renamed."""
    holder_is: Sort = "person"
    """What the holder is, where no listing shows it."""
    holder_name: str = ""
    """What the holder is called, where no listing shows it."""
    stated: bool = False
    """Whether somebody wrote it down, and no system said it: it counts where no system with accounts was
    collected."""


class Members(msgspec.Struct, frozen=True):
    """Who is in a group, or a part of them: what several documents say of one group is joined."""

    system: str
    uid: str
    """Of the group, unique within the system; letter case does not matter."""
    name: str = ""
    accounts: tuple[str, ...] = ()
    """Uids or logins of accounts."""
    groups: tuple[str, ...] = ()
    """Uids of groups in it."""
    of: str = ""
    """The system of the accounts and groups, in full or by its provider alone; empty: ``system``."""
    unread: str = ""
    """Why there may be more than are named; empty: these are all that the document knows."""
    flat: bool = False
    """Whether ``accounts`` holds those who are in it by a nested group as well."""
    dynamic: str = ""
    """The rule by which the system itself puts accounts into it."""
    gives: bool = True
    """Whether being in it is a grant by itself, where none of its own is known."""


class Hidden(msgspec.Struct, frozen=True):
    """Grants that could not be read: a list of them is not complete."""

    system: str
    what: str
    """Which: ``who has access to acme/api``."""
    reason: str


Access: TypeAlias = Account | Grant | Members | Hidden
"""What views tell of grants. An account among them is one that no listing of people shows: a program's."""


DoerSort: TypeAlias = Literal["person", "app", "bot", "unknown"]
"""Who did something: somebody with an account, an integration of the company's or bought, a robot of the
provider's own or one that calls itself so, or nobody can say."""

DeedSort: TypeAlias = Literal["created", "disabled", "removed", "granted", "revoked"]
"""What was done to an account: made, locked, deleted, given a privilege, deprived of one."""


class Doer(msgspec.Struct, frozen=True):
    """Who did something, as the provider's own log or event says."""

    name: str
    """Login, or else what the provider calls it; empty: it does not say."""
    sort: DoerSort = "unknown"
    id: str = ""
    """What stays when it is renamed: a number at most providers; empty: not said."""


class Deed(msgspec.Struct, frozen=True):
    """Something that was done to an account, as the provider's own log says."""

    system: str
    """As in :class:`Account`."""
    account: str
    """Uid or login; letter case does not matter."""
    sort: DeedSort
    at: datetime
    by: Doer
    what: str = ""
    """What the provider calls it: ``user.lifecycle.create``."""


def of_one_truth(identities: Iterable[Identity]) -> list[Identity]:
    """The same, with persons of one sort of source: the same human in two stands there once.

    A source of persons that holds no accounts (personnel records) overrules those that do (an identity
    provider, whose users are accounts, too).
    """
    found = list(identities)
    systems = {item.system for item in found if isinstance(item, Account)}
    sources = {item.source for item in found if isinstance(item, Person)}
    records = sources - systems
    if not records:
        return found
    return [item for item in found if not isinstance(item, Person) or item.source in records]


class Owned(NamedTuple):
    """An account, and whose it is."""

    account: Account
    person: Person | None
    """``None``: nobody's, as far as the evidence goes."""
    reason: str
    """Why it is that person's, or why it is nobody's."""
    mapped: bool = False
    """A mapping file speaks of the account."""
    note: str = ""
    """What the mapping file says besides."""
    strength: Strength | None = None
    """How much the statement weighs by which it is theirs; ``None``: it is nobody's."""


class Conflict(NamedTuple):
    """Statements that contradict each other. Nothing was guessed from them."""

    about: str
    """``account``: several persons claim it; ``mail``, ``id``, ``login``: several persons carry it;
    ``overruled``: a weaker statement names somebody else."""
    subject: str
    """The account, mail, id or login."""
    persons: tuple[str, ...]
    """Who is named."""
    reasons: tuple[str, ...]
    """By what."""


class _Notes:
    """What is noticed on the way."""

    def __init__(self) -> None:
        self.conflicts: set[Conflict] = set()
        self.heard: set[tuple[str, str]] = set()
        """Systems and logins that statements spoke of and that are there."""
        self.disputed: dict[tuple[str, str], set[str]] = {}
        """Person -> accounts that may be theirs."""

    def dispute(self, account: Account, persons: Iterable[Person]) -> None:
        for person in persons:
            self.disputed.setdefault(person.key, set()).add(str(account))


class IdentityGraph:
    """Persons, accounts, and whose each account is.

    Args:
        identities: in any order. Persons of one source of truth only, or the same human stands there twice.
    """

    def __init__(self, identities: Iterable[Identity]) -> None:
        persons: set[Person] = set()
        accounts: dict[tuple[str, str], list[Account]] = {}
        links: set[Link] = set()
        for item in identities:
            if isinstance(item, Account):
                accounts.setdefault(item.key, []).append(item)
            elif isinstance(item, Person):
                persons.add(item)
            else:
                links.add(item)
        self.persons: tuple[Person, ...] = tuple(sorted(persons, key=_person_order))
        """Everybody, by source and id."""
        notes = _Notes()
        self._by_key = self._keys(notes)
        said: dict[tuple[str, str], list[Link]] = defaultdict(list)
        for link in links:
            said[_fold(link.system), _fold(link.login)].append(link)
        joined = [(merged(records), records) for records in accounts.values()]
        joined.sort(key=lambda pair: (pair[0].system, _fold(pair[0].login), pair[0].uid))
        self._said = dict(said)
        self.accounts: tuple[Owned, ...] = tuple(
            self._own(account, _statements(records), notes) for account, records in joined
        )
        """Every account with its owner, by system and login."""
        self.conflicts: tuple[Conflict, ...] = tuple(sorted(notes.conflicts))
        self.unused: tuple[Link, ...] = tuple(
            sorted(
                (
                    link
                    for link in links
                    if link.strength is Strength.MAPPING
                    and (_fold(link.system), _fold(link.login)) not in notes.heard
                ),
                key=_link_order,
            )
        )
        """Lines of a mapping file that speak of no account that is there."""
        self._disputed = notes.disputed

    @functools.cached_property
    def _of(self) -> Mapping[tuple[str, str], list[Owned]]:
        found: dict[tuple[str, str], list[Owned]] = {}
        for owned in self.accounts:
            if owned.person is not None:
                found.setdefault(owned.person.key, []).append(owned)
        return found

    @functools.cached_property
    def _by_uid(self) -> Mapping[tuple[str, str], Owned]:
        return {owned.account.key: owned for owned in self.accounts}

    def of(self, source: str, person_id: str) -> tuple[Owned, ...]:
        """The accounts of a person, by system and login."""
        return tuple(self._of.get((source, person_id), ()))

    def account(self, system: str, uid: str) -> Owned | None:
        """One account; ``None`` where there is no such."""
        return self._by_uid.get((system, uid))

    def disputed(self, source: str, person_id: str) -> tuple[str, ...]:
        """Accounts that may be a person's: they are nobody's, since more than one is named."""
        return tuple(sorted(self._disputed.get((source, person_id), ())))

    def whose(self, *records: Account) -> Owned:
        """Whose an account is that need not be in the graph, by what its records and the links say."""
        return self._own(merged(list(records)), _statements(list(records)), _Notes())

    def person(self, key: str) -> Person | None:
        """Whom an id, mail or login names; ``None`` for nobody, or for more than one."""
        found = self._by_key.get(_fold(key), ())
        return found[0] if len(found) == 1 else None

    @property
    def unmatched(self) -> tuple[Owned, ...]:
        """Accounts that no statement ties to a person."""
        return tuple(owned for owned in self.accounts if owned.person is None)

    # -- how it is joined -----------------------------------------------------------------------------

    def _keys(self, notes: _Notes) -> dict[str, tuple[Person, ...]]:
        """Id, mail or login -> who carries it. More than one is a conflict."""
        found: dict[str, dict[Person, set[str]]] = {}
        for person in self.persons:
            carried = [
                ("id", person.id),
                *(("mail", mail) for mail in person.mails),
                *(("login", login) for login in person.logins),
            ]
            for sort, text in carried:
                if key := _fold(text):
                    found.setdefault(key, {}).setdefault(person, set()).add(sort)
        for key, carriers in found.items():
            if len(carriers) > 1:
                sorts = set().union(*carriers.values())
                about = next(sort for sort in ("mail", "id", "login") if sort in sorts)
                named = tuple(sorted(str(person) for person in carriers))
                said = tuple(
                    sorted(
                        f"{sort} of {person} in {person.source}"
                        for person, own in carriers.items()
                        for sort in own
                    )
                )
                notes.conflicts.add(Conflict(about, key, named, said))
        return {key: tuple(carriers) for key, carriers in found.items()}

    def _own(
        self,
        account: Account,
        links: list[Link],
        notes: _Notes,
    ) -> Owned:
        login = _fold(account.login)
        for system in _systems(account.system):
            spoken = self._said.get((system, login))
            if spoken is not None:
                notes.heard.add((system, login))
                links += spoken
        if not links:
            return Owned(account, None, "no statement names an owner")
        if len(links) > 1:
            links.sort(key=_link_order)
        mapping = [link for link in links if link.strength is Strength.MAPPING]
        if mapping:
            account = _sorted(account, mapping, notes.conflicts)
        note = "; ".join(dict.fromkeys(link.note for link in mapping if link.note))
        owner, reason, strength = self._decide(account, links, notes)
        return Owned(account, owner, reason, bool(mapping), note, strength)

    def _decide(
        self, account: Account, links: list[Link], notes: _Notes
    ) -> tuple[Person | None, str, Strength | None]:
        """The owner by the strongest statements that name somebody known, why, and how strong they are."""
        owner: Person | None = None
        reason = ""
        decided: Strength | None = None
        lost: list[str] = []
        for strength in sorted({link.strength for link in links}, reverse=True):
            level = [link for link in links if link.strength is strength]
            claims: dict[Person, list[str]] = {}
            perhaps: dict[Person, None] = {}
            unclear = False
            for link in level:
                if link.person_key is None:
                    continue
                named = self._by_key.get(_fold(link.person_key), ())
                if len(named) == 1:
                    claims.setdefault(named[0], []).append(link.reason)
                elif named:
                    unclear = True
                    perhaps.update(dict.fromkeys(named))
                    lost.append(f"{link.reason} is said of {len(named)} persons")
                else:
                    # A NameID may be opaque; what is written down names somebody, and weaker statements
                    # would only guess who.
                    unclear = unclear or strength is Strength.MAPPING
                    lost.append(f"{link.reason} is said of nobody who is known")
            if owner is not None:
                others = [person for person in claims if person != owner]
                if others:
                    named_too = tuple(sorted(str(person) for person in {owner, *others}))
                    said = (reason, *(r for person in others for r in claims[person]))
                    notes.conflicts.add(
                        Conflict("overruled", str(account), named_too, tuple(sorted(set(said))))
                    )
                continue
            if len(claims) > 1:
                named_all = tuple(sorted(str(person) for person in claims))
                said = tuple(sorted({r for reasons in claims.values() for r in reasons}))
                notes.conflicts.add(Conflict("account", str(account), named_all, said))
                notes.dispute(account, claims)
                return None, f"{len(claims)} persons claim it: {'; '.join(said)}", None
            if unclear:
                notes.dispute(account, (*perhaps, *claims))
                return None, "; ".join(dict.fromkeys(lost)), None
            if claims:
                ((owner, reasons),) = claims.items()
                reason = reasons[0]
                decided = strength
        if owner is not None:
            return owner, reason, decided
        return None, "; ".join(dict.fromkeys(lost)) or "no statement names an owner", None


def _sorted(account: Account, mapping: list[Link], conflicts: set[Conflict]) -> Account:
    """The account as what the mapping says that it is."""
    sorts = sorted({link.sort for link in mapping if link.sort is not None})
    if len(sorts) > 1:
        conflicts.add(Conflict("account", str(account), (), tuple(link.reason for link in mapping)))
        # Of two words the one that asks for an owner of its own.
        sorts = [sort for sort in sorts if sort == "person"] or sorts
    if sorts and sorts[0] != account.sort:
        return msgspec.structs.replace(account, sort=sorts[0])
    return account


@functools.lru_cache(maxsize=1024)
def _systems(system: str) -> tuple[str, ...]:
    """What a statement may call a system: in full, or by its provider."""
    whole = _fold(system)
    return tuple(dict.fromkeys((whole, whole.partition(":")[0])))


def _fold(text: str) -> str:
    """Mail addresses, ids and logins are compared without regard to case; nothing else is taken away."""
    return text.strip().lower()


def _statements(records: list[Account]) -> list[Link]:
    """What the account's own records say of its owner."""
    own: set[Link] = set()
    for record in records:
        if not (record.person or record.mails):
            continue
        system, login = record.system, record.login
        if record.person:
            reason = f"{system} names {record.person} as the owner"
            own.add(Link(system, login, record.person, reason, Strength.STATED))
        for mail in record.mails:
            if mail.strip():
                own.add(Link(system, login, mail, f"mail {mail}", Strength.MAIL))
    return list(own)


def merged(records: Sequence[Account]) -> Account:
    """One account out of what several records, one at least, say of it."""
    first = records[0]
    if len(records) == 1 and len(first.mails) <= 1 and len(first.groups) <= 1:
        return first
    mails: set[str] = set()
    groups: set[str] = set()
    owners: set[str] = set()
    sorts: set[Sort] = set()
    login = name = ""
    active = privileged = mfa = signs_in = None
    created = last_used = closed_at = None
    guest = False
    lasting = ""
    for record in records:
        guest = guest or record.guest
        lasting = min(filter(None, (lasting, record.lasting)), default="")
        mails.update(record.mails)
        groups.update(record.groups)
        if record.person:
            owners.add(record.person)
        if record.sort != "person":
            sorts.add(record.sort)
        # Of two logins or names the first by the alphabet: which record came first must not matter.
        login = min(filter(None, (login, record.login)), default="")
        name = min(filter(None, (name, record.name)), default="")
        active = _any(active, record.active)
        privileged = _any(privileged, record.privileged)
        mfa = record.mfa if mfa is None else mfa and record.mfa is not False
        signs_in = _any(signs_in, record.signs_in)
        created = min(filter(None, (created, record.created)), default=None)
        last_used = max(filter(None, (last_used, record.last_used)), default=None)
        closed_at = max(filter(None, (closed_at, record.closed_at)), default=None)
    return Account(
        system=first.system,
        uid=first.uid,
        login=login,
        name=name,
        mails=tuple(sorted(mails)),
        active=active,
        privileged=privileged,
        mfa=mfa,
        sort=min(sorts, default="person"),
        person=min(owners) if len(owners) == 1 else None,
        created=created,
        last_used=last_used,
        signs_in=signs_in,
        groups=tuple(sorted(groups)),
        closed_at=closed_at,
        guest=guest,
        lasting=lasting,
    )


def _any(one: bool | None, other: bool | None) -> bool | None:  # noqa: FBT001 - two of a kind
    """True where one is; ``None`` where neither is known."""
    if one is None:
        return other
    return one or bool(other)


_NEVER = datetime.min.replace(tzinfo=UTC)


def _person_order(person: Person) -> tuple[object, ...]:
    return (
        person.source,
        person.id,
        person.name,
        person.mails,
        person.active,
        person.left_at or _NEVER,
        person.joined_at or _NEVER,
        person.manager or "",
        person.department or "",
        person.logins,
    )


def _link_order(link: Link) -> tuple[object, ...]:
    return (
        -link.strength,
        link.system,
        link.login,
        link.person_key or "",
        link.reason,
        link.sort or "",
        link.note,
    )
