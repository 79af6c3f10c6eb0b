"""``findings diff``: sums first, all formats, and the exit code that is asked for."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac.store import open_store

from ..store.helpers import ANN, T0, look, one_run, user  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended


@pytest.fixture
def diff(cli: Callable[..., Ended], tmp_path: Path) -> Callable[..., Ended]:
    """``diff("--since", "1")`` of a store in which Bob lost his MFA and Ann got hers on the second day."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with open_store(url, create=True) as store:
        teams = look({"t1": {"name": "core"}}, kind="fake.team")
        users = {"a": user("ann", GetMfa=False), "b": user("bob")}
        one_run(store, [teams, look(users)])
        users = {"a": user("ann"), "b": user("bob\x1b[2J", GetMfa=False)}
        day = T0 + timedelta(days=1)
        one_run(store, [look(users, at=day)], at=day)
    return lambda *arguments: cli("findings", "diff", *arguments, "--store", url)


def test_sums_come_first(diff: Callable[..., Ended]) -> None:
    ended = diff("--since", "2026-01-01")
    assert ended.code == 0
    head, *lines = ended.out.splitlines()
    assert head == (
        "From 2026-01-01T00:00:00.000Z (evaluation 1) to 2026-01-02T00:00:00.000Z (evaluation 2):"
    )
    assert [line.split(maxsplit=1) for line in lines[:6]] == [
        ["0", "new"], ["1", "worse"], ["0", "better"], ["1", "fixed"], ["0", "no longer seen"], ["0", "left out"],
    ]  # fmt: skip
    assert lines[7].split()[:4] == ["change", "severity", "rule", "scope"]
    assert "\x1b" not in ended.out


def test_programs_read_rows_alone(diff: Callable[..., Ended]) -> None:
    ended = diff("--since", "1", "--format", "json")
    rows = json.loads(ended.out)
    assert [(row["change"], row["resource"], row["before"], row["after"]) for row in rows] == [
        ("worse", "b", "pass", "fail"),
        ("fixed", "a", "fail", "pass"),
    ]
    assert {(row["before_at"], row["after_at"]) for row in rows} == {
        ("2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z")
    }
    assert "1  worse" in ended.err
    found = list(csv.DictReader(io.StringIO(diff("--since", "1", "--format", "csv").out)))
    assert [row["message"] for row in found] == ["MFA is off", "MFA is on"]


def test_the_exit_code_that_is_asked_for(diff: Callable[..., Ended], tmp_path: Path) -> None:
    assert diff("--since", "1").code == 0
    assert diff("--since", "1", "--fail-on", "high").code == 1
    assert diff("--since", "1", "--fail-on", "critical").code == 0
    assert diff("--since", "2", "--fail-on", "info").code == 0


def test_waived_failures_are_marked(diff: Callable[..., Ended], tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.add_waiver(rule="fake-user-mfa", reason="r", owner="Ann", approver="Bob", by=ANN)
        # The waiver holds from now on: so does what is compared.
        now = datetime.now(UTC)
        one_run(store, [look({"b": user("bob", GetMfa=False, team="core")}, at=now)], at=now)
    ended = diff("--since", "1", "--format", "json", "--fail-on", "high")
    (row,) = [
        row for row in json.loads(ended.out) if row["resource"] == "b" and "mfa" in row["rule"]
    ]
    assert row["waiver"] in row["message"]
    assert diff("--since", "1", "--until", "2", "--fail-on", "high").code == 1


def test_instants_in_the_wrong_order(diff: Callable[..., Ended]) -> None:
    ended = diff("--since", "2", "--until", "1")
    assert ended.code == 2
    assert "is before --since" in ended.err
