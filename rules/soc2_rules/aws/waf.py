"""WAF: web ACLs that do something, and tell of it."""

from __future__ import annotations

from soc2_collectors.aws.models.waf import GlobalWebAcl, Logging, WebAcl
from soc2_pac.model import Severity, Status, Verdict, failed, inconclusive, passed
from soc2_pac.rules import rule
from soc2_rules.mechanisms.known import asked


@rule(
    criteria=["CC6.6", "CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    known_as=[
        "prowler:wafv2_webacl_logging_enabled",
        "prowler:wafv2_webacl_with_rules",
        "powerpipe:wafv2_web_acl_logging_enabled",
    ],
)
def aws_waf_logging(acl: WebAcl, *, actions: tuple[str, ...] = ("BLOCK",)) -> Verdict:
    """Web ACLs hold rules that act, and log every request that these block.

    A filter of the log may drop the rest; ``actions`` says which requests it must keep.
    Groups of AWS's or a vendor's rules count, unless some of their rules are set to count here; what the company's
    own groups of rules do is not read.

    Why: an ACL whose rules only count lets everything through, and one without logs cannot say what it kept
        out.
    Fix: aws wafv2 put-logging-configuration --logging-configuration with a LoggingFilter that keeps BLOCK, or
        none; aws wafv2 update-web-acl with managed rule groups and OverrideAction None.
    """
    return _judged(acl, actions)


@rule(criteria=["CC6.6", "CC7.2", "CC7.3"], severity=Severity.MEDIUM)
def aws_waf_global_logging(acl: GlobalWebAcl, *, actions: tuple[str, ...] = ("BLOCK",)) -> Verdict:
    """Web ACLs for CloudFront hold rules that act, and log every request that these block.

    A filter of the log may drop the rest; ``actions`` says which requests it must keep.
    Groups of AWS's or a vendor's rules count, unless some of their rules are set to count here; what the company's
    own groups of rules do is not read.

    Why: an ACL whose rules only count lets everything through, and one without logs cannot say what it kept
        out.
    Fix: aws wafv2 put-logging-configuration --region us-east-1 --logging-configuration with a LoggingFilter
        that keeps BLOCK, or none; aws wafv2 update-web-acl --scope CLOUDFRONT with managed rule groups and
        OverrideAction None.
    """
    return _judged(acl, actions)


def _judged(acl: WebAcl | GlobalWebAcl, actions: tuple[str, ...]) -> Verdict:
    answers, unread = asked((_rules, _log), lambda question: question(acl, actions))
    verdicts = [verdict for _, verdict in answers]
    if problems := [one.message for one in verdicts if one.status == "fail"]:
        return failed("; ".join(problems))
    if unread is not None:
        raise unread
    if unsure := [one.message for one in verdicts if one.status == "inconclusive"]:
        return inconclusive("; ".join(unsure))
    return passed("; ".join(one.message for one in verdicts))


def _rules(acl: WebAcl | GlobalWebAcl, _: tuple[str, ...]) -> Verdict:
    rules = acl.details.every_rule
    if not rules:
        return failed("it has no rules")
    told = f"{len(rules)} rules"
    acting = [rule.acts for rule in rules]
    if True in acting or "Block" in (acl.details.default_action or ()):
        return passed(told)
    if None in acting:
        return inconclusive(f"{told}, and whether one of them stops a request is not known")
    return failed(f"{told}, which only count or let pass")


def _log(acl: WebAcl | GlobalWebAcl, actions: tuple[str, ...]) -> Verdict:
    verdicts = [_kept(logging, actions) for logging in acl.logs]
    if not verdicts:
        return failed("it does not log")
    # Whatever one way leaves out, another one may keep.
    return min(verdicts, key=lambda one: _BEST.index(one.status))


_BEST = (Status.PASS, Status.INCONCLUSIVE, Status.FAIL)


def _kept(logging: Logging, actions: tuple[str, ...]) -> Verdict:
    """Whether one way of logging keeps the requests that are asked for."""
    if not logging.log_destination_configs:
        return inconclusive("AWS does not say where it logs")
    if logging.logging_filter is None:
        return passed("every request is logged")
    kept = {action: logging.logging_filter.keeps(action) for action in actions}
    if dropped := [action for action, keeps in kept.items() if keeps is False]:
        return failed(f"the filter of its log drops {', '.join(dropped)}")
    if unsure := [action for action, keeps in kept.items() if keeps is None]:
        return inconclusive(
            f"whether the filter of its log keeps {', '.join(unsure)} depends on labels"
        )
    return passed(f"the filter of its log keeps {', '.join(actions)}")
