"""Whether workflows run scanners of infrastructure code and of licences."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.github.models.action import LocalAction
from soc2_collectors.github.models.expression import condition
from soc2_collectors.github.models.repository import Repository
from soc2_collectors.github.models.shell import commands
from soc2_collectors.github.models.strangers import admitted
from soc2_collectors.github.models.workflow import Content, Step, Unreadable, Workflow
from soc2_pac.model import Severity, Verdict, failed, inconclusive, not_applicable, passed
from soc2_pac.rules import Evidence, rule
from soc2_rules.mechanisms.github_actions import local_actions
from soc2_rules.mechanisms.github_workflow import action_of, steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

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
        "snyk test",
        "snyk monitor",
        "blackduck",
        "whitesource",
        "trivy",
        "trivy-action",
    ),
    exempt: tuple[str, ...] = (),
) -> Verdict:
    """Workflows run a scanner of infrastructure code, or of the licences of dependencies.

    A repository whose main language is one of ``iac_languages`` needs one of ``iac_scanners``, any other with
    code one of ``license_scanners``: the name of an action, or of a program that a script calls, in any case, in
    a step that an event of the repository or a schedule reaches, of a workflow that is switched on.
    dependency-review-action checks licences where it is told which are allowed or not. Trivy scans infrastructure
    code by ``trivy config``, or where ``scanners`` names misconfig, and licences where it names license; a file may
    say that too, which is not read.
    Actions of Snyk and Trivy count by the command that they run. How another scanner is set up is not read, nor
    whether Actions are on in the repository, nor are reusable workflows of other repositories. Composite actions
    of the repository itself are. ``exempt`` names repositories that an App scans from outside, which leaves
    nothing in a workflow.

    Why: a network that is open in the code is open once it is deployed, and a licence that forbids the use
        of a library is found by somebody else's lawyer.
    Fix: add a scanner to the repository's workflows, for instance actions/dependency-review-action with
        allowed licences, or bridgecrewio/checkov-action.
    """
    if repository.archived:
        return not_applicable("the repository is archived: nobody can change it")
    if repository.named_in(exempt):
        return not_applicable(f"{repository.full_name} is exempt")
    if repository.language is None:
        return not_applicable(f"GitHub finds no code in {repository.full_name}")
    infrastructure = repository.language in iac_languages
    names = [name.lower() for name in (iac_scanners if infrastructure else license_scanners)]
    wanted = _Wanted(tuple(names), infrastructure)
    found = evidence.index(Workflow, "repository_name").get(repository.full_name, ())
    return _judged(repository, found, evidence, wanted)


class _Wanted(NamedTuple):
    """Which scanners count."""

    names: tuple[str, ...]
    infrastructure: bool

    @property
    def what(self) -> str:
        """What they scan."""
        return "infrastructure code" if self.infrastructure else "licences"


def _judged(
    repository: Repository, workflows: Sequence[Workflow], evidence: Evidence, wanted: _Wanted
) -> Verdict:
    read: dict[str, tuple[Workflow, Content]] = {}
    unread = ""
    off: list[str] = []
    for workflow in workflows:
        try:
            read[workflow.name] = (workflow, workflow.content())
        except Unreadable as error:
            unread = unread or f"{workflow.label}: {error}"
    started = _started(read, lambda one: one.state == "active")
    perhaps = _started(read, lambda one: not one.off)
    for workflow, content in read.values():
        called = True if workflow.name in started else None if workflow.name in perhaps else False
        actions, _, lost = local_actions(workflow, content, evidence)
        lost.demand_all()
        for found, doubt in _found(content, actions, wanted, called=called):
            label = f"{workflow.label} runs {found}"
            if doubt:
                unread = unread or f"{label}: {doubt}"
            elif workflow.off:
                off.append(f"{label}, and is {workflow.state or 'off'}")
                break
            elif workflow.state != "active":
                unread = f"{workflow.label} is {workflow.state}: unknown"
                break
            else:
                return passed(f"{label}, which scans {wanted.what}", on=[workflow])
        unread = unread or _elsewhere(workflow, content, actions, set(read))
    if unread:
        return inconclusive(unread)
    problem = f"no workflow of {repository.full_name} runs a known scanner of {wanted.what}"
    return failed("; ".join([problem, *off[:1]]))


def _found(
    content: Content, actions: Actions, wanted: _Wanted, *, called: bool | None
) -> Iterator[tuple[str, str]]:
    """Scanners that a workflow runs without a hand, and why nobody knows of one whether it looks.

    ``called``: whether another workflow calls it; ``None``: perhaps.
    """
    for step, by_itself in _running(content, actions):
        if by_itself or called is not False:
            name, doubt = _scanner(step, wanted)
            if not by_itself and called is None:
                doubt = doubt or "what calls it is in a state that is not known here"
            if name:
                yield name, doubt


def _running(content: Content, actions: Actions) -> Iterator[tuple[Step, bool]]:
    """Steps that some event reaches, and whether one does that nobody brings about by hand."""
    for one in steps(content, actions):
        yield one.step, bool(one.place.triggers - _BY_HAND)


def _started(
    read: Mapping[str, tuple[Workflow, Content]], on: Callable[[Workflow], bool]
) -> set[str]:
    """Workflow files of the repository that others call without a hand, directly or by one between.

    Whoever is not ``on`` calls nobody, and neither does a job that no event reaches.
    """
    begun: set[str] = set()
    rest = [name for name, (_, content) in read.items() if content.triggers - _BY_HAND]
    while rest:
        workflow, content = read[rest.pop()]
        called = _called(content, called=workflow.name in begun) - begun
        if called and on(workflow):
            begun |= called
            rest += sorted(called & set(read))
    return begun


def _called(content: Content, *, called: bool) -> set[str]:
    """Workflow files of the repository that a workflow calls, by an event or where it is ``called`` itself."""
    found: set[str] = set()
    for job in content.jobs:
        if job.uses.startswith(_LOCAL):
            reached = admitted(condition(job.condition), content.triggers).triggers
            if reached - _BY_HAND or (called and "workflow_call" in reached):
                found.add(job.uses.removeprefix(_LOCAL))
    return found


def _scanner(step: Step, wanted: _Wanted) -> tuple[str, str]:
    """The scanner that a step runs, empty for none; and why nobody knows whether it looks, empty for sure."""
    run = _command_of(step)
    if step.uses and not run:
        found = next((part for part in _action(step).split("/") if part in wanted.names), "")
        return ("" if found == _DEPENDENCY_REVIEW and not _checks_licences(step) else found), ""
    unsure = ("", "")
    for words in [run] if run else commands(step.run):
        lower = [word.lower() for word in words]
        for name in wanted.names:
            called = (name.removesuffix("-action") if run else name).split()
            idle = len(lower) == len(called) + 1 and lower[-1] in _IDLE
            if lower[: len(called)] != called or idle:
                continue
            looks: bool | None = True
            if lower[0] == "trivy":
                looks = _trivy_looks(lower) if wanted.infrastructure else _trivy_reads(lower)
            if looks:
                return name, ""
            if looks is None:
                unsure = name, "the step does not name misconfig, and a file or a variable may"
    return unsure


def _action(step: Step) -> str:
    """The action that a step names, without its version, in lower case."""
    return step.uses.removeprefix("docker://").partition("@")[0].partition(":")[0].lower()


_SNYK = "snyk/actions/"
_TRIVY = "aquasecurity/trivy-action"


def _command_of(step: Step) -> list[str]:
    """The command that an action runs for which that is what counts; empty for any other action."""
    action = _action(step)
    if action == _TRIVY:
        asked = step.inputs.get("scanners", "")
        given = ["--scanners", asked] if asked else []
        return ["trivy", step.inputs.get("scan-type") or "image", *given]
    if action.startswith(_SNYK):
        sort = action.removeprefix(_SNYK)
        what = _SNYK_SORTS.get(sort, [])
        if sort == "setup":
            return ["snyk", "--version"]
        return ["snyk", *what, *(step.inputs.get("command") or "test").split()]
    return []


_SNYK_SORTS = {"docker": ["container"], "iac": ["iac"], "infrastructure-as-code": ["iac"]}
"""Actions of Snyk that run another command than that for dependencies."""
_TRIVY_FILES = frozenset({"fs", "filesystem", "repo", "repository"})
_TRIVY_CONFIG = frozenset({"config", "conf"})
_MISCONFIG = re.compile(r"(?:^|,)(?:misconfig|config)(?:,|$)")


def _trivy_looks(words: list[str]) -> bool | None:
    """Whether a command of Trivy looks at infrastructure code, of which images hold none; ``None``: not said."""
    if _TRIVY_CONFIG & set(words[1:]):
        return True
    if not _TRIVY_FILES & set(words[1:]):
        return False
    told = _trivy_scanners(words)
    return None if told is None else bool(_MISCONFIG.search(told))


def _trivy_reads(words: list[str]) -> bool:
    """Whether a command of Trivy, which by itself looks for no licences, is told to."""
    told = _trivy_scanners(words)
    return told is not None and "license" in [one.strip() for one in told.split(",")]


def _trivy_scanners(words: list[str]) -> str | None:
    """What ``--scanners`` names; ``None``: the command does not say."""
    for at, word in enumerate(words):
        flag, given, value = word.partition("=")
        if flag in ("--scanners", "--security-checks"):
            return value if given else "".join(words[at + 1 : at + 2])
    return None


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
