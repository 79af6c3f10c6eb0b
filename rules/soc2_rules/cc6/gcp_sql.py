"""Cloud SQL: who reaches a database, and what goes over the wire."""

from __future__ import annotations

from soc2_collectors.gcp.models.compute import marks
from soc2_collectors.gcp.models.reach import world
from soc2_collectors.gcp.models.sql import SqlInstance
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule

_ELSEWHERE = not_applicable("it stands for a server outside of Cloud SQL")
_ENCRYPTED = ("ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED")
_OFF = ("off", "0", "false")
_ON = ("on", "1", "true")


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
    """Authorized networks of Cloud SQL instances do not hold every address.

    Why: a database should be reached by its applications, not by the internet.
    Fix: gcloud sql instances patch NAME --authorized-networks=203.0.113.0/24, or --no-assign-ip.
    """
    if database.elsewhere:
        return _ELSEWHERE
    addresses = database.settings.ip_configuration
    ranges = [network.value for network in addresses.authorized_networks]
    if not addresses.ipv4_enabled and not database.public_addresses:
        return passed("no public address")
    if world(ranges):
        return failed(f"every address is authorized, by {', '.join(sorted(ranges))}")
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
    if public or database.settings.ip_configuration.ipv4_enabled:
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
    settings = database.settings
    mode = settings.ip_configuration.ssl_mode
    if mode in _ENCRYPTED:
        return passed(f"sslMode is {mode}")
    if settings.connector_enforcement == "REQUIRED":
        return passed("only connectors are let in, and they speak TLS")
    if mode == "SSL_MODE_UNSPECIFIED":
        # The older switch says what holds where the mode was never set.
        required = settings.ip_configuration.require_ssl
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
    if database.engine != "SQLSERVER":
        return not_applicable(f"{database.data.database_version} is not SQL Server")
    defaults = {
        "cross db ownership chaining": "off",
        "contained database authentication": "off",
        "remote access": "on",
        "external scripts enabled": "off",
    }
    on = [
        f"{name} is {value}"
        for name, default in defaults.items()
        if (value := database.flag(name) or default) not in _OFF
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
    if database.engine != "MYSQL":
        return not_applicable(f"{database.data.database_version} is not MySQL")
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
