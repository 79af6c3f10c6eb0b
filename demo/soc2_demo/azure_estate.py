"""acme-robotics' subscriptions: storage, networks, databases, machines, and what watches them.

Production is in good order but for what :data:`PLANTED` lists; the sandbox has nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soc2_demo.azure_words import PRODUCTION, SANDBOX, azure_id, resource
from soc2_demo.company import Planted

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from soc2_demo.azure import Tenant

PLANTED: tuple[Planted, ...] = (
    Planted("azure-storage-no-anonymous", "acmeuploads", "containers may be public"),
    Planted("azure-storage-https-tls", "acmeuploads", "TLS 1.0 is accepted"),
    Planted("azure-storage-network", "acmeuploads", "open to every network"),
    Planted("azure-storage-recovery", "acmeuploads", "no soft delete"),
    Planted("azure-storage-logging", "acmeuploads", "nobody sees who reads"),
    Planted("azure-nsg-ssh", "legacy", "SSH from anywhere, before the rule that denies it"),
    Planted("azure-nsg-data-ports", "legacy", "PostgreSQL from anywhere"),
    Planted("azure-public-ip-exposure", "legacy", "a machine with SSH on the internet"),
    Planted("azure-subnet-nsg", "main", "a subnet without a group"),
    Planted("azure-sql-no-any-ip", "acme-orders", "all of Azure is let in"),
    Planted("azure-sql-auditing", "acme-orders", "auditing is off"),
    Planted("azure-sql-tde", "archive", "not encrypted"),
    Planted("azure-kv-recoverable", "acme-build", "no purge protection"),
    Planted("azure-kv-expiry", "acme-build", "a secret without end"),
    Planted("azure-vm-hardening", "legacy", "SSH by password"),
    Planted("azure-vm-patch", "legacy", "security updates are missing"),
    Planted("azure-vm-encryption-at-host", "legacy", "caches are written in the clear"),
    Planted("azure-vm-backup", "legacy", "no backup"),
    Planted("azure-pg-tls", "acme-telemetry", "connections without TLS"),
    Planted("azure-app-https-tls", "acme-portal", "plain HTTP"),
    Planted("azure-function-not-public", "acme-mailer", "anybody may call it"),
    Planted("azure-aks-private", "acme-fleet", "the API server is on the internet"),
    Planted("azure-acr-private", "acmeimages", "the admin user is on"),
    Planted("azure-defender-data", "acme-production", "no plan for Cosmos DB"),
    Planted("azure-alert-sql-fw-changes", "acme-production", "nobody is told"),
    Planted("azure-alert-receivers", "quiet", "an alert that calls nobody"),
    Planted("azure-custom-owner-roles", "Acme Everything", "a role that equals the owner's"),
    Planted(
        "azure-portal-changes-outside-pipeline",
        "Microsoft.Network/networkSecurityGroups/securityRules/write",
        "a port that was opened by hand",
    ),
    Planted("azure-resource-locks", "production", "no lock"),
)
"""Every fault that was put in on purpose here."""

_GROUP = "production"
_HOME = f"/subscriptions/{PRODUCTION}"
_IN = f"{_HOME}/resourceGroups/{_GROUP}/providers"
_WORKSPACE = f"{_IN}/Microsoft.OperationalInsights/workspaces/acme"
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_ALL_LOGS = [
    {
        "name": "all",
        "properties": {
            "workspaceId": _WORKSPACE,
            "logs": [{"categoryGroup": "allLogs", "enabled": True}],
        },
    }
]


def _row(sort: str, name: str, properties: dict[str, Any], **fields: object) -> dict[str, Any]:
    return resource(PRODUCTION, _GROUP, sort, name, properties=properties, **fields)


def _add(state: Tenant, *rows: dict[str, Any], table: str = "resources") -> None:
    state.tables.setdefault(table, []).extend(rows)


def _said(state: Tenant, path: str, **parts: object) -> None:
    """Answers below a resource of production: ``blobServices__default`` stands for its path."""
    for name, answer in parts.items():
        state.answers[f"{_IN}/{path}/{name.replace('__', '/')}"] = answer


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.0000000Z"


def _storage(state: Tenant, now: datetime) -> None:
    keys = {"key1": _text(now - timedelta(days=20)), "key2": _text(now - timedelta(days=50))}
    good = {
        "allowBlobPublicAccess": False,
        "allowCrossTenantReplication": False,
        "allowSharedKeyAccess": False,
        "encryption": {"keySource": "Microsoft.Keyvault"},
        "keyCreationTime": keys,
        "minimumTlsVersion": "TLS1_2",
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": []},
        "publicNetworkAccess": "Enabled",
        "supportsHttpsTrafficOnly": True,
    }
    poor = {
        **good,
        "allowBlobPublicAccess": True,
        "minimumTlsVersion": "TLS1_0",
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": []},
    }
    kept = {"enabled": True, "days": 30}
    for name, settings, fine in (("acmelogs", good, True), ("acmeuploads", poor, False)):
        _add(state, _row("Microsoft.Storage/storageAccounts", name, settings, kind="StorageV2"))
        account = f"Microsoft.Storage/storageAccounts/{name}"
        blobs = {
            "deleteRetentionPolicy": kept if fine else {"enabled": False},
            "containerDeleteRetentionPolicy": kept if fine else {"enabled": False},
            "isVersioningEnabled": fine,
        }
        _said(
            state,
            account,
            blobServices__default={"properties": blobs},
            fileServices__default={"properties": {"shareDeleteRetentionPolicy": kept}},
            networkSecurityPerimeterConfigurations=[],
        )
        for service in ("blobServices", "queueServices", "tableServices"):
            path = f"{account}/{service}/default/providers/Microsoft.Insights"
            _said(state, path, diagnosticSettings=_ALL_LOGS if fine else [])


def _rule(priority: int, port: str, access: str = "Allow", source: str = "*") -> dict[str, Any]:
    return {
        "name": f"{access.lower()}-{priority}",
        "properties": {
            "protocol": "Tcp",
            "access": access,
            "direction": "Inbound",
            "priority": priority,
            "sourceAddressPrefix": source,
            "sourcePortRange": "*",
            "destinationAddressPrefix": "*",
            "destinationPortRange": port,
            "sourceAddressPrefixes": [],
            "destinationPortRanges": [],
        },
    }


def _network(state: Tenant, now: datetime) -> None:
    del now
    group = "Microsoft.Network/networkSecurityGroups"
    legacy = [_rule(100, "22"), _rule(110, "5432", source="Internet"), _rule(120, "*", "Deny")]
    web = [_rule(100, "22", "Deny"), _rule(110, "0-1024", source="192.0.2.0/24"), _rule(120, "443")]
    network = f"{_IN}/Microsoft.Network/virtualNetworks/main"
    interface = f"{_IN}/Microsoft.Network/networkInterfaces/legacy"
    address = f"{interface}/ipConfigurations/one"
    subnets = [
        {
            "id": f"{network}/subnets/{name}",
            "name": name,
            "properties": {"networkSecurityGroup": {"id": f"{_IN}/{group}/{its}"}} if its else {},
        }
        for name, its in (("web", "web"), ("old", "legacy"), ("batch", ""))
    ]
    logged = {
        "targetResourceId": network,
        "enabled": True,
        "retentionPolicy": {"enabled": True, "days": 180},
        "flowAnalyticsConfiguration": {
            "networkWatcherFlowAnalyticsConfiguration": {
                "enabled": True,
                "workspaceResourceId": _WORKSPACE,
            }
        },
    }
    _add(
        state,
        _row(group, "web", {"securityRules": web, "defaultSecurityRules": []}),
        _row(group, "legacy", {"securityRules": legacy, "defaultSecurityRules": []}),
        _row(
            "Microsoft.Network/virtualNetworks",
            "main",
            {"subnets": subnets, "enableDdosProtection": True},
        ),
        _row(
            "Microsoft.Network/networkInterfaces",
            "legacy",
            {
                "ipConfigurations": [
                    {
                        "id": address,
                        "properties": {
                            "privateIPAddress": "10.1.1.4",
                            "subnet": {"id": f"{network}/subnets/old"},
                        },
                    }
                ]
            },
        ),
        _row(
            "Microsoft.Network/publicIPAddresses",
            "legacy",
            {"ipAddress": "203.0.113.7", "ipConfiguration": {"id": address}},
            sku={"name": "Standard"},
        ),
        _row("Microsoft.Network/bastionHosts", "main", {"provisioningState": "Succeeded"}),
        resource(
            PRODUCTION, "NetworkWatcherRG", "Microsoft.Network/networkWatchers", "we/flowLogs/main",
            type="microsoft.network/networkwatchers/flowlogs", properties=logged,
        ),
        _row(
            "Microsoft.Network/applicationGateways",
            "edge",
            {
                "webApplicationFirewallConfiguration": {
                    "enabled": True,
                    "firewallMode": "Prevention",
                }
            },
        ),
    )  # fmt: skip


def _databases(state: Tenant, now: datetime) -> None:
    del now
    server = "Microsoft.Sql/servers"
    _add(
        state,
        _row(server, "acme-orders", {"minimalTlsVersion": "1.2", "publicNetworkAccess": "Enabled"}),
        *(
            {
                **_row(server, f"acme-orders/databases/{name}", {}),
                "name": name,
                "type": "microsoft.sql/servers/databases",
            }
            for name in ("master", "orders", "archive")
        ),
    )
    ends = {"startIpAddress": "0.0.0.0", "endIpAddress": "0.0.0.0"}  # noqa: S104 - no binding
    _said(
        state,
        f"{server}/acme-orders",
        firewallRules=[{"name": "AllowAllWindowsAzureIps", "properties": ends}],
        ipv6FirewallRules=[],
        networkSecurityPerimeterConfigurations=[],
        administrators=[
            {"properties": {"administratorType": "ActiveDirectory", "login": "database-admins"}}
        ],
        auditingSettings__default={"properties": {"state": "Disabled", "retentionDays": 0}},
        extendedAuditingSettings__default={"properties": {"state": "Disabled"}},
        encryptionProtector__current={"properties": {"serverKeyType": "ServiceManaged"}},
        securityAlertPolicies__default={
            "properties": {"state": "Enabled", "emailAccountAdmins": True}
        },
        sqlVulnerabilityAssessments__default={"properties": {"state": "Enabled"}},
        databases__orders__transparentDataEncryption__current={"properties": {"state": "Enabled"}},
        databases__archive__transparentDataEncryption__current={
            "properties": {"state": "Disabled"}
        },
    )
    master = f"{server}/acme-orders/databases/master/providers/Microsoft.Insights"
    _said(state, master, diagnosticSettings=[])
    postgres = "Microsoft.DBforPostgreSQL/flexibleServers"
    _add(
        state,
        _row(
            postgres,
            "acme-telemetry",
            {
                "network": {"publicNetworkAccess": "Disabled"},
                "backup": {"geoRedundantBackup": "Enabled", "backupRetentionDays": 14},
            },
        ),
    )
    for name, value in {
        "require_secure_transport": "off",
        "log_connections": "on",
        "log_disconnections": "on",
        "log_checkpoints": "on",
        "logfiles.download_enable": "on",
        "logfiles.retention_days": "7",
        "connection_throttle.enable": "on",
    }.items():
        path = f"{_IN}/{postgres}/acme-telemetry/configurations/{name}"
        state.answers[path] = {"name": name, "properties": {"value": value}}
    state.answers[f"{_IN}/{postgres}/acme-telemetry/firewallRules"] = []
    _said(state, f"{postgres}/acme-telemetry/providers/Microsoft.Insights", diagnosticSettings=[])


def _vaults(state: Tenant, now: datetime) -> None:
    until = int((now + timedelta(days=200)).timestamp())
    for name, fine in (("acme-keys", True), ("acme-build", False)):
        settings = {
            "enableSoftDelete": True,
            "enableRbacAuthorization": True,
            "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": []},
            **({"enablePurgeProtection": True} if fine else {}),
        }
        _add(state, _row("Microsoft.KeyVault/vaults", name, settings))
        vault = f"Microsoft.KeyVault/vaults/{name}"
        ends = {"exp": until} if fine else {}
        _said(
            state,
            vault,
            keys=[{"name": "data", "properties": {"attributes": {"enabled": True, "exp": until}}}],
            secrets=[{"name": "smtp", "properties": {"attributes": {"enabled": True, **ends}}}],
            networkSecurityPerimeterConfigurations=[],
        )
        _said(state, f"{vault}/providers/Microsoft.Insights", diagnosticSettings=_ALL_LOGS)


def _machines(state: Tenant, now: datetime) -> None:
    sort = "Microsoft.Compute/virtualMachines"
    trusted = {
        "encryptionAtHost": True,
        "securityType": "TrustedLaunch",
        "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
    }
    for name, fine in (("web", True), ("legacy", False)):
        machine = f"{_IN}/{sort}/{name}"
        _add(
            state,
            _row(
                sort,
                name,
                {
                    "storageProfile": {
                        "osDisk": {"name": name, "osType": "Linux", "managedDisk": {"id": name}},
                        "dataDisks": [],
                    },
                    "osProfile": {"linuxConfiguration": {"disablePasswordAuthentication": fine}},
                    "securityProfile": trusted if fine else None,
                },
            ),
            _row(
                "Microsoft.Compute/disks",
                name,
                {
                    "networkAccessPolicy": "DenyAll",
                    "encryption": {"type": "EncryptionAtRestWithCustomerKey"},
                },
            ),
        )
        _add(
            state,
            {
                "id": f"{machine}/patchAssessmentResults/latest".lower(),
                "name": "latest",
                "type": "microsoft.compute/virtualmachines/patchassessmentresults",
                "subscriptionId": PRODUCTION,
                "properties": {
                    "status": "Succeeded",
                    "lastModifiedDateTime": _text(now - timedelta(days=1)),
                    "availablePatchCountByClassification": {
                        "critical": 0,
                        "security": 0 if fine else 7,
                    },
                },
            },
            table="patchassessmentresources",
        )
        for key in ("06e3a6db-6c0c-4ad9-943f-31d9d73ecf6c", "ffff0522-1e88-47fc-8382-2a80ba848f5d"):
            _assessed(state, machine, key)
    vault = "Microsoft.RecoveryServices/vaults"
    _add(state, _row(vault, "safe", {}))
    policy = f"{_IN}/{vault}/safe/backupPolicies/daily"
    _said(
        state,
        f"{vault}/safe",
        backupProtectedItems=[
            {
                "properties": {
                    "sourceResourceId": f"{_IN}/{sort}/web",
                    "backupManagementType": "AzureIaasVM",
                    "protectionState": "Protected",
                    "policyId": policy,
                    "lastBackupStatus": "Completed",
                    "lastBackupTime": _text(now - timedelta(hours=9)),
                    "lastRecoveryPoint": _text(now - timedelta(hours=9)),
                }
            }
        ],
        backupJobs=[
            {
                "properties": {
                    "operation": "Restore",
                    "status": "Completed",
                    "endTime": _text(now - timedelta(days=30)),
                }
            }
        ],
        backupPolicies=[
            {
                "id": policy,
                "name": "daily",
                "properties": {
                    "retentionPolicy": {
                        "dailySchedule": {
                            "retentionDuration": {"count": 30, "durationType": "Days"}
                        }
                    }
                },
            }
        ],
    )


def _assessed(state: Tenant, number: str, key: str) -> None:
    _add(
        state,
        {
            "id": f"{number}/providers/Microsoft.Security/assessments/{key}",
            "name": key,
            "type": "microsoft.security/assessments",
            "subscriptionId": PRODUCTION,
            "properties": {"status": {"code": "Healthy"}},
        },
        table="securityresources",
    )


def _apps(state: Tenant, now: datetime) -> None:
    del now
    for name, sort, https, asked in (
        ("acme-shop", "app,linux", True, True),
        ("acme-portal", "app,linux", False, True),
        ("acme-mailer", "functionapp,linux", True, False),
    ):
        site = "Microsoft.Web/sites"
        identity = {"type": "SystemAssigned"}
        _add(
            state,
            _row(site, name, {"httpsOnly": https}, kind=sort, identity=identity),
        )
        _said(
            state,
            f"{site}/{name}",
            config__web={
                "properties": {
                    "ftpsState": "Disabled",
                    "minTlsVersion": "1.2",
                    "remoteDebuggingEnabled": False,
                    "httpLoggingEnabled": True,
                    "ipSecurityRestrictions": [{"ipAddress": "Any", "action": "Allow"}],
                }
            },
            config__authsettingsV2={
                "properties": {
                    "platform": {"enabled": asked},
                    "globalValidation": {
                        "requireAuthentication": asked,
                        "unauthenticatedClientAction": "RedirectToLoginPage",
                        "excludedPaths": None,
                    },
                }
            },
        )
        _said(state, f"{site}/{name}/providers/Microsoft.Insights", diagnosticSettings=_ALL_LOGS)
    registry = f"{_IN}/Microsoft.ContainerRegistry/registries/acmeimages"
    _assessed(state, registry, "c0b7cfc6-3172-465a-b378-53c7ff2cc0d5")
    fleet = f"{_IN}/Microsoft.ContainerService/managedClusters/acme-fleet"
    _assessed(state, fleet, "c609cf0f-71ab-41e9-a3c6-9a1f7fe1b8d5")
    _add(
        state,
        _row(
            "Microsoft.ContainerService/managedClusters",
            "acme-fleet",
            {
                "enableRBAC": True,
                "disableLocalAccounts": True,
                "networkProfile": {"networkPolicy": "cilium"},
                "securityProfile": {"defender": {"securityMonitoring": {"enabled": True}}},
                "autoUpgradeProfile": {"upgradeChannel": "stable"},
            },
        ),
        _row(
            "Microsoft.ContainerRegistry/registries",
            "acmeimages",
            {"adminUserEnabled": True, "publicNetworkAccess": "Disabled"},
        ),
    )


def _alert(name: str, *conditions: tuple[str, str], heard: bool = True) -> dict[str, Any]:
    number = f"{_IN}/microsoft.insights/actionGroups/oncall"
    return _row(
        "microsoft.insights/activityLogAlerts",
        name,
        {
            "enabled": True,
            "scopes": [_HOME],
            "condition": {"allOf": [{"field": f, "equals": v} for f, v in conditions]},
            "actions": {"actionGroups": [{"actionGroupId": number}] if heard else []},
        },
    )


def _monitor(state: Tenant, now: datetime) -> None:
    del now
    administrative, sort = ("category", "Administrative"), "resourceType"
    _add(
        state,
        _row(
            "microsoft.insights/actionGroups",
            "oncall",
            {"enabled": True, "emailReceivers": [{"name": "oncall", "status": "Enabled"}]},
        ),
        _alert("nsg", administrative, (sort, "microsoft.network/networksecuritygroups")),
        _alert(
            "nsg-rules",
            administrative,
            (sort, "microsoft.network/networksecuritygroups/securityrules"),
        ),
        _alert("ip", administrative, (sort, "microsoft.network/publicipaddresses")),
        _alert("policy", administrative, (sort, "microsoft.authorization/policyassignments")),
        _alert("solution", administrative, (sort, "microsoft.security/securitysolutions")),
        _alert("health", ("category", "ServiceHealth")),
        _alert("quiet", administrative, (sort, "microsoft.sql/servers/firewallrules"), heard=False),
        _row(
            "microsoft.alertsManagement/actionRules",
            "nightly",
            {
                "enabled": True,
                "scopes": [_HOME],
                "conditions": [{"field": "SignalType", "operator": "Equals", "values": ["Metric"]}],
                "schedule": {
                    "timeZone": "UTC",
                    "recurrences": [
                        {"recurrenceType": "Daily", "startTime": "01:00:00", "endTime": "03:00:00"}
                    ],
                },
                "actions": [{"actionType": "RemoveAllActionGroups"}],
            },
        ),
    )
    _add(
        state,
        {
            "id": f"{_HOME}/resourceGroups/{_GROUP}",
            "name": _GROUP,
            "type": "microsoft.resources/subscriptions/resourcegroups",
            "subscriptionId": PRODUCTION,
            "tags": {"environment": "production"},
        },
        table="resourcecontainers",
    )


def _lists(state: Tenant, now: datetime) -> None:
    """What is read subscription by subscription; the sandbox answers empty lists."""
    plans = {
        name: "Free" if name == "CosmosDbs" else "Standard"
        for name in (
            "VirtualMachines", "AppServices", "StorageAccounts", "KeyVaults", "Arm", "SqlServers",
            "SqlServerVirtualMachines", "OpenSourceRelationalDatabases", "CosmosDbs",
        )
    }  # fmt: skip
    scan = {"name": "ContainerRegistriesVulnerabilityAssessments", "isEnabled": "True"}
    definitions = f"{_HOME}/providers/Microsoft.Authorization/roleDefinitions"
    everything: dict[str, Any] = {
        "roleName": "Acme Everything",
        "type": "CustomRole",
        "permissions": [{"actions": ["*"], "notActions": []}],
        "assignableScopes": [_HOME],
    }
    benchmark = "1f3afdf9-d0c9-4c3d-847f-89da613e70a8"
    contact = {
        "emails": "security@acme-robotics.example",
        "isEnabled": True,
        "notificationsByRole": {"state": "On", "roles": ["Owner"]},
        "notificationsSources": [{"sourceType": "Alert", "minimalSeverity": "Medium"}],
    }
    alert = {
        "alertDisplayName": "Suspicious sign-in",
        "severity": "High",
        "status": "Resolved",
        "timeGeneratedUtc": _text(now - timedelta(days=12)),
    }
    said: dict[str, dict[str, dict[str, Any]]] = {
        "Microsoft.Security/pricings": {
            **{name: {"pricingTier": tier} for name, tier in plans.items()},
            "Containers": {"pricingTier": "Standard", "extensions": [scan]},
        },
        "Microsoft.Security/settings": {"MCAS": {"enabled": True}, "WDATP": {"enabled": True}},
        "Microsoft.Security/securityContacts": {"default": contact},
        "Microsoft.Security/alerts": {azure_id("alert"): alert},
        "Microsoft.Security/jitNetworkAccessPolicies": {},
        "Microsoft.Security/serverVulnerabilityAssessmentsSettings": {
            "azureServersSetting": {"selectedProvider": "MdeTvm"}
        },
        "Microsoft.Insights/diagnosticSettings": {
            "export": {
                "workspaceId": _WORKSPACE,
                "storageAccountId": f"{_IN}/Microsoft.Storage/storageAccounts/acmelogs",
                "logs": [{"categoryGroup": "allLogs", "enabled": True}],
            }
        },
        "Microsoft.AlertsManagement/actionRules": {},
        "Microsoft.Authorization/locks": {},
        "Microsoft.Authorization/policyExemptions": {},
        "Microsoft.Authorization/policyAssignments": {
            "SecurityCenterBuiltIn": {
                "displayName": "ASC Default",
                "policyDefinitionId": f"/providers/Microsoft.Authorization/policySetDefinitions/{benchmark}",
                "scope": _HOME,
                "enforcementMode": "Default",
            }
        },
        "Microsoft.Authorization/roleDefinitions": {azure_id("role"): everything},
    }
    for sort, records in said.items():
        state.answers[f"/subscriptions/{SANDBOX}/providers/{sort}"] = []
        state.answers[f"{_HOME}/providers/{sort}"] = [
            {"id": f"{_HOME}/providers/{sort}/{name}", "name": name, "properties": properties}
            for name, properties in records.items()
        ]
    assignments = f"{_HOME}/providers/Microsoft.Authorization/roleAssignments"
    state.answers.setdefault(assignments, []).extend(
        {
            "id": f"{assignments}/{azure_id(f'owner:{who}')}",
            "name": azure_id(f"owner:{who}"),
            "properties": {
                "roleDefinitionId": f"{definitions}/{_OWNER}",
                "principalId": azure_id(f"user:{who}"),
                "principalType": "User",
                "scope": _HOME,
            },
        }
        for who in ("anna.kovacs", "ben.okafor")
    )
    state.answers.setdefault(
        f"/subscriptions/{SANDBOX}/providers/Microsoft.Authorization/roleAssignments", []
    )
    written = {"value": "Microsoft.Network/networkSecurityGroups/securityRules/write"}
    events = "providers/Microsoft.Insights/eventtypes/management/values"
    state.answers[f"/subscriptions/{SANDBOX}/{events}"] = []
    state.answers[f"{_HOME}/{events}"] = [
        {
            "id": f"{_IN}/Microsoft.Network/networkSecurityGroups/legacy/events/{number}/ticks/1",
            "eventDataId": azure_id(f"event:{number}"),
            "caller": caller,
            "operationName": {**written, "localizedValue": "Create or Update Security Rule"},
            "category": {"value": "Administrative", "localizedValue": "Administrative"},
            "status": {"value": status, "localizedValue": status},
            "eventTimestamp": _text(now - timedelta(days=3)),
            "resourceId": f"{_IN}/Microsoft.Network/networkSecurityGroups/legacy",
        }
        for number, (caller, status) in enumerate(
            (
                ("erik.holm@acme-robotics.example", "Started"),
                ("erik.holm@acme-robotics.example", "Succeeded"),
                (azure_id("pipeline"), "Succeeded"),
            )
        )
    ]
    for one in state.subscriptions:
        state.answers[one["id"]] = one
    for key in ("20606e75-05c4-48c0-9d97-add6daa2109a", "0354476c-a12a-4fcc-a79d-f0ab7ffffdbb"):
        _assessed(state, _HOME, key)


AREAS: tuple[Callable[[Tenant, datetime], None], ...] = (
    _storage,
    _network,
    _databases,
    _vaults,
    _machines,
    _apps,
    _monitor,
    _lists,
)
"""What fills the tenant, area by area."""
