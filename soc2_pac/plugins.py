"""How plugins are found: our own loop over the entry points, so that nothing is dropped silently.

pluggy's loader stops at the first failing import and drops duplicates without a word; here a broken
plugin is recorded by name, a duplicate is an error that names both sides, and an empty result is loud.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import pkgutil
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, TypeVar

import pluggy

from soc2_pac import hookspecs
from soc2_pac.errors import PluginError
from soc2_pac.resources import Collector
from soc2_pac.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import Distribution
    from types import ModuleType

    from soc2_pac.hookspecs import JoinedIdentities, ObjectStores, Provider
    from soc2_pac.resources import Resource

T = TypeVar("T")

DISTRIBUTION = "soc2-pac"
"""Whose plugins come first."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point of the group ``soc2_pac``."""

    name: str
    module: str
    distribution: str
    error: str | None = None
    """Why it could not be loaded; its kinds cannot be collected then."""


class Registry:
    """What the installed plugins declare. Modules with collectors and rules are imported on first use."""

    def __init__(self, manager: pluggy.PluginManager, plugins: tuple[Plugin, ...]) -> None:
        self._manager = manager
        self.plugins = plugins
        """Every plugin, broken ones too."""
        self._lost: dict[str, Plugin] = {}

    @property
    def broken(self) -> tuple[Plugin, ...]:
        """Plugins, and modules that they name, that could not be loaded."""
        return (*(plugin for plugin in self.plugins if plugin.error), *self._lost.values())

    @functools.cached_property
    def providers(self) -> dict[str, Provider]:
        """Providers by name. Raises PluginError on duplicates, or when there is none."""
        found: dict[str, Provider] = {}
        for provider in _flat(self._manager.hook.soc2_providers()):
            if provider.name in found:
                msg = f"two plugins add the provider '{provider.name}'. Next: uninstall one of them"
                raise PluginError(msg)
            found[provider.name] = provider
        return self._some(found, "providers")

    @functools.cached_property
    def of_the_store(self) -> tuple[str, ...]:
        """Names of the providers that read what people did, from the store itself."""
        return tuple(
            name
            for name, provider in self.providers.items()
            if getattr(provider, "of_the_store", False)
        )

    @functools.cached_property
    def collectors(self) -> dict[str, Collector]:
        """Collectors by kind. Raises PluginError on duplicates, or when there is none."""
        names = [name for provider in self.providers.values() for name in provider.modules]
        names += _flat(self._manager.hook.soc2_collector_modules())
        found: dict[str, tuple[Collector, str]] = {}
        for module in self._import_all(names):
            for collector in vars(module).values():
                if not isinstance(collector, Collector):
                    continue
                other = found.get(collector.kind)
                if other is not None and other[0] is not collector:
                    msg = f"the kind {collector.kind} is collected by {other[1]} and by {module.__name__}"
                    raise PluginError(msg)
                found[collector.kind] = (collector, module.__name__)
        return self._some(
            {kind: collector for kind, (collector, _) in sorted(found.items())}, "collectors"
        )

    @functools.cached_property
    def kinds(self) -> tuple[type[Resource], ...]:
        """The views of all that can be collected, by the names of their kinds."""
        return tuple(collector.resource for collector in self.collectors.values())

    @functools.cached_property
    def object_stores(self) -> tuple[ObjectStores, ...]:
        """Every sort of object store that can be reached."""
        return tuple(_flat(self._manager.hook.soc2_object_stores()))

    @functools.cached_property
    def starter_controls(self) -> str:
        """Controls to start from, as TOML. Raises PluginError when no plugin has any."""
        found = _flat(self._manager.hook.soc2_starter_controls())
        return "\n".join(self._some(dict.fromkeys(found), "starter controls"))

    @functools.cached_property
    def rules(self) -> dict[str, Rule]:
        """Rules by id. Raises PluginError on duplicates, or when there is none."""
        found: dict[str, tuple[Rule, str]] = {}
        for package in _flat(self._manager.hook.soc2_rule_packages()):
            for module in self._import_all(_walk(package)):
                for declared in vars(module).values():
                    if (
                        not isinstance(declared, Rule)
                        or declared.function.__module__ != module.__name__
                    ):
                        continue
                    if declared.id in found:
                        other = found[declared.id][1]
                        msg = f"the rule {declared.id} stands in {other} and in {module.__name__}"
                        raise PluginError(msg)
                    found[declared.id] = (declared, module.__name__)
        return self._some(
            {name: declared for name, (declared, _) in sorted(found.items())}, "rules"
        )

    @property
    def joined_identities(self) -> list[JoinedIdentities]:
        """What says of accounts what no document says alone."""
        return _flat(self._manager.hook.soc2_joined_identities())

    def _import_all(self, names: Iterable[str]) -> Iterator[ModuleType]:
        """The modules; one that cannot be imported is lost, noted as broken, and stops no other."""
        for name in names:
            try:
                yield importlib.import_module(name)
            except Exception as error:  # noqa: BLE001 - a module may fail in any way
                self._lost[name] = Plugin(name, name, "?", f"{type(error).__name__}: {error}")

    def _some(self, found: dict[str, T], what: str) -> dict[str, T]:
        if not found:
            broken = "; ".join(f"{p.name}: {p.error}" for p in self.broken)
            msg = (
                f"no {what} are installed{': ' + broken if broken else ''}. Next: soc2-pac plugins"
            )
            raise PluginError(msg)
        return found


def load(entries: Iterable[EntryPoint] | None = None) -> Registry:
    """Load every plugin of the group ``soc2_pac``; ours first, then by name.

    Args:
        entries: instead of the installed ones, for tests.

    Raises:
        PluginError: two plugins of one name, or a hook that does not exist.
    """
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    found = list(entry_points(group=hookspecs.GROUP) if entries is None else entries)
    owners = _distributions(found)
    found.sort(key=lambda entry: (owners[entry.dist] != DISTRIBUTION, entry.name, entry.value))
    plugins: dict[str, Plugin] = {}
    for entry in found:
        other = plugins.get(entry.name)
        if other is not None:
            if other.module == entry.value:
                continue  # the same distribution seen twice on the path (an editable install and its source)
            msg = (
                f"two plugins are named '{entry.name}': {other.module} of {other.distribution} and "
                f"{entry.value} of {owners[entry.dist]}. Next: uninstall one of them"
            )
            raise PluginError(msg)
        plugins[entry.name] = _load_one(manager, entry, owners[entry.dist])
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        msg = f"a plugin implements a hook that does not exist: {error}"
        raise PluginError(msg) from error
    return Registry(manager, tuple(plugins.values()))


def _load_one(manager: pluggy.PluginManager, entry: EntryPoint, distribution: str) -> Plugin:
    error = None
    try:
        manager.register(entry.load(), name=entry.name)
    except Exception as problem:  # noqa: BLE001 - a plugin may fail in any way; it must not stop the others
        error = f"{type(problem).__name__}: {problem}"
    return Plugin(entry.name, entry.value, distribution, error)


def _distributions(entries: Iterable[EntryPoint]) -> dict[Distribution | None, str]:
    """The names of those that the entries come from: each is parsed from a whole file of metadata."""
    found = {entry.dist for entry in entries}
    return {one: one.name if one is not None else "?" for one in found}


def _walk(package: str) -> Iterator[str]:
    """The names of a package and of everything below it; nothing but packages is imported on the way."""
    yield package
    try:
        spec = importlib.util.find_spec(package)
    except ImportError:
        return  # the package itself cannot be imported: that is noted already
    places = spec.submodule_search_locations if spec else None
    # None would stand for every module on the path: a plain module has nothing below it.
    for info in pkgutil.iter_modules(places or []):
        name = f"{package}.{info.name}"
        if info.ispkg:
            yield from _walk(name)
        else:
            yield name


def _flat(answers: Iterable[Iterable[T]]) -> list[T]:
    # pluggy answers in the reverse order of registration; ours come first again here.
    return [item for answer in reversed(list(answers)) for item in answer]
