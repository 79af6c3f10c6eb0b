"""Networks: what guards subnets, public addresses, gateways and the way to machines."""

from __future__ import annotations

from soc2_collectors.azure.models.arm import last_part, same, subscription_of
from soc2_collectors.azure.models.compute import VirtualMachine
from soc2_collectors.azure.models.network import (
    ApplicationGateway,
    BastionHost,
    FrontDoor,
    FrontDoorWafPolicy,
    NetworkInterface,
    PublicAddress,
    VirtualNetwork,
    WafPolicy,
)
from soc2_collectors.azure.models.security import JitPolicy
from soc2_collectors.azure.models.security_group import NetworkSecurityGroup
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed

_NIC = "/providers/microsoft.network/networkinterfaces/"


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:network_subnet_nsg_associated",
        "powerpipe:network_security_group_subnet_associated",
    ],
)
def azure_subnet_nsg(
    network: VirtualNetwork,
    *,
    exempt: tuple[str, ...] = (
        "GatewaySubnet",
        "AzureFirewallSubnet",
        "AzureFirewallManagementSubnet",
        "RouteServerSubnet",
    ),
) -> Verdict:
    """Every subnet has a network security group.

    ``exempt``: names of subnets for which Azure takes none.

    Why: without one, each machine guards itself, and the one that was forgotten does not.
    Fix: az network vnet subnet update --network-security-group GROUP.
    """
    left_out = {name.casefold() for name in exempt}
    judged = [one for one in network.properties.subnets if one.name.casefold() not in left_out]
    if not judged:
        return not_applicable("no subnet that may have a group")
    bare = [one.name for one in judged if one.properties.network_security_group is None]
    return failed(f"without a group: {listed(bare)}") if bare else passed("every subnet has one")


@rule(
    criteria=["CC6.6"],
    severity=Severity.LOW,
    known_as=["prowler:network_vnet_ddos_protection_enabled", "powerpipe:network_ddos_enabled"],
)
def azure_ddos(
    network: VirtualNetwork,
    *,
    production_tag: str = "environment",
    production_values: tuple[str, ...] = ("production", "prod"),
) -> Verdict:
    """Virtual networks of production are protected against floods (DDoS).

    ``production_tag`` and ``production_values`` say which networks are meant; an empty tag: all.

    Why: Azure's basic protection keeps Azure up, not the company's service.
    Fix: az network vnet update --ddos-protection true --ddos-protection-plan PLAN.
    """
    if network.properties.enable_ddos_protection:
        return passed("protected by a plan")
    if production_tag and not network.tagged(production_tag, production_values):
        return not_applicable(f"not tagged as production by {production_tag}")
    return failed("not protected by a plan")


@rule(
    criteria=["CC6.6", "CC6.1"],
    severity=Severity.MEDIUM,
    needs=[NetworkInterface, NetworkSecurityGroup, VirtualNetwork],
)
def azure_public_ip_exposure(
    address: PublicAddress, evidence: Evidence, *, allowed: tuple[int, ...] = (80, 443)
) -> Verdict:
    """Public addresses of machines expose approved ports only.

    Judged by the network security groups of the interface and of its subnet: both must admit a port.

    Why: each open port is a decision; the ones that nobody made show here.
    Fix: az network public-ip delete for what needs none; close the port in the group, or add it to
        allowed with the reason.
    """
    holder = address.properties.ip_configuration
    if holder is None:
        return passed("nothing has it")
    number = holder.id.casefold()
    if _NIC not in number:
        return not_applicable("held by a service, not by a machine")
    interface = next(
        (
            one
            for one in evidence.here(NetworkInterface)
            if number.startswith(f"{one.id.casefold()}/")
        ),
        None,
    )
    if interface is None:
        return inconclusive("its interface is not among the collected ones")
    wanted = set()
    if interface.properties.network_security_group:
        wanted.add(interface.properties.network_security_group.id.casefold())
    subnets = {
        one.properties.subnet.id.casefold()
        for one in interface.properties.ip_configurations
        if one.id.casefold() == number and one.properties.subnet
    }
    known = {
        one.id.casefold(): one
        for network in evidence.here(VirtualNetwork)
        for one in network.properties.subnets
    }
    if not subnets <= known.keys():
        return inconclusive("its subnet is not among the collected ones")
    for name in subnets:
        group = known[name].properties.network_security_group
        if group:
            wanted.add(group.id.casefold())
    if not wanted:
        if address.sku and same(address.sku.name, "Standard"):
            return passed("no group, which closes a Standard address")
        return failed("no network security group: every port is open")
    groups = [one for one in evidence.here(NetworkSecurityGroup) if one.id.casefold() in wanted]
    if len(groups) < len(wanted):
        return inconclusive("its network security group is not among the collected ones")
    others = [
        f"{protocol} {first}" if first == last else f"{protocol} {first}-{last}"
        for protocol in ("tcp", "udp")
        for first, last in _common([group.world_ranges(protocol) for group in groups])
        if len({port for port in allowed if first <= port <= last}) != last - first + 1
    ]
    if others:
        return failed(f"open to every address: {', '.join(others)}")
    return passed("no other port is open to every address")


def _common(several: list[list[tuple[int, int]]]) -> list[tuple[int, int]]:
    """The ports that all of these ranges hold."""
    left = several[0]
    for ranges in several[1:]:
        left = [
            (max(a, c), min(b, d)) for a, b in left for c, d in ranges if max(a, c) <= min(b, d)
        ]
    return left


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[WafPolicy],
    known_as=[
        "powerpipe:application_gateway_waf_enabled",
        "powerpipe:application_gateway_waf_uses_specified_mode",
    ],
)
def azure_waf(gateway: ApplicationGateway, evidence: Evidence) -> Verdict:
    """Application gateways have a web application firewall that refuses attacks.

    Why: in detection mode an attack is written down, and let through.
    Fix: az network application-gateway waf-policy policy-setting update --state Enabled --mode Prevention,
        and bind the policy to the gateway.
    """
    own = gateway.properties.web_application_firewall_configuration
    policy = gateway.properties.firewall_policy
    if policy is not None:
        same_place = subscription_of(policy.id) == subscription_of(gateway.id)
        known = evidence.here(WafPolicy) if same_place else evidence.everywhere(WafPolicy)
        found = next((one for one in known if same(one.id, policy.id)), None)
        if found is None:
            return inconclusive(
                f"the policy {last_part(policy.id)} is not among the collected ones"
            )
        if found.prevents:
            return passed(f"the policy {found.name} refuses attacks")
        return failed(f"the policy {found.name} is off, or only detects")
    if own is None or not own.enabled:
        return failed("no web application firewall")
    if not same(own.firewall_mode, "Prevention"):
        return failed(f"the mode is {own.firewall_mode or 'not set'}")
    return passed("its firewall refuses attacks")


@rule(
    criteria=["CC6.1", "CC6.6"],
    severity=Severity.MEDIUM,
    needs=[BastionHost, JitPolicy],
    known_as=[
        "prowler:network_bastion_host_exists",
        "prowler:vm_jit_access_enabled",
        "powerpipe:network_bastion_host_min_1",
        "powerpipe:compute_vm_jit_access_protected",
    ],
)
def azure_bastion_or_jit(machine: VirtualMachine, evidence: Evidence) -> Verdict:
    """Machines are administered through Azure Bastion, or through ports that open on request.

    Why: a port for administrators that is always open is always tried.
    Fix: az network bastion create; or switch on just-in-time access with Defender for Servers.
    """
    number = machine.id.casefold()
    if any(
        one.id.casefold() == number
        for policy in evidence.here(JitPolicy)
        for one in policy.properties.virtual_machines
    ):
        return passed("its ports open on request")
    bastions = [one.name for one in evidence.here(BastionHost)]
    if bastions:
        return passed(f"there is Bastion in the subscription: {listed(bastions)}")
    return failed("no Bastion in the subscription, and its ports do not open on request")


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[FrontDoorWafPolicy],
    known_as=["powerpipe:frontdoor_waf_enabled"],
)
def azure_front_door_waf(door: FrontDoor, evidence: Evidence) -> Verdict:
    """Each domain of a Front Door has a web application firewall that refuses attacks.

    Classic Front Doors are judged; profiles of Azure Front Door Standard and Premium are not.

    Why: in detection mode an attack is written down, and let through.
    Fix: az network front-door waf-policy update --mode Prevention, and bind the policy to each domain.
    """
    wrong: list[str] = []
    strange: list[str] = []
    for frontend in door.properties.frontend_endpoints:
        name = frontend.properties.host_name or frontend.name
        link = frontend.properties.web_application_firewall_policy_link
        if link is None:
            wrong.append(f"{name} has none")
            continue
        near = subscription_of(link.id) == subscription_of(door.id)
        known = (
            evidence.here(FrontDoorWafPolicy) if near else evidence.everywhere(FrontDoorWafPolicy)
        )
        policy = next((one for one in known if same(one.id, link.id)), None)
        if policy is None:
            strange.append(last_part(link.id))
        elif not policy.prevents:
            wrong.append(f"the policy {policy.name} of {name} is off, or only detects")
    if wrong:
        return failed("; ".join(wrong))
    if strange:
        return inconclusive(f"policies that are not among the collected ones: {listed(strange)}")
    if not door.properties.frontend_endpoints:
        return not_applicable("it has no domain")
    return passed("each domain has a firewall that refuses attacks")
