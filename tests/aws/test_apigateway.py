"""Private APIs: an endpoint of any VPC reaches them, and their resource policy says whose may call.

A case file cannot say this: what fails here fails in an API that is not private as well, for another reason.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from soc2_pac import plugins
from soc2_pac.testing import judge_document

RULE = plugins.load().rules["aws-apigw-auth-waf"]
EVERYONE = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}
ONE_ENDPOINT = {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}
ANY_NETWORK = {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"}}


def judged(by: str, *statements: dict[str, Any]) -> tuple[str, str]:
    found = judge_document(
        RULE,
        {
            "id": "a1b2c3",
            "name": "orders",
            "endpointConfiguration": {"types": ["PRIVATE"]},
            "policy": json.dumps({"Statement": statements}) if statements else None,
            "GetStages": [{"stageName": "prod"}],
            "GetResources": [
                {"path": "/orders", "resourceMethods": {"GET": {"authorizationType": by}}}
            ],
        },
        {},
    )
    return found.status.value, found.message


@pytest.mark.parametrize(
    ("by", "condition", "expected"),
    [
        ("NONE", {}, "without authorization GET /orders"),
        ("AWS_IAM", {}, "whoever has an AWS account, by GET /orders"),
        # Addresses of a private range are in the VPCs of strangers, too.
        ("NONE", ANY_NETWORK, "without authorization GET /orders"),
        ("NONE", ONE_ENDPOINT, ""),
        ("CUSTOM", {}, ""),
    ],
)
def test_a_private_api_is_open_to_the_vpcs_of_every_account(
    by: str, condition: dict[str, Any], expected: str
) -> None:
    status, message = judged(by, {**EVERYONE, "Condition": condition})
    assert status == ("fail" if expected else "not_applicable")
    assert expected in message


def test_nobody_calls_a_private_api_without_a_policy() -> None:
    assert judged("NONE") == (
        "not_applicable",
        "private, and without a resource policy nobody may call it",
    )
