"""``init``, ``permissions`` and ``plugins``: what a newcomer types first."""

from __future__ import annotations

import json
import re
import stat
from importlib.metadata import EntryPoint
from typing import TYPE_CHECKING

import pytest

from soc2_pac import config, plugins

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended


# -- init -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "providers"),
    [
        ([], {"aws", "azure", "gcp", "github", "okta"}),
        (["--aws"], {"aws"}),
        (["--azure"], {"azure"}),
        (["--github"], {"github"}),
        (["--okta", "--aws"], {"aws", "okta"}),
        (["--gcp"], {"gcp"}),
    ],
)
def test_init_writes_a_configuration_that_is_valid_as_it_is(
    cli: Callable[..., Ended], tmp_path: Path, options: list[str], providers: set[str]
) -> None:
    ended = cli("init", *options)
    assert (ended.code, ended.err) == (0, "")
    written = config.load(str(tmp_path / "soc2-pac.toml"))
    registry = plugins.load()
    sources = written.sources(registry.providers)
    assert {source.provider for source in sources.values()} == providers
    assert len(written.active_rules(registry.rules)[0]) == len(registry.rules)


def test_what_init_shows_as_an_example_is_valid_too(
    cli: Callable[..., Ended], tmp_path: Path
) -> None:
    cli("init", "--aws")
    path = tmp_path / "soc2-pac.toml"
    text = path.read_text(encoding="utf-8")
    tail = text[text.index("## What is switched off") :]
    path.write_text(
        text.replace(tail, re.sub("^# ", "", tail, flags=re.MULTILINE)), encoding="utf-8"
    )
    loaded = config.load(str(path))
    assert loaded.exclude
    assert loaded.rules
    registry = plugins.load()
    _, off = loaded.active_rules(registry.rules)
    assert len(off) == 1
    for name, settings in loaded.rules.items():
        registry.rules[name].settle(settings.thresholds)


def test_init_says_what_to_do_next_and_counts_right(cli: Callable[..., Ended]) -> None:
    lines = cli("init").out.splitlines()
    steps = [line.split()[0] for line in lines[2:]]
    assert steps == ["1.", "2.", "3.", "4.", "5.", "6.", "7.", "8.", "9."]
    assert all(len(line) <= 80 for line in lines)


def test_init_never_overwrites(cli: Callable[..., Ended], tmp_path: Path) -> None:
    path = tmp_path / "soc2-pac.toml"
    path.write_text("mine", encoding="utf-8")
    ended = cli("init")
    assert (ended.code, path.read_text(encoding="utf-8")) == (2, "mine")
    assert "is there already: it is left alone. Next: --output FILE" in ended.err


def test_init_elsewhere_names_the_file_in_what_comes_next(
    cli: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "sub").mkdir()
    ended = cli("init", "--aws", "--output", "sub/soc2-pac.toml")
    assert "soc2-pac run --config sub/soc2-pac.toml" in ended.out
    assert cli("init", "--output", "nowhere/x.toml").err == (
        "Error: nowhere/x.toml cannot be written: No such file or directory\n"
    )


def test_init_holds_no_secret(cli: Callable[..., Ended], tmp_path: Path) -> None:
    cli("init")
    path = tmp_path / "soc2-pac.toml"
    assert 'token = { env = "GITHUB_TOKEN" }' in path.read_text(encoding="utf-8")
    assert stat.S_ISREG(path.stat().st_mode)


# -- permissions --------------------------------------------------------------------------------------


def test_permissions_of_aws_are_a_policy(cli: Callable[..., Ended]) -> None:
    policy = json.loads(cli("permissions", "aws", "--format", "json").out)
    allowed = {action for s in policy["Statement"] for action in s["Action"]}
    assert "s3:ListAllMyBuckets" in allowed
    assert {s["Effect"] for s in policy["Statement"]} == {"Allow"}


def test_permissions_of_one_rule_are_fewer(cli: Callable[..., Ended]) -> None:
    everything = cli("permissions", "aws").out
    some = cli("permissions", "aws", "--rule", "aws-s3-encrypted").out
    assert 0 < len(some) < len(everything)
    assert "s3:ListAllMyBuckets" in some
    assert "iam:" not in some


def test_permissions_of_github_name_what_the_calls_need(cli: Callable[..., Ended]) -> None:
    text = cli("permissions", "github").out
    granted, _, left_out = text.partition("Left out, because")
    assert "members: read" in granted
    assert "write" not in granted
    assert "rule-suites: organization_administration=write" in left_out


def test_permissions_of_okta_name_scopes_and_role(cli: Callable[..., Ended]) -> None:
    text = cli("permissions", "okta").out
    assert "okta.users.read" in text
    assert "Read-only Administrator" in text
    assert ".manage" not in text
    some = json.loads(
        cli("permissions", "okta", "--format", "json", "--rule", "okta-login-banner").out
    )
    assert some["scopes"] == ["okta.brands.read"]


def test_permissions_in_a_format_that_is_not_offered(cli: Callable[..., Ended]) -> None:
    ended = cli("permissions", "aws", "--format", "jsn")
    assert (ended.code, ended.out) == (2, "")
    assert "'jsn'" in ended.err
    assert "json" in ended.err


def test_permissions_of_a_rule_of_another_provider(cli: Callable[..., Ended]) -> None:
    ended = cli("permissions", "github", "--rule", "aws-root-mfa")
    assert ended.code == 2
    assert "aws-root-mfa reads nothing of github" in ended.err


# -- plugins ------------------------------------------------------------------------------------------


def test_plugins_lists_what_is_installed(cli: Callable[..., Ended]) -> None:
    ended = cli("plugins")
    assert (ended.code, ended.err) == (0, "")
    names = [line.split()[0] for line in ended.out.splitlines()[1:9]]
    assert names == ["aws", "azure", "company", "gcp", "github", "okta", "roster", "rules"]
    assert ended.out.splitlines()[-1].startswith("7 providers, ")


def test_plugins_lists_kinds_with_their_calls(cli: Callable[..., Ended]) -> None:
    rows = json.loads(cli("plugins", "--kinds", "--format", "json").out)
    assert [row["kind"] for row in rows] == list(plugins.load().collectors)
    assert all(row["calls"] for row in rows)


def test_a_broken_plugin_is_loud(
    cli: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import entry_points

    found = [*entry_points(group="soc2_pac"), EntryPoint("acme", "acme_rules", "soc2_pac")]
    monkeypatch.setattr(plugins, "entry_points", lambda group: found)
    ended = cli("plugins")
    assert ended.code == 3
    assert "ModuleNotFoundError: No module named 'acme_rules'" in ended.out
