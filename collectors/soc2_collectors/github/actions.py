"""Collects groups of self-hosted runners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soc2_collectors.github.models.repository import RunnerGroup
from soc2_pac.model import Document
from soc2_pac.resources import collects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_collectors.github.client import Github

_GROUPS = "/orgs/{org}/actions/runner-groups"
_RUNNERS = "/orgs/{org}/actions/runner-groups/{runner_group_id}/runners"


@collects(
    RunnerGroup,
    calls=[f"GET {_GROUPS}", f"GET {_RUNNERS}"],
    per="organization",
    cost="pages of 100 + 1 for each group",
)
def runner_groups(github: Github) -> Iterator[Document]:
    """Runner groups of the organisation with their runners."""
    for group in github.items(_GROUPS, key="runner_groups"):
        number = str(group.get("id", ""))
        runners = github.list_fact(_RUNNERS, key="runners", runner_group_id=number)
        yield Document(uid=number, name=group.get("name", ""), body={**group, "runners": runners})
