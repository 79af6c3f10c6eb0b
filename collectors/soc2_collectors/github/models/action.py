"""Actions of the repository itself: what a workflow runs by ``uses: ./path``, read without running it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import msgspec

from soc2_collectors.github.models.repository import RepositoryNode
from soc2_collectors.github.models.workflow import (
    Blob,
    Step,
    Unreadable,
    mapping_of,
    steps_of,
    text_of,
)
from soc2_pac.resources import Resource

if TYPE_CHECKING:
    from typing import Any

_HERE = "./"


class Action(msgspec.Struct, frozen=True):
    """What an action's file says."""

    using: str
    """``composite``, ``docker``, ``node20`` ..."""
    steps: list[Step] = []
    """Of a composite action."""
    image: str = ""
    """Of a Docker action: ``docker://NAME``, or the file that it is built of."""
    defaults: dict[str, str] = {}
    """Inputs with a default, in lower case."""

    @property
    def composite(self) -> bool:
        """Whether it is made of steps of a workflow."""
        return self.using == "composite"


class LocalAction(Resource, frozen=True, rename="camel"):
    """A folder that a workflow of the same repository names by ``uses: ./path``, with its ``action.yml``."""

    kind = "github.action"
    may_lack: ClassVar[Mapping[str, str]] = {
        "object": "null where the default branch has no such file: the action counts as not read",
    }

    path: str
    """``.github/actions/setup``; empty for the repository's own folder."""
    repository: RepositoryNode
    object: Blob | None = None
    """``None``: the default branch has neither ``action.yml`` nor ``action.yaml`` there."""

    @property
    def repository_name(self) -> str:
        """``acme/api``."""
        return self.repository.name_with_owner

    def content(self) -> Action:
        """What the file says. Raises Unreadable."""
        if self.object is None:
            msg = "the default branch has no action.yml there"
            raise Unreadable(msg)
        return action_in(self.object.content)


def local_path(uses: str) -> str | None:
    """The folder that ``uses: ./path`` names, from the repository's root; ``None`` for anything else."""
    if not uses.startswith(_HERE):
        return None
    parts = [part for part in uses.split("/") if part not in ("", ".")]
    return None if ".." in parts else "/".join(parts)


@functools.lru_cache(maxsize=512)
def action_in(text: str) -> Action:
    """What an action's file says. Raises Unreadable."""
    found = mapping_of(text)
    runs = found.get("runs")
    if not isinstance(runs, dict):
        msg = "the file is no action: it says nothing of how it runs"
        raise Unreadable(msg)
    return Action(
        using=text_of(runs.get("using")).lower(),
        steps=steps_of("", runs.get("steps"), ""),
        image=text_of(runs.get("image")),
        defaults=_defaults(found.get("inputs")),
    )


def _defaults(inputs: Any) -> dict[str, str]:  # noqa: ANN401 - whatever the file holds
    declared = inputs.items() if isinstance(inputs, dict) else ()
    return {
        str(name).lower(): text_of(one.get("default"))
        for name, one in declared
        if isinstance(one, dict)
    }
