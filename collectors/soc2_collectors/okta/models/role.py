"""Administrators and the roles that they hold.

Source: Okta Management API, "Role Assignments", "Roles" and "Groups".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import msgspec

from soc2_collectors.okta.models.times import Moment
from soc2_collectors.okta.models.user import EVERYBODY, User
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Account, Grant, Hidden, Members
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from soc2_pac.identity import Access, Identity
    from soc2_pac.model import Scope

SUPER_ADMIN = "SUPER_ADMIN"
CUSTOM = "CUSTOM"
ROLE_TYPES = frozenset(
    {
        "ACCESS_CERTIFICATIONS_ADMIN",
        "ACCESS_REQUESTS_ADMIN",
        "API_ACCESS_MANAGEMENT_ADMIN",
        "API_ADMIN",
        "APP_ADMIN",
        CUSTOM,
        "GROUP_MEMBERSHIP_ADMIN",
        "HELP_DESK_ADMIN",
        "MOBILE_ADMIN",
        "ORG_ADMIN",
        "READ_ONLY_ADMIN",
        "REPORT_ADMIN",
        SUPER_ADMIN,
        "USER_ADMIN",
        "WORKFLOWS_ADMIN",
    }
)
"""The types of roles that Okta documents."""


_TYPE = (
    "any role makes an administrator; where it matters who is super administrator, an unknown type leaves "
    "the question open"
)


class RoleAssignment(msgspec.Struct, frozen=True, rename="camel"):
    """A role that a user, a group or a client holds."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "type": _TYPE,
        "status": "Okta lists roles that are assigned; without a word one counts as in force",
        "label": "only named in messages; a custom role without one is called by its type",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "status": "whatever is not INACTIVE counts as in force",
        "type": _TYPE,
    }

    type: str
    """``SUPER_ADMIN``, ``ORG_ADMIN``, ``APP_ADMIN``, ..., or ``CUSTOM``."""
    label: str | None = None
    status: str | None = None
    """``ACTIVE`` or ``INACTIVE``."""
    assignment_type: str | None = None
    """``USER``: given to the person; ``GROUP``: through a group; ``CLIENT``: to an app."""
    created: Moment | None = None
    role: str | None = None
    """The id of a custom role, whose label may change."""

    @property
    def in_force(self) -> bool:
        """Whether the role can be used. Okta leaves the status out of nothing that it assigned."""
        return self.status != "INACTIVE"

    @property
    def by_group(self) -> bool:
        """Whether it comes by a group."""
        return self.assignment_type == "GROUP"

    @property
    def name(self) -> str:
        """The type of a standard role, the label of a custom one."""
        return self.label or self.type if self.type == CUSTOM else self.type

    def granted(
        self, system: str, holder: str, *, by_group: bool = False, path: tuple[str, ...] = ()
    ) -> Grant:
        """The role as a grant. Whatever it is, it administers something."""
        return Grant(
            system,
            holder,
            self.name,
            "role",
            by_group=by_group,
            privileged=self.type not in ("READ_ONLY_ADMIN", "REPORT_ADMIN"),
            path=path,
            id=f"role {self.role}" if self.role else self.name,
        )


class Admin(Resource, frozen=True, kw_only=True, rename="camel"):
    """A user with administrator roles, by themselves or by a group.

    ``GET /api/v1/iam/assignees/users``, and the members of groups that give a role.
    """

    kind = "okta.admin"
    may_lack: ClassVar[Mapping[str, str]] = {
        "roles": "a list that may be empty: the user administers nothing any more",
    }
    volatile = ("_links", "user._links")
    secret = ("user.credentials.password", "user.credentials.recovery_question.answer")

    id: str
    """Of the user."""
    roles: list[RoleAssignment] = fact("roles")
    """``GET /api/v1/users/{userId}/roles``: those given to the person and those that come by a group."""

    user: User = fact("user")
    """``GET /api/v1/users/{userId}``, without the factors, which ``okta.user`` has."""

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """That the account administers the org; unknown where its roles could not be read."""
        hidden = "roles" in self.gaps
        yield Account(
            system=f"okta:{scope.account}",
            uid=self.id,
            login="",
            name="",
            mails=(),
            active=None,
            privileged=None if hidden else bool(self.held),
            mfa=None,
            groups=() if hidden else tuple(sorted({role.name for role in self.held})),
        )

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Its roles. Which group one comes by Okta does not say here; the group does."""
        system = f"okta:{scope.account}"
        try:
            held = self.held
        except FactUnavailable as error:
            yield Hidden(system, f"the roles of administrator {self.id}", str(error))
            return
        for role in held:
            yield role.granted(system, self.id, path=("a group",) if role.by_group else ())

    @property
    def held(self) -> list[RoleAssignment]:
        """Roles that can be used."""
        return [role for role in self.roles if role.in_force]

    @property
    def holds_unknown(self) -> bool:
        """Whether a role is of a type that is not known here."""
        return _unknown(self.held)

    @property
    def is_super(self) -> bool:
        """Whether the user is a super administrator."""
        return any(role.type == SUPER_ADMIN for role in self.held)


class Permission(msgspec.Struct, frozen=True):
    """What a role allows."""

    label: str
    """``okta.users.read``, ``okta.users.manage``, ..."""


class CustomRole(Resource, frozen=True, kw_only=True, rename="camel"):
    """A role of the company's own (``GET /api/v1/iam/roles``); Okta's standard roles are in no listing."""

    kind = "okta.role"
    volatile = ("_links",)

    id: str
    label: str
    description: str | None = None
    permissions: list[Permission] = fact("permissions")
    """``GET /api/v1/iam/roles/{roleIdOrLabel}/permissions``."""


class GroupProfile(msgspec.Struct, frozen=True):
    """What a group is called."""

    name: str
    description: str | None = None


class GroupStats(msgspec.Struct, frozen=True, rename="camel"):
    """Counts of a group (``expand=stats``)."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "hasAdminPrivilege": "without the word the roles themselves are read",
        "hasAdminPrivlege": "Okta writes the name with or without the i",
    }

    users_count: int | None = None
    apps_count: int | None = None
    has_admin_privilege: bool | None = None
    """Whether the group gives its members an administrator role."""
    has_admin_privlege: bool | None = None
    """The same; Okta's API description spells it so."""

    @property
    def gives_no_role(self) -> bool:
        """Whether Okta says that the group gives no administrator role."""
        said = (self.has_admin_privilege, self.has_admin_privlege)
        return False in said and True not in said


class GroupEmbedded(msgspec.Struct, frozen=True):
    """What is asked for with a group."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "stats": "without the count the roles themselves are read"
    }

    stats: GroupStats | None = None


class GroupMember(msgspec.Struct, frozen=True):
    """A user in a group."""

    id: str
    status: str | None = None


_NOT_ASKED = (
    "the members of groups that give no administrator role are collected as okta.group_members"
)


class Group(Resource, frozen=True, kw_only=True, rename="camel"):
    """A group with the number of its members, and with the roles that it gives (``GET /api/v1/groups``)."""

    kind = "okta.group"
    secret = ("**.credentials.password",)
    may_lack: ClassVar[Mapping[str, str]] = {
        "_embedded": "without the count the roles themselves are read",
        "roles": "a list that may be empty: the group gives no role",
        "members": "a list that may be empty: nobody is in the group",
    }
    volatile = ("_links", "_embedded.stats._links")

    id: str
    type: str
    """``OKTA_GROUP``, ``APP_GROUP`` (of a directory or an app) or ``BUILT_IN``."""
    profile: GroupProfile
    embedded: GroupEmbedded | None = msgspec.field(default=None, name="_embedded")
    roles: list[RoleAssignment] = fact("roles")
    """``GET /api/v1/groups/{groupId}/roles``; not read of groups that Okta says give no role."""
    members: list[GroupMember] = fact("members")
    """``GET /api/v1/groups/{groupId}/users``; read of groups that give a role."""

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """That its members administer the org; nothing where its roles or members could not be read."""
        if self.gives_no_role or self.hides_administrators or not self.held:
            return
        for member in self.members:
            yield Account(
                system=f"okta:{scope.account}",
                uid=member.id,
                login="",
                name="",
                mails=(),
                active=None,
                privileged=True,
                mfa=None,
                groups=(self.profile.name,),
            )

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Its roles, and who is in it as far as that was read."""
        system = f"okta:{scope.account}"
        rule = "by a rule of the directory or app" if self.type == "APP_GROUP" else ""
        if self.everyone:
            everybody = (EVERYBODY,)
            yield Members(system, self.id, self.profile.name, groups=everybody, gives=False)
        else:
            unread = ""
            known: tuple[str, ...] = ()
            try:
                known = tuple(member.id for member in self.members)
            except FactUnavailable as error:
                unread = _NOT_ASKED if self.gives_no_role else str(error)
            name = self.profile.name
            yield Members(system, self.id, name, accounts=known, unread=unread, dynamic=rule)
        try:
            held = self.held
        except FactUnavailable as error:
            yield Hidden(system, f"the roles that group {self.profile.name} gives", str(error))
            return
        for role in held:
            yield role.granted(system, self.id, by_group=True)

    @property
    def hides_administrators(self) -> bool:
        """Whether it may make administrators of members that are not known."""
        return not self.gives_no_role and not {"roles", "members"}.isdisjoint(self.gaps)

    @property
    def everyone(self) -> bool:
        """Whether it is the group that holds every user of the org."""
        return self.type == "BUILT_IN" and self.profile.name == "Everyone"

    @property
    def gives_no_role(self) -> bool:
        """Whether Okta says that its members get no administrator role by it."""
        stats = self.embedded.stats if self.embedded else None
        return stats is not None and stats.gives_no_role

    @property
    def held(self) -> list[RoleAssignment]:
        """Roles that its members get."""
        return [] if self.gives_no_role else [role for role in self.roles if role.in_force]

    @property
    def makes_super(self) -> bool:
        """Whether its members are super administrators."""
        return any(role.type == SUPER_ADMIN for role in self.held)


class GroupMembership(Resource, frozen=True, kw_only=True, rename="camel"):
    """Who is in a group (``GET /api/v1/groups/{groupId}/users``); of the group of everybody nobody is asked."""

    kind = "okta.group_members"

    id: str
    """Of the group."""
    profile: GroupProfile
    members: list[GroupMember] = fact("members")

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """Who is in it; what it gives the group itself, apps and roles say."""
        unread = ""
        known: tuple[str, ...] = ()
        try:
            known = tuple(member.id for member in self.members)
        except FactUnavailable as error:
            unread = str(error)
        system, name = f"okta:{scope.account}", self.profile.name
        yield Members(system, self.id, name, accounts=known, unread=unread)


def _unknown(roles: Iterable[RoleAssignment]) -> bool:
    return any(role.type not in ROLE_TYPES for role in roles)


class SuperAdmins(NamedTuple):
    """Who is known to be a super administrator, and what hides others."""

    ids: frozenset[str]
    """Of users, in their own right or by a group."""
    hidden: tuple[Admin | Group, ...]
    """Administrators and groups whose roles or members could not be read, or are not known here."""

    def whole(self) -> None:
        """Raise FactUnavailable, with what was denied, unless everybody is known."""
        for one in self.hidden:
            types = sorted({role.type for role in one.held} - ROLE_TYPES)
            if types:
                msg = f"roles are not known here: {', '.join(types)}"
                raise FactUnavailable(msg, kind=one.kind)
            if isinstance(one, Group):
                len(one.members)


def super_admins(admins: Iterable[Admin], groups: Iterable[Group]) -> SuperAdmins:
    """The users who are super administrators, as far as it is known."""
    ids: set[str] = set()
    hidden: list[Admin | Group] = []
    for admin in admins:
        try:
            if admin.is_super:
                ids.add(admin.id)
            elif admin.holds_unknown:
                hidden.append(admin)
        except FactUnavailable:
            hidden.append(admin)
    for group in groups:
        try:
            if group.makes_super:
                ids.update(member.id for member in group.members)
            elif _unknown(group.held):
                hidden.append(group)
        except FactUnavailable:
            hidden.append(group)
    return SuperAdmins(frozenset(ids), tuple(hidden))
