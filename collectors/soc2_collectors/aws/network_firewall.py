"""Network Firewall: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.network_firewall import Firewall
from soc2_pac.errors import Unexpected
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Firewall,
    calls=[
        "network-firewall:ListFirewalls",
        "network-firewall:DescribeFirewall",
        "network-firewall:DescribeLoggingConfiguration",
        "network-firewall:DescribeFirewallPolicy",
        "network-firewall:ListVpcEndpointAssociations",
        "network-firewall:DescribeVpcEndpointAssociation",
    ],
    per="region",
    cost="pages of 100 + 5 N + 1 per endpoint in another VPC",
)
def firewalls(aws: Aws) -> Iterator[Document]:
    """Firewalls."""
    for item in aws.items("network-firewall", "list_firewalls", "Firewalls"):
        arn = item["FirewallArn"]
        details = _details(aws, arn)
        logging = aws.fact(
            "network-firewall",
            "describe_logging_configuration",
            key="LoggingConfiguration",
            optional=True,
            FirewallArn=arn,
        )
        yield Document(
            arn,
            item["FirewallName"],
            {
                **item,
                "DescribeFirewall": details,
                "DescribeLoggingConfiguration": logging,
                "DescribeFirewallPolicy": _policy(aws, details),
                "ListVpcEndpointAssociations": _associations(aws, arn),
            },
        )


def _details(aws: Aws, arn: str) -> Fact:
    """A firewall with its status, which stands beside it in the answer."""
    whole = aws.fact("network-firewall", "describe_firewall", FirewallArn=arn)

    def call() -> object:
        answer: Any = whole.call()
        firewall = answer.get("Firewall")
        if not isinstance(firewall, dict):
            msg = "network-firewall:DescribeFirewall: the answer has no Firewall"
            raise Unexpected(msg, operation="network-firewall:DescribeFirewall")
        status = (answer.get("FirewallStatus") or {}).get("Status")
        # The rest of the status says how full each zone is, which changes at every read.
        return {**firewall, "FirewallStatusValue": status}

    return Fact("network-firewall:DescribeFirewall", call)


def _associations(aws: Aws, arn: str) -> Fact:
    """The endpoints of a firewall in other VPCs; the listing names them, and nothing more."""

    def call() -> list[Any]:
        found = aws.items(
            "network-firewall",
            "list_vpc_endpoint_associations",
            "VpcEndpointAssociations",
            FirewallArn=arn,
        )
        return [_association(aws, item["VpcEndpointAssociationArn"]) for item in found]

    return Fact("network-firewall:ListVpcEndpointAssociations", call)


def _association(aws: Aws, arn: str) -> dict[str, Any]:
    answer: Any = aws.fact(
        "network-firewall", "describe_vpc_endpoint_association", VpcEndpointAssociationArn=arn
    ).call()
    status = (answer.get("VpcEndpointAssociationStatus") or {}).get("Status")
    return {**answer["VpcEndpointAssociation"], "AssociationStatusValue": status}


def _policy(aws: Aws, details: Fact) -> Fact:
    """The policy of a firewall, which only its own description names.

    ``None`` where it is none that ``DescribeFirewallPolicy`` knows: a Next Generation policy is asked for by another
    call. The firewall itself has not gone.
    """

    def call() -> object:
        firewall: Any = details.call()
        arn = firewall.get("FirewallPolicyArn")
        if not arn:
            msg = "network-firewall:DescribeFirewall: the answer names no policy"
            raise Unexpected(msg, operation="network-firewall:DescribeFirewall")
        return aws.fact(
            "network-firewall",
            "describe_firewall_policy",
            key="FirewallPolicy",
            absent=["ResourceNotFoundException", "InvalidRequestException"],
            FirewallPolicyArn=arn,
        ).call()

    return Fact("network-firewall:DescribeFirewallPolicy", call)
