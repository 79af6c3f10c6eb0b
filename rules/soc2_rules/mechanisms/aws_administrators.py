"""Who administers an AWS account: by everything, or by enough to get it.

One notion for users, groups and roles. All policies of one holder are taken together, inline and attached, those of
its groups too, under its permissions boundary. Beside rights in IAM itself, a holder gets everything by a role that
already administers: it may take that role on, pass it to what it runs, or run code where a service has it. What
service control policies take away is not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from soc2_collectors.aws.models.escalation import PASS_ROLE
from soc2_collectors.aws.models.iam import AwsPolicy, Group, Policy, Role, User, strong_by_name
from soc2_collectors.aws.models.rights import (
    ASSUME,
    BOUNDARY,
    EVERYTHING,
    EXISTING,
    PASS,
    Grants,
    Rights,
    grants_of,
    rights_of,
    trusted_by,
)
from soc2_collectors.aws.models.trust import service
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from soc2_collectors.aws.models.escalation import Path
    from soc2_collectors.aws.models.policy import Statement
    from soc2_pac.model import Scope
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence, Whole

T = TypeVar("T")
Holder: TypeAlias = User | Group | Role
KINDS: tuple[type[Resource], ...] = (Group, Role, Policy, AwsPolicy)
"""What a rule that asks for standing needs, beside the judged kind."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether somebody administers, and by what."""

    administrator: bool | None
    """``None``: nobody can tell."""
    how: str = ""
    """By what it does, or why nobody can tell."""
    on: tuple[Resource, ...] = ()
    """The documents that say so, beside the holder's own."""


def standing(evidence: Evidence, holder: Holder, scope: Scope) -> Standing:
    """Whether a user, group or role administers its account. The rule needs all of :data:`KINDS`."""
    found: list[Sequence[Resource]] = []
    missing: list[str] = []
    for kind in KINDS:
        try:
            found.append(evidence.account(kind))
        except (EvidenceIncomplete, FactUnavailable) as error:
            # What is there may prove that somebody administers; that nobody does needs all of it.
            missing.append(str(error))
    return evidence.derived(_shelf).book(scope.account, found, missing).standing(holder)


class Shelf:
    """The books of all accounts, each made when it is first asked for."""

    def __init__(self) -> None:
        self._books: dict[str, Book] = {}

    def book(
        self, account: str, found: Sequence[Sequence[Resource]], missing: Sequence[str]
    ) -> Book:
        """That of an account: what was found in it, and what is missing."""
        if account not in self._books:
            book = self._books[account] = Book(unreadable=list(missing))
            for listed in found:
                for one in listed:
                    book.add(one)
        return self._books[account]


def _shelf(_: Whole) -> Shelf:
    return Shelf()


@dataclass(frozen=True, slots=True)
class _Strong:
    """A role that administers."""

    role: Role
    trust: tuple[Statement, ...]
    services: frozenset[str]
    """Who may take it on: ``lambda``, ``ecs-tasks``; ``saml`` for whoever signs in elsewhere."""


@dataclass(slots=True)
class Book:
    """What is known of the identities and policies of one account."""

    groups: dict[str, Group] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    policies: dict[str, Policy | AwsPolicy] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    _strong: dict[str, _Strong] | None = None
    _known: dict[str, Standing] = field(default_factory=dict)

    def add(self, one: Resource) -> None:
        """Take up a document."""
        if isinstance(one, Group):
            self.groups[one.group_name] = one
        elif isinstance(one, Role):
            self.roles[one.arn] = one
        elif isinstance(one, AwsPolicy) or (isinstance(one, Policy) and one.arn and not one.owner):
            self.policies[str(one.arn)] = one

    def standing(self, holder: Holder) -> Standing:
        """Whether a holder administers."""
        if holder.arn not in self._known:
            self._known[holder.arn] = self._standing(holder)
        return self._known[holder.arn]

    def _standing(self, holder: Holder) -> Standing:
        parts = [holder, *self._groups_of(holder)]
        held = _Held(self, holder, parts)
        if (alone := self._direct(held)).administrator:
            return alone
        if way := next(self._by_roles(held), None):
            return Standing(administrator=True, how=way[0], on=(*held.documents, way[1]))
        missing = [*held.missing, *([] if held.modest else self.unreadable)]
        if missing:
            return Standing(administrator=None, how="; ".join(missing))
        return alone

    def _direct(self, held: _Held) -> Standing:
        """By what its policies say, without a look at roles."""
        rights = held.rights
        how = rights.how
        if not rights.administrator and held.ceiling_is_its_own:
            rights, how = (
                Rights(administrator=True),
                "it may take its own permissions boundary away",
            )
        if rights.administrator:
            return Standing(administrator=True, how=held.told(how), on=held.documents)
        if rights.administrator is None:
            if None in held.grants.ceilings:
                why = (
                    f"its permissions boundary {held.holder.boundary} was not among those collected"
                )
            else:
                why = f"whether the conditions of its policies let it do this is not known: {how}"
            return Standing(administrator=None, how=why)
        return Standing(administrator=False)

    def _groups_of(self, holder: Holder) -> list[Group]:
        names = (holder.group_list or ()) if isinstance(holder, User) else ()
        return [self.groups[name] for name in names if name in self.groups]

    # -- by a role ------------------------------------------------------------------------------------

    @property
    def strong(self) -> dict[str, _Strong]:
        """The roles that administer, by ARN: by their policies, then by other roles that do."""
        if self._strong is not None:
            return self._strong
        self._strong = {}
        held = {arn: _Held(self, role, [role]) for arn, role in self.roles.items()}
        found = [arn for arn, one in held.items() if self._direct(one).administrator]
        while found:
            for arn in found:
                self._strong[arn] = _strong(self.roles[arn])
                del held[arn]
            found = [arn for arn, one in held.items() if next(self._by_roles(one), None)]
        return self._strong

    def _by_roles(self, held: _Held) -> Iterator[tuple[str, Role]]:
        """How a holder gets the rights of a role that administers."""
        holder = held.holder
        for strong in self.strong.values():
            if strong.role.arn == holder.arn:
                continue
            if not isinstance(holder, Group) and trusted_by(
                strong.trust, holder.arn, held.grants, strong.role.arn
            ):
                yield (
                    f"it may take on the role {strong.role.role_name}, which administers",
                    strong.role,
                )
            for path in _paths(held.grants, strong):
                yield (
                    f"{path.told}, with the role {strong.role.role_name}, which administers",
                    strong.role,
                )


def _paths(grants: Grants, strong: _Strong) -> Iterator[Path]:
    for path in grants.candidates(PASS, EXISTING):
        shared = strong.services.intersection(path.services)
        if not shared:
            continue
        if path.kind == EXISTING:
            if grants.goes(path):
                yield path
            continue
        others = [action for action in path.actions if action != PASS_ROLE]
        if any(
            grants.allows(grants.request(PASS_ROLE, strong.role.arn, passed_to=service))
            for service in shared
        ) and all(grants.allows(grants.request(action)) for action in others):
            yield path


def _strong(role: Role) -> _Strong:
    try:
        trust = tuple(role.trust)
    except FactUnavailable:
        trust = ()
    services = {
        "saml" if ":saml-provider/" in value else service(value)
        for statement in trust
        if statement.allow
        for kind, value in statement.principals
        if kind == "Service" or ":saml-provider/" in value
    }
    return _Strong(role, trust, frozenset(services))


class _Held:
    """All that one holder has: its policies, its groups', and what could not be read."""

    def __init__(self, book: Book, holder: Holder, parts: Sequence[Holder]) -> None:
        self.holder = holder
        self.documents: tuple[Resource, ...] = ()
        self.missing: list[str] = []
        self.by_name: list[str] = []
        self._book = book
        self._parts = parts
        if isinstance(holder, User):
            if holder.group_list is None:
                self.missing.append("the groups of the user were not given")
            if unknown := sorted(set(holder.group_list or ()) - set(book.groups)):
                self.missing.append(
                    f"the groups {', '.join(unknown)} were not among those collected"
                )
        listed = [statements for part in parts for statements in self._statements(part)]
        near = tuple(
            dict.fromkeys(
                arn
                for part in parts
                for arn in (part.arn, *(p.policy_arn for p in part.attached_managed_policies or ()))
            )
        )
        self.grants = grants_of(
            listed,
            arn=holder.arn,
            near=near,
            ceilings=self._ceilings(),
            holder="" if isinstance(holder, Group) else holder.arn,
        )

    def _statements(self, part: Holder) -> Iterator[Sequence[Statement]]:
        for policy in self._listed(lambda: part.inline):
            try:
                yield policy.statements
            except FactUnavailable as error:
                self.missing.append(f"the policy {policy.policy_name} of {part.name}: {error}")
        unread = []
        for attached in self._listed(lambda: part.attached):
            found = self._book.policies.get(attached.policy_arn)
            try:
                if found is not None:
                    yield found.statements
                    self.documents = (*self.documents, found)
                    continue
            except FactUnavailable as error:
                self.missing.append(f"the policy {attached.policy_arn}: {error}")
                continue
            known = strong_by_name(attached.policy_arn)
            if known:
                self.by_name.append(attached.policy_arn)
                yield EVERYTHING
            elif known is None:
                unread.append(attached.policy_arn)
        if unread:
            self.missing.append(f"the policies {', '.join(unread)} were not among those collected")
        if part is not self.holder:
            self.documents = (*self.documents, part)

    def _listed(self, read: Callable[[], Sequence[T]]) -> Sequence[T]:
        try:
            return read()
        except FactUnavailable as error:
            self.missing.append(str(error))
            return ()

    def _ceilings(self) -> tuple[tuple[Statement, ...] | None, ...]:
        arn = self.holder.boundary
        if arn is None:
            return ()
        found = self._book.policies.get(arn)
        try:
            return (tuple(found.statements) if found is not None else None,)
        except FactUnavailable:
            return (None,)

    @property
    def rights(self) -> Rights:
        """By its policies alone."""
        rights = rights_of(self.grants)
        if rights.administrator and self.by_name:
            return Rights(administrator=True, how=self.by_name[0].rpartition("/")[2])
        return rights

    @property
    def ceiling_is_its_own(self) -> bool:
        """Whether a boundary is what holds it back, and it may take that away."""
        if not self.grants.ceilings:
            return False
        free = rights_of(self.grants.without_ceilings).administrator
        return bool(free) and any(answer for _, answer in self.grants.paths(BOUNDARY))

    @property
    def modest(self) -> bool:
        """It could not use a role that administers, if there was one that was not read."""
        return not any(self.grants.candidates(PASS, EXISTING, ASSUME))

    def told(self, how: str) -> str:
        """By what, and of whose policies."""
        names = [
            part.group_name
            for part in self._parts
            if isinstance(part, Group) and part is not self.holder
        ]
        if not names:
            return f"directly ({how})"
        own = _Held(self._book, self.holder, [self.holder])
        if own.rights.administrator:
            return f"directly ({how})"
        strong = [
            name
            for name in names
            if _Held(
                self._book, self._book.groups[name], [self._book.groups[name]]
            ).rights.administrator
        ]
        return f"by group {', '.join(strong or names)} ({how})"


__all__ = ["KINDS", "Holder", "Standing", "standing"]
