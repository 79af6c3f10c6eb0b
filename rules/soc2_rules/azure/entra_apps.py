"""Apps of the tenant: their secrets, and those that could take it over."""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from soc2_collectors.azure.models.entra_apps import Application, AppPermission, ServicePrincipal
from soc2_collectors.azure.models.entra_roles import TIER_0, RoleAssignment
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms.entra import roles_held

_MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
"""The tenant of Microsoft's own apps."""
_TIER_0_PERMISSIONS = (
    "AppRoleAssignment.ReadWrite.All",
    "Application.ReadWrite.All",
    "Directory.ReadWrite.All",
    "RoleManagement.ReadWrite.Directory",
    "UserAuthenticationMethod.ReadWrite.All",
)
"""Permissions by which an app can make itself, or somebody, a global administrator."""


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    known_as=["prowler:entra_app_registration_credential_not_expired"],
)
def azure_app_credentials(
    application: Application, now: datetime, *, max_lifetime_days: int = 366
) -> Verdict:
    """Secrets and certificates of apps have not expired, and are not made for years.

    Why: a secret that is good for years is found in an old repository and still works; one that expired
        shows that nobody looks after the app.
    Fix: az ad app credential delete --id APP --key-id KEY; better, sign in by a federated identity or a
        managed one, without any secret.
    """
    found = [*application.password_credentials, *application.key_credentials]
    if not found:
        return not_applicable("the app has neither secret nor certificate")
    limit = timedelta(days=max_lifetime_days)
    long = [one.label for one in found if one.end_date_time - one.start_date_time > limit]
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

    Such are apps with one of the ``permissions`` to Microsoft Graph, or with a role that can give every
    other one. ``approved`` names them, by name or id. Microsoft's own apps are not asked about.

    Why: whoever copies the secret of such an app, or owns it, is a global administrator in effect, and no
        second factor is asked.
    Fix: remove the permission, or else the owners and the secrets, and have the app sign in by a
        certificate, a managed identity or a federated one.
    """
    if principal.app_owner_organization_id == _MICROSOFT:
        return not_applicable("one of Microsoft's own apps")
    if principal.account_enabled is False:
        return not_applicable("the app is disabled here")
    mine = evidence.index(AppPermission, "principal_id").get(principal.id, ())
    unnamed = [one.app_role_id for one in mine if one.app_role is None or not one.app_role.value]
    rights = [one.app_role.value for one in mine if one.app_role and one.app_role.value]
    might = [right for right in rights if right in permissions]
    might += [
        TIER_0[role]
        for role in evidence.derived(roles_held).get(principal.id, ())
        if role in TIER_0
    ]
    if not might:
        if unnamed:
            return inconclusive(f"Graph does not say what these permissions are: {listed(unnamed)}")
        return not_applicable("cannot take over the tenant")
    home = evidence.index(Application, "app_id").get(principal.app_id, ())
    parts: list[ServicePrincipal | Application] = [principal, *home]
    wrong = [f"secret {one.label}" for part in parts for one in part.password_credentials]
    wrong += [f"owner {one.label}" for part in parts for one in part.owners]
    if approved and not _named(principal, approved):
        wrong.append("not approved")
    if wrong:
        return failed(f"has {listed(set(might))}, and {listed(set(wrong))}")
    if not approved:
        return inconclusive(f"has {listed(set(might))}: name it in `approved` where it is")
    return passed(f"has {listed(set(might))}; approved, without secrets and owners")


def _named(principal: ServicePrincipal, patterns: tuple[str, ...]) -> bool:
    names = [text.lower() for text in (principal.display_name, principal.app_id, principal.id)]
    return any(fnmatchcase(name, pattern.lower()) for name in names for pattern in patterns)
