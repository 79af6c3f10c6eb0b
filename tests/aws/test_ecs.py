"""ECS: services are asked for by cluster, ten at a time; which alarms stop their deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws import ecs
from soc2_pac import plugins
from soc2_pac.errors import Unexpected
from soc2_pac.model import Status
from soc2_pac.testing import judge_document

if TYPE_CHECKING:
    from collections.abc import Iterator

_RULE = plugins.load().rules["aws-alarm-actions"]
_IDLE = {
    "AlarmName": "errors",
    "AlarmArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:errors",
    "ActionsEnabled": True,
    "AlarmActions": [],
}
_ON, _OFF = True, False


class _Answers:
    """What ECS says of one cluster."""

    def __init__(self, count: int, failures: list[dict[str, str]]) -> None:
        self.names = [f"s{number}" for number in range(count)]
        self.failures = failures
        self.asked: list[int] = []

    def items(self, _service: str, operation: str, key: str, **_: Any) -> Iterator[str]:
        assert (operation, key) == ("list_clusters", "clusterArns")
        return iter(["arn:cluster"])

    def children(self, _service: str, operation: str, key: str, **params: Any) -> Iterator[str]:
        assert (operation, key) == ("list_services", "serviceArns")
        assert params["cluster"] == "arn:cluster"
        return iter(self.names)

    def ask(self, _service: str, operation: str, **params: Any) -> dict[str, Any]:
        assert (operation, params["cluster"]) == ("describe_services", "arn:cluster")
        self.asked.append(len(params["services"]))
        described = [
            {"serviceArn": f"arn:{name}", "serviceName": name, "runningCount": 3, "events": [{}]}
            for name in params["services"]
        ]
        return {"services": described, "failures": self.failures}


def test_services_are_described_ten_at_a_time_and_without_what_changes_all_the_time() -> None:
    aws = _Answers(11, [{"arn": "arn:s11", "reason": "MISSING"}])
    found = list(ecs.services.function(aws))
    assert aws.asked == [10, 1]
    assert [document.name for document in found] == aws.names
    assert set(found[0].body) == {"serviceArn", "serviceName"}


def test_a_service_that_is_not_described_does_not_go_missing_unsaid() -> None:
    with pytest.raises(Unexpected, match="ACCESS_DENIED"):
        list(ecs.services.function(_Answers(1, [{"arn": "arn:s1", "reason": "ACCESS_DENIED"}])))


@pytest.mark.parametrize(
    ("by_codedeploy", "by_ecs", "expected"),
    [
        (_ON, _OFF, Status.NOT_APPLICABLE),
        (_OFF, _ON, Status.NOT_APPLICABLE),
        (_OFF, _OFF, Status.FAIL),
    ],
)
def test_an_alarm_stops_deployments_while_that_is_switched_on(
    *, by_codedeploy: bool, by_ecs: bool, expected: Status
) -> None:
    named = {"enabled": by_codedeploy, "alarms": [{"name": "errors"}]}
    group = {
        "applicationName": "api",
        "deploymentGroupName": "prod",
        "deploymentConfigName": "CodeDeployDefault.OneAtATime",
        "alarmConfiguration": named,
    }
    alarms = {"enable": by_ecs, "rollback": True, "alarmNames": ["errors"]}
    given = {
        **{kind.kind: [] for kind in _RULE.joins},
        "aws.codedeploy.deployment_group": [group],
        "aws.ecs.service": [
            {"serviceName": "orders", "deploymentConfiguration": {"alarms": alarms}}
        ],
    }
    assert judge_document(_RULE, _IDLE, given).status is expected
