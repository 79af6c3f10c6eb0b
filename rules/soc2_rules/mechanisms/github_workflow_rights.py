"""What a workflow file may do, what it runs on, and how it names what it runs: problems and doubts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from soc2_collectors.github.models.expression import (
    Literal,
    NotAnExpression,
    Operation,
    Reference,
    condition,
    embedded,
    parse,
    without_expressions,
)
from soc2_collectors.github.models.strangers import admitted, with_rights
from soc2_rules.mechanisms.github_workflow import (
    NO_ACTIONS,
    Actions,
    Remark,
    action_of,
    called,
    doubt,
    problem,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.models.expression import Node
    from soc2_collectors.github.models.repository import RepositoryNode
    from soc2_collectors.github.models.workflow import Content, Job

_LEVELS = frozenset({"read", "write", "none"})


def tokens(content: Content) -> Iterator[Remark]:
    """Tokens that may write everything."""
    if content.permissions == "write-all":
        yield problem("its token may write everything")
    for job in content.jobs:
        if job.permissions == "write-all":
            yield problem(f"the token of job '{job.name}' may write everything")
    for given in (content.permissions, *(job.permissions for job in content.jobs)):
        if isinstance(given, str) and given not in ("read-all", "write-all"):
            yield doubt(f"its token's permissions are '{given}'")
        elif isinstance(given, dict) and (odd := sorted(set(given.values()) - _LEVELS)):
            yield doubt(f"its token has the permission '{odd[0]}'")


def by_default(content: Content) -> list[str]:
    """Jobs whose token may what the settings say, since the file does not."""
    if content.permissions is not None:
        return []
    return [job.name for job in content.jobs if job.permissions is None]


def secrets_given(content: Content, owners: set[str]) -> Iterator[Remark]:
    """Every secret, handed to a workflow of another owner."""
    for job in content.jobs:
        owner = job.uses.partition("/")[0].lower()
        if job.inherits_secrets and not job.uses.startswith("./") and owner not in owners:
            yield problem(f"job '{job.name}' gives every secret to {job.uses}")


def old_commands(content: Content) -> Iterator[Remark]:
    """The commands by which whatever a step prints sets variables."""
    named = "ACTIONS_ALLOW_UNSECURE_COMMANDS"
    layers = [
        content.env,
        *(job.env for job in content.jobs),
        *(step.env for step in content.steps),
    ]
    if any(
        value.strip().lower() not in ("", "false")
        for env in layers
        for k, value in env.items()
        if k == named
    ):
        yield problem(f"{named} lets whatever a step prints set variables")


# -- what it runs on, and what it runs -------------------------------------------------------------------

_HOSTED = re.compile(
    r"(?:ubuntu|windows|macos)-(?:latest|slim|\d+(?:\.\d+)?|\d+-vs\d+)(?:-(?:arm|arm64|xlarge|large|intel))?",
    re.IGNORECASE,
)
"""Labels of GitHub's own runners, which are used once."""


def runners(content: Content, repository: RepositoryNode) -> Iterator[Remark]:
    """Self-hosted runners that strangers' pull requests reach: those of a public repository."""
    for job in content.jobs:
        let_in = admitted(condition(job.condition), content.triggers)
        pulls = sorted(t for t in let_in.code if t.startswith("pull_request"))
        events = pulls or with_rights(let_in.code)
        labels = [text for label in job.runs_on for text in _resolved(label, job)]
        other = [label for label in labels if not _HOSTED.fullmatch(label)]
        if not events or not other:
            continue
        visibility = repository.visibility.upper()
        if visibility in ("PRIVATE", "INTERNAL"):
            continue
        public = visibility == "PUBLIC"
        if public and "self-hosted" in (label.lower() for label in other):
            yield problem(
                f"job '{job.name}' runs on a self-hosted runner on {events[0]}, in public"
            )
        else:
            where = "in public" if public else "and the repository may be public"
            yield doubt(
                f"job '{job.name}' runs on '{other[0]}' on {events[0]}, {where}: that may be self-hosted"
            )


def _resolved(text: str, job: Job) -> list[str]:
    """A text, or what its expression may stand for: words of its own and those of the matrix."""
    inner = embedded(text)
    if len(inner) != 1 or without_expressions(text).strip():
        return [text]
    try:
        return _values(parse(inner[0].strip()), job) or [text]
    except NotAnExpression:
        return [text]


def _values(node: Node, job: Job) -> list[str]:
    """Every text that an expression may give; none where one of them is not known."""
    if isinstance(node, Literal):
        return [node.text] if node.quoted else []
    if isinstance(node, Reference):
        named = node.path[:-1] == ("matrix",)
        return job.matrix.get(node.path[-1], []) if named and isinstance(job.matrix, dict) else []
    if isinstance(node, Operation) and node.sign == "&&":
        return _values(node.operands[-1], job)  # or something empty, on which nothing runs
    if isinstance(node, Operation) and node.sign == "||":
        each = [_values(one, job) for one in node.operands]
        return [text for some in each for text in some] if all(each) else []
    return []


_COMMIT = re.compile(r"[0-9a-f]{40}")
_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


class Uses(NamedTuple):
    """What a workflow runs that stands elsewhere."""

    fixed: list[str]
    """Named by its commit or digest."""
    exempt: list[str]
    """Named otherwise, by an owner who may."""
    loose: list[Remark]
    local: list[str]
    """Of the repository itself, and not read."""


def uses(content: Content, owners: set[str], actions: Actions = NO_ACTIONS) -> Uses:
    """Actions, reusable workflows and images, by how they are named; those of the repository's own actions too."""
    found = Uses([], [], [], [])
    for named in sorted(called(content, actions) | {j.uses for j in content.jobs} - {""}):
        if named.startswith("docker://"):
            _image(named, owners, found)
        elif named.startswith("./"):
            _local(named, owners, actions, found)
        elif named:
            action, _, version = named.partition("@")
            if _COMMIT.fullmatch(version):
                found.fixed.append(named)
            elif action.partition("/")[0].lower() in owners:
                found.exempt.append(named)
            else:
                found.loose.append(problem(f"{named} is not named by its commit"))
    for image in sorted({t for j in content.jobs for i in j.images for t in _resolved(i, j)}):
        _image(image, owners, found)
    return found


_WORKFLOWS = "./.github/workflows/"


def _local(named: str, owners: set[str], actions: Actions, found: Uses) -> None:
    if named.startswith(_WORKFLOWS):
        return  # a workflow of the repository, which is judged by itself
    action = action_of(named, actions)
    if action is None:
        found.local.append(named)
    elif action.image.startswith("docker://"):
        _image(action.image, owners, found)


def _image(named: str, owners: set[str], found: Uses) -> None:
    image = named.removeprefix("docker://")
    registry, _, rest = image.partition("/")
    if _DIGEST.search(image):
        found.fixed.append(named)
    elif registry == "ghcr.io" and rest.partition("/")[0].lower() in owners:
        found.exempt.append(named)
    elif "${{" in image:
        found.loose.append(doubt(f"the image {named} is worked out when it runs"))
    else:
        found.loose.append(problem(f"the image {named} is not named by its digest"))
