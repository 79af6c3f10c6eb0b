"""PostgreSQL, MySQL, Cosmos DB and Redis: encrypted connections, access and logs."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import same
from soc2_collectors.azure.models.databases import (
    CosmosAccount,
    MySqlServer,
    PostgresServer,
    RedisCache,
)
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule
from soc2_pac.text import listed

_OLD_TLS = frozenset({"tlsv1", "tlsv1.1"})
_NOT_SHOWN = inconclusive("Azure does not show the server's parameter")


@rule(
    criteria=["CC6.7", "CC6.6"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:postgresql_flexible_server_enforce_ssl_enabled",
        "powerpipe:postgres_sql_flexible_server_ssl_enabled",
    ],
)
def azure_pg_tls(server: PostgresServer) -> Verdict:
    """PostgreSQL servers refuse connections without TLS.

    Why: a client that does not ask for encryption sends passwords and data readable.
    Fix: az postgres flexible-server parameter set --name require_secure_transport --value on.
    """
    if server.secure_transport is None:
        return _NOT_SHOWN
    return (
        passed("connections without TLS are refused")
        if server.secure_transport.on
        else failed("connections without TLS are accepted")
    )


@rule(
    criteria=["CC6.7", "CC6.6"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:mysql_flexible_server_ssl_connection_enabled",
        "prowler:mysql_flexible_server_minimum_tls_version_12",
        "powerpipe:mysql_flexible_server_ssl_enabled",
        "powerpipe:mysql_flexible_server_min_tls_1_2",
    ],
)
def azure_mysql_tls(server: MySqlServer) -> Verdict:
    """MySQL servers refuse connections without TLS 1.2 or later.

    Why: a client that does not ask for encryption sends passwords and data readable.
    Fix: az mysql flexible-server parameter set --name require_secure_transport --value ON; the same with
        tls_version and TLSv1.2,TLSv1.3.
    """
    if server.secure_transport is None or server.tls_version is None:
        return _NOT_SHOWN
    if not server.secure_transport.on:
        return failed("connections without TLS are accepted")
    versions = {part.strip() for part in server.tls_version.value.split(",") if part.strip()}
    if not versions:
        return inconclusive("Azure does not say which versions are accepted")
    old = versions & _OLD_TLS
    if old:
        return failed(f"accepted: {listed(old)}")
    return passed(f"accepted: {listed(versions)}")


@rule(
    criteria=["CC6.6", "CC7.5"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:postgresql_flexible_server_allow_access_services_disabled",
        "prowler:postgresql_flexible_server_connection_throttling_on",
        "prowler:postgresql_flexible_server_geo_redundant_backup_enabled",
        "powerpipe:postgres_flexible_server_allow_access_to_azure_services_disabled",
    ],
)
def azure_pg_network(
    server: PostgresServer, *, geo_backup: bool = True, max_addresses: int = 65536
) -> Verdict:
    """PostgreSQL servers do not admit all of Azure, slow down guessing, and have backups elsewhere.

    Why: the services of Azure are everybody's who has an account there.
    Fix: az postgres flexible-server firewall-rule delete for the rule; parameter set --name
        connection_throttle.enable --value on; geo-redundant backups are chosen when a server is made.
    """
    wrong: list[str] = []
    if not server.properties.private:
        wide = [
            rule.name
            for rule in server.firewall_rules
            if rule.admits_azure or (rule.addresses or 0) > max_addresses
        ]
        if wide:
            wrong.append(f"open by the rules {listed(wide)}")
    if server.throttling is None:
        return _NOT_SHOWN
    if not server.throttling.on:
        wrong.append("connections are not throttled after failures")
    backup = server.properties.backup
    if geo_backup and not (backup and same(backup.geo_redundant_backup, "Enabled")):
        wrong.append("backups stay in one region")
    return failed("; ".join(wrong)) if wrong else passed("closed, throttled, backed up elsewhere")


@rule(
    criteria=["CC6.6", "CC6.1", "CC7.5"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cosmosdb_account_firewall_use_selected_networks",
        "prowler:cosmosdb_account_use_aad_and_rbac",
        "prowler:cosmosdb_account_minimum_tls_version",
        "prowler:cosmosdb_account_backup_policy_continuous",
        "powerpipe:cosmosdb_account_with_firewall_rules",
    ],
)
def azure_cosmos_network(
    account: CosmosAccount, *, entra_only: bool = True, continuous_backup: bool = True
) -> Verdict:
    """Cosmos DB accounts admit chosen networks, Entra and TLS 1.2 only, and are backed up continuously.

    Why: a key of an account opens all of it from anywhere, unless the network is asked as well.
    Fix: az cosmosdb update --public-network-access DISABLED --disable-key-based-metadata-write-access
        true; --backup-policy-type Continuous; and disableLocalAuth=true.
    """
    settings = account.properties
    wrong: list[str] = []
    if settings.open:
        wrong.append("reachable from every address of the internet")
    if entra_only and not settings.disable_local_auth:
        wrong.append("keys are accepted")
    if settings.minimal_tls_version is not None and not same(settings.minimal_tls_version, "Tls12"):
        wrong.append(f"the minimum version is {settings.minimal_tls_version}")
    backup = settings.backup_policy
    if continuous_backup and not (backup and same(backup.type, "Continuous")):
        wrong.append("no continuous backup")
    if wrong:
        return failed("; ".join(wrong))
    if settings.minimal_tls_version is None:
        return inconclusive("Azure does not say which version of TLS is asked for")
    return passed("chosen networks, Entra and TLS 1.2 only")


@rule(
    criteria=["CC6.7", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "powerpipe:redis_cache_ssl_enabled",
        "powerpipe:redis_cache_min_tls_1_2",
    ],
)
def azure_redis_tls(cache: RedisCache) -> Verdict:
    """Redis caches take TLS 1.2 or later only, and are not on the internet.

    Why: over the plain port, keys and data travel readable.
    Fix: az redis update --set enableNonSslPort=false minimumTlsVersion=1.2 publicNetworkAccess=Disabled.
    """
    settings = cache.properties
    if settings.enable_non_ssl_port:
        return failed("the port without TLS is open")
    version = settings.minimum_tls_version
    if version is None:
        return failed("no minimum version of TLS is set")
    if version in ("1.0", "1.1"):
        return failed(f"the minimum version is {version}")
    if same(settings.public_network_access or "Enabled", "Enabled") and not settings.subnet_id:
        return failed("reachable from every address of the internet")
    return passed(f"TLS only, minimum version {version}, not on the internet")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:postgresql_flexible_server_log_connections_on",
        "prowler:postgresql_flexible_server_log_disconnections_on",
        "prowler:postgresql_flexible_server_log_checkpoints_on",
        "prowler:postgresql_flexible_server_log_retention_days_greater_3",
        "powerpipe:postgres_flexible_server_log_checkpoints_on",
    ],
)
def azure_pg_logging(server: PostgresServer, *, min_days: int = 4) -> Verdict:
    """PostgreSQL servers log connections, disconnections and checkpoints, and keep the logs.

    Why: without them nobody can tell who was in the database, and for how long.
    Fix: az postgres flexible-server parameter set --name log_connections --value on; log_disconnections,
        log_checkpoints, and logfiles.retention_days to 7.
    """
    parameters = {
        "log_connections": server.log_connections,
        "log_disconnections": server.log_disconnections,
        "log_checkpoints": server.log_checkpoints,
    }
    off = [name for name, value in parameters.items() if value is not None and not value.on]
    if off:
        return failed(f"off: {', '.join(off)}")
    kept = server.log_retention
    if kept is None or any(value is None for value in parameters.values()):
        return _NOT_SHOWN
    if not (kept.value.isascii() and kept.value.isdecimal()):
        return inconclusive("how long logs are kept cannot be read")
    days = int(kept.value[:9])
    if days < min_days:
        return failed(f"logs are kept for {days} days")
    return passed(f"logged, and kept for {days} days")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:mysql_flexible_server_audit_log_enabled",
        "prowler:mysql_flexible_server_audit_log_connection_activated",
        "powerpipe:mysql_flexible_server_audit_logging_enabled",
    ],
)
def azure_mysql_audit(server: MySqlServer) -> Verdict:
    """MySQL servers write an audit log, connections included.

    Why: without it nobody can tell who was in the database.
    Fix: az mysql flexible-server parameter set --name audit_log_enabled --value ON; the same with
        audit_log_events and CONNECTION.
    """
    if server.audit_log is None or server.audit_events is None:
        return _NOT_SHOWN
    if not server.audit_log.on:
        return failed("no audit log")
    events = {part.strip() for part in server.audit_events.value.split(",")}
    if not any(event.startswith("connection") for event in events):
        return failed("connections are not in the audit log")
    return passed("audited, connections included")
