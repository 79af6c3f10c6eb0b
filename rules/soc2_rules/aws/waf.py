"""WAF: web ACLs that do something, and tell of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.aws.models.waf import GlobalWebAcl, WebAcl
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule

if TYPE_CHECKING:
    from soc2_collectors.aws.models.waf import Details


@rule(
    criteria=["CC6.6", "CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:wafv2_webacl_logging_enabled",
        "prowler:wafv2_webacl_with_rules",
        "powerpipe:wafv2_web_acl_logging_enabled",
    ],
)
def aws_waf_logging(acl: WebAcl) -> Verdict:
    """Web ACLs hold rules, and log what they see.

    Why: an ACL without rules lets everything through, and one without logs cannot say what it kept out.
    Fix: aws wafv2 put-logging-configuration; aws wafv2 update-web-acl with the managed rule groups.
    """
    return _judged(acl.details, logs=acl.logging is not None)


@rule(criteria=["CC6.6", "CC7.2", "CC7.3"], severity=Severity.MEDIUM)
def aws_waf_global_logging(acl: GlobalWebAcl) -> Verdict:
    """Web ACLs for CloudFront hold rules, and log what they see.

    Why: an ACL without rules lets everything through, and one without logs cannot say what it kept out.
    Fix: aws wafv2 put-logging-configuration --region us-east-1; aws wafv2 update-web-acl --scope CLOUDFRONT.
    """
    return _judged(acl.details, logs=acl.logging is not None)


def _judged(details: Details, *, logs: bool) -> Verdict:
    found = []
    if not details.number:
        found.append("it has no rules")
    if not logs:
        found.append("it does not log")
    return failed("; ".join(found)) if found else passed(f"{details.number} rules, and it logs")
