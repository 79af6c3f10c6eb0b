"""Commands that plugins add: found by metadata, imported when called, and loud when something is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

GOOD = '''"""Say hello. As plugins do.

More.
"""
import sys
import click
sys.stderr.write("imported\\n")
@click.command()
def hello():
    """Say hello."""
    click.echo("hello")
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "installed"


def _install(folder: Path, distribution: str, module: str, text: str, entry: str) -> None:
    information = folder / f"{distribution}-1.0.dist-info"
    information.mkdir(parents=True)
    (folder / f"{module}.py").write_text(text, encoding="utf-8")
    metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
    (information / "METADATA").write_text(metadata, encoding="utf-8")
    points = f"[soc2_pac.commands]\n{entry}\n"
    (information / "entry_points.txt").write_text(points, encoding="utf-8")


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, "-m", "soc2_pac", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_command_is_listed_without_being_imported_and_called(folder: Path) -> None:
    _install(folder, "greeter", "greeter", GOOD, "hello = greeter:hello")
    listed = _run(folder, "--help")
    assert (listed.returncode, listed.stderr) == (0, "")
    line = next(one for one in listed.stdout.splitlines() if one.split()[:1] == ["hello"])
    assert "Say hello. As plugins do." in line
    called = _run(folder, "hello")
    assert (called.returncode, called.stdout, called.stderr) == (0, "hello\n", "imported\n")
    wrong = _run(folder, "helo")
    assert (wrong.returncode, "hello" in wrong.stderr) == (2, True)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("hello = greeter:missing", "cannot be loaded: AttributeError"),
        ("hello = nowhere:hello", "cannot be loaded: ModuleNotFoundError"),
        ("hello = greeter:click", "is no click command"),
    ],
)
def test_a_broken_command_is_loud(folder: Path, entry: str, says: str) -> None:
    _install(folder, "greeter", "greeter", GOOD, entry)
    ended = _run(folder, "hello")
    assert ended.returncode == 2
    assert "the command 'hello' of greeter" in ended.stderr
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr
    assert _run(folder, "--help").returncode == 0


def test_two_commands_of_one_name_are_loud(folder: Path) -> None:
    _install(folder, "greeter", "greeter", GOOD, "hello = greeter:hello")
    _install(folder, "other", "other", GOOD, "hello = other:hello")
    ended = _run(folder, "hello")
    assert ended.returncode == 2
    assert "both add the command 'hello'" in ended.stderr


def test_a_name_of_ours_is_not_taken(folder: Path) -> None:
    _install(folder, "greeter", "greeter", GOOD, "verify = greeter:hello")
    ended = _run(folder, "--help")
    assert ended.returncode == 2
    assert "greeter adds the command 'verify', which soc2-pac has itself" in ended.stderr
