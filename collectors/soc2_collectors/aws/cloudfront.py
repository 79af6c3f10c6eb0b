"""CloudFront: account-wide."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.logs import described
from soc2_collectors.aws.models.cloudfront import Distribution, LogSource
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws


@collects(
    Distribution,
    calls=[
        "cloudfront:ListDistributions",
        "cloudfront:GetDistributionConfig",
        "cloudfront:ListOriginAccessControls",
        "cloudfront:GetVpcOrigin",
    ],
    per="account",
    cost="pages of 100 + pages of 100 access controls + N + 1 per VPC origin",
)
def distributions(aws: Aws) -> Iterator[Document]:
    """Distributions; what the listing leaves out (logging, how origins are asked) are facts."""

    @functools.cache
    def controls() -> dict[str, dict[str, Any]]:
        """One listing tells of all of them."""
        return {
            control["Id"]: control
            for page in aws.pages("cloudfront", "list_origin_access_controls")
            for control in page["OriginAccessControlList"].get("Items") or ()
        }

    @functools.cache
    def within(number: str) -> object:
        """An origin in a VPC, which several distributions may have."""
        return aws.fact("cloudfront", "get_vpc_origin", key="VpcOrigin", Id=number).call()

    def in_vpcs(item: dict[str, Any]) -> list[object]:
        origins = (item.get("Origins") or {}).get("Items") or ()
        named = {
            str(origin["VpcOriginConfig"]["VpcOriginId"])
            for origin in origins
            if origin.get("VpcOriginConfig")
        }
        return [within(number) for number in sorted(named)]

    def used(item: dict[str, Any]) -> list[dict[str, Any]]:
        origins = (item.get("Origins") or {}).get("Items") or ()
        wanted = {origin.get("OriginAccessControlId") for origin in origins}
        return [control for number, control in sorted(controls().items()) if number in wanted]

    for page in aws.pages("cloudfront", "list_distributions"):
        for item in page["DistributionList"].get("Items") or ():
            config = aws.fact(
                "cloudfront", "get_distribution_config", key="DistributionConfig", Id=item["Id"]
            )
            name = item.get("Comment") or item["DomainName"]
            listed = Fact("cloudfront:ListOriginAccessControls", functools.partial(used, item))
            body = {
                **item,
                "GetDistributionConfig": config,
                "ListOriginAccessControls": listed,
                "GetVpcOrigin": Fact("cloudfront:GetVpcOrigin", functools.partial(in_vpcs, item)),
            }
            yield Document(item["ARN"], name, body)


@collects(
    LogSource,
    calls=["logs:DescribeDeliverySources", "logs:DescribeDeliveries"],
    per="account",
    cost="pages of 50 + pages of 50 deliveries",
)
def log_sources(aws: Aws) -> Iterator[Document]:
    """What sends logs through CloudWatch's deliveries; CloudFront's are those of its home region."""
    for document in described(aws):
        if document.body.get("service") == "cloudfront":
            yield document
