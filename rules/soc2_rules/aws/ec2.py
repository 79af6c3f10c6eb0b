"""EC2 instances: whether they can be reached, what they carry, and getting data back."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.ebs import Snapshot, Volume
from soc2_collectors.aws.models.ec2 import Instance, Interface, SecurityGroup
from soc2_collectors.aws.models.ports import ADMIN_PORTS, DATA_PORTS
from soc2_collectors.aws.models.redacted import recognised
from soc2_collectors.aws.models.times import days_after
from soc2_collectors.aws.models.vpc import RouteTable
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC6.6"],
    severity=Severity.CRITICAL,
    needs=[SecurityGroup, RouteTable],
    known_as=[
        "prowler:ec2_instance_port_cassandra_exposed_to_internet",
        "prowler:ec2_instance_port_cifs_exposed_to_internet",
        "prowler:ec2_instance_port_elasticsearch_kibana_exposed_to_internet",
        "prowler:ec2_instance_port_ftp_exposed_to_internet",
        "prowler:ec2_instance_port_kafka_exposed_to_internet",
        "prowler:ec2_instance_port_kerberos_exposed_to_internet",
        "prowler:ec2_instance_port_ldap_exposed_to_internet",
        "prowler:ec2_instance_port_memcached_exposed_to_internet",
        "prowler:ec2_instance_port_mongodb_exposed_to_internet",
        "prowler:ec2_instance_port_mysql_exposed_to_internet",
        "prowler:ec2_instance_port_oracle_exposed_to_internet",
        "prowler:ec2_instance_port_postgresql_exposed_to_internet",
        "prowler:ec2_instance_port_rdp_exposed_to_internet",
        "prowler:ec2_instance_port_redis_exposed_to_internet",
        "prowler:ec2_instance_port_sqlserver_exposed_to_internet",
        "prowler:ec2_instance_port_ssh_exposed_to_internet",
        "prowler:ec2_instance_port_telnet_exposed_to_internet",
    ],
)
def aws_instance_reachable_port(
    instance: Instance, evidence: Evidence, *, ports: tuple[int, ...] = (*ADMIN_PORTS, *DATA_PORTS)
) -> Verdict:
    """No instance can be reached from the internet on an administration or data port.

    Why: a public address, a public route and an open port together are an exposure; one of them
        alone is not.
    Fix: take the public address away or close the port in the security group that the message
        names.
    """
    if instance.ended:
        return not_applicable("terminated")
    if not instance.public_addresses:
        return passed("no public address")
    routed, unknown = False, None
    for interface in instance.interfaces:
        addresses = _routed_addresses(interface, evidence)
        if addresses is None:
            unknown = inconclusive(f"no route table of {interface.vpc_id} is among those collected")
        elif addresses:
            routed = True
            verdict = _open_ports(addresses, interface, evidence, ports)
            if verdict is not None and verdict.status is Status.FAIL:
                return verdict
            unknown = verdict or unknown
    if unknown is not None:
        return unknown
    if not routed:
        return passed("no route leads from its public addresses to every address of the internet")
    return passed("none of its security groups opens such a port to every address")


def _routed_addresses(interface: Interface, evidence: Evidence) -> list[str] | None:
    """Its addresses that the internet can answer: by the subnet's own route table, or the VPC's main one.

    ``None`` where that table is not among those collected.
    """
    ipv4 = [interface.public_ipv4] if interface.public_ipv4 else []
    ipv6 = [address.ipv6_address for address in interface.ipv6_addresses]
    if not ipv4 and not ipv6:
        return []
    tables = [t for t in evidence.here(RouteTable) if t.vpc_id == interface.vpc_id]
    own = [t for t in tables if any(a.subnet_id == interface.subnet_id for a in t.associations)]
    main = [t for t in tables if any(a.main for a in t.associations)]
    if not (own or main):
        return None
    table = (own or main)[0]
    return [
        *(ipv4 if table.reaches_everyone(ipv6=False) else ()),
        *(ipv6 if table.reaches_everyone(ipv6=True) else ()),
    ]


def _open_ports(
    addresses: list[str], interface: Interface, evidence: Evidence, ports: tuple[int, ...]
) -> Verdict | None:
    """The verdict of the first group that opens one of the ports, or that cannot be judged."""
    groups = evidence.index(SecurityGroup, "group_id", within="here")
    unknown: Verdict | None = None
    for reference in interface.groups:
        number = reference.group_id
        known = groups.get(number, ())
        if not known:
            unknown = inconclusive(f"the security group {number} is not among those collected")
            continue
        for protocol in ("tcp", "udp"):
            if found := known[0].open_to_world(ports, protocol):
                listed = ", ".join(map(str, found))
                return failed(
                    f"{' and '.join(addresses)} open to every address on {protocol} {listed} by {number}"
                )
            if lists := known[0].open_to_prefix_lists(ports, protocol):
                unknown = inconclusive(
                    f"{number} opens such ports to {', '.join(lists)}, whose addresses are not collected"
                )
    return unknown


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_instance_public_ip",
        "powerpipe:ec2_instance_not_publicly_accessible",
    ],
)
def aws_instance_no_public_ip(
    instance: Instance, *, edge_tags: tuple[str, ...] = ("edge",)
) -> Verdict:
    """Instances have no public address, unless they are marked as the edge.

    Why: traffic should come in through load balancers and gateways that are made for it.
    Fix: put it into a private subnet behind a load balancer; tag the ones that are meant to be reached
        with one of edge_tags.
    """
    if instance.ended:
        return not_applicable("terminated")
    addresses = sorted({i.public_ipv4 for i in instance.interfaces if i.public_ipv4})
    if not addresses:
        return passed("no public IPv4 address")
    marks = sorted(tag.key for tag in instance.tags if tag.key in edge_tags)
    if marks:
        return not_applicable(f"tagged {', '.join(marks)}: meant to have {', '.join(addresses)}")
    return failed(f"public address {', '.join(addresses)}")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_instance_profile_attached",
        "powerpipe:ec2_instance_iam_profile_attached",
    ],
)
def aws_instance_profile(instance: Instance) -> Verdict:
    """Instances use a role rather than keys that lie on them.

    Why: a role's credentials are short-lived and nobody has to copy them.
    Fix: aws ec2 associate-iam-instance-profile.
    """
    if instance.ended:
        return not_applicable("terminated")
    return (
        passed("has an instance profile")
        if instance.iam_instance_profile
        else failed("no instance profile")
    )


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:ec2_instance_imdsv2_enabled",
    ],
)
def aws_imdsv2_required(instance: Instance) -> Verdict:
    """Instances answer metadata requests with a session token only.

    Why: without the token a server that can be tricked into fetching a URL gives its credentials
        away.
    Fix: aws ec2 modify-instance-metadata-options --http-tokens required.
    """
    if instance.ended:
        return not_applicable("terminated")
    options = instance.metadata_options
    if options is None:
        return inconclusive("AWS does not say how the metadata service answers")
    if options.http_endpoint == "disabled":
        return passed("the metadata service is off")
    if options.http_tokens == "required":
        return passed("tokens are required")
    return failed(f"tokens are {options.http_tokens or 'not required'}")


@rule(
    criteria=["CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:ec2_instance_secrets_user_data",
    ],
)
def aws_no_secrets_user_data(instance: Instance) -> Verdict:
    """User data holds no credentials.

    Why: everyone who may describe the instance can read it, and so can every process on it.
    Fix: keep the secret in Secrets Manager or Parameter Store and let the instance's role read it.
    """
    if instance.ended:
        return not_applicable("terminated")
    seen = recognised(instance.user_data.value if instance.user_data else None)
    if not seen.there:
        return passed("no user data")
    if not seen.readable:
        return inconclusive("the user data was not redacted, so it was not looked at")
    if seen.labels:
        return failed(f"looks like {seen.labels}")
    return passed("nothing in it looks like a credential")


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.LOW,
    known_as=["powerpipe:ec2_instance_in_vpc"],
)
def aws_instance_in_vpc(instance: Instance) -> Verdict:
    """Instances live inside a VPC.

    Why: outside of one there are no subnets, routes and access lists to part machines by.
    Fix: make an image of the instance and start it in a subnet of a VPC.
    """
    if instance.ended:
        return not_applicable("terminated")
    return passed(f"in {instance.vpc_id}") if instance.vpc_id else failed("in no VPC")


@rule(
    criteria=["CC7.5", "CC7.4"],
    severity=Severity.MEDIUM,
    needs=[Snapshot],
    known_as=["prowler:ec2_ebs_volume_snapshots_exists"],
)
def aws_ebs_backed_up(
    volume: Volume, now: datetime, evidence: Evidence, *, max_days: int = 7
) -> Verdict:
    """Volumes have a recent snapshot.

    Why: what is on a volume without one is gone with it. Snapshots that AWS Backup makes count.
    Fix: put the volume into a backup plan, or a Data Lifecycle Manager policy.
    """
    taken = [
        snapshot.start_time
        for snapshot in evidence.index(Snapshot, "volume_id", within="here").get(
            volume.volume_id, ()
        )
        if snapshot.state == "completed" and snapshot.start_time is not None
    ]
    if not taken:
        if volume.create_time is None:
            return inconclusive("AWS does not say when it was made")
        due = days_after(volume.create_time, max_days)
        said = f"no snapshot; made {volume.create_time:%Y-%m-%d}, due {due:%Y-%m-%d}"
        return not_applicable(said, until=due) if now < due else failed(said)
    due = days_after(max(taken), max_days)
    said = f"last snapshot {max(taken):%Y-%m-%d}, due {due:%Y-%m-%d}"
    return passed(said, until=due) if now < due else failed(said)


@rule(
    criteria=["CC7.2"],
    severity=Severity.LOW,
    known_as=[
        "prowler:ec2_instance_detailed_monitoring_enabled",
        "powerpipe:ec2_instance_detailed_monitoring_enabled",
    ],
)
def aws_ec2_detailed_monitoring(instance: Instance) -> Verdict:
    """Instances publish metrics of one minute.

    Why: at five minutes, what went wrong is often over before anyone sees it.
    Fix: aws ec2 monitor-instances.
    """
    if instance.ended:
        return not_applicable("terminated")
    if instance.monitoring is None:
        return inconclusive("AWS does not say")
    if instance.monitoring.state in ("enabled", "pending"):
        return passed("one-minute metrics")
    return failed("five-minute metrics")


@rule(
    criteria=["CC7.4"],
    severity=Severity.INFO,
    known_as=["powerpipe:ec2_instance_ebs_optimized"],
)
def aws_ec2_ebs_optimized(instance: Instance) -> Verdict:
    """Instances have bandwidth of their own to their volumes.

    Why: it keeps other traffic from slowing the disks down, as far as availability depends on that.
    Fix: aws ec2 modify-instance-attribute --ebs-optimized; current instance types have it always and
        need nothing.
    """
    if instance.ended:
        return not_applicable("terminated")
    if instance.ebs_optimized is None:
        return inconclusive("AWS does not say")
    return passed("it has") if instance.ebs_optimized else failed("it has not, as AWS says")
