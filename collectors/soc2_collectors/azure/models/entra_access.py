"""Conditional access: what a sign-in must bring along, and security defaults in its place.

A policy counts where it is enforced; one that only reports does nothing. It is judged by whom, what and
when it covers, and by what cannot be avoided of its grant controls.

Source: Microsoft Graph v1.0, "conditionalAccessPolicy".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from soc2_collectors import reach
from soc2_collectors.azure.models.arm import chosen, same
from soc2_collectors.azure.models.entra_roles import (
    DIRECTORY_SYNCHRONIZATION,
    DirectoryObject,
    GroupEligibility,
)
from soc2_pac import identity
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from soc2_collectors.azure.models.entra import User
    from soc2_pac.model import Scope

ALL = "All"
GUESTS = "GuestsOrExternalUsers"
AZURE_MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
"""The app "Windows Azure Service Management API": the portal, the command line, PowerShell, templates."""
ADMIN_PORTALS = "MicrosoftAdminPortals"
REGISTER_DEVICE = "urn:user:registerdevice"
_GROUP = "#microsoft.graph.group"
_OF_DEVICES = ("compliantDevice", "domainJoinedDevice")
_MODERN = frozenset({"browser", "mobileAppsAndDesktopClients"})
ACTIVE_SYNC = "exchangeActiveSync"
OTHER_CLIENTS = "other"
LEGACY = (ACTIVE_SYNC, OTHER_CLIENTS)
"""The sorts of clients that know no second factor."""
_EXCHANGE = ("00000002-0000-0ff1-ce00-000000000000", "Office365")
"""Exchange Online, which is all that ActiveSync reaches, and the group of apps that it is in."""
SORTS = frozenset(
    {
        "internalGuest",
        "b2bCollaborationGuest",
        "b2bCollaborationMember",
        "b2bDirectConnectUser",
        "otherExternalUser",
        "serviceProvider",
    }
)
"""All sorts of guests and external users."""
_NOT_SET = "a condition that nobody set is null or left out; Graph, conditionalAccessConditionSet"
_NO_CONTROL = (
    "a control that nobody set is null, empty or left out; Graph, conditionalAccessGrantControls"
)
_NOBODY_OUT = (
    "nobody is left out by a list that is not there; optional in Graph, conditionalAccessUsers"
)


class Tenants(msgspec.Struct, frozen=True, rename="camel"):
    """Of which organisations people from outside are: ``all``, or those that are ``enumerated``."""

    membership_kind: str | None = None


class External(msgspec.Struct, frozen=True, rename="camel"):
    """Sorts of people from outside."""

    guest_or_external_user_types: str | None = None
    """Comma-separated: ``internalGuest,b2bCollaborationGuest,...``."""
    external_tenants: Tenants | None = None

    @property
    def some(self) -> frozenset[str]:
        """The sorts of which any are meant."""
        parts = (self.guest_or_external_user_types or "").split(",")
        return frozenset(part.strip() for part in parts if part.strip())

    @property
    def whole(self) -> frozenset[str]:
        """The sorts of which all are meant, of every organisation; an internal guest is of none."""
        tenants = self.external_tenants
        if tenants is not None and same(tenants.membership_kind, "all"):
            return self.some
        return self.some & {"internalGuest"}


class Users(msgspec.Struct, frozen=True, rename="camel"):
    """Whom a policy is for."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "excludeUsers": _NOBODY_OUT,
        "excludeGroups": _NOBODY_OUT,
        "excludeRoles": _NOBODY_OUT,
        "excludeGuestsOrExternalUsers": _NOBODY_OUT,
        "includeGroups": "whom else a policy is for: without it fewer are meant",
        "includeRoles": "whom else a policy is for: without it fewer are meant",
        "includeGuestsOrExternalUsers": "whom else a policy is for: without it fewer are meant",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "excludeUsers": "an id that nobody has leaves nobody out",
    }

    include_users: list[str]
    exclude_users: list[str] | None = None
    include_groups: list[str] | None = None
    exclude_groups: list[str] | None = None
    include_roles: list[str] | None = None
    exclude_roles: list[str] | None = None
    include_guests_or_external_users: External | None = None
    exclude_guests_or_external_users: External | None = None

    @property
    def sorts_in(self) -> frozenset[str]:
        """Sorts of guests of whom all are meant."""
        if ALL in self.include_users or GUESTS in self.include_users:
            return SORTS
        outside = self.include_guests_or_external_users
        return outside.whole if outside else frozenset()

    @property
    def sorts_out(self) -> frozenset[str]:
        """Sorts of guests of whom any are left out."""
        if GUESTS in (self.exclude_users or ()):
            return SORTS
        outside = self.exclude_guests_or_external_users
        return (outside.some or SORTS) if outside else frozenset()


class Applications(msgspec.Struct, frozen=True, rename="camel"):
    """For which apps, or for which acts."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "excludeApplications": "no app is left out by a list that is not there; optional in Graph",
        "includeUserActions": "an act that a policy is for, instead of apps; optional in Graph",
        "applicationFilter": "a filter that nobody set is null or left out; Graph",
    }

    include_applications: list[str]
    exclude_applications: list[str] | None = None
    include_user_actions: list[str] | None = None
    application_filter: dict[str, Any] | None = None


class Platforms(msgspec.Struct, frozen=True, rename="camel"):
    """On which systems."""

    may_lack: ClassVar[Mapping[str, str]] = {"excludePlatforms": _NOT_SET}

    include_platforms: list[str] | None = None
    exclude_platforms: list[str] | None = None


class Locations(msgspec.Struct, frozen=True, rename="camel"):
    """From where."""

    may_lack: ClassVar[Mapping[str, str]] = {"excludeLocations": _NOT_SET}

    include_locations: list[str] | None = None
    exclude_locations: list[str] | None = None


class AuthenticationFlows(msgspec.Struct, frozen=True, rename="camel"):
    """By which flow of a device without a keyboard."""

    transfer_methods: str | None = None
    """``deviceCodeFlow``, ``authenticationTransfer``, or both, by a comma."""

    @property
    def methods(self) -> frozenset[str]:
        """The flows that are meant."""
        parts = (self.transfer_methods or "").split(",")
        return frozenset(part.strip() for part in parts if part.strip() not in ("", "none"))


class Devices(msgspec.Struct, frozen=True, rename="camel"):
    """By which devices."""

    device_filter: dict[str, Any] | None = None


class Conditions(msgspec.Struct, frozen=True, rename="camel"):
    """When a policy applies. ``null`` of a condition: it does not matter."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "platforms": _NOT_SET,
        "locations": _NOT_SET,
        "devices": _NOT_SET,
        "deviceStates": _NOT_SET,
        "times": _NOT_SET,
        "userRiskLevels": _NOT_SET,
        "signInRiskLevels": _NOT_SET,
        "servicePrincipalRiskLevels": _NOT_SET,
        "agentIdRiskLevels": _NOT_SET,
        "insiderRiskLevels": _NOT_SET,
        "authenticationFlows": _NOT_SET,
        "clientApplications": _NOT_SET,
    }

    applications: Applications
    client_app_types: list[str]
    users: Users | None
    """``null`` of a policy for programs, which has ``clientApplications`` instead."""
    platforms: Platforms | None = None
    locations: Locations | None = None
    devices: Devices | None = None
    device_states: dict[str, Any] | None = None
    times: dict[str, Any] | None = None
    user_risk_levels: list[str] | None = None
    sign_in_risk_levels: list[str] | None = None
    service_principal_risk_levels: list[str] | None = None
    agent_id_risk_levels: Any = None
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

    may_lack: ClassVar[Mapping[str, str]] = {
        "operator": "anything but AND is judged as OR, where every control must be enough by itself",
        "builtInControls": _NO_CONTROL,
        "customAuthenticationFactors": _NO_CONTROL,
        "termsOfUse": _NO_CONTROL,
        "authenticationStrength": _NO_CONTROL,
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "operator": "anything but AND is judged as OR, where every control must be enough by itself",
    }

    operator: str | None = None
    built_in_controls: list[str] | None = None
    """``block``, ``mfa``, ``compliantDevice``, ``domainJoinedDevice``, ``passwordChange``, ..."""
    custom_authentication_factors: list[str] | None = None
    terms_of_use: list[str] | None = None
    authentication_strength: Strength | None = None

    @property
    def built_in(self) -> frozenset[str]:
        """The built-in controls."""
        return frozenset(self.built_in_controls or ())

    @property
    def blocks(self) -> bool:
        """Whether nobody gets in."""
        return "block" in self.built_in

    def cannot_avoid(self, *controls: str) -> bool:
        """Whether nobody gets by without one of these controls; ``strength``: two factors, by a strength."""
        strength = self.authentication_strength
        found = [
            *self.built_in,
            *(self.custom_authentication_factors or ()),
            *(self.terms_of_use or ()),
        ]
        if strength is not None:
            found.append(
                "strength" if strength.requirements_satisfied == "mfa" else "weak strength"
            )
        enough = [control in controls for control in found]
        return any(enough) if self.operator == "AND" else bool(enough) and all(enough)

    @property
    def demands_mfa(self) -> bool:
        """Whether a second factor cannot be avoided."""
        return self.cannot_avoid("mfa", "strength")

    @property
    def speaks_of_mfa(self) -> bool:
        """Whether a second factor is one of the controls."""
        return (
            self.demands_mfa or "mfa" in self.built_in or self.authentication_strength is not None
        )


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
    def on(self) -> bool:
        """Whether it is enforced. Raises FactUnavailable for a state that is not known."""
        return chosen(
            self.state,
            f"the state of {self.display_name}",
            good=("enabled",),
            bad=("disabled", "enabledForReportingButNotEnforced"),
        )

    @property
    def enforced(self) -> bool:
        """Whether it decides sign-ins of people."""
        asked = self.conditions
        return self.on and not asked.client_applications and asked.users is not None

    @property
    def users(self) -> Users:
        """Whom it is for; nobody, where it is for programs."""
        return self.conditions.users or _NO_USERS

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
            and not apps.application_filter
        )

    def covers_app(self, app: str) -> bool:
        """Whether it is for this app."""
        apps = self.conditions.applications
        if app in (apps.exclude_applications or ()) or apps.application_filter:
            return False
        return bool({ALL, app} & set(apps.include_applications))

    @property
    def modern_clients(self) -> bool:
        """Whether browsers and apps are covered."""
        types = set(self.conditions.client_app_types)
        return "all" in types or types >= _MODERN

    def covers_client(self, sort: str) -> bool:
        """Whether it is for this sort of client."""
        return not {"all", sort}.isdisjoint(self.conditions.client_app_types)

    @property
    def legacy_clients(self) -> bool:
        """Whether clients are covered that know no second factor."""
        return all(self.covers_client(sort) for sort in LEGACY)

    def refuses_legacy(self, sort: str) -> bool:
        """Whether a sort of clients that know no second factor is covered, and cannot get in.

        It cannot give what a control asks for, be that a second factor or the state of a device; ActiveSync alone
        tells of the device. Microsoft Entra, "Conditional Access: Conditions", client apps.
        """
        beyond = ("block", "mfa", "strength", *(_OF_DEVICES if sort == OTHER_CLIENTS else ()))
        grant = self.grant_controls
        return self.covers_client(sort) and grant is not None and grant.cannot_avoid(*beyond)

    def all_apps_of(self, sort: str) -> bool:
        """Whether it is for every app that a sort of clients that know no second factor can reach."""
        if self.all_apps:
            return True
        return sort == ACTIVE_SYNC and any(self.covers_app(app) for app in _EXCHANGE)

    def narrowed(self, *, risk: bool = True, flows: bool = True, places: bool = True) -> list[str]:
        """Conditions by which somebody can be outside of it, by name; some may be left out of account."""
        asked = self.conditions
        systems, where, flow = asked.platforms, asked.locations, asked.authentication_flows
        set_ = {
            "platforms": systems is not None
            and bool(
                systems.exclude_platforms or systems.include_platforms not in (None, [], ["all"])
            ),
            "locations": places
            and where is not None
            and bool(where.exclude_locations or where.include_locations not in (None, [], [ALL])),
            "devices": asked.devices is not None and bool(asked.devices.device_filter),
            "states of devices": any((asked.device_states or {}).values()),
            "times": bool(asked.times),
            "user risk": risk and bool(asked.user_risk_levels),
            "sign-in risk": risk and bool(asked.sign_in_risk_levels),
            "risk of programs": bool(asked.service_principal_risk_levels),
            "risk of agents": bool(asked.agent_id_risk_levels),
            "insider risk": bool(asked.insider_risk_levels),
            "authentication flows": flows and flow is not None and bool(flow.methods),
        }
        return [name for name, there in set_.items() if there]

    @property
    def everybody(self) -> bool:
        """Whether all users are meant, but for exclusions."""
        return ALL in self.users.include_users


_NO_USERS = Users(include_users=["None"])


class SecurityDefaults(Resource, frozen=True, kw_only=True, rename="camel"):
    """Microsoft's own minimum, instead of policies (``identitySecurityDefaultsEnforcementPolicy``).

    Shape from documentation.
    """

    kind = "azure.entra.security_defaults"

    id: str
    is_enabled: bool


class GroupInfo(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a group is."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "visibility": "null of security groups: only Microsoft 365 groups can hide members; Graph, group",
    }

    display_name: str | None = None
    visibility: str | None = None
    """``Public``, ``Private``, or ``HiddenMembership``: who is in it is shown to few."""

    @property
    def hidden(self) -> bool:
        """Whether it hides its members. Raises FactUnavailable for a word that is not known."""
        if not self.visibility:
            return False
        return chosen(
            self.visibility, "visibility", good=("HiddenMembership",), bad=("Public", "Private")
        )


class Members(Resource, frozen=True, kw_only=True, rename="camel"):
    """A group with its members: what the two sorts below have in common."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "members": "null: there is no such group any more, and so nobody is in it",
        "group": "null: there is no such group any more, and so nobody is in it",
    }

    id: str
    group: GroupInfo | None = fact("group")
    """``GET /groups/{id}``; ``null``: there is no such group any more."""
    members: list[DirectoryObject] | None = fact("members")
    """``GET /groups/{id}/transitiveMembers``; ``null``: there is no such group any more."""

    @property
    def inside(self) -> frozenset[str]:
        """Ids of who is in it.

        Raises FactUnavailable where nobody is shown and the group hides its members: without the permission
        for hidden membership the listing is empty, and no error.
        """
        if self.members is None:
            return frozenset()
        if not self.members and self.group is not None and self.group.hidden:
            permission = "Member.Read.Hidden (application permission of Microsoft Graph)"
            name = self.group.display_name or self.id
            msg = f"the group {name} hides its members, and shows none; grant {permission}"
            raise FactUnavailable(
                msg, kind=self.kind, field="members", permission=permission, document=self
            )
        return frozenset(one.id for one in self.members)


class PolicyGroup(Members, frozen=True, kw_only=True, rename="camel"):
    """A group that a policy includes or excludes, with its members.

    Shape from documentation. A policy may name one that was deleted since.
    """

    kind = "azure.entra.policy_group"


class SubscriptionGroup(Members, frozen=True, kw_only=True, rename="camel"):
    """A group that holds, or may activate, a role on a subscription or in it, with its members.

    Shape from documentation.
    """

    kind = "azure.entra.subscription_group"
    may_lack: ClassVar[Mapping[str, str]] = {
        **Members.may_lack,
        "eligibleMembers": "null: the tenant has no PIM, and so nobody is eligible",
    }

    eligible_members: list[GroupEligibility] | None = fact("eligibleMembers")
    """Who may activate the membership; ``null``: the tenant has no PIM."""

    def access_grants(self, scope: Scope) -> Iterable[identity.Access]:
        """Who is in the group, nested groups included; not by which of these."""
        del (
            scope
        )  # ids of groups are unique in Azure, and a group may hold roles on several subscriptions
        unread = ""
        known: tuple[DirectoryObject, ...] = ()
        try:
            self.inside  # noqa: B018 - raises where the group hides its members
            known = tuple(self.members or ())
        except FactUnavailable as error:
            unread = str(error)
        named = "" if "group" in self.gaps or self.group is None else self.group.display_name or ""
        inner = [one for one in known if one.odata_type == _GROUP]
        yield identity.Members(
            "azure",
            self.id,
            named,
            accounts=tuple(one.id for one in known if one.odata_type != _GROUP),
            groups=tuple(one.id for one in inner),
            unread=unread,
            flat=True,
            gives=False,
        )
        for one in inner:
            why = "who is in it is listed with the group around it"
            yield identity.Members("azure", one.id, one.label, unread=why, gives=False)


class CidrRange(msgspec.Struct, frozen=True, rename="camel"):
    """A network."""

    cidr_address: str


class NamedLocation(Resource, frozen=True, kw_only=True, rename="camel"):
    """Networks or countries with a name (``GET /identity/conditionalAccess/namedLocations``).

    Shape from documentation.
    """

    kind = "azure.entra.named_location"
    volatile = ("modifiedDateTime",)
    may_lack: ClassVar[Mapping[str, str]] = {
        "isTrusted": "only networks can be trusted: without it a place is not; Graph, namedLocation",
    }

    id: str
    display_name: str
    odata_type: str | None = msgspec.field(default=None, name="@odata.type")
    is_trusted: bool = False
    """Only of networks; countries are never trusted."""
    ip_ranges: list[CidrRange] | None = None
    """Of networks."""

    @property
    def open(self) -> bool:
        """Whether its networks are the internet. Raises FactUnavailable where they are not shown."""
        if not self.ip_ranges:
            msg = f"Graph does not show the networks of {self.display_name}"
            raise FactUnavailable(msg, kind=self.kind, field="ipRanges", document=self)
        return reach.open_to_internet([one.cidr_address for one in self.ip_ranges])


class Groups:
    """Who is in which group."""

    def __init__(self, groups: Iterable[Members]) -> None:
        self._groups = {group.id: group for group in groups}
        self._inside: dict[str, frozenset[str]] = {}

    def of(self, group: str) -> frozenset[str]:
        """Ids of who is in a group. Raises FactUnavailable where that cannot be told."""
        if group not in self._inside:
            found = self._groups.get(group)
            if found is None:
                msg = f"the members of the group {group} were not collected"
                raise FactUnavailable(msg, kind=PolicyGroup.kind, field="members")
            self._inside[group] = found.inside
        return self._inside[group]


class Left(NamedTuple):
    """Whom a policy for everybody leaves out."""

    users: frozenset[str]
    """Ids, those in excluded groups among them."""
    roles: tuple[str, ...]
    """Ids of roles whose holders are left out; those of directory synchronisation do not count."""
    sorts: frozenset[str]
    """Sorts of guests of whom any are left out."""


def left_out(policy: ConditionalAccessPolicy, groups: Groups) -> Left:
    """Whom a policy excludes. A group that was deleted holds nobody."""
    users = policy.users
    ids = {one for one in users.exclude_users or () if one != GUESTS}
    for group in users.exclude_groups or ():
        ids |= groups.of(group)
    return Left(
        frozenset(ids),
        tuple(sorted(set(users.exclude_roles or ()) - DIRECTORY_SYNCHRONIZATION)),
        users.sorts_out,
    )


def meets(
    policy: ConditionalAccessPolicy, groups: Groups, user: User, roles: Collection[str]
) -> bool:
    """Whether a user is one of those that a policy is for.

    ``roles``: those by which policies tell who it is. Raises FactUnavailable where it depends on
    members of a group, or on the sort of a guest, that cannot be told.
    """
    users = policy.users
    # Not by left_out: its union, made for each user anew, is slow where a large group is left out.
    outside = (
        user.id in (users.exclude_users or ())
        or not set(users.exclude_roles or ()).isdisjoint(roles)
        or (bool(users.sorts_out) and user.guest_sort in users.sorts_out)
        or any(user.id in groups.of(group) for group in users.exclude_groups or ())
    )
    if outside:
        return False
    if ALL in users.include_users or user.id in users.include_users:
        return True
    if not set(users.include_roles or ()).isdisjoint(roles):
        return True
    if users.sorts_in and user.guest_sort in users.sorts_in:
        return True
    return any(user.id in groups.of(group) for group in users.include_groups or ())
