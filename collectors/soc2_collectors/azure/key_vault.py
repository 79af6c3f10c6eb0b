"""Collects key vaults by Resource Graph; names and attributes of keys and secrets by the management plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.key_vault import KeyVault
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_VAULT = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.KeyVault/vaults/{vaultName}"
)
_KEYS = f"{_VAULT}/keys"
_SECRETS = f"{_VAULT}/secrets"
_PERIMETERS = f"{_VAULT}/networkSecurityPerimeterConfigurations"
_DIAGNOSTICS = "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings"
_API = "2023-07-01"
_PERIMETERS_API = "2024-04-01-preview"
"""No stable version shows them (14.1 of azure-mgmt-keyvault)."""
_DIAGNOSTICS_API = "2021-05-01-preview"


@collects(
    KeyVault,
    calls=[
        "RESOURCEGRAPH microsoft.keyvault/vaults",
        f"GET {_KEYS}",
        f"GET {_SECRETS}",
        f"GET {_PERIMETERS}",
        f"GET {_DIAGNOSTICS}",
    ],
    per="subscription",
    cost="pages of 1000 + 4 N",
)
def vaults(azure: Azure) -> Iterator[Document]:
    """Key vaults. The management plane never answers the value of a secret."""
    for vault in azure.graph_query("resources | where type =~ 'microsoft.keyvault/vaults'"):
        yield document(
            vault,
            body=lambda number: {
                "keys": azure.list_fact(_KEYS, api_version=_API, of=number),
                "secrets": azure.list_fact(_SECRETS, api_version=_API, of=number),
                "diagnosticSettings": azure.list_fact(
                    _DIAGNOSTICS, api_version=_DIAGNOSTICS_API, resourceUri=number
                ),
                "networkSecurityPerimeterConfigurations": azure.list_fact(
                    _PERIMETERS, api_version=_PERIMETERS_API, of=number
                ),
            },
        )
