"""SQL Database: access, administrators, encryption, auditing and threat detection."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import chosen, recorded, same
from soc2_collectors.azure.models.security import SecurityContact
from soc2_collectors.azure.models.sql import SqlDatabase, SqlServer, not_audited, too_wide
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
    """The server firewalls of SQL servers admit neither the internet nor all of Azure, by IPv4 or IPv6.

    ``max_addresses``: how many addresses all rules together may admit; an IPv6 network of /64 counts as one.
    Rules that a database has of its own are not shown by Azure. The rules of a network security perimeter count
    where the server is associated with one: alone in the mode Enforced, else besides the server's own, even where
    its public access is off.

    Why: a database should be reached by its applications, not by the internet, and the services of Azure
        are everybody's who has an account there.
    Fix: az sql server firewall-rule delete --server SERVER --resource-group GROUP --name RULE; az sql server
        update --name SERVER --resource-group GROUP --enable-public-network false with a private endpoint.
    """
    gate = server.gate
    own = gate.own
    rules = server.firewall_rules if own else []
    if azure := [one.name for one in rules if one.admits_azure]:
        return failed(f"all of Azure is admitted by {listed(azure)}")
    every = [one.sources for one in rules]
    names = [one.name for one in rules]
    if too_wide(every, max_addresses):
        return _wide(names, max_addresses)
    if own:
        every += [one.sources for one in server.ipv6_rules]
        names += [one.name for one in server.ipv6_rules]
        if too_wide(every, max_addresses):
            return _wide(names, max_addresses)
    count = len(every)
    if gate.associations:
        every.append(gate.sources)
        names.append(gate.label)
    wide = too_wide(every, max_addresses)
    if wide:
        return _wide(names, max_addresses)
    if wide is None:
        return inconclusive(f"the addresses of these rules cannot all be read: {listed(names)}")
    if not own:
        return passed(gate.how)
    beside = f"; {gate.label}: no wide rule either" if gate.associations else ""
    return passed(f"server firewall: {count} rules, none of them wide, nor all together{beside}")


def _wide(names: list[str], most: int) -> Verdict:
    return failed(f"open to the internet, or to more than {most} addresses, by {listed(names)}")


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

    ``customer_key`` asks that the protector of the server, or of the database itself, is a key in the
    company's vault.

    Why: backups and copies of an unencrypted database can be read by whoever gets them.
    Fix: az sql db tde set --status Enabled; az sql server tde-key set --server-key-type AzureKeyVault.
    """
    if database.encrypted is None:
        return inconclusive("Azure does not say whether it is encrypted")
    if not database.encrypted:
        return failed("not encrypted")
    if not customer_key:
        return passed("encrypted")
    if database.own_key:
        return passed("encrypted with a key in a vault, which is the database's own")
    for server in evidence.here(SqlServer):
        if server.id.casefold() == database.server_id:
            if server.protector is None:
                return inconclusive("the server's protector is not shown")
            kind = server.protector.properties.server_key_type
            if chosen(kind, "serverKeyType", good=("AzureKeyVault",), bad=("ServiceManaged",)):
                return passed("encrypted with a key in a vault", on=[server])
            return failed(f"encrypted with a key that is {kind}", on=[server])
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
    version = server.properties.minimal_tls_version or "None"
    if chosen(version, "minimalTlsVersion", good=_NEW_TLS, bad=("None", "1.0", "1.1")):
        return passed(f"the minimum version is {version}")
    return failed(f"the minimum version is {version}")


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
    """SQL servers are audited in full, and the records sent where they are kept.

    In full: every statement, and who signed in or failed to, without a filter. Records go to a storage
    account, or to Azure Monitor by a diagnostic setting of the database ``master``; whether they are kept where
    that sends them to an event hub or a partner's solution alone is not known. How long a Log Analytics
    workspace keeps them is a setting of the workspace's; ``min_days`` is asked of a storage account, where 0
    means for ever. One of the two destinations is enough.

    Why: without records nobody can tell afterwards who read or changed what.
    Fix: az sql server audit-policy update --name SERVER --resource-group GROUP --state Enabled
        --blob-storage-target-state Enabled --storage-account ACCOUNT --retention-days 90.
    """
    policy = server.auditing
    if policy is None or not same(policy.properties.state, "Enabled"):
        return failed("auditing is off")
    settings = policy.properties
    stored, monitored = bool(settings.storage_endpoint), settings.is_azure_monitor_target_enabled
    if not stored and not monitored:
        return failed("auditing is on, and has no destination")
    days = settings.retention_days
    short = stored and bool(days) and (days or 0) < min_days
    if short and not monitored:
        return failed(f"records are kept for {days} days")
    if left := not_audited([policy]):
        return failed(f"not audited in full: {'; '.join(left)}")
    extended = server.extended_auditing
    if extended is None:
        return inconclusive(
            "Azure does not show the extended auditing policy, which may hold a filter"
        )
    if left := not_audited([extended]):
        return failed(f"not audited in full: {'; '.join(left)}")
    if stored and not short and days is not None:
        return passed(f"audited in full, kept {f'for {days} days' if days else 'for ever'}")
    if not monitored:
        return inconclusive("Azure does not say how long the records are kept")
    also = f"; the storage account keeps them for {days} days" if short else ""
    if not recorded(server.master_diagnostics) & _SENT:
        no_setting = "and no diagnostic setting of master sends them on"
        return failed(f"audit records go to Azure Monitor, {no_setting}{also}")
    if not recorded(one for one in server.master_diagnostics if one.keeps) & _SENT:
        return inconclusive(f"audit records are only sent to what passes them on{also}")
    return passed(f"audited in full, sent to Azure Monitor{also}")


_SENT = frozenset({"sqlsecurityauditevents", "audit", "alllogs"})


@rule(
    criteria=["CC7.1", "CC6.8"],
    severity=Severity.MEDIUM,
    needs=[SecurityContact],
    known_as=[
        "prowler:sqlserver_microsoft_defender_enabled",
        "prowler:sqlserver_vulnerability_assessment_enabled",
        "prowler:sqlserver_va_periodic_recurring_scans_enabled",
        "powerpipe:sql_server_azure_defender_enabled",
        "powerpipe:sql_server_and_databases_va_enabled",
    ],
)
def azure_sql_va_defender(server: SqlServer, evidence: Evidence) -> Verdict:
    """SQL servers are watched by Defender and scanned regularly, and somebody is notified by mail.

    No sort of alert may be off. Alerts are mailed to the addresses of the server, or to the security contact of
    the subscription; the classic assessment mails its own reports.

    Why: an injection or a database open to guests is found by somebody in any case.
    Fix: az sql server advanced-threat-protection-setting update --name SERVER --resource-group GROUP --state
        Enabled, and switch on the vulnerability assessment with recurring scans and an address.
    """
    alerts = server.alert_policy
    if alerts is None or not same(alerts.properties.state, "Enabled"):
        return failed("Defender for SQL is off")
    if off := alerts.properties.left_out:
        return failed(f"alerts that are off: {listed(off)}")
    express = server.express_assessment
    by: list[SecurityContact] = []
    if express is not None and same(express.properties.state, "Enabled"):
        scanned, notified = "express", alerts.properties.notified
        if not notified:
            by = [one for one in evidence.here(SecurityContact) if one.properties.notifies]
            notified = bool(by)
    else:
        classic = server.classic_assessment
        if classic is None or not classic.properties.storage_container_path:
            return failed("no vulnerability assessment")
        scans = classic.properties.recurring_scans
        if scans is None or not scans.is_enabled:
            return failed("vulnerability assessment without recurring scans")
        scanned = "classic"
        notified = bool(scans.email_subscription_admins or any(scans.emails or ()))
    if not notified:
        return failed("nobody is notified by mail")
    return passed(
        f"Defender is on with all alerts, and the {scanned} vulnerability assessment", on=by
    )
