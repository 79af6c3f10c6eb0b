"""EC2 instances: whether they can be reached, what they carry, and getting data back."""

from __future__ import annotations

from datetime import datetime

from soc2_collectors.aws.models.ebs import Snapshot, Volume
from soc2_collectors.aws.models.ec2 import Instance, Interface, SecurityGroup, reached
from soc2_collectors.aws.models.network import ManagedPrefixList, Resolve
from soc2_collectors.aws.models.ports import ADMIN_PORTS, DATA_PORTS
from soc2_collectors.aws.models.redacted import recognised
from soc2_collectors.aws.models.times import days_after
from soc2_collectors.aws.models.vpc import NetworkAcl, RouteTable, Subnet
from soc2_collectors.reach import EVERY_V4, EVERY_V6, NOBODY, Opened, Sources, both, open_ports
from soc2_collectors.reach import known as for_certain
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import openings


@rule(
    criteria=["CC6.6"],
    severity=Severity.CRITICAL,
    needs=[SecurityGroup, RouteTable],
    where_sourced=[NetworkAcl, Subnet, ManagedPrefixList],
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
    """No public address of an instance is open to the internet on an administration or data port.

    Read are the groups of the interface together, prefix lists, the access list of its subnet as far as it lets in,
    the route table, and VPC Block Public Access. What a load balancer passes on to the instance is not. Addresses of
    a carrier's network and unique local IPv6 addresses are not public.

    Why: a public address, a public route and an open port together are an exposure; one of them
        alone is not.
    Fix: take the public address away or close the port in the security group that the message
        names.
    """
    if instance.ended:
        return not_applicable("terminated")
    if not instance.public_addresses:
        return _without_address(instance, "no public address")
    unknown: Verdict | None = None
    closed: list[str] = []
    for interface in instance.interfaces:
        if not (interface.public_ipv4 or interface.ipv6):
            continue
        try:
            verdict = _exposed(interface, evidence, ports)
        except FactUnavailable as error:
            verdict = inconclusive(str(error))
        if verdict.status is Status.FAIL:
            return verdict
        if verdict.status is Status.PASS:
            closed.append(verdict.message)
        else:
            unknown = unknown or verdict
    return unknown or passed("; ".join(dict.fromkeys(closed)))


def _without_address(instance: Instance, message: str) -> Verdict:
    if not instance.lists_interfaces:
        return inconclusive("AWS names no network interface, nor a public address")
    return passed(message)


def _exposed(interface: Interface, evidence: Evidence, ports: tuple[int, ...]) -> Verdict:
    """Whether the internet reaches one of the ports of an interface, and gets an answer."""
    addresses = [*interface.public_ipv4, *interface.ipv6]
    wanted = {name: openings.wanted(name, ports) for name in openings.PROTOCOLS}
    known = evidence.index(SecurityGroup, "group_id", within="here")
    numbers = [reference.group_id for reference in interface.groups]
    groups = [known[number][0] for number in numbers if number in known]
    missing = sorted(set(numbers) - known.keys())

    def judge(resolve: Resolve) -> Verdict:
        found = {}
        for name, spans in wanted.items():
            through = _of_families(reached(groups, name, spans, resolve), interface)
            found[name] = open_ports(through)
            if not found[name].possible:
                continue
            for acl in _access_lists(interface, evidence):
                found[name] = open_ports(both(through, acl.reached(name, spans)))
        return openings.closed(found, ports, f"on {' and '.join(addresses)} these ports are")

    def named() -> set[str]:
        return {
            n for one in groups for name, s in wanted.items() for n in one.prefix_lists(name, s)
        }

    verdict = openings.with_prefix_lists(evidence, judge, named)
    if verdict.status is Status.PASS and not missing and numbers:
        return verdict
    way = _way_in(interface, evidence)
    if way.status is Status.PASS:
        return way
    if verdict.status is Status.FAIL and way.status is Status.FAIL:
        by = ", ".join(one.group_id for one in groups)
        said = f"{' and '.join(addresses)} {verdict.message} by {by}"
        on = [*groups, *_access_lists(interface, evidence), *way.on, *verdict.on]
        return failed(said, on=on)
    if verdict.status is not Status.PASS:
        return way if way.status is Status.INCONCLUSIVE else verdict
    said = ", ".join(missing) or "its groups, of which AWS names none"
    return inconclusive(f"security groups that are not among those collected: {said}")


def _access_lists(interface: Interface, evidence: Evidence) -> list[NetworkAcl]:
    """The access list of its subnet: AWS has one for each."""
    subnet = interface.subnet_id
    return [
        acl
        for acl in evidence.here(NetworkAcl)
        if any(one.subnet_id == subnet for one in acl.associations)
    ]


def _families(interface: Interface) -> Sources:
    """Every address of the families that the interface has a public address of."""
    v4, v6 = EVERY_V4 if interface.public_ipv4 else NOBODY, EVERY_V6 if interface.ipv6 else NOBODY
    return for_certain(v4 | v6)


def _of_families(through: list[Opened], interface: Interface) -> list[Opened]:
    """Only who comes by a family that the interface has a public address of."""
    return [Opened(first, last, sources & _families(interface)) for first, last, sources in through]


def _way_in(interface: Interface, evidence: Evidence) -> Verdict:
    """``fail`` where the internet is answered: by the subnet's own route table, or the main one."""
    subnet = next((s for s in evidence.here(Subnet) if s.subnet_id == interface.subnet_id), None)
    if subnet is not None and subnet.blocked:
        return passed("VPC Block Public Access keeps the internet out", on=[subnet])
    tables = [t for t in evidence.here(RouteTable) if t.vpc_id == interface.vpc_id]
    own = [t for t in tables if interface.subnet_id in t.subnets]
    table = next(iter(own or [t for t in tables if t.is_main]), None)
    if table is None:
        return inconclusive(f"no route table of {interface.vpc_id} is among those collected")

    def judge(resolve: Resolve) -> Verdict:
        ways = table.internet(resolve) & _families(interface)
        answer = ways.is_open()
        if answer:
            return failed("it is routed to the internet", on=[table])
        if answer is None:
            return inconclusive(
                f"whether it is routed to the internet depends on {', '.join(ways.unknown)}"
            )
        if table.through_appliance():
            return inconclusive(
                "its route to the internet leads through a firewall or another machine, which is not"
                " looked into"
            )
        return passed("no route leads from its public addresses to the internet", on=[table])

    def named() -> set[str]:
        return {r.destination_prefix_list_id for r in table.routes if r.destination_prefix_list_id}

    return openings.with_prefix_lists(evidence, judge, named)


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
    """Instances have no public IPv4 address, unless they are marked as the edge.

    Why: traffic should come in through load balancers and gateways that are made for it.
    Fix: put it into a private subnet behind a load balancer; tag the ones that are meant to be reached
        with one of edge_tags.
    """
    if instance.ended:
        return not_applicable("terminated")
    addresses = sorted({address for one in instance.interfaces for address in one.public_ipv4})
    if not addresses:
        return _without_address(instance, "no public IPv4 address")
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
    """Instances have an instance profile.

    Which role the profile holds, and whether it holds one, is not read.

    Why: a role's credentials are short-lived, and no keys have to be copied onto the machine.
    Fix: aws ec2 associate-iam-instance-profile --instance-id ID --iam-instance-profile Name=PROFILE.
    """
    if instance.ended:
        return not_applicable("terminated")
    profile = instance.iam_instance_profile
    return (
        passed(f"has {profile.arn}") if profile and profile.arn else failed("no instance profile")
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
    Fix: aws ec2 modify-instance-metadata-options --instance-id ID --http-tokens required.
    """
    if instance.ended:
        return not_applicable("terminated")
    options = instance.metadata_options
    if options is None:
        return inconclusive("AWS does not say how the metadata service answers")
    tokens = options.http_tokens == "required"
    if not tokens and options.http_endpoint != "disabled":
        if options.http_tokens not in (None, "optional"):
            return inconclusive(f"tokens are {options.http_tokens!r}, which is not known")
        return failed(f"tokens are {options.http_tokens or 'not required'}")
    if options.changing is not None:
        return inconclusive(
            f"its metadata options are {options.changing}: it does not answer so yet"
        )
    return passed("tokens are required" if tokens else "the metadata service is off")


@rule(
    criteria=["CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:ec2_instance_secrets_user_data",
    ],
)
def aws_no_secrets_user_data(instance: Instance) -> Verdict:
    """Nothing in the user data of an instance looks like a credential.

    Why: everyone who may describe the instance can read it, and so can every process on it.
    Fix: keep the secret in Secrets Manager or Parameter Store and let the instance's role read it.
    """
    if instance.ended:
        return not_applicable("terminated")
    seen = recognised(instance.user_data.value if instance.user_data else None)
    if not seen.there:
        return passed("no user data")
    if not seen.readable:
        return inconclusive("the user data could not be looked into")
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

    A snapshot counts that is completed, is a copy of this volume, and lies in this account and Region. AWS
    gives a copy of a snapshot a volume of its own, which is none.

    Why: what is on a volume without one is gone with it. Snapshots that AWS Backup makes count.
    Fix: put the volume into a backup plan, or a Data Lifecycle Manager policy.
    """
    if volume.state in ("deleting", "deleted"):
        return not_applicable(f"the volume is {volume.state}")
    taken = [
        (snapshot.start_time, snapshot)
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
    last, snapshot = max(taken, key=lambda pair: pair[0])
    due = days_after(last, max_days)
    said = f"last snapshot {last:%Y-%m-%d}, due {due:%Y-%m-%d}"
    if now < due:
        return passed(said, until=due, on=[snapshot])
    return failed(said, on=[snapshot])


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
    Fix: aws ec2 monitor-instances --instance-ids ID.
    """
    if instance.ended:
        return not_applicable("terminated")
    state = instance.monitoring.state if instance.monitoring else None
    if state in ("enabled", "pending"):
        return passed(f"detailed monitoring is {state}")
    if state in ("disabled", "disabling"):
        return failed(f"metrics of five minutes: detailed monitoring is {state}")
    return inconclusive(f"AWS says {state!r} of detailed monitoring")


_OPTIONAL = frozenset(
    f"{family}.{size}"
    for family, sizes in {
        "c1": ("xlarge",),
        "c3": ("xlarge", "2xlarge", "4xlarge"),
        "g2": ("2xlarge",),
        "i2": ("xlarge", "2xlarge", "4xlarge"),
        "m1": ("large", "xlarge"),
        "m2": ("2xlarge", "4xlarge"),
        "m3": ("xlarge", "2xlarge"),
        "r3": ("xlarge", "2xlarge", "4xlarge"),
    }.items()
    for size in sizes
)
"""The types whose bandwidth to volumes can be switched on and off. All are of a previous generation.

Source: EC2 User Guide, "Amazon EBS-optimized instance types": "EBS optimization supported".
"""


@rule(
    criteria=["CC7.4"],
    severity=Severity.INFO,
    known_as=["powerpipe:ec2_instance_ebs_optimized"],
)
def aws_ec2_ebs_optimized(instance: Instance) -> Verdict:
    """Instances whose type lets one choose have bandwidth of their own to their volumes.

    Why: it keeps other traffic from slowing the disks down, as far as availability depends on that.
    Fix: aws ec2 modify-instance-attribute --instance-id ID --ebs-optimized, while the instance is stopped.
        Current instance types have it always and need nothing.
    """
    if instance.ended:
        return not_applicable("terminated")
    if instance.ebs_optimized:
        return passed("it has")
    if instance.instance_type is not None and instance.instance_type not in _OPTIONAL:
        return not_applicable(f"of {instance.instance_type} nobody can choose")
    if instance.ebs_optimized is None or instance.instance_type is None:
        return inconclusive("AWS does not say its type, or whether it has")
    return failed(f"{instance.instance_type} could have it and has not")
