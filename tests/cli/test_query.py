"""``query``: saved questions and SQL from the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac.store import open_store

from ..store.helpers import T0, look, one_run, user  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended


@pytest.fixture
def ask(cli: Callable[..., Ended], tmp_path: Path) -> Callable[..., Ended]:
    """``ask("SELECT ...")`` of a store in which Bob lost his MFA on the second day."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with open_store(url, create=True) as store:
        users = {"a": user("ann"), "b": user("bob")}
        one_run(store, [look({"t1": {"name": "core"}}, kind="fake.team"), look(users)])
        users["b"] = user("bob\x1b[2J", GetMfa=False)
        day = T0 + timedelta(days=1)
        one_run(store, [look(users, at=day)], at=day)
    return lambda *arguments: cli("query", *arguments, "--store", url)


def test_sql(ask: Callable[..., Ended]) -> None:
    text = "SELECT resource_name AS who FROM v_findings WHERE status = :status"
    ended = ask(text, "--param", "status=fail")
    assert (ended.code, ended.out.split()) == (0, ["who", "bob\\x1b[2J"])
    assert json.loads(ask(text, "--param", "status=fail", "--format", "json").out) == [
        {"who": "bob\x1b[2J"}
    ]
    assert ask(text, "--param", "status=fail", "--format", "csv").out == "who\nbob\\x1b[2J\n"
    assert ask(text, "--param", "status=none") == (0, "", "No row answers.\n")


def test_it_says_that_there_are_more(ask: Callable[..., Ended]) -> None:
    ended = ask("SELECT fingerprint FROM v_findings", "--limit", "2")
    assert len(ended.out.splitlines()) == 3
    assert ended.err == "2 rows shown, more exist. Next: --limit 20, or narrow the question\n"
    assert ask("SELECT fingerprint FROM v_findings").err == ""


def test_the_list_names_every_question(ask: Callable[..., Ended]) -> None:
    rows = json.loads(ask("--list", "--format", "json").out)
    names = [row["name"] for row in rows]
    for name in (
        "administrators", "changes-without-approval", "due-this-week", "failures-by-control", "got-worse",
        "leavers-with-access", "newest-critical", "not-seen", "oldest-keys", "rules-off",
        "sources-not-collected", "waivers-ending",
    ):  # fmt: skip
        assert name in names
    assert all(row["title"] and row["description"] for row in rows)
    for name in names:
        assert ask(name).code == 0, name
        assert ask(name, "--show").out


def test_views_are_listed(ask: Callable[..., Ended]) -> None:
    assert "v_findings" in ask("--views").out


def test_a_saved_question_with_a_parameter(ask: Callable[..., Ended]) -> None:
    ended = ask("got-worse", "--param", "since=2026-01-01T12:00:00Z", "--format", "json")
    assert [(row["resource"], row["was"]) for row in json.loads(ended.out)] == [("b", "pass")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "name a saved question"),
        (("not-sen",), "Did you mean 'not-seen'?"),
        (("SELECT 1", "--list"), "name a saved question"),
        (("SELECT :a", "--param", "a"), "Write NAME=VALUE"),
        (("administrators", "--param", "a=1"), "has no parameters"),
        (("SELECT 1; SELECT 2",), "more than one statement"),
    ],
)
def test_what_is_wrong_is_said(
    ask: Callable[..., Ended], arguments: tuple[str, ...], said: str
) -> None:
    ended = ask(*arguments)
    assert ended.code == 2
    assert said in ended.err


def test_questions_of_ones_own(
    ask: Callable[..., Ended], cli: Callable[..., Ended], tmp_path: Path
) -> None:
    folder = tmp_path / "queries"
    folder.mkdir()
    mine = folder / "mine.sql"
    mine.write_text("-- Mine\n-- Ours.\nSELECT COUNT(*) AS n FROM v_runs\n", encoding="utf-8")
    config = tmp_path / "soc2-pac.toml"
    config.write_text(
        '[store]\nurl = "sqlite:///store.db"\n[queries]\npaths = ["./queries"]\n', encoding="utf-8"
    )
    row = json.loads(cli("query", "--list", "--format", "json").out)[-1]
    assert (row["name"], row["title"], row["source"]) == ("mine", "Mine", str(mine))
    assert cli("query", "mine", "--format", "csv").out == "n\n2\n"
    mine.rename(folder / "not-seen.sql")
    assert "soc2-pac has a question not-seen" in cli("query", "--list").err
    config.write_text('[queries]\npaths = ["./none"]\n', encoding="utf-8")
    assert "there is no folder" in cli("query", "--list").err
