"""VPC networks and DNS: what exists, what is reserved, and what is logged."""

from __future__ import annotations

from fnmatch import fnmatchcase

from soc2_collectors.gcp.models.balancing import BackendService
from soc2_collectors.gcp.models.dns import DnsPolicy, ManagedZone
from soc2_collectors.gcp.models.network import Address, Firewall, LogConfig, Network, Subnet
from soc2_collectors.reach import networks
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
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
    """Queries to Cloud DNS are logged for every network, by its DNS policy.

    Why: which names a machine asked for is often the first trace of malware that calls home.
    Fix: gcloud dns policies create NAME --networks=NETWORK --enable-logging --description="".
    """
    policies = [one for one in evidence.here(DnsPolicy) if network.path in one.networks]
    logging = [one for one in policies if one.resource.data.enable_logging]
    if logging:
        return passed(f"logged by {listed(one.resource.data.name for one in logging)}", on=logging)
    if policies:
        names = listed(one.resource.data.name for one in policies)
        return failed(f"{names} does not log queries", on=policies)
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

    Whether the registrar has the DS record is not asked.

    Why: without a signature whoever sits on the way can send customers elsewhere.
    Fix: gcloud dns managed-zones update NAME --dnssec-state=on, and enter the DS record at the registrar.
    """
    data = zone.resource.data
    # The inventory writes PUBLIC, ON and RSASHA1, Cloud DNS itself public, on and rsasha1.
    visibility = data.visibility.casefold()
    if visibility == "private":
        return not_applicable("a private zone")
    signed = data.dnssec_config
    state = signed.state.casefold() if signed else "off"
    if visibility != "public":
        return inconclusive(f"the visibility {data.visibility!r} is not known")
    if signed is None or state in ("off", "transfer"):
        return failed(f"DNSSEC is {state}")
    keys = [(key.key_type, key.algorithm.casefold()) for key in signed.default_key_specs]
    if weak := [name for name, algorithm in keys if algorithm == "rsasha1"]:
        return failed(f"signed with RSA and SHA-1: {listed(weak)}")
    algorithms = {algorithm for _, algorithm in keys}
    if state != "on" or not _STRONG.issuperset(algorithms):
        return inconclusive(f"DNSSEC is {state}, by {listed(algorithms)}: that is not known")
    return passed(f"signed by {listed(algorithms)}" if keys else "signed by Google's default")


_STRONG = frozenset({"rsasha256", "rsasha512", "ecdsap256sha256", "ecdsap384sha384"})
"""Algorithms of Cloud DNS but the one that rests on SHA-1. RSASHA256 is the default."""


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
    if data.address_type == "INTERNAL":
        return not_applicable("an internal address")
    if data.address_type != "EXTERNAL":
        return inconclusive(f"an address of the type {data.address_type!r}")
    names = (data.name, data.address)
    if any(fnmatchcase(name, pattern) for name in names for pattern in expected):
        return passed(f"{data.address or data.name} is expected")
    return failed(
        f"{data.address or data.name} ({data.status}) is not on the list of expected addresses"
    )


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
    "100.64.0.0/10",
    "192.0.0.0/24",
    "198.18.0.0/15",
    "240.0.0.0/4",
    "fc00::/7",
    "35.191.0.0/16",
    "130.211.0.0/22",
    "209.85.152.0/22",
    "209.85.204.0/22",
    "2600:1901:8001::/48",
    "2600:2d00:1:1::/64",
    "2600:2d00:1:b029::/64",
    "35.235.240.0/20",
    "2600:2d00:1:7::/64",
)
"""Private networks, and the ranges of Google's health checks and proxies and of Identity-Aware Proxy, of IPv4 and
IPv6. Source: VPC, "Subnets" (valid private IPv4 ranges); Cloud Load Balancing, "Firewall rules"; Identity-Aware
Proxy, "Using TCP forwarding"."""


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:compute_subnet_flow_logs_enabled",
        "powerpipe:enable_network_flow_logs",
    ],
)
def gcp_flow_logs(subnet: Subnet, *, lowest_sampling: float = 0.01) -> Verdict:
    """The settings of every subnet switch flow logs on, for a share of the flows, without a filter.

    ``lowest_sampling`` is the share of flows from which on a log counts. Flow logs that are configured beside
    the subnet, for a whole network or organisation too (VpcFlowLogsConfig), are not read and do not count.

    Why: without them nobody can tell afterwards who talked to whom.
    Fix: gcloud compute networks subnets update NAME --region=REGION --enable-flow-logs
        --logging-flow-sampling=0.5 --logging-filter-expr=true.
    """
    purpose = subnet.resource.data.purpose
    if purpose in _NO_LOGS:
        return not_applicable(f"a subnet {_NO_LOGS[purpose]}: it has no flow logs")
    if not subnet.flow_logs:
        return failed("its settings have no flow logs")
    log = subnet.resource.data.log_config or LogConfig()
    sampling = log.flow_sampling
    if sampling is not None and sampling < lowest_sampling:
        return failed(f"flow logs are on, with a sampling of {sampling:g}")
    filtered = (log.filter_expr or "true").strip()
    if filtered.casefold() == "false":
        return failed("flow logs are on, and their filter is never true")
    if filtered.casefold() != "true":
        return inconclusive(f"flow logs are on, for what the filter {filtered!r} lets through")
    share = "Google's default sampling" if sampling is None else f"a sampling of {sampling:g}"
    return passed(f"flow logs are on, with {share}")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:compute_loadbalancer_logging_enabled",
        "powerpipe:compute_https_load_balancer_logging_enabled",
    ],
)
def gcp_lb_logging(backend: BackendService, *, lowest_rate: float = 0.01) -> Verdict:
    """Load balancers log the HTTP requests that they pass on, or a share of them.

    ``lowest_rate`` is the share of requests from which on a log counts.

    Why: which requests an attacker made is asked first, and the application may have been made to forget
        them.
    Fix: gcloud compute backend-services update NAME --enable-logging --logging-sample-rate=1.
    """
    if not backend.http:
        return not_applicable("no load balancer sends HTTP requests to it")
    log = backend.resource.data.log_config
    if log is None or not log.enable:
        return failed("no log of requests")
    rate = 1.0 if log.sample_rate is None else log.sample_rate
    if rate < lowest_rate:
        return failed(f"requests are logged, with a sample rate of {rate:g}")
    return passed(f"requests are logged, with a sample rate of {rate:g}")


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
    said = firewall.rule
    if said.disabled or said.direction == "EGRESS" or (said.denied and not said.allowed):
        return not_applicable("it lets nothing in")
    if said.direction != "INGRESS" or not said.allowed:
        return inconclusive("what it does is not known")
    within = networks(inside).certain
    outside = sorted(cidr for cidr in firewall.sources if networks([cidr]).possible - within)
    if not outside:
        return not_applicable("it admits nothing from outside")
    log = said.log_config
    if log is not None and log.enable:
        return passed(f"logs what it admits from {', '.join(outside)}")
    return failed(f"admits {', '.join(outside)} and logs nothing")
