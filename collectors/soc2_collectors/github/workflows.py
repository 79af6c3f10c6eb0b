"""Collects the workflow files of default branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.github.inventory import (
    REPOSITORY_WORKFLOWS,
    hidden_contents,
    listed,
    named,
    refuse,
)
from soc2_collectors.github.models.workflow import Workflow
from soc2_pac.model import Document, Gap
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github


@collects(
    Workflow,
    calls=[REPOSITORY_WORKFLOWS.call],
    per="organization",
    cost="pages of 50 repositories",
)
def workflows(github: Github) -> Iterator[Document]:
    """Files under ``.github/workflows`` of every repository that is not archived."""
    hidden: Gap | None = None
    for node in listed(github, REPOSITORY_WORKFLOWS, size=50):
        if node["isArchived"]:
            continue
        hidden = hidden or hidden_contents(node, REPOSITORY_WORKFLOWS)
        folder = node["object"] or {}  # null: there is no such folder
        for entry in folder.get("entries") or ():
            if entry["type"] == "blob" and entry["name"].endswith((".yml", ".yaml")):
                yield Document(
                    uid=f"{node['id']}:{entry['path']}",
                    name=f"{node['nameWithOwner']}/{entry['name']}",
                    body={**entry, "repository": named(node)},
                )
    if hidden is not None:
        refuse(hidden)  # after all the others: what was read of them counts
