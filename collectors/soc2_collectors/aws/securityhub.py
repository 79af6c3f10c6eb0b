"""Security Hub: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.securityhub import Hub
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_OFF = ["InvalidAccessException~not subscribed"]
"""How Security Hub says that the account is not subscribed to it: the code means other refusals, too."""


@collects(
    Hub,
    calls=[
        "securityhub:DescribeHub",
        "securityhub:GetEnabledStandards",
        "securityhub:ListFindingAggregators",
        "securityhub:GetFindingAggregator",
        "securityhub:GetAdministratorAccount",
    ],
    per="region",
    cost="5",
)
def hub(aws: Aws) -> Iterator[Document]:
    """One document a region."""
    body = {
        "DescribeHub": aws.fact("securityhub", "describe_hub", absent=_OFF),
        "GetEnabledStandards": aws.fact(
            "securityhub",
            "get_enabled_standards",
            key="StandardsSubscriptions",
            absent=_OFF,
            MaxResults=100,
        ),
        "GetFindingAggregator": _aggregators(aws),
        "GetAdministratorAccount": aws.fact(
            "securityhub",
            "get_administrator_account",
            key="Administrator",
            optional=True,
            absent=_OFF,
        ),
    }
    yield Document(aws.region, aws.region, body)


def _aggregators(aws: Aws) -> Fact:
    """Which Regions' findings are gathered where; ``None`` where Security Hub is off."""
    listed = aws.fact(
        "securityhub", "list_finding_aggregators", key="FindingAggregators", absent=_OFF
    )

    def call() -> object:
        found: Any = listed.call()
        if found is None:
            return None
        arns = [item["FindingAggregatorArn"] for item in found]
        # It is asked for in the Region where the findings are gathered, which its ARN names.
        return [
            aws.ask(
                "securityhub",
                "get_finding_aggregator",
                region=arn.split(":")[3],
                FindingAggregatorArn=arn,
            )
            for arn in arns
        ]

    return Fact("securityhub:GetFindingAggregator", call)
