"""CodePipeline: regional."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from soc2_collectors.aws.models.codepipeline import Pipeline
from soc2_pac.model import Document, Fact
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.aws.client import Aws

_PER_PAGE = 1000
_NEWEST = 100
"""How many executions are looked at: the newest come first, and AWS keeps a year of them."""


@collects(
    Pipeline,
    calls=[
        "codepipeline:ListPipelines",
        "codepipeline:GetPipeline",
        "codepipeline:ListActionExecutions",
        "codepipeline:ListPipelineExecutions",
    ],
    per="region",
    cost="pages of 1,000 + 3 N",
)
def pipelines(aws: Aws) -> Iterator[Document]:
    """Pipelines; of their runs only what says who started or approved them."""
    pages = {"PaginationConfig": {"PageSize": _PER_PAGE}}
    for item in aws.items("codepipeline", "list_pipelines", "pipelines", **pages):
        name = item["name"]

        def newest(operation: str, key: str, name: str = name) -> Fact:
            return aws.fact(
                "codepipeline", operation, key=key, pipelineName=name, maxResults=_NEWEST
            )

        yield Document(
            f"arn:{aws.partition}:codepipeline:{aws.region}:{aws.account}:{name}",
            name,
            {
                **item,
                "GetPipeline": aws.fact("codepipeline", "get_pipeline", key="pipeline", name=name),
                "ListActionExecutions": _only(
                    newest("list_action_executions", "actionExecutionDetails"), _approval
                ),
                "ListPipelineExecutions": _only(
                    newest("list_pipeline_executions", "pipelineExecutionSummaries"), _manual_start
                ),
            },
        )


def _only(asked: Fact, kept: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Fact:
    """What matters of a listing: the rest changes with every run, and no rule reads it."""

    def call() -> object:
        said = asked.call()
        if not isinstance(said, list):
            return said
        return [part for item in said if (part := kept(item)) is not None]

    return Fact(asked.operation, call)


def _approval(execution: dict[str, Any]) -> dict[str, Any] | None:
    kind = (execution.get("input") or {}).get("actionTypeId") or {}
    if kind.get("category") != "Approval":
        return None
    wanted = ("pipelineExecutionId", "stageName", "actionName", "status", "updatedBy")
    return {key: execution[key] for key in wanted if key in execution}


def _manual_start(execution: dict[str, Any]) -> dict[str, Any] | None:
    trigger = execution.get("trigger") or {}
    if trigger.get("triggerType") != "StartPipelineExecution":
        return None
    return {"pipelineExecutionId": execution["pipelineExecutionId"], "trigger": trigger}
