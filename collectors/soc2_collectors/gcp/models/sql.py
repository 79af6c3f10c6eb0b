"""Views of Cloud SQL.

Source: Cloud SQL Admin API v1, ``instances`` and ``backupRuns``; "Configure database flags" for defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from soc2_collectors.gcp.models.located import Held, Located
from soc2_collectors.gcp.models.values import Moment, positive
from soc2_pac.errors import FactUnavailable

_REPLICAS = ("READ_REPLICA_INSTANCE", "READ_POOL_INSTANCE")
_NOT_PUBLIC = ("PRIVATE", "OUTGOING")
_OWN_TIERS = ("", "STANDARD", "BACKUP_TIER_UNSPECIFIED")
"""Backups that Cloud SQL keeps itself."""


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """A network that may reach the public address."""

    value: str


class IpConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How an instance is reached."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "authorizedNetworks": "without entries nobody reaches the public address (IpConfiguration)",
        "sslMode": "where the mode was never set, requireSsl says what holds (IpConfiguration)",
        "requireSsl": "where it is missing, TLS is not required, which fails",
    }

    ipv4_enabled: bool = msgspec.field(name="ipv4Enabled")
    authorized_networks: list[Allowed] = []
    ssl_mode: str = "SSL_MODE_UNSPECIFIED"
    require_ssl: bool = False


class Retention(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many backups are kept."""

    retained_backups: int
    retention_unit: str = ""


class Backups(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Automated backups, and the logs by which any point in time can be restored."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "binaryLogEnabled": "the switch of MySQL alone; where it is missing there, it is off",
        "pointInTimeRecoveryEnabled": "the switch of PostgreSQL and SQL Server; missing there, it is off",
        "backupTier": "newer than backups that Cloud SQL keeps itself (BackupConfiguration)",
    }

    enabled: bool = False
    binary_log_enabled: bool = False
    point_in_time_recovery_enabled: bool = False
    transaction_log_retention_days: int | str | None = None
    backup_retention_settings: Retention | None = None
    backup_tier: str = ""

    @property
    def elsewhere(self) -> bool:
        """Whether the Backup and DR Service keeps backups, and not Cloud SQL itself."""
        return self.backup_tier not in _OWN_TIERS

    @property
    def log_days(self) -> int | None:
        """For how many days back any point in time can be had; ``None``: not said."""
        said = self.transaction_log_retention_days
        return None if said is None else positive(said)


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """A database flag that differs from its default."""

    name: str
    value: str = ""
    """Empty where the inventory leaves it out: then it is of no known value."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the owner of an instance sets."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "databaseFlags": "flags that are not there have their defaults (Settings.databaseFlags)",
        "connectorEnforcement": "where it is missing, connections without a connector are let in",
        "userLabels": "left out where there are none (Settings); labels only take instances out",
        "activationPolicy": "only NEVER takes an instance out; whatever else is judged",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "activationPolicy": "only NEVER takes an instance out; whatever else is judged",
    }

    ip_configuration: IpConfiguration | None = None
    """One that only stands for a server elsewhere has none."""
    backup_configuration: Backups | None = None
    database_flags: list[Flag] = []
    availability_type: str = "ZONAL"
    deletion_protection_enabled: bool = False
    connector_enforcement: str = "NOT_REQUIRED"
    activation_policy: str = ""
    user_labels: dict[str, str] = {}


class IpAddress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address of an instance: ``PRIMARY`` is public, ``OUTGOING`` is only called from."""

    may_lack: ClassVar[Mapping[str, str]] = {"ipAddress": "only named in the message"}

    type: str
    ip_address: str = ""


class DiskKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The customer's key."""

    kms_key_name: str = ""


class SqlData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An instance as Cloud SQL shows it."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "instanceType": "only servers elsewhere and replicas are left out; whatever else is judged",
        "masterInstanceName": "of instances that are no replicas it is left out (DatabaseInstance)",
        "ipAddresses": "ipv4Enabled says whether there is a public one; addresses only add to a failure",
        "createTime": "only takes out an instance that is younger than its first backup",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "instanceType": "only servers elsewhere and replicas are left out; whatever else is judged",
    }

    name: str
    database_version: str
    settings: Settings
    instance_type: str = "CLOUD_SQL_INSTANCE"
    master_instance_name: str = ""
    create_time: Moment | None = None
    ip_addresses: list[IpAddress] = []
    disk_encryption_configuration: DiskKey | None = None


class SqlInstance(Located, frozen=True, kw_only=True, rename="camel"):
    """A Cloud SQL instance (``instances.list``)."""

    kind = "gcp.sql.instance"
    volatile = ("updateTime", "resource.data.etag")

    resource: Held[SqlData]

    @property
    def data(self) -> SqlData:
        """What Cloud SQL says of it."""
        return self.resource.data

    @property
    def settings(self) -> Settings:
        """What its owner sets."""
        return self.resource.data.settings

    @property
    def access(self) -> IpConfiguration:
        """How it is reached. Raises FactUnavailable where that is not said."""
        said = self.settings.ip_configuration
        if said is None:
            msg = "the inventory does not say how the instance is reached"
            raise FactUnavailable(msg, kind=type(self).kind, field="resource")
        return said

    @property
    def elsewhere(self) -> bool:
        """Whether it only stands for a server that runs outside of Cloud SQL."""
        return self.data.instance_type == "ON_PREMISES_INSTANCE"

    @property
    def replica_of(self) -> str | None:
        """The instance that it reads from, where it is a replica."""
        if self.data.master_instance_name:
            return self.data.master_instance_name.rpartition(":")[2]
        return "another" if self.data.instance_type in _REPLICAS else None

    @property
    def stopped(self) -> bool:
        """Whether its owner switched it off."""
        return self.settings.activation_policy == "NEVER"

    @property
    def only_connectors(self) -> bool:
        """Whether it refuses whoever does not come by Google's connectors, whatever networks are authorized.

        Cloud SQL Admin API, ``Settings.connectorEnforcement``.
        """
        return self.settings.connector_enforcement == "REQUIRED"

    @property
    def engine(self) -> str:
        """``POSTGRES``, ``MYSQL`` or ``SQLSERVER``."""
        return self.data.database_version.partition("_")[0]

    @property
    def public_addresses(self) -> list[str]:
        """Addresses that the internet reaches: of every type but those that are known to be none."""
        return sorted(a.ip_address for a in self.data.ip_addresses if a.type not in _NOT_PUBLIC)

    def flag(self, name: str) -> str | None:
        """A flag's value in lower case; ``None`` where the default holds, empty where it is not shown."""
        said = [f.value.lower() for f in self.settings.database_flags if f.name == name]
        return said[-1] if said else None


class RunData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A backup as Cloud SQL shows it."""

    status: str
    end_time: Moment | None = None
    """None while it is under way."""


class BackupRun(Located, frozen=True, kw_only=True, rename="camel"):
    """A backup of an instance, automated or on demand (``backupRuns.list``). Shape from documentation."""

    kind = "gcp.sql.backup_run"
    resource: Held[RunData]

    @property
    def instance(self) -> str:
        """The path of the instance: ``projects/p/instances/db``."""
        return self.path.partition("/backupRuns/")[0]

    @property
    def succeeded(self) -> bool:
        """Whether it can be restored."""
        return self.resource.data.status == "SUCCESSFUL" and self.resource.data.end_time is not None
