"""Redshift: who can reach clusters, and how they are encrypted."""

from __future__ import annotations

from soc2_collectors.aws.models.redshift import Cluster
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule

_TLS = "require_ssl"


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:redshift_cluster_public_access",
        "powerpipe:redshift_cluster_prohibit_public_access",
    ],
)
def aws_redshift_not_public(cluster: Cluster) -> Verdict:
    """Redshift clusters have no public address.

    Why: a warehouse holds copies of everything worth analysing, and only its password would be in the way.
    Fix: aws redshift modify-cluster --no-publicly-accessible.
    """
    return (
        failed("publicly accessible")
        if cluster.publicly_accessible
        else passed("not publicly accessible")
    )


@rule(
    criteria=["CC6.1", "CC6.7"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:redshift_cluster_encrypted_at_rest",
        "prowler:redshift_cluster_in_transit_encryption_enabled",
        "powerpipe:redshift_cluster_encryption_in_transit_enabled",
        "powerpipe:redshift_cluster_encryption_logging_enabled",
    ],
)
def aws_redshift_encryption(cluster: Cluster) -> Verdict:
    """Redshift clusters are encrypted at rest and refuse connections without TLS.

    Why: snapshots of an unencrypted cluster can be read by whoever gets them, and a client that does not
        ask for TLS sends its password and data in clear.
    Fix: aws redshift modify-cluster --encrypted; aws redshift modify-cluster-parameter-group --parameters
        ParameterName=require_ssl,ParameterValue=true on a group of your own, then reboot-cluster.
    """
    if not cluster.encrypted:
        return failed("not encrypted at rest")
    if cluster.parameters is None:
        return inconclusive("its parameter group was not found")
    found = next((p for p in cluster.parameters if p.parameter_name == _TLS), None)
    if found is None or found.parameter_value is None:
        return inconclusive(f"its parameter group does not say {_TLS}")
    if found.parameter_value.lower() != "true":
        return failed(f"{_TLS} is {found.parameter_value}")
    if not _in_force(cluster):
        return inconclusive(f"{_TLS} is true, in force after a reboot")
    return passed(f"encrypted at rest, and {_TLS} is true")


def _in_force(cluster: Cluster) -> bool:
    """Redshift's parameters wait for a reboot; it says of which, and of the group as a whole."""
    if not cluster.cluster_parameter_groups:
        return False
    group = cluster.cluster_parameter_groups[0]
    for parameter in group.cluster_parameter_status_list:
        if parameter.parameter_name == _TLS:
            return parameter.parameter_apply_status == "in-sync"
    return group.parameter_apply_status == "in-sync"
