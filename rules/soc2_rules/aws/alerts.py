"""Alerts: is somebody notified when these events happen?

An event counts where :mod:`soc2_rules.mechanisms.notified_aws` finds a way from its record to a confirmed
subscriber. Filters and patterns are evaluated on a sample of each event, not compared with a text; one that
asks for what is not the same in every such event (who called, from where) leaves some of them out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.iam import AccountSummary
from soc2_collectors.samples import ABSENT, Varies
from soc2_pac.model import Scope, Severity, Verdict
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms import notified
from soc2_rules.mechanisms.notified_aws import NEEDS, Event
from soc2_rules.mechanisms.notified_aws import notified as way

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SIGN_IN = "AWS Console Sign In via CloudTrail"
_ADDRESS = Varies(of="0123456789abcdef.:", examples=("198.51.100.7", "2001:db8::7"))
_WHO = Varies(but=("AWSService",), examples=("AssumedRole", "IAMUser"))
_READS = Varies(but=("HeadBucket",), examples=("DescribeInstances", "ListUsers"))
_CHANGES = Varies(but=("HeadBucket",), examples=("RunInstances", "CreateUser"))
_GLOBAL = ("iam", "organizations")
"""Services without a Region: their events are recorded in the partition's first Region."""


def _call(service: str, name: str, **more: Any) -> Event:  # noqa: ANN401
    """What CloudTrail writes of a change that was made, by whomever."""
    record = {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "eventType": "AwsApiCall",
        "readOnly": False,
        "userIdentity": {"type": _WHO},
        "sourceIPAddress": Varies(examples=("198.51.100.7", "cloudformation.amazonaws.com")),
        "errorCode": ABSENT,
        "errorMessage": ABSENT,
        **more,
    }
    return Event(record, everywhere=service not in _GLOBAL)


def _any_call(*, read_only: bool, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """What it writes of a call, whichever it is."""
    return {
        "eventSource": Varies(examples=("ec2.amazonaws.com", "iam.amazonaws.com")),
        "eventName": _READS if read_only else _CHANGES,
        "eventType": "AwsApiCall",
        "readOnly": read_only,
        "sourceIPAddress": _ADDRESS,
        **more,
    }


def _sign_in(who: Mapping[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "eventType": "AwsConsoleSignIn",
        "readOnly": False,
        "sourceIPAddress": _ADDRESS,
        "userIdentity": who,
        **more,
    }


_ROOT = {"type": "Root", "invokedBy": ABSENT}
_USER = {"type": "IAMUser", "invokedBy": ABSENT}
_OF_ROOT = {
    # Root signs in where the partition's first Region is.
    "a sign-in of root": Event(_sign_in(_ROOT), _SIGN_IN, everywhere=False),
    "a change by root": Event(_any_call(read_only=False, userIdentity=_ROOT)),
    "a read by root": Event(_any_call(read_only=True, userIdentity=_ROOT)),
}
_SUCCESS = {
    "errorMessage": ABSENT,
    "responseElements": {"ConsoleLogin": "Success"},
    "additionalEventData": {"MFAUsed": "No"},
}
_FAILURE = {
    "errorMessage": "Failed authentication",
    "responseElements": {"ConsoleLogin": "Failure"},
    "additionalEventData": {"MFAUsed": Varies(examples=("Yes", "No"))},
}


def _refused(code: str, many: int) -> dict[str, Event]:
    """Calls that were refused with such a code. HeadBucket is asked by programs all day."""
    return {
        f"{code} of a {sort}": Event(
            _any_call(
                read_only=sort == "read",
                userIdentity={"type": _WHO},
                errorCode=code,
            ),
            many=many,
        )
        for sort in ("read", "change")
    }


def _calls(service: str, *names: str) -> dict[str, Event]:
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
    events: Mapping[str, Event],
    evidence: Evidence,
    scope: Scope,
    reaches_people: Sequence[str],
    not_needed: Sequence[str] = (),
) -> Verdict:
    ways = {name: way(event, evidence, scope, reaches_people) for name, event in events.items()}
    return notified.verdict(ways, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.HIGH,
    needs=NEEDS,
    known_as=[
        "prowler:cloudwatch_log_metric_filter_root_usage",
        "powerpipe:log_metric_filter_root_login",
    ],
)
def aws_alert_root_usage(
    account: AccountSummary,
    evidence: Evidence,
    scope: Scope,
    *,
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when the root user signs in or calls.

    ``reaches_people`` takes patterns for ARNs of functions, queues and other programs that pass on to people
    what is sent to them; one that is not named is not taken for a person. An address by HTTPS that confirmed its
    subscription is: pagers are reached so.

    Why: nothing needs root every day; when it is used, somebody should know why.
    Fix: aws logs put-metric-filter on the trail's log group with { $.userIdentity.type = "Root" &&
        $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }; aws cloudwatch
        put-metric-alarm on its metric with --statistic Sum --threshold 1; aws sns subscribe to the topic of
        the alarm, and confirm the subscription.
    """
    del account  # one verdict an account
    return _judged(_OF_ROOT, evidence, scope, reaches_people)


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
    known_as=[
        "prowler:cloudwatch_log_metric_filter_sign_in_without_mfa",
        "prowler:cloudwatch_log_metric_filter_authentication_failures",
        "powerpipe:log_metric_filter_console_login_mfa",
        "powerpipe:log_metric_filter_console_authentication_failure",
    ],
)
def aws_alert_console_no_mfa(
    account: AccountSummary,
    evidence: Evidence,
    scope: Scope,
    *,
    failures: int = 5,
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when an IAM user signs in without MFA, and when sign-ins fail.

    An alarm on failures may wait for as many as ``failures`` of them. For ``reaches_people`` see
    aws-alert-root-usage, which also asks for the root user.

    Why: guessing a password takes many attempts, and each of them is written down.
    Fix: aws logs put-metric-filter with { $.eventName = "ConsoleLogin" && $.additionalEventData.MFAUsed !=
        "Yes" && $.responseElements.ConsoleLogin = "Success" }, and with { $.eventName = "ConsoleLogin" &&
        $.errorMessage = "Failed authentication" }; an alarm on each with a topic that has a confirmed
        subscription.
    """
    del account
    events = {
        "a sign-in without MFA": Event(_sign_in(_USER, **_SUCCESS), _SIGN_IN),
        "failed sign-ins": Event(_sign_in(_USER, **_FAILURE), _SIGN_IN, many=max(failures, 1)),
    }
    return _judged(events, evidence, scope, reaches_people)


@rule(
    criteria=["CC7.2", "CC7.3"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
    known_as=[
        "prowler:cloudwatch_log_metric_filter_unauthorized_api_calls",
        "powerpipe:log_metric_filter_unauthorized_api",
    ],
)
def aws_alert_unauthorized_api(
    account: AccountSummary,
    evidence: Evidence,
    scope: Scope,
    *,
    calls: int = 10,
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when calls are refused.

    An alarm may wait for as many as ``calls`` of them. Refused calls of HeadBucket, and those of services,
    are not asked about. For ``reaches_people`` see aws-alert-root-usage.

    Why: whoever has stolen a key tries first what it opens.
    Fix: aws logs put-metric-filter with { $.errorCode = "*UnauthorizedOperation" || $.errorCode =
        "AccessDenied*" }; an alarm on its metric with a topic that has a confirmed subscription.
    """
    del account
    many = max(calls, 1)
    events: dict[str, Event] = {}
    for code in ("AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"):
        events |= _refused(code, many)
    return _judged(events, evidence, scope, reaches_people)


@rule(
    criteria=["CC7.2", "CC7.3", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
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
    account: AccountSummary,
    evidence: Evidence,
    scope: Scope,
    *,
    not_needed: tuple[str, ...] = (),
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when policies, the organisation, or KMS keys are changed.

    Asked are the events for which the CIS AWS Foundations Benchmark asks for an alarm, and no others.
    ``not_needed`` names events (``organizations:CreateAccount``) that nobody wants to be notified of. For
    ``reaches_people`` see aws-alert-root-usage.

    Why: these are the changes by which one account becomes the master of all others.
    Fix: aws logs put-metric-filter on the event names in the message; an alarm on the metric, with a topic
        that has a confirmed subscription. Or aws events put-rule with that topic as target: in us-east-1 for
        IAM and the organisation, in each Region for KMS.
    """
    del account
    return _judged(_IAM, evidence, scope, reaches_people, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
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
    account: AccountSummary,
    evidence: Evidence,
    scope: Scope,
    *,
    not_needed: tuple[str, ...] = (),
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when the trail, AWS Config, or a bucket's policy is changed.

    Asked are the events for which the CIS AWS Foundations Benchmark asks for an alarm, and no others.
    ``not_needed`` names events (``s3:PutBucketCors``) that nobody wants to be notified of. For
    ``reaches_people`` see aws-alert-root-usage.

    Why: who wants not to be seen switches the light off first.
    Fix: aws logs put-metric-filter on the event names in the message; an alarm on the metric, with a topic
        that has a confirmed subscription.
    """
    del account
    return _judged(_LOGGING, evidence, scope, reaches_people, not_needed)


@rule(
    criteria=["CC7.2", "CC7.3", "CC7.4", "CC8.1"],
    severity=Severity.MEDIUM,
    needs=NEEDS,
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
    account: AccountSummary,
    evidence: Evidence,
    scope: Scope,
    *,
    not_needed: tuple[str, ...] = (),
    reaches_people: tuple[str, ...] = (),
) -> Verdict:
    """Somebody is notified when security groups, access lists, gateways, routes or VPCs are changed.

    Asked are the events for which the CIS AWS Foundations Benchmark asks for an alarm, and no others.
    ``not_needed`` names events (``ec2:CreateSecurityGroup``) that nobody wants to be notified of. For
    ``reaches_people`` see aws-alert-root-usage.

    Why: the wall between inside and outside is a list that one call changes.
    Fix: aws logs put-metric-filter on the event names in the message; an alarm on the metric, with a topic
        that has a confirmed subscription.
    """
    del account
    return _judged(_NETWORK, evidence, scope, reaches_people, not_needed)
