"""Views of Azure's roles, who has them, and locks and policies.

Source: Azure REST API, "Role Assignments", "Role Definitions", "Role Eligibility Schedule Instances",
"Management Locks", "Policy Assignments", "Policy Exemptions"; Azure built-in roles.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors.azure.models.arm import Moment, last_part, same
from soc2_collectors.azure.models.conditions import allows
from soc2_pac.identity import Grant
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from soc2_pac.identity import Access
    from soc2_pac.model import Scope

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
USER_ACCESS_ADMINISTRATOR = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
RBAC_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
ADMINISTRATORS: Mapping[str, str] = {
    OWNER: "Owner",
    USER_ACCESS_ADMINISTRATOR: "User Access Administrator",
    RBAC_ADMINISTRATOR: "Role Based Access Control Administrator",
}
"""Built-in roles whose holders can make themselves, or anybody, an owner; the same in every tenant."""
KNOWN_ROLES: Mapping[str, str] = {
    **ADMINISTRATORS,
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
    "39bc4728-0917-49c7-9d2c-d95423bc2eb4": "Security Reader",
    "43d0d8ad-25c7-4714-9337-8ba259a9fe05": "Monitoring Reader",
    "9980e02c-c2be-4d73-94e8-173b1dc7cf3c": "Virtual Machine Contributor",
    "4d97b98b-1d4f-4787-a291-c67834d212e7": "Network Contributor",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483": "Key Vault Administrator",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "7f951dda-4ed3-4680-a7ca-43fe172d538d": "AcrPull",
    "8311e382-0749-4cb8-b61a-304f252e45ec": "AcrPush",
}
"""Built-in roles by name; others are called by their ids. Azure, "Azure built-in roles"."""
_READERS = frozenset(
    {"acdd72a7-3385-48ef-bd42-f606fba81ae7", "7f951dda-4ed3-4680-a7ca-43fe172d538d"}
)

GIVES_ACCESS = (
    "Microsoft.Authorization/roleAssignments/write",
    "Microsoft.Authorization/roleDefinitions/write",
    "Microsoft.Authorization/elevateAccess/action",
    "Microsoft.Authorization/roleAssignmentScheduleRequests/write",
    "Microsoft.Authorization/roleEligibilityScheduleRequests/write",
)
"""Actions of which each is enough to make anybody an owner, or to widen a role that one has.

``elevateAccess`` gives User Access Administrator at the root; the schedule requests are how Privileged
Identity Management assigns roles.
"""
_OF_EVERY_SERVICE = (
    "Microsoft.Compute/virtualMachines/write",
    "Microsoft.KeyVault/vaults/delete",
    "Microsoft.Network/virtualNetworks/write",
    "Microsoft.Resources/deployments/write",
    "Microsoft.Storage/storageAccounts/listKeys/action",
)
"""Stand for all that is not about access: who may do these may do everything."""


@lru_cache(maxsize=8192)
def _pattern(text: str) -> re.Pattern[str]:
    parts = (re.escape(part) for part in text.casefold().split("*"))
    return re.compile(".*".join(parts))


def matches(pattern: str, action: str) -> bool:
    """Whether an action of a role, with wildcards, covers an action; case says nothing."""
    return _pattern(pattern).fullmatch(action.casefold()) is not None


class Permission(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a role may do: its actions less those that it leaves out."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "notActions": "without it the role may do more, which is judged",
        "notDataActions": "without it the role may do more, which is judged",
        "dataActions": "a role of the management plane alone has none; Azure, role definitions",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "notActions": "an action that does not exist takes nothing away",
        "notDataActions": "an action that does not exist takes nothing away",
    }

    actions: list[str]
    not_actions: list[str] | None = None
    data_actions: list[str] | None = None
    not_data_actions: list[str] | None = None

    def allows(self, action: str) -> bool:
        """Whether it holds an action of the management plane."""
        return _allows(self.actions, self.not_actions, action)

    def allows_data(self, action: str) -> bool:
        """Whether it holds an action on data."""
        return _allows(self.data_actions, self.not_data_actions, action)


def _allows(given: Iterable[str] | None, less: Iterable[str] | None, action: str) -> bool:
    return any(matches(one, action) for one in given or ()) and not any(
        matches(one, action) for one in less or ()
    )


def may(permissions: Iterable[Permission], action: str) -> bool:
    """Whether any of these holds an action: ``notActions`` take away from their own permission only."""
    return any(one.allows(action) for one in permissions)


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

    @property
    def role(self) -> str:
        """The id of the role alone, folded: as assignments name it."""
        return last_part(self.id).casefold()

    @property
    def wide(self) -> bool:
        """Whether it may do everything in every service, access aside."""
        return all(may(self.properties.permissions, one) for one in _OF_EVERY_SERVICE)

    @property
    def silent(self) -> bool:
        """Whether it shows no action at all, which no role is made for."""
        return not any(one.actions or one.data_actions for one in self.properties.permissions)

    @property
    def gives_access(self) -> list[str]:
        """Actions of it by which its holder can make anybody an owner."""
        return [one for one in GIVES_ACCESS if may(self.properties.permissions, one)]


def limits_roles(condition: str | None, others: Collection[str] = ()) -> bool:
    """Whether a condition of an assignment keeps its holder from giving away an administrator's role.

    ``others``: ids of custom roles that are as strong, folded.
    """
    return bool(condition) and not any(
        allows(condition or "", role) for role in (*ADMINISTRATORS, *others)
    )


class AssignmentProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who has which role where."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "condition": "a condition narrows an assignment: without one it is judged in full",
        "principalType": "only tells a group, which counts once as anybody does",
        "scope": "an empty one is taken for the root, over everything",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "principalType": "only tells a group, which counts once as anybody does",
    }

    role_definition_id: str
    principal_id: str
    principal_type: str | None = None
    """``User``, ``Group``, ``ServicePrincipal``, ``ForeignGroup``, ``Device``."""
    scope: str
    condition: str | None = None


class Assigned(Resource, frozen=True, kw_only=True, rename="camel"):
    """What an assignment, and an eligibility, of a role have in common."""

    id: str
    name: str
    properties: AssignmentProperties

    @property
    def role(self) -> str:
        """The id of the role alone, folded."""
        return last_part(self.properties.role_definition_id).casefold()

    @property
    def where(self) -> str:
        """The scope, folded; ``/`` for the root."""
        return self.properties.scope.rstrip("/").casefold() or "/"

    def holds_over(self, subscription_path: str) -> bool:
        """Whether it holds over a whole subscription, be it by a scope above it."""
        return self.where in ("/", subscription_path) or self.where.startswith(_GROUPS)

    def over_tenant(self, tenant: str) -> bool:
        """Whether it holds at the root, or at the root management group, whose id is the tenant's."""
        return self.where in ("/", f"{_GROUPS}{tenant.casefold()}")

    def _grants(self, scope: Scope, *, suffix: str = "", note: str = "") -> Iterable[Access]:
        """The role, for its holder. One that comes from above is no grant of the subscription alone."""
        inside = self.where.startswith("/subscriptions/")
        sort = (self.properties.principal_type or "").casefold()
        limits = "under a condition" if self.properties.condition else ""
        if not sort:
            limits = "; ".join(
                part for part in (limits, "Azure does not say what holds it") if part
            )
        administers = self.role in ADMINISTRATORS and not limits_roles(self.properties.condition)
        yield Grant(
            f"azure:{scope.account}" if inside else "azure:management-groups",
            self.properties.principal_id,
            f"{KNOWN_ROLES.get(self.role, f'role {self.role}')}{suffix}",
            "role",
            on=self.where,
            by_group=sort in ("group", "foreigngroup"),
            of="azure",
            privileged=True if administers else False if self.role in _READERS else None,
            note="; ".join(part for part in (note, limits) if part),
            id=f"{self.role}{suffix}",
            holder_is="service" if sort == "serviceprincipal" else "person",
        )


_GROUPS = "/providers/microsoft.management/managementgroups/"


class RoleAssignment(Assigned, frozen=True, kw_only=True, rename="camel"):
    """A role assignment that holds in a subscription: made there, below, or inherited from above."""

    kind = "azure.authorization.role_assignment"

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The role, for whoever holds it."""
        return self._grants(scope)


class RoleEligibility(Assigned, frozen=True, kw_only=True, rename="camel"):
    """A role that somebody may activate in a subscription (Privileged Identity Management; Entra ID P2).

    Shape from documentation.
    """

    kind = "azure.authorization.role_eligibility"

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The role, for whoever may activate it."""
        return self._grants(scope, suffix=" (eligible)", note="must be activated")


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

    @property
    def keeps(self) -> bool:
        """Whether it forbids deletion."""
        return same(self.properties.level, "CanNotDelete") or same(
            self.properties.level, "ReadOnly"
        )


class Selector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """By what an override, or a part of the resources, is chosen."""

    kind: str
    """``policyDefinitionReferenceId``, ``resourceLocation``, ``resourceType``, ..."""


class Override(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Another effect, or version, than the definition says."""

    kind: str
    """``policyEffect`` or ``definitionVersion``."""
    value: str | None = None
    selectors: list[Selector] | None = None


class ResourceSelector(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of the resources: a policy with such is for these alone."""

    name: str | None = None
    selectors: list[Selector] | None = None


class PolicyParameter(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The value of a parameter."""

    value: Any = None


class PolicyProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is assigned where."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "enforcementMode": "left out is Default; Azure REST API, Policy Assignments",
        "notScopes": "an exclusion: without one the whole scope is meant; Azure REST API, Policy Assignments",
        "overrides": "a change of effects: without one they are the definition's",
        "resourceSelectors": "a narrowing: without one every resource is meant",
        "parameters": "values of one's own: without them the definition's defaults hold",
    }

    display_name: str | None = None
    policy_definition_id: str
    scope: str
    enforcement_mode: str | None = None
    """``Default``, ``DoNotEnforce`` or ``Enroll``."""
    not_scopes: list[str] | None = None
    overrides: list[Override] | None = None
    resource_selectors: list[ResourceSelector] | None = None
    parameters: dict[str, PolicyParameter] | None = None


class PolicyAssignment(Resource, frozen=True, kw_only=True, rename="camel"):
    """A policy, or an initiative, that is assigned to a subscription or above it."""

    kind = "azure.authorization.policy_assignment"

    id: str
    name: str
    properties: PolicyProperties

    @property
    def label(self) -> str:
        """What people call it."""
        return self.properties.display_name or self.name

    @property
    def disabled(self) -> list[str]:
        """Names of the parameters that switch an effect off."""
        return sorted(
            name
            for name, given in (self.properties.parameters or {}).items()
            if isinstance(given.value, str) and same(given.value, "Disabled")
        )


class ExemptionProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is exempt of which assignment."""

    policy_assignment_id: str
    policy_definition_reference_ids: list[str] | None = None
    """Empty: of all definitions of the initiative."""
    expires_on: Moment | None = None
    resource_selectors: list[ResourceSelector] | None = None


class PolicyExemption(Resource, frozen=True, kw_only=True, rename="camel"):
    """An exemption of a subscription, or of something in it, from a policy. Shape from documentation."""

    kind = "azure.authorization.policy_exemption"

    id: str
    name: str
    properties: ExemptionProperties

    @property
    def exempt_id(self) -> str:
        """The id of what is exempt, folded."""
        return self.id.casefold().partition("/providers/microsoft.authorization/policyexemptions/")[
            0
        ]

    def in_force(self, now: datetime) -> bool:
        """Whether it has not expired."""
        ends = self.properties.expires_on
        return ends is None or now < ends


class ResourceGroup(Resource, frozen=True, kw_only=True, rename="camel"):
    """A resource group."""

    kind = "azure.resource_group"
    may_lack: ClassVar[Mapping[str, str]] = {
        "managedBy": "left out, null or empty where the company manages the group; Azure REST API, Resource Groups",
    }

    id: str
    name: str
    tags: dict[str, str | None] | None = None
    managed_by: str | None = None
    """The resource that made the group and manages what is in it: a Kubernetes cluster, say."""
