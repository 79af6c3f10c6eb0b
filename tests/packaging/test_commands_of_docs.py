"""Every command line that the README and the docs show is one that soc2-pac takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from soc2_pac.cli import root

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
_ENDS = ("|", ">", "&&", "||", ";")


def _lines() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            shown = re.match(r"\s*\$ soc2-pac (.*)$", line)
            if shown:
                found.append((f"{page.relative_to(ROOT)}:{number}", shown[1]))
    return found


def _words(line: str) -> list[str]:
    words = shlex.split(line, comments=True)
    ends = [n for n, word in enumerate(words) if word in _ENDS or word.startswith(">")]
    return words[: ends[0]] if ends else words


def _parse(words: list[str]) -> None:
    """Raises what click raises for options and arguments that a command does not take. Runs nothing."""
    context = root.make_context("soc2-pac", list(words))
    while isinstance(context.command, click.Group):
        name, command, rest = context.command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert command is not None
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize(("place", "line"), _lines())
def test_a_command_that_is_shown_is_taken(
    place: str, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = _words(line)
    for _ in words:
        try:
            _parse(words)
        except click.exceptions.Exit:
            return
        except click.BadParameter as error:
            # What is to be there: a file or a folder that the reader has.
            missing = re.search(r"(File|Path|Directory) '([^']+)' does not exist", str(error))
            if missing is None:
                pytest.fail(f"{place}: {error.format_message()}")
            where = tmp_path / missing[2]
            where.mkdir() if missing[1] == "Directory" else where.write_text("")
        except click.ClickException as error:
            pytest.fail(f"{place}: {error.format_message()}")
        else:
            return
    pytest.fail(f"{place}: asks for ever more files")


def test_there_are_lines_and_a_wrong_one_is_found() -> None:
    assert len(_lines()) > 60
    with pytest.raises(click.ClickException):
        _parse(["attest", "AVL-03"])
    with pytest.raises(click.ClickException):
        _parse(["findings", "list", "--no-such-option"])
