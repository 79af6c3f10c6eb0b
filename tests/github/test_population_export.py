"""From the emulated company to the auditor's file: run, export, and the count that both agree on."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac.collect.fetch import forget_connections

from ..cli.conftest import cli as cli  # noqa: PLC0414, TID252 - the fixture itself

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ..cli.conftest import Ended  # noqa: TID252
    from .conftest import Source

KIND = "github.pull_request"


@pytest.fixture
def ask(github: Source, cli: Callable[..., Ended], tmp_path: Path) -> Callable[..., Ended]:
    """The command line over the company, in its folder."""
    (tmp_path / "soc2-pac.toml").write_text(
        f'[sources.acme]\nprovider = "github"\norganization = "acme-robotics"\n'
        f'token = {{ env = "ACME_TOKEN" }}\nbase_url = "{github.url}"\n',
        encoding="utf-8",
    )
    forget_connections()
    return cli


def period(first: int, last: int) -> str:
    """From so many days ago to so many."""
    today = datetime.now(UTC)
    return f"{today - timedelta(days=first):%Y-%m-%d}..{today - timedelta(days=last):%Y-%m-%d}"


def test_from_the_company_to_the_auditors_file(
    github: Source, ask: Callable[..., Ended], tmp_path: Path
) -> None:
    collected = ask("collect", "--kind", KIND)
    assert collected.code == 0, collected.err
    assert ask("evaluate", "--rule", "github-merged-pr-population").code == 1
    exported = ask("population", "export", KIND, "--period", period(80, 1), "-o", "changes.csv")
    assert exported.code == 0, exported.err
    rows = list(csv.DictReader(io.StringIO((tmp_path / "changes.csv").read_text("utf-8"))))
    meta = json.loads((tmp_path / "changes.csv.meta.json").read_text("utf-8"))
    merged = [
        pull
        for pulls in github.emulator.state.pull_requests.values()
        for pull in pulls
        if rows[0]["at"][:19] <= pull["mergedAt"][:19] <= rows[-1]["at"][:19]
    ]
    assert len(rows) == meta["count"] == len(merged)
    assert (meta["complete"], meta["scopes_asked"], meta["scopes_read"]) == (True, 1, 1)
    assert "org:acme-robotics is:pr is:merged" in meta["scopes"][0]["query"]
    unreviewed = next(row for row in rows if row["name"] == "acme-robotics/api#412")
    assert unreviewed["github-merged-pr-population"] == "fail"
    assert unreviewed["document.author.login"] == "ben-osei"
    again = ask("population", "export", KIND, "--period", period(80, 1), "-o", "again.csv")
    assert again.code == 0
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "changes.csv").read_bytes()
    assert ask("verify").code == 0


def test_a_period_that_was_not_read_ends_with_a_code_of_its_own(ask: Callable[..., Ended]) -> None:
    assert ask("collect", "--kind", KIND).code == 0
    ended = ask("population", "export", KIND, "--period", period(300, 1))
    assert ended.code == 3
    assert "incomplete: github:acme-robotics: it is read from" in ended.err
