"""Security groups: what is open to the world."""

from __future__ import annotations

from soc2_collectors.aws.models.ec2 import NetworkInterface, SecurityGroup
from soc2_collectors.aws.models.ports import DATA_PORTS
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule


def _closed(group: SecurityGroup, ports: tuple[int, ...], what: str) -> Verdict:
    """The one mechanism: none of these TCP or UDP ports is open to every address of IPv4 or IPv6."""
    found = [
        f"{protocol} {port}"
        for protocol in ("tcp", "udp")
        for port in group.open_to_world(ports, protocol)
    ]
    if found:
        return failed(f"open to every address: {', '.join(found)}")
    lists = sorted(
        {
            number
            for protocol in ("tcp", "udp")
            for number in group.open_to_prefix_lists(ports, protocol)
        }
    )
    if lists:
        return inconclusive(f"open to the addresses of {', '.join(lists)}, which are not collected")
    return passed(f"{what} not open to every address")


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
    return _closed(group, (22,), "SSH is")


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
    return _closed(group, (3389,), "RDP is")


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
    return _closed(group, ports, "these ports are")


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
    others = [
        f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"
        for protocol in ("tcp", "udp")
        for first, last in group.world_ranges(protocol)
        if not _within(first, last, allowed)
    ]
    if others:
        return failed(f"open to every address: {', '.join(others)}")
    return passed("no other port is open to every address")


def _within(first: int, last: int, allowed: tuple[int, ...]) -> bool:
    """Whether every port of the range is on the list."""
    listed = {port for port in allowed if first <= port <= last}
    return len(listed) == last - first + 1


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
    criteria=["CC6.1"],
    severity=Severity.LOW,
    needs=[NetworkInterface],
    known_as=[
        "prowler:ec2_securitygroup_not_used",
        "powerpipe:vpc_security_group_associated_to_eni",
    ],
)
def aws_sg_unused(group: SecurityGroup, evidence: Evidence) -> Verdict:
    """Security groups that nothing uses are removed.

    Why: a forgotten group is given to the next machine without anyone reading its entries again.
    Fix: aws ec2 delete-security-group.
    """
    if group.group_name == "default":
        return not_applicable("a default group cannot be removed")
    used = any(
        reference.group_id == group.group_id
        for interface in evidence.here(NetworkInterface)
        for reference in interface.groups
    )
    return passed("in use") if used else failed("no network interface uses it")
