"""Collects storage accounts by Resource Graph, and their services one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.storage import StorageAccount
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_ACCOUNT = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.Storage/storageAccounts/{accountName}"
)
_BLOBS = f"{_ACCOUNT}/blobServices/default"
_FILES = f"{_ACCOUNT}/fileServices/default"
_PERIMETERS = f"{_ACCOUNT}/networkSecurityPerimeterConfigurations"
_DIAGNOSTICS = "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings"
_API = "2023-05-01"
_FILES_API = "2025-06-01"
"""The first version that shows which protocols of file shares must be encrypted; perimeters are in it, too."""
_DIAGNOSTICS_API = "2021-05-01-preview"
_LACKING = ("FeatureNotSupportedForAccount",)
"""What is not found is not said not to be there: an account of that sort has the service."""
_ONLY_BLOBS = frozenset({"blobstorage", "blockblobstorage"})
_ONLY_FILES = "filestorage"
_GENERAL = frozenset({"storage", "storagev2"})
"""Sorts that have every service, unless they are premium: these hold page blobs alone."""


@collects(
    StorageAccount,
    calls=[
        "RESOURCEGRAPH microsoft.storage/storageaccounts",
        f"GET {_BLOBS}",
        f"GET {_FILES}",
        f"GET {_PERIMETERS}",
        f"GET {_DIAGNOSTICS}",
    ],
    per="subscription",
    cost="pages of 1000 + 6 N",
)
def accounts(azure: Azure) -> Iterator[Document]:
    """Storage accounts, with what their services keep and log."""
    for account in azure.graph_query(
        "resources | where type =~ 'microsoft.storage/storageaccounts'"
    ):
        sort = str(account.get("kind", "")).lower()
        sku = account.get("sku")
        pages = sort in _GENERAL and str(
            sku.get("name") if isinstance(sku, dict) else ""
        ).lower().startswith("premium")
        blobs, others = sort != _ONLY_FILES, not pages and sort not in (*_ONLY_BLOBS, _ONLY_FILES)
        files = not pages and sort not in _ONLY_BLOBS

        def services(
            number: str, *, blobs: bool = blobs, files: bool = files, others: bool = others
        ) -> dict[str, Any]:
            def logs(service: str) -> Any:  # noqa: ANN401 - a fact
                return azure.list_fact(
                    _DIAGNOSTICS,
                    api_version=_DIAGNOSTICS_API,
                    resourceUri=f"{number}/{service}/default",
                )

            return {
                "blobServices": azure.fact(_BLOBS, api_version=_API, of=number, absent=_LACKING)
                if blobs
                else None,
                "fileServices": azure.fact(
                    _FILES, api_version=_FILES_API, of=number, absent=_LACKING
                )
                if files
                else None,
                "blobDiagnosticSettings": logs("blobServices") if blobs else None,
                "queueDiagnosticSettings": logs("queueServices") if others else None,
                "tableDiagnosticSettings": logs("tableServices") if others else None,
                "networkSecurityPerimeterConfigurations": azure.list_fact(
                    _PERIMETERS, api_version=_FILES_API, of=number
                ),
            }

        yield document(account, body=services)
