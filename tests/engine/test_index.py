"""The index spares imports, and is never wrong: whatever makes it doubtful makes it unused."""

from __future__ import annotations

import json
import os
import sys
import time
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest

from soc2_pac import index, plugins
from soc2_pac.errors import PluginError
from soc2_pac.hookspecs import GROUP
from soc2_pac.rule_source import KnownSource, source_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PLUGIN = '''
"""Toys."""
from soc2_pac.hookspecs import hookimpl


@hookimpl
def soc2_rule_packages():
    return ["toys.rules"]


class Provider:
    name = "toys"
    modules = ("toys.shelves",)


@hookimpl
def soc2_providers():
    return [Provider()]
'''
_KINDS = '''
"""Kinds."""
from soc2_pac.resources import Resource


class Toy(Resource, frozen=True, kw_only=True):
    """A toy."""

    kind = "toys.toy"
    name: str
'''
_RULE = '''
"""Rules."""
from soc2_pac.model import Severity, Verdict, passed
from soc2_pac.rules import rule
from toys.kinds import Toy


@rule(criteria=["CC6.1"], severity=Severity.LOW)
def {name}(toy: Toy, *, days: int = 3, owners: tuple[str, ...] = ("ann",)) -> Verdict:
    """{title}.

    Why: w.
    Fix: f.
    """
    return passed("it is")
'''
_SHELVES = '''
"""Collectors."""
from soc2_pac.model import Document
from soc2_pac.resources import collects
from toys.kinds import Toy


@collects(Toy, calls=["toys:List"], per="shelf", cost="1")
def toys(client):
    """Toys."""
    yield Document("1", "bear", {"name": "bear"})
'''
_OTHERS = """
from soc2_pac.hookspecs import hookimpl


@hookimpl
def soc2_rule_packages():
    return ["other_rules"]
"""


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that counts as ours, with files that are old enough to be believed."""
    home = tmp_path / "toys"
    (home / "rules").mkdir(parents=True)
    (home / "__init__.py").write_text(_PLUGIN)
    (home / "kinds.py").write_text(_KINDS)
    (home / "shelves.py").write_text(_SHELVES)
    (home / "rules" / "__init__.py").write_text("")
    (home / "rules" / "soft.py").write_text(_RULE.format(name="toys_soft", title="Toys are soft"))
    (home / "rules" / "hard.py").write_text(_RULE.format(name="toys_hard", title="Toys are hard"))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(plugins, "DISTRIBUTION", "?")
    monkeypatch.setattr(index, "BEGAN", time.time() + 60)
    monkeypatch.setenv(index.ENVIRONMENT, str(tmp_path / "cache"))
    yield home
    _forget()


def _forget() -> None:
    for name in [n for n in sys.modules if n.partition(".")[0] in ("toys", "other", "other_rules")]:
        del sys.modules[name]


def _load(*more: EntryPoint) -> plugins.Registry:
    """As a new process does."""
    _forget()
    return plugins.load([EntryPoint("toys", "toys", GROUP), *more])


def _kept(toys: Path) -> Path:
    (path,) = (toys.parent / "cache").glob("index-*.json")
    return path


def _made(toys: Path) -> Path:
    assert set(_load().rules) == {"toys-hard", "toys-soft"}
    return _kept(toys)


def _imported() -> set[str]:
    return {name for name in sys.modules if name.startswith("toys.")}


def test_what_it_says_needs_no_import_and_what_is_asked_for_imports_one_module(toys: Path) -> None:
    _made(toys)
    registry = _load()
    rule = registry.rules["toys-soft"]
    assert (rule.title, rule.kind, rule.kinds) == ("Toys are soft", "toys.toy", ("toys.toy",))
    assert rule.provider == "toys"
    assert rule.lacks(["toys"]) is None
    assert rule.lacks([]) == "toys"
    assert rule.settle({"days": 4}) == {"days": 4, "owners": ("ann",)}
    assert registry.collectors["toys.toy"].calls == ("toys:List",)
    assert registry.broken == ()
    assert _imported() == set()
    assert rule.function.__module__ == "toys.rules.soft"
    assert rule.resource.kind == "toys.toy"
    assert _imported() == {"toys.rules", "toys.rules.soft", "toys.kinds"}
    assert [d.name for d in registry.collectors["toys.toy"].documents(None)] == ["bear"]


def test_it_says_what_an_import_says(toys: Path) -> None:
    whole = _load()
    asked = {name: repr(rule) for name, rule in whole.rules.items()}
    collected = repr(whole.collectors["toys.toy"].calls)
    assert _kept(toys).is_file()
    indexed = _load()
    for name, rule in indexed.rules.items():
        assert isinstance(rule, index.IndexedRule)
        assert rule.thresholds == whole.rules[name].thresholds
        assert rule.function.__name__ in asked[name]
    assert repr(indexed.collectors["toys.toy"].calls) == collected


@pytest.mark.parametrize("change", ["edited", "edited in its old time", "added", "deleted", "data"])
def test_a_changed_package_is_imported_again(
    toys: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _made(toys)
    before = path.read_bytes()
    soft, expected = toys / "rules" / "soft.py", {"toys-hard", "toys-soft"}
    if change == "added":
        (toys / "rules" / "new.py").write_text(_RULE.format(name="toys_new", title="Toys are new"))
        expected.add("toys-new")
    elif change == "deleted":
        soft.unlink()
        expected.remove("toys-soft")
    elif change == "data":
        (toys / "rules" / "words.csv").write_text("a,b")
    else:
        found = soft.stat()
        soft.write_text(soft.read_text().replace("are soft", "are cute"))
        if change == "edited in its old time":
            os.utime(soft, ns=(found.st_atime_ns, found.st_mtime_ns))
            assert (soft.stat().st_size, soft.stat().st_mtime_ns) == (
                found.st_size,
                found.st_mtime_ns,
            )
    # What was compiled of the old text in the same second would be imported.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for compiled in toys.rglob("*.pyc"):
        compiled.unlink()
    registry = _load()
    assert set(registry.rules) == expected
    assert not any(isinstance(rule, index.IndexedRule) for rule in registry.rules.values())
    if change.startswith("edited"):
        assert registry.rules["toys-soft"].title == "Toys are cute"
    assert path.read_bytes() != before, "it was made anew"


def test_a_broken_module_is_named_and_nothing_is_kept(toys: Path) -> None:
    (toys / "rules" / "soft.py").write_text("import a_module_that_nobody_has")
    for _ in range(2):
        registry = _load()
        assert set(registry.rules) == {"toys-hard"}
        assert [plugin.name for plugin in registry.broken] == ["toys.rules.soft"]
    assert not list((toys.parent / "cache").glob("index-*"))


def test_no_rules_are_loud_with_an_index_too(toys: Path) -> None:
    _made(toys)
    for name in ("soft", "hard"):
        (toys / "rules" / f"{name}.py").unlink()
    with pytest.raises(PluginError, match="no rules are installed"):
        _load().rules  # noqa: B018 - it is computed when it is read


def test_other_peoples_plugins_are_imported_and_named_when_they_break(
    toys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (toys.parent / "other.py").write_text(_OTHERS)
    (toys.parent / "other_rules.py").write_text("import a_module_that_nobody_has")
    _made(toys)
    monkeypatch.setattr(plugins, "_distribution", lambda e: "?" if e.name == "toys" else "acme")
    registry = _load(EntryPoint("other", "other", GROUP))
    assert set(registry.rules) == {"toys-hard", "toys-soft"}
    assert isinstance(registry.rules["toys-soft"], index.IndexedRule)
    assert [plugin.name for plugin in registry.broken] == ["other_rules"]


def test_a_rule_that_stands_twice_is_an_error_with_an_index_too(
    toys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (toys.parent / "other.py").write_text(_OTHERS)
    (toys.parent / "other_rules.py").write_text(_RULE.format(name="toys_soft", title="Mine"))
    _made(toys)
    monkeypatch.setattr(plugins, "_distribution", lambda e: "?" if e.name == "toys" else "acme")
    with pytest.raises(PluginError, match=r"stands in toys\.rules\.soft and in other_rules"):
        _load(EntryPoint("other", "other", GROUP)).rules  # noqa: B018


@pytest.mark.parametrize("harm", ["cut", "no JSON", "a link", "others may write", "its folder"])
def test_a_file_that_cannot_be_believed_is_not_read(toys: Path, harm: str) -> None:
    path = _made(toys)
    content = path.read_bytes().replace(b"Toys are soft", b"Toys are evil")
    path.write_bytes(content)
    assert _load().rules["toys-soft"].title == "Toys are evil", "so the file is what is read"
    if harm == "cut":
        path.write_bytes(content[:-20])
    elif harm == "no JSON":
        path.write_bytes(b"\x80\x04pickle")
    elif harm == "a link":
        path.rename(toys.parent / "elsewhere")
        path.symlink_to(toys.parent / "elsewhere")
    elif harm == "others may write":
        path.chmod(0o622)
    else:
        path.parent.chmod(0o777)
    registry = _load()
    assert registry.rules["toys-soft"].title == "Toys are soft"


def test_an_index_that_does_not_say_what_the_module_says_ends_loudly(toys: Path) -> None:
    path = _made(toys)
    content = json.loads(path.read_bytes())
    path.write_bytes(json.dumps(content).replace("toys:List", "toys:Delete").encode())
    collector = _load().collectors["toys.toy"]
    assert collector.calls == ("toys:Delete",)
    with pytest.raises(PluginError, match=r"was removed\. Next: run it again"):
        collector.function  # noqa: B018
    assert not path.exists()
    assert _load().collectors["toys.toy"].calls == ("toys:List",)


def test_the_digest_of_a_rule_is_known_and_its_text_is_read_when_it_is_asked_for(
    toys: Path,
) -> None:
    first = source_of(_load().rules["toys-soft"])
    assert _made(toys)
    known = source_of(_load().rules["toys-soft"])
    assert isinstance(known, KnownSource)
    assert known.digest == first.digest
    assert _imported() == set()
    assert (known.body, known.parts) == (first.body, first.parts)
    assert "toys.rules.soft" in _imported()


def test_a_digest_that_is_not_the_texts_ends_loudly(toys: Path) -> None:
    path = _made(toys)
    digest = source_of(_load().rules["toys-soft"]).digest
    path.write_bytes(path.read_bytes().replace(digest.encode(), b"0" * 64))
    source = source_of(_load().rules["toys-soft"])
    with pytest.raises(PluginError, match=r"was removed\. Next: run it again"):
        source.body  # noqa: B018
    assert not path.exists()
    assert source_of(_load().rules["toys-soft"]).digest == digest


def test_a_module_that_breaks_without_a_change_is_an_error_and_ends_the_index(
    toys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _made(toys)
    registry = _load()
    monkeypatch.setitem(sys.modules, "toys.kinds", None)
    with pytest.raises(PluginError, match=r"toys\.rules\.soft cannot be imported"):
        registry.rules["toys-soft"].function  # noqa: B018
    assert not path.exists()


def test_files_that_changed_just_now_are_not_indexed(
    toys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "BEGAN", time.time())
    assert set(_load().rules) == {"toys-hard", "toys-soft"}
    assert not list(toys.parent.glob("cache/index-*"))


def test_no_index_is_kept_where_none_is_wanted(toys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(index.ENVIRONMENT, "")
    monkeypatch.chdir(toys.parent)
    assert set(_load().rules) == {"toys-hard", "toys-soft"}
    assert {path.name for path in toys.parent.iterdir()} == {"toys"}


def test_it_is_the_users_alone_and_old_ones_go(toys: Path) -> None:
    path = _made(toys)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    for number in range(40):
        (path.parent / f"index-{number:016x}.json").write_text("{}")
        os.utime(path.parent / f"index-{number:016x}.json", (number, number))
    path.unlink()
    _made_again = _load().rules
    assert _made_again
    assert path.is_file()
    assert len(list(path.parent.iterdir())) == 16
