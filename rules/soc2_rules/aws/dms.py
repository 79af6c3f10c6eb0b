"""Database Migration Service: who can reach it, and how data travels."""

from __future__ import annotations

from soc2_collectors.aws.models.dms import Endpoint, ReplicationInstance
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

_ALWAYS = ("s3", "dynamodb", "kinesis", "neptune", "redshift", "redshift-serverless")
"""Engines whose connections AWS documents as always encrypted; they have no SSL mode of their own."""
_BY_MODE = (
    "aurora",
    "aurora-postgresql",
    "aurora-postgresql-serverless",
    "aurora-serverless",
    "azure-sql-managed-instance",
    "azuredb",
    "babelfish",
    "db2",
    "db2-zos",
    "docdb",
    "documentdb",
    "mariadb",
    "mongodb",
    "mysql",
    "oracle",
    "postgres",
    "sqlserver",
    "sybase",
)
"""Engines that speak TLS when the endpoint's SSL mode says so."""


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:dms_instance_no_public_access",
        "powerpipe:dms_replication_instance_not_publicly_accessible",
    ],
)
def aws_dms_private(instance: ReplicationInstance) -> Verdict:
    """Replication instances have no public address.

    Why: a replication instance holds the passwords of both databases, and everything that passes.
    Fix: aws dms create-replication-instance --replication-instance-identifier NAME --replication-instance-class
        CLASS --no-publicly-accessible and move the tasks: it cannot be changed, and a public address is the
        default.
    """
    if instance.publicly_accessible:
        return failed("publicly accessible")
    if addresses := [address for address in instance.public_addresses if address]:
        return failed(f"has public addresses: {', '.join(addresses)}")
    return passed("not publicly accessible, and has no public address")


@rule(
    criteria=["CC6.7"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:dms_endpoint_ssl_enabled",
        "prowler:dms_endpoint_redis_in_transit_encryption_enabled",
    ],
)
def aws_dms_endpoint_tls(
    endpoint: Endpoint, *, modes: tuple[str, ...] = ("require", "verify-ca", "verify-full")
) -> Verdict:
    """Endpoints of the Database Migration Service are reached over TLS.

    Why: a migration sends whole tables, and the password that opens them.
    Fix: aws dms modify-endpoint --endpoint-arn ARN --ssl-mode require where the engine has it (PostgreSQL, SQL
        Server, MongoDB), else verify-ca or verify-full with --certificate-arn; for Kafka and Redis
        --kafka-settings SecurityProtocol=ssl-encryption, --redis-settings SslSecurityProtocol=ssl-encryption.
    """
    engine = endpoint.engine_name
    if engine in _ALWAYS:
        return not_applicable(f"connections with {engine} are always encrypted")
    if engine == "kafka":
        return _protocol(endpoint.kafka_settings.security_protocol)
    if engine == "redis":
        return _protocol(endpoint.redis_settings.ssl_security_protocol)
    if engine in ("elasticsearch", "opensearch"):
        return _address(endpoint.elasticsearch_settings.endpoint_uri)
    if engine not in _BY_MODE:
        return inconclusive(f"how connections with {engine} are encrypted is not known")
    if endpoint.ssl_mode in modes:
        return passed(f"the SSL mode is {endpoint.ssl_mode}")
    return failed(f"the SSL mode is {endpoint.ssl_mode}")


def _address(uri: str) -> Verdict:
    """Of OpenSearch: HTTPS where the address names no protocol."""
    uri = uri.strip().lower()
    if not uri:
        return inconclusive("AWS does not say its address")
    protocol, found, _ = uri.partition("://")
    if found and protocol != "https":
        return failed(f"its address is {protocol}://")
    return passed("its address is reached over HTTPS")


def _protocol(said: str | None) -> Verdict:
    if said == "plaintext":
        return failed("the security protocol is plaintext")
    if said in ("ssl-encryption", "ssl-authentication", "sasl-ssl"):
        return passed(f"the security protocol is {said}")
    return inconclusive(f"the security protocol is not known: {said or 'not said'}")
