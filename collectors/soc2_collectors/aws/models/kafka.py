"""Views of MSK: Kafka clusters, and the connectors of MSK Connect."""

from __future__ import annotations

import msgspec

from soc2_pac.resources import Resource


class Enabled(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One way of logging in; ``None`` where AWS did not say."""

    enabled: bool | None = None


class Sasl(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """Passwords, or IAM roles."""

    scram: Enabled = Enabled()
    iam: Enabled = Enabled()


class ClientAuthentication(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """How clients log in; several ways may be open at once."""

    sasl: Sasl = Sasl()
    tls: Enabled = Enabled()
    unauthenticated: Enabled = Enabled()

    @property
    def ways(self) -> list[str]:
        """The ways that are open, without that of the unnamed."""
        said = {"SCRAM": self.sasl.scram, "IAM": self.sasl.iam, "TLS": self.tls}
        return [name for name, way in said.items() if way.enabled]


class EncryptionInTransit(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``EncryptionInTransit``; ``None`` where AWS did not say."""

    client_broker: str | None = None
    """``TLS``, ``TLS_PLAINTEXT`` (both are served) or ``PLAINTEXT``."""
    in_cluster: bool | None = None


class EncryptionInfo(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``EncryptionInfo``. What lies on the disks is always encrypted."""

    encryption_in_transit: EncryptionInTransit = EncryptionInTransit()


class PublicAccess(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``PublicAccess``."""

    type: str | None = None
    """``DISABLED`` or ``SERVICE_PROVIDED_EIPS``; ``None`` where AWS did not say."""


class ConnectivityInfo(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``ConnectivityInfo``."""

    public_access: PublicAccess = PublicAccess()


class BrokerNodeGroup(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """``BrokerNodeGroupInfo``."""

    connectivity_info: ConnectivityInfo = ConnectivityInfo()


class Provisioned(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What only clusters with brokers of their own have."""

    broker_node_group_info: BrokerNodeGroup
    client_authentication: ClientAuthentication = ClientAuthentication()
    """AWS leaves it out where a cluster was made without: then nobody has to log in."""
    encryption_info: EncryptionInfo = EncryptionInfo()


class Serverless(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """What only serverless clusters have. They speak TLS only, and live inside a VPC only."""

    client_authentication: ClientAuthentication = ClientAuthentication()


class Cluster(Resource, frozen=True, kw_only=True, rename="pascal"):
    """A Kafka cluster (``ListClustersV2``)."""

    kind = "aws.kafka.cluster"
    cluster_name: str
    cluster_type: str
    """``PROVISIONED`` or ``SERVERLESS``."""
    provisioned: Provisioned | None = None
    serverless: Serverless | None = None


class ConnectorEncryption(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``kafkaClusterEncryptionInTransit``."""

    encryption_type: str
    """``TLS`` or ``PLAINTEXT``."""


class ConnectorAuthentication(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``kafkaClusterClientAuthentication``."""

    authentication_type: str
    """``IAM`` or ``NONE``."""


class Connector(Resource, frozen=True, kw_only=True, rename="camel"):
    """A connector of MSK Connect (``ListConnectors``), whose cluster need not be one of MSK's."""

    kind = "aws.kafkaconnect.connector"
    connector_name: str
    encryption: ConnectorEncryption = msgspec.field(name="kafkaClusterEncryptionInTransit")
    authentication: ConnectorAuthentication = msgspec.field(name="kafkaClusterClientAuthentication")
