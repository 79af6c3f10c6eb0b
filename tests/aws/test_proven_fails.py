"""What proves a fail stands, whatever else of the same resource could not be read."""

from __future__ import annotations

import copy
import json
from typing import Any, NamedTuple

import pytest

from soc2_pac import plugins
from soc2_pac.cases import load_cases
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

RULES = plugins.load().rules


class Proof(NamedTuple):
    """One state of a resource."""

    rule: str
    path: str
    """Where the document of the rule's first passing case is changed; dots and indexes."""
    value: Any
    denied: str
    """The fact that could not be read."""


_EVERYONE = json.dumps(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}
)
PROOFS = [
    Proof(
        "aws-ssm-docs-private", "GetDocument.Content", "export DB_PASSWORD=correct-horse",
        "DescribeDocumentPermission",
    ),
    Proof(
        "aws-ssm-docs-private", "DescribeDocumentPermission.AccountIds", ["all"], "GetDocument"
    ),
    Proof("aws-lambda-not-public", "GetPolicy", _EVERYONE, "ListFunctionUrlConfigs"),
    Proof(
        "aws-secret-stale-or-public", "LastAccessedDate", "2024-01-01T00:00:00Z", "GetResourcePolicy"
    ),
    Proof("aws-ecr-immutable-private", "imageTagMutability", "MUTABLE", "GetRepositoryPolicy"),
    Proof("aws-cf-waf-logging", "WebACLId", "", "GetDistributionConfig"),
    Proof(
        "aws-permission-set-session", "DescribePermissionSet.SessionDuration", "P1D",
        "ListManagedPoliciesInPermissionSet",
    ),
    Proof(
        "aws-permission-set-session", "ListAccountAssignments.0.PrincipalType", "USER",
        "GetPermissionsBoundaryForPermissionSet",
    ),
]  # fmt: skip


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: f"{proof.rule} {proof.path}")
def test_a_proven_fail_stands(proof: Proof) -> None:
    rule = RULES[proof.rule]
    case = next(case for case in load_cases(rule) if case.status is Status.PASS)
    body = copy.deepcopy(case.document())
    body.pop(proof.denied, None)
    body["$gaps"] = {
        proof.denied: {"status": "denied", "operation": proof.denied, "reason": "AccessDenied"}
    }
    given = dict(case.given.items())
    without = judge_document(rule, body, given, now=case.now, scope=case.scope)
    here: Any = body
    *steps, last = proof.path.split(".")
    for step in steps:
        here = here[int(step)] if step.isdecimal() else here[step]
    here[int(last) if last.isdecimal() else last] = proof.value
    proven = judge_document(rule, body, given, now=case.now, scope=case.scope)
    assert (without.status, proven.status) == (Status.INCONCLUSIVE, Status.FAIL), proven.message


class Population(NamedTuple):
    """One state of a resource, where a kind that its rule joins was never collected."""

    rule: str
    field: str
    value: Any
    kind: str


POPULATIONS = [
    Population(
        "aws-codebuild-source-auth", "secondarySources",
        [{"type": "GITHUB", "location": "https://[redacted]@github.com/acme/tools.git"}],
        "aws.codebuild.source_credential",
    ),
    Population("aws-cf-waf-logging", "WebACLId", "", "aws.cloudfront.log_source"),
    Population("aws-ecr-immutable-private", "imageTagMutability", "MUTABLE", "aws.ecr.registry"),
    Population("aws-ecr-immutable-private", "GetRepositoryPolicy", _EVERYONE, "aws.ecr.registry"),
]  # fmt: skip


@pytest.mark.parametrize("proof", POPULATIONS, ids=lambda proof: f"{proof.rule} {proof.field}")
def test_a_proven_fail_stands_without_what_is_joined(proof: Population) -> None:
    rule = RULES[proof.rule]
    case = next(case for case in load_cases(rule) if case.status is Status.PASS)
    given = {kind: documents for kind, documents in case.given.items() if kind != proof.kind}
    body = copy.deepcopy(case.document())
    without = judge_document(rule, body, given, now=case.now, scope=case.scope)
    body[proof.field] = proof.value
    proven = judge_document(rule, body, given, now=case.now, scope=case.scope)
    assert (without.status, proven.status) == (Status.INCONCLUSIVE, Status.FAIL), proven.message


def test_real_time_logs_of_some_paths_are_no_logs_of_all() -> None:
    rule = RULES["aws-cf-waf-logging"]
    case = next(case for case in load_cases(rule) if "real-time" in case.name)
    body = copy.deepcopy(case.document())
    del body["CacheBehaviors"]["Items"][0]["RealtimeLogConfigArn"]
    given = dict(case.given.items())
    verdict = judge_document(rule, body, given, now=case.now, scope=case.scope)
    assert (verdict.status, verdict.message) == (Status.FAIL, "no access logs")
