"""Collects apps by Resource Graph, and their configuration one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.web import Site
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_SITE = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.Web/sites/{name}"
)
_CONFIG = f"{_SITE}/config/web"
_AUTH = f"{_SITE}/config/authsettingsV2"
_DIAGNOSTICS = "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings"
_API = "2023-12-01"
_DIAGNOSTICS_API = "2021-05-01-preview"


@collects(
    Site,
    calls=[
        "RESOURCEGRAPH microsoft.web/sites",
        f"GET {_CONFIG}",
        f"GET {_AUTH}",
        f"GET {_DIAGNOSTICS}",
    ],
    per="subscription",
    cost="pages of 1000 + 3 N",
)
def sites(azure: Azure) -> Iterator[Document]:
    """Web apps and function apps; Resource Graph leaves most of their configuration out."""
    for site in azure.graph_query("resources | where type =~ 'microsoft.web/sites'"):
        yield document(
            site,
            body=lambda number: {
                "config": azure.fact(_CONFIG, api_version=_API, of=number),
                "authSettings": azure.fact(_AUTH, api_version=_API, of=number),
                "diagnosticSettings": azure.list_fact(
                    _DIAGNOSTICS, api_version=_DIAGNOSTICS_API, resourceUri=number
                ),
            },
        )
