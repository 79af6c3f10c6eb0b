"""Security Hub: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.securityhub import Hub
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_OFF = ["InvalidAccessException", "ResourceNotFoundException"]
"""How Security Hub says that the account is not subscribed to it."""


@collects(
    Hub,
    calls=[
        "securityhub:DescribeHub",
        "securityhub:GetEnabledStandards",
        "securityhub:ListFindingAggregators",
    ],
    per="region",
    cost="3",
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
        "ListFindingAggregators": aws.fact(
            "securityhub", "list_finding_aggregators", key="FindingAggregators", absent=_OFF
        ),
    }
    yield Document(aws.region, aws.region, body)
