"""Who holds which role of the directory: for good, for a time, or for the asking (PIM).

Source: Microsoft Graph v1.0, "Role management" and "Microsoft Entra built-in roles".
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, ClassVar, TypeAlias

import msgspec

from soc2_collectors.azure.models.arm import chosen
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Account, Grant, Members
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from soc2_pac.identity import Access, Identity
    from soc2_pac.model import Scope

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time with its zone."""

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
PRIVILEGED_ROLE_ADMINISTRATOR = "e8611ab8-c189-46e8-94e1-60213ab1f814"
DIRECTORY_SYNCHRONIZATION = frozenset(
    {"d29b2b05-8046-44ba-8758-1e26182fcf32", "a92aed5d-d78a-4d16-b381-09adb37eb3b0"}
)
"""Roles of the accounts by which a directory on premises is synchronised; no person signs in with one."""
TIER_0: Mapping[str, str] = {
    GLOBAL_ADMINISTRATOR: "Global Administrator",
    PRIVILEGED_ROLE_ADMINISTRATOR: "Privileged Role Administrator",
    "7be44c8a-adaf-4e2a-84d6-ab2649e08a13": "Privileged Authentication Administrator",
}
"""Roles that can give themselves every other one."""
PRIVILEGED: Mapping[str, str] = {
    **TIER_0,
    "db506228-d27e-4b7d-95e5-295956d6615f": "Agent ID Administrator",
    "d2562ede-74db-457e-a7b6-544e236ebb61": "AI Administrator",
    "1fe13547-53f6-408d-ac04-7f8eed167b38": "AI Reader",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
    "cf1c38e5-3621-4004-a7cb-879624dced7c": "Application Developer",
    "ecb2c6bf-0ab6-418e-bd87-7986f8d63bbe": "Attribute Provisioning Administrator",
    "422218e4-db15-4ef9-bbe0-8afb41546d79": "Attribute Provisioning Reader",
    "c4e39bd9-1100-46d3-8c65-fb160da0071f": "Authentication Administrator",
    "25a516ed-2fa0-40ea-a2d0-12923a21473a": "Authentication Extensibility Administrator",
    "0b00bede-4072-4d22-b441-e7df02a1ef63": "Authentication Extensibility Password Administrator",
    "0526716b-113d-4c15-b2c8-68e3c22b9f80": "Authentication Policy Administrator",
    "aaf43236-0c0d-4d5f-883a-6955382ac081": "B2C IEF Keyset Administrator",
    "b0f54661-2d74-4c50-afa3-1ec803f12efe": "Billing Administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
    "7698a772-787b-4ac8-901f-60d6b08affd2": "Cloud Device Administrator",
    "b1be1c3e-b65d-4f19-8427-f6fa0d97feb9": "Conditional Access Administrator",
    "9360feb5-f418-4baa-8175-e2a00bac4301": "Directory Writers",
    "8329153b-31d0-4727-b945-745eb3bc5f31": "Domain Name Administrator",
    "58f930cc-fcf4-4152-852c-1d7dbf502139": "Entra SOC Identity Responder",
    "29232cdf-9323-42fd-ade2-1d097af3e4de": "Exchange Administrator",
    "be2f45a1-457d-42af-a067-6ec1fa63bc45": "External Identity Provider Administrator",
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": "Global Reader",
    "fdd7a751-b60b-444a-984c-02652fe8fa1c": "Groups Administrator",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": "Helpdesk Administrator",
    "8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2": "Hybrid Identity Administrator",
    "45d8d3c5-c802-45c6-b32a-1d70b5e1e86e": "Identity Governance Administrator",
    "3a2c62db-5318-420d-8d74-23affee5d9d5": "Intune Administrator",
    "59d46f88-662b-457b-bceb-5c3809e5908f": "Lifecycle Workflows Administrator",
    "4ba39ca4-527c-499a-b93d-d9b492c50246": "Partner Tier1 Support",
    "e00e864a-17c5-4a4b-9c06-f5b95a8d5bd8": "Partner Tier2 Support",
    "966707d0-3269-4727-9be2-8c3a10f19b9d": "Password Administrator",
    "194ae4cb-b126-40b2-bd5b-6091b380977d": "Security Administrator",
    "5f2222b1-57c3-48ba-8ad5-d4759f1fde6f": "Security Operator",
    "5d6b6bb7-de71-4623-b4af-96380a352509": "Security Reader",
    "f28a1f50-f6e7-4571-818b-6a12f2af6b6c": "SharePoint Administrator",
    "1981f584-96e9-4a6f-95b0-f522373f8fae": "Tenant Governance Administrator",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
}
"""Built-in roles that Microsoft labels as privileged (2026-09), and those for all of authentication, billing,
groups, mail and SharePoint; ids of their templates.

An assignment of a built-in role names this id; one of a custom role an id of the tenant's own.
"""
HARMLESS = frozenset(
    {
        "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",  # Directory Readers
        "95e79109-95c0-4d8e-aee3-d01accf2d47b",  # Guest Inviter
        "790c1fb9-7f7d-4f88-86a1-ef1f95c05c1b",  # Message Center Reader
        "4a5d8f65-41da-4de4-8968-e035b65339cf",  # Reports Reader
        "f023fd81-a637-4b56-95fd-791ac0226033",  # Service Support Administrator
        "75934031-6c7e-415a-99d7-48dbd49e875e",  # Usage Summary Reports Reader
    }
)
"""Built-in roles that give power over nobody. What is neither here nor in :data:`PRIVILEGED`, a role of the
tenant's own among them, may be one or the other."""
_USER = "#microsoft.graph.user"
_GROUP = "#microsoft.graph.group"
_PROGRAM = "#microsoft.graph.servicePrincipal"
_SORTS = frozenset({_USER, _GROUP, _PROGRAM})


class DirectoryObject(msgspec.Struct, frozen=True, rename="camel"):
    """A user, group or service principal, as far as a reference to it says."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "@odata.type": "a member without a type is judged as a person; of a holder it is needed",
    }

    id: str
    odata_type: str | None = msgspec.field(default=None, name="@odata.type")
    display_name: str | None = None
    user_principal_name: str | None = None

    @property
    def label(self) -> str:
        """What people call it."""
        return self.user_principal_name or self.display_name or self.id


class GroupEligibility(msgspec.Struct, frozen=True, rename="camel"):
    """Somebody who may activate the membership of a group, or its ownership (PIM for Groups)."""

    access_id: str
    """``member`` or ``owner``."""
    principal_id: str
    principal: DirectoryObject | None = None

    @property
    def member(self) -> str | None:
        """The id of who may become a member; ``None`` for who may become an owner, or a program.

        Raises FactUnavailable where it is a group, or nobody can tell what it is.
        """
        if not chosen(self.access_id, "accessId", good=("member",), bad=("owner",)):
            return None
        sort = self.principal.odata_type if self.principal else None
        if sort not in (_USER, _PROGRAM):
            msg = f"who is in {self.principal_id}, which may activate the membership of a group, is not read"
            raise FactUnavailable(msg, field="eligibleMembers")
        return self.principal_id

    @property
    def by_user(self) -> bool:
        """Whether it is somebody, and nothing known as a group or program, who may become a member."""
        sort = self.principal.odata_type if self.principal else None
        return self.access_id == "member" and sort not in (_GROUP, _PROGRAM)


def joining(eligible: Iterable[GroupEligibility] | None) -> list[str]:
    """Ids of those who may become members; none where the tenant has no Privileged Identity Management."""
    return [one.member for one in eligible or () if one.member is not None]


class Held(Resource, frozen=True, kw_only=True, rename="camel"):
    """A role, and who has it or may have it: what active and eligible roles have in common."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "members": "asked for where a group holds the role, and for nobody else",
        "eligibleMembers": "null: the tenant has no PIM; asked for where a group holds the role",
    }

    id: str
    principal_id: str
    role_definition_id: str
    directory_scope_id: str | None = None
    """``/``: the whole directory; else an administrative unit or an app."""
    principal: DirectoryObject | None = None
    members: list[DirectoryObject] = fact("members")
    """``GET /groups/{id}/transitiveMembers``, where a group holds the role."""
    eligible_members: list[GroupEligibility] | None = fact("eligibleMembers")
    """Who may activate the membership of the group that holds the role; ``null``: the tenant has no PIM."""

    @property
    def everywhere(self) -> bool:
        """Whether it holds in the whole directory, and not in a part of it or for one app alone."""
        return self.directory_scope_id == "/"

    @property
    def shown_sort(self) -> str | None:
        """What holds it; ``None`` where Graph does not show that."""
        sort = self.principal.odata_type if self.principal else None
        return sort if sort in _SORTS else None

    @property
    def sort(self) -> str:
        """What holds it. Raises FactUnavailable where Graph does not show that: it may be a group."""
        sort = self.shown_sort
        if sort is None:
            msg = f"Graph does not show who {self.principal_id} is, who holds the {self.role}"
            raise FactUnavailable(msg, kind=self.kind, field="principal", document=self)
        return sort

    @property
    def of_group(self) -> bool:
        """Whether a group holds the role, and so its members."""
        return self.principal is not None and self.principal.odata_type == _GROUP

    @property
    def of_user(self) -> bool:
        """Whether a user holds it in their own right."""
        return self.principal is not None and self.principal.odata_type == _USER

    @property
    def by_people(self) -> bool:
        """Whether it is held by anybody but a program."""
        return self.principal is None or self.principal.odata_type != _PROGRAM

    @property
    def privileged(self) -> bool:
        """Whether it is one of the privileged built-in roles."""
        return self.role_definition_id.casefold() in PRIVILEGED

    @property
    def role(self) -> str:
        """The role's name, where it is known; else its id."""
        return PRIVILEGED.get(self.role_definition_id.casefold(), f"role {self.role_definition_id}")

    @property
    def hides_holders(self) -> bool:
        """Whether others may have the role than are named: it is not seen who holds it, or is in its group."""
        try:
            self.holders()
            self.joiners()
        except FactUnavailable:
            return True
        return False

    def holders(self) -> list[str]:
        """Ids of who has the role by it: the principal, or the users and programs in the group."""
        if self.sort != _GROUP:
            return [self.principal_id]
        return [one.id for one in self.members if one.odata_type != _GROUP]

    def joiners(self) -> list[str]:
        """Ids of who may have the role by activating the membership of the group that holds it."""
        return joining(self.eligible_members) if self.sort == _GROUP else []

    def users(self) -> Iterator[str]:
        """Ids of those who have it, or may have it by joining its group, that may be users; as far as known."""
        if self.shown_sort in (None, _USER):
            yield self.principal_id
        if self.of_group:
            with suppress(FactUnavailable):
                yield from (one.id for one in self.members if one.odata_type in (None, _USER))
            with suppress(FactUnavailable):
                yield from (one.principal_id for one in self.eligible_members or () if one.by_user)

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """What users may do by it, at once or once it is active."""
        for holder in dict.fromkeys(self.users()):
            yield Account(
                system=f"azure:{scope.account}",
                uid=holder,
                login="",
                name="",
                mails=(),
                active=None,
                privileged=True if self.privileged else None,
                mfa=None,
                groups=(self.role,),
            )

    def _grants(self, scope: Scope, *, suffix: str = "", note: str = "") -> Iterable[Access]:
        """The role as a grant of whoever has it; of a group, with those who are in it as far as they were read.

        Who is in a group is known whole, nested groups included, but not by which of these.
        """
        system = f"azure:{scope.account}"
        place = self.directory_scope_id or "/"
        if self.principal is None:
            note = "; ".join(part for part in (note, "Graph does not show who this is") if part)
        if self.principal is not None and self.of_group:
            known = "members" not in self.gaps
            members = self.members if known else []
            yield Members(
                "azure",
                self.principal_id,
                self.principal.label,
                accounts=tuple(one.id for one in members if one.odata_type != _GROUP),
                groups=tuple(one.id for one in members if one.odata_type == _GROUP),
                unread="" if known else str(self.gaps["members"].get("reason", "not shown")),
                flat=True,
                gives=False,
            )
            for one in members:
                if one.odata_type == _GROUP:
                    yield Members("azure", one.id, one.label, unread=_BY_OUTER, gives=False)
        yield Grant(
            system,
            self.principal_id,
            f"{self.role}{suffix}",
            "role",
            on="" if place == "/" else place,
            by_group=self.of_group,
            of="azure",
            privileged=self._administers,
            note=note,
            id=f"{self.role_definition_id.casefold()}{suffix}",
            holder_is="person" if self.by_people else "service",
            holder_name=self.principal.label if self.principal else "",
        )

    @property
    def _administers(self) -> bool | None:
        if self.privileged:
            return True
        return False if self.role_definition_id.casefold() in HARMLESS else None


_BY_OUTER = "who is in it is listed with the group around it"
"""Said of a nested group, which is only named: Graph lists the members of all groups within one."""


class RoleAssignment(Held, frozen=True, kw_only=True, rename="camel"):
    """A role in use now (``GET /roleManagement/directory/roleAssignments?$expand=principal``).

    Shape from documentation. A role that was activated for some hours is among them.
    """

    kind = "azure.entra.role_assignment"

    app_scope_id: str | None = None

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The role, for whoever holds it."""
        return self._grants(scope)


class RoleEligibility(Held, frozen=True, kw_only=True, rename="camel"):
    """A role that somebody may activate (``.../roleEligibilityScheduleInstances``; Entra ID P2).

    Shape from documentation. Without the licence nobody is eligible: there is none.
    """

    kind = "azure.entra.role_eligibility"

    member_type: str | None = None
    """``Direct``, ``Group`` or ``Inherited``."""
    end_date_time: Moment | None = None

    def access_grants(self, scope: Scope) -> Iterable[Access]:
        """The role, for whoever may activate it."""
        ends = f", until {self.end_date_time:%Y-%m-%d}" if self.end_date_time else ""
        return self._grants(scope, suffix=" (eligible)", note=f"must be activated{ends}")


def roles_by_holder(held: Iterable[Held]) -> dict[str, set[str]]:
    """Id of a user or service principal -> ids of the roles that they have."""
    roles: dict[str, set[str]] = {}
    for one in held:
        for holder in one.holders():
            roles.setdefault(holder, set()).add(one.role_definition_id.casefold())
    return roles


def roles_by_joiner(held: Iterable[Held]) -> dict[str, set[str]]:
    """Id of a user or service principal -> ids of the roles that they may have by joining a group."""
    roles: dict[str, set[str]] = {}
    for one in held:
        for joiner in one.joiners():
            roles.setdefault(joiner, set()).add(one.role_definition_id.casefold())
    return roles


def role_names(roles: Iterable[str]) -> list[str]:
    """The names of those that are privileged, sorted."""
    return sorted(PRIVILEGED[role] for role in roles if role in PRIVILEGED)


class RoleInstance(Resource, frozen=True, kw_only=True, rename="camel"):
    """A role in use, with how it came to be (``.../roleAssignmentScheduleInstances``; Entra ID P2).

    Shape from documentation.
    """

    kind = "azure.entra.role_instance"
    may_lack: ClassVar[Mapping[str, str]] = {
        "principal": "one that is not shown is judged as a person",
        "startDateTime": "without it an assignment with an end counts from no time, which is for good",
    }

    id: str
    principal_id: str
    role_definition_id: str
    assignment_type: str
    """``Assigned``, or ``Activated`` for some hours by somebody who is eligible."""
    member_type: str | None = None
    """``Direct``, ``Group`` or ``Inherited``."""
    start_date_time: Moment | None = None
    end_date_time: Moment | None = None
    """``None``: for good."""
    principal: DirectoryObject | None = None

    def standing(self, max_days: int) -> bool:
        """Whether it was given, and has no end, or one later than so many days after its start.

        Raises FactUnavailable where Graph does not say whether it was given or activated.
        """
        if chosen(self.assignment_type, "assignmentType", good=("Activated",), bad=("Assigned",)):
            return False
        start, end = self.start_date_time, self.end_date_time
        return start is None or end is None or end - start > timedelta(days=max_days)

    @property
    def label(self) -> str:
        """Who has it."""
        return self.principal.label if self.principal else self.principal_id


class _Setting(msgspec.Struct, frozen=True, rename="camel"):
    is_approval_required: bool | None = None


class PolicyRule(msgspec.Struct, frozen=True, rename="camel"):
    """One demand of a role's policy."""

    id: str
    """``Approval_EndUser_Assignment``: at activation."""
    setting: _Setting | None = None


class _Policy(msgspec.Struct, frozen=True, rename="camel"):
    rules: list[PolicyRule] | None = None


class RolePolicy(Resource, frozen=True, kw_only=True, rename="camel"):
    """What PIM demands before a role is used (``/policies/roleManagementPolicyAssignments``; Entra ID P2).

    Shape from documentation.
    """

    kind = "azure.entra.role_policy"
    volatile = ("policy.lastModifiedDateTime",)

    id: str
    role_definition_id: str
    policy: _Policy

    @property
    def approval(self) -> bool | None:
        """Whether somebody else must approve an activation; ``None``: the policy does not say."""
        for one in self.policy.rules or ():
            if one.id == "Approval_EndUser_Assignment" and one.setting is not None:
                return one.setting.is_approval_required
        return None
