"""DAX: how the cache before DynamoDB is encrypted."""

from __future__ import annotations

from soc2_collectors.aws.models.dax import Cluster
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:dynamodb_accelerator_cluster_in_transit_encryption_enabled",
        "prowler:dynamodb_accelerator_cluster_encryption_enabled",
    ],
)
def aws_dax_encrypted(cluster: Cluster) -> Verdict:
    """DAX clusters encrypt what they hold and what they send.

    Why: the cache holds the same rows as the tables, and answers them over the network.
    Fix: aws dax create-cluster --cluster-name NAME --node-type TYPE --replication-factor 3 --iam-role-arn ROLE
        --sse-specification Enabled=true --cluster-endpoint-encryption-type TLS, point the applications to it,
        delete the old one: neither can be switched on in place.
    """
    at_rest = None if cluster.sse_description is None else cluster.sse_description.status
    on_the_wire = cluster.cluster_endpoint_encryption_type
    lacking = [
        name
        for name, off in (
            ("at rest", at_rest in ("DISABLED", "DISABLING", "ENABLING")),
            ("in transit", on_the_wire == "NONE"),
        )
        if off
    ]
    if lacking:
        return failed(f"not encrypted {' or '.join(lacking)}")
    if at_rest != "ENABLED":
        return inconclusive(f"AWS says of encryption at rest: {at_rest or 'nothing'}")
    if on_the_wire != "TLS":
        return inconclusive(f"AWS says of encryption in transit: {on_the_wire or 'nothing'}")
    return passed("encrypted at rest and in transit")
