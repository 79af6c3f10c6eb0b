"""Who administers an AWS account: by everything, or by enough to get it.

One notion for users, groups and roles. All policies of one holder are taken together, inline and attached, those of
its groups too, under its permissions boundary. Beside rights in IAM itself, a holder gets everything by a role that
already administers: it may take that role on, pass it to what it runs, or run code where a service has it. Where
it may do so with a role of which nobody can tell, nobody can tell of the holder. What service control policies take
away is not looked at.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from soc2_collectors.aws.models.escalation import PASS_ROLE
from soc2_collectors.aws.models.iam import AwsPolicy, Group, Policy, Role, User, strong_by_name
from soc2_collectors.aws.models.policy import account_of, partition_of
from soc2_collectors.aws.models.rights import (
    ASSUME,
    BOUNDARY,
    EVERYTHING,
    EXISTING,
    PASS,
    Rights,
    all_of,
    grants_of,
    named_among,
    rights_of,
    trusted_by,
)
from soc2_collectors.aws.models.trust import service
from soc2_pac.errors import EvidenceIncomplete, FactUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from soc2_collectors.aws.models.escalation import Path
    from soc2_collectors.aws.models.policy import Statement
    from soc2_pac.model import Scope
    from soc2_pac.resources import Resource
    from soc2_pac.rules import Evidence, Placed, Whole

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

    @property
    def told(self) -> str:
        """By what it does, as it follows after ``administers`` or ``administrator`` in a message."""
        if self.how.startswith(("directly ", "by group ")):
            return self.how
        return f"{'since' if self.how.startswith('it ') else 'by'} {self.how}"


def standing(evidence: Evidence, holder: Holder, scope: Scope) -> Standing:
    """Whether a user, group or role administers its account. The rule needs all of :data:`KINDS`."""
    found: list[Sequence[Resource]] = []
    missing: dict[type[Resource], str] = {}
    for kind in KINDS:
        try:
            found.append(evidence.account(kind))
        except (EvidenceIncomplete, FactUnavailable) as error:
            # What is there may prove that somebody administers; that nobody does needs all of it.
            missing[kind] = str(error)
    return evidence.derived(_shelf).book(scope.account, found, missing).standing(holder)


class Shelf:
    """The books of all accounts, each made when it is first asked for."""

    def __init__(self) -> None:
        self._books: dict[str, Book] = {}

    def book(
        self,
        account: str,
        found: Sequence[Sequence[Resource]],
        missing: Mapping[type[Resource], str],
    ) -> Book:
        """That of an account: what was found in it, and what is missing."""
        if account not in self._books:
            book = self._books[account] = Book(
                unreadable=list(missing.values()), roles_hidden=Role in missing
            )
            for listed in found:
                for one in listed:
                    book.add(one)
        return self._books[account]


def _shelf(_: Whole) -> Shelf:
    return Shelf()


class Standings:
    """The standing of users, groups and roles of all accounts, read at once. Needs all of :data:`KINDS`."""

    def __init__(self, whole: Whole) -> None:
        self.missing: dict[str, str] = {}
        """Kind -> why it is not known whole: what is there may prove that somebody administers all the same."""
        self._books: dict[str, Book] = {}
        self._lost: list[str] = []
        read = [(kind, placed) for kind in KINDS if (placed := self._placed(whole, kind))]
        for kind, placed in read:
            for scope, one in placed.resources:
                self._book(scope).add(one)
            for scope, reason in placed.unreadable:
                book = self._book(scope)
                book.unreadable.append(reason)
                book.roles_hidden = book.roles_hidden or kind is Role
                self.missing.setdefault(kind.kind, reason)

    def of(self, holder: Holder, scope: Scope) -> Standing:
        """Whether a holder administers its account."""
        return self._book(scope).standing(holder)

    def _placed(self, whole: Whole, kind: type[Resource]) -> Placed[Resource] | None:
        try:
            return whole.placed(kind)
        except EvidenceIncomplete as error:
            self.missing[kind.kind] = str(error)
            self._lost.append(str(error))
            return None

    def _book(self, scope: Scope) -> Book:
        return self._books.setdefault(
            scope.account,
            Book(unreadable=list(self._lost), roles_hidden=Role.kind in self.missing),
        )


@dataclass(frozen=True, slots=True)
class _Strong:
    """A role that administers, and who may take it on."""

    role: Role
    trust: tuple[Statement, ...]
    services: frozenset[str]
    """``lambda``, ``ecs-tasks``; ``saml`` for whoever signs in elsewhere."""
    named: frozenset[str]
    """Users, roles and sessions of roles, by ARN; ``*`` for all of the account."""
    general: bool
    """Whoever the account lets."""
    unread: bool
    """Its trust policy cannot be read: nobody can tell whom it names."""


def _strong(role: Role) -> _Strong:
    trust: tuple[Statement, ...] = ()
    unread = False
    try:
        trust = tuple(role.trust)
    except FactUnavailable:
        unread = True
    allowed = [pair for one in trust if one.allow for pair in one.principals]
    account = account_of(role.arn)
    whole = {account, f"arn:{partition_of(role.arn)}:iam::{account}:root"}
    return _Strong(
        role=role,
        trust=trust,
        services=frozenset(
            "saml" if ":saml-provider/" in value else service(value)
            for kind, value in allowed
            if kind == "Service" or ":saml-provider/" in value
        ),
        named=frozenset(value for kind, value in allowed if kind in ("AWS", "*")),
        general=any(one.allow and one.not_principals for one in trust)
        or any(value in whole for _, value in allowed),
        unread=unread,
    )


@dataclass(slots=True)
class Book:
    """What is known of the identities and policies of one account."""

    groups: dict[str, Group] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    policies: dict[str, Policy | AwsPolicy] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)
    roles_hidden: bool = False
    """Some role was not read: whom it names needs no right to take it on."""
    _strong: list[_Strong] | None = None
    _doubtful: list[_Strong] | None = None
    _standings: dict[str, Standing] = field(default_factory=dict)
    _held: dict[str, _Held] = field(default_factory=dict)
    _read: dict[str, Sequence[Statement]] = field(default_factory=dict)

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
        if holder.arn not in self._standings:
            self._standings[holder.arn] = self._standing(self.held(holder))
        return self._standings[holder.arn]

    def held(self, holder: Holder) -> _Held:
        """All that a holder has."""
        if holder.arn not in self._held:
            names = (holder.group_list or ()) if isinstance(holder, User) else ()
            groups = [self.groups[name] for name in names if name in self.groups]
            self._held[holder.arn] = _Held(self, holder, [holder, *groups])
        return self._held[holder.arn]

    def read(self, arn: str) -> Sequence[Statement] | None:
        """What a managed policy says; ``None`` where it was not collected. Raises FactUnavailable."""
        if arn not in self._read:
            found = self.policies.get(arn)
            if found is None:
                return None
            self._read[arn] = found.statements
        return self._read[arn]

    def _standing(self, held: _Held) -> Standing:
        alone = held.alone
        if alone.administrator:
            return alone
        ways = [*_ways(held, self.strong), *_raised(held), *self._joined(held)]
        sure = next(((how, role) for how, role, answer in ways if answer), None)
        if sure:
            return Standing(administrator=True, how=sure[0], on=(*held.documents, sure[1]))
        missing = [*held.missing, *([] if held.modest else self.unreadable)]
        if missing:
            return Standing(administrator=None, how="; ".join(missing))
        if ways and alone.administrator is False:
            why = (
                f"whether the conditions of its policies let it do this is not known: {ways[0][0]}"
            )
            return Standing(administrator=None, how=why)
        what = "of which it is not known whether it administers"
        perhaps = next(_ways(held, self.doubtful, what), None)
        if perhaps and alone.administrator is False:
            return Standing(administrator=None, how=perhaps[0])
        return alone

    @property
    def doubtful(self) -> list[_Strong]:
        """The roles that perhaps administer: what they have was not read, or depends on what nobody can tell."""
        if self._doubtful is None:
            strong = {one.role.arn for one in self.strong}
            rest = {arn: self.held(role) for arn, role in self.roles.items() if arn not in strong}
            new = [
                arn
                for arn, one in rest.items()
                if one.missing
                or one.alone.administrator is None
                or any(True for _ in itertools.chain(_ways(one, self.strong), _raised(one)))
            ]
            self._doubtful = self._followed(rest, new, lambda ways: any(True for _ in ways))
        return self._doubtful

    def _followed(
        self, rest: dict[str, _Held], new: list[str], leads: Callable[[Iterator[_Way]], bool]
    ) -> list[_Strong]:
        """These roles, those that lead to them, and so on."""
        found: list[_Strong] = []
        while new:
            added = [_strong(self.roles[arn]) for arn in new]
            found += added
            rest = {arn: one for arn, one in rest.items() if arn not in set(new)}
            new = [arn for arn, one in rest.items() if leads(_ways(one, added))]
        return found

    @property
    def strong(self) -> list[_Strong]:
        """The roles that administer: by their policies, then by other roles that do."""
        if self._strong is None:
            rest = {arn: self.held(role) for arn, role in self.roles.items()}
            new = [
                arn
                for arn, one in rest.items()
                if one.alone.administrator or any(answer for _, _, answer in _raised(one))
            ]
            self._strong = self._followed(
                rest, new, lambda ways: any(answer for _, _, answer in ways)
            )
        return self._strong

    def _joined(self, held: _Held) -> Iterator[_Way]:
        """How a user gets the rights of a group that administers, by joining it."""
        if not isinstance(held.holder, User) or not held.grants.shows(_JOIN):
            return
        for group in self.groups.values():
            if not self.held(group).alone.administrator:
                continue
            answer = held.grants.allows(held.grants.request(_JOIN, group.arn))
            if answer is not False:
                yield f"it may join the group {group.group_name}, which administers", group, answer


_JOIN, _TRUST = "iam:AddUserToGroup", "iam:UpdateAssumeRolePolicy"
_NAMED = (_JOIN, _TRUST, "iam:PutRolePolicy", "iam:AttachRolePolicy")
"""Rights over single things that make an administrator of whoever has them over the right thing."""
_Way: TypeAlias = tuple[str, Role | Group, bool | None]
"""(how, by which role or group, whether for certain)"""


def _raised(held: _Held) -> Iterator[_Way]:
    """How a holder gets every right by giving it to a role that it can use."""
    for role, answer in held.raises:
        for how, found, may in _ways(held, [_strong(role)], "which it may give every right"):
            yield how, found, all_of([answer, may])


def _ways(
    held: _Held, strong: Iterable[_Strong], what: str = "which administers"
) -> Iterator[_Way]:
    """How a holder gets, or may get (``None``), the rights of one of these roles."""
    means = held.means
    may_let_in = held.grants.shows(_TRUST)
    arn = held.holder.arn
    for one in strong:
        role = one.role
        if role.arn == arn:
            continue
        if isinstance(held.holder, Group):
            pass  # a group takes on no role
        elif one.unread:
            how = f"whom the role {role.role_name} lets in was not read, {what}"
            yield how, role, None
        elif (one.general and held.may_assume) or named_among(one.named, arn):
            answer = trusted_by(one.trust, arn, held.grants, role.arn)
            if answer is not False:
                yield f"it may take on the role {role.role_name}, {what}", role, answer
        if may_let_in:
            answer = held.grants.allows(held.grants.request(_TRUST, role.arn))
            if answer is not False:
                how = f"it may change whom the role {role.role_name} lets in, {what}"
                yield how, role, answer
        for name in one.services & means.keys():
            for path, answer in means[name]:
                passed = held.passes(role.arn, name) if path.kind == PASS else True
                together = all_of([answer, passed])
                if together is not False:
                    how = f"{path.told}, with the role {role.role_name}, {what}"
                    yield how, role, together


class _Held:
    """All that one holder has: its policies, its groups', and what could not be read."""

    def __init__(self, book: Book, holder: Holder, parts: Sequence[Holder]) -> None:
        self.holder = holder
        self.documents: tuple[Resource, ...] = ()
        self.missing: list[str] = []
        self.by_name: list[str] = []
        self._book = book
        self._parts = parts
        self._passes_any: dict[str, bool | None] = {}
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
            tags=holder.principal_tags,
        )

    def _statements(self, part: Holder) -> Iterator[Sequence[Statement]]:
        for policy in self._listed(lambda: part.inline):
            try:
                yield policy.statements
            except FactUnavailable as error:
                self.missing.append(f"the policy {policy.policy_name} of {part.name}: {error}")
        unread = []
        for attached in self._listed(lambda: part.attached):
            try:
                found = self._book.read(attached.policy_arn)
                if found is not None:
                    yield found
                    self.documents = (*self.documents, self._book.policies[attached.policy_arn])
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
        try:
            found = self._book.read(arn)
        except FactUnavailable:
            return (None,)
        return (tuple(found) if found is not None else None,)

    @functools.cached_property
    def rights(self) -> Rights:
        """By its policies alone."""
        rights = rights_of(self.grants)
        if rights.administrator and self.by_name:
            return Rights(administrator=True, how=self.by_name[0].rpartition("/")[2])
        return rights

    @functools.cached_property
    def alone(self) -> Standing:
        """By what its policies say, without a look at roles."""
        rights = self.rights
        if not rights.administrator and self._frees_itself:
            how = "it may take its own permissions boundary away"
            rights = Rights(administrator=True, how=how)
        if rights.administrator:
            return Standing(administrator=True, how=self.told(rights.how), on=self.documents)
        if rights.administrator is None:
            why = (
                f"whether the conditions of its policies let it do this is not known: {rights.how}"
            )
            if None in self.grants.ceilings:
                limit = self.holder.boundary
                why = f"its permissions boundary {limit} was not among those collected"
            return Standing(administrator=None, how=why)
        return Standing(administrator=False)

    @property
    def _frees_itself(self) -> bool:
        """Whether a boundary is what holds it back, and it may take that away."""
        if not self.grants.ceilings:
            return False
        free = rights_of(self.grants.without_ceilings).administrator
        return bool(free) and any(answer for _, answer in self.grants.paths(BOUNDARY))

    @functools.cached_property
    def means(self) -> dict[str, list[tuple[Path, bool | None]]]:
        """Ways to the rights of a role that a service has, or is passed, by service; passing itself left aside."""
        found: dict[str, list[tuple[Path, bool | None]]] = {}
        for path in self.grants.candidates(PASS, EXISTING):
            answer = (
                self.grants.goes(path)
                if path.kind == EXISTING
                else all_of(
                    self.grants.allows(self.grants.request(action))
                    for action in path.actions
                    if action != PASS_ROLE
                )
            )
            if answer is not False:
                for name in path.services:
                    found.setdefault(name, []).append((path, answer))
        return found

    @functools.cached_property
    def raises(self) -> list[tuple[Role, bool | None]]:
        """The roles that it may give every right, or perhaps may (``None``): no boundary limits them."""
        if not any(self.grants.shows(action) for action in _NAMED[2:]):
            return []
        found = (
            (role, self.grants.strengthens(role.arn))
            for role in self._book.roles.values()
            if role.boundary is None and role.arn != self.holder.arn and not role.service_linked
        )
        return [(role, answer) for role, answer in found if answer is not False]

    @property
    def may_assume(self) -> bool:
        """Whether anything lets it take on roles; a group takes on none."""
        return not isinstance(self.holder, Group) and self.grants.shows("sts:AssumeRole")

    def passes(self, role: str, name: str) -> bool | None:
        """Whether it may pass a role on to a service."""
        if name not in self._passes_any:
            self._passes_any[name] = self.grants.on_any(PASS_ROLE, passed_to=name)
        if self._passes_any[name]:
            return True
        return self.grants.allows(self.grants.request(PASS_ROLE, role, passed_to=name))

    @property
    def modest(self) -> bool:
        """It could not use a role that administers, if there was one that was not read."""
        if self._book.roles_hidden and not isinstance(self.holder, Group):
            return False
        return not any(self.grants.candidates(PASS, EXISTING, ASSUME)) and not any(
            self.grants.shows(action) for action in _NAMED
        )

    def told(self, how: str) -> str:
        """By what, and of whose policies."""
        groups = [one for one in self._parts if isinstance(one, Group) and one is not self.holder]
        own = _Held(self._book, self.holder, [self.holder]) if groups else self
        if not groups or own.rights.administrator:
            return f"directly ({how})"
        strong = [one for one in groups if self._book.held(one).rights.administrator]
        return f"by group {', '.join(one.group_name for one in strong or groups)} ({how})"


__all__ = ["KINDS", "Holder", "Standing", "Standings", "standing"]
