"""Security groups: what is open to the internet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.autoscaling import LaunchConfiguration
from soc2_collectors.aws.models.codebuild import Project
from soc2_collectors.aws.models.ec2 import (
    LaunchTemplateVersion,
    NetworkInterface,
    SecurityGroup,
    reached,
)
from soc2_collectors.aws.models.lambda_ import Function
from soc2_collectors.aws.models.network import ManagedPrefixList
from soc2_collectors.aws.models.ports import DATA_PORTS
from soc2_collectors.reach import ALL_PORTS, Spans, is_wide, joined, open_ports, span, wide_together
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import openings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from soc2_collectors.reach import Open


def _judged(
    group: SecurityGroup,
    evidence: Evidence,
    wanted: Mapping[str, Spans],
    decide: Callable[[Mapping[str, Open]], Verdict],
) -> Verdict:
    """The one mechanism: who reaches the wanted ports of each protocol by all entries together."""
    return openings.with_prefix_lists(
        evidence,
        lambda resolve: decide(
            {
                protocol: open_ports(reached([group], protocol, ports, resolve))
                for protocol, ports in wanted.items()
            }
        ),
        lambda: {n for name, ports in wanted.items() for n in group.prefix_lists(name, ports)},
    )


def _closed(group: SecurityGroup, evidence: Evidence, ports: tuple[int, ...], what: str) -> Verdict:
    """None of these ports is open to the internet."""
    wanted = {name: openings.wanted(name, ports) for name in openings.PROTOCOLS}
    return _judged(group, evidence, wanted, lambda found: openings.closed(found, ports, what))


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.CRITICAL,
    needs=[ManagedPrefixList],
    known_as=[
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_all_ports",
        "powerpipe:vpc_security_group_restrict_ingress_tcp_udp_all",
    ],
)
def aws_sg_no_all_ports_world(group: SecurityGroup, evidence: Evidence) -> Verdict:
    """No security group opens all ports to the internet.

    All entries count together, and prefix lists are looked into. Nine tenths of the ports of TCP or of
    UDP count as all. A tenth of the public addresses of IPv4 or of IPv6 counts as the internet.

    Why: whatever listens on the machine, now or later, is on the internet.
    Fix: aws ec2 revoke-security-group-ingress --group-id GROUP --security-group-rule-ids RULE; open the ports
        that are needed to those who need them.
    """
    wanted = {
        name: ALL_PORTS
        for name in openings.PROTOCOLS
        if openings.is_nearly_all(
            joined(ports for one in group.ip_permissions if (ports := one.ports(name)) is not None)
        )
    }
    if not wanted:
        return passed("its entries do not name all ports of TCP or of UDP")
    return _judged(group, evidence, wanted, openings.not_all)


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    needs=[ManagedPrefixList],
    known_as=[
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22",
        "powerpipe:vpc_security_group_restrict_ingress_ssh_all",
    ],
)
def aws_sg_no_ssh_world(group: SecurityGroup, evidence: Evidence) -> Verdict:
    """No security group opens SSH to the internet.

    All entries count together, IPv4 and IPv6, and prefix lists are looked into. A tenth of the public
    addresses of IPv4 or of IPv6 counts as the internet.

    Why: it is tried by robots within minutes, with every password that ever leaked.
    Fix: use Session Manager, or open port 22 to the addresses of your VPN only.
    """
    return _closed(group, evidence, (22,), "SSH is")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    needs=[ManagedPrefixList],
    known_as=[
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_3389",
        "powerpipe:vpc_security_group_restrict_ingress_rdp_all",
    ],
)
def aws_sg_no_rdp_world(group: SecurityGroup, evidence: Evidence) -> Verdict:
    """No security group opens RDP to the internet, over TCP or UDP.

    All entries count together, IPv4 and IPv6, and prefix lists are looked into. A tenth of the public
    addresses of IPv4 or of IPv6 counts as the internet.

    Why: open RDP is the way by which most ransomware comes in.
    Fix: use Session Manager or a gateway, or open port 3389 to the addresses of your VPN only.
    """
    return _closed(group, evidence, (3389,), "RDP is")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    needs=[ManagedPrefixList],
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
    group: SecurityGroup, evidence: Evidence, *, ports: tuple[int, ...] = DATA_PORTS
) -> Verdict:
    """No security group opens databases, caches, brokers, directories or file shares to the internet.

    Nor protocols without encryption. All entries count together, IPv4 and IPv6, and prefix lists are
    looked into. A tenth of the public addresses of IPv4 or of IPv6 counts as the internet.

    Why: such services expect a friendly network and often ask for no password.
    Fix: let them be reached from the security groups of their clients only.
    """
    return _closed(group, evidence, ports, "these ports are")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[ManagedPrefixList],
    known_as=[
        "prowler:ec2_securitygroup_allow_ingress_from_internet_to_any_port",
        "powerpipe:vpc_security_group_allows_ingress_authorized_ports",
    ],
)
def aws_sg_public_ports_allowlist(
    group: SecurityGroup, evidence: Evidence, *, allowed: tuple[int, ...] = (80, 443)
) -> Verdict:
    """The ports of TCP and UDP that a security group opens to the internet are approved.

    All entries count together, IPv4 and IPv6, and prefix lists are looked into. A tenth of the public
    addresses of IPv4 or of IPv6 counts as the internet.

    Why: each open port is a decision; the ones that nobody made show here.
    Fix: close the port, or add it to allowed with the reason.
    """
    wanted = dict.fromkeys(openings.PROTOCOLS, openings.others(allowed))
    return _judged(group, evidence, wanted, lambda found: openings.only(found, allowed))


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[ManagedPrefixList],
    known_as=["prowler:ec2_securitygroup_allow_wide_open_public_ipv4"],
)
def aws_sg_no_wide_public_ranges(
    group: SecurityGroup, evidence: Evidence, *, shortest_ipv4: int = 24, shortest_ipv6: int = 48
) -> Verdict:
    """No security group lets in a wide range of public addresses, on any port.

    A range is wide if its prefix is shorter than /24 (IPv4) or /48 (IPv6); ranges of one entry, or of one prefix list,
    that join each other count as one. Every address, written /0, is no range: the other rules judge it port by port.
    Prefix lists of AWS hold the addresses of its services, as CloudFront's servers, and are not asked about.

    Why: a wide range belongs to many customers of a provider, and one of them is not yours.
    Fix: aws ec2 revoke-security-group-ingress --group-id GROUP --security-group-rule-ids RULE; let in the
        addresses of the partner only.
    """
    ranges = sorted({text for entry in group.ip_permissions for text in entry.ranges})
    found = [_wide(entry.ranges, shortest_ipv4, shortest_ipv6) for entry in group.ip_permissions]
    wide = sorted({text for within, _ in found for text in within})
    unread = sorted({text for _, strange in found for text in strange})
    numbers = sorted({one for entry in group.ip_permissions for one in entry.lists})
    known = evidence.index(ManagedPrefixList, "prefix_list_id", within="here") if numbers else {}
    read = [known[number][0] for number in numbers if number in known]
    for one in read:
        if one.of_aws:
            continue
        try:
            within, strange = _wide([e.cidr for e in one.entries], shortest_ipv4, shortest_ipv6)
        except FactUnavailable as error:
            unread.append(str(error))
            continue
        # While a list is being changed nobody can say which entries are in force.
        unsettled = [] if one.settled else [f"its state {one.state}"]
        if unsettled:
            strange = [*strange, *within, *unsettled]
            within = []
        wide += [f"{cidr} ({one.prefix_list_id})" for cidr in within]
        unread += [f"{text} ({one.prefix_list_id})" for text in strange]
    if wide:
        return failed(f"lets in {', '.join(wide)}", on=read)
    unread += [
        f"{number}, which is not among those collected" for number in numbers if number not in known
    ]
    if unread:
        return inconclusive(f"which addresses it lets in depends on {', '.join(unread)}", on=read)
    return passed(
        f"{len(ranges)} ranges and {len(read)} prefix lists, none wide and public", on=read
    )


def _wide(texts: list[str], shortest_ipv4: int, shortest_ipv6: int) -> tuple[list[str], list[str]]:
    """(the wide ranges among these, those that are no range)."""
    strange = [text for text in texts if span(text) is None]
    ranges = [text for text in texts if text not in strange]
    wide = [one for one in ranges if is_wide(one, shortest_ipv4, shortest_ipv6)]
    if not wide and (joined_to := wide_together(ranges, shortest_ipv4, shortest_ipv6)):
        wide = [f"{one}, in parts" for one in joined_to]
    return wide, strange


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
    if group.ip_permissions:
        return failed(f"{len(group.ip_permissions)} inbound entries")
    if group.ip_permissions_egress is None:
        return inconclusive("AWS does not say which outbound entries it has")
    count = len(group.ip_permissions_egress)
    return failed(f"{count} outbound entries") if count else passed("no entries")


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
    needs=[NetworkInterface],
    where_sourced=[
        SecurityGroup,
        LaunchTemplateVersion,
        LaunchConfiguration,
        Function,
        Project,
    ],
    known_as=[
        "prowler:ec2_securitygroup_not_used",
        "powerpipe:vpc_security_group_associated_to_eni",
    ],
)
def aws_sg_unused(group: SecurityGroup, evidence: Evidence) -> Verdict:
    """Security groups that nothing uses are deleted.

    Used is what a network interface has, another group's entry names, a launch template or configuration gives, by id
    or by name, or a function or a build project names: these have an interface only while they run. Services of ECS
    without tasks are not read.

    Why: a forgotten group is given to the next machine without anyone reading its entries again.
    Fix: aws ec2 delete-security-group --group-id GROUP.
    """
    if group.group_name == "default":
        return not_applicable("a default group cannot be deleted")
    number = group.group_id
    interface = next(
        (
            one
            for one in evidence.here(NetworkInterface)
            if any(reference.group_id == number for reference in one.groups)
        ),
        None,
    )
    if interface is not None:
        return passed(f"{interface.network_interface_id} has it", on=[interface])
    other = next((one for one in evidence.account(SecurityGroup) if number in one.referred), None)
    if other is not None:
        return passed(f"an entry of {other.group_id} names it", on=[other])
    template = next(
        (
            one
            for one in evidence.here(LaunchTemplateVersion)
            if one.data.groups & {number, group.group_name}
        ),
        None,
    )
    if template is not None:
        name = f"{template.launch_template_name}:{template.version_number}"
        return passed(f"the launch template {name} gives it", on=[template])
    for what, found in _at_rest(group, evidence):
        if found:
            return passed(f"the {what} {found[0].name} names it", on=found[:1])
    return failed("nothing that is read uses it: no network interface, other group or template")


def _at_rest(
    group: SecurityGroup, evidence: Evidence
) -> Iterator[tuple[str, list[LaunchConfiguration] | list[Function] | list[Project]]]:
    """What uses a group without having an interface all the time."""
    names = {group.group_id, group.group_name}
    yield (
        "launch configuration",
        [one for one in evidence.here(LaunchConfiguration) if names & set(one.security_groups)],
    )
    number = group.group_id
    yield (
        "function",
        [one for one in evidence.here(Function) if number in one.vpc_config.security_group_ids],
    )
    yield (
        "build project",
        [one for one in evidence.here(Project) if number in one.vpc_config.security_group_ids],
    )
