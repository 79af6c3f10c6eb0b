"""CodePipeline: who lets a change into production."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.codepipeline import Action, Pipeline
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_Step = tuple[int, int, Action]
"""(stage, run order, action): what is smaller in the first two has ended before."""


@rule(criteria=["CC8.1"], severity=Severity.HIGH)
def aws_pipeline_manual_approval(
    pipeline: Pipeline, *, production: tuple[str, ...] = ()
) -> Verdict:
    """Pipelines wait for somebody's approval before they deploy to production.

    ``production`` holds patterns (``*prod*``) for the names of pipelines, stages and deploying actions;
    while there are none, the last stage of each pipeline that deploys is taken for production. CodePipeline
    does not know who wrote a change; what is compared with the approver is who started the run by hand.

    Why: the approval is the last place where a second person can stop a change.
    Fix: aws codepipeline update-pipeline with an action of category Approval (provider Manual) in a stage
        before the deployment, and leave codepipeline:PutApprovalResult to those who do not start runs.
    """
    steps = list(_steps(pipeline))
    deploying = [step for step in steps if step[2].action_type_id.category == "Deploy"]
    if production:
        deploying = [step for step in deploying if _matches(pipeline, step, production)]
    elif deploying:
        last = max(stage for stage, _, _ in deploying)
        deploying = [step for step in deploying if step[0] == last]
    if not deploying:
        where = "to production " if production else ""
        return not_applicable(f"no action of category Deploy {where}in it")
    approvals = [step for step in steps if step[2].action_type_id.category == "Approval"]
    free = [
        step for step in deploying if not any(approval[:2] < step[:2] for approval in approvals)
    ]
    if free:
        names = sorted({f"{pipeline.structure.stages[at].name}/{act.name}" for at, _, act in free})
        return failed(f"deploys without an approval: {', '.join(names)}")
    return _by_somebody_else(pipeline)


def _steps(pipeline: Pipeline) -> Iterator[_Step]:
    for at, stage in enumerate(pipeline.structure.stages):
        for action in stage.actions:
            yield at, action.run_order, action


def _matches(pipeline: Pipeline, step: _Step, patterns: tuple[str, ...]) -> bool:
    stage, _, action = step
    names = (pipeline.name, pipeline.structure.stages[stage].name, action.name)
    return any(
        fnmatchcase(name.casefold(), pattern.casefold()) for name in names for pattern in patterns
    )


def _by_somebody_else(pipeline: Pipeline) -> Verdict:
    """Whether the newest approvals name who gave them, and that is not who started the run."""
    given = [approval for approval in pipeline.approvals if approval.status == "Succeeded"]
    started = {
        run.pipeline_execution_id: run.trigger.trigger_detail
        for run in pipeline.manual_starts
        if run.trigger is not None and run.trigger.trigger_detail
    }
    own = sorted(
        {
            f"{approval.updated_by} in {approval.pipeline_execution_id}"
            for approval in given
            if approval.updated_by
            and started.get(approval.pipeline_execution_id) == approval.updated_by
        }
    )
    if own:
        return failed(f"started and approved by the same: {', '.join(own)}")
    unnamed = sorted({a.pipeline_execution_id for a in given if not a.updated_by})
    if unnamed:
        return inconclusive(f"it is not said who approved {', '.join(unnamed)}")
    if not given:
        return passed("waits for an approval; none is among its newest executions")
    return passed(
        "waits for an approval; the newest name who gave them, nobody who started the run"
    )
