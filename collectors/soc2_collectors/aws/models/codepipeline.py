"""Views of CodePipeline: what a pipeline does in which order, and who let it."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from soc2_pac.resources import Resource, fact


class ActionType(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``Source``, ``Build``, ``Deploy``, ``Approval``, ... by whom."""

    category: str
    provider: str = ""


class Action(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A step of a stage. Steps of the same order run side by side; AWS's default is 1."""

    may_lack: ClassVar[dict[str, str]] = {
        "configuration": "without one an action counts as deploying, which is stricter"
    }
    name: str
    action_type_id: ActionType
    run_order: int = 1
    configuration: dict[str, Any] = {}
    """By the provider's own names; what may be a secret is redacted before it is kept."""

    @property
    def only_prepares(self) -> bool:
        """Whether it makes a change set of CloudFormation, which another action executes."""
        return (
            self.action_type_id.provider == "CloudFormation"
            and self.configuration.get("ActionMode") == "CHANGE_SET_REPLACE"
        )


class Condition(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What happens where the rules of a condition are not met: ``FAIL``, ``SKIP``, ``ROLLBACK``, ``RETRY``."""

    may_lack: ClassVar[dict[str, str]] = {"result": "without one the stage is not skipped"}
    result: str | None = None


class Conditions(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Conditions for entering a stage, or for what follows its failure."""

    may_lack: ClassVar[dict[str, str]] = {
        "conditions": "without one the stage is not skipped (API reference, StageDeclaration)",
        "result": "of failures only (API reference, FailureConditions)",
    }
    conditions: list[Condition] = []
    result: str | None = None

    @property
    def results(self) -> set[str]:
        """Everything that may happen by them."""
        return {r for r in (self.result, *(one.result for one in self.conditions)) if r is not None}


class Stage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A stage; each waits for the one before."""

    may_lack: ClassVar[dict[str, str]] = {
        "beforeEntry": "AWS leaves it out of stages without conditions (API reference, StageDeclaration)",
        "onFailure": "AWS leaves it out of stages without conditions (API reference, StageDeclaration)",
    }
    name: str
    actions: list[Action] = []
    before_entry: Conditions | None = None
    on_failure: Conditions | None = None

    @property
    def may_be_skipped(self) -> bool:
        """Whether a run may go on to the next stage though this one did not run, or failed."""
        results = {r for part in (self.before_entry, self.on_failure) if part for r in part.results}
        return not results <= {"FAIL", "ROLLBACK", "RETRY"}


class Structure(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """``GetPipeline``."""

    stages: list[Stage]


class Approval(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """An approval that was given or refused (``ListActionExecutions``)."""

    pipeline_execution_id: str
    stage_name: str
    action_name: str
    status: str
    updated_by: str | None = None
    """The ARN of who decided; left out by old executions."""


class Trigger(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What started an execution."""

    trigger_type: str
    trigger_detail: str | None = None
    """For ``StartPipelineExecution`` the ARN of who did; for the others a rule, a webhook, ..."""


class Execution(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A run of the pipeline (``ListPipelineExecutions``)."""

    pipeline_execution_id: str
    trigger: Trigger | None = None


class Pipeline(Resource, frozen=True, kw_only=True, rename="camel"):
    """A pipeline with the approvals and manual starts among its newest executions."""

    kind = "aws.codepipeline.pipeline"
    secret = (
        "GetPipeline.stages.*.actions.*.configuration.EnvironmentVariables",
        "GetPipeline.stages.*.actions.*.configuration.OAuthToken",
        "GetPipeline.stages.*.actions.*.configuration.ParameterOverrides",
        "GetPipeline.stages.*.actions.*.configuration.UserParameters",
        "**.commands.*",
        "**.environmentVariables.*.value",
        "**.variables.*.defaultValue",
    )
    name: str
    structure: Structure = fact("GetPipeline")
    approvals: list[Approval] = fact("ListActionExecutions")
    """Those among the 100 newest action executions that are approvals."""
    manual_starts: list[Execution] = fact("ListPipelineExecutions")
    """Those among the 100 newest executions that somebody started by hand."""
