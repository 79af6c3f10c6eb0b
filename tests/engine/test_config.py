"""The configuration: errors name file, key and remedy, and never a secret."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import config
from soc2_pac.config import SecretRef
from soc2_pac.errors import ConfigError

from . import fakes

if TYPE_CHECKING:
    from pathlib import Path

WHO = {"owner": "ciso", "date": date(2026, 1, 1)}
PROVIDERS: dict[str, Any] = {"fake": fakes.FakeProvider()}


def wrong(text: str, tmp_path: Path) -> str:
    file = tmp_path / "soc2-pac.toml"
    file.write_text(text)
    rules = fakes.registry().rules

    def read() -> None:
        loaded = config.load(str(file))
        loaded.sources(PROVIDERS)
        loaded.active_rules(rules)

    with pytest.raises(ConfigError) as caught:
        read()
    assert str(file) in str(caught.value), "the file is named"
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[stor]\nurl = 'x'", "stor: unknown table. Did you mean 'store'?"),
        ("[run]\nworker = 3", "run.worker: unknown key. Did you mean 'workers'?"),
        ("[run]\nworkers = 'many'", "run.workers: Expected `int`"),
        ("[run]\nworkers = 0", "run.workers: must be at least 1"),
        ("[evidence]\nmax_age_days = 0", "evidence.max_age_days: must be at least 1"),
        ("[run]\nfail_on = 'hihg'", "run.fail_on"),
        ("[store]\nurl = ", "not valid TOML"),
        ("sources = 3", "sources: write one table a source"),
        ("[sources.x]\nscenario = 'plain'", "sources.x.provider: is missing Installed: fake"),
        ("[sources.x]\nprovider = 'fke'", "Did you mean 'fake'?"),
        ("[sources.x]\nprovider = 'fake'\nscenaro = 'x'", "Did you mean 'scenario'?"),
        ("[sources.x]\nprovider = 'fake'\nscenario = 3", "sources.x.scenario: Expected `str`"),
        (
            "[sources.x]\nprovider = 'fake'\ntoken = 'hunter2'",
            "a secret must not stand in the file",
        ),
        ("[sources.x]\nprovider = 'fake'\ntoken = {}", "exactly one of env, file and command"),
        ("[sources.x]\nprovider = 'fake'\ntoken = {env='A', file='B'}", "exactly one"),
        ("[signing]\nkey = 'hunter2'", "signing.key: a secret must not stand in the file"),
        ("[rules.fake-thing-name]\nenabled = true", "Did you mean 'fake-thing-named'?"),
        ("[rules.fake-thing-named]\nenabled = false", "reason, owner and date are missing"),
        (
            "[rules]\nexclude = [{rule = 'fake-*', reason = ' ', owner = 'o', date = 2026-01-01}]",
            "reason is empty",
        ),
        (
            "[rules]\nexclude = ['fake-thing-named']",
            "rules.exclude: write tables, [[rules.exclude]], with rule, reason, owner, date",
        ),
        (
            "[rules]\ninclude = ['fake-thing-named']",
            "rules.include: write tables, [[rules.include]], with rule, reason, owner, date",
        ),
        (
            "[[rules.include]]\nrule = 'CC66'\nreason = 'r'\nowner = 'o'\ndate = 2026-01-01",
            "'CC66' matches no rule",
        ),
        ("[rules.fake-thing-named]\nseverity = 'urgent'", "severity"),
    ],
)
def test_errors_name_file_key_and_remedy(text: str, said: str, tmp_path: Path) -> None:
    found = wrong(text, tmp_path)
    assert said in found, found
    assert "hunter2" not in found


def test_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="soc2-pac init"):
        config.load()
    assert config.load(required=False).raw_sources == {}
    with pytest.raises(ConfigError, match=r"there is no configuration file other\.toml"):
        config.load("other.toml")
    (tmp_path / "named.toml").write_text("[run]\nworkers = 2")
    monkeypatch.setenv(config.ENVIRONMENT, "named.toml")
    assert config.load().run.workers == 2


def test_a_relative_store_stands_beside_its_configuration(tmp_path: Path) -> None:
    file = tmp_path / "soc2-pac.toml"
    file.write_text("[store]\nurl = 'sqlite:///evidence.db'")
    assert config.load(str(file)).store_url == f"sqlite:///{tmp_path}/evidence.db"
    file.write_text("[store]\nurl = 'sqlite:////var/evidence.db'")
    assert config.load(str(file)).store_url == "sqlite:////var/evidence.db"


def test_secrets_by_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "hunter2")
    assert SecretRef(env="A_TOKEN").resolve() == "hunter2"
    (tmp_path / "token").write_text(" hunter2\n")
    assert SecretRef(file=str(tmp_path / "token")).resolve() == "hunter2"
    assert SecretRef(command=(sys.executable, "-c", "print('hunter2')")).resolve() == "hunter2"
    for reference in (
        SecretRef(env="NOT_SET"),
        SecretRef(file=str(tmp_path / "nothing")),
        SecretRef(command=("no-such-program-anywhere",)),
        SecretRef(command=(sys.executable, "-c", "print('hunter2'); raise SystemExit(3)")),
        SecretRef(command=(sys.executable, "-c", "pass")),
    ):
        with pytest.raises(ConfigError) as caught:
            reference.resolve()
        assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(SecretRef(env="A_TOKEN"))


def test_what_the_ledger_keeps_of_a_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "hunter2")
    one = fakes.config(source={"token": {"env": "A_TOKEN"}})
    digest, body = one.identity()
    assert "hunter2" not in body
    assert '"env":"A_TOKEN"' in body
    assert fakes.config(source={"token": {"env": "A_TOKEN"}}).identity() == (digest, body)
    assert fakes.config("other").identity()[0] != digest


def test_rules_are_chosen_by_id_glob_criterion_and_series() -> None:
    rules = fakes.registry().rules

    def active(**table: Any) -> set[str]:
        return {r.id for r in fakes.config(rules=table).active_rules(rules)[0]}

    assert active(include=[{"rule": "CC6.2", "reason": "x", **WHO}]) == {"fake-thing-owned"}
    assert active(include=[{"rule": "CC6", "reason": "x", **WHO}]) == set(rules)
    assert active(include=[{"rule": "fake-thing-n*", "reason": "x", **WHO}]) == {"fake-thing-named"}
    assert active(exclude=[{"rule": "CC6.1", "reason": "x", **WHO}]) == {"fake-thing-owned"}
