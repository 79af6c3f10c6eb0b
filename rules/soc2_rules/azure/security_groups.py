"""Network security groups: what is open to the world, in the order in which Azure takes the rules."""

from __future__ import annotations

from soc2_collectors.aws.models.ports import DATA_PORTS
from soc2_collectors.azure.models.security_group import NetworkSecurityGroup
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


def _closed(group: NetworkSecurityGroup, ports: tuple[int, ...], what: str) -> Verdict:
    """The one mechanism: none of these TCP or UDP ports is open to every address of IPv4 or IPv6."""
    found = [
        f"{protocol} {port}"
        for protocol in ("tcp", "udp")
        for port in group.open_to_world(ports, protocol)
    ]
    if found:
        return failed(f"open to every address: {', '.join(found)}")
    return passed(f"{what} not open to every address")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:network_ssh_internet_access_restricted",
        "powerpipe:network_security_group_ssh_access_restricted",
    ],
)
def azure_nsg_ssh(group: NetworkSecurityGroup) -> Verdict:
    """No network security group opens SSH to any address.

    Why: it is tried by robots within minutes, with every password that ever leaked.
    Fix: use Azure Bastion, or az network nsg rule update --source-address-prefixes with the addresses
        of your VPN only.
    """
    return _closed(group, (22,), "SSH is")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:network_rdp_internet_access_restricted",
        "powerpipe:network_security_group_rdp_access_restricted",
    ],
)
def azure_nsg_rdp(group: NetworkSecurityGroup) -> Verdict:
    """No network security group opens RDP to any address.

    Why: open RDP is the way by which most ransomware comes in.
    Fix: use Azure Bastion, or az network nsg rule update --source-address-prefixes with the addresses
        of your VPN only.
    """
    return _closed(group, (3389,), "RDP is")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "powerpipe:network_security_group_restrict_inbound_tcp_port_1433",
        "powerpipe:network_security_group_restrict_inbound_tcp_port_3306",
        "powerpipe:network_security_group_restrict_inbound_tcp_port_5432",
        "powerpipe:network_security_group_restrict_inbound_tcp_port_445",
    ],
)
def azure_nsg_data_ports(
    group: NetworkSecurityGroup, *, ports: tuple[int, ...] = DATA_PORTS
) -> Verdict:
    """No network security group opens databases, caches, brokers or file shares to any address.

    Why: such services expect a friendly network and often ask for no password.
    Fix: let them be reached from the subnets or application security groups of their clients only.
    """
    return _closed(group, ports, "these ports are")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:network_udp_internet_access_restricted",
        "prowler:network_http_internet_access_restricted",
        "powerpipe:network_security_group_udp_service_restricted",
    ],
)
def azure_nsg_udp_http(
    group: NetworkSecurityGroup, *, allowed_udp: tuple[int, ...] = (), http: tuple[int, ...] = (80,)
) -> Verdict:
    """No network security group opens UDP or unencrypted HTTP to any address.

    ``allowed_udp`` are ports that are meant to be open, as 443 for QUIC.

    Why: services on UDP are abused to flood others, and what HTTP carries can be read on its way.
    Fix: close the port, or serve HTTP from a gateway that only redirects; list UDP ports that are meant.
    """
    udp = [
        f"udp {first}" if first == last else f"udp {first}-{last}"
        for first, last in group.world_ranges("udp")
        if len({port for port in allowed_udp if first <= port <= last}) != last - first + 1
    ]
    found = [*udp, *(f"tcp {port}" for port in group.open_to_world(http, "tcp"))]
    if found:
        return failed(f"open to every address: {', '.join(found)}")
    return passed("neither UDP nor HTTP is open to every address")
