"""One look at a kind of AWS over the made-up AWS: what the walks through faults and recordings share."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any

from soc2_pac import config, plugins
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Unit, UnitResult, run_unit
from soc2_pac.model import Scope

from .synthetic import ACCOUNT, REGION, SyntheticAws, services_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from soc2_pac.config import SourceSettings

    from .synthetic import Fault

REGISTRY = plugins.load()
KINDS = {k: c for k, c in REGISTRY.collectors.items() if k.startswith("aws.")}
SERVICES = services_of(call for collector in KINDS.values() for call in collector.calls)
SCOPES = {"region": f"{ACCOUNT}/{REGION}", "account": ACCOUNT, "organization": "o-example"}
_KEY = ["active", "last_rotated", "last_used_date", "last_used_region", "last_used_service"]
_COLUMNS = [
    "user", "arn", "user_creation_time", "password_enabled", "password_last_used",
    "password_last_changed", "password_next_rotation", "mfa_active",
    *(f"access_key_{n}_{name}" for n in "12" for name in _KEY),
    "cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated",
]  # fmt: skip
_NO = {name: "false" for name in _COLUMNS if name.endswith("active")}
REPORT = "\n".join(
    [",".join(_COLUMNS)]
    + [
        ",".join(
            {
                **dict.fromkeys(_COLUMNS, "N/A"),
                **_NO,
                "user": f"u{n}",
                "arn": f"arn:aws:iam::{ACCOUNT}:user/u{n}",
                "user_creation_time": "2025-01-01T00:00:00+00:00",
                "password_enabled": "false",
            }.values()
        )
        for n in "12"
    ]
)
_CHANGE = {"eventName": "RunInstances", "readOnly": False, "sessionCredentialFromConsole": "true"}
_RULE = {"State": "ENABLED", "EventPattern": '{"detail-type": ["AWS API Call via CloudTrail"]}'}
_FINDING = {
    "AccountId": ACCOUNT,
    "CreatedAt": "2026-01-01T00:00:00.000Z",
    "Id": "f",
    "Partition": "aws",
    "Region": REGION,
    "Resource": {},
    "SchemaVersion": "2.0",
    "Severity": 5.0,
    "Type": "Recon:EC2/PortProbeUnprotectedPort",
    "UpdatedAt": "2026-01-01T00:00:00.000Z",
}
_EVERYTHING = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})


def _subscription(name: str, topic: str, owner: str) -> dict[str, str]:
    place = f"arn:aws:sns:{REGION}:{ACCOUNT}"
    return {
        "SubscriptionArn": f"{place}:{topic}:{name}",
        "TopicArn": f"{place}:{topic}",
        "Owner": owner,
        "Protocol": "email",
        "Endpoint": "oncall@acme.example",
    }


ANSWERS: Mapping[str, Any] = {
    # Tokens are left open, so that the image is asked for.
    "autoscaling:DescribeLaunchConfigurations": {
        "LaunchConfigurations": [
            {
                "LaunchConfigurationName": f"lc-{n}",
                "LaunchConfigurationARN": f"arn:lc-{n}",
                "ImageId": f"ami-{n}",
                "InstanceType": "t3.micro",
                "UserData": "",
                "CreatedTime": "2026-01-01T00:00:00Z",
            }
            for n in "12"
        ]
    },
    "ec2:DescribeLaunchTemplateVersions": {
        "LaunchTemplateVersions": [
            {
                "LaunchTemplateId": f"lt-{n}",
                "LaunchTemplateName": f"lt-{n}",
                "VersionNumber": 1,
                "LaunchTemplateData": {"ImageId": f"ami-{n}"},
            }
            for n in "12"
        ]
    },
    # An alias and a version of one function never have the same name.
    "lambda:ListAliases": {
        "Aliases": [{"Name": name, "FunctionVersion": "1"} for name in ("live", "beta")]
    },
    "cloudtrail:LookupEvents": {
        "Events": [
            {"EventId": f"e-{n}", "EventName": "RunInstances", "CloudTrailEvent": json.dumps(_CHANGE)}
            for n in "12"
        ]
    },
    "cloudwatch:DescribeAlarms": {"CompositeAlarms": [], "LogAlarms": []},
    "codedeploy:BatchGetDeploymentGroups": {"errorMessage": None},
    "ecs:DescribeServices": {"failures": []},
    # Without a scan, as basic scanning of today answers.
    "ecr:DescribeImages": {
        "imageDetails": [{"imageDigest": f"sha256:{n}", "imagePushedAt": 1767225600} for n in "12"]
    },
    "events:ListRules": {"Rules": [dict(_RULE, Arn=f"arn:r{n}", Name=f"r{n}") for n in "12"]},
    "guardduty:GetFindings": {"Findings": [dict(_FINDING, Arn=f"arn:f-{n}") for n in "12"]},
    "iam:GenerateCredentialReport": {"State": "COMPLETE"},
    "iam:GetCredentialReport": {"Content": REPORT.encode(), "ReportFormat": "text/csv"},
    "logs:DescribeDeliverySources": {
        "deliverySources": [{"arn": f"arn:d{n}", "name": f"d{n}", "service": "cloudfront"} for n in "12"]
    },
    "organizations:ListOrganizationalUnitsForParent": {"OrganizationalUnits": []},
    "organizations:ListRoots": {"Roots": [{"Id": "r-abcd", "Name": "Root"}]},
    "sso:ListManagedPoliciesInPermissionSet": {
        "AttachedManagedPolicies": [{"Name": "a", "Arn": "arn:aws:iam::aws:policy/NewlyNamed"}]
    },
    "iam:GetPolicy": {"Policy": {"DefaultVersionId": "v1"}},
    "iam:GetPolicyVersion": {"PolicyVersion": {"Document": _EVERYTHING, "IsDefaultVersion": True}},
    # Of secrets that nothing rotates it is asked whether they are copies.
    "secretsmanager:ListSecrets": {
        "SecretList": [{"ARN": f"arn:s{n}", "Name": f"s{n}", "CreatedDate": 1767225600} for n in "12"]
    },
    "sns:GetSubscriptionAttributes": {"Attributes": {"PendingConfirmation": "false"}},
    "sns:GetTopicAttributes": {"Attributes": {"Policy": "{}"}},
    "sns:ListSubscriptions": {"Subscriptions": [_subscription("s1", "heard", ACCOUNT)]},
    "sns:ListSubscriptionsByTopic": {"Subscriptions": [_subscription("s2", "other", "444455556666")]},
    "ssm:GetDocument": {"Content": json.dumps({"inputs": {}})},
    # A person and a group: who is in the group is asked.
    "sso:ListAccountAssignments": {
        "AccountAssignments": [
            {
                "AccountId": "111122223333",
                "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
                "PrincipalType": kind,
                "PrincipalId": f"p-{kind}",
            }
            for kind in ("USER", "GROUP")
        ]
    },
    "sso:ListInstances": {
        "Instances": [{"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "IdentityStoreId": "d-1234567890"}]
    },
}  # fmt: skip
"""Where what is made up would make no sense to the collector."""


def look(
    aws: SyntheticAws,
    kind: str,
    faults: dict[str, Fault] | None = None,
    after: int = 0,
    seconds: float = 20,
) -> UnitResult:
    """One look at a kind while the named operations have a fault (``*``: every one)."""
    aws.faults = faults or {}
    aws.after = after
    aws.asked.clear()
    source = _source(aws.url)
    # The clients are kept, for making them costs more than the look; what they learnt of limits is not.
    fetch.connection_of(source)._clients._paces.clear()  # type: ignore[attr-defined]
    scope = Scope("aws", SCOPES[KINDS[kind].per])
    return run_unit(Unit(kind, scope, source), Limits(seconds=seconds, pages=20))


@functools.cache
def _source(url: str) -> SourceSettings:
    raw = {"provider": "aws", "regions": [REGION], "endpoint_url": url, "max_attempts": 1}
    return config.parse({"sources": {"home": raw}}, None).sources(REGISTRY.providers)["home"]
