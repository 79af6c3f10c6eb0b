"""CloudFormation: stacks as moto and recorded answers give them, and what must not be kept of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Scope, Status

from .regional import HOME, Account, account
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = Scope("aws", f"111122223333/{HOME}")
KIND = "aws.cloudformation.stack"
KEY = "AKIA" + "1234567890ABCDEF"


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        for name, good in (("good", True), ("bad", False)):
            template = {
                "Parameters": {"Owner": {"Type": "String"}},
                "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
                "Outputs": {"Told": {"Value": "nothing" if good else KEY}},
            }
            made.client("cloudformation").create_stack(
                StackName=name, TemplateBody=json.dumps(template),
                EnableTerminationProtection=True,
                Parameters=[{"ParameterKey": "Owner", "ParameterValue": "not-to-be-kept"}],
            )  # fmt: skip
        yield made


def test_good_and_bad(aws: Account) -> None:
    assert aws.judge("aws-cfn-termination-protection", "good", NOW).status is Status.PASS
    bad = aws.judge("aws-cfn-termination-protection", "bad", NOW)
    assert bad.status is Status.FAIL
    assert "Told looks like aws-access-key-id" in bad.message


def test_protection() -> None:
    with account() as made:
        client = made.client("cloudformation")
        template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
        client.create_stack(StackName="open", TemplateBody=json.dumps(template))
        said = made.judge("aws-cfn-termination-protection", "open", NOW)
        assert said.message == "it is not protected from deletion"
        client.delete_stack(StackName="open")
        assert made.collect(KIND) == []


def test_values_are_not_kept(aws: Account) -> None:
    for name in ("good", "bad"):
        kept = aws.one(KIND, name).body
        assert KEY.encode() not in kept
        assert b"not-to-be-kept" not in kept
    assert aws.calls == {"cloudformation:DescribeStacks": 1}


def test_recorded_stacks(recordings: Callable[[str], Path]) -> None:
    found = [
        stack
        for _, said in answers(recordings("aws"), "cloudformation.DescribeStacks")
        for stack in said["Stacks"]
    ]
    assert all(judged(KIND, stack) for stack in found)
    rule = plugins.load().rules["aws-cfn-drift"]
    said = {
        stack["StackName"]: judge(rule, canonical(stack), now=NOW, scope=SCOPE).status
        for stack in found
    }
    assert said["mosdef2"] is Status.FAIL, "NOT_CHECKED"
    assert said["sphere11-db-3"] is Status.NOT_APPLICABLE, "ROLLBACK_COMPLETE"
    assert said["sphere11-dev"] is Status.INCONCLUSIVE, "from before there was drift detection"
