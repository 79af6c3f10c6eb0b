"""Incident Manager: an account has one replication set; its plans are listed in each of its Regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.ssm_incidents import ResponsePlan
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    ResponsePlan,
    calls=[
        "ssm-incidents:ListReplicationSets",
        "ssm-incidents:ListResponsePlans",
        "ssm-incidents:GetResponsePlan",
    ],
    per="region",
    cost="1, + pages of 100 + N where Incident Manager is set up",
)
def response_plans(aws: Aws) -> Iterator[Document]:
    """Response plans with whom they engage. Without a replication set there can be none."""
    if not list(aws.items("ssm-incidents", "list_replication_sets", "replicationSetArns")):
        return
    for item in aws.items("ssm-incidents", "list_response_plans", "responsePlanSummaries"):
        yield Document(
            item["arn"],
            item.get("displayName") or item["name"],
            {**item, "GetResponsePlan": _plan(aws, item["arn"])},
        )


def _plan(aws: Aws, arn: str) -> Fact:
    """Whom a plan engages; what it says of the incident, and to whom, stays where it is."""
    asked = aws.fact("ssm-incidents", "get_response_plan", arn=arn)

    def kept() -> dict[str, Any]:
        said = asked.call()
        found = said if isinstance(said, dict) else {}
        return {key: found[key] for key in ("engagements", "integrations") if key in found}

    return Fact(asked.operation, kept)
