"""Workflow files: what they say, read without running anything of it."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from soc2_collectors.github.models.repository import RepositoryNode
from soc2_pac.resources import Resource, fact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_CHARACTERS = 256 * 1024
"""More than GitHub runs; what is longer is not read."""
_MOST_VALUES = 20_000
_MOST_TEXT = 4 * _MOST_CHARACTERS
"""A file of aliases to aliases stands for more than it has characters."""
_DEEPEST = 40
_PROGRAM = re.compile(
    r"(^|[-_])script($|[-_])|script$|^(run|command|commands|cmd|code|args|arguments|entrypoint|eval)$"
)
"""Names of inputs that actions take for a program or its arguments."""
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Builds texts, lists and mappings, nothing else: ``on`` stays ``on``, a date stays what it was."""


class Blob(msgspec.Struct, frozen=True, rename="camel"):
    """A file's content."""

    byte_size: int
    is_truncated: bool
    """Whether GitHub cut the text off."""
    is_binary: bool | None = None
    text: str | None = None

    @property
    def content(self) -> str:
        """The text, whole. Raises Unreadable."""
        if self.is_truncated or self.byte_size > _MOST_CHARACTERS:
            msg = f"the file has {self.byte_size} bytes, too many to be read"
            raise Unreadable(msg)
        if self.text is None:
            msg = "the file is no text"
            raise Unreadable(msg)
        return self.text


class Step(msgspec.Struct, frozen=True):
    """One step of a job."""

    job: str
    uses: str
    """The action; empty for a script."""
    run: str
    """The script; empty for an action."""
    inputs: dict[str, str]
    """What is given to the action: ``with``."""
    env: dict[str, str] = {}
    condition: str = ""
    """``if``."""
    shell: str = ""
    """Of a script, and then by ``defaults`` of the job or the workflow where the step names none."""

    @property
    def scripts(self) -> list[str]:
        """What a shell or an interpreter runs of it: ``run``, and inputs that actions take for programs."""
        given = [text for name, text in self.inputs.items() if _PROGRAM.search(name.lower())]
        return [text for text in (self.run, self.shell, *given) if text]


class Job(msgspec.Struct, frozen=True):
    """One job."""

    name: str
    steps: list[Step]
    uses: str
    """The reusable workflow that it calls, or an empty text."""
    permissions: dict[str, str] | str | None
    """What ``GITHUB_TOKEN`` may do in this job; ``None``: as the workflow says."""
    environment: str
    """The deployment environment, or an empty text."""
    texts: str
    """All texts of the job, one after the other."""
    env: dict[str, str] = {}
    condition: str = ""
    """``if``."""
    runs_on: tuple[str, ...] = ()
    """Labels of runners; a group is ``group NAME``."""
    images: tuple[str, ...] = ()
    """Container images: of the job itself and of its services."""
    matrix: dict[str, list[str]] | str = {}
    """The texts of each value; a text where an expression makes it all."""
    inputs: dict[str, str] = {}
    """What is given to a reusable workflow: ``with``."""
    inherits_secrets: bool = False
    """Whether the reusable workflow gets every secret: ``secrets: inherit``."""
    outputs: dict[str, str] = {}


class Content(msgspec.Struct, frozen=True):
    """What a workflow file says."""

    triggers: frozenset[str]
    """``push``, ``pull_request_target`` ..."""
    permissions: dict[str, str] | str | None
    """What ``GITHUB_TOKEN`` may do; ``None``: as the repository's settings say."""
    jobs: list[Job]
    env: dict[str, str] = {}
    inputs: dict[str, str] = {}
    """Inputs of who starts or calls it -> their type; ``string`` where it is left out."""

    @property
    def steps(self) -> list[Step]:
        """The steps of all jobs."""
        return [step for job in self.jobs for step in job.steps]


class Unreadable(ValueError):
    """A workflow file that is not read; the message says why."""


class Workflow(Resource, frozen=True, rename="camel"):
    """A file under ``.github/workflows`` of the default branch (GraphQL ``TreeEntry``)."""

    kind = "github.workflow"

    name: str
    """``deploy.yml``."""
    repository: RepositoryNode
    object: Blob
    state: str | None = fact("state")
    """``active``, ``disabled_manually``, ``disabled_inactivity`` ...: whether events start it. ``None``: GitHub
    lists no such workflow."""

    @property
    def repository_name(self) -> str:
        """``acme/api``."""
        return self.repository.name_with_owner

    @property
    def label(self) -> str:
        """``acme/api/deploy.yml``."""
        return f"{self.repository.name_with_owner}/{self.name}"

    @property
    def off(self) -> bool:
        """Whether no event starts it, as somebody, or GitHub, switched it off. Raises FactUnavailable."""
        return self.state is None or self.state.startswith("disabled_") or self.state == "deleted"

    def content(self) -> Content:
        """What the file says. Raises Unreadable."""
        return content_of(self.object.content)


@functools.lru_cache(maxsize=512)
def content_of(text: str) -> Content:
    """What a workflow file says. Raises Unreadable."""
    return _workflow(_parsed(text))


def _parsed(text: str) -> Mapping[str, Any]:
    """A workflow file as a mapping. Raises Unreadable."""
    found = mapping_of(text)
    if not isinstance(found.get("jobs"), dict):
        msg = "the file is no workflow: it has no jobs"
        raise Unreadable(msg)
    return found


def mapping_of(text: str) -> Mapping[str, Any]:
    """A YAML file as a mapping of texts, lists and mappings. Raises Unreadable."""
    if len(text) > _MOST_CHARACTERS:
        msg = f"the file has {len(text)} characters, too many to be read"
        raise Unreadable(msg)
    try:
        _bounded(text)
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - it builds texts, lists and mappings only
    except (yaml.YAMLError, RecursionError) as error:
        msg = "the file is not valid YAML"
        raise Unreadable(msg) from error
    if not isinstance(found, dict):
        msg = "the file is no workflow: it has no jobs"
        raise Unreadable(msg)
    for _ in _texts(found):
        pass  # what it stands for is counted once, before anything is built of it
    return found


def _bounded(text: str) -> None:
    """Refuse what is nested so deep that building it would overflow. Raises Unreadable, YAMLError."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                msg = f"the file is nested deeper than {_DEEPEST} levels"
                raise Unreadable(msg)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _workflow(found: Mapping[str, Any]) -> Content:
    on = found.get("on", ())
    triggers = frozenset([on] if isinstance(on, str) else (str(one) for one in on))
    shell = _default_shell(found)
    jobs = [
        _job(str(name), job, shell) for name, job in found["jobs"].items() if isinstance(job, dict)
    ]
    inputs: dict[str, str] = {}
    for event in ("workflow_dispatch", "workflow_call"):
        asked = on.get(event) if isinstance(on, dict) else None
        declared = asked.get("inputs") if isinstance(asked, dict) else None
        for name, one in (declared if isinstance(declared, dict) else {}).items():
            said = text_of(one.get("type")) if isinstance(one, dict) else ""
            same = inputs.setdefault(str(name).lower(), said or "string") == (said or "string")
            if not same:
                inputs[str(name).lower()] = "string"
    return Content(
        triggers - {""}, _permissions(found), jobs, _texts_by_name(found.get("env")), inputs
    )


def _default_shell(holder: Mapping[str, Any]) -> str:
    defaults = holder.get("defaults")
    run = defaults.get("run") if isinstance(defaults, dict) else None
    return text_of(run.get("shell")) if isinstance(run, dict) else ""


def _job(name: str, job: dict[str, Any], shell: str) -> Job:
    steps = job.get("steps")
    environment = job.get("environment")
    if isinstance(environment, dict):
        environment = environment.get("name")
    strategy = job.get("strategy")
    services = job.get("services")
    containers = [job.get("container"), *(services.values() if isinstance(services, dict) else ())]
    return Job(
        name=name,
        steps=steps_of(name, steps, _default_shell(job) or shell),
        uses=text_of(job.get("uses")),
        permissions=_permissions(job),
        environment=text_of(environment),
        texts="\n".join(_texts(job)),
        env=_texts_by_name(job.get("env")),
        condition=text_of(job.get("if")),
        runs_on=_labels(job.get("runs-on")),
        images=tuple(
            filter(
                None, (text_of(c.get("image") if isinstance(c, dict) else c) for c in containers)
            )
        ),
        matrix=_matrix(strategy.get("matrix") if isinstance(strategy, dict) else None),
        inputs=_texts_by_name(job.get("with")),
        inherits_secrets=job.get("secrets") == "inherit",
        outputs=_texts_by_name(job.get("outputs")),
    )


def steps_of(job: str, steps: object, shell: str) -> list[Step]:
    """The steps of a job, or of a composite action."""
    found = steps if isinstance(steps, list) else []
    return [_step(job, step, shell) for step in found if isinstance(step, dict)]


def _step(job: str, step: dict[str, Any], shell: str) -> Step:
    return Step(
        job=job,
        uses=text_of(step.get("uses")),
        run=text_of(step.get("run")),
        inputs=_texts_by_name(step.get("with")),
        env=_texts_by_name(step.get("env")),
        condition=text_of(step.get("if")),
        shell=text_of(step.get("shell")) or (shell if step.get("run") else ""),
    )


def _texts_by_name(value: object) -> dict[str, str]:
    return {str(n): text_of(v) for n, v in value.items()} if isinstance(value, dict) else {}


def _labels(value: object) -> tuple[str, ...]:
    if isinstance(value, dict):
        group = text_of(value.get("group"))
        return (*([f"group {group}"] if group else []), *_labels(value.get("labels")))
    return tuple(_texts(value)) if isinstance(value, str | list) else ()


def _matrix(value: object) -> dict[str, list[str]] | str:
    """Every text that a name of the matrix may stand for, those that are included too."""
    if not isinstance(value, dict):
        return text_of(value)
    found: dict[str, list[str]] = {}
    for name, values in value.items():
        if name in ("include", "exclude") and isinstance(values, list):
            for one in values if name == "include" else ():
                for key, inner in one.items() if isinstance(one, dict) else ():
                    found.setdefault(str(key).lower(), []).extend(_texts(inner))
        else:
            found.setdefault(str(name).lower(), []).extend(_texts(values))
    return found


def _permissions(holder: Mapping[str, Any]) -> dict[str, str] | str | None:
    if "permissions" not in holder:
        return None
    value = holder["permissions"]
    return _texts_by_name(value) if isinstance(value, dict) else text_of(value)


def text_of(value: object) -> str:
    """A text; an empty one for whatever is none."""
    return value if isinstance(value, str) else ""


def _texts(value: object) -> Iterator[str]:
    """Every text in a value. Raises Unreadable where aliases make it endless or far too large."""
    rest, seen, characters = [value], 0, 0
    while rest:
        here = rest.pop()
        seen += 1
        characters += len(here) if isinstance(here, str) else 0
        if seen > _MOST_VALUES or characters > _MOST_TEXT:
            msg = f"the file stands for more than {_MOST_VALUES} values or {_MOST_TEXT} characters"
            raise Unreadable(msg)
        if isinstance(here, str):
            yield here
        elif isinstance(here, dict):
            rest += [*here.keys(), *here.values()]
        elif isinstance(here, list):
            rest += here
