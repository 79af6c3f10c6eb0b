"""``--help`` is for people who wait: it loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = {
    "aiohttp",
    "alembic",
    "azure",
    "boto3",
    "botocore",
    "cryptography",
    "flask",
    "github",
    "moto",
    "msal",
    "msgspec",
    "okta",
    "psycopg",
    "requests",
    "soc2_collectors",
    "soc2_rules",
    "sqlalchemy",
    "urllib3",
    "yaml",
}


def _imported(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "soc2_pac", *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout
    lines = done.stderr.splitlines()
    return {line.rpartition("|")[2].strip() for line in lines if line.startswith("import time:")}


def test_help_imports_no_sdk() -> None:
    modules = _imported("--help")
    assert "soc2_pac.cli" in modules
    assert {name.partition(".")[0] for name in modules} & HEAVY == set()


def test_the_measurement_sees_what_is_imported() -> None:
    assert "msgspec" in _imported("rules", "--help") | _imported("plugins")


@pytest.mark.parametrize("command", ["run", "check", "rules", "findings", "evidence", "demo", "db"])
def test_help_of_a_command_imports_no_sdk(command: str) -> None:
    roots = {name.partition(".")[0] for name in _imported(command, "--help")}
    sdks = {"azure", "boto3", "botocore", "github", "msal", "okta", "aiohttp", "moto", "flask"}
    assert roots & sdks == set()


def test_every_command_of_the_table_exists_and_says_what_it_does() -> None:
    from soc2_pac.cli import root

    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        assert command is not None, name
        assert command.help, name


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for own in command.list_commands(context):
            found = command.get_command(context, own)
            assert found is not None
            yield from _commands(found, f"{name} {own}")


def test_no_help_shows_marks_that_are_for_its_layout() -> None:
    from soc2_pac.cli import root

    found = dict(_commands(root, "soc2-pac"))
    assert len(found) > 60
    shown = {name: command.get_help(click.Context(command)) for name, command in found.items()}
    assert [name for name, text in shown.items() if "\\" in text or "\b" in text] == []
    assert "Exit codes: 0 nothing" in shown["soc2-pac"]
    lines = [line.strip() for line in shown["soc2-pac query"].splitlines()]
    assert "soc2-pac query administrators" in lines, "examples stand one a line"
