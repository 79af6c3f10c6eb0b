"""One look at a kind of AWS over the made-up AWS: what the walks through faults and recordings share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from soc2_pac import config, plugins
from soc2_pac.collect import fetch
from soc2_pac.collect.fetch import Limits, Unit, UnitResult, run_unit
from soc2_pac.model import Scope

from .synthetic import ACCOUNT, REGION, SyntheticAws, services_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .synthetic import Fault

KINDS = {k: c for k, c in plugins.load().collectors.items() if k.startswith("aws.")}
SERVICES = services_of(call for collector in KINDS.values() for call in collector.calls)
SCOPES = {"region": f"{ACCOUNT}/{REGION}", "account": ACCOUNT, "organization": "o-example"}
REPORT = "user,arn,mfa_active\n" + "".join(
    f"u{n},arn:aws:iam::{ACCOUNT}:user/u{n},true\n" for n in "12"
)
_CHANGE = {"eventName": "RunInstances", "readOnly": False, "sessionCredentialFromConsole": "true"}
_RULE = {"State": "ENABLED", "EventPattern": '["CloudTrail"]'}
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

ANSWERS: Mapping[str, Any] = {
    "cloudtrail:LookupEvents": {
        "Events": [
            {"EventId": f"e-{n}", "EventName": "RunInstances", "CloudTrailEvent": json.dumps(_CHANGE)}
            for n in "12"
        ]
    },
    "cloudwatch:DescribeAlarms": {"CompositeAlarms": []},
    "codedeploy:BatchGetDeploymentGroups": {"errorMessage": None},
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
        "AttachedManagedPolicies": [{"Name": "a", "Arn": "arn:aws:iam::aws:policy/AdministratorAccess"}]
    },
    "sns:GetTopicAttributes": {"Attributes": {"Policy": "{}"}},
    "ssm:GetDocument": {"Content": json.dumps({"inputs": {}})},
    "sso:ListInstances": {
        "Instances": [{"InstanceArn": "arn:aws:sso:::instance/ssoins-1", "IdentityStoreId": "d-1234567890"}]
    },
}  # fmt: skip
"""Where what is made up would make no sense to the collector."""


def look(
    aws: SyntheticAws, kind: str, faults: dict[str, Fault] | None = None, after: int = 0
) -> UnitResult:
    """One look at a kind while the named operations have a fault (``*``: every one)."""
    aws.faults = faults or {}
    aws.after = after
    aws.asked.clear()
    raw = {"provider": "aws", "regions": [REGION], "endpoint_url": aws.url, "max_attempts": 1}
    sources = config.parse({"sources": {"home": raw}}, None).sources(plugins.load().providers)
    fetch.forget_connections()
    scope = Scope("aws", SCOPES[KINDS[kind].per])
    return run_unit(Unit(kind, scope, sources["home"]), Limits(seconds=20, pages=20))
