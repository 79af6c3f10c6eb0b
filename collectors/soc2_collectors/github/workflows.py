"""Collects the workflow files of default branches, and the actions of their own that these call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from soc2_collectors.github.inventory import (
    LOCAL_ACTION,
    REPOSITORY_WORKFLOWS,
    hidden_contents,
    listed,
    named,
    refuse,
)
from soc2_collectors.github.models.action import LocalAction, action_in, local_path
from soc2_collectors.github.models.workflow import Blob, Unreadable, Workflow, content_of
from soc2_pac.errors import Unexpected
from soc2_pac.model import Document, Fact, Gap
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_collectors.github.client import Github
    from soc2_collectors.github.models.workflow import Step


_STATES = "/repos/{owner}/{repo}/actions/workflows"


@collects(
    Workflow,
    calls=[REPOSITORY_WORKFLOWS.call, f"GET {_STATES}"],
    per="organization",
    cost="pages of 50 repositories + 1 for each that has workflows",
    version="2",
)
def workflows(github: Github) -> Iterator[Document]:
    """Files under ``.github/workflows`` of every repository that is not archived."""
    hidden: Gap | None = None
    for node in listed(github, REPOSITORY_WORKFLOWS, size=50):
        if node["isArchived"]:
            continue
        hidden = hidden or hidden_contents(node, REPOSITORY_WORKFLOWS)
        for entry in _files(node):
            yield Document(
                uid=f"{node['id']}:{entry['path']}",
                name=f"{node['nameWithOwner']}/{entry['name']}",
                body={**entry, "repository": named(node), "state": _state(github, node, entry)},
            )
    if hidden is not None:
        refuse(hidden)  # after all the others: what was read of them counts


@collects(
    LocalAction,
    calls=[REPOSITORY_WORKFLOWS.call, LOCAL_ACTION.call],
    per="organization",
    cost="pages of 50 repositories + 1 for each action of their own that their workflows call",
)
def actions(github: Github) -> Iterator[Document]:
    """Actions that workflows name by ``uses: ./path``, and those that these name."""
    hidden: Gap | None = None
    for node in listed(github, REPOSITORY_WORKFLOWS, size=50):
        if node["isArchived"]:
            continue
        hidden = hidden or hidden_contents(node, REPOSITORY_WORKFLOWS)
        wanted = [path for entry in _files(node) for path in _called(entry["object"], _workflow)]
        known: set[str] = set()
        while wanted:
            path = wanted.pop()
            if path in known:
                continue
            known.add(path)
            found = _action(github, node["id"], path)
            wanted += _called(found, _own_action)
            yield Document(
                uid=f"{node['id']}:./{path}",
                name=f"{node['nameWithOwner']}/./{path}",
                body={"path": path, "object": found, "repository": named(node)},
            )
    if hidden is not None:
        refuse(hidden)  # after all the others: what was read of them counts


def _state(github: Github, node: dict[str, Any], entry: dict[str, Any]) -> Fact:
    """Whether a workflow is switched on; asked of all of a repository at once."""
    repo, path = node["name"], entry["path"]

    def states() -> dict[str, object]:
        found = github.items(_STATES, key="workflows", repo=repo)
        return {str(one.get("path")): one.get("state") for one in found}

    def read() -> object:
        known: dict[str, object] = github.once(("workflows", repo), states)
        return known.get(path)

    return Fact(f"GET {_STATES}", read)


def _files(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    folder = node["object"] or {}  # null: there is no such folder
    for entry in folder.get("entries") or ():
        if entry["type"] == "blob" and entry["name"].endswith((".yml", ".yaml")):
            yield entry


def _action(github: Github, node_id: str, path: str) -> dict[str, Any] | None:
    """The file that describes an action; ``None`` where there is none."""
    place = f"HEAD:{path}/" if path else "HEAD:"
    variables = {"id": node_id, "yml": f"{place}action.yml", "yaml": f"{place}action.yaml"}
    node = github.query(LOCAL_ACTION, variables).get("node")
    if not isinstance(node, dict):
        msg = f"{LOCAL_ACTION.call}: the answer has no repository"
        raise Unexpected(msg, operation=LOCAL_ACTION.call)
    return next((one for one in (node.get("yml"), node.get("yaml")) if one), None)


def _called(blob: object, steps: Callable[[str], list[Step]]) -> list[str]:
    """Folders of actions that a file names; none of one that cannot be read, which the rules say."""
    try:
        text = msgspec.convert(blob, Blob, strict=True).content
        found = steps(text)
    except (Unreadable, msgspec.ValidationError):
        return []
    return [path for step in found if (path := local_path(step.uses)) is not None]


def _workflow(text: str) -> list[Step]:
    return content_of(text).steps


def _own_action(text: str) -> list[Step]:
    return action_in(text).steps
