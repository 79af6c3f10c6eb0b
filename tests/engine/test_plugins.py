"""Plugins are found, or their absence is loud: nothing is dropped silently."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest

from soc2_pac import api, plugins
from soc2_pac.errors import DeclarationError, PluginError
from soc2_pac.hookspecs import GROUP
from soc2_pac.model import Severity, Verdict, passed
from soc2_pac.resources import collects
from soc2_pac.rules import rule
from soc2_pac.store import open_store

from . import fakes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


WHO = {"reason": "a test", "owner": "ciso", "date": "2026-01-01"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path; what is imported from it is forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def entry(name: str, module: str) -> EntryPoint:
    return EntryPoint(name, module, GROUP)


_RULE = """
from soc2_pac.hookspecs import hookimpl
from soc2_pac.model import Severity, Verdict, passed
from soc2_pac.rules import rule
from tests.engine.fakes import Thing

@hookimpl
def soc2_rule_packages():
    return [__name__]
"""


def test_a_plugin_that_fails_to_import_is_named_and_stops_no_other(place: Path) -> None:
    (place / "broken_plugin.py").write_text("import a_module_that_nobody_has")
    found = fakes.registry(entry("broken", "broken_plugin"), entry("gone", "not_installed"))
    assert {p.name for p in found.broken} == {"broken", "gone"}
    assert "a_module_that_nobody_has" in str(found.broken[0].error)
    assert len(found.rules) == 3


def test_a_broken_plugin_makes_a_run_exit_3(place: Path) -> None:
    (place / "broken_plugin.py").write_text("1 / 0")
    found = fakes.registry(entry("broken", "broken_plugin"))
    ready = api.make_workspace(
        fakes.config(rules={"include": [{"rule": "fake-thing-named", **WHO}]}), found
    )
    with open_store("sqlite://", create=True) as store:
        outcome = api.run(ready, store)
        assert api.exit_code(store.findings(), outcome, Severity.INFO) == 3


def test_a_module_of_a_plugin_that_fails_is_named(place: Path) -> None:
    package = place / "half_plugin"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from soc2_pac.hookspecs import hookimpl\n"
        "@hookimpl\ndef soc2_rule_packages(): return [__name__, 'nowhere']\n"
        "@hookimpl\ndef soc2_collector_modules(): return ['half_plugin.lost']\n"
    )
    (package / "lost.py").write_text("raise RuntimeError('half')")
    found = fakes.registry(entry("half", "half_plugin"))
    assert len(found.rules) == 3
    assert len(found.collectors) == 2
    assert {p.name for p in found.broken} == {"half_plugin.lost", "nowhere"}


def test_a_kind_whose_collector_is_lost_is_inconclusive() -> None:
    found = fakes.registry()
    del found.collectors["fake.owner"]
    ready = api.make_workspace(
        fakes.config(rules={"include": [{"rule": "fake-thing-owned", **WHO}]}), found
    )
    with open_store("sqlite://", create=True) as store:
        outcome = api.run(ready, store)
        assert outcome.uncollected == ["fake.owner"]
        assert {f.status.value for f in store.findings()} == {"inconclusive"}
        assert api.exit_code(store.findings(), outcome, Severity.INFO) == 3


def test_duplicates_are_errors_that_name_both(place: Path) -> None:
    with pytest.raises(
        PluginError, match=r"two plugins are named 'fake': elsewhere .* and tests\.engine\.fakes"
    ):
        fakes.registry(entry("fake", "elsewhere"))
    (place / "twin.py").write_text(
        "from soc2_pac.hookspecs import hookimpl\n"
        "@hookimpl\ndef soc2_providers():\n    from tests.engine.fakes import FakeProvider\n"
        "    return [FakeProvider()]\n"
    )
    with pytest.raises(PluginError, match="two plugins add the provider 'fake'"):
        fakes.registry(entry("twin", "twin")).providers  # noqa: B018 - reading loads
    (place / "again.py").write_text(
        _RULE + "@rule(criteria=['CC6.1'], severity=Severity.LOW)\n"
        "def fake_thing_named(thing: Thing) -> Verdict:\n"
        "    '''T.\n\n    Why: x\n    Fix: y\n    '''\n    return passed('x')\n"
    )
    with pytest.raises(PluginError, match="the rule fake-thing-named stands in again and in tests"):
        fakes.registry(entry("again", "again")).rules  # noqa: B018 - reading loads


def test_a_misspelled_hook_is_an_error(place: Path) -> None:
    (place / "typo.py").write_text(
        "from soc2_pac.hookspecs import hookimpl\n@hookimpl\ndef soc2_providerz(): return []\n"
    )
    with pytest.raises(PluginError, match="soc2_providerz"):
        fakes.registry(entry("typo", "typo"))


@pytest.mark.parametrize("what", ["providers", "collectors", "rules"])
def test_nothing_at_all_is_loud(what: str) -> None:
    with pytest.raises(
        PluginError, match=f"no {'providers' if what == 'collectors' else what} are"
    ):
        getattr(plugins.load([]), what)


def test_the_built_in_plugins_come_by_the_same_door() -> None:
    found = plugins.load()
    names = ["aws", "azure", "company", "gcp", "github", "okta", "roster", "rules"]
    assert [p.name for p in found.plugins] == names
    assert found.broken == ()
    assert found.collectors
    assert found.rules
    assert found.broken == ()


def test_wrong_declarations_are_refused_where_they_stand() -> None:
    def named(criteria: list[str], **values: object) -> None:
        @rule(criteria=criteria, severity=Severity.LOW, **values)  # type: ignore[arg-type]
        def fake_x(thing: fakes.Thing) -> Verdict:
            """Title.

            Why: x
            Fix: y
            """
            return passed(thing.name)

    named(["CC6.1"])
    with pytest.raises(DeclarationError, match="unknown criteria"):
        named(["CC6.99"])
    with pytest.raises(DeclarationError, match="names no criterion"):
        named([])
    with pytest.raises(DeclarationError, match="never a silent pass"):
        named(["CC6.1"], empty=passed("nothing there"))
    with pytest.raises(DeclarationError, match="go together"):
        named(["CC6.1"], needs=[fakes.Owner])
    with pytest.raises(DeclarationError, match="its docstring lacks Why"):

        @rule(criteria=["CC6.1"], severity=Severity.LOW)
        def fake_y(thing: fakes.Thing) -> Verdict:
            """Title."""
            return passed(thing.name)

    with pytest.raises(DeclarationError, match="declares no calls"):
        collects(fakes.Thing, calls=[], per="account")
