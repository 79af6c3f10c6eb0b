"""The tenant, its people and the settings that hold for all of them.

Source: Microsoft Graph v1.0.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from soc2_collectors.azure.models.entra_roles import Moment
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
            if settings.template_id == template:
                for one in settings.values:
                    if one.name == name and one.value is not None:
                        return one.value
        return default


class User(Resource, frozen=True, kw_only=True, rename="camel"):
    """A member or guest of the directory (``GET /users``). Shape from documentation."""

    kind = "azure.entra.user"

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

    @property
    def login(self) -> str:
        """The name by which somebody signs in."""
        return self.user_principal_name

    @property
    def guest(self) -> bool:
        """Whether the person is of another organisation."""
        return self.user_type == "Guest"

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
        )


def system_of(scope: Scope) -> str:
    """What the accounts of a tenant are in: ``azure:<tenant>``."""
    return f"azure:{scope.account}"


class Registration(Resource, frozen=True, kw_only=True, rename="camel"):
    """Which factors somebody has (``/reports/authenticationMethods/userRegistrationDetails``; P1).

    Shape from documentation.
    """

    kind = "azure.entra.registration"
    volatile = ("lastUpdatedDateTime",)

    id: str
    """Of the user."""
    user_principal_name: str
    is_mfa_registered: bool
    is_mfa_capable: bool | None = None
    methods_registered: list[str] = []

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """Whether the account has a second factor; all else the user's own record says."""
        yield Account(
            system_of(scope),
            self.id,
            self.user_principal_name,
            "",
            (),
            None,
            None,
            self.is_mfa_registered,
        )


class _Activity(msgspec.Struct, frozen=True, rename="camel"):
    last_sign_in_date_time: Moment | None = None
    last_non_interactive_sign_in_date_time: Moment | None = None
    last_successful_sign_in_date_time: Moment | None = None


class SignInActivity(Resource, frozen=True, kw_only=True, rename="camel"):
    """When somebody last signed in (``GET /users?$select=signInActivity``; P1).

    Shape from documentation. Of whom nobody ever signed in, Graph gives no activity.
    """

    kind = "azure.entra.sign_in_activity"
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
        """The last sign-in, by a person or by their app for them; ``None``: none is known."""
        seen = self.sign_in_activity
        if seen is None:
            return None
        known = [
            seen.last_sign_in_date_time,
            seen.last_non_interactive_sign_in_date_time,
            seen.last_successful_sign_in_date_time,
        ]
        return max((moment for moment in known if moment), default=None)


class _UserRights(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    allowed_to_create_apps: bool
    allowed_to_create_security_groups: bool
    allowed_to_create_tenants: bool | None = None
    permission_grant_policies_assigned: list[str]
    """Without default: none is what a strict tenant has, and not what a short answer means."""


class _ConsentRequests(msgspec.Struct, frozen=True, rename="camel"):
    is_enabled: bool


class AuthorizationPolicy(Resource, frozen=True, kw_only=True, rename="camel"):
    """What users may do of themselves (``GET /policies/authorizationPolicy``). Shape from documentation."""

    kind = "azure.entra.authorization_policy"

    id: str
    allow_invites_from: str
    """``none``, ``adminsAndGuestInviters``, ``adminsGuestInvitersAndAllMembers`` or ``everyone``."""
    guest_user_role_id: str | None = None
    default_user_role_permissions: _UserRights
    admin_consent_request_policy: _ConsentRequests | None = fact("adminConsentRequestPolicy")
    """``GET /policies/adminConsentRequestPolicy``."""

    @property
    def consent(self) -> list[str]:
        """Policies by which users may let apps at their data, without those that owners of groups have."""
        prefix = "managepermissiongrantsforself."
        assigned = self.default_user_role_permissions.permission_grant_policies_assigned
        return sorted(p[len(prefix) :] for p in assigned if p.lower().startswith(prefix))


class Method(msgspec.Struct, frozen=True, rename="camel"):
    """A way to prove who one is."""

    id: str
    """``Fido2``, ``MicrosoftAuthenticator``, ``Sms``, ``Voice``, ``Email``, ``X509Certificate``, ..."""
    state: str
    """``enabled`` or ``disabled``."""


class AuthenticationMethodsPolicy(Resource, frozen=True, kw_only=True, rename="camel"):
    """Which methods may be used (``GET /policies/authenticationMethodsPolicy``). Shape from documentation."""

    kind = "azure.entra.authentication_methods_policy"
    volatile = ("lastModifiedDateTime",)

    id: str
    authentication_method_configurations: list[Method]
    policy_migration_state: str | None = None
    """``preMigration`` and ``migrationInProgress``: the older settings of MFA and reset count, too."""

    def enabled(self) -> set[str]:
        """Ids of methods that may be used."""
        return {m.id for m in self.authentication_method_configurations if m.state == "enabled"}


class DeviceRegistration(Resource, frozen=True, kw_only=True, rename="camel"):
    """What joining a device takes (``GET /policies/deviceRegistrationPolicy``). Shape from documentation."""

    kind = "azure.entra.device_registration"

    id: str
    multi_factor_auth_configuration: str
    """``required`` or ``notRequired``; ``1`` or ``0`` in the beta."""

    @property
    def mfa(self) -> bool:
        """Whether a second factor is demanded."""
        return self.multi_factor_auth_configuration in ("required", "1")
