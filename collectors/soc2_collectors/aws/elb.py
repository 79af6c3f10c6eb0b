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
        "elasticloadbalancing:DescribeRules",
    ],
    per="region",
    cost="pages of 400 + 3 N + 1 per listener of plain HTTP",
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
                "DescribeRules": _rules(aws, arn),
            },
        )


def _listeners(aws: Aws, arn: str) -> Fact:
    def call() -> list[Any]:
        return list(aws.items("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn))

    return Fact("elasticloadbalancing:DescribeListeners", call)


def _rules(aws: Aws, arn: str) -> Fact:
    """The rules of listeners of plain HTTP: their default actions hold for what no rule is about."""

    def call() -> list[Any]:
        listeners = aws.items("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn)
        return [
            {**rule, "ListenerArn": listener["ListenerArn"]}
            for listener in listeners
            if listener.get("Protocol") == "HTTP"
            for rule in aws.items(
                "elbv2", "describe_rules", "Rules", ListenerArn=listener["ListenerArn"]
            )
        ]

    return Fact("elasticloadbalancing:DescribeRules", call)


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
