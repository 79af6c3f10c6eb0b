"""Collects SQL servers and databases by Resource Graph, and what stands beside them one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.sql import SqlDatabase, SqlServer
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_SERVER = (
    "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}"
    "/providers/Microsoft.Sql/servers/{serverName}"
)
_FIREWALL = f"{_SERVER}/firewallRules"
_FIREWALL6 = f"{_SERVER}/ipv6FirewallRules"
_ADMINISTRATORS = f"{_SERVER}/administrators"
_AUDITING = f"{_SERVER}/auditingSettings/default"
_EXTENDED = f"{_SERVER}/extendedAuditingSettings/default"
_DIAGNOSTICS = "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings"
_DIAGNOSTICS_API = "2021-05-01-preview"
_PROTECTOR = f"{_SERVER}/encryptionProtector/current"
_ALERTS = f"{_SERVER}/securityAlertPolicies/default"
_CLASSIC = f"{_SERVER}/vulnerabilityAssessments/default"
_EXPRESS = f"{_SERVER}/sqlVulnerabilityAssessments/default"
_PERIMETERS = f"{_SERVER}/networkSecurityPerimeterConfigurations"
_ENCRYPTION = f"{_SERVER}/databases/{{databaseName}}/transparentDataEncryption/current"
_API = "2021-11-01"
_EXPRESS_API = "2022-11-01-preview"
_PERIMETERS_API = "2025-01-01"


@collects(
    SqlServer,
    calls=[
        "RESOURCEGRAPH microsoft.sql/servers",
        f"GET {_FIREWALL}",
        f"GET {_FIREWALL6}",
        f"GET {_ADMINISTRATORS}",
        f"GET {_AUDITING}",
        f"GET {_EXTENDED}",
        f"GET {_DIAGNOSTICS}",
        f"GET {_PROTECTOR}",
        f"GET {_ALERTS}",
        f"GET {_CLASSIC}",
        f"GET {_EXPRESS}",
        f"GET {_PERIMETERS}",
    ],
    per="subscription",
    cost="pages of 1000 + 11 N",
)
def servers(azure: Azure) -> Iterator[Document]:
    """Logical servers with their settings."""
    for server in azure.graph_query("resources | where type =~ 'microsoft.sql/servers'"):
        yield document(
            server,
            body=lambda number: {
                "firewallRules": azure.list_fact(_FIREWALL, api_version=_API, of=number),
                "ipv6FirewallRules": azure.list_fact(_FIREWALL6, api_version=_API, of=number),
                "administrators": azure.list_fact(_ADMINISTRATORS, api_version=_API, of=number),
                "auditingSettings": azure.fact(_AUDITING, api_version=_API, of=number),
                "extendedAuditingSettings": azure.fact(_EXTENDED, api_version=_API, of=number),
                "masterDiagnosticSettings": azure.list_fact(
                    _DIAGNOSTICS,
                    api_version=_DIAGNOSTICS_API,
                    resourceUri=f"{number}/databases/master",
                ),
                "encryptionProtector": azure.fact(_PROTECTOR, api_version=_API, of=number),
                "securityAlertPolicies": azure.fact(_ALERTS, api_version=_API, of=number),
                "vulnerabilityAssessments": azure.fact(_CLASSIC, api_version=_API, of=number),
                "sqlVulnerabilityAssessments": azure.fact(
                    _EXPRESS, api_version=_EXPRESS_API, of=number
                ),
                "networkSecurityPerimeterConfigurations": azure.list_fact(
                    _PERIMETERS, api_version=_PERIMETERS_API, of=number
                ),
            },
        )


@collects(
    SqlDatabase,
    calls=["RESOURCEGRAPH microsoft.sql/servers/databases", f"GET {_ENCRYPTION}"],
    per="subscription",
    cost="pages of 1000 + N",
)
def databases(azure: Azure) -> Iterator[Document]:
    """Databases; ``master`` is the system's and cannot be encrypted by the customer."""
    for database in azure.graph_query(
        "resources | where type =~ 'microsoft.sql/servers/databases' | where name !~ 'master'"
    ):
        yield document(
            database,
            body=lambda number: {
                "transparentDataEncryption": azure.fact(_ENCRYPTION, api_version=_API, of=number)
            },
        )
