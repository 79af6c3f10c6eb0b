"""Collects PostgreSQL, MySQL, Cosmos DB and Redis by Resource Graph, and server parameters one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.azure.answers import document
from soc2_collectors.azure.models.databases import (
    CosmosAccount,
    MySqlServer,
    PostgresServer,
    RedisCache,
)
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.azure.client import Azure
    from soc2_pac.model import Document

_GROUP = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers"
_POSTGRES = f"{_GROUP}/Microsoft.DBforPostgreSQL/flexibleServers/{{serverName}}"
_MYSQL = f"{_GROUP}/Microsoft.DBforMySQL/flexibleServers/{{serverName}}"
_POSTGRES_FIREWALL = f"{_POSTGRES}/firewallRules"
_POSTGRES_SETTING = f"{_POSTGRES}/configurations/{{configurationName}}"
_MYSQL_SETTING = f"{_MYSQL}/configurations/{{configurationName}}"
_DIAGNOSTICS = "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings"
_DIAGNOSTICS_API = "2021-05-01-preview"
_COSMOS = f"{_GROUP}/Microsoft.DocumentDB/databaseAccounts/{{accountName}}"
_PERIMETERS = f"{_COSMOS}/networkSecurityPerimeterConfigurations"
_PERIMETERS_API = "2025-05-01-preview"
"""No stable version shows them (10.0 of azure-mgmt-cosmosdb)."""
_REDIS_FIREWALL = f"{_GROUP}/Microsoft.Cache/redis/{{cacheName}}/firewallRules"
_REDIS_API = "2024-03-01"
_POSTGRES_API = "2022-12-01"
_MYSQL_API = "2023-06-30"
_POSTGRES_PARAMETERS = {
    "require_secure_transport": "require_secure_transport",
    "log_connections": "log_connections",
    "log_disconnections": "log_disconnections",
    "log_checkpoints": "log_checkpoints",
    "logfiles_download_enable": "logfiles.download_enable",
    "logfiles_retention_days": "logfiles.retention_days",
    "connection_throttle_enable": "connection_throttle.enable",
}
"""Names in the document, where a dot would divide a path, and the names of the parameters."""
_MYSQL_PARAMETERS = (
    "require_secure_transport",
    "tls_version",
    "audit_log_enabled",
    "audit_log_events",
    "audit_log_exclude_users",
    "audit_log_include_users",
)


@collects(
    PostgresServer,
    calls=[
        "RESOURCEGRAPH microsoft.dbforpostgresql/flexibleservers",
        f"GET {_POSTGRES_FIREWALL}",
        f"GET {_POSTGRES_SETTING}",
        f"GET {_DIAGNOSTICS}",
    ],
    per="subscription",
    cost="pages of 1000 + 9 N",
)
def postgres_servers(azure: Azure) -> Iterator[Document]:
    """Flexible servers of PostgreSQL with the parameters that rules read."""

    def further(number: str) -> dict[str, Any]:
        return {
            "firewallRules": azure.list_fact(
                _POSTGRES_FIREWALL, api_version=_POSTGRES_API, of=number
            ),
            "diagnosticSettings": azure.list_fact(
                _DIAGNOSTICS, api_version=_DIAGNOSTICS_API, resourceUri=number
            ),
            **{
                key: azure.fact(
                    _POSTGRES_SETTING,
                    api_version=_POSTGRES_API,
                    of=number,
                    configurationName=parameter,
                )
                for key, parameter in _POSTGRES_PARAMETERS.items()
            },
        }

    for server in azure.graph_query(
        "resources | where type =~ 'microsoft.dbforpostgresql/flexibleservers'"
    ):
        yield document(server, body=further)


@collects(
    MySqlServer,
    calls=[
        "RESOURCEGRAPH microsoft.dbformysql/flexibleservers",
        f"GET {_MYSQL_SETTING}",
        f"GET {_DIAGNOSTICS}",
    ],
    per="subscription",
    cost="pages of 1000 + 7 N",
)
def mysql_servers(azure: Azure) -> Iterator[Document]:
    """Flexible servers of MySQL with the parameters that rules read."""

    def further(number: str) -> dict[str, Any]:
        return {
            "diagnosticSettings": azure.list_fact(
                _DIAGNOSTICS, api_version=_DIAGNOSTICS_API, resourceUri=number
            ),
            **{
                name: azure.fact(
                    _MYSQL_SETTING, api_version=_MYSQL_API, of=number, configurationName=name
                )
                for name in _MYSQL_PARAMETERS
            },
        }

    for server in azure.graph_query(
        "resources | where type =~ 'microsoft.dbformysql/flexibleservers'"
    ):
        yield document(server, body=further)


@collects(
    CosmosAccount,
    calls=["RESOURCEGRAPH microsoft.documentdb/databaseaccounts", f"GET {_PERIMETERS}"],
    per="subscription",
    cost="pages of 1000 + N",
)
def cosmos_accounts(azure: Azure) -> Iterator[Document]:
    """Accounts of Cosmos DB, with the perimeters that they are associated with."""
    for account in azure.graph_query(
        "resources | where type =~ 'microsoft.documentdb/databaseaccounts'"
    ):
        yield document(
            account,
            body=lambda number: {
                "networkSecurityPerimeterConfigurations": azure.list_fact(
                    _PERIMETERS, api_version=_PERIMETERS_API, of=number
                )
            },
        )


@collects(
    RedisCache,
    calls=["RESOURCEGRAPH microsoft.cache/redis", f"GET {_REDIS_FIREWALL}"],
    per="subscription",
    cost="pages of 1000 + N",
)
def redis_caches(azure: Azure) -> Iterator[Document]:
    """Caches of Azure Cache for Redis, with their firewall rules."""
    for cache in azure.graph_query("resources | where type =~ 'microsoft.cache/redis'"):
        yield document(
            cache,
            body=lambda number: {
                "firewallRules": azure.list_fact(_REDIS_FIREWALL, api_version=_REDIS_API, of=number)
            },
        )
