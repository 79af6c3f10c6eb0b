"""Network security groups: what is open to the internet, in the order in which Azure takes the rules."""

from __future__ import annotations

from soc2_collectors.aws.models.ports import DATA_PORTS
from soc2_collectors.azure.models.security_group import NetworkSecurityGroup
from soc2_collectors.reach import ALL_PORTS, joined, port_names, without
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms import openings


def _closed(group: NetworkSecurityGroup, ports: tuple[int, ...], what: str) -> Verdict:
    """None of these ports is open to the internet."""
    found = {name: group.opens(name, openings.wanted(name, ports)) for name in openings.PROTOCOLS}
    return openings.closed(found, ports, what)


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.HIGH,
    known_as=[
        "prowler:network_ssh_internet_access_restricted",
        "powerpipe:network_security_group_ssh_access_restricted",
    ],
)
def azure_nsg_ssh(group: NetworkSecurityGroup) -> Verdict:
    """No network security group opens SSH to the internet.

    All rules count together and in their order, allowing and denying, IPv4 and IPv6. A tenth of the
    public addresses of IPv4 or of IPv6 counts as the internet, and so do those of every customer of Azure
    (AzureCloud).

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
    """No network security group opens RDP to the internet, over TCP or UDP.

    All rules count together and in their order, allowing and denying, IPv4 and IPv6. A tenth of the
    public addresses of IPv4 or of IPv6 counts as the internet, and so do those of every customer of Azure
    (AzureCloud).

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
    """No network security group opens databases, caches, brokers, directories or file shares to the internet.

    Nor protocols without encryption. All rules count together and in their order, allowing and denying,
    IPv4 and IPv6. A tenth of the public addresses of IPv4 or of IPv6 counts as the internet, and so do
    those of every customer of Azure (AzureCloud).

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
    """No network security group opens UDP or unencrypted HTTP to the internet.

    ``allowed_udp`` are ports that are meant to be open, as 443 for QUIC.

    All rules count together and in their order, allowing and denying, IPv4 and IPv6. A tenth of the
    public addresses of IPv4 or of IPv6 counts as the internet, and so do those of every customer of Azure
    (AzureCloud).

    Why: services on UDP are abused to flood others, and what HTTP carries can be read on its way.
    Fix: close the port, or serve HTTP from a gateway that only redirects; list UDP ports that are meant.
    """
    meant = joined((port, port) for port in allowed_udp)
    udp = group.opens("udp", without(ALL_PORTS, meant))
    tcp = group.opens("tcp", joined((port, port) for port in http))
    sure = [f"udp {text}" for text in port_names(without(udp.certain, meant))]
    sure += [f"tcp {port}" for port in tcp.sure(http)]
    if sure:
        return failed(f"open to the internet: {', '.join(sure)}")
    web = openings.closed({"tcp": tcp}, http, "HTTP is")
    if web.status is not Status.PASS:
        return web
    if maybe := port_names(without(udp.possible, meant)):
        on = ", ".join(udp.unknown) or "rules that cannot be read"
        return inconclusive(
            f"whether udp {', '.join(maybe)} is open to the internet depends on {on}"
        )
    return passed("neither UDP nor HTTP is open to the internet")
