"""Views of Azure's roles, who has them, and locks and policies.

Source: Azure REST API, "Role Assignments", "Role Definitions", "Management Locks", "Policy Assignments".
"""

from __future__ import annotations

import msgspec

from soc2_collectors.azure.models.arm import last_part
from soc2_pac.resources import Resource

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
USER_ACCESS_ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
"""Ids of built-in roles; the same in every tenant."""


class AssignmentProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who has which role where."""

    role_definition_id: str
    principal_id: str
    principal_type: str | None = None
    """``User``, ``Group``, ``ServicePrincipal``, ``ForeignGroup``, ``Device``."""
    scope: str
    condition: str | None = None


class RoleAssignment(Resource, frozen=True, kw_only=True, rename="camel"):
    """A role assignment that holds in a subscription: made there, below, or inherited from above."""

    kind = "azure.authorization.role_assignment"

    id: str
    name: str
    properties: AssignmentProperties

    @property
    def role(self) -> str:
        """The id of the role alone, folded."""
        return last_part(self.properties.role_definition_id).casefold()

    def holds_over(self, subscription_path: str) -> bool:
        """Whether it holds over a whole subscription, be it by a scope above it."""
        scope = self.properties.scope.rstrip("/").casefold()
        above = scope.startswith("/providers/microsoft.management/managementgroups/")
        return not scope or above or scope == subscription_path


class Permission(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a role may do."""

    actions: list[str] = []
    not_actions: list[str] = []
    data_actions: list[str] = []


class RoleProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A role."""

    role_name: str
    type: str
    """``CustomRole`` or ``BuiltInRole``."""
    permissions: list[Permission]
    assignable_scopes: list[str] = []


class RoleDefinition(Resource, frozen=True, kw_only=True, rename="camel"):
    """A custom role that can be assigned in a subscription."""

    kind = "azure.authorization.role_definition"

    id: str
    name: str
    properties: RoleProperties


class LockProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a lock forbids."""

    level: str
    """``CanNotDelete`` or ``ReadOnly``."""


class Lock(Resource, frozen=True, kw_only=True, rename="camel"):
    """A lock on a subscription, a resource group or a resource."""

    kind = "azure.authorization.lock"

    id: str
    name: str
    properties: LockProperties

    @property
    def locked_id(self) -> str:
        """The id of what it locks, folded."""
        return self.id.casefold().partition("/providers/microsoft.authorization/locks/")[0]


class PolicyProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is assigned where."""

    display_name: str | None = None
    policy_definition_id: str
    scope: str
    enforcement_mode: str = "Default"
    """``Default`` or ``DoNotEnforce``."""


class PolicyAssignment(Resource, frozen=True, kw_only=True, rename="camel"):
    """A policy, or an initiative, that is assigned to a subscription or above it."""

    kind = "azure.authorization.policy_assignment"

    id: str
    name: str
    properties: PolicyProperties


class ResourceGroup(Resource, frozen=True, kw_only=True, rename="camel"):
    """A resource group."""

    kind = "azure.resource_group"

    id: str
    name: str
    tags: dict[str, str | None] | None = None
