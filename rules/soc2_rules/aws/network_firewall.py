"""Network Firewall: what stands between a VPC and the internet."""

from __future__ import annotations

from soc2_collectors.aws.models.network_firewall import Firewall
from soc2_collectors.aws.models.vpc import InternetGateway, Vpc
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule

_KEEPS = ("aws:drop", "aws:forward_to_sfe")
"""What may happen to a packet that no stateless rule knows: dropped, or looked at by the stateful ones."""


@rule(
    criteria=["CC6.6", "CC7.2"],
    severity=Severity.LOW,
    needs=[Firewall, InternetGateway],
    known_as=[
        "prowler:networkfirewall_in_all_vpc",
        "prowler:networkfirewall_logging_enabled",
        "prowler:networkfirewall_policy_default_action_full_packets",
    ],
)
def aws_network_firewall(
    vpc: Vpc, evidence: Evidence, *, logs: tuple[str, ...] = ("ALERT", "FLOW")
) -> Verdict:
    """VPCs at the edge pass through a firewall that logs and lets nothing through by default.

    Why: security groups say who may connect, and nothing of what is said then.
    Fix: aws network-firewall create-firewall in the VPC, update-logging-configuration for alerts and flows,
        and a policy with aws:forward_to_sfe or aws:drop; waive it where another product does this.
    """
    gateways = evidence.here(InternetGateway)
    if not any(a.vpc_id == vpc.vpc_id for gateway in gateways for a in gateway.attachments):
        return not_applicable("no internet gateway")
    here = [item for item in evidence.here(Firewall) if item.details.vpc_id == vpc.vpc_id]
    if not here:
        return failed("an internet gateway and no firewall")
    found = [f"{item.name} {problem}" for item in here if (problem := _problem(item, logs))]
    if found:
        return failed("; ".join(sorted(found)))
    return passed(f"behind {', '.join(sorted(item.name for item in here))}")


def _problem(firewall: Firewall, logs: tuple[str, ...]) -> str | None:
    actions = firewall.policy.stateless_default_actions
    if not any(action in _KEEPS for action in actions):
        return f"lets unknown packets through ({', '.join(actions) or 'no default action'})"
    told = firewall.logging.log_destination_configs if firewall.logging else []
    lacking = sorted(set(logs) - {destination.log_type for destination in told})
    return f"does not log {', '.join(lacking)}" if lacking else None
