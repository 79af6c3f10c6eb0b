"""Conditional access: what a sign-in must bring along, and security defaults in its place.

A policy counts where it is enforced; one that only reports does nothing. It is judged by whom, what and
when it covers, and by what cannot be avoided of its grant controls.

Source: Microsoft Graph v1.0, "conditionalAccessPolicy".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from soc2_collectors.azure.models.entra_roles import DIRECTORY_SYNCHRONIZATION, DirectoryObject
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

ALL = "All"
GUESTS = "GuestsOrExternalUsers"
AZURE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
"""The app "Windows Azure Service Management API": the portal, the command line, PowerShell, templates."""
ADMIN_PORTALS = "MicrosoftAdminPortals"
REGISTER_DEVICE = "urn:user:registerdevice"
_MODERN = frozenset({"browser", "mobileAppsAndDesktopClients"})
_LEGACY = frozenset({"exchangeActiveSync", "other"})


class External(msgspec.Struct, frozen=True, rename="camel"):
    """Sorts of people from outside."""

    guest_or_external_user_types: str | None = None
    """Comma-separated: ``internalGuest,b2bCollaborationGuest,...``."""
    external_tenants: dict[str, Any] | None = None


class Users(msgspec.Struct, frozen=True, rename="camel"):
    """Whom a policy is for. Graph gives every list, empty where nobody is meant."""

    include_users: list[str]
    exclude_users: list[str] = []
    include_groups: list[str] = []
    exclude_groups: list[str] = []
    include_roles: list[str] = []
    exclude_roles: list[str] = []
    include_guests_or_external_users: External | None = None
    exclude_guests_or_external_users: External | None = None


class Applications(msgspec.Struct, frozen=True, rename="camel"):
    """For which apps, or for which acts."""

    include_applications: list[str]
    exclude_applications: list[str] = []
    include_user_actions: list[str] = []
    application_filter: dict[str, Any] | None = None


class Platforms(msgspec.Struct, frozen=True, rename="camel"):
    """On which systems."""

    include_platforms: list[str] = []
    exclude_platforms: list[str] = []


class Locations(msgspec.Struct, frozen=True, rename="camel"):
    """From where."""

    include_locations: list[str] = []
    exclude_locations: list[str] = []


class AuthenticationFlows(msgspec.Struct, frozen=True, rename="camel"):
    """By which flow of a device without a keyboard."""

    transfer_methods: str | None = None
    """``deviceCodeFlow``, ``authenticationTransfer``, or both."""


class Devices(msgspec.Struct, frozen=True, rename="camel"):
    """By which devices."""

    device_filter: dict[str, Any] | None = None


class Conditions(msgspec.Struct, frozen=True, rename="camel"):
    """When a policy applies. ``null`` of a condition: it does not matter."""

    users: Users
    applications: Applications
    client_app_types: list[str]
    platforms: Platforms | None = None
    locations: Locations | None = None
    devices: Devices | None = None
    user_risk_levels: list[str] = []
    sign_in_risk_levels: list[str] = []
    insider_risk_levels: str | None = None
    authentication_flows: AuthenticationFlows | None = None
    client_applications: dict[str, Any] | None = None
    """Set where the policy is for programs and for nobody who signs in."""


class Strength(msgspec.Struct, frozen=True, rename="camel"):
    """Which combinations of factors are enough."""

    id: str
    display_name: str | None = None
    requirements_satisfied: str | None = None
    """``mfa``, or ``none`` where a combination is a single factor."""


class GrantControls(msgspec.Struct, frozen=True, rename="camel"):
    """What must be brought along: one of all (``OR``), or all (``AND``)."""

    operator: str | None = None
    built_in_controls: list[str] = []
    """``block``, ``mfa``, ``compliantDevice``, ``domainJoinedDevice``, ``passwordChange``, ..."""
    custom_authentication_factors: list[str] = []
    terms_of_use: list[str] = []
    authentication_strength: Strength | None = None

    @property
    def blocks(self) -> bool:
        """Whether nobody gets in."""
        return "block" in self.built_in_controls

    @property
    def demands_mfa(self) -> bool:
        """Whether a second factor cannot be avoided."""
        strength = self.authentication_strength
        strong = strength is not None and strength.requirements_satisfied == "mfa"
        if self.operator == "AND":
            return strong or "mfa" in self.built_in_controls
        others = [*self.built_in_controls, *self.custom_authentication_factors, *self.terms_of_use]
        if strength is not None and not strong:
            return False
        return (strong or "mfa" in others) and all(control == "mfa" for control in others)


class ConditionalAccessPolicy(Resource, frozen=True, kw_only=True, rename="camel"):
    """A policy (``GET /identity/conditionalAccess/policies``).

    Shape from documentation, and from the export of a real tenant.
    """

    kind = "azure.entra.conditional_access_policy"

    id: str
    display_name: str
    state: str
    """``enabled``, ``disabled`` or ``enabledForReportingButNotEnforced``."""
    conditions: Conditions
    grant_controls: GrantControls | None = None

    @property
    def enforced(self) -> bool:
        """Whether it decides sign-ins of people."""
        return self.state == "enabled" and not self.conditions.client_applications

    @property
    def demands_mfa(self) -> bool:
        """Whether nobody gets by without a second factor, or at all."""
        grant = self.grant_controls
        return grant is not None and (grant.blocks or grant.demands_mfa)

    @property
    def blocks(self) -> bool:
        """Whether it refuses."""
        return self.grant_controls is not None and self.grant_controls.blocks

    @property
    def all_apps(self) -> bool:
        """Whether it is for every app, those included that are added tomorrow."""
        apps = self.conditions.applications
        return (
            ALL in apps.include_applications
            and not apps.exclude_applications
            and apps.application_filter is None
        )

    def covers_app(self, app: str) -> bool:
        """Whether it is for this app."""
        apps = self.conditions.applications
        if app in apps.exclude_applications or apps.application_filter is not None:
            return False
        return bool({ALL, app} & set(apps.include_applications))

    @property
    def modern_clients(self) -> bool:
        """Whether browsers and apps are covered."""
        types = set(self.conditions.client_app_types)
        return "all" in types or types >= _MODERN

    @property
    def legacy_clients(self) -> bool:
        """Whether clients are covered that know no second factor."""
        types = set(self.conditions.client_app_types)
        return "all" in types or types >= _LEGACY

    def narrowed(self, *, risk: bool = True, flows: bool = True, places: bool = True) -> list[str]:
        """Conditions by which somebody can be outside of it, by name; some may be left out of account."""
        asked = self.conditions
        found = []
        systems, where = asked.platforms, asked.locations
        if systems and (
            systems.exclude_platforms or systems.include_platforms not in ([], ["all"])
        ):
            found.append("platforms")
        if (
            places
            and where
            and (where.exclude_locations or where.include_locations not in ([], [ALL]))
        ):
            found.append("locations")
        if asked.devices and asked.devices.device_filter:
            found.append("devices")
        if risk and asked.user_risk_levels:
            found.append("user risk")
        if risk and asked.sign_in_risk_levels:
            found.append("sign-in risk")
        if asked.insider_risk_levels:
            found.append("insider risk")
        if flows and asked.authentication_flows and asked.authentication_flows.transfer_methods:
            found.append("authentication flows")
        return found

    @property
    def everybody(self) -> bool:
        """Whether all users are meant, but for exclusions."""
        return ALL in self.conditions.users.include_users


class SecurityDefaults(Resource, frozen=True, kw_only=True, rename="camel"):
    """Microsoft's own minimum, instead of policies (``identitySecurityDefaultsEnforcementPolicy``).

    Shape from documentation.
    """

    kind = "azure.entra.security_defaults"

    id: str
    is_enabled: bool


class PolicyGroup(Resource, frozen=True, kw_only=True, rename="camel"):
    """A group that a policy includes or excludes, with its members.

    Shape from documentation. A policy may name one that was deleted since.
    """

    kind = "azure.entra.policy_group"

    id: str
    members: list[DirectoryObject] | None = fact("members")
    """``GET /groups/{id}/transitiveMembers``; ``null``: there is no such group any more."""


class SubscriptionGroup(Resource, frozen=True, kw_only=True, rename="camel"):
    """A group that holds a role on a subscription or in it, with its members.

    Shape from documentation.
    """

    kind = "azure.entra.subscription_group"

    id: str
    members: list[DirectoryObject] | None = fact("members")
    """``GET /groups/{id}/transitiveMembers``; ``null``: there is no such group any more."""


class NamedLocation(Resource, frozen=True, kw_only=True, rename="camel"):
    """Networks or countries with a name (``GET /identity/conditionalAccess/namedLocations``).

    Shape from documentation.
    """

    kind = "azure.entra.named_location"
    volatile = ("modifiedDateTime",)

    id: str
    display_name: str
    odata_type: str | None = msgspec.field(default=None, name="@odata.type")
    is_trusted: bool = False
    """Only of networks; countries are never trusted."""


class Left(NamedTuple):
    """Whom a policy for everybody leaves out."""

    users: frozenset[str]
    """Ids, those in excluded groups among them."""
    roles: tuple[str, ...]
    """Ids of roles whose holders are left out; those of directory synchronisation do not count."""
    guests: bool
    """Whether all guests are, or some sorts of them."""


def members(groups: Iterable[PolicyGroup | SubscriptionGroup]) -> dict[str, frozenset[str]]:
    """Id of a group -> ids of who is in it. Raises where the members of one could not be read."""
    return {group.id: frozenset(one.id for one in group.members or ()) for group in groups}


def left_out(policy: ConditionalAccessPolicy, inside: Mapping[str, frozenset[str]]) -> Left:
    """Whom a policy excludes. A group that is not there any more holds nobody."""
    users = policy.conditions.users
    ids = {one for one in users.exclude_users if one != GUESTS}
    for group in users.exclude_groups:
        ids |= inside.get(group, frozenset())
    return Left(
        frozenset(ids),
        tuple(sorted(set(users.exclude_roles) - DIRECTORY_SYNCHRONIZATION)),
        GUESTS in users.exclude_users or users.exclude_guests_or_external_users is not None,
    )


def meets(
    policy: ConditionalAccessPolicy,
    inside: Mapping[str, frozenset[str]],
    user: str,
    roles: Collection[str],
    *,
    guest: bool,
) -> bool:
    """Whether a user is one of those that a policy is for.

    A policy for some sorts of guests alone counts for none of them: of which sort one is, is not asked.
    Holders of a role are those who can use it now.
    """
    users = policy.conditions.users
    meant = bool(
        ALL in users.include_users
        or user in users.include_users
        or (guest and GUESTS in users.include_users)
        or set(users.include_roles) & set(roles)
        or any(user in inside.get(group, ()) for group in users.include_groups)
    )
    # Not by left_out: its union, made for each user anew, is slow where a large group is left out.
    outside = bool(
        user in users.exclude_users
        or (guest and (GUESTS in users.exclude_users or users.exclude_guests_or_external_users))
        or set(users.exclude_roles) & set(roles)
        or any(user in inside.get(group, ()) for group in users.exclude_groups)
    )
    return meant and not outside
