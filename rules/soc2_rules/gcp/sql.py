"""Cloud SQL and AlloyDB: access, encrypted connections, backups and logs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from soc2_collectors.gcp.models.alloydb import AlloyInstance
from soc2_collectors.gcp.models.compute import marks
from soc2_collectors.gcp.models.sql import BackupRun, SqlInstance
from soc2_collectors.gcp.models.values import days_after
from soc2_collectors.reach import open_to_internet
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Callable


_ELSEWHERE = not_applicable("it stands for a server outside of Cloud SQL")
_ENCRYPTED = ("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")
_ENGINES = {"MYSQL": "MySQL", "POSTGRES": "PostgreSQL", "SQLSERVER": "SQL Server"}
_OFF = ("off", "0", "false")
_ON = ("on", "1", "true")
_COUNTED = ("COUNT", "RETENTION_UNIT_UNSPECIFIED")
"""Units of retained backups that are a number; Google takes what is not specified for one."""


def _not(database: SqlInstance, engine: str) -> Verdict | None:
    """Why the flags of an engine are not asked of an instance; ``None``: they are."""
    if database.engine != engine:
        return not_applicable(f"{database.data.database_version} is not {_ENGINES[engine]}")
    return _ELSEWHERE if database.elsewhere else None


@rule(
    criteria=["CC6.6", "CC6.1", "CC6.2"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:cloudsql_instance_public_access",
        "powerpipe:sql_instance_not_publicly_accessible",
        "powerpipe:sql_world_readable",
    ],
)
def gcp_sql_no_world_network(database: SqlInstance) -> Verdict:
    """Authorized networks of Cloud SQL instances do not admit the internet.

    All entries together: a tenth of the public addresses or more is the internet. Where only connectors are
    let in, no entry is in force.

    Why: a database should be reached by its applications, not by the internet.
    Fix: gcloud sql instances patch NAME --authorized-networks=203.0.113.0/24, or --no-assign-ip.
    """
    if database.elsewhere:
        return _ELSEWHERE
    addresses = database.access
    ranges = [network.value for network in addresses.authorized_networks]
    public = database.public_addresses
    if not addresses.ipv4_enabled and not public:
        return passed("no public address")
    if database.only_connectors:
        return passed("only connectors are let in: authorized networks are not in force")
    if open_to_internet(ranges):
        return failed(f"the internet is authorized, by {', '.join(sorted(ranges))}")
    return passed(f"authorized networks: {', '.join(sorted(ranges)) or 'none'}")


@rule(
    criteria=["CC6.6"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:cloudsql_instance_public_ip",
        "prowler:cloudsql_instance_private_ip_assignment",
        "powerpipe:prevent_public_ip_cloudsql",
    ],
)
def gcp_sql_private_ip(database: SqlInstance) -> Verdict:
    """Cloud SQL instances have no public address.

    Why: with one, an entry in a list is all that stands between the database and the internet.
    Fix: gcloud sql instances patch NAME --network=NETWORK --no-assign-ip.
    """
    if database.elsewhere:
        return _ELSEWHERE
    public = database.public_addresses
    if public or database.access.ipv4_enabled:
        return failed(f"public address {', '.join(public) or 'is switched on'}")
    return passed("no public address")


@rule(
    criteria=["CC6.7"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:cloudsql_instance_ssl_connections",
        "powerpipe:require_ssl_sql",
    ],
)
def gcp_sql_tls(database: SqlInstance) -> Verdict:
    """Cloud SQL instances refuse connections without TLS.

    Why: a client that does not ask for TLS would send its password and data in clear.
    Fix: gcloud sql instances patch NAME --ssl-mode=ENCRYPTED_ONLY.
    """
    if database.elsewhere:
        return _ELSEWHERE
    mode = database.access.ssl_mode
    if mode in _ENCRYPTED:
        return passed(f"sslMode is {mode}")
    if database.only_connectors:
        return passed("only connectors are let in, and they speak TLS")
    if mode == "SSL_MODE_UNSPECIFIED":
        # The older switch says what holds where the mode was never set.
        required = database.access.require_ssl
        return passed("requireSsl is on") if required else failed("TLS is not required")
    return failed(f"sslMode is {mode}")


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudsql_instance_sqlserver_cross_db_ownership_chaining_flag",
        "prowler:cloudsql_instance_sqlserver_contained_database_authentication_flag",
        "prowler:cloudsql_instance_sqlserver_remote_access_flag",
        "prowler:cloudsql_instance_sqlserver_external_scripts_enabled_flag",
        "powerpipe:sql_instance_sql_cross_db_ownership_chaining_database_flag_off",
        "powerpipe:sql_instance_sql_contained_database_authentication_database_flag_off",
        "powerpipe:sql_instance_sql_remote_access_database_flag_off",
        "powerpipe:sql_instance_sql_external_scripts_enabled_database_flag_off",
    ],
)
def gcp_mssql_access_flags(database: SqlInstance) -> Verdict:
    """SQL Server: ownership chains, contained logins, remote access and external scripts are off.

    Of the four only remote access is on where nothing is said.

    Why: each of them is a way around the permissions that were given on purpose.
    Fix: gcloud sql instances patch NAME --database-flags="remote access=off", and name the flags that
        should stay as well: the command replaces all of them.
    """
    if other := _not(database, "SQLSERVER"):
        return other
    defaults = {
        "cross db ownership chaining": "off",
        "contained database authentication": "off",
        "remote access": "on",
        "external scripts enabled": "off",
    }
    on = [
        f"{name} is {value}"
        for name, default in defaults.items()
        if (value := default if database.flag(name) is None else database.flag(name)) not in _OFF
    ]
    return failed("; ".join(on)) if on else passed("all four are off")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudsql_instance_mysql_skip_show_database_flag",
        "prowler:cloudsql_instance_mysql_local_infile_flag",
        "powerpipe:sql_instance_mysql_skip_show_database_flag_on",
        "powerpipe:sql_instance_mysql_local_infile_database_flag_off",
    ],
)
def gcp_mysql_flags(database: SqlInstance) -> Verdict:
    """MySQL hides the list of databases from those without the right, and loads no local files.

    Both have to be said: the defaults differ between versions.

    Why: a client that is tricked into loading a file gives it away; the list of databases tells a stranger
        where to look.
    Fix: gcloud sql instances patch NAME --database-flags=skip_show_database=on,local_infile=off, and name
        the flags that should stay as well.
    """
    if other := _not(database, "MYSQL"):
        return other
    wanted = {"skip_show_database": _ON, "local_infile": _OFF}
    wrong = [
        f"{name} is {database.flag(name) or 'not set'}"
        for name, values in wanted.items()
        if database.flag(name) not in values
    ]
    if wrong:
        return failed("; ".join(wrong))
    return passed("skip_show_database is on, local_infile is off")


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    known_as=["prowler:cloudsql_instance_cmek_encryption_enabled"],
)
def gcp_sql_cmek(database: SqlInstance, *, labels: tuple[str, ...] = ()) -> Verdict:
    """Cloud SQL instances are encrypted with a key of one's own.

    ``labels``: only instances with one of these, where the policy asks for it; empty: all. Every instance
    is encrypted by Google in any case.

    Why: a key of one's own can be taken away, and its use is logged.
    Fix: create the instance anew with --disk-encryption-key=KEY, from a backup.
    """
    if database.elsewhere:
        return _ELSEWHERE
    if labels and not marks(database.settings.user_labels, labels):
        return not_applicable(f"not labelled {' or '.join(labels)}")
    key = database.data.disk_encryption_configuration
    if key is not None and key.kms_key_name:
        return passed(f"encrypted with {key.kms_key_name}")
    return failed("encrypted with Google's key")


_SWITCHED_ON = ("on", "1", "true", "yes", "all")
"""PostgreSQL's words for on; ``all`` is one of log_connections, from version 18 on."""
_SAY_WHO = frozenset({"all", "authentication", "authorization"})
"""Words of log_connections, from version 18 on, by which the log names who came in; ``receipt`` does not."""
_RECORDED = frozenset({"all", "ddl", "function", "misc", "misc_set", "read", "role", "write"})
"""Classes of statements that the audit extension records."""
_ERROR_OR_MORE = (
    "debug5",
    "debug4",
    "debug3",
    "debug2",
    "debug1",
    "info",
    "notice",
    "warning",
    "error",
)
"""Levels of PostgreSQL's log that leave no error out."""
_WARNING_OR_MORE = _ERROR_OR_MORE[:-1]
_LEVELS_IN_ORDER = (*_ERROR_OR_MORE, "log", "fatal", "panic")
"""Of log_min_messages, from the one that writes most: what is below the one that is set is not written."""
_LEVELS = {
    "log_error_verbosity": ("default", "verbose"),
    "log_min_duration_statement": ("-1",),
    "log_min_error_statement": _ERROR_OR_MORE,
    "log_min_messages": _WARNING_OR_MORE,
    "log_statement": ("ddl", "mod", "all"),
}
"""Flag of PostgreSQL -> what it may be."""
_DEFAULTS = {
    "log_error_verbosity": "default",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "error",
    "log_min_messages": "warning",
    "log_statement": "none",
}
"""What holds where a flag is not set."""


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:cloudsql_instance_automated_backups",
        "powerpipe:sql_instance_automated_backups_enabled",
    ],
)
def gcp_sql_backups(
    database: SqlInstance, *, min_backups: int = 7, min_log_days: int = 7
) -> Verdict:
    """Cloud SQL instances are set to be backed up daily, and to be restorable to any point of a week.

    ``min_backups`` are to be kept, and logs for ``min_log_days``. Whether a backup succeeded is asked by
    gcp-sql-backup-succeeded.

    Why: what is deleted or damaged is often noticed days later.
    Fix: gcloud sql instances patch NAME --backup-start-time=02:00 --retained-backups-count=7
        --enable-point-in-time-recovery (MySQL: --enable-bin-log) --retained-transaction-log-days=7.
    """
    if database.elsewhere:
        return _ELSEWHERE
    if database.replica_of is not None:
        return not_applicable(f"a replica of {database.replica_of}: backups are made of that")
    backups = database.settings.backup_configuration
    if backups is not None and backups.elsewhere:
        return inconclusive(
            f"backups of the tier {backups.backup_tier} are set by a plan elsewhere, which is not read"
        )
    if backups is None or not backups.enabled:
        return failed("automated backups are off")
    problems = []
    kept, days = backups.backup_retention_settings, backups.log_days
    if kept is not None and kept.retained_backups < min_backups:
        problems.append(f"{kept.retained_backups} backups are kept, under {min_backups}")
    switches = {
        "MYSQL": backups.binary_log_enabled,
        "POSTGRES": backups.point_in_time_recovery_enabled,
        "SQLSERVER": backups.point_in_time_recovery_enabled,
    }
    if database.engine in switches and not switches[database.engine]:
        problems.append("no point-in-time recovery")
    elif days is not None and days < min_log_days:
        problems.append(f"any point in time of {days} days only, under {min_log_days}")
    if problems:
        return failed("; ".join(problems))
    if database.engine not in switches:
        return inconclusive(f"how {database.data.database_version} keeps logs is not known")
    if kept is None or kept.retention_unit not in _COUNTED:
        return inconclusive("the inventory does not say how many backups are kept")
    if days is None:
        return inconclusive("the inventory does not say for how many days logs are kept")
    return passed(f"backed up daily, {kept.retained_backups} are kept; any point of {days} days")


@rule(criteria=["CC7.5", "CC7.4"], severity=Severity.HIGH, needs=[BackupRun])
def gcp_sql_backup_succeeded(
    database: SqlInstance, evidence: Evidence, now: datetime, *, max_age_days: int = 2
) -> Verdict:
    """A backup of each Cloud SQL instance succeeded lately.

    Automated or on demand. An instance that its owner stopped is not backed up meanwhile.

    Why: backups that are switched on and fail are noticed on the day when one is needed.
    Fix: gcloud sql backups list --instance=NAME shows the error; gcloud sql backups create --instance=NAME
        makes one now.
    """
    if database.elsewhere:
        return _ELSEWHERE
    if database.replica_of is not None:
        return not_applicable(f"a replica of {database.replica_of}: backups are made of that")
    if database.stopped:
        return not_applicable("the instance is stopped")
    runs = evidence.index(BackupRun, "instance", within="here").get(database.path, ())
    good = [(one.resource.data.end_time, one) for one in runs if one.succeeded]
    made = database.data.create_time
    if not good and made is not None and now < days_after(made, max_age_days):
        due = days_after(made, max_age_days)
        return not_applicable(f"made on {made:%Y-%m-%d}, its first backup is not due", until=due)
    backups = database.settings.backup_configuration
    elsewhere = backups is not None and backups.elsewhere
    tier = backups.backup_tier if backups is not None else ""
    unseen = f"backups of the tier {tier} are not in this listing"
    if not good:
        return (
            inconclusive(unseen) if elsewhere else failed(f"none of {len(runs)} backups succeeded")
        )
    when, last = max(good, key=lambda pair: str(pair[0]))
    due = days_after(when, max_age_days) if when else now
    said = f"the last backup succeeded on {when:%Y-%m-%d}"
    if now < due:
        return passed(said, until=due, on=[last])
    if elsewhere:
        # Backups that were made before the tier was changed stay in the listing.
        return inconclusive(f"{said}, of those that Cloud SQL keeps; {unseen}", on=[last])
    return failed(f"{said}, over {max_age_days} days since {due:%Y-%m-%d}", on=[last])


@rule(
    criteria=["CC7.5"],
    severity=Severity.MEDIUM,
    known_as=["prowler:cloudsql_instance_high_availability_enabled"],
)
def gcp_sql_ha(database: SqlInstance) -> Verdict:
    """Cloud SQL instances are set to run in two zones and cannot be deleted by mistake.

    Why: one zone fails now and then, and one command deletes a database.
    Fix: gcloud sql instances patch NAME --availability-type=REGIONAL --deletion-protection. Waive those
        that are not production.
    """
    if database.elsewhere:
        return _ELSEWHERE
    if database.replica_of is not None:
        return not_applicable(f"a replica of {database.replica_of}")
    settings = database.settings
    lacking = [
        name
        for name, there in (
            ("a second zone", settings.availability_type == "REGIONAL"),
            ("deletion protection", settings.deletion_protection_enabled),
        )
        if not there
    ]
    if lacking:
        return failed(f"lacks {' and '.join(lacking)}")
    return passed("two zones and deletion protection")


@rule(
    criteria=["CC7.2"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudsql_instance_postgres_enable_pgaudit_flag",
        "powerpipe:sql_instance_postgresql_cloudsql_pgaudit_database_flag_enabled",
    ],
)
def gcp_pg_audit(database: SqlInstance) -> Verdict:
    """The flags of an instance switch PostgreSQL's audit extension on, and set what it records.

    What it records is set by pgaudit.log. Where the instance does not set it, a database or a user may, which
    is not seen here; nor is it whether each database has the extension (CREATE EXTENSION).

    Why: PostgreSQL's own log does not say which rows and roles somebody worked with.
    Fix: gcloud sql instances patch NAME --database-flags=cloudsql.enable_pgaudit=on,pgaudit.log=write, and
        CREATE EXTENSION pgaudit in each database.
    """
    if other := _not(database, "POSTGRES"):
        return other
    if database.flag("cloudsql.enable_pgaudit") not in _SWITCHED_ON:
        return failed("cloudsql.enable_pgaudit is not on")
    log = database.flag("pgaudit.log")
    if log is None:
        return inconclusive("on; what it records is not set for the instance: set pgaudit.log")
    if not _classes(log):
        return failed(f"on, and records nothing: pgaudit.log is {log or 'not shown'}")
    level = "log" if (said := database.flag("pgaudit.log_level")) is None else said
    if hidden := _not_written(database, level):
        return hidden
    return passed(f"on; pgaudit.log is {log}")


def _not_written(database: SqlInstance, level: str) -> Verdict | None:
    """The verdict where PostgreSQL's log leaves out what has a level; ``None``: it is written."""
    said = database.flag("log_min_messages")
    lowest = _DEFAULTS["log_min_messages"] if said is None else said
    about = f"entries have the level {level or 'not shown'}, and log_min_messages is {lowest or 'not shown'}"
    if level not in _LEVELS_IN_ORDER or lowest not in _LEVELS_IN_ORDER:
        return inconclusive(f"on; whether it is written is not known: {about}")
    if _LEVELS_IN_ORDER.index(level) < _LEVELS_IN_ORDER.index(lowest):
        return failed(f"on, and nothing is written: {about}")
    return None


def _classes(log: str) -> set[str]:
    """What pgaudit.log comes to: classes in order, ``-`` takes one away, ``all`` is every one."""
    recorded = set[str]()
    for word in log.split(","):
        name = word.strip().removeprefix("-")
        named = _RECORDED - {"all"} if name == "all" else _RECORDED & {name}
        recorded = recorded - named if word.strip().startswith("-") else recorded | named
    return recorded


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:cloudsql_instance_postgres_log_connections_flag",
        "prowler:cloudsql_instance_postgres_log_disconnections_flag",
        "powerpipe:sql_instance_postgresql_log_connections_database_flag_on",
        "powerpipe:sql_instance_postgresql_log_disconnections_database_flag_on",
    ],
)
def gcp_pg_log_connections(database: SqlInstance) -> Verdict:
    """PostgreSQL logs who connects and who leaves.

    Why: without it nobody can tell afterwards who was in the database at the time.
    Fix: gcloud sql instances patch NAME --database-flags=log_connections=on,log_disconnections=on, and
        name the flags that should stay as well.
    """
    if other := _not(database, "POSTGRES"):
        return other
    flags = ("log_connections", "log_disconnections")
    named = {one.strip() for one in (database.flag("log_connections") or "").split(",")}
    who = bool(named & _SAY_WHO)
    if off := [
        name
        for name in flags
        if database.flag(name) not in _SWITCHED_ON and not (who and name == "log_connections")
    ]:
        return failed(f"not on: {', '.join(off)}")
    if hidden := _not_written(database, "log"):
        return hidden
    return passed("connects and disconnects are logged")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.LOW,
    known_as=[
        "prowler:cloudsql_instance_postgres_log_error_verbosity_flag",
        "prowler:cloudsql_instance_postgres_log_min_duration_statement_flag",
        "prowler:cloudsql_instance_postgres_log_min_error_statement_flag",
        "prowler:cloudsql_instance_postgres_log_min_messages_flag",
        "prowler:cloudsql_instance_postgres_log_statement_flag",
        "powerpipe:sql_instance_postgresql_log_error_verbosity_database_flag_default_or_stricter",
        "powerpipe:sql_instance_postgresql_log_min_duration_statement_database_flag_disabled",
        "powerpipe:sql_instance_postgresql_log_min_error_statement_database_flag_configured",
        "powerpipe:sql_instance_postgresql_log_min_messages_database_flag_error",
        "powerpipe:sql_instance_postgresql_log_statement_database_flag_ddl",
    ],
)
def gcp_pg_log_levels(database: SqlInstance) -> Verdict:
    """PostgreSQL logs errors, warnings and changes of the schema, and no statements for being slow.

    Plans that auto_explain logs have the statement in them.

    Why: what is left out of the log is missing when it is asked what happened; slow statements would
        bring personal data into it.
    Fix: gcloud sql instances patch NAME --database-flags=log_statement=ddl, without the flags that lower
        the levels; name the flags that should stay as well.
    """
    if other := _not(database, "POSTGRES"):
        return other
    verdict = _levels(database.flag, tuple(_LEVELS))
    explained = database.flag("auto_explain.log_min_duration")
    if (
        verdict.status is Status.PASS
        and database.flag("cloudsql.enable_auto_explain") in _SWITCHED_ON
        and explained not in (None, "-1")
    ):
        return failed(f"plans of slow statements: auto_explain.log_min_duration is {explained}")
    return verdict


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.LOW,
    known_as=[
        "powerpipe:alloydb_instance_log_error_verbosity_database_flag_default_or_stricter",
        "powerpipe:alloydb_instance_log_min_error_statement_database_flag_configured",
        "powerpipe:alloydb_instance_log_min_messages_database_flag_error",
    ],
)
def gcp_alloydb_log_levels(instance: AlloyInstance) -> Verdict:
    """AlloyDB logs errors and warnings.

    Why: what is left out of the log is missing when it is asked what happened.
    Fix: gcloud alloydb instances update NAME --cluster CLUSTER --region REGION --database-flags without
        log_error_verbosity, log_min_error_statement and log_min_messages, or with their defaults.
    """
    flags = ("log_error_verbosity", "log_min_error_statement", "log_min_messages")
    return _levels(instance.flag, flags)


def _levels(flag: Callable[[str], str | None], names: tuple[str, ...]) -> Verdict:
    found = {name: _DEFAULTS[name] if flag(name) is None else flag(name) for name in names}
    wrong = [
        f"{name} is {value or 'not shown'}"
        for name, value in found.items()
        if value not in _LEVELS[name]
    ]
    if wrong:
        return failed("; ".join(wrong))
    return passed("; ".join(f"{name} is {value}" for name, value in found.items()))


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.LOW,
    known_as=[
        "prowler:cloudsql_instance_sqlserver_user_connections_flag",
        "prowler:cloudsql_instance_sqlserver_user_options_flag",
        "prowler:cloudsql_instance_sqlserver_trace_flag",
        "powerpipe:sql_instance_sql_user_connections_database_flag_configured",
        "powerpipe:sql_instance_sql_user_options_database_flag_not_configured",
        "powerpipe:sql_instance_sql_3625_trace_database_flag_off",
    ],
)
def gcp_mssql_baseline_flags(
    database: SqlInstance, *, user_connections: int = 0, trace_3625: bool = True
) -> Verdict:
    """SQL Server: connections, options of users and the trace flag are as the baseline says.

    ``user_connections`` 0 is no limit. ``trace_3625``: whether details are masked in messages to users.

    Why: a limit locks people out, options of users change what statements mean, and unmasked messages
        tell strangers about the server.
    Fix: gcloud sql instances patch NAME --database-flags=3625=on, without "user options"; name the flags
        that should stay as well.
    """
    if other := _not(database, "SQLSERVER"):
        return other
    problems = []
    connections = "0" if (said := database.flag("user connections")) is None else said
    if connections != str(user_connections):
        problems.append(f"user connections is {connections}, not {user_connections}")
    options = database.flag("user options")
    if options not in (None, "0"):
        problems.append(f"user options is {options}")
    masked = database.flag("3625") in _SWITCHED_ON
    if masked is not trace_3625:
        problems.append(f"trace flag 3625 is {'on' if masked else 'off'}")
    return failed("; ".join(problems)) if problems else passed("as the baseline says")
