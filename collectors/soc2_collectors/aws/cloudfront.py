"""CloudFront: account-wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.cloudfront import Distribution, LogSource
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Distribution,
    calls=["cloudfront:ListDistributions", "cloudfront:GetDistributionConfig"],
    per="account",
    cost="pages of 100 + N",
)
def distributions(aws: Aws) -> Iterator[Document]:
    """Distributions; what the listing leaves out (logging) is a fact."""
    for page in aws.pages("cloudfront", "list_distributions"):
        for item in page["DistributionList"].get("Items") or ():
            config = aws.fact(
                "cloudfront", "get_distribution_config", key="DistributionConfig", Id=item["Id"]
            )
            name = item.get("Comment") or item["DomainName"]
            yield Document(item["ARN"], name, {**item, "GetDistributionConfig": config})


@collects(LogSource, calls=["logs:DescribeDeliverySources"], per="account", cost="pages of 50")
def log_sources(aws: Aws) -> Iterator[Document]:
    """What sends logs through CloudWatch's deliveries; CloudFront's are those of its home region."""
    for item in aws.items("logs", "describe_delivery_sources", "deliverySources"):
        if item.get("service") == "cloudfront":
            yield Document(item["arn"], item["name"], item)
