"""CodeDeploy: groups are asked for by application, many at once; moto lacks the operation for many."""

from __future__ import annotations

import json
from typing import Any

import pytest

from soc2_collectors.aws import codedeploy
from soc2_pac.errors import Unexpected
from soc2_pac.model import Fact

from .faulty import Answer, FaultyAws
from .regional import account
from .test_client import client


class _Answers:
    """What CodeDeploy says of one application."""

    partition, region, account = "aws", "eu-west-1", "111122223333"

    def __init__(self, groups: list[dict[str, Any]], problem: str = "") -> None:
        self.groups = {group["deploymentGroupName"]: group for group in groups}
        self.problem = problem
        self.asked: list[str] = []

    def items(self, _service: str, operation: str, key: str, **params: Any) -> Any:
        if operation == "list_applications":
            assert key == "applications"
            return iter(["api"])
        assert (operation, key) == ("list_deployment_groups", "deploymentGroups")
        assert params == {"applicationName": "api"}
        return iter(self.groups)

    children = items

    def ask(self, _service: str, operation: str, **params: Any) -> dict[str, Any]:
        self.asked.append(operation)
        found = [self.groups[name] for name in params["deploymentGroupNames"]]
        return {"deploymentGroupsInfo": found, "errorMessage": self.problem}

    def fact(self, _service: str, operation: str, **params: Any) -> Fact:
        def call() -> object:
            self.asked.append(operation)
            return {"deploymentConfigName": params["deploymentConfigName"]}

        return Fact("codedeploy:GetDeploymentConfig", call)


def _group(number: int, config: str = "CodeDeployDefault.OneAtATime") -> dict[str, Any]:
    return {
        "applicationName": "api", "deploymentGroupName": f"g{number}", "deploymentConfigName": config,
    }  # fmt: skip


def test_groups_are_described_a_hundred_at_a_time() -> None:
    aws = _Answers([_group(number) for number in range(101)])
    found = list(codedeploy.deployment_groups.function(aws))
    assert len(found) == 101
    assert aws.asked == ["batch_get_deployment_groups"] * 2
    assert found[0].uid == "arn:aws:codedeploy:eu-west-1:111122223333:deploymentgroup:api/g0"
    assert "GetDeploymentConfig" not in found[0].body, "AWS's own say what they do by their name"


def test_a_configuration_is_asked_for_once() -> None:
    aws = _Answers([_group(1, "ours"), _group(2, "ours"), _group(3, "theirs")])
    found = list(codedeploy.deployment_groups.function(aws))
    facts: list[Any] = [document.body["GetDeploymentConfig"] for document in found]
    said = [fact.call() for fact in facts]
    assert [config["deploymentConfigName"] for config in said] == ["ours", "ours", "theirs"]
    assert aws.asked.count("get_deployment_config") == 2


def test_a_group_that_is_not_given_is_not_left_out_in_silence() -> None:
    aws = _Answers([_group(1)], problem="No Deployment Group found for name: g2")
    with pytest.raises(Unexpected, match="g2"):
        list(codedeploy.deployment_groups.function(aws))


def test_no_application() -> None:
    with account() as made:
        assert made.collect("aws.codedeploy.deployment_group") == []
        assert made.calls == {"codedeploy:ListApplications": 1}


def test_the_operations_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    pages: list[dict[str, Any]] = [
        {"applications": ["api"]},
        {"deploymentGroups": ["g1"]},
        {"deploymentGroupsInfo": [_group(1, "ours")]},
        {"deploymentConfigInfo": {"minimumHealthyHosts": {"type": "HOST_COUNT", "value": 1}}},
    ]
    answer = Answer(body=lambda count: json.dumps(pages[count - 1]))
    with FaultyAws(answer) as server:
        aws, meter = client(server.url, *codedeploy.deployment_groups.calls)
        (found,) = codedeploy.deployment_groups.function(aws)
        config: Any = found.body["GetDeploymentConfig"]
        assert config.call()["minimumHealthyHosts"]["value"] == 1
    assert set(meter.calls) == set(codedeploy.deployment_groups.calls)
