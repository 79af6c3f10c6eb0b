"""What acme-robotics runs in its two subscriptions of Azure, and what it got wrong there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_pac.demo.azure_company import PRODUCTION, SANDBOX, azure_id, resource
from soc2_pac.demo.company import Planted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from soc2_pac.demo.azure import Tenant

_SUBSCRIPTION = "/subscriptions/{subscriptionId}"
_SECURITY = f"{_SUBSCRIPTION}/providers/Microsoft.Security"
_AUTHORIZATION = f"{_SUBSCRIPTION}/providers/Microsoft.Authorization"
_MAIL = "security@acme-robotics.example"

PLANTED: tuple[Planted, ...] = (
    Planted("azure-storage-no-anonymous", "acmeweb", "anonymous access to blobs is allowed"),
    Planted("azure-storage-https-tls", "acmeweb", "TLS 1.0 is accepted"),
    Planted("azure-nsg-ssh", "legacy", "port 22 is open to the Internet"),
    Planted("azure-sql-no-any-ip", "acme-orders", "a firewall rule admits every address"),
    Planted("azure-kv-recoverable", "acme-keys", "purge protection is off"),
)
"""Every fault that was put in on purpose."""


def _storage(state: Tenant, _: datetime) -> None:
    sort = "Microsoft.Storage/storageAccounts"
    good = {
        "allowBlobPublicAccess": False,
        "allowCrossTenantReplication": False,
        "allowSharedKeyAccess": False,
        "defaultToOAuthAuthentication": True,
        "encryption": {"keySource": "Microsoft.Storage", "requireInfrastructureEncryption": True},
        "minimumTlsVersion": "TLS1_2",
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": []},
        "publicNetworkAccess": "Enabled",
        "supportsHttpsTrafficOnly": True,
    }
    open_to_all = {**good, "allowBlobPublicAccess": True, "minimumTlsVersion": "TLS1_0"}
    sku = {"name": "Standard_GRS", "tier": "Standard"}
    for number, name, properties in (
        (PRODUCTION, "acmelogs", good),
        (PRODUCTION, "acmeweb", open_to_all),
        (SANDBOX, "acmetrials", good),
    ):
        account = resource(
            number, "storage", sort, name, kind="StorageV2", sku=sku, properties=properties
        )
        state.tables["resources"].append(account)
        kept = {"enabled": True, "days": 30}
        state.answers[f"{account['id']}/blobServices/default"] = {
            "id": f"{account['id']}/blobServices/default",
            "name": "default",
            "properties": {
                "deleteRetentionPolicy": kept,
                "containerDeleteRetentionPolicy": kept,
                "isVersioningEnabled": True,
            },
        }
        state.answers[f"{account['id']}/fileServices/default"] = {
            "id": f"{account['id']}/fileServices/default",
            "name": "default",
            "properties": {"shareDeleteRetentionPolicy": kept},
        }


def _rule(name: str, port: str, source: str, priority: int) -> dict[str, Any]:
    return {
        "name": name,
        "properties": {
            "provisioningState": "Succeeded",
            "protocol": "Tcp",
            "access": "Allow",
            "direction": "Inbound",
            "priority": priority,
            "sourceAddressPrefix": source,
            "sourceAddressPrefixes": [],
            "sourcePortRange": "*",
            "sourcePortRanges": [],
            "destinationAddressPrefix": "*",
            "destinationAddressPrefixes": [],
            "destinationPortRange": port,
            "destinationPortRanges": [],
        },
    }


def _network(state: Tenant, _: datetime) -> None:
    for name, port, source in (("web", "443", "Internet"), ("legacy", "22", "Internet")):
        state.tables["resources"].append(
            resource(
                PRODUCTION,
                "network",
                "Microsoft.Network/networkSecurityGroups",
                name,
                properties={
                    "provisioningState": "Succeeded",
                    "securityRules": [_rule(f"in-{port}", port, source, 100)],
                    "defaultSecurityRules": [],
                },
            )
        )


def _sql(state: Tenant, _: datetime) -> None:
    server = resource(
        PRODUCTION,
        "data",
        "Microsoft.Sql/servers",
        "acme-orders",
        kind="v12.0",
        properties={
            "administratorLogin": "orders",
            "fullyQualifiedDomainName": "acme-orders.database.windows.net",
            "minimalTlsVersion": "1.2",
            "publicNetworkAccess": "Enabled",
            "state": "Ready",
            "version": "12.0",
        },
    )
    state.tables["resources"].append(server)
    here = server["id"]
    every = {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"}  # noqa: S104 - the fault
    state.answers |= {
        f"{here}/firewallRules": [
            {"id": f"{here}/firewallRules/x", "name": "x", "properties": every}
        ],
        f"{here}/administrators": [
            {
                "id": f"{here}/administrators/ActiveDirectory",
                "name": "ActiveDirectory",
                "properties": {
                    "administratorType": "ActiveDirectory",
                    "azureADOnlyAuthentication": True,
                    "login": "database administrators",
                    "sid": azure_id("database administrators"),
                    "tenantId": state.tenant,
                },
            }
        ],
        f"{here}/auditingSettings/default": {
            "id": f"{here}/auditingSettings/default",
            "name": "default",
            "properties": {
                "state": "Enabled",
                "retentionDays": 180,
                "storageEndpoint": "https://acmelogs.blob.core.windows.net/",
                "isAzureMonitorTargetEnabled": False,
            },
        },
        f"{here}/encryptionProtector/current": {
            "id": f"{here}/encryptionProtector/current",
            "name": "current",
            "properties": {"serverKeyType": "ServiceManaged"},
        },
        f"{here}/securityAlertPolicies/default": {
            "id": f"{here}/securityAlertPolicies/default",
            "name": "default",
            "properties": {
                "state": "Enabled",
                "emailAddresses": [_MAIL],
                "emailAccountAdmins": False,
            },
        },
        f"{here}/vulnerabilityAssessments/default": {
            "id": f"{here}/vulnerabilityAssessments/default",
            "name": "default",
            "properties": {
                "storageContainerPath": "https://acmelogs.blob.core.windows.net/va/",
                "recurringScans": {
                    "isEnabled": True,
                    "emailSubscriptionAdmins": False,
                    "emails": [_MAIL],
                },
            },
        },
    }


def _vault(state: Tenant, now: datetime) -> None:
    vault = resource(
        PRODUCTION,
        "secrets",
        "Microsoft.KeyVault/vaults",
        "acme-keys",
        properties={
            "enableSoftDelete": True,
            "softDeleteRetentionInDays": 90,
            "enableRbacAuthorization": True,
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny"},
            "publicNetworkAccess": "Enabled",
            "vaultUri": "https://acme-keys.vault.azure.net/",
        },
    )
    state.tables["resources"].append(vault)
    expires = int((now + timedelta(days=200)).timestamp())
    for sort, name in (("keys", "data"), ("secrets", "smtp")):
        state.answers[f"{vault['id']}/{sort}"] = [
            {
                "id": f"{vault['id']}/{sort}/{name}",
                "name": name,
                "type": f"Microsoft.KeyVault/vaults/{sort}",
                "properties": {"attributes": {"enabled": True, "exp": expires}},
            }
        ]


def _watch(state: Tenant, _: datetime) -> None:
    """What watches over the subscriptions: Defender for Cloud, contacts, logs, roles, locks."""
    plans = (
        "VirtualMachines", "SqlServers", "AppServices", "StorageAccounts", "KeyVaults", "Arm",
        "Containers", "SqlServerVirtualMachines", "OpenSourceRelationalDatabases", "CosmosDbs",
    )  # fmt: skip
    for number in (PRODUCTION, SANDBOX):
        here = f"/subscriptions/{number}/providers/Microsoft.Security"
        state.answers[f"{here}/pricings"] = [
            {
                "id": f"{here}/pricings/{name}",
                "name": name,
                "type": "Microsoft.Security/pricings",
                "properties": {"pricingTier": "Standard", "freeTrialRemainingTime": "PT0S"},
            }
            for name in plans
        ]
        state.answers[f"{here}/securityContacts"] = [
            {
                "id": f"{here}/securityContacts/default",
                "name": "default",
                "type": "Microsoft.Security/securityContacts",
                "properties": {
                    "emails": _MAIL,
                    "isEnabled": True,
                    "notificationsByRole": {"state": "On", "roles": ["Owner"]},
                    "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "High"}],
                },
            }
        ]
    # Nothing there, in every subscription.
    for path in (
        f"{_SECURITY}/settings",
        f"{_SECURITY}/serverVulnerabilityAssessmentsSettings",
        f"{_SECURITY}/jitNetworkAccessPolicies",
        f"{_SECURITY}/alerts",
        f"{_AUTHORIZATION}/roleAssignments",
        f"{_AUTHORIZATION}/roleDefinitions",
        f"{_AUTHORIZATION}/locks",
        f"{_AUTHORIZATION}/policyAssignments",
        f"{_SUBSCRIPTION}/providers/Microsoft.Insights/diagnosticSettings",
        "/{resourceUri}/providers/Microsoft.Insights/diagnosticSettings",
    ):
        state.answers[path] = []


def _groups(state: Tenant, _: datetime) -> None:
    for number in (PRODUCTION, SANDBOX):
        rows = [row for row in state.tables["resources"] if row["subscriptionId"] == number]
        names = {row["resourceGroup"] for row in rows}
        for name in sorted(names):
            state.tables.setdefault("resourcecontainers", []).append(
                {
                    "id": f"/subscriptions/{number}/resourceGroups/{name}",
                    "name": name,
                    "type": "microsoft.resources/subscriptions/resourcegroups",
                    "location": "westeurope",
                    "subscriptionId": number,
                    "resourceGroup": name,
                    "properties": {"provisioningState": "Succeeded"},
                    "tags": {},
                }
            )


AREAS: tuple[Callable[[Tenant, datetime], None], ...] = (
    lambda state, _: state.tables.update(resources=[]),
    _storage,
    _network,
    _sql,
    _vault,
    _watch,
    _groups,
)
"""What fills the subscriptions, area by area."""
