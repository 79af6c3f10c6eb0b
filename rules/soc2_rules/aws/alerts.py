"""Alerts: is anybody told when these events happen?

An event counts as alerted where one of these holds. A metric filter on the log group of a trail of all
regions sees it, an alarm watches the filter's metric, and somebody hears the alarm. Or rules of EventBridge
in every region see it and have a target. Filters and patterns are evaluated on a sample of each event, not
compared with a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.cloudtrail import Trail
from soc2_collectors.aws.models.cloudwatch import Alarm, Subscription
from soc2_collectors.aws.models.event_patterns import sees
from soc2_collectors.aws.models.eventbridge import EventBus, EventRule
from soc2_collectors.aws.models.filter_patterns import compiled
from soc2_collectors.aws.models.iam import AccountSummary
from soc2_collectors.aws.models.logs import MetricFilter
from soc2_pac.model import Severity, Verdict, failed, inconclusive, passed
from soc2_pac.rules import Evidence, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from soc2_collectors.aws.models.filter_patterns import Test
    from soc2_pac.resources import Resource

_NEEDS: list[type[Resource]] = [Trail, MetricFilter, Alarm, Subscription, EventRule, EventBus]
_SHOWN = 5
_API, _SIGN_IN = "AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail"
_USER = {"type": "IAMUser", "userName": "anna"}


def _call(service: str, name: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A sample of what CloudTrail writes of a call."""
    return {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "eventType": "AwsApiCall",
        "userIdentity": _USER,
        "sourceIPAddress": "203.0.113.7",
        **more,
    }


def _sign_in(**more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        **_call("signin", "ConsoleLogin"),
        "eventType": "AwsConsoleSignIn",
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {"MFAUsed": "Yes"},
        **more,
    }


_ROOT = {"type": "Root", "arn": "arn:aws:iam::111122223333:root"}
_OF_ROOT = {
    "a sign-in of root": _sign_in(userIdentity=_ROOT),
    "a call of root": _call("ec2", "DescribeInstances", userIdentity=_ROOT),
}
_SIGN_INS = {
    "a sign-in without MFA": _sign_in(additionalEventData={"MFAUsed": "No"}),
    "a failed sign-in": _sign_in(
        errorMessage="Failed authentication", responseElements={"ConsoleLogin": "Failure"}
    ),
}
_UNAUTHORIZED = {
    "AccessDenied": _call("iam", "ListUsers", errorCode="AccessDenied"),
    "UnauthorizedOperation": _call("ec2", "RunInstances", errorCode="Client.UnauthorizedOperation"),
}


def _calls(service: str, *names: str) -> dict[str, dict[str, Any]]:
    """``ec2:CreateRoute`` -> a sample of it."""
    return {f"{service}:{name}": _call(service, name) for name in names}


_IAM = {
    **_calls(
        "iam",
        "DeleteGroupPolicy", "DeleteRolePolicy", "DeleteUserPolicy", "PutGroupPolicy", "PutRolePolicy",
        "PutUserPolicy", "CreatePolicy", "DeletePolicy", "CreatePolicyVersion", "DeletePolicyVersion",
        "AttachRolePolicy", "DetachRolePolicy", "AttachUserPolicy", "DetachUserPolicy",
        "AttachGroupPolicy", "DetachGroupPolicy",
    ),
    **_calls(
        "organizations",
        "AcceptHandshake", "AttachPolicy", "CreateAccount", "CreateOrganizationalUnit", "CreatePolicy",
        "DeclineHandshake", "DeleteOrganization", "DeleteOrganizationalUnit", "DeletePolicy",
        "DetachPolicy", "DisablePolicyType", "EnablePolicyType", "InviteAccountToOrganization",
        "LeaveOrganization", "MoveAccount", "RemoveAccountFromOrganization", "UpdatePolicy",
        "UpdateOrganizationalUnit",
    ),
    **_calls("kms", "DisableKey", "ScheduleKeyDeletion"),
}  # fmt: skip
_LOGGING = {
    **_calls(
        "cloudtrail", "CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"
    ),
    **_calls(
        "config", "StopConfigurationRecorder", "DeleteDeliveryChannel", "PutDeliveryChannel",
        "PutConfigurationRecorder",
    ),
    **_calls(
        "s3", "PutBucketAcl", "PutBucketPolicy", "PutBucketCors", "PutBucketLifecycle",
        "PutBucketReplication", "DeleteBucketPolicy", "DeleteBucketCors", "DeleteBucketLifecycle",
        "DeleteBucketReplication",
    ),
}  # fmt: skip
_NETWORK = _calls(
    "ec2",
    "AuthorizeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupIngress",
    "RevokeSecurityGroupEgress", "CreateSecurityGroup", "DeleteSecurityGroup", "CreateNetworkAcl",
    "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry",
    "ReplaceNetworkAclAssociation", "CreateCustomerGateway", "DeleteCustomerGateway",
    "AttachInternetGateway", "CreateInternetGateway", "DeleteInternetGateway",
    "DetachInternetGateway", "CreateRoute", "CreateRouteTable", "ReplaceRoute",
    "ReplaceRouteTableAssociation", "DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable",
    "CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection",
    "CreateVpcPeeringConnection", "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection",
)  # fmt: skip
"""What the CIS AWS Foundations Benchmark asks alarms for."""


def _judged(
    evidence: Evidence, events: Mapping[str, dict[str, Any]], optional: Iterable[str] = ()
) -> Verdict:
    tests, strange = _heard_filters(evidence)
    rules = [r for r in evidence.account(EventRule) if r.state.startswith("ENABLED") and r.targets]
    regions = {bus.region for bus in evidence.account(EventBus)}
    missing = [
        name
        for name, event in events.items()
        if name not in set(optional)
        and not any(test(event) for test in tests)
        and not _in_every_region(rules, regions, event)
    ]
    if not missing:
        return passed(f"somebody is told of all {len(events)}")
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    told = f"nobody is told of {', '.join(missing[:_SHOWN])}{more}"
    if strange:
        return inconclusive(f"{told}; not understood: the filter {', '.join(strange)}")
    return failed(told)


def _heard_filters(evidence: Evidence) -> tuple[list[Test], list[str]]:
    """Tests of the filters whose alarms somebody hears, and the names of those not understood."""
    groups = {
        trail.cloud_watch_logs_log_group_arn.split(":log-group:")[1].removesuffix(":*")
        for trail in evidence.account(Trail)
        if trail.cloud_watch_logs_log_group_arn
        and ":log-group:" in trail.cloud_watch_logs_log_group_arn
        and trail.is_multi_region_trail
        and trail.status.is_logging
    }
    heard = {s.topic_arn for s in evidence.account(Subscription) if s.confirmed}
    watched = {
        metric
        for alarm in evidence.account(Alarm)
        if alarm.actions_enabled and any(_acts(action, heard) for action in alarm.alarm_actions)
        for metric in alarm.watched
    }
    tests: list[Test] = []
    strange: list[str] = []
    for item in evidence.account(MetricFilter):
        counted = {(t.metric_namespace, t.metric_name) for t in item.metric_transformations}
        if item.log_group_name not in groups or not counted & watched:
            continue
        test = compiled(item.filter_pattern)
        if test is None:
            strange.append(item.name)
        else:
            tests.append(test)
    return tests, sorted(strange)


def _acts(action: str, heard: set[str]) -> bool:
    """Whether anything comes of an alarm's action: a topic that nobody hears is none."""
    return action in heard if ":sns:" in action else action.startswith("arn:")


def _in_every_region(rules: list[EventRule], regions: set[str], event: Mapping[str, Any]) -> bool:
    source = str(event["eventSource"]).partition(".")[0]
    sort = _SIGN_IN if event["eventType"] == "AwsConsoleSignIn" else _API
    whole = {"source": f"aws.{source}", "detail-type": sort, "detail": event}
    seeing = {item.region for item in rules if sees(item.event_pattern, whole)}
    return bool(regions) and regions <= seeing


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.HIGH,
    needs=_NEEDS,
    known_as=[
        "prowler:cloudwatch_log_metric_filter_root_usage",
        "powerpipe:log_metric_filter_root_login",
    ],
)
def aws_alert_root_usage(account: AccountSummary, evidence: Evidence) -> Verdict:
    """Somebody is told when the root user signs in or calls.

    Why: nothing needs root every day; when it is used, somebody should know why.
    Fix: a metric filter on $.userIdentity.type = "Root" with an alarm, or a rule of EventBridge in each
        Region.
    """
    del account  # one verdict an account
    return _judged(evidence, _OF_ROOT)


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=_NEEDS,
    known_as=[
        "prowler:cloudwatch_log_metric_filter_sign_in_without_mfa",
        "prowler:cloudwatch_log_metric_filter_authentication_failures",
        "powerpipe:log_metric_filter_console_login_mfa",
        "powerpipe:log_metric_filter_console_authentication_failure",
    ],
)
def aws_alert_console_no_mfa(account: AccountSummary, evidence: Evidence) -> Verdict:
    """Somebody is told of sign-ins without MFA, and of those that fail.

    Why: guessing a password takes many attempts, and each of them is written down.
    Fix: metric filters on $.eventName = "ConsoleLogin" with $.additionalEventData.MFAUsed != "Yes", and with
        $.errorMessage = "Failed authentication"; an alarm on each.
    """
    del account
    return _judged(evidence, _SIGN_INS)


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=_NEEDS,
    known_as=[
        "prowler:cloudwatch_log_metric_filter_unauthorized_api_calls",
        "powerpipe:log_metric_filter_unauthorized_api",
    ],
)
def aws_alert_unauthorized_api(account: AccountSummary, evidence: Evidence) -> Verdict:
    """Somebody is told of calls that were not allowed.

    Why: whoever has stolen a key tries first what it opens.
    Fix: a metric filter on $.errorCode = "*UnauthorizedOperation" || $.errorCode = "AccessDenied*", with an
        alarm at a rate that your own programs do not reach.
    """
    del account
    return _judged(evidence, _UNAUTHORIZED)


@rule(
    criteria=["CC7.2", "CC7.3", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=_NEEDS,
    known_as=[
        "prowler:cloudwatch_log_metric_filter_policy_changes",
        "prowler:cloudwatch_log_metric_filter_aws_organizations_changes",
        "prowler:cloudwatch_log_metric_filter_disable_or_scheduled_deletion_of_kms_cmk",
        "powerpipe:log_metric_filter_iam_policy",
        "powerpipe:log_metric_filter_organization",
        "powerpipe:log_metric_filter_disable_or_delete_cmk",
    ],
)
def aws_alert_iam_changes(
    account: AccountSummary, evidence: Evidence, *, not_needed: tuple[str, ...] = ()
) -> Verdict:
    """Somebody is told when policies, the organisation, or keys of KMS are changed.

    ``not_needed`` names events (``organizations:CreateAccount``) that nobody wants to be told of.

    Why: these are the changes by which one account becomes the master of all others.
    Fix: metric filters on the event names that the message tells, with an alarm and a subscriber.
    """
    del account
    return _judged(evidence, _IAM, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=_NEEDS,
    known_as=[
        "prowler:cloudwatch_log_metric_filter_and_alarm_for_cloudtrail_configuration_changes_enabled",
        "prowler:cloudwatch_log_metric_filter_and_alarm_for_aws_config_configuration_changes_enabled",
        "prowler:cloudwatch_log_metric_filter_for_s3_bucket_policy_changes",
        "powerpipe:log_metric_filter_cloudtrail_configuration",
        "powerpipe:log_metric_filter_config_configuration",
        "powerpipe:log_metric_filter_bucket_policy",
    ],
)
def aws_alert_logging_changes(
    account: AccountSummary, evidence: Evidence, *, not_needed: tuple[str, ...] = ()
) -> Verdict:
    """Somebody is told when the trail, AWS Config, or a bucket's policy is changed.

    ``not_needed`` names events (``s3:PutBucketCors``) that nobody wants to be told of.

    Why: who wants not to be seen switches the light off first.
    Fix: metric filters on the event names that the message tells, with an alarm and a subscriber.
    """
    del account
    return _judged(evidence, _LOGGING, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=_NEEDS,
    known_as=[
        "prowler:cloudwatch_changes_to_network_acls_alarm_configured",
        "prowler:cloudwatch_changes_to_network_gateways_alarm_configured",
        "prowler:cloudwatch_changes_to_network_route_tables_alarm_configured",
        "prowler:cloudwatch_changes_to_vpcs_alarm_configured",
        "prowler:cloudwatch_log_metric_filter_security_group_changes",
        "powerpipe:log_metric_filter_network_acl",
        "powerpipe:log_metric_filter_network_gateway",
        "powerpipe:log_metric_filter_route_table",
        "powerpipe:log_metric_filter_vpc",
        "powerpipe:log_metric_filter_security_group",
    ],
)
def aws_alert_network_changes(
    account: AccountSummary, evidence: Evidence, *, not_needed: tuple[str, ...] = ()
) -> Verdict:
    """Somebody is told when security groups, access lists, gateways, routes or VPCs are changed.

    ``not_needed`` names events (``ec2:CreateSecurityGroup``) that nobody wants to be told of.

    Why: the wall between inside and outside is a list that one call changes.
    Fix: metric filters on the event names that the message tells, with an alarm and a subscriber.
    """
    del account
    return _judged(evidence, _NETWORK, not_needed)
