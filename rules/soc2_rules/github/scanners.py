"""Whether workflows run scanners of infrastructure code and of licences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.github.models.action import LocalAction
from soc2_collectors.github.models.repository import Repository
from soc2_collectors.github.models.shell import commands
from soc2_collectors.github.models.workflow import Content, Step, Unreadable, Workflow
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.github_actions import local_actions
from soc2_rules.mechanisms.github_workflow import action_of, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_rules.mechanisms.github_workflow import Actions

_BY_HAND = frozenset({"workflow_dispatch", "repository_dispatch", "workflow_call"})
_LOCAL = "./.github/workflows/"
_DEPENDENCY_REVIEW = "dependency-review-action"
_IDLE = frozenset({"--version", "-v", "version", "--help", "-h", "help"})


@rule(
    criteria=["CC7.1", "CC8.1"],
    severity=Severity.LOW,
    needs=[Workflow, LocalAction],
    known_as=["powerpipe:cis_supply_chain_v100_3_2_3"],
)
def github_iac_and_license_scan(
    repository: Repository,
    evidence: Evidence,
    *,
    iac_languages: tuple[str, ...] = ("HCL", "Bicep", "Jsonnet"),
    iac_scanners: tuple[str, ...] = (
        "checkov",
        "checkov-action",
        "tfsec",
        "tfsec-action",
        "trivy",
        "trivy-action",
        "kics",
        "kics-github-action",
        "terrascan",
        "terrascan-action",
        "snyk iac",
        "cfn-nag",
        "cfn_nag_scan",
        "cfn-guard",
        "conftest test",
        "wizcli iac",
    ),
    license_scanners: tuple[str, ...] = (
        "dependency-review-action",
        "fossa",
        "fossa-action",
        "license-checker",
        "license_finder",
        "licensed status",
        "pip-licenses",
        "go-licenses",
        "cargo-deny",
        "cargo-deny-action",
        "cargo deny",
        "scancode",
        "ort-ci-github-action",
        "snyk",
        "blackduck",
        "whitesource",
    ),
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Workflows run a scanner of infrastructure code, or of the licences of dependencies.

    A repository whose main language is one of ``iac_languages`` needs one of ``iac_scanners``, any other with
    code one of ``license_scanners``: the name of an action, or of a program that a script calls, in any case, in
    a step that an event of the repository or a schedule reaches, of a workflow that is switched on.
    dependency-review-action checks licences where it is told which are allowed or not. How another scanner is set
    up is not read, nor whether Actions are on in the repository, nor are reusable workflows of other
    repositories. Composite actions of the repository itself are. ``exempt`` names repositories that an App scans
    from outside, which leaves nothing in a workflow.

    Why: a network that is open in the code is open once it is deployed, and a licence that forbids the use
        of a library is found by somebody else's lawyer.
    Fix: add a scanner to the repository's workflows, for instance actions/dependency-review-action with
        allowed licences, or bridgecrewio/checkov-action.
    """
    if repository.archived:
        return not_applicable("the repository is archived: nobody can change it")
    if repository.name in exempt:
        return not_applicable(f"{repository.full_name} is exempt")
    if repository.language is None:
        return not_applicable(f"GitHub finds no code in {repository.full_name}")
    infrastructure = repository.language in iac_languages
    names = [name.lower() for name in (iac_scanners if infrastructure else license_scanners)]
    what = "infrastructure code" if infrastructure else "licences"
    read: dict[str, tuple[Workflow, Content]] = {}
    unread = ""
    off: list[str] = []
    for workflow in evidence.index(Workflow, "repository_name").get(repository.full_name, ()):
        try:
            read[workflow.name] = (workflow, workflow.content())
        except Unreadable as error:
            unread = unread or f"{workflow.label}: {error}"
    started = _started(content for _, content in read.values())
    for workflow, content in read.values():
        called = workflow.name in started
        actions, _ = local_actions(workflow, content, evidence)
        for step, by_itself in _running(content, actions):
            if (by_itself or called) and (found := _scanner(step, names)):
                if workflow.off:
                    off.append(f"{workflow.label} runs {found}, and is {workflow.state or 'off'}")
                    break
                if workflow.state != "active":
                    unread = f"{workflow.label} is {workflow.state}: unknown"
                    break
                return passed(f"{workflow.label} runs {found}, which scans {what}", on=[workflow])
        unread = unread or _elsewhere(workflow, content, actions, set(read))
    if unread:
        return inconclusive(unread)
    problem = f"no workflow of {repository.full_name} runs a known scanner of {what}"
    return failed("; ".join([problem, *off[:1]]))


def _running(content: Content, actions: Actions) -> Iterator[tuple[Step, bool]]:
    """Steps that some event reaches, and whether one does that nobody brings about by hand."""
    for one in steps(content, actions):
        yield one.step, bool(one.place.triggers - _BY_HAND)


def _started(contents: Iterator[Content]) -> set[str]:
    """Workflow files of the repository that others call without a hand."""
    calls = [
        (bool(content.triggers - _BY_HAND), job.uses.removeprefix(_LOCAL))
        for content in contents
        for job in content.jobs
        if job.uses.startswith(_LOCAL)
    ]
    return {name for by_itself, name in calls if by_itself}


def _scanner(step: Step, names: list[str]) -> str:
    """The scanner that a step runs; an empty text where it runs none."""
    if step.uses:
        action = step.uses.removeprefix("docker://").partition("@")[0].partition(":")[0].lower()
        found = next((part for part in action.split("/") if part in names), "")
        return "" if found == _DEPENDENCY_REVIEW and not _checks_licences(step) else found
    for words in commands(step.run):
        lower = [word.lower() for word in words]
        for name in names:
            wanted = name.split()
            if lower[: len(wanted)] == wanted and not (
                len(lower) == len(wanted) + 1 and lower[-1] in _IDLE
            ):
                return name
    return ""


def _checks_licences(step: Step) -> bool:
    told = any(step.inputs.get(key) for key in ("allow-licenses", "deny-licenses", "config-file"))
    return told and step.inputs.get("license-check", "true").lower() != "false"


def _elsewhere(workflow: Workflow, content: Content, actions: Actions, read: set[str]) -> str:
    """Why a scanner may run that stands in no file that is read."""
    for job in content.jobs:
        if job.uses and job.uses.removeprefix(_LOCAL) not in read:
            return f"{workflow.label} calls {job.uses}, which is not read"
    for step, _ in _running(content, actions):
        if step.uses.startswith("./") and action_of(step.uses, actions) is None:
            return f"{workflow.label} runs {step.uses}, which is not read"
    return ""
