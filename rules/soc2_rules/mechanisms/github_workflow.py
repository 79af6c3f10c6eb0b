"""What can go wrong in a workflow file, one question a function: each yields problems and doubts.

A problem is proven by the file; a doubt is what nobody can tell without running it, or without another file.
"""

from __future__ import annotations

import dataclasses
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from soc2_collectors.github.models.action import local_path
from soc2_collectors.github.models.expression import condition, without_expressions
from soc2_collectors.github.models.shell import commands
from soc2_collectors.github.models.strangers import (
    CALLED,
    INSIDERS,
    SAFE,
    Admitted,
    Budget,
    Flow,
    Grade,
    Place,
    admitted,
    code,
    with_rights,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from soc2_collectors.github.models.action import Action
    from soc2_collectors.github.models.workflow import Content, Job, Step


class Remark(NamedTuple):
    """Something about a workflow."""

    proven: bool
    """A problem; otherwise a doubt."""
    text: str


def problem(text: str) -> Remark:
    """What the file proves."""
    return Remark(proven=True, text=text)


def doubt(text: str) -> Remark:
    """What nobody can tell by the file."""
    return Remark(proven=False, text=text)


class Reached(NamedTuple):
    """A step and how it is reached."""

    job: Job
    step: Step
    place: Place
    let_in: Admitted
    """What its conditions let through."""
    inside: str = ""
    """The action of the repository itself that it is a step of; empty for a step of the file."""

    @property
    def where(self) -> str:
        """``job 'test'``, ``job 'test' in ./.github/actions/setup``."""
        return f"job '{self.job.name}'{f' in {self.inside}' if self.inside else ''}"

    @property
    def exposed(self) -> list[str]:
        """Events that strangers bring about, that run with the repository's rights and reach the step."""
        return with_rights(self.place.triggers)

    @property
    def exposed_code(self) -> list[str]:
        """Those of them that may bring along code of strangers."""
        return with_rights(self.let_in.code)

    @property
    def own(self) -> bool:
        """Whether its conditions keep out what comes from forks."""
        return not self.let_in.foreign - INSIDERS


Actions: TypeAlias = "Mapping[str, Action]"
"""Actions of the repository itself that were read, by their folder."""
NO_ACTIONS: Actions = {}
_DEEPEST = 10
"""Composite actions in composite actions: GitHub allows no more."""
_MOST_STEPS = 5_000
"""Of a job with all that its actions hold: a few files can stand for steps without end."""


def steps(content: Content, actions: Actions = NO_ACTIONS) -> Iterator[Reached]:
    """Every step that some event reaches, those of the repository's own composite actions too."""
    budget = Budget()
    for job in content.jobs:
        let_in = admitted(condition(job.condition), content.triggers)
        for step in job.steps:
            here = let_in.both(admitted(condition(step.condition), let_in.triggers))
            if here.triggers:
                place = Place(content, job, step, here.triggers, budget)
                one = Reached(job, step, place, here)
                yield one
                yield from itertools.islice(_inside(one, actions), _MOST_STEPS)


def _inside(outer: Reached, actions: Actions) -> Iterator[Reached]:
    """Steps of the composite action that a step calls."""
    action = action_of(outer.step.uses, actions)
    if action is None or outer.place.depth >= _DEEPEST:
        return
    given = action.defaults | {name.lower(): text for name, text in outer.step.inputs.items()}
    for step in action.steps:
        here = outer.let_in.both(admitted(condition(step.condition), outer.place.triggers))
        if here.triggers:
            place = dataclasses.replace(
                outer.place, step=step, triggers=here.triggers, caller=outer.place, given=given
            )
            one = Reached(outer.job, step, place, here, outer.step.uses)
            yield one
            yield from _inside(one, actions)


def action_of(uses: str, actions: Actions) -> Action | None:
    """The action of the repository itself that is named, where it was read."""
    path = local_path(uses)
    return None if path is None else actions.get(path)


def called(content: Content, actions: Actions = NO_ACTIONS) -> set[str]:
    """Whatever the steps of a file, and of the actions that they call, name by ``uses``."""
    found: set[str] = set()
    rest = [step.uses for step in content.steps if step.uses]
    while rest:
        uses = rest.pop()
        if uses not in found:
            found.add(uses)
            action = action_of(uses, actions)
            rest += [step.uses for step in (action.steps if action else ()) if step.uses]
    return found


# -- words of strangers ---------------------------------------------------------------------------------

_INTERPRETER = r"(?:(?:ba|da|z|k)?sh|python3?|node|perl|ruby|pwsh|powershell)\b"
_EVALUATED = re.compile(
    r"\beval\b|\b(?:ba|da|z)?sh\s+-\w*c\b|\bpython3?\s+-c\b|\bnode\s+-e\b|\bperl\s+-e\b|\bruby\s+-e\b"
    r"|\bInvoke-Expression\b|\biex\b|\bxargs\b[^\n]{0,200}\bsh\b|\bexec\s*\(|\bFunction\s*\(|\bssh\s"
    # What comes by a pipe, by a here-document or as a file that is none.
    rf"|\|\s*(?:sudo\s+)?(?:/usr)?(?:/bin/)?(?:env\s+)?{_INTERPRETER}"
    rf"|(?<![\w-]){_INTERPRETER}[^\n;|&]{{0,100}}<<|(?:\bsource|(?:^|[\s;&|])\.)\s+<\(",
    re.IGNORECASE | re.MULTILINE,
)
_KEPT = re.compile(r"\bGITHUB_(?:ENV|PATH)\b|::(?:set-env|add-path)\b", re.IGNORECASE)
"""A script that sets environment variables, or the path of programs, for the steps after it."""
_READS = re.compile(
    r"\$\{?(?:env:)?([A-Za-z_]\w*)|process\.env\W{1,5}(\w+)|\b(?:environ(?:\.get)?|getenv)\W{1,5}(\w+)"
    r"|\bENV\W{1,3}(\w+)|%(\w+)%",
    re.IGNORECASE,
)
"""How scripts read environment variables."""
_DYNAMIC = re.compile(r"\$\(|`|\$\{?(?!GITHUB_|RUNNER_|\{)\w")


_OF_A_CHANGE = re.compile(r"github\.(?:head_ref|event\.(?:pull_request|workflow_run)\.)")


def injections(content: Content, actions: Actions = NO_ACTIONS) -> Iterator[Remark]:
    """Texts of strangers that become part of a script."""
    for one in steps(content, actions):
        where = one.where
        for script in one.step.scripts:
            flow = words(script, one.place)
            if one.own and _OF_A_CHANGE.search(flow.what):
                continue  # where forks are kept out, who wrote it has write access
            if flow.grade is Grade.CHOSEN:
                yield problem(f"{where} runs {flow.what} as part of a script")
            elif flow.grade is Grade.UNKNOWN and one.exposed:
                yield doubt(
                    f"{where} runs {flow.what} as part of a script on {one.exposed[0]}: "
                    "the file does not say whose text that is",
                )
            yield from _through_variables(one, script)


def _through_variables(one: Reached, script: str) -> Iterator[Remark]:
    """A variable that a script reads is a text, unless the script makes a program or a variable of it."""
    evaluates, keeps = _EVALUATED.search(script), one.exposed and _KEPT.search(script)
    where = one.where
    read = {name for match in _READS.finditer(script) for name in match.groups() if name}
    chosen = [
        name
        for name in sorted(read)
        if (text := one.place.variable(name)) is not None
        and words(text, one.place).grade is Grade.CHOSEN
    ]
    if any(_runs_as_program(script, name) for name in chosen):
        yield problem(f"{where} runs {chosen[0]}, a text of strangers, as part of a script")
    elif chosen and evaluates:
        yield doubt(
            f"{where} reads {chosen[0]}, a text of strangers, beside a call of an interpreter"
        )
    elif leading := _leads(script, chosen):
        yield doubt(f"{where} has {leading}, a text of strangers, where a command may stand")
    if keeps and chosen:
        yield problem(
            f"{where} writes {chosen[0]}, a text of strangers, where later steps read variables"
        )
    elif keeps and _DYNAMIC.search(without_expressions(script)):
        yield doubt(
            f"{where} sets variables of later steps on {one.exposed[0]} by what it works out"
        )


def _leads(script: str, variables: list[str]) -> str:
    """The variable that stands where a shell may take its text for a command; an empty text for none."""
    bare = re.sub(r"\$\{(\w+)\}", r"$\1", script) if variables else ""
    first = {line[0] for line in commands(bare)}
    return next((name for name in variables if f"${name}" in first), "")


def _runs_as_program(script: str, variable: str) -> bool:
    """Whether a variable's text becomes a part of what an interpreter is told, before it reads it."""
    name = rf"\$\{{?(?:env:)?{re.escape(variable)}\b"
    evaluated = rf"\b(?:eval|Invoke-Expression|iex)\b[^\n]{{0,500}}?{name}"
    told = rf"\b(?:(?:ba|da|z)?sh\s+-\w*c|python3?\s+-c|(?:node|perl|ruby)\s+-e)\s+\"[^\"]{{0,500}}?{name}"
    return re.search(f"{evaluated}|{told}", script, re.IGNORECASE) is not None


def handed_over(content: Content, actions: Actions = NO_ACTIONS) -> Iterator[Remark]:
    """What workflows, and programs and actions that are not read here, get to work with."""
    for one in steps(content, actions):
        uses = one.step.uses
        if not uses.startswith("./"):
            continue
        action = action_of(uses, actions)
        if action is not None and action.composite:
            continue  # its steps are among these
        flow = _most(words(text, one.place) for text in one.step.inputs.values())
        if flow.grade is Grade.CHOSEN:
            yield doubt(f"{one.where} hands {flow.what} to {uses}, which is not read")
        elif one.exposed:
            yield doubt(f"{one.where} runs {uses} on {one.exposed[0]}, which is not read")
    for job in content.jobs:
        reached = admitted(condition(job.condition), content.triggers).triggers
        place = Place(content, job, None, reached, Budget())
        flow = _most(words(text, place) for text in job.inputs.values())
        exposed = flow.grade is Grade.UNKNOWN and with_rights(reached)
        if job.uses and (flow.grade is Grade.CHOSEN or exposed):
            yield doubt(f"job '{job.name}' hands {flow.what} to {job.uses}, which is not read")


def _most(flows: Iterable[Flow]) -> Flow:
    return max(flows, default=SAFE, key=lambda flow: flow.grade)


# -- code of strangers ----------------------------------------------------------------------------------

_CHECKS_OUT = re.compile(r"(?:^|/)[\w-]*(?:checkout|clone)[\w-]*(?:@|/|$)", re.IGNORECASE)
_GIT = re.compile(
    r"\bgit\b[^\n;|&]{0,200}?\b(?:fetch|checkout|switch|pull|clone|worktree|reset|merge|cherry-pick|rebase"
    r"|read-tree|restore)\b"
)
_PULLS = re.compile(r"\b(?:gh\s+pr|hub\s+pr|git\s+pr)\s+checkout\b|\bgh\s+co\b")
_PATCHES = re.compile(
    r"\bgh\s+pr\s+diff\b|/pulls?/[^\s\"']{0,200}?\.(?:patch|diff)\b"
    r"|application/vnd\.github\.[\w.]{0,20}(?:diff|patch)"
)
_ARCHIVES = re.compile(
    r"\b(?:archive|tarball|zipball)\b|\bcodeload\.|\bgit\+(?:https|ssh)\b|\braw\.githubusercontent\b|/raw/"
)
_CLIENTS = re.compile(
    r"\b(?:curl|wget|aria2c|Invoke-WebRequest|docker\s+(?:buildx\s+)?build)\b", re.IGNORECASE
)
_VARIABLE = re.compile(r"\$\{?(?:env:)?(?!GITHUB_|RUNNER_|HOME\b|\{)([A-Za-z_]\w*)")
_OURS_BY_DEFAULT = re.compile(r"\bGITHUB_HEAD_REF\b")


def foreign_code(content: Content, actions: Actions = NO_ACTIONS) -> Iterator[Remark]:
    """Code of strangers that is fetched with the repository's rights."""
    found = list(steps(content, actions))
    for number, one in enumerate(found):
        exposed = one.exposed_code
        if not exposed:
            continue
        flow = _checked_out(one)
        what = f"{one.where} checks out"
        if flow.grade is Grade.CHOSEN:
            certain = [event for event in exposed if event not in CALLED]
            guarded = (
                f", behind the environment '{one.job.environment}'" if one.job.environment else ""
            )
            if certain and not guarded:
                yield problem(f"{what} a stranger's code on {certain[0]} ({flow.what})")
            else:
                yield doubt(
                    f"{what} what may be a stranger's code on {exposed[0]} ({flow.what}){guarded}",
                )
        elif flow.grade is Grade.UNKNOWN:
            yield doubt(
                f"{what} {flow.what} on {exposed[0]}: the file does not say whose code that is",
            )
        yield from _artifacts(one, [o.step for o in found[number:] if o.job is one.job])


def _checked_out(one: Reached) -> Flow:
    step = one.step
    if step.uses and (_CHECKS_OUT.search(step.uses) or "ref" in step.inputs):
        asked = [step.inputs.get(name, "") for name in ("ref", "repository", "branch", "commit")]
        found = _most(code(text, one.place) for text in asked)
        # What another action does with a ref is its own affair.
        known = _CHECKS_OUT.search(step.uses) or found.grade is Grade.SAFE
        return found if known else Flow(Grade.UNKNOWN, found.what)
    return _most(_by_script(script, one.place) for script in step.scripts)


def _by_script(script: str, place: Place) -> Flow:
    """What a script checks out."""
    if _PULLS.search(script):
        return Flow(Grade.CHOSEN, _PULLS.search(script)[0])  # type: ignore[index]
    if not _GIT.search(without_expressions(script)):
        return _downloaded(script, place)
    if _OURS_BY_DEFAULT.search(script):
        return Flow(Grade.CHOSEN, "GITHUB_HEAD_REF")
    found = code(script, place)
    for name in _VARIABLE.findall(without_expressions(script)):
        value = place.variable(name)
        flow = Flow(Grade.UNKNOWN, f"${name}") if value is None else code(value, place)
        found = _most((found, flow))
    return found


def _downloaded(script: str, place: Place) -> Flow:
    """What a script gets of a repository without git."""
    found = code(script, place)
    if found.grade is Grade.CHOSEN and _ARCHIVES.search(script):
        return found
    if found.grade is Grade.CHOSEN and _CLIENTS.search(script):
        return Flow(Grade.UNKNOWN, found.what)
    return Flow(Grade.UNKNOWN, "a patch") if _PATCHES.search(script) else SAFE


_DOWNLOADS = re.compile(
    r"\bgh\s+run\s+download\b|downloadArtifact|/actions/artifacts/|/artifacts\b"
)
_RUNS_SOMETHING = re.compile(
    r"(?:^|[\s;&|(\"'])(?:\./[\w.-]|(?:ba|da|z)?sh\s+[\w./$-]|source\s|\.\s+[\w./$-]|python3?\s+[\w./$-]|node\s+[\w./$-]"
    r"|make\b|npm\b|npx\b|yarn\b|pnpm\b|pip3?\s+install|go\s+(?:run|test|build|generate)|cargo\b|mvn\b|gradle\b"
    r"|chmod\s+\S*\+?x)",
    re.MULTILINE,
)


def _artifacts(one: Reached, after: list[Step]) -> Iterator[Remark]:
    """Files that the run of a stranger's pull request left; ``after``: the step and those behind it."""
    step = one.step
    by_action = "download-artifact" in step.uses.lower() and (
        not step.uses.lower().startswith("actions/") or "run-id" in step.inputs
    )
    if "workflow_run" not in one.place.triggers or not (
        by_action or any(_DOWNLOADS.search(script) for script in step.scripts)
    ):
        return
    folder = step.inputs.get("path", "").strip("./ ")
    for later in after:
        script = without_expressions(later.run)
        run = _RUNS_SOMETHING.search(script)
        if run and (not folder or folder in later.run):
            yield problem(
                f"{one.where} runs files that a stranger's run may have left (workflow_run)",
            )
            return
    yield doubt(
        f"{one.where} reads files that a stranger's run may have left (workflow_run)",
    )
