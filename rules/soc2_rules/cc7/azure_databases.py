"""PostgreSQL and MySQL: seeing who connected."""

from __future__ import annotations

from soc2_collectors.azure.models.databases import MySqlServer, PostgresServer
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule

_NOT_SHOWN = inconclusive("Azure does not show the server's parameter")


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
