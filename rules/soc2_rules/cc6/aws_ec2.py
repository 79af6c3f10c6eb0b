"""EC2: what is open to the world, and how machines and their data are protected."""

from __future__ import annotations

from soc2_collectors.aws.models.ec2 import (
    EbsDefaults,
    Image,
    Instance,
    SecurityGroup,
    Snapshot,
    Volume,
)
from soc2_collectors.aws.models.vpc import RouteTable, Subnet
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule

ADMIN_PORTS = (22, 3389, 5985, 5986)
"""SSH, RDP, WinRM."""
DATA_PORTS = (
    20,
    21,
    23,
    25,
    110,
    135,
    137,
    139,
    143,
    445,
    1433,
    1434,
    1521,
    2049,
    2375,
    2376,
    2379,
    2380,
    3306,
    4333,
    5432,
    5500,
    5601,
    6379,
    7000,
    7001,
    8020,
    8086,
    9042,
    9092,
    9160,
    9200,
    9300,
    11211,
    15672,
    27017,
    27018,
    50070,
)
"""Databases, caches, search, brokers, file shares, container engines, and protocols without encryption."""


def _closed(group: SecurityGroup, ports: tuple[int, ...], what: str) -> Verdict:
    """The one mechanism: none of these ports is open to every address of IPv4 or IPv6."""
    found = group.world_ports(ports)
    if found:
        return failed(f"open to every address: {', '.join(map(str, found))}")
    return passed(f"{what} is not open to every address")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_all_ports",
        "prowler:ec2_securitygroup_allow_wide_open_public_ipv4",
        "powerpipe:vpc_security_group_restrict_ingress_tcp_udp_all",
    ],
)
def aws_sg_no_all_ports_world(group: SecurityGroup) -> Verdict:
    """No security group opens all ports to any address.

    Why: whatever listens on the machine, now or later, is on the internet.
    Fix: aws ec2 revoke-security-group-ingress for the entry; open the ports that are needed to
        those who need them.
    """
    return (
        failed("every port is open to every address")
        if group.all_ports_open
        else passed("no such entry")
    )


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22",
        "powerpipe:vpc_security_group_restrict_ingress_ssh_all",
    ],
)
def aws_sg_no_ssh_world(group: SecurityGroup) -> Verdict:
    """SSH is not open to any address.

    Why: it is tried by robots within minutes, with every password that ever leaked.
    Fix: use Session Manager, or open port 22 to the addresses of your VPN only.
    """
    return _closed(group, (22,), "SSH")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_3389",
        "powerpipe:vpc_security_group_restrict_ingress_rdp_all",
    ],
)
def aws_sg_no_rdp_world(group: SecurityGroup) -> Verdict:
    """RDP is not open to any address.

    Why: open RDP is the way by which most ransomware comes in.
    Fix: use Session Manager or a gateway, or open port 3389 to the addresses of your VPN only.
    """
    return _closed(group, (3389,), "RDP")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_high_risk_tcp_ports",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_cassandra_7199_9160_8888",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_elasticsearch_kibana_9200_9300_5601",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_ftp_20_21",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_kafka_9092",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_memcached_11211",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_mongodb_27017_27018",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_mysql_3306",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_oracle_1521_2483",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_postgres_5432",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_redis_6379",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_sql_server_1433_1434",
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_telnet_23",
        "powerpipe:vpc_security_group_restrict_ingress_common_ports_all",
        "powerpipe:vpc_security_group_restricted_common_ports",
    ],
)
def aws_sg_no_data_ports_world(
    group: SecurityGroup, *, ports: tuple[int, ...] = DATA_PORTS
) -> Verdict:
    """Databases, caches, brokers, file shares and unencrypted protocols are not open to any address.

    Why: such services expect a friendly network and often ask for no password.
    Fix: let them be reached from the security groups of their clients only.
    """
    return _closed(group, ports, "none of these ports")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_any_port",
        "powerpipe:vpc_security_group_allows_ingress_authorized_ports",
    ],
)
def aws_sg_public_ports_allowlist(
    group: SecurityGroup, *, allowed: tuple[int, ...] = (80, 443)
) -> Verdict:
    """What is open to any address is on the list of approved ports.

    Why: each open port is a decision; the ones that nobody made show here.
    Fix: close the port, or add it to allowed with the reason.
    """
    others = sorted(
        {
            "all" if entry.every_port else f"{entry.from_port}-{entry.to_port}"
            for entry in group.ip_permissions
            if entry.world and not (entry.from_port == entry.to_port and entry.from_port in allowed)
        }
    )
    return (
        failed(f"open to every address: {', '.join(others)}")
        if others
        else passed("only approved ports")
    )


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_securitygroup_default_restrict_traffic",
        "powerpipe:vpc_default_security_group_restricts_all_traffic",
    ],
)
def aws_default_sg_closed(group: SecurityGroup) -> Verdict:
    """The default security group of each VPC has no entries.

    Why: whatever is started without a group gets this one.
    Fix: remove its entries for both directions, and give each workload a group of its own.
    """
    if group.group_name != "default":
        return not_applicable("not a default group")
    count = len(group.ip_permissions) + len(group.ip_permissions_egress)
    return failed(f"{count} entries") if count else passed("no entries")


@rule(
    criteria=["CC6.6"],
    severity=Severity.CRITICAL,
    needs=[SecurityGroup, Subnet, RouteTable],
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
    if instance.public_ip_address is None:
        return passed("no public address")
    if not _public_route(instance, evidence):
        return passed("its subnet has no route to the internet")
    groups = evidence.index(SecurityGroup, "group_id", within="here")
    for reference in instance.security_groups:
        known = groups.get(reference.group_id, ())
        if not known:
            return inconclusive(
                f"the security group {reference.group_id} was not among those collected"
            )
        found = known[0].world_ports(ports)
        if found:
            return failed(
                f"{instance.public_ip_address} answers every address on {', '.join(map(str, found))} "
                f"by {reference.group_id}"
            )
    return passed("none of its security groups opens such a port to every address")


def _public_route(instance: Instance, evidence: Evidence) -> bool:
    """Whether the subnet's own route table, or else the VPC's main one, leads to the internet."""
    tables = evidence.here(RouteTable)
    own = [t for t in tables if any(a.subnet_id == instance.subnet_id for a in t.associations)]
    main = [
        t for t in tables if t.vpc_id == instance.vpc_id and any(a.main for a in t.associations)
    ]
    return any(table.public for table in (own or main))


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_instance_public_ip",
        "powerpipe:ec2_instance_not_publicly_accessible",
    ],
)
def aws_instance_no_public_ip(instance: Instance) -> Verdict:
    """Instances have no public address.

    Why: traffic should come in through load balancers and gateways that are made for it.
    Fix: put it into a private subnet behind a load balancer; waive the ones that are meant to be at
        the edge.
    """
    if instance.ended:
        return not_applicable("terminated")
    address = instance.public_ip_address
    return failed(f"public address {address}") if address else passed("no public address")


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
        "prowler:ec2_instance_account_imdsv2_enabled",
        "prowler:ec2_launch_template_imdsv2_required",
        "prowler:autoscaling_group_launch_configuration_requires_imdsv2",
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
    return failed(f"tokens are {options.http_tokens}")


@rule(
    criteria=["CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:ec2_instance_secrets_user_data",
        "prowler:ec2_launch_template_no_secrets",
        "prowler:autoscaling_find_secrets_ec2_launch_configuration",
    ],
)
def aws_no_secrets_user_data(instance: Instance) -> Verdict:
    """User data holds no credentials.

    Why: everyone who may describe the instance can read it, and so can every process on it.
    Fix: keep the secret in Secrets Manager or Parameter Store and let the instance's role read it.
    """
    if instance.ended:
        return not_applicable("terminated")
    value = instance.user_data.value
    if not value:
        return passed("no user data")
    found = value.removeprefix("[redacted").removesuffix("]").removeprefix(": found ")
    return (
        failed(f"looks like {found}") if found else passed("nothing in it looks like a credential")
    )


@rule(
    criteria=["CC6.1", "CC6.5"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:ec2_ebs_volume_encryption",
        "powerpipe:ebs_attached_volume_encryption_enabled",
    ],
)
def aws_ebs_encrypted(volume: Volume) -> Verdict:
    """Volumes are encrypted, attached or not.

    Why: an unencrypted copy can be read by whoever gets hold of it, long after the machine is gone.
    Fix: snapshot it, copy the snapshot with encryption, make a volume of that and swap them.
    """
    return passed("encrypted") if volume.encrypted else failed("not encrypted")


@rule(
    criteria=["CC6.1"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_ebs_default_encryption",
        "powerpipe:ebs_encryption_by_default_enabled",
    ],
)
def aws_ebs_default_encryption(region: EbsDefaults) -> Verdict:
    """New volumes are encrypted by default.

    Why: nobody has to remember it then.
    Fix: aws ec2 enable-ebs-encryption-by-default in the region.
    """
    return passed("on") if region.ebs_encryption_by_default else failed("off")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:ec2_ebs_public_snapshot",
        "powerpipe:ebs_snapshot_not_publicly_restorable",
    ],
)
def aws_snapshot_not_public(snapshot: Snapshot) -> Verdict:
    """Snapshots are not shared with everyone.

    Why: a public snapshot is a disk that anybody can mount.
    Fix: aws ec2 modify-snapshot-attribute --attribute createVolumePermission --operation-type
        remove --group-names all.
    """
    return failed("everyone may restore it") if snapshot.public else passed("not public")


@rule(
    criteria=["CC6.1", "CC7.5"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:ec2_ebs_snapshots_encrypted",
    ],
)
def aws_snapshot_encrypted(snapshot: Snapshot) -> Verdict:
    """Snapshots are encrypted.

    Why: a snapshot outlives its machine, and is copied more easily.
    Fix: aws ec2 copy-snapshot --encrypted, then delete the original.
    """
    return passed("encrypted") if snapshot.encrypted else failed("not encrypted")


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.CRITICAL,
    known_as=[
        "prowler:ec2_ami_public",
    ],
)
def aws_ami_private(image: Image) -> Verdict:
    """Machine images that the account owns are not public.

    Why: images hold code, configuration and often credentials.
    Fix: aws ec2 modify-image-attribute --launch-permission "Remove=[{Group=all}]".
    """
    return failed("public") if image.public else passed("not public")
