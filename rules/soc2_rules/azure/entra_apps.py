"""Apps of the tenant: their secrets, and those that could take it over."""

from __future__ import annotations

from datetime import datetime
from fnmatch import fnmatchcase

from soc2_collectors.azure.models.arm import same
from soc2_collectors.azure.models.entra_apps import (
    Application,
    AppPermission,
    PermissionGrant,
    ServicePrincipal,
)
from soc2_collectors.azure.models.entra_roles import RoleAssignment, role_names
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.entra import roles_held
from soc2_rules.mechanisms.known import Unread

_MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
"""The tenant of Microsoft's own apps."""
_TIER_0_PERMISSIONS = (
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadUpdate.All",
    "Application.ReadWrite.All",
    "Application.ReadWrite.OwnedBy",
    "DelegatedAdminRelationship.ReadWrite.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "DeviceManagementConfiguration.ReadWrite.All",
    "DeviceManagementRBAC.ReadWrite.All",
    "DeviceManagementScripts.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "Directory.ReadWrite.All",
    "Domain-InternalFederation.ReadWrite.All",
    "Domain.ReadWrite.All",
    "EntitlementManagement.ReadWrite.All",
    "Group.ReadWrite.All",
    "GroupMember.ReadWrite.All",
    "Organization.ReadWrite.All",
    "Policy.ReadWrite.AuthenticationMethod",
    "Policy.ReadWrite.ConditionalAccess",
    "Policy.ReadWrite.PermissionGrant",
    "PrivilegedAccess.ReadWrite.AzureAD",
    "PrivilegedAccess.ReadWrite.AzureADGroup",
    "PrivilegedAccess.ReadWrite.AzureResources",
    "PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup",
    "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
    "PublicKeyInfrastructure.ReadWrite.All",
    "RoleAssignmentSchedule.ReadWrite.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "RoleManagement.ReadWrite.Directory",
    "RoleManagementPolicy.ReadWrite.AzureADGroup",
    "RoleManagementPolicy.ReadWrite.Directory",
    "SignInIdentifier.ReadWrite.All",
    "User-PasswordProfile.ReadWrite.All",
    "User.ReadWrite.All",
    "UserAuthMethod-Email.ReadWrite.All",
    "UserAuthMethod-External.ReadWrite.All",
    "UserAuthMethod-HardwareOATH.ReadWrite.All",
    "UserAuthMethod-MicrosoftAuthApp.ReadWrite.All",
    "UserAuthMethod-Passkey.ReadWrite.All",
    "UserAuthMethod-Password.ReadWrite.All",
    "UserAuthMethod-Phone.ReadWrite.All",
    "UserAuthMethod-PlatformCred.ReadWrite.All",
    "UserAuthMethod-QR.ReadWrite.All",
    "UserAuthMethod-SoftwareOATH.ReadWrite.All",
    "UserAuthMethod-TAP.ReadWrite.All",
    "UserAuthMethod-WindowsHello.ReadWrite.All",
    "UserAuthenticationMethod.ReadWrite.All",
)
"""Permissions by which an app can make itself, or somebody, a global administrator.

At once, or by apps, groups, methods, domains, certificates or devices that administrators use; for a user who
signs in, by acting as that user in the directory. By Microsoft Graph's permissions reference, and public
research on ways to a higher tier.
"""


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    known_as=["prowler:entra_app_registration_credential_not_expired"],
)
def azure_app_credentials(
    application: Application, now: datetime, *, max_lifetime_days: int = 366
) -> Verdict:
    """Secrets and certificates of app registrations have not expired, and are not made for years.

    Of the registration; what its service principals in this or another tenant have is not asked. A public key with
    which Entra encrypts tokens for the app signs nobody in, and is not asked about.

    Why: a secret that is good for years is found in an old repository and still works; one that expired
        shows that nobody looks after the app.
    Fix: az ad app credential delete --id APP --key-id KEY; better, sign in by a federated identity or a
        managed one, without any secret.
    """
    keys = [one for one in application.key_credentials if one.signs_in]
    found = [*application.password_credentials, *keys]
    if not found:
        return not_applicable("the app has neither secret nor certificate to sign in with")
    # In whole days: a certificate made for a year begins some minutes before it is made.
    long = [
        one.label
        for one in found
        if (one.end_date_time - one.start_date_time).days > max_lifetime_days
    ]
    if long:
        return failed(f"made for more than {max_lifetime_days} days: {listed(long)}")
    gone = [
        f"{one.label} on {one.end_date_time:%Y-%m-%d}" for one in found if one.end_date_time <= now
    ]
    if gone:
        return failed(f"expired: {listed(gone)}")
    first = min(one.end_date_time for one in found)
    return passed(
        f"secrets and certificates: {len(found)}; first to expire: {first:%Y-%m-%d}", until=first
    )


@rule(
    criteria=["CC6.3"],
    severity=Severity.HIGH,
    needs=[AppPermission, RoleAssignment, Application],
    empty=inconclusive("Graph listed no service principal, and each tenant has some"),
)
def azure_privileged_apps(
    principal: ServicePrincipal,
    evidence: Evidence,
    *,
    approved: tuple[str, ...] = (),
    permissions: tuple[str, ...] = _TIER_0_PERMISSIONS,
) -> Verdict:
    """Apps that could take over the tenant are approved, and have neither secrets nor owners.

    Such are apps with one of the ``permissions`` to Microsoft Graph of their own right, or with a
    privileged role of the directory, by a group, too. ``approved`` names them, by name or id. Where they
    sign in by a token of another issuer, one subject must be named, and no pattern; which issuers a managed
    identity trusts is not shown. Of apps of other organisations, what they have here is asked about; of
    Microsoft's own, too, where somebody gave them a secret, a certificate or an owner here.

    Why: whoever copies the secret of such an app, or owns it, is a global administrator in effect, and no
        second factor is asked.
    Fix: remove the permission, or else the owners and the secrets, and have the app sign in by a
        certificate, a managed identity or a federated one.
    """
    bare = not (principal.password_credentials or principal.key_credentials or principal.owners)
    if principal.app_owner_organization_id == _MICROSOFT and bare:
        return not_applicable("one of Microsoft's own apps")
    if principal.account_enabled is False:
        return not_applicable("the app is disabled here")
    mine = evidence.index(AppPermission, "principal_id").get(principal.id, ())
    unnamed = [one.app_role_id for one in mine if one.app_role is None or not one.app_role.value]
    rights = [one.app_role.value for one in mine if one.app_role and one.app_role.value]
    might = {right for right in rights if right in permissions}
    unread = Unread()
    might |= set(
        role_names(unread.of(lambda: list(evidence.derived(roles_held).get(principal.id, ()))))
    )
    if not might:
        unread.demand_all()
        if unnamed:
            return inconclusive(f"Graph does not say what these permissions are: {listed(unnamed)}")
        return not_applicable("cannot take over the tenant")
    home = unread.of(lambda: evidence.index(Application, "app_id").get(principal.app_id, ()))
    parts: list[ServicePrincipal | Application] = [principal, *home]
    wrong = {f"secret {one.label}" for part in parts for one in part.password_credentials}
    wrong |= {f"owner {one.label}" for part in parts for one in part.owners}
    if approved and not _named(principal, approved):
        wrong.add("not approved")
    documents = [*parts, *mine]
    if wrong:
        return failed(f"has {listed(might)}, and {listed(wrong)}", on=documents)
    loose = {one.name for part in home for one in part.federated if not one.pinned}
    if loose:
        return failed(
            f"has {listed(might)}, and trusts tokens by a pattern: {listed(loose)}", on=documents
        )
    unread.demand_all()
    if not approved:
        return inconclusive(f"has {listed(might)}: name it in `approved` where it is", on=documents)
    issuers = {one.issuer for part in home for one in part.federated}
    signs_in = f"; signs in by tokens of {listed(issuers)}" if issuers else ""
    if same(principal.service_principal_type, "ManagedIdentity"):
        signs_in = "; a managed identity: whether it trusts tokens of other issuers is not shown"
    elif not home:
        signs_in = "; registered elsewhere: what secrets it has there is not shown"
    return passed(
        f"has {listed(might)}; approved, without secrets and owners here{signs_in}", on=documents
    )


def _named(principal: ServicePrincipal, patterns: tuple[str, ...]) -> bool:
    names = [text.lower() for text in (principal.display_name, principal.app_id, principal.id)]
    return any(fnmatchcase(name, pattern.lower()) for name in names for pattern in patterns)


@rule(
    criteria=["CC6.3"],
    severity=Severity.MEDIUM,
    needs=[PermissionGrant],
    empty=inconclusive("Graph listed no service principal, and each tenant has some"),
)
def azure_delegated_grants(
    principal: ServicePrincipal,
    evidence: Evidence,
    *,
    approved: tuple[str, ...] = (),
    permissions: tuple[str, ...] = _TIER_0_PERMISSIONS,
) -> Verdict:
    """Apps that may act for every user with permissions that could take over the tenant are approved.

    Judged are the delegated ``permissions`` that an administrator granted for all users; they are as strong
    as who signs in to the app. ``approved`` names apps, by name or id. Microsoft's own apps are not asked
    about.

    Why: such an app is a global administrator for as long as one is signed in to it, and nobody sees it act.
    Fix: az ad app permission delete --id APP --api 00000003-0000-0000-c000-000000000000; then revoke the
        grant under Enterprise applications, Permissions.
    """
    if principal.app_owner_organization_id == _MICROSOFT:
        return not_applicable("one of Microsoft's own apps")
    if principal.account_enabled is False:
        return not_applicable("the app is disabled here")
    grants = [
        one
        for one in evidence.index(PermissionGrant, "client_id").get(principal.id, ())
        if one.scopes & set(permissions) and one.for_all
    ]
    if not grants:
        return not_applicable("may not act for every user with such a permission")
    found = {scope for one in grants for scope in one.scopes if scope in permissions}
    said = f"may act for every user with {listed(found)}"
    if not approved:
        return inconclusive(f"{said}: name it in `approved` where it is", on=grants)
    if not _named(principal, approved):
        return failed(f"{said}, and is not approved", on=grants)
    return passed(f"{said}; approved", on=grants)
