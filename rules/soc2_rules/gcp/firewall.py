"""VPC firewall rules and firewall policies: what is open to the internet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.ports import ADMIN_PORTS, DATA_PORTS
from soc2_collectors.gcp.models.network import Firewall, FirewallPolicy, Network
from soc2_collectors.gcp.models.reach import (
    admits_public,
    opens,
    policy_opens,
    ports,
    surroundings,
)
from soc2_collectors.reach import ALL_PORTS, Spans, common, without
from soc2_pac.model import Severity, Status, Verdict, inconclusive, not_applicable
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import openings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from soc2_collectors.gcp.models.reach import Surroundings
    from soc2_collectors.reach import Open
    from soc2_pac.resources import Resource

_DIRECTIONS = ("INGRESS", "EGRESS")
_BEFORE: list[type[Resource]] = [FirewallPolicy, Network]
"""What may decide before a VPC firewall rule does."""


def _idle(firewall: Firewall) -> Verdict | None:
    """Why the rule lets nothing in at all; ``None`` where it does."""
    said = firewall.rule
    if said.disabled:
        return not_applicable("the rule is disabled")
    if said.direction not in _DIRECTIONS:
        return inconclusive(f"the direction {said.direction!r} is not known")
    if not firewall.lets_in:
        return not_applicable("the rule is about traffic that goes out")
    if not firewall.network:
        return inconclusive("it names no network")
    if said.allowed:
        return None
    return not_applicable("the rule denies") if said.denied else inconclusive("it says nothing")


def _around(firewall: Firewall, evidence: Evidence) -> Surroundings:
    network = evidence.index(Network, "path", within="here").get(firewall.network, (None,))[0]
    same = evidence.index(Firewall, "network", within="here").get(firewall.network, ())
    return surroundings(firewall, same, evidence.here(FirewallPolicy), network)


def _judged(
    firewall: Firewall,
    evidence: Evidence,
    wanted: Mapping[str, Spans],
    decide: Callable[[Mapping[str, Open]], Verdict],
) -> Verdict:
    """The one mechanism: what the rule lets in by itself and, where that matters, what is asked before it."""
    if idle := _idle(firewall):
        return idle
    asked = {
        name: spans
        for name, spans in wanted.items()
        if common(ports(firewall.rule.allowed, name).possible, spans)
    }
    alone = surroundings(firewall, (), (), None)
    verdict = decide({name: opens(firewall, alone, name, spans) for name, spans in asked.items()})
    if verdict.status is Status.PASS and (not asked or not admits_public(firewall)):
        return verdict
    around = _around(firewall, evidence)
    if verdict.status is Status.PASS and not _shares(firewall, around):
        return verdict
    verdict = decide({name: opens(firewall, around, name, spans) for name, spans in asked.items()})
    on = [one for one in around.firewalls if one.rule.denied and one.name != firewall.name]
    beside = around.beside if around.policy_first else ()
    return replace(verdict, on=(*on, *around.above, *beside))


def _shares(firewall: Firewall, around: Surroundings) -> bool:
    """Whether other rules of the network let in a part of the internet, as this one does."""
    return any(one.rule.allowed and one.name != firewall.name for one in around.firewalls)


def _closed(firewall: Firewall, evidence: Evidence, wanted: tuple[int, ...], what: str) -> Verdict:
    """None of these ports is open to the internet."""
    asked = {name: openings.wanted(name, wanted) for name in openings.PROTOCOLS}
    return _judged(firewall, evidence, asked, lambda found: openings.closed(found, wanted, what))


@rule(
    criteria=["CC6.6"],
    severity=Severity.CRITICAL,
    needs=[Firewall],
    where_sourced=_BEFORE,
    known_as=[
        "powerpipe:restrict_firewall_rule_world_open_tcp_udp_all_ports",
        "powerpipe:compute_firewall_rule_restrict_ingress_all",
    ],
)
def gcp_fw_no_all(firewall: Firewall, evidence: Evidence) -> Verdict:
    """No VPC firewall rule opens all ports to the internet.

    Nine tenths of the ports of TCP or of UDP count as all. A tenth of the public addresses of IPv4 or of
    IPv6 counts as the internet. What rules of the same network and firewall policies deny before is taken
    off. Rules of the network are added up that let in a part of the internet each, or a part of the ports.

    Why: whatever listens on the machine, now or later, is on the internet.
    Fix: gcloud compute firewall-rules delete NAME; open the ports that are needed to those who need them.
    """
    asked = dict.fromkeys(openings.PROTOCOLS, ALL_PORTS)
    verdict = _judged(firewall, evidence, asked, openings.not_all)
    if verdict.status is not Status.PASS or not admits_public(firewall):
        return verdict
    return _with_others(firewall, evidence) or verdict


def _with_others(firewall: Firewall, evidence: Evidence) -> Verdict | None:
    """What is to be said of the ports of all rules of the network, where this one is needed for nearly all."""
    around = _around(firewall, evidence)
    if not _shares(firewall, around):
        return None
    found = {}
    for name in openings.PROTOCOLS:
        seen = opens(firewall, around, name, together=True)
        own = ports(firewall.rule.allowed, name).possible
        if not openings.is_nearly_all(without(seen.possible, own)):
            found[name] = seen
    verdict = openings.not_all(found)
    if verdict.status is Status.PASS:
        return None
    others = [one for one in around.firewalls if one.rule.allowed and one.name != firewall.name]
    said = f"{verdict.message}, by this rule together with others of the network"
    beside = around.beside if around.policy_first else ()
    return replace(verdict, message=said, on=(*others, *around.above, *beside))


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.HIGH,
    needs=[Firewall],
    where_sourced=_BEFORE,
    known_as=[
        "prowler:compute_firewall_ssh_access_from_the_internet_allowed",
        "powerpipe:restrict_firewall_rule_ssh_world_open",
    ],
)
def gcp_fw_no_ssh(firewall: Firewall, evidence: Evidence) -> Verdict:
    """No VPC firewall rule opens SSH to the internet.

    What rules of the same network and firewall policies deny before is taken off, and rules that let in a
    part of the internet each are added up. A tenth of the public addresses of IPv4 or of IPv6 counts as
    the internet.

    Why: it is tried by robots within minutes, with every password that ever leaked.
    Fix: use Identity-Aware Proxy (gcloud compute ssh --tunnel-through-iap), and gcloud compute
        firewall-rules update NAME --source-ranges=35.235.240.0/20.
    """
    return _closed(firewall, evidence, (22,), "SSH is")


@rule(
    criteria=["CC6.6", "CC6.7"],
    severity=Severity.HIGH,
    needs=[Firewall],
    where_sourced=_BEFORE,
    known_as=[
        "prowler:compute_firewall_rdp_access_from_the_internet_allowed",
        "powerpipe:restrict_firewall_rule_rdp_world_open",
    ],
)
def gcp_fw_no_rdp(firewall: Firewall, evidence: Evidence) -> Verdict:
    """No VPC firewall rule opens RDP to the internet, over TCP or UDP.

    What rules of the same network and firewall policies deny before is taken off, and rules that let in a
    part of the internet each are added up. A tenth of the public addresses of IPv4 or of IPv6 counts as
    the internet.

    Why: open RDP is the way by which most ransomware comes in.
    Fix: use Identity-Aware Proxy (gcloud compute start-iap-tunnel), and gcloud compute firewall-rules
        update NAME --source-ranges=35.235.240.0/20.
    """
    return _closed(firewall, evidence, (3389,), "RDP is")


@rule(
    criteria=["CC6.6"],
    severity=Severity.HIGH,
    needs=[Firewall],
    where_sourced=_BEFORE,
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
    """No VPC firewall rule opens databases, caches, brokers, directories or file shares to the internet.

    Nor protocols without encryption.

    What rules of the same network and firewall policies deny before is taken off, and rules that let in a
    part of the internet each are added up. A tenth of the public addresses of IPv4 or of IPv6 counts as
    the internet.

    Why: such services expect a friendly network and often ask for no password.
    Fix: gcloud compute firewall-rules update NAME --source-ranges= --source-tags=TAGS, with the tags of
        their clients: ranges that stay let in what they did.
    """
    return _closed(firewall, evidence, ports, "these ports are")


@rule(criteria=["CC6.6"], severity=Severity.HIGH)
def gcp_fw_policy_no_world(
    policy: FirewallPolicy, *, ports: tuple[int, ...] = (*ADMIN_PORTS, *DATA_PORTS)
) -> Verdict:
    """Firewall policies open neither administration nor data ports to the internet.

    Hierarchical policies and those of networks, each by itself. What an earlier rule of the policy
    denies, or leaves to whoever is asked next, is taken off. A tenth of the public addresses of IPv4 or
    of IPv6 counts as the internet.

    Why: a rule of a policy opens every network below it, and nobody finds it among the network's own rules.
    Fix: gcloud compute network-firewall-policies rules update PRIORITY --firewall-policy=NAME
        --src-ip-ranges=RANGES (hierarchical: gcloud compute firewall-policies rules update).
    """
    if not policy.resource.data.associations:
        return not_applicable("attached to nothing")
    if not policy.resource.data.rules:
        return inconclusive("it has no rule, not even Google's own")
    found = {
        name: policy_opens(policy, name, openings.wanted(name, ports))
        for name in openings.PROTOCOLS
    }
    return openings.closed(found, ports, "these ports are")
