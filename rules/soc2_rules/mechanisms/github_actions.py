"""Which actions of its own a repository's workflow calls, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.github.models.action import LocalAction, local_path
from soc2_collectors.github.models.workflow import Unreadable
from soc2_rules.mechanisms.known import Unread

if TYPE_CHECKING:
    from soc2_collectors.github.models.action import Action
    from soc2_collectors.github.models.workflow import Content, Workflow
    from soc2_pac.rules import Evidence


def local_actions(
    workflow: Workflow, content: Content, evidence: Evidence
) -> tuple[dict[str, Action], dict[str, str], Unread]:
    """Actions of the workflow's repository by their folder, and why others could not be read, by ``./path``.

    And what hides all of them: what the workflow proves by itself needs none. Nothing is asked of the evidence
    for a workflow that calls none.
    """
    lost = Unread()
    if not any(local_path(step.uses) is not None for step in content.steps):
        return {}, {}, lost
    found: dict[str, Action] = {}
    unread: dict[str, str] = {}
    name = workflow.repository_name
    for one in lost.of(lambda: evidence.index(LocalAction, "repository_name").get(name, ())):
        try:
            found[one.path] = one.content()
        except Unreadable as error:
            unread[f"./{one.path}"] = f": {error}"
    return found, unread, lost
