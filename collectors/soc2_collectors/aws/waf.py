"""WAF: web ACLs of each region, and those for CloudFront, which live in one."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.waf import GlobalWebAcl, WebAcl
from soc2_pac.errors import NotOffered
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = 100
_OWNERS = ("CUSTOMER", "SECURITY_LAKE", "CLOUDWATCH_TELEMETRY_RULE_MANAGED")
"""Who may have set up how an ACL logs. AWS tells of the customer's own alone where it is not asked for others."""
_READS = ["wafv2:ListWebACLs", "wafv2:GetWebACL", "wafv2:ListLoggingConfigurations"]


@collects(
    WebAcl,
    calls=[*_READS, "wafv2:ListResourcesForWebACL"],
    per="region",
    cost="pages of 100 + 3 x pages of 100 logging configurations + 2 N",
)
def web_acls(aws: Aws) -> Iterator[Document]:
    """Web ACLs of the region."""
    for document in _listed(aws, "REGIONAL"):
        protected = aws.fact(
            "wafv2",
            "list_resources_for_web_acl",
            key="ResourceArns",
            WebACLArn=document.uid,
            ResourceType="APPLICATION_LOAD_BALANCER",
        )
        body = {**document.body, "ListResourcesForWebACL": protected}
        yield Document(document.uid, document.name, body)


@collects(
    GlobalWebAcl,
    calls=_READS,
    per="account",
    cost="pages of 100 + 3 x pages of 100 logging configurations + N",
)
def global_web_acls(aws: Aws) -> Iterator[Document]:
    """Web ACLs for CloudFront, which AWS offers in its first partition only."""
    if aws.partition != "aws":
        msg = f"web ACLs for CloudFront in the partition {aws.partition}"
        raise NotOffered(msg, operation="wafv2:ListWebACLs")
    yield from _listed(aws, "CLOUDFRONT")


def _listed(aws: Aws, scope: str) -> Iterator[Document]:
    logging = _logging(aws, scope)
    for item in aws.items("wafv2", "list_web_acls", "WebACLs", Scope=scope, Limit=_PAGE):
        details = aws.fact(
            "wafv2", "get_web_acl", key="WebACL", Name=item["Name"], Id=item["Id"], Scope=scope
        )
        told = Fact("wafv2:ListLoggingConfigurations", functools.partial(logging, item["ARN"]))
        body = {**item, "GetWebACL": details, "ListLoggingConfigurations": told}
        yield Document(item["ARN"], item["Name"], body)


def _logging(aws: Aws, scope: str) -> Callable[[str], list[dict[str, Any]]]:
    """How an ACL logs, by whomever that was set up; one listing for each tells it of all of them."""

    @functools.cache
    def listed() -> list[dict[str, Any]]:
        return [
            item
            for owner in _OWNERS
            for item in aws.items(
                "wafv2",
                "list_logging_configurations",
                "LoggingConfigurations",
                Scope=scope,
                Limit=_PAGE,
                LogScope=owner,
            )
        ]

    return lambda arn: [item for item in listed() if item["ResourceArn"] == arn]
