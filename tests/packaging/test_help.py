"""``--help`` is for people who wait: it loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

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
