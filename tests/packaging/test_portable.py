"""Nothing that is shipped or published depends on the machine that it was written on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    "benchmarks",
    "collectors",
    "demo",
    "docs",
    "migrations",
    "rules",
    "soc2_pac",
    "tests",
    "tools",
    ".ci",
)
TEXT = {"", ".cfg", ".ini", ".json", ".mako", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}

# Written in pieces, or this file would find itself.
INDEX = re.compile("pypi" + r"\.org|python" + "hosted|registry" + r"\.npmjs|index" + "-url")
HOMES = re.compile("/ro" + "ot/|/ho" + "me/[a-z]|/Us" + "ers/[A-Za-z]|/wo" + "rk/[a-z]")
SCRATCH = re.compile("/t" + "mp/")


def _files() -> list[Path]:
    found = [path for path in ROOT.iterdir() if path.is_file() and path.name != ".coverage"]
    for place in PLACES:
        found += [path for path in (ROOT / place).rglob("*") if path.is_file()]
    return [path for path in found if path.suffix in TEXT and "__pycache__" not in path.parts]


@pytest.mark.parametrize("pattern", [INDEX, HOMES, SCRATCH], ids=["index", "home", "scratch"])
def test_no_file_names_this_machine_or_a_package_index(pattern: re.Pattern[str]) -> None:
    files = _files()
    assert len(files) > 50
    found = []
    for path in files:
        name = path.relative_to(ROOT)
        lines = path.read_text(encoding="utf-8").splitlines()
        found += [f"{name}:{n}: {line}" for n, line in enumerate(lines, 1) if pattern.search(line)]
    assert not found, "\n".join(found)


def test_no_file_names_the_checkout() -> None:
    places = {str(path) for path in (ROOT, Path.home()) if len(path.parts) > 1}
    found = [
        f"{path.relative_to(ROOT)}: {place}"
        for path in _files()
        for place in places
        if f"{place}/" in path.read_text(encoding="utf-8")
    ]
    assert not found, "\n".join(found)


def test_the_patterns_find_what_they_are_for() -> None:
    assert INDEX.search("--index" + "-url x")
    assert HOMES.search("/ho" + "me/ann/.aws")
    assert SCRATCH.search("/t" + "mp/x")
