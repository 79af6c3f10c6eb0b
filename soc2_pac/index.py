"""What our own rules and collectors declare, kept in a file, so that a command imports the modules that it needs.

Importing all of them takes longer than most commands do. The index is a file of JSON in the user's cache folder,
made by the first command that had imported everything, and believed only while every file of the packages, with
its size and its times of change, is the one that it was made of. It holds declarations, no code: a rule that
judges, and a collector that collects, is always the imported one, and is held against what the index says of it.

``SOC2_PAC_CACHE`` names another folder; empty, no index is kept. Modules of other people's plugins may depend on
anything: they are never in it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from soc2_pac.clock import BEGAN
from soc2_pac.errors import PluginError
from soc2_pac.model import Severity
from soc2_pac.resources import Collector
from soc2_pac.rule_source import source_of
from soc2_pac.rules import Joined, KnownDigest, Rule, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

FORMAT = 2
"""Another one is another file."""
ENVIRONMENT = "SOC2_PAC_CACHE"
"""Names the folder; empty: no index is kept."""
_KEPT = 16
"""Indexes of other installations that stay beside this one."""
_FRESH_SECONDS = 2.0
"""A file that changed so recently may change again without showing it: file systems count time in steps."""
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
_TYPES: dict[str, Any] = {
    "bool": bool,
    "float": float,
    "int": int,
    "str": str,
    "tuple[int, ...]": tuple[int, ...],
    "tuple[str, ...]": tuple[str, ...],
}
"""The types of thresholds that JSON keeps; a rule with others is imported when they are asked for."""
_NAMES = {shape: name for name, shape in _TYPES.items()}


class _KeptThreshold(msgspec.Struct, frozen=True, array_like=True):
    name: str
    type: str
    default: Any


class _KeptRule(msgspec.Struct, frozen=True, array_like=True):
    id: str
    module: str
    kind: str
    joined: Joined
    criteria: tuple[str, ...]
    severity: Severity
    max_evidence_age_days: int | None
    known_as: tuple[str, ...]
    injected: tuple[str, ...]
    thresholds: tuple[_KeptThreshold, ...] | None
    title: str
    notes: tuple[str, ...]
    why: str
    fix: str
    source: str


class _KeptCollector(msgspec.Struct, frozen=True, array_like=True):
    kind: str
    module: str
    calls: tuple[str, ...]
    per: str
    cost: str
    version: str
    instant: str


class _Content(msgspec.Struct, frozen=True):
    state: str
    rules: tuple[_KeptRule, ...]
    collectors: tuple[_KeptCollector, ...]


class Held(NamedTuple):
    """What an index says."""

    rules: dict[str, tuple[Rule, str]]
    """Id -> the rule, and its module."""
    collectors: dict[str, tuple[Collector, str]]
    """Kind -> the collector, and its module."""


# -- declarations that are imported when more is asked of them ------------------------------------------------


class IndexedRule(Rule):
    """A rule as an index knows it. What no index holds (function, views) is imported when it is asked for."""

    __slots__ = ("_index", "_kept")

    def __init__(self, kept: _KeptRule, path: Path) -> None:
        told: dict[str, Any] = {
            "id": kept.id,
            "criteria": kept.criteria,
            "severity": kept.severity,
            "max_evidence_age_days": kept.max_evidence_age_days,
            "known_as": kept.known_as,
            "injected": kept.injected,
            "title": kept.title,
            "notes": kept.notes,
            "why": kept.why,
            "fix": kept.fix,
            "_kept": kept,
            "_index": path,
        }
        if kept.thresholds is not None:
            told["thresholds"] = tuple(
                Threshold(
                    one.name, _TYPES[one.type], msgspec.convert(one.default, _TYPES[one.type])
                )
                for one in kept.thresholds
            )
        for name, value in told.items():
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any field that is not filled yet
        if name not in Rule.__slots__:
            raise AttributeError(name)
        module = self._kept.module
        for rule in vars(_imported(module, self._index)).values():
            if isinstance(rule, Rule) and rule.id == self.id:
                if _kept_rule(rule, rule.function.__module__, self._kept.source) != self._kept:
                    continue
                _fill(self, rule, Rule.__slots__)
                return getattr(rule, name)
        raise _stale(self._index, module)

    @property
    def kind(self) -> str:
        """The kind that it judges."""
        kept: _KeptRule = self._kept
        return kept.kind

    @property
    def joined(self) -> Joined:
        """The names of the kinds that it joins."""
        kept: _KeptRule = self._kept
        return kept.joined

    @property
    def known_source(self) -> KnownDigest:
        """Digest of the text that decides: while no file changes, it does not."""
        kept: _KeptRule = self._kept
        path: Path = self._index
        return KnownDigest(kept.source, lambda: _stale(path, kept.module))


class IndexedCollector(Collector):
    """A collector as an index knows it: its function and its view are imported when they are asked for."""

    __slots__ = ("_index", "_kept")

    def __init__(self, kept: _KeptCollector, path: Path) -> None:
        told: dict[str, Any] = {
            "calls": kept.calls,
            "per": kept.per,
            "cost": kept.cost,
            "version": kept.version,
            "instant": kept.instant,
            "_kept": kept,
            "_index": path,
        }
        for name, value in told.items():
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any field that is not filled yet
        if name not in Collector.__slots__:
            raise AttributeError(name)
        module = self._kept.module
        for collector in vars(_imported(module, self._index)).values():
            if isinstance(collector, Collector) and collector.kind == self.kind:
                if _kept_collector(collector, module) != self._kept:
                    continue
                _fill(self, collector, Collector.__slots__)
                return getattr(collector, name)
        raise _stale(self._index, module)

    @property
    def kind(self) -> str:
        """E.g. ``aws.s3.bucket``."""
        kept: _KeptCollector = self._kept
        return kept.kind


def _fill(declared: object, whole: object, fields: Iterable[str]) -> None:
    for field in fields:
        object.__setattr__(declared, field, getattr(whole, field))


def _imported(module: str, index: Path) -> ModuleType:
    try:
        return importlib.import_module(module)
    except Exception as error:
        # Unchanged files could be imported when the index was made: something else is amiss.
        _forget(index)
        msg = f"the module {module} cannot be imported: {type(error).__name__}: {error}"
        raise PluginError(msg) from error


def _stale(index: Path, module: str) -> PluginError:
    _forget(index)
    msg = f"the index {index} says of {module} what is not so, and was removed. Next: run it again"
    return PluginError(msg)


def _kept_rule(rule: Rule, module: str, source: str) -> _KeptRule:
    # As JSON gives it back: the two are compared.
    names = [
        (
            one.name,
            _NAMES.get(one.type),
            list(one.default) if isinstance(one.default, tuple) else one.default,
        )
        for one in rule.thresholds
    ]
    kept = [_KeptThreshold(name, of, default) for name, of, default in names if of is not None]
    return _KeptRule(
        rule.id,
        module,
        rule.kind,
        rule.joined,
        rule.criteria,
        rule.severity,
        rule.max_evidence_age_days,
        rule.known_as,
        rule.injected,
        tuple(kept) if len(kept) == len(names) else None,
        rule.title,
        rule.notes,
        rule.why,
        rule.fix,
        source,
    )


def _kept_collector(collector: Collector, module: str) -> _KeptCollector:
    return _KeptCollector(
        collector.kind,
        module,
        collector.calls,
        collector.per,
        collector.cost,
        collector.version,
        collector.instant,
    )


# -- the file --------------------------------------------------------------------------------------------------


class Index:
    """The index of packages that lie in folders. Makes no folder and reads no file until it is asked."""

    def __init__(self, packages: Mapping[str, Path], folder: Path) -> None:
        """``packages``: name -> its folder."""
        self._packages = dict(sorted(packages.items()))
        named = repr((FORMAT, _interpreter(), [str(path) for path in self._packages.values()]))
        digest = hashlib.sha256(named.encode()).hexdigest()
        self.path = folder / f"index-{digest[:16]}.json"
        self._now: str | None = None
        self._settled = False

    def read(self) -> Held | None:
        """What it holds; ``None`` where there is none that can be believed."""
        content = _content(self.path)
        if content is None or content.state != self._state():
            return None
        return Held(
            {kept.id: (IndexedRule(kept, self.path), kept.module) for kept in content.rules},
            {
                kept.kind: (IndexedCollector(kept, self.path), kept.module)
                for kept in content.collectors
            },
        )

    def can_be_made(self) -> bool:
        """Whether an index that is made now will be right, and can be kept.

        It would not be right where a file changed since this process began: its module may have been imported
        before.
        """
        self._state()
        return self._settled and _own_folder(self.path.parent, make=True)

    def write(self, held: Held) -> None:
        """Keep what was imported since :meth:`can_be_made`. What cannot be written is not kept."""
        content = _Content(
            self._state(),
            tuple(
                _kept_rule(rule, module, source_of(rule).digest)
                for rule, module in held.rules.values()
            ),
            tuple(_kept_collector(*found) for found in held.collectors.values()),
        )
        folder = self.path.parent
        with contextlib.suppress(OSError):
            # Made for its owner alone, and put in place whole: nobody reads half of one.
            handle, name = tempfile.mkstemp(prefix="index-", suffix=".new", dir=folder)
            try:
                with open(handle, "wb") as file:  # noqa: PTH123 - it is open already
                    file.write(msgspec.json.encode(content))
                Path(name).replace(self.path)
            except BaseException:
                _forget(Path(name))
                raise
            _prune(folder)

    def _state(self) -> str:
        """A digest over what decides a declaration: the interpreter, and every file with its size and times."""
        if self._now is None:
            engine = Path(__file__).resolve().parent
            files = [entry for entry in _entries(engine) if entry.is_file()]
            for path in self._packages.values():
                files += _below(path)
            digest = hashlib.sha256(repr((FORMAT, _interpreter())).encode())
            latest = 0
            told = []
            for file in files:
                found = file.stat()
                # Whoever sets a file's time back changes the time of its record.
                told.append((file.path, found.st_size, found.st_mtime_ns, found.st_ctime_ns))
                latest = max(latest, found.st_mtime_ns, found.st_ctime_ns)
            digest.update(repr(sorted(told)).encode())
            self._settled = latest < (BEGAN - _FRESH_SECONDS) * 1e9
            self._now = digest.hexdigest()
        return self._now


def folder() -> Path | None:
    """Where indexes are kept; ``None``: nowhere."""
    given = os.environ.get(ENVIRONMENT)
    if given is not None:
        return Path(given).resolve() if given else None
    base = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(base):  # noqa: PTH117 - the specification's own word; others are to be ignored
        return Path(base) / "soc2-pac"
    try:
        return Path.home() / ".cache" / "soc2-pac"
    except RuntimeError:
        return None


def _interpreter() -> tuple[str, int]:
    # Without docstrings (-OO) a rule has no title.
    return sys.version, sys.flags.optimize


def _entries(path: Path) -> list[os.DirEntry[str]]:
    with os.scandir(path) as entries:
        return list(entries)


def _below(path: Path) -> Iterator[os.DirEntry[str]]:
    """Every file that may decide what is declared: not compiled ones, and no cases."""
    for entry in _entries(path):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _below(Path(entry.path))
        elif not entry.name.endswith(".cases.yaml"):
            yield entry


def _content(path: Path) -> _Content | None:
    """A file that nobody else could have written; ``None`` for any other, and for one that says nothing."""
    if not _own_folder(path.parent, make=False):
        return None
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(handle, "rb") as file:  # noqa: PTH123 - it is open already
            if not _own(os.fstat(handle), stat.S_ISREG):
                return None
            content = msgspec.json.decode(file.read(), type=_Content)
    except (OSError, ValueError):  # msgspec's errors are ValueErrors
        return None
    if all(
        one.type in _TYPES
        for rule in content.rules
        if rule.thresholds is not None
        for one in rule.thresholds
    ):
        return content
    return None


def _own_folder(path: Path, *, make: bool) -> bool:
    """Whether a folder is this user's, and nobody else may write there."""
    with contextlib.suppress(OSError):
        if make:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _own(path.lstat(), stat.S_ISDIR) and (not make or os.access(path, os.W_OK))
    return False


def _own(found: os.stat_result, is_sort: Any) -> bool:  # noqa: ANN401 - of the module stat
    mine = found.st_uid == os.geteuid()
    return bool(is_sort(found.st_mode)) and mine and not found.st_mode & _OTHERS_WRITE


def _forget(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _prune(folder: Path) -> None:
    """Indexes of installations that are used no more, and what an ended process left."""
    found = sorted(folder.glob("index-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[_KEPT:]:
        _forget(path)
