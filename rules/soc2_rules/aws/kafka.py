"""MSK: who can reach Kafka, who has to log in, and what travels in clear."""

from __future__ import annotations

from soc2_collectors.aws.models.kafka import Cluster, Connector, Provisioned, Serverless
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule

_PUBLIC = {"DISABLED": False, "SERVICE_PROVIDED_EIPS": True}
_CLIENTS = {"TLS": True, "TLS_PLAINTEXT": False, "PLAINTEXT": False}


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:kafka_cluster_in_transit_encryption_enabled",
        "prowler:kafka_cluster_is_public",
        "prowler:kafka_cluster_unrestricted_access_disabled",
    ],
)
def aws_msk_secure(cluster: Cluster) -> Verdict:
    """Kafka brokers speak TLS only, let nobody in without logging in, and are not public.

    Why: whoever reaches an open broker reads and writes every topic.
    Fix: aws kafka update-security --cluster-arn ARN --current-version V
        --encryption-info '{"EncryptionInTransit": {"ClientBroker": "TLS"}}'
        --client-authentication '{"Sasl": {"Iam": {"Enabled": true}}, "Unauthenticated": {"Enabled": false}}',
        and aws kafka update-connectivity with PublicAccess DISABLED. Traffic between brokers is set when a
        cluster is made.
    """
    if cluster.cluster_type == "PROVISIONED" and cluster.provisioned is not None:
        return _provisioned(cluster.provisioned)
    if cluster.cluster_type == "SERVERLESS" and cluster.serverless is not None:
        return _serverless(cluster.serverless)
    return inconclusive(f"what is set is not known of a cluster of type {cluster.cluster_type}")


def _provisioned(cluster: Provisioned) -> Verdict:
    transit = cluster.encryption_info.encryption_in_transit
    access = cluster.broker_node_group_info.connectivity_info.public_access.type
    logins = cluster.client_authentication
    wrong = []
    if _CLIENTS.get(transit.client_broker or "") is False:
        wrong.append(f"clients are served in clear ({transit.client_broker})")
    if transit.in_cluster is False:
        wrong.append("brokers talk in clear among themselves")
    if logins.unauthenticated.enabled or not logins.ways:
        wrong.append("clients need not log in")
    if _PUBLIC.get(access or ""):
        wrong.append("brokers have public addresses")
    if wrong:
        return failed("; ".join(wrong))
    if transit.client_broker not in _CLIENTS or transit.in_cluster is None:
        return inconclusive("AWS does not say, or in words not known, how traffic is encrypted")
    if logins.unauthenticated.enabled is None:
        return inconclusive("AWS does not say whether clients have to log in")
    if access not in _PUBLIC:
        return inconclusive(f"whether it is public is not known: {access or 'not said'}")
    return passed(f"TLS only, clients log in by {', '.join(logins.ways)}, not public")


def _serverless(cluster: Serverless) -> Verdict:
    logins = cluster.client_authentication
    if logins.ways and not logins.unauthenticated.enabled:
        return passed(f"serverless: TLS only, by {', '.join(logins.ways)}, inside a VPC")
    return inconclusive("serverless, and AWS does not say how clients log in")


@rule(
    criteria=["CC6.7", "CC6.6"],
    severity=Severity.HIGH,
    known_as=["prowler:kafka_connector_in_transit_encryption_enabled"],
)
def aws_msk_connector_secure(connector: Connector, *, login_required: bool = True) -> Verdict:
    """Connectors of MSK Connect speak TLS with Kafka, and log in.

    Why: a connector carries whole databases into and out of topics.
    Fix: make the connector again with kafkaClusterEncryptionInTransit TLS and
        kafkaClusterClientAuthentication IAM: neither can be changed. For a cluster that knows its clients
        by other means, login_required = false.
    """
    encryption = connector.encryption.encryption_type
    login = connector.authentication.authentication_type
    if encryption == "PLAINTEXT":
        return failed("speaks with Kafka in clear")
    if login_required and login == "NONE":
        return failed("does not log in to Kafka")
    if encryption != "TLS" or login not in ("IAM", "NONE"):
        return inconclusive(f"not known: encryption {encryption}, login {login}")
    return passed("TLS, and logs in by IAM" if login == "IAM" else "TLS")
