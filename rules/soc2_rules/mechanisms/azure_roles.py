"""Who administers a subscription: everything, or enough to make oneself, or anybody, an owner.

By the built-in roles, and by custom ones: their actions less what they leave out. A condition counts only
where it keeps the holder from giving away an administrator's role.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.azure.models.arm import same
from soc2_collectors.azure.models.authorization import (
    ADMINISTRATORS,
    OWNER,
    USER_ACCESS_ADMINISTRATOR,
    limits_roles,
)
from soc2_collectors.azure.models.conditions import allows
from soc2_collectors.azure.models.entra_apps import ServicePrincipal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from soc2_collectors.azure.models.authorization import (
        RoleAssignment,
        RoleDefinition,
    )
    from soc2_pac.rules import Evidence
    from soc2_rules.mechanisms.known import Unread

_PIM = "01fc33a7-78ba-4d2f-a4b7-768e336e890e"
"""The app MS-PIM, by which Microsoft's Privileged Identity Management gives and takes roles. No secret."""


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


def without_pim(
    found: Sequence[Administrator], evidence: Evidence, unread: Unread
) -> list[Administrator]:
    """These but for Privileged Identity Management, which must be User Access Administrator where it is used.

    Where the tenant's apps cannot be read, one that may be it is left out: what remains is proven. Of a rule that
    declares :class:`ServicePrincipal`. Source: Microsoft Entra, "Troubleshoot access to Azure resources denied in
    Privileged Identity Management".
    """
    may_be = {
        one.principal
        for one in found
        if one.assignment.role == USER_ACCESS_ADMINISTRATOR
        and same(one.assignment.properties.principal_type, "ServicePrincipal")
    }
    if not may_be:
        return list(found)
    shown = unread.of(lambda: [evidence.account(ServicePrincipal)])
    pim = {one.id.casefold() for apps in shown for one in apps if same(one.app_id, _PIM)}
    left_out = may_be & pim if shown else {min(may_be)}
    return [
        one
        for one in found
        if one.principal not in left_out or one.assignment.role != USER_ACCESS_ADMINISTRATOR
    ]
