"""VPC networks and DNS: what exists, what is reserved, and what is logged."""

from __future__ import annotations

from fnmatch import fnmatchcase
from ipaddress import ip_network

from soc2_collectors.gcp.models.balancing import BackendService
from soc2_collectors.gcp.models.dns import DnsPolicy, ManagedZone
from soc2_collectors.gcp.models.network import Address, Firewall, Network, Subnet
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:compute_network_default_in_use",
        "prowler:compute_network_not_legacy",
        "powerpipe:compute_network_contains_no_default_network",
        "powerpipe:compute_network_contains_no_legacy_network",
    ],
)
def gcp_no_default_network(network: Network) -> Verdict:
    """Default and legacy networks are removed.

    Why: the default network comes with a subnet in every region and rules that admit SSH and RDP from
        anywhere; a legacy one knows no subnets at all.
    Fix: gcloud compute networks delete default, and let the organisation policy
        compute.skipDefaultNetworkCreation keep new projects free of it.
    """
    data = network.resource.data
    if data.legacy_range is not None:
        return failed(f"a legacy network, with the range {data.legacy_range}")
    if data.name == "default":
        return failed("the default network")
    return passed("a network that somebody made")


@rule(
    criteria=["CC6.6", "CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=[DnsPolicy],
    known_as=[
        "prowler:compute_network_dns_logging_enabled",
        "powerpipe:compute_network_dns_logging_enabled",
    ],
)
def gcp_dns_logging(network: Network, evidence: Evidence) -> Verdict:
    """Queries to Cloud DNS are logged for every network.

    Why: which names a machine asked for is often the first trace of malware that calls home.
    Fix: gcloud dns policies create NAME --networks=NETWORK --enable-logging --description="".
    """
    policies = [one for one in evidence.here(DnsPolicy) if network.path in one.networks]
    if logging := [one.resource.data.name for one in policies if one.resource.data.enable_logging]:
        return passed(f"logged by {listed(logging)}")
    if policies:
        return failed(f"{listed(one.resource.data.name for one in policies)} does not log queries")
    return failed("no DNS policy holds for it")


@rule(
    criteria=["CC6.7"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:dns_dnssec_disabled",
        "prowler:dns_rsasha1_in_use_to_key_sign_in_dnssec",
        "prowler:dns_rsasha1_in_use_to_zone_sign_in_dnssec",
        "powerpipe:dns_managed_zone_dnssec_enabled",
    ],
)
def gcp_dnssec(zone: ManagedZone) -> Verdict:
    """Public DNS zones are signed with DNSSEC, and not with SHA-1.

    Why: without a signature whoever sits on the way can send customers elsewhere.
    Fix: gcloud dns managed-zones update NAME --dnssec-state=on, and enter the DS record at the registrar.
    """
    data = zone.resource.data
    if data.visibility != "public":
        return not_applicable(f"a {data.visibility} zone")
    signed = data.dnssec_config
    if signed is None or signed.state != "on":
        return failed(f"DNSSEC is {signed.state if signed else 'off'}")
    weak = [key.key_type for key in signed.default_key_specs if key.algorithm.lower() == "rsasha1"]
    if weak:
        return failed(f"signed with RSA and SHA-1: {listed(weak)}")
    return passed("signed")


@rule(
    criteria=["CC6.6"],
    severity=Severity.LOW,
    known_as=["prowler:compute_public_address_shodan"],
)
def gcp_exposed_addresses(address: Address, *, expected: tuple[str, ...] = ()) -> Verdict:
    """Reserved external addresses are on the list of those that are expected.

    ``expected`` are patterns of names or addresses, such as ``lb-*`` or ``203.0.113.*``. What is listening
    there is not asked of third parties: firewall rules say it.

    Why: an address that nobody expects is a service that nobody watches.
    Fix: gcloud compute addresses delete NAME, or add it to expected with the record of the decision.
    """
    data = address.resource.data
    if data.address_type != "EXTERNAL":
        return not_applicable("an internal address")
    names = (data.name, data.address)
    if any(fnmatchcase(name, pattern) for name in names for pattern in expected):
        return passed(f"{data.address} is expected")
    return failed(f"{data.address} ({data.status}) is not on the list of expected addresses")


_NO_LOGS = {
    "REGIONAL_MANAGED_PROXY": "for proxies of load balancers",
    "GLOBAL_MANAGED_PROXY": "for proxies of load balancers",
    "INTERNAL_HTTPS_LOAD_BALANCER": "for proxies of load balancers",
    "PRIVATE_SERVICE_CONNECT": "for Private Service Connect",
    "PRIVATE_NAT": "for private NAT",
    "PEER_MIGRATION": "reserved for the move of a peer",
}
"""Purposes of subnets that have no flow logs, in words."""
_INSIDE = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
    "35.191.0.0/16",
    "130.211.0.0/22",
    "35.235.240.0/20",
)
"""Private networks, and the ranges of Google's health checks and of Identity-Aware Proxy."""


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:compute_subnet_flow_logs_enabled",
        "powerpipe:enable_network_flow_logs",
    ],
)
def gcp_flow_logs(subnet: Subnet) -> Verdict:
    """Every subnet has flow logs.

    Why: without them nobody can tell afterwards who talked to whom.
    Fix: gcloud compute networks subnets update NAME --region=REGION --enable-flow-logs.
    """
    purpose = subnet.resource.data.purpose
    if purpose in _NO_LOGS:
        return not_applicable(f"a subnet {_NO_LOGS[purpose]}: it has no flow logs")
    return passed("flow logs are on") if subnet.flow_logs else failed("no flow logs")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:compute_loadbalancer_logging_enabled",
        "powerpipe:compute_https_load_balancer_logging_enabled",
    ],
)
def gcp_lb_logging(backend: BackendService) -> Verdict:
    """Load balancers log the requests that they pass on.

    Why: which requests an attacker made is asked first, and the application may have been made to forget
        them.
    Fix: gcloud compute backend-services update NAME --enable-logging --logging-sample-rate=1.
    """
    if not backend.http:
        return not_applicable("no load balancer sends HTTP requests to it")
    log = backend.resource.data.log_config
    return passed("requests are logged") if log and log.enable else failed("no log of requests")


@rule(
    criteria=["CC7.2"],
    severity=Severity.LOW,
    known_as=["powerpipe:compute_firewall_rule_logging_enabled"],
)
def gcp_fw_logging(firewall: Firewall, *, inside: tuple[str, ...] = _INSIDE) -> Verdict:
    """VPC firewall rules that admit addresses from outside log what they admit.

    ``inside`` are ranges that are no boundary: private networks, Google's health checks and proxies.

    Why: what came in through the boundary, and from where, stands nowhere else.
    Fix: gcloud compute firewall-rules update NAME --enable-logging.
    """
    if not firewall.lets_in or not firewall.rule.allowed:
        return not_applicable("it lets nothing in")
    outside = [cidr for cidr in firewall.sources if not _within(cidr, inside)]
    if not outside:
        return not_applicable("it admits nothing from outside")
    log = firewall.rule.log_config
    if log is not None and log.enable:
        return passed(f"logs what it admits from {', '.join(sorted(outside))}")
    return failed(f"admits {', '.join(sorted(outside))} and logs nothing")


def _within(cidr: str, ranges: tuple[str, ...]) -> bool:
    """Whether a range lies in one of the others; one that cannot be read does not."""
    try:
        network = ip_network(cidr, strict=False)
        # Of another version of IP it cannot be a part.
        return any(
            network.version == other.version and network.subnet_of(other)  # type: ignore[arg-type]
            for other in (ip_network(text, strict=False) for text in ranges)
        )
    except ValueError:
        return False
