"""Network Firewall: what stands between a VPC and the internet."""

from __future__ import annotations

from contextlib import suppress

from soc2_collectors.aws.models.network_firewall import Firewall, Policy
from soc2_collectors.aws.models.vpc import InternetGateway, Vpc
from soc2_pac.errors import FactUnavailable
from soc2_pac.model import Scope, Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.known import asked

_KEEPS = frozenset({"aws:drop", "aws:forward_to_sfe"})
"""What may happen to a packet that no stateless rule knows: dropped, or handed to the stateful engine."""
_HANDS_ON = "aws:forward_to_sfe"
_PASSES = "aws:pass"
_OUT_OF_USE = ("DELETING", "FAILED")
_IN_USE = ("READY", "STANDBY")
"""A firewall of an internet gateway stands by while the VPC holds nothing that needs it (Network Firewall API,
FirewallStatus)."""


@rule(
    criteria=["CC6.6", "CC7.2"],
    severity=Severity.LOW,
    needs=[Firewall, InternetGateway],
    known_as=[
        "prowler:networkfirewall_in_all_vpc",
        "prowler:networkfirewall_logging_enabled",
        "prowler:networkfirewall_policy_default_action_full_packets",
        "prowler:networkfirewall_policy_default_action_fragmented_packets",
    ],
)
def aws_network_firewall(
    vpc: Vpc, scope: Scope, evidence: Evidence, *, logs: tuple[str, ...] = ("ALERT", "FLOW")
) -> Verdict:
    """VPCs with an internet gateway have a firewall that logs, and that drops or inspects by default.

    A firewall counts that is ready, or stands by at the internet gateway, and stands in the VPC or has an endpoint
    there. Next Generation policies are not read. Default is what happens to whole packets and fragments that no
    stateless rule knows. Inspected is what a stateful engine gets that has rules, or
    drops what it does not know. Which routes lead through the firewall, and what its rules let through, is not
    judged.

    Why: security groups say who may connect, and nothing of what is said then.
    Fix: aws network-firewall create-firewall in the VPC, update-logging-configuration for alerts and flows,
        and a policy with aws:forward_to_sfe or aws:drop; waive it where another product does this.
    """
    if vpc.owner_id not in (None, scope.account):
        return not_applicable(f"it belongs to the account {vpc.owner_id}, which shares it")
    gateways = evidence.here(InternetGateway)
    if not any(a.vpc_id == vpc.vpc_id for gateway in gateways for a in gateway.attachments):
        return not_applicable("no internet gateway")
    known, unread = asked(evidence.here(Firewall), lambda item: item.statuses(vpc.vpc_id))
    there = [(item, statuses) for item, statuses in known if statuses]
    here = [item for item, _ in there]
    found = [
        f"{item.name} {problem}"
        for item, statuses in there
        if (problem := _problem(item, statuses, logs))
    ]
    if found:
        return failed("; ".join(sorted(found)), on=here)
    if unread is not None:
        raise unread
    if not here:
        return failed("an internet gateway and no firewall")
    unknown = [
        f"{item.name}: {what}"
        for item, statuses in there
        if (what := _unknown(item, statuses, logs))
    ]
    if unknown:
        return inconclusive("; ".join(sorted(unknown)), on=here)
    names = ", ".join(sorted(item.name for item in here))
    return passed(f"{names}: logs {', '.join(sorted(logs))}, drops or inspects by default", on=here)


def _problem(firewall: Firewall, statuses: list[str | None], logs: tuple[str, ...]) -> str | None:
    """What is wrong with a firewall for certain, whatever else could not be read."""
    if gone := [status for status in statuses if status in _OUT_OF_USE]:
        return f"is {gone[0]}: it handles no traffic"
    with suppress(FactUnavailable):
        if firewall.policy is not None and (passes := _lets_through(firewall.policy)):
            return passes
    with suppress(FactUnavailable):
        if lacking := _not_logged(firewall, logs):
            return f"does not log {', '.join(lacking)}"
    return None


def _lets_through(policy: Policy) -> str:
    for what, actions in (
        ("packets", policy.stateless_default_actions),
        ("fragments", policy.stateless_fragment_default_actions),
    ):
        if actions is not None and (not actions or _PASSES in actions):
            return f"lets unknown {what} through ({', '.join(actions) or 'no default action'})"
    if _HANDS_ON in _defaults(policy) and not policy.inspects:
        return "hands packets to a stateful engine that has no rules and drops nothing"
    return ""


def _defaults(policy: Policy) -> set[str]:
    return {*policy.stateless_default_actions, *(policy.stateless_fragment_default_actions or ())}


def _not_logged(firewall: Firewall, logs: tuple[str, ...]) -> list[str]:
    set_up = firewall.logging.log_destination_configs if firewall.logging else []
    return sorted(set(logs) - {destination.log_type for destination in set_up})


def _unknown(firewall: Firewall, statuses: list[str | None], logs: tuple[str, ...]) -> str | None:
    """Why nobody can say that a firewall is right; ``None`` where it is. Raises FactUnavailable."""
    if strange := [status for status in statuses if status not in _IN_USE]:
        return f"whether it handles traffic is not known: AWS says {strange[0] or 'no status'}"
    policy = firewall.policy
    if policy is None:
        return "what its policy does was not read: it is a Next Generation policy"
    for actions in (policy.stateless_default_actions, policy.stateless_fragment_default_actions):
        if actions is None:
            return "AWS does not say what happens to fragments"
        if not _KEEPS.intersection(actions):
            return f"what {', '.join(actions)} does is not known"
    lacking = _not_logged(firewall, logs)
    return f"not logged: {', '.join(lacking)}" if lacking else None
