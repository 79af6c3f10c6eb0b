"""CodePipeline: pipelines as moto and recorded answers give them; moto does not know executions."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from soc2_collectors.aws import codepipeline
from soc2_pac import plugins
from soc2_pac.canonical import canonical
from soc2_pac.evaluate.judge import judge
from soc2_pac.model import Fact, Scope, Status

from .faulty import Answer, FaultyAws
from .regional import HOME, Account, account
from .test_client import client
from .test_recordings import answers, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SCOPE = Scope("aws", f"111122223333/{HOME}")
KIND = "aws.codepipeline.pipeline"
RULE = "aws-pipeline-manual-approval"


def _stage(name: str, *categories: str) -> dict[str, Any]:
    return {
        "name": name,
        "actions": [
            {
                "name": f"{name}{order}",
                "runOrder": order,
                "actionTypeId": {
                    "category": category, "owner": "AWS", "version": "1",
                    "provider": "Manual" if category == "Approval" else "S3",
                },
                "configuration": {"S3Bucket": "code", "UserParameters": "not-to-be-kept"},
            }
            for order, category in enumerate(categories, 1)
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def aws() -> Iterator[Account]:
    with account() as made:
        iam = made.client("iam")
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "codepipeline.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        trust = {"Version": "2012-10-17", "Statement": [statement]}
        role = iam.create_role(RoleName="pipes", AssumeRolePolicyDocument=json.dumps(trust))
        for name, stages in (
            ("good", [_stage("Source", "Source"), _stage("Release", "Approval", "Deploy")]),
            ("bad", [_stage("Source", "Source"), _stage("Release", "Deploy", "Approval")]),
        ):
            made.client("codepipeline").create_pipeline(
                pipeline={
                    "name": name, "roleArn": role["Role"]["Arn"], "stages": stages,
                    "artifactStore": {"type": "S3", "location": "artifacts"}, "version": 1,
                }
            )  # fmt: skip
        yield made


def test_good_and_bad(aws: Account) -> None:
    assert aws.judge(RULE, "bad", NOW).status is Status.FAIL
    # moto knows no executions, and without them nobody may say that approvers were named.
    good = aws.judge(RULE, "good", NOW)
    assert good.status is Status.INCONCLUSIVE
    assert "ListActionExecutions" in good.message


def test_parameters_are_not_kept(aws: Account) -> None:
    kept = aws.one(KIND, "good").body
    assert b"not-to-be-kept" not in kept
    assert b'"S3Bucket":"code"' in kept
    assert aws.one(KIND, "good").uid == f"arn:aws:codepipeline:{HOME}:{aws.number}:good"


def test_only_approvals_and_manual_starts_are_kept() -> None:
    actions = [
        {
            "pipelineExecutionId": "e1", "stageName": "Release", "actionName": "ask",
            "status": "Succeeded", "updatedBy": "arn:aws:iam::1:user/ann",
            "lastUpdateTime": NOW, "input": {"actionTypeId": {"category": "Approval"}},
        },
        {"pipelineExecutionId": "e1", "input": {"actionTypeId": {"category": "Deploy"}}},
        {"pipelineExecutionId": "e0"},
    ]  # fmt: skip
    kept = codepipeline._only(Fact("codepipeline:X", lambda: actions), codepipeline._approval)
    assert kept.call() == [
        {
            "pipelineExecutionId": "e1", "stageName": "Release", "actionName": "ask",
            "status": "Succeeded", "updatedBy": "arn:aws:iam::1:user/ann",
        }
    ]  # fmt: skip
    by_hand = {"triggerType": "StartPipelineExecution", "triggerDetail": "arn:aws:iam::1:user/ben"}
    runs = [
        {"pipelineExecutionId": "e1", "trigger": by_hand, "status": "Succeeded"},
        {"pipelineExecutionId": "e2", "trigger": {"triggerType": "Webhook"}},
        {"pipelineExecutionId": "e3"},
    ]
    kept = codepipeline._only(Fact("codepipeline:X", lambda: runs), codepipeline._manual_start)
    assert kept.call() == [{"pipelineExecutionId": "e1", "trigger": by_hand}]


def test_recorded_pipelines(recordings: Callable[[str], Path]) -> None:
    rule = plugins.load().rules[RULE]
    said = {}
    for _, answer in answers(recordings("aws"), "codepipeline.GetPipeline"):
        name = answer["pipeline"]["name"]
        body = {"name": name, "GetPipeline": answer["pipeline"]}
        assert judged(KIND, body)
        said[name] = judge(rule, canonical(body), now=NOW, scope=SCOPE)
    assert said["MyFirstPipeline"].status is Status.FAIL
    assert "Beta/CodePipelineDemoFleet" in said["MyFirstPipeline"].message
    assert said["custodian-deploy"].status is Status.NOT_APPLICABLE


def test_recorded_executions_have_no_trigger(recordings: Callable[[str], Path]) -> None:
    runs = [
        run
        for _, said in answers(recordings("aws"), "codepipeline.ListPipelineExecutions")
        for run in said["pipelineExecutionSummaries"]
    ]
    assert runs
    assert [run for run in runs if codepipeline._manual_start(run)] == []


def test_recorded_listings(recordings: Callable[[str], Path]) -> None:
    found = [
        item
        for _, said in answers(recordings("aws"), "codepipeline.ListPipelines")
        for item in said["pipelines"]
    ]
    assert found
    assert all(judged(KIND, item) for item in found)


def test_executions_over_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    approval = {
        "pipelineExecutionId": "e1",
        "status": "Succeeded",
        "input": {"actionTypeId": {"category": "Approval", "owner": "AWS"}},
    }
    by_hand = {"triggerType": "StartPipelineExecution", "triggerDetail": "ann"}
    pages: list[dict[str, Any]] = [
        {"pipelines": [{"name": "api"}]},
        {"actionExecutionDetails": [approval], "nextToken": "older"},
        {"pipelineExecutionSummaries": [{"pipelineExecutionId": "e1", "trigger": by_hand}]},
    ]
    answer = Answer(body=lambda count: json.dumps(pages[count - 1]))
    with FaultyAws(answer) as server:
        aws, meter = client(server.url, *codepipeline.pipelines.calls)
        (found,) = codepipeline.pipelines.function(aws)
        actions: Any = found.body["ListActionExecutions"]
        assert actions.call() == [{"pipelineExecutionId": "e1", "status": "Succeeded"}]
        runs: Any = found.body["ListPipelineExecutions"]
        assert runs.call() == [{"pipelineExecutionId": "e1", "trigger": by_hand}]
    assert meter.calls["codepipeline:ListActionExecutions"] == 1, "the newest page only"
