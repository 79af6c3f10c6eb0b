"""Key vaults: seeing who used which key."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import recorded
from soc2_collectors.azure.models.key_vault import KeyVault
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule

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
