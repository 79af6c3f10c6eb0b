"""Networks: what guards subnets, public addresses, gateways and the way to machines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from soc2_collectors.azure.models.arm import last_part, same, subscription_of
from soc2_collectors.azure.models.compute import VirtualMachine
from soc2_collectors.azure.models.network import (
    ApplicationGateway,
    BastionHost,
    FrontDoor,
    FrontDoorWafPolicy,
    IpConfiguration,
    NetworkInterface,
    PublicAddress,
    VirtualNetwork,
    WafPolicy,
)
from soc2_collectors.azure.models.security import JitPolicy
from soc2_collectors.azure.models.security_group import NetworkSecurityGroup, Witness, witnesses
from soc2_collectors.reach import LAST_PORT, NOT_OPEN, Opened, both, open_ports, span
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.resources import Resource
from soc2_pac.rules import Evidence, rule
from soc2_pac.text import listed
from soc2_rules.mechanisms import openings

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from soc2_collectors.reach import Open, Place

R = TypeVar("R", bound=Resource)

_SCALE_SET = "/virtualmachinescalesets/"
_CLOSED_SKUS = ("standard", "standardv2")
"""Addresses of these are closed where no group opens them; those of Basic are open."""
_NIC = "/providers/microsoft.network/networkinterfaces/"
_BALANCER = "/providers/microsoft.network/loadbalancers/"


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
    Fix: az network vnet subnet update --vnet-name NETWORK --name SUBNET --resource-group GROUP
        --network-security-group NSG.
    """
    left_out = {name.casefold() for name in exempt}
    judged = [one for one in network.properties.subnets if one.name.casefold() not in left_out]
    spared = [one.name for one in network.properties.subnets if one.name.casefold() in left_out]
    if not judged:
        return not_applicable("no subnet that may have a group")
    bare = [one.name for one in judged if one.properties.network_security_group is None]
    if bare:
        return failed(f"without a group: {listed(bare)}")
    exempted = f"; exempt: {listed(spared)}" if spared else ""
    return passed(f"each of {len(judged)} subnets has one{exempted}")


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
    """Virtual networks of production are protected against floods (DDoS) by a plan.

    Protection of single addresses (DDoS IP Protection) is not asked about: a network that relies on it fails.
    Nor are addresses in it for which protection is switched off.
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
    """Public addresses of machines' own expose approved ports only.

    Judged by the network security groups of the interface and of its subnet: both must admit a port. Rules of
    Virtual Network Manager, which come before them, are not read.

    Why: each open port is a decision; the ones that nobody made show here.
    Fix: az network public-ip delete for what needs none; close the port in the group, or add it to
        allowed with the reason.
    """
    holder = address.properties.ip_configuration
    if holder is None:
        if address.properties.nat_gateway:
            return not_applicable("held by a NAT gateway: nobody comes in through it")
        return passed("nothing has it")
    number = holder.id.casefold()
    if _SCALE_SET in number:
        return inconclusive("held by a machine of a scale set, whose interfaces are not collected")
    if _NIC not in number:
        if _BALANCER in number:
            return not_applicable(
                "held by a load balancer: which ports of machines are behind it is not judged here"
            )
        return not_applicable("held by a service, not by a machine")
    interface = next(
        (
            one
            for one in _near(evidence, NetworkInterface, number, address.id)
            if number.startswith(f"{one.id.casefold()}/")
        ),
        None,
    )
    if interface is None:
        return inconclusive("its interface is not among the collected ones")
    held = next(
        (one for one in interface.properties.ip_configurations if one.id.casefold() == number), None
    )
    if held is None or held.properties.subnet is None:
        return inconclusive("its interface does not say in which subnet it is")
    subnet = held.properties.subnet.id
    network = next(
        (
            (one, part)
            for one in _near(evidence, VirtualNetwork, subnet, address.id)
            for part in one.properties.subnets
            if same(part.id, subnet)
        ),
        None,
    )
    if network is None:
        return inconclusive("its subnet is not among the collected ones")
    guards = (
        interface.properties.network_security_group,
        network[1].properties.network_security_group,
    )
    wanted = {one.id.casefold(): one.id for one in guards if one is not None}
    on: list[object] = [interface, network[0]]
    if not wanted:
        if address.sku and (address.sku.name or "").casefold() in _CLOSED_SKUS:
            return passed(f"no group, which closes a {address.sku.name} address", on=on)
        return failed("no network security group: every port is open", on=on)
    groups = [
        group
        for key, full in wanted.items()
        for group in _near(evidence, NetworkSecurityGroup, full, address.id)
        if group.id.casefold() == key
    ]
    if len(groups) < len(wanted):
        return inconclusive("its network security group is not among the collected ones")
    found = {name: _through(groups, held, name, allowed) for name in openings.PROTOCOLS}
    verdict = openings.only(found, allowed)
    return replace(verdict, on=(*on, *groups))


def _through(
    groups: list[NetworkSecurityGroup],
    held: IpConfiguration,
    protocol: str,
    allowed: tuple[int, ...],
) -> Open:
    """What all groups, one behind the other, open to the internet of the address of an interface."""
    wanted = openings.others(allowed)
    own = held.properties
    inside = span(own.private_ip_address) if own.private_ip_address else None
    places: list[Place | None] = [None]
    if inside is not None:
        places = [*((4, first) for first, _ in inside.v4), *((6, first) for first, _ in inside.v6)]
    members = frozenset(one.id.casefold() for one in own.application_security_groups)
    at = [Witness(place, members) for place in places]
    rules = [rule.properties for group in groups for rule in group.properties.security_rules]
    found = NOT_OPEN
    for witness in witnesses(rules, at):
        through = groups[0].reached(protocol, wanted, witness)
        for group in groups[1:]:
            through = both(through, group.reached(protocol, wanted, witness))
        found |= open_ports(both(through, [Opened(0, LAST_PORT, witness.senders)]))
    return found


def _near(evidence: Evidence, kind: type[R], wanted: str, here: str) -> Sequence[R]:
    """The documents of a kind where a resource lies: in this subscription, or in all of them."""
    if subscription_of(wanted) == subscription_of(here):
        return evidence.here(kind)
    return evidence.everywhere(kind)


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

    Policies of single listeners and paths count as the gateway's own does: they hold there instead of it. A
    policy needs rules of Azure against attacks; those against robots alone are not enough. A custom rule,
    or an exception, that lets the internet pass switches them off; whom one lets pass that asks for what
    everybody can send is not known. Others that let somebody pass are named, and groups of rules that are off in
    whole or in part: it fails where the groups against SQL injection, scripts, commands and reading of files are
    all off. Parts of requests that exclusions keep from the rules are not.

    Why: in detection mode an attack is written down, and let through.
    Fix: az network application-gateway waf-policy policy-setting update --policy-name NAME
        --resource-group GROUP --state Enabled --mode Prevention, and bind the policy to the gateway.
    """
    own = gateway.properties.web_application_firewall_configuration
    whole = gateway.properties.firewall_policy
    links = {
        one.id.casefold(): one for one in (*gateway.own_policies, *((whole,) if whole else ()))
    }
    found: list[WafPolicy] = []
    strange: list[str] = []
    for link in links.values():
        known = _near(evidence, WafPolicy, link.id, gateway.id)
        policy = next((one for one in known if same(one.id, link.id)), None)
        if policy is None:
            strange.append(last_part(link.id))
        else:
            found.append(policy)
    wrong, unread = _weak(found)
    if wrong:
        return failed("; ".join(sorted(wrong)), on=found)
    if whole is None and not gateway.all_listeners:
        if own is None or not own.enabled:
            return failed("no web application firewall", on=found)
        if not same(own.firewall_mode, "Prevention"):
            return failed(f"the mode is {own.firewall_mode or 'not set'}", on=found)
        if own.hollow:
            return failed("its groups of rules against attacks are off", on=found)
    if strange:
        return inconclusive(f"policies that are not among the collected ones: {listed(strange)}")
    if unread:
        return inconclusive("; ".join(unread), on=found)
    if found:
        names = listed(one.name for one in found)
        return passed(f"refuses attacks by {names}{_but(found)}", on=found)
    off = _off(own.spared, skips_bodies=own.request_body_check is False) if own else ""
    return passed(f"its firewall refuses attacks{off}")


def _weak(policies: Sequence[WafPolicy]) -> tuple[list[str], list[str]]:
    """What is wrong with policies, and what cannot be told of them."""
    wrong: list[str] = []
    unread: list[str] = []
    for policy in policies:
        try:
            if weakness := policy.weakness:
                wrong.append(f"the policy {policy.name} {weakness}")
        except FactUnavailable as error:
            unread.append(f"{policy.name}: {error}")
    return wrong, unread


def _off(groups: Collection[str], *, skips_bodies: bool = False) -> str:
    """Names groups of rules that are off, and says where bodies of requests are not looked at."""
    unread = "; bodies of requests are not looked at" if skips_bodies else ""
    return (f"; off in whole or in part: {listed(groups)}" if groups else "") + unread


def _but(policies: Sequence[WafPolicy] | Sequence[FrontDoorWafPolicy]) -> str:
    """Names what policies keep from the rules of Azure."""
    past = {name for one in policies for name in one.past}
    unseen = f"; unseen passes what these allow: {listed(past)}" if past else ""
    spared = {name for one in policies for name in one.spared}
    return _off(spared, skips_bodies=any(one.skips_bodies for one in policies)) + unseen


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
    """There is a way to administer machines without open ports: Azure Bastion, or just-in-time access.

    Bastion counts for every machine of its subscription, just-in-time access for the machines that it names.
    Bastion of another subscription serves the networks that are peered with its own, which is not read: then the
    answer is not known. Whether a port is open beside is asked by azure-public-ip-exposure.

    Why: a port for administrators that is always open is always tried.
    Fix: az network bastion create; or switch on just-in-time access with Defender for Servers.
    """
    number = machine.id.casefold()
    policies = [
        policy
        for policy in evidence.here(JitPolicy)
        if any(one.id.casefold() == number for one in policy.properties.virtual_machines)
    ]
    if policies:
        return passed("its ports open on request", on=policies)
    hosts = evidence.here(BastionHost)
    states = [(one, one.provisioning_state) for one in hosts]
    good = [one for one, state in states if same(state, "Succeeded") or same(state, "Updating")]
    if good:
        said = f"there is Bastion in the subscription: {listed(one.name for one in good)}"
        return passed(said, on=good)
    if any(state is None for _, state in states):
        return inconclusive("Azure does not say whether its Bastion is in use", on=hosts)
    here = subscription_of(machine.id)
    hubs = [
        one
        for one in evidence.everywhere(BastionHost)
        if subscription_of(one.id) != here and not same(one.provisioning_state, "Deleting")
    ]
    if hubs:
        names = listed(one.name for one in hubs)
        said = (
            f"no Bastion in its subscription; whether those of others serve it is not read: {names}"
        )
        return inconclusive(said, on=hubs)
    return failed("no Bastion in the subscription, and its ports do not open on request", on=hosts)


@rule(
    criteria=["CC6.6"],
    severity=Severity.MEDIUM,
    needs=[FrontDoorWafPolicy],
    known_as=["powerpipe:frontdoor_waf_enabled"],
)
def azure_front_door_waf(door: FrontDoor, evidence: Evidence) -> Verdict:
    """Each domain of a classic Front Door has a web application firewall that refuses attacks.

    A policy needs rules of Azure against attacks, which must not merely log; those against robots alone are
    not enough. A custom rule that lets the internet pass switches them off; whom one lets pass that asks for
    what everybody can send is not known. Others that let somebody pass are named, and groups of rules that are
    off in whole or in part: it fails where the groups against SQL injection, scripts, commands and reading of
    files are all off. Parts of requests that exclusions keep from the rules are not. Profiles of Azure
    Front Door Standard and Premium are not judged.

    Why: in detection mode an attack is written down, and let through.
    Fix: az network front-door waf-policy update --name NAME --resource-group GROUP --mode Prevention, and
        bind the policy to each domain.
    """
    if same(door.properties.enabled_state, "Disabled"):
        return not_applicable("it is off")
    wrong: list[str] = []
    strange: list[str] = []
    unread: list[str] = []
    found: dict[str, FrontDoorWafPolicy] = {}
    for frontend in door.properties.frontend_endpoints:
        name = frontend.properties.host_name or frontend.name
        link = frontend.properties.web_application_firewall_policy_link
        if link is None:
            wrong.append(f"{name} has none")
            continue
        known = _near(evidence, FrontDoorWafPolicy, link.id, door.id)
        policy = next((one for one in known if same(one.id, link.id)), None)
        if policy is None:
            strange.append(last_part(link.id))
            continue
        found[policy.id] = policy
        try:
            weakness = policy.weakness
        except FactUnavailable as error:
            unread.append(str(error))
            continue
        if weakness:
            wrong.append(f"the policy {policy.name} of {name} {weakness}")
    on = list(found.values())
    if wrong:
        return failed("; ".join(wrong), on=on)
    if strange:
        return inconclusive(f"policies that are not among the collected ones: {listed(strange)}")
    if unread:
        return inconclusive("; ".join(dict.fromkeys(unread)), on=on)
    count = len(door.properties.frontend_endpoints)
    if not count:
        return not_applicable("it has no domain")
    return passed(f"each of {count} domains has a firewall that refuses attacks{_but(on)}", on=on)
