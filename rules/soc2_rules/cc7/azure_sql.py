"""SQL Database: auditing, and what looks for attacks and weaknesses."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import same
from soc2_collectors.azure.models.sql import SqlServer
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


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
