"""Views of Cloud SQL.

Source: Cloud SQL Admin API v1, ``instances``; "Configure database flags" for defaults.
"""

from __future__ import annotations

import msgspec

from soc2_collectors.gcp.models.located import Held, Located


class Allowed(msgspec.Struct, frozen=True, kw_only=True):
    """A network that may reach the public address."""

    value: str


class IpConfiguration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How an instance is reached."""

    ipv4_enabled: bool = msgspec.field(name="ipv4Enabled")
    authorized_networks: list[Allowed] = []
    ssl_mode: str = "SSL_MODE_UNSPECIFIED"
    require_ssl: bool = False


class Retention(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How many backups are kept."""

    retained_backups: int


class Backups(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Automated backups, and the logs by which any point in time can be restored."""

    enabled: bool = False
    binary_log_enabled: bool = False
    point_in_time_recovery_enabled: bool = False
    backup_retention_settings: Retention | None = None


class Flag(msgspec.Struct, frozen=True, kw_only=True):
    """A database flag that differs from its default."""

    name: str
    value: str = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the owner of an instance sets."""

    ip_configuration: IpConfiguration
    backup_configuration: Backups | None = None
    database_flags: list[Flag] = []
    availability_type: str = "ZONAL"
    deletion_protection_enabled: bool = False
    connector_enforcement: str = "NOT_REQUIRED"
    user_labels: dict[str, str] = {}


class IpAddress(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address of an instance: ``PRIMARY`` is public, ``OUTGOING`` is only called from."""

    type: str
    ip_address: str = ""


class DiskKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The customer's key."""

    kms_key_name: str = ""


class SqlData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An instance as Cloud SQL shows it."""

    name: str
    database_version: str
    settings: Settings
    instance_type: str = "CLOUD_SQL_INSTANCE"
    master_instance_name: str = ""
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
    def elsewhere(self) -> bool:
        """Whether it only stands for a server that runs outside of Cloud SQL."""
        return self.data.instance_type == "ON_PREMISES_INSTANCE"

    @property
    def replica_of(self) -> str | None:
        """The instance that it reads from, where it is a replica."""
        if self.data.master_instance_name:
            return self.data.master_instance_name.rpartition(":")[2]
        return "another" if self.data.instance_type == "READ_REPLICA_INSTANCE" else None

    @property
    def engine(self) -> str:
        """``POSTGRES``, ``MYSQL`` or ``SQLSERVER``."""
        return self.data.database_version.partition("_")[0]

    @property
    def public_addresses(self) -> list[str]:
        """Addresses that the internet reaches."""
        return sorted(a.ip_address for a in self.data.ip_addresses if a.type == "PRIMARY")

    def flag(self, name: str) -> str | None:
        """A flag's value in lower case; ``None`` where the default holds."""
        said = [f.value.lower() for f in self.settings.database_flags if f.name == name]
        return said[-1] if said else None
