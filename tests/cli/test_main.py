"""Every ending of the command line: its exit code, and one clear message."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

import click
import pytest

from soc2_pac import cli as command_line
from soc2_pac import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from .conftest import Ended

COMMANDS = [
    "init", "doctor", "run", "health", "collect", "evaluate", "check", "rules", "findings", "evidence", "gaps",
    "query", "population", "report", "serve", "tokens", "auditors", "bundle",
    "people", "review", "controls", "attestations", "attest", "waivers", "sources",
    "permissions", "verify", "checkpoint", "db", "plugins", "demo",
]  # fmt: skip
TOKEN = "ghp_" + "a1B2" * 10


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """``command(function)``: adds ``soc2-pac probe``, which calls the function."""

    def add(function: Callable[[], object]) -> None:
        probe = click.Command("probe", callback=function)
        monkeypatch.setattr(sys.modules[__name__], "probe", probe, raising=False)
        monkeypatch.setitem(command_line._COMMANDS, "probe", (f"{__name__}:probe", "For tests."))

    return add


def _raise(error: BaseException) -> Callable[[], object]:
    def function() -> object:
        raise error

    return function


# -- help -------------------------------------------------------------------------------------------


def test_help_lists_every_command_with_what_it_does(cli: Callable[..., Ended]) -> None:
    ended = cli("--help")
    assert ended.code == 0
    found = re.findall(r"^  ([a-z]+)  +(\S.*\.|.*\?)$", ended.out, flags=re.MULTILINE)
    assert [name for name, _ in found] == COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(cli: Callable[..., Ended], name: str) -> None:
    ended = cli(name, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith(f"Usage: soc2-pac {name}")


def test_version(cli: Callable[..., Ended]) -> None:
    assert cli("--version") == (0, f"soc2-pac {version('soc2-pac')}\n", "")


def test_exit_codes_stand_in_the_help(cli: Callable[..., Ended]) -> None:
    text = " ".join(cli("--help").out.split())
    for code in ("0 nothing to act on", "1 findings", "2 usage", "3 evidence", "4 the store"):
        assert code in text


# -- what a person got wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["fidings"], "there is no command 'fidings'. Did you mean 'findings'?"),
        (["xyzzy"], "there is no command 'xyzzy'. Next: soc2-pac --help"),
        (["rules", "shwo", "x"], "Did you mean 'show'?"),
        (["rules", "list", "--format", "jsn"], "Did you mean 'json'?"),
        (["rules", "list", "--severity", "hihg"], "Did you mean 'high'?"),
        (["rules", "list", "--criterion", "cc6.1"], "Did you mean 'CC6.1'?"),
        (["rules", "list", "--criterion", "CC6.99"], "there is no criterion 'CC6.99'."),
        (["rules", "list", "--provider", "awss"], "Did you mean 'aws'?"),
        (["rules", "list", "--kind", "aws.s3.bukcet"], "Did you mean 'aws.s3.bucket'?"),
        (["rules", "show", "aws-root-mfaa"], "Did you mean 'aws-root-mfa'?"),
        (["rules", "test", "aws-root-mfaa"], "Did you mean 'aws-root-mfa'?"),
        (["permissions", "githbu"], "Did you mean 'github'?"),
        (["permissions", "aws", "--rule", "aws-root-mfaa"], "Did you mean 'aws-root-mfa'?"),
        (["findings", "--status", "faild"], "Did you mean 'fail'?"),
        (["run", "--log-format", "jsno"], "Did you mean 'json'?"),
        (["run"], "there is no soc2-pac.toml here. Next: soc2-pac init, or --config FILE"),
        (
            ["run", "--config", "no.toml"],
            "there is no configuration file no.toml. Next: soc2-pac init",
        ),
    ],
)
def test_a_wrong_name_ends_in_2_and_suggests_the_nearest(
    cli: Callable[..., Ended], arguments: list[str], says: str
) -> None:
    ended = cli(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    assert "Traceback" not in ended.err


# -- errors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x"), 2),
        (errors.ConfigError("x"), 2),
        (errors.PluginError("x"), 2),
        (errors.StoreError("x"), 2),
        (errors.Denied("x"), 3),
        (errors.IntegrityError("x"), 4),
    ],
)
def test_an_error_on_purpose_is_one_line_and_its_own_exit_code(
    cli: Callable[..., Ended],
    command: Callable[[Callable[[], object]], None],
    error: Exception,
    code: int,
) -> None:
    command(_raise(error))
    assert cli("probe") == (code, "", "Error: x\n")


def test_no_error_prints_a_credential_or_steers_the_terminal(
    cli: Callable[..., Ended], command: Callable[[Callable[[], object]], None]
) -> None:
    command(_raise(errors.StoreError(f"bucket \x1b[31m: {TOKEN}\nnext line")))
    assert cli("probe").err == "Error: bucket \\x1b[31m: [redacted github-token]\nnext line\n"


def test_a_defect_prints_a_traceback_without_credentials(
    cli: Callable[..., Ended], command: Callable[[Callable[[], object]], None]
) -> None:
    command(_raise(RuntimeError(f"broken with {TOKEN}")))
    ended = cli("probe")
    assert ended.code == 2
    assert "Traceback" in ended.err
    assert "RuntimeError: broken with [redacted github-token]" in ended.err
    assert "This is a defect in soc2-pac or a plugin" in ended.err
    assert TOKEN not in ended.err


def test_a_file_that_click_cannot_open_is_no_defect(
    cli: Callable[..., Ended], command: Callable[[Callable[[], object]], None]
) -> None:
    command(_raise(click.FileError("x.json", "no such file")))
    ended = cli("probe")
    assert ended.code == 2
    assert ended.err.startswith("Error: Could not open file 'x.json'")


def test_ctrl_c(cli: Callable[..., Ended], command: Callable[[Callable[[], object]], None]) -> None:
    command(_raise(KeyboardInterrupt()))
    ended = cli("probe")
    assert ended.code == 130
    assert ended.err.strip().startswith("Stopped.")


def test_the_exit_code_of_a_command_is_the_exit_code(
    cli: Callable[..., Ended], command: Callable[[Callable[[], object]], None]
) -> None:
    command(lambda: click.get_current_context().exit(3))
    assert cli("probe").code == 3


# -- processes ------------------------------------------------------------------------------------------

WAITS = """
import sys, time
import click
from soc2_pac import cli
if sys.argv[1] == "loaded":
    import soc2_pac.collect.fetch
def wait():
    print("ready", flush=True)
    time.sleep(60)
module = sys.modules["__main__"]
module.probe = click.Command("probe", callback=wait)
cli._COMMANDS["probe"] = ("__main__:probe", "")
cli.main(["probe"])
"""


@pytest.mark.parametrize("state", ["loaded", "not loaded"])
def test_sigterm_stops_cleanly(state: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, state],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err.strip().startswith("Stopped.")
    assert "Traceback" not in err
    assert time.monotonic() - began < 15


MANY = """
import sys
import click
from soc2_pac import cli
from soc2_pac.output import write
def talk():
    write(({"n": n} for n in range(200_000)), ("n",), sys.argv[1])
module = sys.modules["__main__"]
module.probe = click.Command("probe", callback=talk)
cli._COMMANDS["probe"] = ("__main__:probe", "")
cli.main(["probe"])
"""


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_reader_that_goes_away_is_no_error(form: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", MANY, form],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 141


def on_terminal(
    *arguments: str, columns: int = 80, environment: Mapping[str, str] | None = None
) -> str:
    """What ``soc2-pac`` prints on a terminal of so many columns."""
    settings = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    settings |= {"TERM": "xterm-256color", "COLUMNS": str(columns), **(environment or {})}
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "soc2_pac", *arguments], stdin=theirs, stdout=theirs, env=settings
    ) as process:
        os.close(theirs)
        said = b""
        try:
            while chunk := os.read(ours, 65536):
                said += chunk
        except OSError:
            pass  # Linux says so when the other side is closed
        finally:
            os.close(ours)
    assert process.returncode == 0
    return said.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours_and_no_line_is_too_long() -> None:
    said = on_terminal("rules", "list", "--kind", "aws.s3.bucket")
    assert "\x1b[31m" in said
    lines = re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("aws-s3-bucket-not-public-write" in line for line in lines) == 1


@pytest.mark.parametrize(
    ("options", "environment"),
    [(["--no-color"], {}), ([], {"NO_COLOR": "1"})],
    ids=["option", "NO_COLOR"],
)
def test_no_color(options: list[str], environment: dict[str, str]) -> None:
    said = on_terminal(
        *options, "rules", "list", "--kind", "aws.s3.bucket", environment=environment
    )
    assert "aws-s3-encrypted" in said
    assert re.findall(r"\x1b\[3\dm", said) == []


def test_rows_that_do_not_fit_stand_one_below_the_other() -> None:
    said = on_terminal("plugins", "--kinds", columns=40)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines()
    assert "aws.s3.account_public_access_block" in lines
    assert any(re.fullmatch(r"    per +account", line) for line in lines)
