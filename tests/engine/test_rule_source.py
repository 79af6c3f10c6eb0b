"""What makes a rule version another one: the text that decides, and nothing beside it."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from soc2_pac import plugins, rule_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from soc2_pac.rules import Rule

REPOSITORY = Path(__file__).resolve().parents[2]

VIEWS = '''"""Views."""

from soc2_pac.resources import Resource


class Thing(Resource, frozen=True):
    """A thing."""

    kind = "fake.thing"
    name: str

    @property
    def good(self) -> bool:
        return self.name in GOOD


GOOD = frozenset({"a"})
"""Names."""
'''
RULES = '''"""Rules."""

from PACKAGE import views as v
from PACKAGE.helps import said as says
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


@rule(
    criteria=["CC6.1"],
    severity=Severity.LOW,
)
def fake_thing_good(thing: v.Thing) -> Verdict:
    """Things are good.

    Why: bad ones are bad.
    Fix: mend them.
    """
    return passed(says("good")) if thing.good else failed("bad")


# -- another ---------------------------------------------------------------


def neighbour() -> int:
    return 1
'''
HELPS = '''"""Helps."""

LIST = "words.json"


def said(word: str) -> str:
    return f"{word} {LIST}"
'''


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Rule]:
    """Writes a package of that name and gives its rule."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name: str, **edits: tuple[str, str]) -> Rule:
        folder = tmp_path / name
        folder.mkdir()
        for module, text in (
            ("views", VIEWS),
            ("rules", RULES),
            ("helps", HELPS),
            ("words", "[1]"),
        ):
            old, new = edits.get(module, ("", ""))
            assert old in text
            file = folder / ("words.json" if module == "words" else f"{module}.py")
            file.write_text(
                text.replace(old, new).replace("PACKAGE", name)
                if old
                else text.replace("PACKAGE", name)
            )
        (folder / "__init__.py").write_text("")
        importlib.invalidate_caches()
        declared: Rule = importlib.import_module(f"{name}.rules").fake_thing_good
        return declared

    return make


def test_a_moved_module_and_an_edited_neighbour_change_nothing(made: Callable[..., Rule]) -> None:
    first = rule_source.source_of(made("one"))
    for name, edits in {
        "moved": {},
        "neighbour": {"rules": ("return 1", "return 2")},
        "comment": {"rules": ("# -- another", "# -- the other")},
        "imports": {"helps": ('"""Helps."""', '"""Helps more."""\n\nimport json')},
    }.items():
        assert rule_source.source_of(made(name, **edits)).digest == first.digest, name


@pytest.mark.parametrize(
    "edits",
    [
        {"rules": ('failed("bad")', 'failed("worse")')},
        {"views": ('{"a"}', '{"b"}')},
        {"views": ("in GOOD", "not in GOOD")},
        {"helps": ("{word} ", "{word}, ")},
        {"words": ("[1]", "[2]")},
    ],
    ids=[
        "its function",
        "a constant of the view",
        "the view",
        "a function it calls",
        "a data file",
    ],
)
def test_what_it_reaches_by_name_makes_another_version(
    made: Callable[..., Rule], edits: dict[str, tuple[str, str]], request: pytest.FixtureRequest
) -> None:
    first = rule_source.source_of(made("first"))
    name = "e" + str(abs(hash(request.node.name)))
    assert rule_source.source_of(made(name, **edits)).digest != first.digest


def test_a_stored_source_of_format_1_is_hashed_as_the_living_one(made: Callable[..., Rule]) -> None:
    declared = made("living")
    modules = {
        name: Path(str(sys.modules[name].__file__)).read_text()
        for name in ("living.rules", "living.views", "living.helps")
    }
    again = rule_source.source_of_stored("fake-thing-good", modules)
    assert again is not None
    living = rule_source.source_of(declared)
    # Format 1 kept no data files.
    assert {text for text in living.parts.values() if text != "[1]"} == set(again.parts.values())
    assert rule_source.source_of_stored("fake-other", modules) is None


def test_the_lines_of_every_module_are_split_as_the_parser_does() -> None:
    files = [
        *(REPOSITORY / "rules").rglob("*.py"),
        *(path for path in (REPOSITORY / "collectors").rglob("*.py") if "models" in path.parts),
    ]
    assert len(files) > 200
    for path in files:
        text = path.read_text(encoding="utf-8")
        wanted: dict[str, str] = {}
        lines = text.split("\n")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                start = min(n.lineno for n in (node, *node.decorator_list))
                wanted[node.name] = "\n".join(lines[start - 1 : node.end_lineno])
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    for name in ast.walk(target):
                        if isinstance(name, ast.Name):
                            wanted[name.id] = "\n".join(lines[node.lineno - 1 : node.end_lineno])
        assert rule_source._split("module", text, path).definitions == wanted, path


def test_imports_are_read_as_the_parser_does() -> None:
    for path in (REPOSITORY / "rules").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        wanted = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ImportFrom) and node.module != "__future__"
            for alias in node.names
        }
        found = rule_source._split("module", text, path).imports
        assert {k: v for k, v in found.items() if v[0] != "__future__" and v[1]} == wanted, path


def test_every_rule_has_its_function_and_its_view_in_its_source() -> None:
    for rule in plugins.load().rules.values():
        texts = rule_source.source_of(rule).parts.values()
        assert any(f"def {rule.function.__name__}(" in text for text in texts), rule.id
        assert any(f"class {rule.resource.__name__}(" in text for text in texts), rule.id
