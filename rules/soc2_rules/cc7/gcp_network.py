"""Networks: what is logged of what goes through them."""

from __future__ import annotations

from ipaddress import ip_network

from soc2_collectors.gcp.models.balancing import BackendService
from soc2_collectors.gcp.models.network import Firewall, Subnet
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import rule

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
