"""``soc2-pac report``: which file it writes, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from soc2_pac.model import utc_text
from soc2_pac.store import open_store
from soc2_pac.store.checkpoint import dump

from ..store.helpers import (  # noqa: TID252 - tests are no package
    T0,
    active,
    fake_user_age,
    fake_user_mfa,
    look,
    one_run,
    user,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended

DAY = timedelta(days=1)
PERIOD = ("--period", "2026-01-01..2026-01-03")


@pytest.fixture
def url(store_url: str) -> str:
    """A store of three days, in which one user lost MFA and another never had it."""
    with open_store(store_url, create=True) as store:
        for number, mfa in enumerate([True, False, False]):
            at = T0 + number * DAY
            people = {"a": user("a", GetMfa=mfa), "b": user("b", GetMfa=False)}
            rules = active([fake_user_mfa, fake_user_age])
            one_run(store, [look(people, at=at)], at=at, rules=rules)
    return store_url


def test_type2_writes_the_deviations_as_csv(cli: Callable[..., Ended], url: str) -> None:
    ended = cli("report", "type2", *PERIOD, "--store", url, "--format", "csv")
    found = list(csv.DictReader(io.StringIO(ended.out)))
    assert ended.code == 0
    assert [row["resource"] for row in found] == ["b", "a"]
    assert "note: The report ends at 2026-01-03T00:00:00.000Z" in ended.err


def test_a_table_by_its_name(cli: Callable[..., Ended], url: str) -> None:
    ended = cli("report", "type2", *PERIOD, "--store", url, "--format", "csv", "--table", "rules")
    assert {row["rule"] for row in csv.DictReader(io.StringIO(ended.out))} == {
        "fake-user-age",
        "fake-user-mfa",
    }
    wrong = cli("report", "type2", *PERIOD, "--store", url, "--format", "csv", "--table", "rule")
    assert wrong.code == 2
    assert "there is no table 'rule'. Did you mean 'rules'?" in wrong.err


def test_the_format_follows_the_ending(cli: Callable[..., Ended], url: str, tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    assert cli("report", "type1", "--as-of", "2026-01-02", "--store", url, "-o", target).code == 0
    said = json.loads(target.read_text(encoding="utf-8"))
    assert (said["kind"], said["subtitle"]) == ("type1", "2026-01-02T00:00:00.000Z")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    wrong = cli(
        "report", "type1", "--as-of", "2026-01-02", "--store", url, "-o", tmp_path / "a.doc"
    )
    assert "its ending names no format" in wrong.err


def test_two_formats_show_one_computation(
    cli: Callable[..., Ended], url: str, tmp_path: Path
) -> None:
    digests = set()
    for _ in range(2):
        target = tmp_path / "again.json"
        cli("report", "type2", *PERIOD, "--store", url, "-o", target)
        digests.add(json.loads(target.read_text(encoding="utf-8"))["digest"])
    text = cli("report", "type2", *PERIOD, "--store", url).out
    assert len(digests) == 1
    assert digests.pop() in text


def test_what_does_not_fit_together_is_refused(cli: Callable[..., Ended], url: str) -> None:
    for arguments, message in (
        (("--format", "json", "--table", "rules"), "--table goes with --format csv or md"),
        (("-o", "all/", "--format", "json"), "-o FOLDER/ writes all formats"),
        (("--criteria", "CC99"), "there is no criterion 'CC99'"),
        (("--scope", "fake:nowhere"), "no scope in the store is 'fake:nowhere'"),
        (("--framework", "iso9001"), "Did you mean 'iso27001'"),
    ):
        ended = cli("report", "type2", *PERIOD, "--store", url, *arguments)
        assert ended.code == 2, arguments
        assert message in ended.err
    for period, message in (
        ("2026-01-01", "is no period. Write 2026-01-01..2026-06-30"),
        ("2026-02-01..2026-01-01", "ends before it begins"),
        ("2025-01-01..2025-02-01", "its first collection ended at 2026-01-01"),
    ):
        ended = cli("report", "type2", "--period", period, "--store", url)
        assert ended.code == 2
        assert message in ended.err


def test_an_instant_that_has_not_come_is_refused(cli: Callable[..., Ended], url: str) -> None:
    ended = cli("report", "type1", "--as-of", "2999-01-01", "--store", url)
    assert ended.code == 2
    assert "2999-01-01 has not come yet" in ended.err
    assert "Next: an earlier instant, or soc2-pac report readiness" in " ".join(ended.err.split())


def test_a_limited_report_says_so(cli: Callable[..., Ended], url: str) -> None:
    ended = cli("report", "type2", *PERIOD, "--store", url, "--criteria", "CC6.2,CC6.3")
    assert "note: This report is limited. Left out: 12 parts (CC6.1" in ended.err
    assert "Deviations that are left out: 2 (fake-user-mfa 2)" in ended.out


def test_checkpoints_are_held_against_the_ledger(
    cli: Callable[..., Ended], url: str, tmp_path: Path
) -> None:
    with open_store(url) as store:
        text = dump(store.checkpoint())
    kept = tmp_path / "kept.json"
    kept.write_text(text, encoding="utf-8")
    arguments = ("--store", url, "--format", "csv", "--table", "checkpoints", "--checkpoint", kept)
    held = list(csv.DictReader(io.StringIO(cli("report", "type2", *PERIOD, *arguments).out)))
    assert [
        (row["what"], row["signed"], row["held"]) for row in held if row["what"] == "checkpoint"
    ] == [("checkpoint", "no", "yes")]
    changed = json.loads(text)
    changed["head"] = "0" * 64
    kept.write_text(json.dumps(changed), encoding="utf-8")
    held = list(csv.DictReader(io.StringIO(cli("report", "type2", *PERIOD, *arguments).out)))
    assert held[-1]["held"] == "no"
    missing = cli("report", "readiness", "--store", url, "--checkpoint", tmp_path / "none.json")
    assert "cannot be read" in missing.err


def test_checkpoints_that_runs_left_are_listed(
    cli: Callable[..., Ended], url: str, tmp_path: Path
) -> None:
    with open_store(url) as store:
        taken = store.checkpoint()
    (tmp_path / "kept").mkdir()
    for number, at in enumerate((utc_text(T0), "2026-01-20T00:00:00.000Z")):
        content = dump(replace(taken, recorded_at=at))
        (tmp_path / "kept" / f"checkpoint-{number}.json").write_text(content, encoding="utf-8")
    config = tmp_path / "soc2-pac.toml"
    config.write_text(f'[store]\nurl = "{url}"\n[checkpoints]\nfolder = "kept"\n', encoding="utf-8")
    arguments = ("--config", config, "--format", "csv", "--table", "checkpoints")
    ended = cli("report", "type2", *PERIOD, *arguments)
    held = list(csv.DictReader(io.StringIO(ended.out)))
    # What is taken after the end of the report changes nothing of it.
    assert [(row["recorded"], row["held"]) for row in held[1:]] == [(utc_text(T0), "yes")]


def test_readiness_lists_next_steps(cli: Callable[..., Ended], url: str) -> None:
    ended = cli("report", "readiness", "--store", url, "--format", "csv")
    steps = list(csv.DictReader(io.StringIO(ended.out)))
    assert steps[0]["what"] == "Users have MFA: fix 2 failures"
    assert ended.code == 0


def test_the_schema_of_json_holds_for_every_report(cli: Callable[..., Ended], url: str) -> None:
    validator = Draft202012Validator(json.loads(cli("report", "schema").out))
    for arguments in (
        ("type2", *PERIOD),
        ("type2", *PERIOD, "--framework", "iso27001"),
        ("type1", "--as-of", "2026-01-02T12:00:00Z"),
        ("readiness",),
    ):
        ended = cli("report", *arguments, "--format", "json", "--store", url)
        assert ended.code == 0, ended.err
        assert list(validator.iter_errors(json.loads(ended.out))) == []


def test_by_annex_a_every_rule_has_its_place(cli: Callable[..., Ended], url: str) -> None:
    ended = cli(
        *("report", "type2", *PERIOD, "--framework", "iso27001"),
        *("--format", "json", "--store", url),
    )
    made = json.loads(ended.out)
    assert {part["kind"] for part in made["parts"]} == {"annex"}
    assert len(made["parts"]) in (93, 94)
    placed = {rule for part in made["parts"] for rule in part["rules"]}
    (rules,) = (table["rows"] for table in made["tables"] if table["name"] == "rules")
    assert placed == {row["rule"] for row in rules}
    assert "Annex A" in str(made["cover"])
