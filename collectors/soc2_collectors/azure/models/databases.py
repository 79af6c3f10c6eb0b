"""Views of PostgreSQL, MySQL, Cosmos DB and Redis.

Source: Azure REST API, "Flexible Servers" and their "Configurations", "Database Accounts", "Redis".
"""

from __future__ import annotations

import msgspec

from soc2_collectors.azure.models.arm import Arm, PrivateEndpoint, covers_internet, same
from soc2_collectors.azure.models.sql import FirewallRule  # noqa: TC001 - read at run time
from soc2_pac.resources import fact

_ON = frozenset({"on", "1", "true", "enabled"})


class ConfigurationProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The value of a server parameter."""

    value: str


class Configuration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A server parameter."""

    properties: ConfigurationProperties

    @property
    def value(self) -> str:
        """What it is set to, folded."""
        return self.properties.value.strip().casefold()

    @property
    def on(self) -> bool:
        """Whether it is on."""
        return self.value in _ON


class Network(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a server stands in a network of the company's."""

    public_network_access: str | None = None
    delegated_subnet_resource_id: str | None = None


class Backup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Backups of a server."""

    geo_redundant_backup: str | None = None
    backup_retention_days: int | None = None


class FlexibleProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a flexible server."""

    network: Network | None = None
    backup: Backup | None = None

    @property
    def private(self) -> bool:
        """Whether it has no public endpoint."""
        return self.network is not None and (
            same(self.network.public_network_access, "Disabled")
            or bool(self.network.delegated_subnet_resource_id)
        )


class PostgresServer(Arm, frozen=True, kw_only=True, rename="camel"):
    """A flexible server of PostgreSQL."""

    kind = "azure.postgresql.server"

    properties: FlexibleProperties
    firewall_rules: list[FirewallRule] = fact("firewallRules")
    secure_transport: Configuration | None = fact("require_secure_transport")
    log_connections: Configuration | None = fact("log_connections")
    log_disconnections: Configuration | None = fact("log_disconnections")
    log_checkpoints: Configuration | None = fact("log_checkpoints")
    log_retention: Configuration | None = fact("logfiles_retention_days")
    throttling: Configuration | None = fact("connection_throttle_enable")


class MySqlServer(Arm, frozen=True, kw_only=True, rename="camel"):
    """A flexible server of MySQL."""

    kind = "azure.mysql.server"

    properties: FlexibleProperties
    secure_transport: Configuration | None = fact("require_secure_transport")
    tls_version: Configuration | None = fact("tls_version")
    audit_log: Configuration | None = fact("audit_log_enabled")
    audit_events: Configuration | None = fact("audit_log_events")


class CosmosIp(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address that the firewall admits."""

    ip_address_or_range: str


class CosmosBackup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How an account is backed up."""

    type: str | None = None
    """``Periodic`` or ``Continuous``."""


class CosmosProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of an account."""

    public_network_access: str | None = None
    """Left out: enabled."""
    is_virtual_network_filter_enabled: bool = False
    ip_rules: list[CosmosIp] = []
    disable_local_auth: bool | None = None
    """Left out: keys are accepted."""
    minimal_tls_version: str | None = None
    """``Tls``, ``Tls11``, ``Tls12``; left out: not said."""
    backup_policy: CosmosBackup | None = None

    @property
    def open(self) -> bool:
        """Whether every address gets in."""
        if not same(self.public_network_access or "Enabled", "Enabled"):
            return False
        ranges = [rule.ip_address_or_range for rule in self.ip_rules]
        return covers_internet(ranges) or not (ranges or self.is_virtual_network_filter_enabled)


class CosmosAccount(Arm, frozen=True, kw_only=True, rename="camel"):
    """An account of Cosmos DB."""

    kind = "azure.cosmos.account"

    account_kind: str = msgspec.field(name="kind", default="")
    properties: CosmosProperties


class RedisProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a cache."""

    enable_non_ssl_port: bool
    minimum_tls_version: str | None = None
    """``1.0`` to ``1.2``; left out: Azure's default, which was 1.0 for long."""
    public_network_access: str | None = None
    """Left out: enabled."""
    subnet_id: str | None = None
    private_endpoint_connections: list[PrivateEndpoint] | None = None


class RedisCache(Arm, frozen=True, kw_only=True, rename="camel"):
    """A cache of Azure Cache for Redis."""

    kind = "azure.redis.cache"
    secret = ("properties.accessKeys",)

    properties: RedisProperties
