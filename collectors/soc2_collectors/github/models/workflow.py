"""Workflow files: what they say, read without running anything of it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from soc2_collectors.github.models.repository import RepositoryNode
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MOST_CHARACTERS = 256 * 1024
"""More than GitHub runs; what is longer is not read."""
_MOST_VALUES = 20_000
_MOST_TEXT = 4 * _MOST_CHARACTERS
"""A file of aliases to aliases stands for more than it has characters."""
_DEEPEST = 40
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Builds texts, lists and mappings, nothing else: ``on`` stays ``on``, a date stays what it was."""


class Blob(msgspec.Struct, frozen=True, rename="camel"):
    """A file's content."""

    byte_size: int
    is_binary: bool | None = None
    is_truncated: bool = False
    """Whether GitHub cut the text off."""
    text: str | None = None


class Step(msgspec.Struct, frozen=True):
    """One step of a job."""

    job: str
    uses: str
    """The action; empty for a script."""
    run: str
    """The script; empty for an action."""
    inputs: dict[str, str]
    """What is given to the action: ``with``."""

    @property
    def said(self) -> str:
        """The action, or the script."""
        return self.uses or self.run


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


class Content(msgspec.Struct, frozen=True):
    """What a workflow file says."""

    triggers: frozenset[str]
    """``push``, ``pull_request_target`` ..."""
    permissions: dict[str, str] | str | None
    """What ``GITHUB_TOKEN`` may do; ``None``: as the repository's settings say."""
    jobs: list[Job]

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

    @property
    def repository_name(self) -> str:
        """``acme/api``."""
        return self.repository.name_with_owner

    @property
    def label(self) -> str:
        """``acme/api/deploy.yml``."""
        return f"{self.repository.name_with_owner}/{self.name}"

    def content(self) -> Content:
        """What the file says. Raises Unreadable."""
        blob = self.object
        if blob.is_truncated or blob.byte_size > _MOST_CHARACTERS:
            msg = f"the file has {blob.byte_size} bytes, too many to be read"
            raise Unreadable(msg)
        if blob.text is None:
            msg = "the file is no text"
            raise Unreadable(msg)
        return _content(blob.text)


@functools.lru_cache(maxsize=512)
def _content(text: str) -> Content:
    return _workflow(_parsed(text))


def _parsed(text: str) -> Mapping[str, Any]:
    """A workflow file as a mapping. Raises Unreadable."""
    if len(text) > _MOST_CHARACTERS:
        msg = f"the file has {len(text)} characters, too many to be read"
        raise Unreadable(msg)
    try:
        _bounded(text)
        found = yaml.load(text, Loader=_Loader)  # noqa: S506 - it builds texts, lists and mappings only
    except (yaml.YAMLError, RecursionError) as error:
        msg = "the file is not valid YAML"
        raise Unreadable(msg) from error
    if not isinstance(found, dict) or not isinstance(found.get("jobs"), dict):
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
    jobs = [_job(str(name), job) for name, job in found["jobs"].items() if isinstance(job, dict)]
    return Content(triggers, _permissions(found.get("permissions")), jobs)


def _job(name: str, job: dict[str, Any]) -> Job:
    steps = job.get("steps")
    environment = job.get("environment")
    if isinstance(environment, dict):
        environment = environment.get("name")
    return Job(
        name=name,
        steps=[_step(name, step) for step in steps if isinstance(step, dict)]
        if isinstance(steps, list)
        else [],
        uses=_text(job.get("uses")),
        permissions=_permissions(job.get("permissions")),
        environment=_text(environment),
        texts="\n".join(_texts(job)),
    )


def _step(job: str, step: dict[str, Any]) -> Step:
    inputs = step.get("with")
    given = inputs.items() if isinstance(inputs, dict) else ()
    return Step(
        job=job,
        uses=_text(step.get("uses")),
        run=_text(step.get("run")),
        inputs={str(name): _text(value) for name, value in given},
    )


def _permissions(value: object) -> dict[str, str] | str | None:
    if isinstance(value, dict):
        return {str(name): _text(level) for name, level in value.items()}
    return value if isinstance(value, str) else None


def _text(value: object) -> str:
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
