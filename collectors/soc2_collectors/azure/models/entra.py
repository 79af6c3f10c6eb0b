"""The tenant, its people and the settings that hold for all of them.

Source: Microsoft Graph v1.0.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from soc2_collectors.azure.models.arm import chosen, same
from soc2_collectors.azure.models.entra_roles import Moment
from soc2_pac.errors import FactUnavailable
from soc2_pac.identity import Account
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from soc2_pac.identity import Identity
    from soc2_pac.model import Scope

P1 = "Entra ID P1"
P2 = "Entra ID P2"
_PLANS = {
    "41781fb2-bc02-4b7c-bd55-b576c07bb09d": P1,
    "eec0eb4f-6444-4f95-aba0-50c24d67f998": P2,
}
_USABLE = frozenset({"Enabled", "Warning"})


class AssignedPlan(msgspec.Struct, frozen=True, rename="camel"):
    """A service that the tenant has."""

    service_plan_id: str
    capability_status: str | None = None
    """``Enabled``, ``Warning`` (payment is late), ``Suspended``, ``Deleted``, ``LockedOut``."""


class GroupSetting(msgspec.Struct, frozen=True, rename="camel"):
    """Settings that differ from their defaults, by a template (``GET /groupSettings``)."""

    template_id: str
    values: list[NameValue]
    display_name: str | None = None


class NameValue(msgspec.Struct, frozen=True):
    """One of them."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "value": "not set is the documented default; Microsoft Entra, group settings",
    }

    name: str
    value: str | None = None


PASSWORD_RULES = "5cf42378-d67d-4f36-ba46-e8b86229381d"
"""The template of smart lockout and banned passwords. No secret."""
UNIFIED_GROUPS = "62375ab9-6b52-47ed-826b-58e47e0e304b"


class Tenant(Resource, frozen=True, kw_only=True, rename="camel"):
    """The directory itself (``GET /organization``). Shape from documentation."""

    kind = "azure.entra.tenant"
    volatile = ("onPremisesLastSyncDateTime", "onPremisesLastPasswordSyncDateTime")

    id: str
    display_name: str | None = None
    assigned_plans: list[AssignedPlan]
    group_settings: list[GroupSetting] = fact("groupSettings")
    """``GET /groupSettings``; a template that is not there is as Microsoft made it."""

    @property
    def licences(self) -> frozenset[str]:
        """Of Entra ID P1 and P2, those that the tenant has; P2 has all of P1."""
        found = {
            _PLANS[plan.service_plan_id]
            for plan in self.assigned_plans
            if plan.service_plan_id in _PLANS and plan.capability_status in _USABLE
        }
        return frozenset(found | {P1} if P2 in found else found)

    def setting(self, template: str, name: str, default: str) -> str:
        """A group setting; its documented default where nobody has set it."""
        for settings in self.group_settings:
            if same(settings.template_id, template):
                for one in settings.values:
                    if same(one.name, name) and one.value is not None:
                        return one.value
        return default


class User(Resource, frozen=True, kw_only=True, rename="camel"):
    """A member or guest of the directory (``GET /users``). Shape from documentation."""

    kind = "azure.entra.user"
    lists_accounts = True
    may_lack: ClassVar[Mapping[str, str]] = {
        "accountEnabled": "null is judged as the stricter of the two",
        "externalUserState": "set of invited guests alone; Graph, user",
        "onPremisesSyncEnabled": "null where the account was never synchronised; Graph, user",
        "@odata.type": "only said of what is more than a user: the account of an agent; Graph, agentUser",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "@odata.type": "whatever else than an agent's account is judged as a person's",
    }

    id: str
    user_principal_name: str
    account_enabled: bool | None
    user_type: str | None = None
    """``Member`` or ``Guest``; ``None`` of some that are older than the property."""
    display_name: str | None = None
    mail: str | None = None
    department: str | None = None
    employee_id: str | None = None
    created_date_time: Moment | None = None
    on_premises_sync_enabled: bool | None = None
    external_user_state: str | None = None
    """Of guests: ``PendingAcceptance`` or ``Accepted``."""
    odata_type: str | None = msgspec.field(default=None, name="@odata.type")

    @property
    def agent(self) -> bool:
        """Whether it is the account of an agent (AI): it can have neither password nor factor, and no person has it.

        It signs in by the credentials of an app. Source: Microsoft Graph, "agentUser".
        """
        return same(self.odata_type, "#microsoft.graph.agentUser")

    @property
    def login(self) -> str:
        """The name by which somebody signs in."""
        return self.user_principal_name

    @property
    def external(self) -> bool:
        """Whether the person signs in elsewhere: another organisation's directory, or a private account."""
        return self.elsewhere or self.external_user_state is not None

    @property
    def elsewhere(self) -> bool:
        """The same by the name alone: an account that was made an internal one may keep other traces."""
        return _elsewhere(self.user_principal_name)

    @property
    def guest(self) -> bool:
        """Whether the account is a guest's; one without a type is, where the person signs in elsewhere.

        Raises FactUnavailable for a type that is not known.
        """
        if not self.user_type:
            return self.external
        return chosen(self.user_type, "userType", good=("Guest",), bad=("Member",))

    @property
    def guest_sort(self) -> str | None:
        """Which sort of guest or external user conditional access takes it for; ``None``: for none.

        Raises FactUnavailable where the type of the account is missing or not known.
        """
        if not self.user_type and not self.external:
            msg = f"Graph does not say whether {self.user_principal_name} is a member or a guest"
            raise FactUnavailable(msg, kind=self.kind, field="userType", document=self)
        if self.external:
            return "b2bCollaborationGuest" if self.guest else "b2bCollaborationMember"
        return "internalGuest" if self.guest else None

    def named_in(self, patterns: tuple[str, ...]) -> bool:
        """Whether its name is one of these, or of their form, or its id is; letter case does not matter."""
        names = (self.user_principal_name.lower(), self.id.lower())
        return any(fnmatchcase(name, pattern.lower()) for name in names for pattern in patterns)

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The account. Rights and factors are told by other kinds; a guest's address is unproven here."""
        login = self.user_principal_name
        addresses = (self.mail,) if self.guest else (self.mail, login if "@" in login else None)
        yield Account(
            system=system_of(scope),
            uid=self.id,
            login=login,
            name=self.display_name or "",
            mails=tuple(dict.fromkeys(mail for mail in addresses if mail)),
            active=self.account_enabled,
            privileged=None,
            mfa=None,
            person=self.employee_id,
            created=self.created_date_time,
            guest=self.guest,
            sort="service" if self.agent else "person",
        )


def _elsewhere(name: str) -> bool:
    """Whether the name of an account says that the person signs in elsewhere."""
    return "#ext#" in name.lower()


def system_of(scope: Scope) -> str:
    """What the accounts of a tenant are in: ``azure:<tenant>``."""
    return f"azure:{scope.account}"


class Domain(msgspec.Struct, frozen=True, rename="camel"):
    """A domain of the tenant's (``GET /domains``)."""

    id: str
    """Its name."""
    authentication_type: str
    """``Managed``: people sign in here; ``Federated``: at another identity provider."""

    @property
    def federated(self) -> bool:
        """Whether people sign in at another identity provider. Raises FactUnavailable for an unknown word."""
        return chosen(
            self.authentication_type, "authenticationType", good=("Federated",), bad=("Managed",)
        )


class Registration(Resource, frozen=True, kw_only=True, rename="camel"):
    """Which factors somebody has (``/reports/authenticationMethods/userRegistrationDetails``; P1).

    Shape from documentation.
    """

    kind = "azure.entra.registration"
    volatile = ("lastUpdatedDateTime",)
    may_lack: ClassVar[Mapping[str, str]] = {
        "domain": "null: no domain of the tenant's is in the name; asked of who has no factor here",
    }

    id: str
    """Of the user."""
    user_principal_name: str
    is_mfa_registered: bool
    """Whether a method is registered, be it one that the tenant no longer admits."""
    is_mfa_capable: bool | None = None
    """Whether a method is registered that the tenant admits."""
    methods_registered: list[str] | None = None
    domain: Domain | None = fact("domain")
    """The domain in the name of the user; ``null``: the tenant has no such domain."""

    @property
    def elsewhere(self) -> bool:
        """Whether the person signs in elsewhere, where they may have a factor that nobody here sees."""
        return _elsewhere(self.user_principal_name)

    @property
    def federated(self) -> bool:
        """Whether the person signs in at another identity provider of the company's.

        A second factor that is asked for there counts here (Microsoft Entra, "Satisfy multifactor authentication
        controls with MFA claims from a federated IdP"), and Graph does not show it. Raises FactUnavailable where it is
        not known.
        """
        return self.domain is not None and self.domain.federated

    @property
    def has_factor(self) -> bool | None:
        """Whether there is a second factor that can be used; ``None``: the report does not say.

        Raises FactUnavailable as :attr:`federated` does.
        """
        if self.is_mfa_registered and self.is_mfa_capable is not False:
            return self.is_mfa_capable
        if self.elsewhere and not self.is_mfa_registered:
            return None
        return None if self.federated else False

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """Whether the account has a second factor; all else the user's own record says."""
        try:
            mfa = self.has_factor
        except FactUnavailable:
            mfa = None
        yield Account(
            system_of(scope),
            self.id,
            self.user_principal_name,
            "",
            (),
            None,
            None,
            mfa,
        )


class _Activity(msgspec.Struct, frozen=True, rename="camel"):
    may_lack: ClassVar[Mapping[str, str]] = {
        "lastSignInDateTime": "an attempt: read where no sign-in is known to have succeeded",
        "lastNonInteractiveSignInDateTime": "an attempt: read where no sign-in is known to have succeeded",
    }

    last_sign_in_date_time: Moment | None = None
    """The last attempt, successful or not."""
    last_non_interactive_sign_in_date_time: Moment | None = None
    """The last attempt by a client for the user, successful or not."""
    last_successful_sign_in_date_time: Moment | None = None
    """Kept since 2023-12-01, and not filled in for the time before."""


class SignInActivity(Resource, frozen=True, kw_only=True, rename="camel"):
    """When somebody last signed in (``GET /users?$select=signInActivity``; P1).

    Shape from documentation. Of whom nobody ever signed in, Graph gives no activity.
    """

    kind = "azure.entra.sign_in_activity"
    may_lack: ClassVar[Mapping[str, str]] = {
        "signInActivity": "left out where nobody ever signed in: then the age of the account counts",
    }
    volatile = (
        "signInActivity.lastSignInRequestId",
        "signInActivity.lastNonInteractiveSignInRequestId",
        "signInActivity.lastSuccessfulSignInRequestId",
    )

    id: str
    """Of the user."""
    user_principal_name: str
    sign_in_activity: _Activity | None = None

    @property
    def last(self) -> datetime | None:
        """The last sign-in that succeeded, by a person or by their app for them; ``None``: none is known."""
        seen = self.sign_in_activity
        return seen.last_successful_sign_in_date_time if seen else None

    @property
    def last_attempt(self) -> datetime | None:
        """The last attempt to sign in, whether it succeeded or not."""
        seen = self.sign_in_activity
        if seen is None:
            return None
        known = [
            seen.last_sign_in_date_time,
            seen.last_non_interactive_sign_in_date_time,
            seen.last_successful_sign_in_date_time,
        ]
        return max((moment for moment in known if moment), default=None)

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """When the account was last used; all else the user's own record says."""
        last = self.last or self.last_attempt
        name = self.user_principal_name
        yield Account(system_of(scope), self.id, name, "", (), None, None, None, last_used=last)


class _UserRights(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    may_lack: ClassVar[Mapping[str, str]] = {
        "permissionGrantPoliciesAssigned": "empty: no user may consent; Graph, defaultUserRolePermissions",
    }

    allowed_to_create_apps: bool
    allowed_to_create_security_groups: bool
    allowed_to_create_tenants: bool | None = None
    permission_grant_policies_assigned: list[str]
    """Without default: none is what a strict tenant has, and not what a short answer means."""


class _ConsentRequests(msgspec.Struct, frozen=True, rename="camel"):
    may_lack: ClassVar[Mapping[str, str]] = {
        "reviewers": "where requests are on, Graph asks for reviewers; only an empty list says that nobody is",
    }

    is_enabled: bool
    reviewers: list[Any] | None = None
    """Who gets the requests."""


class AuthorizationPolicy(Resource, frozen=True, kw_only=True, rename="camel"):
    """What users may do of themselves (``GET /policies/authorizationPolicy``). Shape from documentation."""

    kind = "azure.entra.authorization_policy"
    may_lack: ClassVar[Mapping[str, str]] = {
        "allowUserConsentForRiskyApps": "off unless somebody switched it on; Graph, authorizationPolicy",
    }

    id: str
    allow_user_consent_for_risky_apps: bool | None = None
    """``null``: nobody switched it on; it is off by default."""
    allow_invites_from: str
    """``none``, ``adminsAndGuestInviters``, ``adminsGuestInvitersAndAllMembers`` or ``everyone``."""
    guest_user_role_id: str | None = None
    default_user_role_permissions: _UserRights
    admin_consent_request_policy: _ConsentRequests | None = fact("adminConsentRequestPolicy")
    """``GET /policies/adminConsentRequestPolicy``."""

    @property
    def consent(self) -> list[str]:
        """Policies by which users may let apps at their data, without those that owners of groups have."""
        assigned = self.default_user_role_permissions.permission_grant_policies_assigned
        return sorted(p[len(_SELF) :].lower() for p in assigned if p.lower().startswith(_SELF))

    @property
    def other_grants(self) -> list[str]:
        """Policies that are neither about users' own data nor about what owners of groups and chats have."""
        assigned = self.default_user_role_permissions.permission_grant_policies_assigned
        return sorted(p for p in assigned if not p.lower().startswith((_SELF, _OWNED)))


_SELF = "managepermissiongrantsforself."
_OWNED = "managepermissiongrantsforownedresource."


class Target(msgspec.Struct, frozen=True, rename="camel"):
    """A group that a method is for; ``all_users`` is everybody."""

    id: str


class Method(msgspec.Struct, frozen=True, rename="camel"):
    """A way to prove who one is."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "excludeTargets": "an exclusion: without one nobody of the targets is left out",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "id": "a method that nobody asks about",
    }

    id: str
    """``Fido2``, ``MicrosoftAuthenticator``, ``Sms``, ``Voice``, ``Email``, ``X509Certificate``, ..."""
    state: str
    """``enabled`` or ``disabled``."""
    include_targets: list[Target] | None = None
    exclude_targets: list[Target] | None = None

    @property
    def on(self) -> bool:
        """Whether it may be used, by anybody. Raises FactUnavailable for a state that is not known."""
        return chosen(self.state, f"the state of {self.id}", good=("enabled",), bad=("disabled",))

    @property
    def for_all(self) -> bool:
        """Whether everybody may use it. Raises FactUnavailable where its targets are not shown."""
        if self.include_targets is None:
            msg = f"Graph does not show whom {self.id} is for"
            raise FactUnavailable(msg, field="includeTargets")
        meant = {one.id for one in self.include_targets}
        left = {one.id for one in self.exclude_targets or ()}
        return self.on and "all_users" in meant and not left


class AuthenticationMethodsPolicy(Resource, frozen=True, kw_only=True, rename="camel"):
    """Which methods may be used (``GET /policies/authenticationMethodsPolicy``). Shape from documentation."""

    kind = "azure.entra.authentication_methods_policy"
    volatile = ("lastModifiedDateTime",)
    may_lack: ClassVar[Mapping[str, str]] = {
        "policyMigrationState": "null of tenants that never had older settings; ScubaGear, pull request 1778",
    }

    id: str
    authentication_method_configurations: list[Method]
    policy_migration_state: str | None = None
    """``preMigration`` and ``migrationInProgress``: the older settings of MFA and reset count, too.

    ``migrationComplete``, or ``null`` of newer tenants, which never had any: they do not.
    """

    @property
    def alone(self) -> bool:
        """Whether the older settings of MFA and reset do not count any more."""
        return not self.policy_migration_state or same(
            self.policy_migration_state, "migrationComplete"
        )

    def method(self, name: str) -> Method | None:
        """A method by its id; ``None``: the policy does not list it."""
        found = (one for one in self.authentication_method_configurations if same(one.id, name))
        return next(found, None)


class Membership(msgspec.Struct, frozen=True, rename="camel"):
    """Who may: everybody, nobody, or some."""

    odata_type: str | None = msgspec.field(default=None, name="@odata.type")

    @property
    def nobody(self) -> bool:
        """Whether nobody may."""
        return (self.odata_type or "").endswith(".noDeviceRegistrationMembership")


class _Join(msgspec.Struct, frozen=True, rename="camel"):
    allowed_to_join: Membership | None = None


class _Register(msgspec.Struct, frozen=True, rename="camel"):
    allowed_to_register: Membership | None = None


class DeviceRegistration(Resource, frozen=True, kw_only=True, rename="camel"):
    """What joining a device takes (``GET /policies/deviceRegistrationPolicy``). Shape from documentation."""

    kind = "azure.entra.device_registration"

    id: str
    multi_factor_auth_configuration: str
    """``required`` or ``notRequired``; ``1`` or ``0`` in the beta."""
    join: _Join | None = msgspec.field(default=None, name="azureADJoin")
    register: _Register | None = msgspec.field(default=None, name="azureADRegistration")

    @property
    def closed(self) -> bool:
        """Whether nobody may join or register a device."""
        joins = self.join and self.join.allowed_to_join
        registers = self.register and self.register.allowed_to_register
        return bool(joins and joins.nobody and registers and registers.nobody)

    @property
    def mfa(self) -> bool:
        """Whether a second factor is demanded. Raises FactUnavailable for a word that is not known."""
        return chosen(
            self.multi_factor_auth_configuration,
            "multiFactorAuthConfiguration",
            good=("required", "1"),
            bad=("notRequired", "0"),
        )
