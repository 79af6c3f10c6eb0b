"""Rules of one's own in files: where ``[rules] paths`` says, and a file that is named at the command line.

A file of rules is code, and runs with the rights of whoever runs soc2-pac: one that everybody on the machine may change
is refused.
"""

from __future__ import annotations

import importlib.util
import stat
import sys
from typing import TYPE_CHECKING

from soc2_pac import plugins
from soc2_pac.canonical import digest
from soc2_pac.errors import UsageError
from soc2_pac.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from soc2_pac.config import Config
    from soc2_pac.plugins import Registry

_KEY = "rules.paths"


def rules_in(path: Path) -> list[Rule]:
    """The rules of a module that no plugin names, by its file.

    Raises:
        UsageError: it cannot be read or imported, everybody may change it, or it holds no rule.
    """
    if path.suffix != ".py" or not path.is_file():
        msg = f"there is no Python file {path}"
        raise UsageError(msg)
    _refuse_shared(path)
    # A file that changed is another module: nothing that was kept of the one before is about it.
    said = digest(str(path.resolve()).encode() + b"\0" + path.read_bytes())
    name = f"soc2_pac_rules_of_{said[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        msg = f"{path} cannot be imported"
        raise UsageError(msg)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        msg = f"{path} cannot be imported: {type(error).__name__}: {error}"
        raise UsageError(msg) from error
    found = [
        declared
        for declared in vars(module).values()
        if isinstance(declared, Rule) and declared.function.__module__ == name
    ]
    if not found:
        msg = f"{path} holds no rule. Next: soc2-pac rules new, or decorate a function with @rule"
        raise UsageError(msg)
    return found


def _refuse_shared(path: Path) -> None:
    for place in (path, path.resolve().parent):
        mode = place.stat().st_mode
        # In a folder with the sticky bit, others cannot replace what is not theirs.
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            msg = f"{place}: everybody may change it, and rules are code. Next: chmod o-w {place}"
            raise UsageError(msg)


def with_own(config: Config, registry: Registry) -> Registry:
    """The registry with the rules of ``[rules] paths``; the same one where there are none, or where it has them.

    Raises:
        ConfigError: a path is not there, holds no rule, cannot be imported, or a rule has the id of another.
    """
    paths = config.rule_paths
    if not paths or registry.own_paths == paths:
        return registry
    found: dict[str, tuple[Rule, str]] = {}
    try:
        for path in _files(config, paths):
            for rule in rules_in(path):
                other = found.get(rule.id)
                where = other[1] if other else "an installed package"
                if other or rule.id in registry.rules:
                    said = (
                        f"{path}: the rule {rule.id} is also in {where}. Next: rename one of them"
                    )
                    raise config.wrong(_KEY, said)
                found[rule.id] = (rule, str(path))
    except UsageError as error:
        raise config.wrong(_KEY, str(error)) from error
    return registry.adding([rule for rule, _ in found.values()], paths)


def known(config: Config) -> Registry:
    """The installed plugins, with the rules of ``[rules] paths``. Raises as :func:`with_own` does."""
    return with_own(config, plugins.load())


def _files(config: Config, paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_file():
            yield path
        elif path.is_dir():
            files = sorted(one for one in path.glob("*.py") if not one.name.startswith(("_", ".")))
            if not files:
                raise config.wrong(_KEY, f"there is no Python file in {path}")
            yield from files
        else:
            raise config.wrong(_KEY, f"there is no {path}")


def with_files(registry: Registry, names: Iterable[str]) -> tuple[Registry, list[str]]:
    """The registry with the rules of those names that are files (``FILE.py``), and the names with ids in their place.

    A rule of a file stands in for an installed one of the same id: somebody works on it.

    Raises UsageError where a file cannot serve.
    """
    from pathlib import Path  # noqa: PLC0415

    plain: list[str] = []
    added: list[Rule] = []
    for name in names:
        if name.endswith(".py"):
            mine = rules_in(Path(name))
            added += mine
            plain += [rule.id for rule in mine]
        else:
            plain.append(name)
    return (registry.adding(added, registry.own_paths) if added else registry), plain
