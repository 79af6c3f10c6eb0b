"""Elastic Load Balancing, of both generations: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.elb import ClassicLoadBalancer, LoadBalancer, TlsPolicy
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.aws.client import Aws

_PAGE = {"PageSize": 400}
"""The most of both generations."""


@collects(
    LoadBalancer,
    calls=[
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeListeners",
    ],
    per="region",
    cost="pages of 400 + 2 N",
)
def load_balancers(aws: Aws) -> Iterator[Document]:
    """Application, network and gateway load balancers."""
    for item in aws.items(
        "elbv2", "describe_load_balancers", "LoadBalancers", PaginationConfig=_PAGE
    ):
        arn = item["LoadBalancerArn"]
        attributes = aws.fact(
            "elbv2", "describe_load_balancer_attributes", key="Attributes", LoadBalancerArn=arn
        )
        yield Document(
            arn,
            item["LoadBalancerName"],
            {
                **item,
                "DescribeLoadBalancerAttributes": attributes,
                "DescribeListeners": _listeners(aws, arn),
            },
        )


def _listeners(aws: Aws, arn: str) -> Fact:
    def call() -> list[Any]:
        return list(aws.items("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn))

    return Fact("elasticloadbalancing:DescribeListeners", call)


@collects(
    ClassicLoadBalancer,
    calls=[
        "elasticloadbalancing:DescribeLoadBalancers",
        "elasticloadbalancing:DescribeLoadBalancerAttributes",
        "elasticloadbalancing:DescribeLoadBalancerPolicies",
    ],
    per="region",
    cost="pages of 400 + 2 N",
)
def classic_load_balancers(aws: Aws) -> Iterator[Document]:
    """Classic load balancers."""
    for item in aws.items(
        "elb", "describe_load_balancers", "LoadBalancerDescriptions", PaginationConfig=_PAGE
    ):
        name = item["LoadBalancerName"]
        attributes = aws.fact(
            "elb",
            "describe_load_balancer_attributes",
            key="LoadBalancerAttributes",
            LoadBalancerName=name,
        )
        policies = aws.fact(
            "elb",
            "describe_load_balancer_policies",
            key="PolicyDescriptions",
            LoadBalancerName=name,
        )
        place = f"{aws.region}:{aws.account}"
        arn = f"arn:{aws.partition}:elasticloadbalancing:{place}:loadbalancer/{name}"
        yield Document(
            arn,
            name,
            {
                **item,
                "DescribeLoadBalancerAttributes": attributes,
                "DescribeLoadBalancerPolicies": policies,
            },
        )


@collects(
    TlsPolicy, calls=["elasticloadbalancing:DescribeSSLPolicies"], per="region", cost="pages of 400"
)
def tls_policies(aws: Aws) -> Iterator[Document]:
    """AWS's own TLS policies, so that nobody keeps a list of which are too old."""
    for item in aws.items("elbv2", "describe_ssl_policies", "SslPolicies", PageSize=400):
        yield Document(item["Name"], item["Name"], item)
