"""Collects vaults of Recovery Services by Resource Graph, and what they protect one by one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.recovery import RecoveryVault
from soc2_pac import clock
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_VAULT = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.RecoveryServices/vaults/{vaultName}"
)
_ITEMS = f"{_VAULT}/backupProtectedItems"
_POLICIES = f"{_VAULT}/backupPolicies"
_JOBS = f"{_VAULT}/backupJobs"
_API = "2023-04-01"
_WINDOW = timedelta(days=365)


@collects(
    RecoveryVault,
    calls=[
        "RESOURCEGRAPH microsoft.recoveryservices/vaults",
        f"GET {_ITEMS}",
        f"GET {_POLICIES}",
        f"GET {_JOBS}",
    ],
    per="subscription",
    cost="pages of 1000 + 3 N",
)
def vaults(azure: Azure) -> Iterator[Document]:
    """Vaults with what they protect, their policies, and the restores of the last year."""
    now = clock.now()
    restores = (
        f"operation eq 'Restore' and startTime eq '{_text(now - _WINDOW)}'"
        f" and endTime eq '{_text(now)}'"
    )
    for vault in azure.graph_query("resources | where type =~ 'microsoft.recoveryservices/vaults'"):
        yield document(
            vault,
            body=lambda number: {
                "backupProtectedItems": azure.list_fact(_ITEMS, api_version=_API, of=number),
                "backupPolicies": azure.list_fact(_POLICIES, api_version=_API, of=number),
                "restoreJobs": azure.list_fact(_JOBS, api_version=_API, of=number, filter=restores),
            },
        )


def _text(moment: datetime) -> str:
    """A time as the filter of jobs wants it."""
    return f"{moment:%Y-%m-%d %I:%M:%S %p}"
