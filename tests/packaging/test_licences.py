"""What we ask users to install, and under which licences; and that all of it is locked."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import Distribution

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = sorted(PROJECT["project"]["optional-dependencies"])

PERMISSIVE = (
    "apache", "mit", "bsd", "isc", "psf", "python software foundation", "cnri-python",
    "public domain", "dual license", "unlicense",
)  # fmt: skip
COPYLEFT = ("lgpl", "lesser general public", "mpl", "mozilla public")
"""Of a file or a library alone: allowed as an extra that the README names."""
ALLOWED_COPYLEFT = {"psycopg", "psycopg-binary", "pygithub", "certifi", "fpdf2"}
"""By name: a new one is a decision."""
SAYS_NOTHING = {"pyrage"}
"""Without a licence in their metadata. pyrage: MIT, by the licence file of its repository."""
FOR_DEVELOPMENT = {"hypothesis", "pathspec", "paramiko", "orjson", "axe-playwright-python"}
"""Copyleft that nobody gets by installing soc2-pac. axe-playwright-python says nothing in its metadata: it is under
MIT, and carries axe-core, which is under MPL-2.0."""


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def _licence(found: Distribution) -> str:
    said = found.metadata
    classifiers = [c for c in said.get_all("Classifier") or () if c.startswith("License")]
    named = {key: said[key] or "" for key in ("License-Expression", "License") if key in said}
    words = [*named.values(), *classifiers]
    return " / ".join(word.rpartition(" :: ")[2][:80] for word in words if word).lower()


def _closure(extras: frozenset[str]) -> dict[str, str]:
    """Name -> licence of everything that ``soc2-pac[extras]`` brings here."""
    found: dict[tuple[str, frozenset[str]], str] = {}
    todo: list[tuple[str, frozenset[str]]] = [("soc2-pac", extras)]
    while todo:
        name, wanted = todo.pop()
        if (name, wanted) in found:
            continue
        try:
            there = distribution(name)
        except PackageNotFoundError:
            continue  # of another platform: its marker was not asked
        found[name, wanted] = _licence(there)
        todo += [(_name(one.name), frozenset(one.extras)) for one in _required(there, wanted)]
    return {name: licence for (name, _), licence in found.items()}


def _required(of: Distribution, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in of.requires or ():
        one = Requirement(text)
        if one.marker is None or any(one.marker.evaluate({"extra": e}) for e in extras or {""}):
            yield one


def test_what_everybody_gets_is_permissive() -> None:
    found = _closure(frozenset())
    assert len(found) > 8
    for name, licence in found.items():
        assert any(word in licence for word in PERMISSIVE), f"{name}: {licence or 'says nothing'}"
        assert not any(word in licence for word in COPYLEFT), f"{name}: {licence}"


@pytest.mark.parametrize("extra", EXTRAS)
def test_extras_bring_no_licence_that_was_not_decided(extra: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8").lower()
    for name, licence in _closure(frozenset({extra})).items():
        if any(word in licence for word in COPYLEFT):
            assert name in ALLOWED_COPYLEFT or (extra == "dev" and name in FOR_DEVELOPMENT), name
            assert extra == "dev" or name in readme, f"the README does not name {name}: {licence}"
        else:
            known = name in SAYS_NOTHING or (extra == "dev" and name in FOR_DEVELOPMENT)
            said = any(word in licence for word in PERMISSIVE)
            assert said or known, f"{name}: {licence or 'nothing'}"


@pytest.mark.parametrize("extra", ["demo", "dev"])
def test_every_package_is_locked_by_version_and_hash(extra: str) -> None:
    text = (ROOT / f"requirements-{extra}.txt").read_text(encoding="utf-8")
    locked = {
        _name(line.partition("==")[0])
        for line in text.splitlines()
        if "==" in line and not line.startswith((" ", "#"))
    }
    entries = re.split(r"\n(?=[A-Za-z0-9])", text)[1:]
    assert len(entries) >= len(locked) > 50
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []
    assert set(_closure(frozenset({extra}))) - {"soc2-pac"} <= locked
    backend = [Requirement(one).name for one in PROJECT["build-system"]["requires"]]
    assert {*backend, "editables"} <= locked
