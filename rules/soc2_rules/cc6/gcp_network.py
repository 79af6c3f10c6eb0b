"""VPC networks and DNS: what is there, what is known of it, and what is reserved."""

from __future__ import annotations

from fnmatch import fnmatchcase

from soc2_collectors.gcp.models.dns import DnsPolicy, ManagedZone
from soc2_collectors.gcp.models.network import Address, Network
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
