"""EMR: clusters that nobody outside reaches."""

from __future__ import annotations

from fnmatch import fnmatchcase

from soc2_collectors.aws.models.ec2 import Instance
from soc2_collectors.aws.models.emr import Cluster, PublicAccess
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule

_PRIVATE = ("ip-", "i-")
"""How private names in a VPC begin: by address, or by the instance's id."""
_SSH = 22


@rule(
    criteria=["CC6.6", "CC6.1", "CC6.3"],
    severity=Severity.MEDIUM,
    needs=[Instance],
    known_as=[
        "prowler:emr_cluster_master_nodes_no_public_ip",
        "prowler:emr_cluster_publicly_accesible",
        "powerpipe:emr_cluster_master_nodes_no_public_ip",
        "powerpipe:emr_cluster_kerberos_enabled",
    ],
)
def aws_emr_private(
    cluster: Cluster, evidence: Evidence, *, multi_user: tuple[str, ...] = ()
) -> Verdict:
    """The master nodes of an EMR cluster are private, and clusters of several users ask for Kerberos.

    The name that EMR tells is that of the start: a public address may have been given to the machine since.

    ``multi_user`` holds patterns (``*shared*``) for the names of clusters that several people use.

    Why: the master node's consoles run commands for whoever reaches them.
    Fix: start the cluster in a private subnet; use a security configuration with Kerberos. Neither can be
        changed while a cluster runs.
    """
    details = cluster.details
    name = details.master_public_dns_name
    if name is None:
        return inconclusive("AWS does not say yet what its master node is called")
    if name.startswith("ec2-"):
        return failed(f"its master node is public: {name}")
    if not name.startswith(_PRIVATE):
        return inconclusive(f"whether its master node is public is not known by its name: {name}")
    shared = any(fnmatchcase(cluster.name, pattern) for pattern in multi_user)
    if shared and not details.kerberos_attributes:
        return failed("several people use it without Kerberos")
    nodes = [
        node
        for node in evidence.index(Instance, "emr_master_of", within="here").get(cluster.id, ())
        if not node.ended
    ]
    public = [a for node in nodes for one in node.interfaces for a in one.public_ipv4]
    if public:
        return failed(f"its master node has a public address: {', '.join(public)}", on=nodes)
    if not nodes:
        return inconclusive("its master node is not among the instances that were collected")
    if sixth := [a for node in nodes for a in node.public_addresses]:
        return inconclusive(
            f"whether the internet reaches its master node by {', '.join(sixth)} is not read",
            on=nodes,
        )
    kerberos = ", with Kerberos" if details.kerberos_attributes else ""
    return passed(f"private{kerberos}", on=nodes)


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=["prowler:emr_cluster_account_public_block_enabled"],
)
def aws_emr_public_block(region: PublicAccess) -> Verdict:
    """EMR refuses clusters whose security groups are open to everyone on another port than SSH's.

    Why: it is the last look at a cluster before it starts.
    Fix: aws emr put-block-public-access-configuration with BlockPublicSecurityGroupRules=true and no
        permitted range but port 22.
    """
    block = region.block
    if not block.block_public_security_group_rules:
        return failed("the block is off")
    others = sorted(
        f"{port.min_range}-{port.max_range if port.max_range is not None else port.min_range}"
        for port in block.permitted
        if (port.min_range, port.max_range if port.max_range is not None else port.min_range)
        != (_SSH, _SSH)
    )
    if others:
        return failed(f"the block leaves open: {', '.join(others)}")
    told = "port 22 may be open" if block.permitted else "no port may be open"
    return passed(f"on: {told}")
