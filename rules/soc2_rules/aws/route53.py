"""Route 53: what was asked of the company's names."""

from __future__ import annotations

from soc2_collectors.aws.models.route53 import HostedZone, QueryLoggingConfig
from soc2_pac.model import Severity, Verdict, failed, not_applicable, passed
from soc2_pac.rules import Evidence, rule


@rule(
    criteria=["CC7.2"],
    severity=Severity.LOW,
    needs=[QueryLoggingConfig],
    known_as=[
        "prowler:route53_public_hosted_zones_cloudwatch_logging_enabled",
        "powerpipe:route53_zone_query_logging_enabled",
    ],
)
def aws_route53_query_logging(zone: HostedZone, evidence: Evidence) -> Verdict:
    """Public hosted zones are set to log the queries for them.

    Whether the log group is still there is not read.

    Why: whoever maps a company before an attack begins with its names, and only this log has seen it.
    Fix: aws route53 create-query-logging-config with a log group in us-east-1 that route53.amazonaws.com may
        write to.
    """
    if zone.config.private_zone:
        return not_applicable(
            "a private zone: the resolver of its VPC logs queries, if anybody does"
        )
    found = evidence.index(QueryLoggingConfig, "hosted_zone_id").get(zone.number)
    if not found:
        return failed("queries are not logged")
    group = found[0].cloud_watch_logs_log_group_arn
    return passed(f"queries are to be logged to {group.partition(':log-group:')[2] or group}")
