"""Commands that plugins add, by the entry-point group ``soc2_pac.commands``: name -> a click command.

Names come from the metadata of what is installed; nothing is imported before a command is called.
"""

from __future__ import annotations

import ast
import functools
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING

import click

from soc2_pac.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Collection

GROUP = "soc2_pac.commands"


def names(own: Collection[str]) -> list[str]:
    """The added commands, sorted.

    Raises:
        PluginError: two plugins add the same one, or one takes the name of a command of ours.
    """
    found = _found()
    for name, points in found.items():
        if name in own:
            msg = f"{_of(points[0])} adds the command '{name}', which soc2-pac has itself. Next: uninstall it"
            raise PluginError(msg)
        if len(points) > 1:
            who = " and ".join(_of(point) for point in points)
            msg = f"{who} both add the command '{name}'. Next: uninstall one of them"
            raise PluginError(msg)
    return sorted(found)


def told(name: str) -> str:
    """One line of help: the first line of the module's docstring, read without importing the module."""
    point = _found()[name][0]
    try:
        spec = find_spec(point.module)
        source = spec.loader.get_source(point.module) if spec and spec.loader else None  # type: ignore[attr-defined]
        said = ast.get_docstring(ast.parse(source)) if source else None
    except (ImportError, SyntaxError, ValueError, AttributeError):
        said = None
    return said.partition("\n")[0] if said else f"Added by {_of(point)}."


def load(name: str) -> click.Command | None:
    """Import a command; ``None`` when nobody adds it.

    Raises:
        PluginError: it cannot be imported, or is no command.
    """
    points = _found().get(name)
    if points is None:
        return None
    try:
        command = points[0].load()
    except Exception as error:
        msg = f"the command '{name}' of {_of(points[0])} cannot be loaded: {type(error).__name__}: {error}"
        raise PluginError(msg) from error
    if not isinstance(command, click.Command):
        msg = f"the command '{name}' of {_of(points[0])} is no click command: {points[0].value}"
        raise PluginError(msg)
    return command


@functools.cache
def _found() -> dict[str, list[EntryPoint]]:
    found: dict[str, dict[str, EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        # A distribution may stand twice on the path; that is one plugin.
        found.setdefault(point.name, {})[f"{_of(point)} {point.value}"] = point
    return {name: list(points.values()) for name, points in found.items()}


def _of(point: EntryPoint) -> str:
    return point.dist.name if point.dist else point.module
