"""CodePipeline: who lets a change into production."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.codepipeline import Action, Pipeline
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

_OTHERS = ("Approval", "Build", "Compute", "Invoke", "Source", "Test")
"""Categories of actions that do not deploy by what they are called; what their commands do is not known."""
_RUNNING = ("Build", "Compute", "Invoke")
"""Categories that run the company's own commands or functions, which may well deploy."""
_NOT_GIVEN = ("Abandoned", "Failed", "InProgress")
_Step = tuple[int, int, Action]
"""(stage, run order, action): what is smaller in the first two has ended before."""


@rule(criteria=["CC8.1"], severity=Severity.HIGH)
def aws_pipeline_manual_approval(
    pipeline: Pipeline, *, production: tuple[str, ...] = ()
) -> Verdict:
    """Pipelines wait for somebody's approval before they deploy to production.

    ``production`` holds patterns (``*prod*``) for the names of pipelines, stages and deploying actions;
    while there are none, the last stage of each pipeline that deploys is taken for production. A change set of
    CloudFormation deploys when it is executed, not when it is made. What a build or a function deploys by its own
    commands is not known: where one is called production and nobody approves before it, the rule is inconclusive.
    CodePipeline does not know who wrote a change; what is compared with the approver is who started the run by hand.

    Why: the approval is the last place where a second person can stop a change.
    Fix: aws codepipeline update-pipeline with an action of category Approval (provider Manual) in a stage
        before the deployment, and leave codepipeline:PutApprovalResult to those who do not start runs.
    """
    steps = list(_steps(pipeline))
    # What this rule does not know may deploy.
    deploying = [
        step
        for step in steps
        if step[2].action_type_id.category not in _OTHERS and not step[2].only_prepares
    ]
    if production:
        deploying = [step for step in deploying if _matches(pipeline, step, production)]
    elif deploying:
        last = max(stage for stage, _, _ in deploying)
        deploying = [step for step in deploying if step[0] == last]
    doing = [
        step
        for step in steps
        if step[2].action_type_id.category in _RUNNING and _called(pipeline, step, production)
    ]
    if not deploying and not doing:
        where = "to production " if production else ""
        return not_applicable(f"no action {where}in it is known to deploy")
    approvals = [step for step in steps if step[2].action_type_id.category == "Approval"]
    if free := [step for step in deploying if not _before(approvals, step)]:
        return failed(f"deploys without an approval: {_told(pipeline, free)}")
    sure = [step for step in approvals if step[2].action_type_id.provider == "Manual"]
    if loose := [step for step in deploying if not _before(sure, step, pipeline)]:
        return inconclusive(f"its approval may be skipped, or is none: {_told(pipeline, loose)}")
    if free := [step for step in doing if not _before(sure, step, pipeline)]:
        return inconclusive(f"whether it deploys is not known: {_told(pipeline, free)}")
    guards = {
        (pipeline.structure.stages[at].name, act.name)
        for at, order, act in approvals
        if any((at, order) < step[:2] for step in (*deploying, *doing))
    }
    return _by_somebody_else(pipeline, guards)


def _before(approvals: list[_Step], step: _Step, certainly: Pipeline | None = None) -> list[_Step]:
    """The approvals that a step waits for; with a pipeline only those in stages that cannot be skipped."""
    return [
        one
        for one in approvals
        if one[:2] < step[:2]
        and (
            certainly is None
            or one[0] == step[0]  # who skips the stage skips the step, too
            or not certainly.structure.stages[one[0]].may_be_skipped
        )
    ]


def _told(pipeline: Pipeline, steps: list[_Step]) -> str:
    names = {f"{pipeline.structure.stages[at].name}/{action.name}" for at, _, action in steps}
    return ", ".join(sorted(names))


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


def _called(pipeline: Pipeline, step: _Step, patterns: tuple[str, ...]) -> bool:
    """Whether the step or its stage is called production, whatever its pipeline is called."""
    stage, _, action = step
    names = (pipeline.structure.stages[stage].name, action.name)
    return any(
        fnmatchcase(name.casefold(), pattern.casefold()) for name in names for pattern in patterns
    )


def _by_somebody_else(pipeline: Pipeline, guards: set[tuple[str, str]]) -> Verdict:
    """Whether the newest approvals name who gave them, and one of each run's is not who started it."""
    given: dict[str, set[str | None]] = {}
    for approval in pipeline.approvals:
        if (
            approval.status in _NOT_GIVEN
            or (approval.stage_name, approval.action_name) not in guards
        ):
            continue
        given.setdefault(approval.pipeline_execution_id, set()).add(approval.updated_by or None)
    started = {
        run.pipeline_execution_id: run.trigger.trigger_detail if run.trigger is not None else None
        for run in pipeline.manual_starts
        if run.pipeline_execution_id in given
    }
    own = sorted(run for run, starter in started.items() if starter and given[run] == {starter})
    if own:
        told = ", ".join(f"{started[run]} in {run}" for run in own)
        return failed(f"started and approved by the same: {told}")
    if unnamed := sorted(run for run, approvers in given.items() if None in approvers):
        return inconclusive(f"it is not said who approved {', '.join(unnamed)}")
    if unknown := sorted(run for run, starter in started.items() if not starter):
        return inconclusive(f"it is not said who started {', '.join(unknown)}")
    if not given:
        return passed("waits for an approval; none is among its newest executions")
    return passed("waits for an approval; the newest were given by others than who started the run")
