"""Collects administrators, custom roles, and groups with the roles that they give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.okta.answers import document
from soc2_collectors.okta.models.role import Admin, CustomRole, Group, GroupMembership
from soc2_pac.errors import Denied, NotEnabled
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from soc2_collectors.okta.client import Okta
    from soc2_pac.model import Document

_ASSIGNEES = "/api/v1/iam/assignees/users"
_USER = "/api/v1/users/{userId}"
_USER_ROLES = "/api/v1/users/{userId}/roles"
_ROLES = "/api/v1/iam/roles"
_PERMISSIONS = "/api/v1/iam/roles/{roleIdOrLabel}/permissions"
_GROUPS = "/api/v1/groups"
_GROUP_ROLES = "/api/v1/groups/{groupId}/roles"
_GROUP_MEMBERS = "/api/v1/groups/{groupId}/users"
_PAGE = 200
_ASSIGNEES_PAGE = 100
_MEMBERS_PAGE = 1000


@collects(
    Admin,
    calls=[
        f"GET {path}"
        for path in (_ASSIGNEES, _USER, _USER_ROLES, _GROUPS, _GROUP_ROLES, _GROUP_MEMBERS)
    ],
    per="organization",
    cost="pages of 100 + 2 N, pages of 200 groups + 2 for each group that gives a role",
)
def administrators(okta: Okta) -> Iterator[Document]:
    """Users with administrator roles, by themselves or by a group, and the roles of each.

    That the listing of assignees holds those who have a role by a group alone Okta does not document, so the
    members of groups that give a role are read as well.
    """

    def held(number: str) -> Mapping[str, object]:
        return {
            "user": okta.fact(_USER, absent=(), userId=number),
            "roles": okta.list_fact(_USER_ROLES, userId=number),
        }

    listed = set()
    for record in okta.items(_ASSIGNEES, limit=_ASSIGNEES_PAGE, key="value"):
        listed.add(record.get("id"))
        yield document(record, name="id", body=held)
    # Last, so that what was read of the others counts where groups may not be read.
    try:
        for number in _by_group(okta):
            if number not in listed:
                listed.add(number)
                yield document({"id": number}, name="id", body=held)
    except NotEnabled as error:
        # Every org has groups: it is the role that does not reach them, and others were read.
        raise Denied(str(error), operation=error.operation, permission=error.permission) from error


def _by_group(okta: Okta) -> Iterator[str]:
    """Ids of the members of groups that give a role, some of them several times. Raises ProviderError."""
    for group in okta.items(_GROUPS, limit=_PAGE, expand="stats"):
        if _gives_no_role(group) or not isinstance(group.get("id"), str):
            continue  # a group without an id is malformed: its own kind says so
        roles = okta.items(_GROUP_ROLES, groupId=group["id"])
        if any(role.get("status") != "INACTIVE" for role in roles):
            members = okta.items(_GROUP_MEMBERS, limit=_MEMBERS_PAGE, groupId=group["id"])
            yield from (one["id"] for one in members if isinstance(one.get("id"), str))


@collects(
    CustomRole,
    calls=[f"GET {_ROLES}", f"GET {_PERMISSIONS}"],
    per="organization",
    cost="pages + N",
)
def custom_roles(okta: Okta) -> Iterator[Document]:
    """Roles of the company's own, with what each allows."""

    def allowed(number: str) -> Mapping[str, object]:
        found = okta.list_fact(_PERMISSIONS, key="permissions", roleIdOrLabel=number)
        return {"permissions": found}

    for record in okta.items(_ROLES, key="roles"):
        yield document(record, name="label", body=allowed)


@collects(
    Group,
    calls=[f"GET {_GROUPS}", f"GET {_GROUP_ROLES}", f"GET {_GROUP_MEMBERS}"],
    per="organization",
    cost="pages of 200 + 2 for each group that gives a role",
)
def groups(okta: Okta) -> Iterator[Document]:
    """Groups with the number of their members; roles and members of those that give a role."""
    for record in okta.items(_GROUPS, limit=_PAGE, expand="stats"):
        yield document(record, name="profile.name", body=_given(okta, record))


def _given(okta: Okta, record: Mapping[str, Any]) -> Callable[[str], Mapping[str, object]]:
    def read(number: str) -> Mapping[str, object]:
        if _gives_no_role(record):
            return {}
        return {
            "roles": okta.list_fact(_GROUP_ROLES, groupId=number),
            "members": okta.list_fact(_GROUP_MEMBERS, limit=_MEMBERS_PAGE, groupId=number),
        }

    return read


def _gives_no_role(record: Mapping[str, Any]) -> bool:
    """By the statistics; Okta's API description writes the name without an ``i``."""
    embedded = record.get("_embedded")
    stats = embedded.get("stats") if isinstance(embedded, dict) else None
    said = [stats.get(n) for n in ("hasAdminPrivilege", "hasAdminPrivlege")] if stats else []
    return False in said and True not in said


@collects(
    GroupMembership,
    calls=[f"GET {_GROUPS}", f"GET {_GROUP_MEMBERS}"],
    per="organization",
    cost="pages of 200 groups + for each pages of 1000 members",
)
def group_members(okta: Okta) -> Iterator[Document]:
    """Who is in each group but the one of everybody."""

    def inside(number: str) -> Mapping[str, object]:
        return {"members": okta.list_fact(_GROUP_MEMBERS, limit=_MEMBERS_PAGE, groupId=number)}

    for record in okta.items(_GROUPS, limit=_PAGE):
        if record.get("type") != "BUILT_IN":
            yield document(record, name="profile.name", body=inside)
