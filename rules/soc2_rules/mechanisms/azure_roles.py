"""Who administers a subscription: everything, or enough to make oneself, or anybody, an owner.

By the built-in roles, and by custom ones: their actions less what they leave out. A condition counts only
where it keeps the holder from giving away an administrator's role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.azure.models.authorization import ADMINISTRATORS, OWNER, limits_roles
from soc2_collectors.azure.models.conditions import allows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from soc2_collectors.azure.models.authorization import (
        RoleAssignment,
        RoleDefinition,
    )


class Administrator(NamedTuple):
    """An assignment that makes somebody an administrator."""

    assignment: RoleAssignment
    role: str
    """The role's name."""
    owner: bool
    """Whether the role is the owner's, or equals it."""
    definition: RoleDefinition | None = None
    """Of a custom role."""

    @property
    def principal(self) -> str:
        """The id of who holds it, folded."""
        return self.assignment.properties.principal_id.casefold()

    @property
    def label(self) -> str:
        """Who has which role: ``User 1234 (Owner)``."""
        held = self.assignment.properties
        return f"{held.principal_type or 'principal'} {held.principal_id} ({self.role})"


def built_in(assignments: Iterable[RoleAssignment]) -> list[Administrator]:
    """Those by built-in roles."""
    return [
        Administrator(one, ADMINISTRATORS[one.role], one.role == OWNER)
        for one in assignments
        if one.role in ADMINISTRATORS
        and (one.role == OWNER or not limits_roles(one.properties.condition))
    ]


def custom(
    assignments: Sequence[RoleAssignment], definitions: Iterable[RoleDefinition]
) -> list[Administrator]:
    """Those by custom roles, and by built-in ones whose condition lets them give away such a custom role."""
    strong = {one.role: one for one in definitions if one.gives_access}
    found = [
        Administrator(
            one, role.properties.role_name, role.wide and not one.properties.condition, role
        )
        for one in assignments
        if (role := strong.get(one.role)) and not limits_roles(one.properties.condition, strong)
    ]
    given = {
        one.id: [role for role in strong if allows(one.properties.condition or "", role)]
        for one in assignments
        if one.role in ADMINISTRATORS
        and one.role != OWNER
        and limits_roles(one.properties.condition)
    }
    return found + [
        Administrator(
            one,
            f"{ADMINISTRATORS[one.role]} who may give {strong[given[one.id][0]].properties.role_name}",
            owner=False,
            definition=strong[given[one.id][0]],
        )
        for one in assignments
        if given.get(one.id)
    ]
