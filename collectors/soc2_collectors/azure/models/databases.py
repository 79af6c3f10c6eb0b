"""Views of PostgreSQL, MySQL, Cosmos DB and Redis.

Source: Azure REST API, "Flexible Servers" and their "Configurations", "Database Accounts", "Redis" and its
"Firewall Rules".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from soc2_collectors import reach
from soc2_collectors.azure.models.arm import (
    PUBLIC_ACCESS,
    Arm,
    Diagnostic,
    PrivateEndpoint,
    chosen,
    public,
    same,
)
from soc2_collectors.azure.models.perimeter import Association, Gate
from soc2_collectors.azure.models.sql import FirewallRule  # noqa: TC001 - read at run time
from soc2_pac.errors import FactUnavailable
from soc2_pac.resources import fact

_ON = ("on", "1", "true", "enabled")
_OFF = ("off", "0", "false", "disabled")
_TELLS = ("all", "authentication", "authorization")
_TELLS_LESS = ("receipt", "setup_durations")


class ConfigurationProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The value of a server parameter."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "currentValue": "of MySQL: what is in force, where it is shown; else the value is",
        "isConfigPendingRestart": "of a parameter that waits for a restart; left out: it does not wait",
    }

    value: str
    current_value: str | None = None
    is_config_pending_restart: Any = None
    """Whether the value is in force after a restart only; MySQL writes ``"True"``."""


class Configuration(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A server parameter."""

    properties: ConfigurationProperties

    @property
    def value(self) -> str:
        """What is in force, folded.

        Raises FactUnavailable where another value was set and the server was not restarted since.
        """
        said = self.properties
        if said.current_value is None and str(said.is_config_pending_restart).casefold() == "true":
            msg = f"the value {said.value} is in force after a restart only, and what is now is not shown"
            raise FactUnavailable(msg, field="isConfigPendingRestart")
        return (
            (said.current_value if said.current_value is not None else said.value)
            .strip()
            .casefold()
        )

    @property
    def on(self) -> bool:
        """Whether it is on. Raises FactUnavailable for a word that is neither on nor off."""
        return chosen(self.value, "the server parameter", good=_ON, bad=_OFF)

    @property
    def tells_who(self) -> bool:
        """Of ``log_connections``: whether it is told who connected. Raises FactUnavailable for an unknown word.

        Since version 18 of PostgreSQL it may be a list of what is told of a connection; ``receipt`` is where it
        comes from alone.
        """
        words = [one.strip() for one in self.value.split(",") if one.strip()]
        if len(words) == 1 and words[0] in (*_ON, *_OFF):
            return self.on
        return any(chosen(one, "log_connections", good=_TELLS, bad=_TELLS_LESS) for one in words)


class Network(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether a server stands in a network of the company's."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "publicNetworkAccess": PUBLIC_ACCESS,
        "delegatedSubnetResourceId": "without it a server is public, unless public access is off",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "publicNetworkAccess": "anything but Disabled is judged as public: the firewall rules decide",
        "delegatedSubnetResourceId": "a name",
    }

    public_network_access: str | None = None
    delegated_subnet_resource_id: str | None = None


class Backup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Backups of a server."""

    geo_redundant_backup: str | None = None
    backup_retention_days: int | None = None


class FlexibleProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a flexible server."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "network": "without it a server is judged as public, and its firewall rules are read",
        "replicationRole": "without it a server is judged as one that has backups of its own",
    }

    network: Network | None = None
    backup: Backup | None = None
    replication_role: str | None = None
    """``None`` (the word), ``Primary``, ``AsyncReplica``, ``GeoAsyncReplica``."""

    @property
    def replica(self) -> bool:
        """Whether it is a copy that follows another server, which has the backups."""
        return any(same(self.replication_role, one) for one in ("AsyncReplica", "GeoAsyncReplica"))

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
    log_files: Configuration | None = fact("logfiles_download_enable")
    """Whether the server keeps its logs as files; off by default."""
    log_retention: Configuration | None = fact("logfiles_retention_days")
    """For how many days it keeps them."""
    throttling: Configuration | None = fact("connection_throttle_enable")
    diagnostics: list[Diagnostic] = fact("diagnosticSettings")


class MySqlServer(Arm, frozen=True, kw_only=True, rename="camel"):
    """A flexible server of MySQL."""

    kind = "azure.mysql.server"

    properties: FlexibleProperties
    secure_transport: Configuration | None = fact("require_secure_transport")
    tls_version: Configuration | None = fact("tls_version")
    audit_log: Configuration | None = fact("audit_log_enabled")
    audit_events: Configuration | None = fact("audit_log_events")
    audit_excluded: Configuration | None = fact("audit_log_exclude_users")
    audit_included: Configuration | None = fact("audit_log_include_users")
    diagnostics: list[Diagnostic] = fact("diagnosticSettings")


class CosmosIp(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An address that the firewall admits; ``0.0.0.0``: every service and machine in Azure."""

    ip_address_or_range: str


class CosmosBackup(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How an account is backed up."""

    type: str | None = None
    """``Periodic`` or ``Continuous``."""


class Capability(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What an account can do: ``EnableMongo``, ``EnableCassandra``, ``EnableGremlin``, ``EnableTable``."""

    name: str


class CosmosProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of an account."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "publicNetworkAccess": PUBLIC_ACCESS,
        "ipRules": "a list of admissions: without any, or networks, an account is open",
        "isVirtualNetworkFilterEnabled": "off: without addresses, an account is open",
        "capabilities": "only tells accounts whose keys cannot be switched off, of which less is asked",
    }
    any_value: ClassVar[Mapping[str, str]] = {
        "capabilities": "only tells accounts whose keys cannot be switched off",
    }

    public_network_access: str | None = None
    """Left out: enabled."""
    is_virtual_network_filter_enabled: bool = False
    ip_rules: list[CosmosIp] | None = None
    disable_local_auth: bool | None = None
    """Left out: keys are accepted."""
    minimal_tls_version: str | None = None
    """``Tls``, ``Tls11``, ``Tls12``; left out: not said."""
    backup_policy: CosmosBackup | None = None
    capabilities: list[Capability] | None = None

    @property
    def ranges(self) -> list[str]:
        """The addresses that the firewall admits."""
        return [rule.ip_address_or_range for rule in self.ip_rules or ()]

    @property
    def admits_azure(self) -> bool:
        """Whether every service and machine in Azure gets in, of whatever customer."""
        return any(one.strip() in ("0.0.0.0", "0.0.0.0/32") for one in self.ranges)  # noqa: S104

    @property
    def open(self) -> bool:
        """Whether the internet gets in. Raises FactUnavailable for ranges that cannot be read."""
        if not self.ranges:
            return not self.is_virtual_network_filter_enabled
        return reach.open_to_internet(self.ranges)


class CosmosAccount(Arm, frozen=True, kw_only=True, rename="camel"):
    """An account of Cosmos DB."""

    kind = "azure.cosmos.account"
    may_lack: ClassVar[Mapping[str, str]] = {
        **Arm.may_lack,
        "networkSecurityPerimeterConfigurations": "a list that may be empty: of no perimeter",
    }

    account_kind: str = msgspec.field(name="kind", default="")
    """``GlobalDocumentDB``, ``MongoDB``, ``Parse``."""
    properties: CosmosProperties
    perimeters: list[Association] = fact("networkSecurityPerimeterConfigurations")

    @property
    def gate(self) -> Gate:
        """What decides who comes in by the public endpoint."""
        return Gate(self.properties.public_network_access, self.perimeters)

    @property
    def _capable_of(self) -> set[str]:
        return {one.name.casefold() for one in self.properties.capabilities or ()}

    @property
    def needs_keys(self) -> bool:
        """Whether its API takes keys and passwords only: that of MongoDB does."""
        return same(self.account_kind, "MongoDB") or "enablemongo" in self._capable_of

    @property
    def cassandra(self) -> bool:
        """Whether its API is that of Cassandra, which Azure backs up periodically and in no other way."""
        return "enablecassandra" in self._capable_of


class RedisFirewallProperties(msgspec.Struct, frozen=True, kw_only=True):
    """The addresses that a rule admits, both ends included."""

    start: str = msgspec.field(name="startIP")
    end: str = msgspec.field(name="endIP")


class RedisFirewallRule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A firewall rule of a cache."""

    name: str
    properties: RedisFirewallProperties

    @property
    def sources(self) -> reach.Sources:
        """Whom it admits."""
        found = reach.between(self.properties.start, self.properties.end)
        return reach.unread(self.name) if found is None else reach.known(found)


class RedisConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the server itself; each is a text."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "authnotrequired": "authentication is needed unless somebody switched it off; Azure REST API, Redis",
    }

    authnotrequired: str | None = None
    """``true``: clients need not sign in at all (of caches in a subnet)."""


class RedisProperties(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of a cache."""

    may_lack: ClassVar[Mapping[str, str]] = {
        "publicNetworkAccess": PUBLIC_ACCESS,
        "subnetId": "without it a cache is public, and its firewall rules are read",
        "redisConfiguration": "authentication is needed unless somebody switched it off; Azure REST API, Redis",
    }

    enable_non_ssl_port: bool
    minimum_tls_version: str | None = None
    """``1.0`` to ``1.2``; left out or empty: Azure's default, which was 1.0 for long."""
    public_network_access: str | None = None
    """Left out: enabled."""
    subnet_id: str | None = None
    disable_access_key_authentication: bool | None = None
    """Left out: keys are accepted."""
    redis_configuration: RedisConfiguration | None = None
    private_endpoint_connections: list[PrivateEndpoint] | None = None


class RedisCache(Arm, frozen=True, kw_only=True, rename="camel"):
    """A cache of Azure Cache for Redis."""

    kind = "azure.redis.cache"
    secret = (
        "properties.accessKeys",
        "properties.redisConfiguration.rdb-storage-connection-string",
        "properties.redisConfiguration.aof-storage-connection-string-0",
        "properties.redisConfiguration.aof-storage-connection-string-1",
    )

    properties: RedisProperties
    firewall_rules: list[RedisFirewallRule] = fact("firewallRules")
    """None: every address is admitted."""

    @property
    def anonymous(self) -> bool:
        """Whether clients come in without signing in. Raises FactUnavailable for a word that is not known."""
        settings = self.properties.redis_configuration
        said = settings.authnotrequired if settings else None
        return not chosen(said or "false", "authnotrequired", good=("false",), bad=("true",))

    @property
    def closed(self) -> bool:
        """Whether it has no public endpoint: it is off, or the cache stands in a subnet."""
        settings = self.properties
        return not public(settings.public_network_access) or bool(settings.subnet_id)
