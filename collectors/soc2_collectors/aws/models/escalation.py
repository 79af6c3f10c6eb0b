"""The known ways from a few rights to every right in an AWS account, as data (``escalation.toml``)."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path as File
from typing import TYPE_CHECKING

from soc2_collectors.aws.models.policy import matches

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN, MADE, BOUNDARY, PASS, EXISTING, ASSUME, CENTRE = (
    "own", "made", "boundary", "pass", "existing", "assume", "centre",
)  # fmt: skip
"""Kinds of paths; the data file says what each means."""
PASS_ROLE = "iam:PassRole"


@dataclass(frozen=True, slots=True)
class Path:
    """A smallest set of actions by which their holder becomes an administrator."""

    id: str
    kind: str
    actions: tuple[str, ...]
    services: tuple[str, ...]
    """Who takes on the role that is passed, or runs with one already: ``lambda``, ``ecs-tasks``."""
    sources: tuple[str, ...]

    @property
    def told(self) -> str:
        """As a message names it."""
        return " with ".join(self.actions)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All paths, and what the actions of IAM and of running things are done to."""

    paths: tuple[Path, ...]
    targets: Mapping[str, tuple[str, ...]]
    """Action -> ARNs without ``arn:PARTITION:``; ``R``, ``A`` and ``NAME`` stand for any."""
    actions: frozenset[str]


@functools.cache
def catalogue() -> Catalogue:
    """The data file, read on first use."""
    with File(__file__).with_name("escalation.toml").open("rb") as file:
        data = tomllib.load(file)
    paths = tuple(
        Path(
            id=path["id"],
            kind=path["kind"],
            actions=tuple(path["actions"]),
            services=tuple(path.get("services", ())),
            sources=tuple(path["sources"]),
        )
        for path in data["path"]
    )
    return Catalogue(
        paths=paths,
        targets={action: tuple(arns) for action, arns in data["targets"].items()},
        actions=frozenset(action for path in paths for action in path.actions),
    )


@functools.lru_cache(maxsize=65536)
def named_by(pattern: str) -> frozenset[str]:
    """The actions of the catalogue that a pattern stands for."""
    if not set(pattern) & {"*", "?"}:
        return frozenset(_by_letters().get(pattern.lower(), ()))
    return frozenset(action for action in catalogue().actions if matches(pattern, action))


@functools.cache
def _by_letters() -> dict[str, tuple[str, ...]]:
    return {action.lower(): (action,) for action in catalogue().actions}
