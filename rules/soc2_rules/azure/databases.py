"""PostgreSQL, MySQL, Cosmos DB and Redis: encrypted connections, access and logs."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import chosen, recorded
from soc2_collectors.azure.models.databases import (
    CosmosAccount,
    MySqlServer,
    PostgresServer,
    RedisCache,
)
from soc2_collectors.azure.models.sql import too_wide
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule
from soc2_pac.text import listed

_OLD_TLS = frozenset({"tlsv1", "tlsv1.0", "tlsv1.1"})
_NEW_TLS = frozenset({"tlsv1.2", "tlsv1.3"})
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
    if strange := versions - _NEW_TLS:
        return inconclusive(f"versions that are not known: {listed(strange)}")
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
    """PostgreSQL servers admit no internet and not all of Azure, slow down guessing, and back up elsewhere.

    ``max_addresses``: how many addresses all firewall rules together may admit.

    Why: the services of Azure are everybody's who has an account there.
    Fix: az postgres flexible-server firewall-rule delete for the rule; parameter set --name
        connection_throttle.enable --value on; geo-redundant backups are chosen when a server is made.
    """
    wrong: list[str] = []
    unsure: list[str] = []
    if not server.properties.private:
        rules = server.firewall_rules
        names = listed(one.name for one in rules)
        if azure := [one.name for one in rules if one.admits_azure]:
            wrong.append(f"all of Azure is admitted by {listed(azure)}")
        wide = too_wide([one.sources for one in rules if not one.admits_azure], max_addresses)
        if wide:
            wrong.append(
                f"open to the internet, or to more than {max_addresses} addresses, by {names}"
            )
        elif wide is None:
            unsure.append(f"the addresses of these rules cannot all be read: {names}")
    backup = server.properties.backup
    geo = backup.geo_redundant_backup if backup else None
    asked = geo_backup and not server.properties.replica
    if asked and not (
        geo and chosen(geo, "geoRedundantBackup", good=("Enabled",), bad=("Disabled",))
    ):
        wrong.append("backups stay in one region")
    if wrong:
        return failed("; ".join(wrong))
    if server.throttling is None:
        return _NOT_SHOWN
    if not server.throttling.on:
        return failed("connections are not throttled after failures")
    if unsure:
        return inconclusive("; ".join(unsure))
    copy = "; a replica has no backups of its own" if geo_backup and not asked else ""
    reached = "no public endpoint" if server.properties.private else "chosen addresses only"
    return passed(f"{reached}, throttled" + (", backed up elsewhere" if asked else copy))


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cosmosdb_account_firewall_use_selected_networks",
        "powerpipe:cosmosdb_account_with_firewall_rules",
    ],
)
def azure_cosmos_network(account: CosmosAccount) -> Verdict:
    """Cosmos DB accounts are open neither to the internet nor to all of Azure.

    The rules of a network security perimeter count where the account is associated with one: alone in the mode
    Enforced, else besides the account's own, even where its public access is off.

    Why: a key of an account opens all of it from anywhere, unless the network is asked as well.
    Fix: az cosmosdb update --name ACCOUNT --resource-group GROUP --public-network-access DISABLED, or
        --ip-range-filter with the company's addresses.
    """
    settings, gate = account.properties, account.gate
    own = gate.own
    if own and settings.admits_azure:
        return failed("all of Azure is admitted, of whatever customer, by 0.0.0.0")
    if own and settings.open:
        return failed("open to the internet")
    if gate.open:
        return failed(f"open to the internet, or to all of Azure, by {gate.label}")
    return passed(gate.how)


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=["prowler:cosmosdb_account_use_aad_and_rbac"],
)
def azure_cosmos_entra_only(account: CosmosAccount) -> Verdict:
    """Cosmos DB accounts refuse keys, where their API can do without.

    The API of MongoDB takes keys and passwords only, whatever the setting says.

    Why: a key of an account opens all of it, belongs to nobody, and is seldom replaced.
    Fix: az resource update --ids ACCOUNT-ID --set properties.disableLocalAuth=true, after the clients have
        roles.
    """
    if account.needs_keys:
        return not_applicable("the API of MongoDB, which takes keys and passwords only")
    if account.properties.disable_local_auth:
        return passed("keys are refused")
    return failed("keys are accepted")


@rule(
    criteria=["CC6.7", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=["prowler:cosmosdb_account_minimum_tls_version"],
)
def azure_cosmos_tls(account: CosmosAccount) -> Verdict:
    """Cosmos DB accounts take TLS 1.2 or later only.

    Why: the versions before 1.2 can be broken, and with them what a query carries.
    Fix: az cosmosdb update --name ACCOUNT --resource-group GROUP --minimal-tls-version Tls12.
    """
    version = account.properties.minimal_tls_version
    if not version:
        return inconclusive("Azure does not say which version of TLS is asked for")
    if chosen(version, "minimalTlsVersion", good=("Tls12", "Tls13"), bad=("Tls", "Tls11")):
        return passed(f"the minimum version is {version}")
    return failed(f"the minimum version is {version}")


@rule(
    criteria=["CC7.5"],
    severity=Severity.MEDIUM,
    known_as=["prowler:cosmosdb_account_backup_policy_continuous"],
)
def azure_cosmos_backup(account: CosmosAccount) -> Verdict:
    """Cosmos DB accounts are backed up continuously.

    Azure offers that to every API but that of Cassandra.

    Why: a periodic backup loses what was written since, and only Microsoft's support restores it.
    Fix: az cosmosdb update --name ACCOUNT --resource-group GROUP --backup-policy-type Continuous.
    """
    backup = account.properties.backup_policy
    if backup is None or not backup.type:
        return inconclusive("Azure does not say how the account is backed up")
    if chosen(backup.type, "backupPolicy.type", good=("Continuous",), bad=("Periodic",)):
        return passed("backed up continuously")
    if account.cassandra:
        return not_applicable(
            "backed up periodically: Azure has no continuous backup for the API of Cassandra"
        )
    return failed("backed up periodically")


@rule(
    criteria=["CC6.7", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "powerpipe:redis_cache_ssl_enabled",
        "powerpipe:redis_cache_min_tls_1_2",
    ],
)
def azure_redis_tls(cache: RedisCache) -> Verdict:
    """Redis caches take TLS 1.2 or later only, and are not open to the internet.

    Caches of Azure Managed Redis, and of the Enterprise tiers, are other resources, and not judged.

    Why: over the plain port, keys and data travel readable.
    Fix: az redis update --name CACHE --resource-group GROUP --set enableNonSslPort=false
        minimumTlsVersion=1.2 publicNetworkAccess=Disabled.
    """
    settings = cache.properties
    if settings.enable_non_ssl_port:
        return failed("the port without TLS is open")
    version = settings.minimum_tls_version
    if not version:
        return failed("no minimum version of TLS is set")
    if not chosen(version, "minimumTlsVersion", good=("1.2", "1.3"), bad=("1.0", "1.1")):
        return failed(f"the minimum version is {version}")
    said = f"TLS only, minimum version {version}"
    if cache.closed:
        return passed(f"{said}, no public endpoint")
    rules = cache.firewall_rules
    if not rules:
        return failed("public, without a firewall rule: open to the internet")
    names = listed(one.name for one in rules)
    wide = too_wide([one.sources for one in rules], _MOST)
    if wide:
        return failed(f"open to the internet, or to more than {_MOST} addresses, by {names}")
    if wide is None:
        return inconclusive(f"the addresses of these rules cannot all be read: {names}")
    return passed(f"{said}, firewall rules: {names}")


_MOST = 65536
"""As many addresses, at most, as the firewall rules of a cache may admit together."""


@rule(criteria=["CC6.1"], severity=Severity.LOW)
def azure_redis_entra_only(cache: RedisCache) -> Verdict:
    """Redis caches refuse access keys, and nobody comes in without signing in.

    Caches of Azure Managed Redis, and of the Enterprise tiers, are other resources, and not judged.

    Why: a key opens the whole cache, belongs to nobody, and is seldom replaced.
    Fix: az redis update --name CACHE --resource-group GROUP --set disableAccessKeyAuthentication=true, after
        the clients sign in by Entra.
    """
    if cache.anonymous:
        return failed("clients need not sign in at all")
    if cache.properties.disable_access_key_authentication:
        return passed("access keys are refused, and clients must sign in")
    return failed("access keys are accepted")


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
    """PostgreSQL servers log connections, disconnections and checkpoints, and the logs are kept.

    As files of the server for ``min_days`` at least, where it keeps such files; or in a workspace or a storage
    account, to which a diagnostic setting sends them. How long these keep them is a setting of theirs.

    Why: without them nobody can tell who was in the database, and for how long.
    Fix: az postgres flexible-server parameter set --name log_connections --value on; log_disconnections,
        log_checkpoints and logfiles.download_enable likewise, and logfiles.retention_days to 7; or az monitor
        diagnostic-settings create for the server, with the category PostgreSQLLogs, to a workspace.
    """
    parameters = {
        "log_connections": server.log_connections,
        "log_disconnections": server.log_disconnections,
        "log_checkpoints": server.log_checkpoints,
    }
    off = [
        name
        for name, value in parameters.items()
        if value is not None and not (value.tells_who if name == "log_connections" else value.on)
    ]
    if off:
        return failed(f"off: {', '.join(off)}")
    if any(value is None for value in parameters.values()):
        return _NOT_SHOWN
    if recorded(one for one in server.diagnostics if one.keeps) & _PG_LOGS:
        return passed("logged, and sent by a diagnostic setting to where it is kept")
    files, kept = server.log_files, server.log_retention
    if files is None or kept is None:
        return _NOT_SHOWN
    if not files.on:
        return failed(
            "kept nowhere: the server keeps no log files, and no diagnostic setting sends the logs"
        )
    if not (kept.value.isascii() and kept.value.isdecimal()):
        return inconclusive("how long logs are kept cannot be read")
    days = int(kept.value[:9])
    if days < min_days:
        return failed(f"logs are kept for {days} days")
    return passed(f"logged, and kept for {days} days")


_PG_LOGS = frozenset({"postgresqllogs", "audit", "alllogs"})
"""Both groups hold the category PostgreSQLLogs: MicrosoftDocs/azure-docs, issue 106979."""
_MYSQL_AUDIT = frozenset({"mysqlauditlogs", "audit", "alllogs"})


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
    """MySQL servers write an audit log, connections of all users included, and a diagnostic setting sends it.

    Azure keeps no audit log on the server: it goes where a diagnostic setting sends it.

    Why: without it nobody can tell who was in the database.
    Fix: az mysql flexible-server parameter set --name audit_log_enabled --value ON; the same with
        audit_log_events and CONNECTION; az monitor diagnostic-settings create for the server, with the
        category MySqlAuditLogs, to a workspace.
    """
    if server.audit_log is None or server.audit_events is None:
        return _NOT_SHOWN
    if not server.audit_log.on:
        return failed("no audit log")
    events = {part.strip() for part in server.audit_events.value.split(",")}
    if not events & {"connection", "connection_v2"}:
        return failed("connections are not in the audit log")
    only, but = server.audit_included, server.audit_excluded
    if only is not None and only.value:
        return failed(f"only these users are audited: {only.value}")
    if but is not None and (left := {part.strip() for part in but.value.split(",")} - _SYSTEM):
        return failed(f"users that are not audited: {listed(left)}")
    if not recorded(server.diagnostics) & _MYSQL_AUDIT:
        return failed("the audit log is sent nowhere: no diagnostic setting takes it")
    if only is None or but is None:
        return _NOT_SHOWN
    return passed("audited, connections of all users included, and sent by a diagnostic setting")


_SYSTEM = frozenset({"", "azure_superuser"})
"""The system's own user, which is left out by default."""
