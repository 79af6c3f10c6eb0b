"""Key vaults: recovery of keys, access, lifetimes and logs."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import recorded
from soc2_collectors.azure.models.key_vault import KeyVault
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_SHOWN = 5


@rule(
    criteria=["CC6.1", "CC7.5"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:keyvault_recoverable",
        "powerpipe:keyvault_purge_protection_enabled",
        "powerpipe:keyvault_vault_recoverable",
    ],
)
def azure_kv_recoverable(vault: KeyVault) -> Verdict:
    """Key vaults keep what was deleted, and nobody can purge it before its time.

    Why: a key that is gone takes with it all data that it encrypts.
    Fix: az keyvault update --name VAULT --enable-purge-protection true.
    """
    if vault.properties.enable_soft_delete is False:
        return failed("soft delete is off")
    if not vault.properties.enable_purge_protection:
        return failed("purge protection is off")
    if vault.properties.enable_soft_delete is None:
        return inconclusive(
            "Azure does not say whether soft delete is on, which purge protection needs"
        )
    return passed("soft delete and purge protection are on")


@rule(
    criteria=["CC6.1", "CC6.3", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:keyvault_rbac_enabled",
        "prowler:keyvault_private_endpoints",
        "prowler:keyvault_access_only_through_private_endpoints",
        "powerpipe:keyvault_rbac_enabled",
        "powerpipe:keyvault_firewall_enabled",
    ],
)
def azure_kv_access(vault: KeyVault, *, private_only: bool = False) -> Verdict:
    """Key vaults are opened by roles, and not from all of the internet.

    ``private_only`` asks that they are reached through private endpoints alone. The rules of a network security
    perimeter count where the vault is associated with one: alone in the mode Enforced, else besides the vault's
    own, even where its public access is off. Members of the perimeter come in as well.

    Why: access policies can be rewritten by whoever may change the vault; a role assignment cannot.
    Fix: az keyvault update --name VAULT --enable-rbac-authorization true --default-action Deny.
    """
    settings = vault.properties
    if not settings.enable_rbac_authorization:
        return failed("opened by access policies instead of roles")
    private = any(one.approved for one in settings.private_endpoint_connections or ())
    gate = vault.gate
    own = gate.own
    if own and private_only:
        return failed("public network access is on")
    if own and (settings.network_acls is None or settings.network_acls.open):
        return failed("open to the internet")
    if gate.associations and private_only:
        return failed(f"{gate.label} lets in others than private endpoints")
    if gate.open:
        return failed(f"open to the internet by {gate.label}")
    if private_only and not private:
        return failed("no private endpoint")
    return passed(f"opened by roles, {gate.how}")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:keyvault_rbac_key_expiration_set",
        "prowler:keyvault_rbac_secret_expiration_set",
        "prowler:keyvault_key_expiration_set_in_non_rbac",
        "prowler:keyvault_non_rbac_secret_expiration_set",
        "powerpipe:keyvault_key_expiration_set",
        "powerpipe:keyvault_secret_expiration_set",
    ],
)
def azure_kv_expiry(vault: KeyVault) -> Verdict:
    """Keys and secrets in key vaults carry an expiry.

    Why: what has no end is never replaced, and stays useful to whoever copied it.
    Fix: az keyvault key set-attributes --vault-name VAULT --name KEY --expires 2027-01-01T00:00:00Z; az
        keyvault secret set-attributes likewise.
    """
    endless = [
        f"{what} {item.name}"
        for what, items in (("key", vault.keys), ("secret", vault.secrets))
        for item in items
        if item.properties.attributes.enabled and item.properties.attributes.exp is None
    ]
    if endless:
        more = f" and {len(endless) - _SHOWN} more" if len(endless) > _SHOWN else ""
        return failed(f"without expiry: {', '.join(sorted(endless)[:_SHOWN])}{more}")
    count = len(vault.keys) + len(vault.secrets)
    if not count:
        return not_applicable("the vault holds neither keys nor secrets")
    return passed(f"all that are enabled of {count} carry an expiry")


_AUDIT = frozenset({"auditevent", "audit", "alllogs"})


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=["prowler:keyvault_logging_enabled", "powerpipe:keyvault_logging_enabled"],
)
def azure_kv_logging(vault: KeyVault) -> Verdict:
    """The use of key vaults is logged.

    Why: without AuditEvent nobody can tell who read a secret before it leaked.
    Fix: az monitor diagnostic-settings create --resource VAULT --logs with the category group audit, to
        a workspace.
    """
    if recorded(vault.diagnostics) & _AUDIT:
        return passed("audit events are sent away")
    return failed("no diagnostic setting sends audit events anywhere")
