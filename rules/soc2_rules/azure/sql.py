"""SQL Database: access, administrators, encryption, auditing and threat detection."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import same
from soc2_collectors.azure.models.sql import SqlDatabase, SqlServer
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_NEW_TLS = frozenset({"1.2", "1.3"})


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:sqlserver_unrestricted_inbound_access",
        "powerpipe:sql_database_allow_internet_access",
        "powerpipe:sql_db_public_network_access_disabled",
    ],
)
def azure_sql_no_any_ip(server: SqlServer, *, max_addresses: int = 65536) -> Verdict:
    """The firewalls of SQL servers admit neither any address nor all of Azure.

    ``max_addresses``: how many addresses one rule may admit.

    Why: a database should be reached by its applications, not by the internet, and the services of Azure
        are everybody's who has an account there.
    Fix: az sql server firewall-rule delete for the rule; az sql server update --enable-public-network
        false with a private endpoint.
    """
    if not same(server.properties.public_network_access or "Enabled", "Enabled"):
        return passed("public network access is off")
    strange = [rule.name for rule in server.firewall_rules if rule.addresses is None]
    wide = [
        rule.name
        for rule in server.firewall_rules
        if rule.admits_azure or (rule.addresses or 0) > max_addresses
    ]
    if wide:
        return failed(f"open by the rules {listed(wide)}")
    if strange:
        return inconclusive(f"the addresses of the rules {listed(strange)} cannot be read")
    return passed(f"{len(server.firewall_rules)} rules, none of them wide")


@rule(
    criteria=["CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:sqlserver_azuread_administrator_enabled",
        "powerpipe:sql_server_azure_ad_authentication_enabled",
    ],
)
def azure_sql_entra_admin(server: SqlServer, *, entra_only: bool = False) -> Verdict:
    """SQL servers have an administrator of Entra.

    ``entra_only`` asks that logins of the server's own are refused.

    Why: logins of the server's own know no second factor and outlive the people who had them.
    Fix: az sql server ad-admin create; az sql server ad-only-auth enable.
    """
    found = [
        admin.properties
        for admin in server.administrators
        if same(admin.properties.administrator_type, "ActiveDirectory")
    ]
    if not found:
        return failed("no administrator of Entra")
    if entra_only and not any(admin.azure_ad_only_authentication for admin in found):
        return failed("logins of the server's own are accepted")
    return passed(f"administered by {listed(admin.login for admin in found)}")


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.HIGH,
    needs=[SqlServer],
    known_as=[
        "prowler:sqlserver_tde_encryption_enabled",
        "prowler:sqlserver_tde_encrypted_with_cmk",
        "powerpipe:sql_database_transparent_data_encryption_enabled",
        "powerpipe:sql_server_tde_protector_cmk_encrypted",
    ],
)
def azure_sql_tde(
    database: SqlDatabase, evidence: Evidence, *, customer_key: bool = False
) -> Verdict:
    """SQL databases are encrypted at rest.

    ``customer_key`` asks that the server's protector is a key in the company's vault.

    Why: backups and copies of an unencrypted database can be read by whoever gets them.
    Fix: az sql db tde set --status Enabled; az sql server tde-key set --server-key-type AzureKeyVault.
    """
    encryption = database.encryption
    state = encryption and (encryption.properties.state or encryption.properties.status)
    if not state:
        return inconclusive("Azure does not say whether it is encrypted")
    if not same(state, "Enabled"):
        return failed("not encrypted")
    if not customer_key:
        return passed("encrypted")
    for server in evidence.here(SqlServer):
        if server.id.casefold() == database.server_id:
            if server.protector is None:
                return inconclusive("the server's protector is not shown")
            kind = server.protector.properties.server_key_type
            if same(kind, "AzureKeyVault"):
                return passed("encrypted with a key in a vault")
            return failed(f"encrypted with a key that is {kind}")
    return inconclusive("its server is not listed")


@rule(
    criteria=["CC6.7", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=["prowler:sqlserver_recommended_minimal_tls_version"],
)
def azure_sql_tls(server: SqlServer) -> Verdict:
    """SQL servers take TLS 1.2 or later only.

    Why: the versions before 1.2 can be broken, and with them what a query carries.
    Fix: az sql server update --minimal-tls-version 1.2.
    """
    version = server.properties.minimal_tls_version
    if version in _NEW_TLS:
        return passed(f"the minimum version is {version}")
    return failed("no minimum version" if version is None else f"the minimum version is {version}")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:sqlserver_auditing_enabled",
        "prowler:sqlserver_auditing_retention_90_days",
        "powerpipe:sql_server_auditing_on",
        "powerpipe:sql_server_auditing_retention_period_90",
    ],
)
def azure_sql_auditing(server: SqlServer, *, min_days: int = 90) -> Verdict:
    """SQL servers are audited, and the records kept.

    How long a Log Analytics workspace keeps them is a setting of the workspace's; ``min_days`` is asked of
    a storage account, where 0 means for ever.

    Why: without records nobody can tell afterwards who read or changed what.
    Fix: az sql server audit-policy update --state Enabled --retention-days 90.
    """
    policy = server.auditing
    if policy is None or not same(policy.properties.state, "Enabled"):
        return failed("auditing is off")
    days = policy.properties.retention_days
    stored = bool(policy.properties.storage_endpoint)
    if not stored and not policy.properties.is_azure_monitor_target_enabled:
        return failed("auditing is on, and has no destination")
    if stored and days and days < min_days:
        return failed(f"records are kept for {days} days")
    return passed("audited" + (f", kept for {days} days" if stored and days else ""))


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:sqlserver_microsoft_defender_enabled",
        "prowler:sqlserver_vulnerability_assessment_enabled",
        "prowler:sqlserver_va_periodic_recurring_scans_enabled",
        "powerpipe:sql_server_azure_defender_enabled",
        "powerpipe:sql_server_and_databases_va_enabled",
    ],
)
def azure_sql_va_defender(server: SqlServer) -> Verdict:
    """SQL servers are watched by Defender and scanned regularly, and somebody is told.

    Why: an injection or a database open to guests is found by somebody in any case.
    Fix: az sql server advanced-threat-protection-setting update --state Enabled, and switch on the
        vulnerability assessment with recurring scans and an address.
    """
    alerts = server.alert_policy
    if alerts is None or not same(alerts.properties.state, "Enabled"):
        return failed("Defender for SQL is off")
    express = server.express_assessment
    if express is not None and same(express.properties.state, "Enabled"):
        scanned, told = "express", alerts.properties.told
    else:
        classic = server.classic_assessment
        if classic is None or not classic.properties.storage_container_path:
            return failed("no vulnerability assessment")
        scans = classic.properties.recurring_scans
        if scans is None or not scans.is_enabled:
            return failed("vulnerability assessment without recurring scans")
        scanned = "classic"
        told = bool(scans.email_subscription_admins or any(scans.emails or ()))
    if not told:
        return failed("nobody is told by mail")
    return passed(f"Defender is on, and the {scanned} vulnerability assessment")
