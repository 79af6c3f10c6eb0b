"""Views of the Database Migration Service: replication instances and endpoints."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from soc2_pac.resources import Resource


class ReplicationInstance(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A replication instance (``DescribeReplicationInstances``)."""

    kind = "aws.dms.replication_instance"
    secret = ("KerberosAuthenticationSettings.Krb5FileContents",)
    may_lack: ClassVar[dict[str, str]] = {
        "ReplicationInstancePublicIpAddresses": "PubliclyAccessible says it, too; null stands for none",
    }
    replication_instance_identifier: str
    publicly_accessible: bool
    public_addresses: list[str | None] = msgspec.field(
        default_factory=list, name="ReplicationInstancePublicIpAddresses"
    )


class KafkaSettings(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``KafkaSettings``."""

    security_protocol: str | None = None
    """``plaintext``, ``ssl-encryption``, ``ssl-authentication`` or ``sasl-ssl``."""


class RedisSettings(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``RedisSettings``."""

    ssl_security_protocol: str = "ssl-encryption"
    """Or ``plaintext``. AWS documents the default."""


class ElasticsearchSettings(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``ElasticsearchSettings``."""

    endpoint_uri: str = ""
    """AWS: HTTPS where it names no protocol."""


class Endpoint(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A source or a target (``DescribeEndpoints``)."""

    kind = "aws.dms.endpoint"
    secret = (
        "ExtraConnectionAttributes",
        "*.Password",
        "*.AsmPassword",
        "*.SaslPassword",
        "*.AuthPassword",
        "*.SslClientKeyPassword",
        "*.SecurityDbEncryption",
        "*.AfterConnectScript",
    )
    """Attributes and scripts are free text, in which passwords are set."""
    endpoint_identifier: str
    engine_name: str
    ssl_mode: str = "none"
    """``none``, ``require``, ``verify-ca`` or ``verify-full``. AWS documents the default."""
    kafka_settings: KafkaSettings = KafkaSettings()
    redis_settings: RedisSettings = RedisSettings()
    elasticsearch_settings: ElasticsearchSettings = ElasticsearchSettings()
