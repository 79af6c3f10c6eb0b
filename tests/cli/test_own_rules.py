"""Rules of one's own: in a folder of the configuration they run like any other, and what is wrong with them is loud."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended

RULE = '''
"""Our own."""
from soc2_collectors.roster.models.person import RosterPerson
from soc2_pac.model import Severity, Verdict, failed, passed
from soc2_pac.rules import rule


@rule(criteria=["CC1.4"], severity=Severity.HIGH)
def {name}(person: RosterPerson, *, domain: str = "example.org") -> Verdict:
    """People have an address of the company.

    Why: mail elsewhere is out of reach.
    Fix: ask them for it.
    """
    good = all(mail.endswith("@" + domain) for mail in person.mails)
    return passed("ours") if good else failed("elsewhere")
'''
CONFIG = """
[rules]
paths = [{paths}]
[sources.people]
provider = "roster"
organization = "acme"
people = "people.csv"
"""
PEOPLE = """id,name,mails,status
1,Ann,ann@example.org,active
2,Bob,bob@elsewhere.example,active
"""


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "mail.py").write_text(RULE.format(name="acme_mail"))
    (tmp_path / "people.csv").write_text(PEOPLE)
    (tmp_path / "soc2-pac.toml").write_text(CONFIG.format(paths='"rules"'))
    return tmp_path


def test_they_run_like_any_other(cli: Callable[..., Ended], here: Path) -> None:
    assert cli("run", "--quiet").code in (1, 3)
    found = json.loads(cli("findings", "list", "--rule", "acme-mail", "--format", "json").out)
    assert [(row["status"], row["resource_name"]) for row in found] == [
        ("fail", "Bob"),
        ("pass", "Ann"),
    ]
    assert cli("verify").code == 0
    again = json.loads(cli("findings", "list", "--rule", "acme-mail", "--format", "json").out)
    assert again == found
    # A changed text is another version, and judges anew.
    text = (here / "rules" / "mail.py").read_text()
    (here / "rules" / "mail.py").write_text(
        text.replace('failed("elsewhere")', 'failed("not ours")')
    )
    assert cli("evaluate", "--rule", "acme-mail").code == 1
    rows = json.loads(cli("findings", "list", "--rule", "acme-mail", "--format", "json").out)
    assert [row["message"] for row in rows] == ["not ours", "ours"]
    assert cli("verify").code == 0


def test_they_are_listed_shown_and_checked(cli: Callable[..., Ended], here: Path) -> None:
    assert "acme-mail" in cli("rules", "list", "--format", "json").out
    shown = cli("rules", "show", "acme-mail")
    assert shown.out.startswith("acme-mail  [high]\nPeople have an address of the company.")
    ended = cli("check", "acme-mail", "--format", "json")
    assert ended.code == 1
    assert [row["status"] for row in json.loads(ended.out)] == ["pass", "fail"]
    assert cli("check", "acme-mail", "--config", here / "soc2-pac.toml").code == 1


def test_their_thresholds_are_configured(cli: Callable[..., Ended], here: Path) -> None:
    config = here / "soc2-pac.toml"
    config.write_text(
        config.read_text()
        + '[rules.acme-mail]\ndomain = "elsewhere.example"\nreason = "moved"\nowner = "Ann"\ndate = "2026-01-01"\n'
    )
    rows = json.loads(cli("check", "acme-mail", "--format", "json").out)
    assert [row["status"] for row in rows] == ["fail", "pass"]


def test_a_file_at_the_command_line_needs_no_configuration_of_paths(
    cli: Callable[..., Ended], here: Path
) -> None:
    (here / "soc2-pac.toml").write_text(CONFIG.format(paths=""))
    assert "there is no rule 'acme-mail'" in cli("rules", "show", "acme-mail").err
    assert "People have an address" in cli("rules", "show", "rules/mail.py").out
    assert cli("check", "rules/mail.py").code == 1
    document = here / "document.json"
    document.write_text(json.dumps({"id": "1", "name": "Ann", "mails": ["ann@example.org"]}))
    ended = cli("check", "rules/mail.py", "--document", document, "--format", "json")
    assert [row["rule"] for row in json.loads(ended.out)] == ["acme-mail"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"mail.py": "import nothing_of_that"}, "mail.py cannot be imported: ModuleNotFoundError"),
        ({"mail.py": "x = ("}, "mail.py cannot be imported: SyntaxError"),
        ({"mail.py": "X = 1"}, "mail.py holds no rule"),
        ({"_mail.py": RULE.format(name="acme_mail")}, "there is no Python file in"),
        (
            {"a.py": RULE.format(name="acme_mail"), "b.py": RULE.format(name="acme_mail")},
            "is also in",
        ),
        ({"a.py": RULE.format(name="roster_mfa_everywhere")}, "is also in an installed package"),
    ],
)
@pytest.mark.parametrize(
    "command", [("rules", "list"), ("run",), ("check", "acme-mail"), ("evaluate",)]
)
def test_what_cannot_serve_is_loud(
    cli: Callable[..., Ended],
    here: Path,
    files: dict[str, str],
    says: str,
    command: tuple[str, ...],
) -> None:
    (here / "rules" / "mail.py").unlink()
    for name, text in files.items():
        (here / "rules" / name).write_text(text)
    ended = cli(*command)
    assert ended.code == 2
    assert "rules.paths" in ended.err
    assert says in ended.err


def test_a_folder_that_is_not_there_is_named(cli: Callable[..., Ended], here: Path) -> None:
    (here / "soc2-pac.toml").write_text(CONFIG.format(paths='"rulez"'))
    ended = cli("run")
    assert ended.code == 2
    assert "rules.paths: there is no " in ended.err


@pytest.mark.parametrize("shared", ["rules/mail.py", "rules"])
def test_code_that_everybody_may_change_is_refused(
    cli: Callable[..., Ended], here: Path, shared: str
) -> None:
    path = here / shared
    path.chmod(path.stat().st_mode | 0o002)
    ended = cli("rules", "list")
    assert ended.code == 2
    assert "everybody may change it" in ended.err
    assert "Next: chmod o-w" in ended.err
