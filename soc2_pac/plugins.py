"""How plugins are found: our own loop over the entry points, so that nothing is dropped silently.

pluggy's loader stops at the first failing import and drops duplicates without a word; here a broken
plugin is recorded by name, a duplicate is an error that names both sides, and an empty result is loud.
"""

from __future__ import annotations

import copy
import functools
import importlib
import importlib.util
import pkgutil
import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pluggy

from soc2_pac import hookspecs
from soc2_pac.errors import PluginError
from soc2_pac.index import Held, Index, folder
from soc2_pac.resources import Collector
from soc2_pac.rules import Rule

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from importlib.metadata import Distribution
    from types import ModuleType

    from soc2_pac.hookspecs import JoinedIdentities, ObjectStores, Provider
    from soc2_pac.resources import Resource

T = TypeVar("T")

_COLLECTED_TWICE = "the kind {} is collected by {} and by {}"
_STANDS_TWICE = "the rule {} stands in {} and in {}"

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
        self.own_paths: tuple[Path, ...] = ()
        """Where the rules come from that :meth:`adding` added by configuration."""

    def adding(self, rules: Iterable[Rule], paths: tuple[Path, ...]) -> Registry:
        """Another registry that also has these rules; one of the same id is replaced."""
        made = copy.copy(self)
        made.own_paths = paths
        every = {**self.rules, **{rule.id: rule for rule in rules}}
        # In place of what the property would work out.
        made.__dict__["rules"] = dict(sorted(every.items()))
        return made

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
        ours, others = self._collector_modules
        found = self._indexed.collectors if self._indexed else self._collectors_in(ours)
        found = _joined(found, self._collectors_in(others), _COLLECTED_TWICE)
        return self._some({kind: one for kind, (one, _) in sorted(found.items())}, "collectors")

    @functools.cached_property
    def kinds(self) -> tuple[type[Resource], ...]:
        """The views of all that can be collected, by the names of their kinds."""
        return tuple(collector.resource for collector in self.collectors.values())

    def kinds_of(self, providers: Collection[str]) -> tuple[type[Resource], ...]:
        """The views of what can be collected of some providers: those of the others are not imported."""
        every = self.collectors.values()
        return tuple(one.resource for one in every if one.provider in providers)

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
        ours, others = self._rule_packages
        found = self._indexed.rules if self._indexed else self._rules_in(ours)
        found = _joined(found, self._rules_in(others), _STANDS_TWICE)
        return self._some({name: one for name, (one, _) in sorted(found.items())}, "rules")

    @property
    def joined_identities(self) -> list[JoinedIdentities]:
        """What says of accounts what no document says alone."""
        return _flat(self._manager.hook.soc2_joined_identities())

    # -- what is ours comes from the index, where there is one -----------------------------------------------------

    @functools.cached_property
    def _ours(self) -> dict[str, Path]:
        """The packages of our own distribution, with their folders; none unless all of its plugins were loaded."""
        found: dict[str, Path] = {}
        for plugin in self.plugins:
            if plugin.distribution != DISTRIBUTION:
                continue
            package = plugin.module.partition(".")[0]
            places = list(getattr(sys.modules.get(package), "__path__", ()))
            if plugin.error or len(places) != 1 or not Path(places[0]).is_dir():
                return {}
            found[package] = Path(places[0]).resolve()
        return found

    @functools.cached_property
    def _indexed(self) -> Held | None:
        """What our own modules declare, without importing them; ``None`` where they are imported.

        The index is made here, where there is none: of everything that is ours, since all of it is believed later.
        """
        where = folder()
        if where is None or not self._ours:
            return None
        try:
            index = Index(self._ours, where)
            held = index.read()
            if held is None and index.can_be_made():
                made = Held(
                    self._rules_in(self._rule_packages[0]),
                    self._collectors_in(self._collector_modules[0]),
                )
                if not self._lost:
                    index.write(made)
        except OSError:
            return None  # a file that vanished while it was looked at: nothing is known to be right
        return held

    @functools.cached_property
    def _collector_modules(self) -> tuple[list[str], list[str]]:
        """Names of our own modules, and of others'."""
        names = [name for provider in self.providers.values() for name in provider.modules]
        return self._parted([*names, *_flat(self._manager.hook.soc2_collector_modules())])

    @functools.cached_property
    def _rule_packages(self) -> tuple[list[str], list[str]]:
        return self._parted(_flat(self._manager.hook.soc2_rule_packages()))

    def _parted(self, names: Iterable[str]) -> tuple[list[str], list[str]]:
        parts: tuple[list[str], list[str]] = ([], [])
        for name in names:
            parts[name.partition(".")[0] not in self._ours].append(name)
        return parts

    def _collectors_in(self, names: Iterable[str]) -> dict[str, tuple[Collector, str]]:
        found: dict[str, tuple[Collector, str]] = {}
        for module in self._import_all(names):
            for one in vars(module).values():
                if isinstance(one, Collector):
                    _add(found, one.kind, (one, module.__name__), _COLLECTED_TWICE)
        return found

    def _rules_in(self, packages: Iterable[str]) -> dict[str, tuple[Rule, str]]:
        found: dict[str, tuple[Rule, str]] = {}
        for module in self._import_all(name for package in packages for name in _walk(package)):
            for one in vars(module).values():
                if isinstance(one, Rule) and one.function.__module__ == module.__name__:
                    _add(found, one.id, (one, module.__name__), _STANDS_TWICE)
        return found

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


def _joined(
    ours: dict[str, tuple[T, str]], others: dict[str, tuple[T, str]], twice: str
) -> dict[str, tuple[T, str]]:
    found = dict(ours)
    for name, one in others.items():
        _add(found, name, one, twice)
    return found


def _add(found: dict[str, tuple[T, str]], name: str, one: tuple[T, str], twice: str) -> None:
    """Add what a module declares. Raises PluginError where another one declares the same."""
    other = found.setdefault(name, one)
    if other[0] is not one[0]:
        raise PluginError(twice.format(name, other[1], one[1]))


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
    found.sort(key=lambda entry: (_distribution(entry) != DISTRIBUTION, entry.name, entry.value))
    plugins: dict[str, Plugin] = {}
    for entry in found:
        other = plugins.get(entry.name)
        if other is not None:
            if other.module == entry.value:
                continue  # the same distribution seen twice on the path (an editable install and its source)
            msg = (
                f"two plugins are named '{entry.name}': {other.module} of {other.distribution} and "
                f"{entry.value} of {_distribution(entry)}. Next: uninstall one of them"
            )
            raise PluginError(msg)
        plugins[entry.name] = _load_one(manager, entry)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        msg = f"a plugin implements a hook that does not exist: {error}"
        raise PluginError(msg) from error
    return Registry(manager, tuple(plugins.values()))


def _load_one(manager: pluggy.PluginManager, entry: EntryPoint) -> Plugin:
    error = None
    try:
        manager.register(entry.load(), name=entry.name)
    except Exception as problem:  # noqa: BLE001 - a plugin may fail in any way; it must not stop the others
        error = f"{type(problem).__name__}: {problem}"
    return Plugin(entry.name, entry.value, _distribution(entry), error)


def _distribution(entry: EntryPoint) -> str:
    return _name_of(entry.dist) if entry.dist is not None else "?"


@functools.lru_cache(maxsize=64)
def _name_of(distribution: Distribution) -> str:
    # Each time its name is asked for, all that it says of itself is parsed.
    return distribution.name


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
