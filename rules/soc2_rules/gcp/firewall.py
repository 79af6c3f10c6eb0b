"""VPC firewall rules: what is open to the world."""

from __future__ import annotations

from soc2_collectors.aws.models.ports import ADMIN_PORTS, DATA_PORTS
from soc2_collectors.gcp.models.network import Firewall, FirewallPolicy
from soc2_collectors.gcp.models.reach import LAST_PORT, NUMBERS, open_to_world, policy_opens, ports
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule


def _idle(firewall: Firewall) -> Verdict | None:
    """Why the rule lets nothing in at all; ``None`` where it does."""
    said = firewall.rule
    if said.disabled:
        return not_applicable("the rule is disabled")
    if not firewall.lets_in:
        return not_applicable("the rule is about traffic that goes out")
    if not said.allowed:
        return not_applicable("the rule denies")
    return None


def _ranges(firewall: Firewall, evidence: Evidence, protocol: str) -> list[tuple[int, int]]:
    """What it opens to every address; rules that may come before it are read only where they matter."""
    if not firewall.world or not ports(firewall.rule.allowed, protocol, [(0, LAST_PORT)]):
        return []
    others = evidence.index(Firewall, "denies_in", within="here").get(firewall.network, ())
    return open_to_world(firewall, others, protocol)


def _closed(firewall: Firewall, evidence: Evidence, wanted: tuple[int, ...], what: str) -> Verdict:
    """The one mechanism: none of these TCP or UDP ports is open to every address of IPv4 or IPv6."""
    if idle := _idle(firewall):
        return idle
    found = [
        f"{protocol} {port}"
        for protocol in NUMBERS
        for ranges in [_ranges(firewall, evidence, protocol)]
        for port in wanted
        if any(first <= port <= last for first, last in ranges)
    ]
    if found:
        return failed(f"open to every address: {', '.join(found)}")
    return passed(f"{what} not open to every address")


@rule(
    criteria=["CC6.6"],
    severity=Severity.CRITICAL,
    needs=[Firewall],
    known_as=[
        "powerpipe:restrict_firewall_rule_world_open_tcp_udp_all_ports",
        "powerpipe:compute_firewall_rule_restrict_ingress_all",
    ],
)
def gcp_fw_no_all(firewall: Firewall, evidence: Evidence) -> Verdict:
    """No VPC firewall rule opens all ports to any address.

    Rules of the same network that deny earlier are counted; firewall policies are judged by
    gcp-fw-policy-no-world.

    Why: whatever listens on the machine, now or later, is on the internet.
    Fix: gcloud compute firewall-rules delete NAME; open the ports that are needed to those who need them.
    """
    if idle := _idle(firewall):
        return idle
    everything = any(
        first <= 1 and last >= LAST_PORT
        for protocol in NUMBERS
        for first, last in _ranges(firewall, evidence, protocol)
    )
    return failed("every port is open to every address") if everything else passed("not every port")


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.HIGH,
    needs=[Firewall],
    known_as=[
        "prowler:compute_firewall_ssh_access_from_the_internet_allowed",
        "powerpipe:restrict_firewall_rule_ssh_world_open",
    ],
)
def gcp_fw_no_ssh(firewall: Firewall, evidence: Evidence) -> Verdict:
    """SSH is not open to any address by a VPC firewall rule.

    Rules of the same network that deny earlier are counted; firewall policies are judged by
    gcp-fw-policy-no-world.

    Why: it is tried by robots within minutes, with every password that ever leaked.
    Fix: use Identity-Aware Proxy (gcloud compute ssh --tunnel-through-iap), and gcloud compute
        firewall-rules update NAME --source-ranges=35.235.240.0/20.
    """
    return _closed(firewall, evidence, (22,), "SSH is")


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.HIGH,
    needs=[Firewall],
    known_as=[
        "prowler:compute_firewall_rdp_access_from_the_internet_allowed",
        "powerpipe:restrict_firewall_rule_rdp_world_open",
    ],
)
def gcp_fw_no_rdp(firewall: Firewall, evidence: Evidence) -> Verdict:
    """RDP is not open to any address by a VPC firewall rule.

    Rules of the same network that deny earlier are counted; firewall policies are judged by
    gcp-fw-policy-no-world.

    Why: open RDP is the way by which most ransomware comes in.
    Fix: use Identity-Aware Proxy (gcloud compute start-iap-tunnel), and gcloud compute firewall-rules
        update NAME --source-ranges=35.235.240.0/20.
    """
    return _closed(firewall, evidence, (3389,), "RDP is")


@rule(
    criteria=["CC6.6"],
    severity=Severity.HIGH,
    needs=[Firewall],
    known_as=[
        "powerpipe:compute_firewall_rule_ingress_access_restricted_to_postgresql_port_5432",
        "powerpipe:compute_firewall_rule_ingress_access_restricted_to_mysql_db_port_3306",
        "powerpipe:compute_firewall_rule_ingress_access_restricted_to_mongo_db_port_27017",
        "powerpipe:compute_firewall_rule_ingress_access_restricted_to_tcp_port_6379",
    ],
)
def gcp_fw_no_data_ports(
    firewall: Firewall, evidence: Evidence, *, ports: tuple[int, ...] = DATA_PORTS
) -> Verdict:
    """Databases, caches, brokers, file shares and unencrypted protocols are not open by a VPC firewall rule.

    Rules of the same network that deny earlier are counted; firewall policies are judged by
    gcp-fw-policy-no-world.

    Why: such services expect a friendly network and often ask for no password.
    Fix: gcloud compute firewall-rules update NAME --source-tags or --source-service-accounts of their
        clients only.
    """
    return _closed(firewall, evidence, ports, "these ports are")


@rule(criteria=["CC6.6"], severity=Severity.HIGH)
def gcp_fw_policy_no_world(
    policy: FirewallPolicy, *, ports: tuple[int, ...] = (*ADMIN_PORTS, *DATA_PORTS)
) -> Verdict:
    """Firewall policies open neither administration nor data ports to any address.

    Hierarchical policies and those of networks. What an earlier rule of the policy denies, or leaves to
    whoever is asked next, is counted.

    Why: a rule of a policy opens every network below it, and nobody finds it among the network's own rules.
    Fix: gcloud compute network-firewall-policies rules update PRIORITY --firewall-policy=NAME
        --src-ip-ranges=RANGES (hierarchical: gcloud compute firewall-policies rules update).
    """
    if not policy.resource.data.associations:
        return not_applicable("attached to nothing")
    found = [
        f"{protocol} {port}"
        for protocol in NUMBERS
        for ranges in [policy_opens(policy.resource.data.rules, protocol)]
        for port in ports
        if any(first <= port <= last for first, last in ranges)
    ]
    if found:
        return failed(f"open to every address: {', '.join(found)}")
    return passed("these ports are not open to every address")
