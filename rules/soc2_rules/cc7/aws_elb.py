"""Load balancers: who asked for what."""

from __future__ import annotations

from soc2_collectors.aws.models.elb import ClassicLoadBalancer, LoadBalancer
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:elbv2_logging_enabled",
        "powerpipe:elb_application_classic_lb_logging_enabled",
    ],
)
def aws_lb_access_logs(balancer: LoadBalancer) -> Verdict:
    """Load balancers keep access logs.

    Why: they hold each client's address and request: what is asked for first after a break-in.
    Fix: aws elbv2 modify-load-balancer-attributes --attributes Key=access_logs.s3.enabled,Value=true.
    """
    if balancer.type == "gateway":
        return not_applicable("gateway load balancers write no access logs")
    value = balancer.attribute("access_logs.s3.enabled")
    if value is None:
        return inconclusive("AWS does not say")
    return passed("kept") if value == "true" else failed("not kept")


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=["prowler:elb_logging_enabled"],
)
def aws_clb_access_logs(balancer: ClassicLoadBalancer) -> Verdict:
    """Classic load balancers keep access logs.

    Why: they hold each client's address and request: what is asked for first after a break-in.
    Fix: aws elb modify-load-balancer-attributes with AccessLog={Enabled=true,S3BucketName=...}.
    """
    return passed("kept") if balancer.attributes.access_log.enabled else failed("not kept")
