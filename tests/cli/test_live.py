"""``check``, ``doctor``, ``run``: what they say when nothing, or too little, can be read."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo.github import GithubEmulator
from soc2_demo.github_company import acme_robotics
from soc2_pac.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended

# Nobody's credentials are found in tests, so this source cannot be read, without asking the network.
CONFIG = """
[store]
url = "sqlite:///store.db"
[[rules.include]]
rule = "github-org-2fa-required"
reason = "a test"
owner = "ciso"
date = 2026-01-01
[[rules.include]]
rule = "github-required-reviews"
reason = "a test"
owner = "ciso"
date = 2026-01-01
[sources.code]
provider = "github"
organization = "acme"
token = { env = "SOC2_PAC_TEST_NO_SUCH_TOKEN" }
"""


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    path = tmp_path / "soc2-pac.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def _rows(ended: Ended) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(ended.out)
    return rows


# -- recordings ---------------------------------------------------------------------------------------


def test_a_recording_is_judged_like_what_was_recorded(
    cli: Callable[..., Ended], configured: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOC2_PAC_TEST_TOKEN", "a-token-that-opens-nothing")
    rules = ("github-org-2fa-required", "github-required-reviews")
    with GithubEmulator(acme_robotics()) as url:
        text = CONFIG.replace("SOC2_PAC_TEST_NO_SUCH_TOKEN", "SOC2_PAC_TEST_TOKEN")
        text = text.replace('"acme"', f'"acme-robotics"\nbase_url = "{url}"')
        configured.write_text(text, encoding="utf-8")
        live = cli("check", *rules, "--format", "json")
        doctor = cli("doctor", "--record", "recording")
    assert "answers. Look through it" in doctor.out
    recorded = cli("check", *rules, "--recording", "recording", "--format", "json")
    assert recorded.code == live.code
    said = [sorted((row["rule"], row["status"]) for row in _rows(one)) for one in (live, recorded)]
    assert said[0] == said[1]
    assert len(said[0]) > 5
    assert "inconclusive" not in {status for _, status in said[0]}
    lines = [
        json.loads(line)
        for path in (configured.parent / "recording" / "exchanges").iterdir()
        for line in path.read_bytes().splitlines()
    ]
    assert "GET /orgs/{org}" in {line["call"] for line in lines}
    assert all("x-ratelimit-remaining" in line["headers"] for line in lines)
    assert not any("opens-nothing" in json.dumps(line) for line in lines)


# -- no credentials -----------------------------------------------------------------------------------


def test_a_run_that_read_nothing_passes_nothing_and_ends_in_3(
    cli: Callable[..., Ended], configured: Path
) -> None:
    ended = cli("run")
    assert ended.code == 3
    assert "0 complete" in ended.out
    assert "SOC2_PAC_TEST_NO_SUCH_TOKEN" in ended.err
    with open_store(f"sqlite:///{configured.parent / 'store.db'}") as store:
        assert {finding.status for finding in store.findings()} == {"inconclusive"}
        assert store.verify().sound


def test_a_quiet_run_prints_nothing(cli: Callable[..., Ended], configured: Path) -> None:
    assert cli("run", "--quiet") == (3, "", "")


def test_progress_as_json_is_one_object_a_line(cli: Callable[..., Ended], configured: Path) -> None:
    events = [json.loads(line) for line in cli("run", "--log-format", "json").err.splitlines()]
    assert {"planned", "unit_finished"} <= {event["event"] for event in events}
    assert all(event["at"].endswith("Z") for event in events)


def test_collect_that_read_nothing_ends_in_3(cli: Callable[..., Ended], configured: Path) -> None:
    ended = cli("collect")
    assert ended.code == 3
    assert ended.out.startswith("0 documents; 0 of ")


def test_evaluate_of_what_could_not_be_read(cli: Callable[..., Ended], configured: Path) -> None:
    cli("collect", "-q")
    assert cli("evaluate", "-q").code == 3
    rows = _rows(cli("evaluate", "--as-of", "2999-01-01", "--format", "json"))
    assert {row["status"] for row in rows} == {"inconclusive"}


def test_a_preview_tells_what_evaluate_then_does(
    cli: Callable[..., Ended], configured: Path
) -> None:
    cli("collect", "-q")
    ended = cli("evaluate", "--preview")
    assert ended.code == 3
    _, said, counted, *_ = ended.out.splitlines()
    assert said == "Nothing was written."
    count, change = counted.split(maxsplit=1)
    assert change == "none -> inconclusive"
    assert "By rule:" in ended.out
    with open_store(f"sqlite:///{configured.parent / 'store.db'}") as store:
        assert store.findings() == []
        assert [run.command for run in store.runs()] == ["collect"]
    rows = _rows(cli("evaluate", "--preview", "--format", "json"))
    assert len(rows) == int(count)
    assert {(row["before_status"], row["after_status"]) for row in rows} == {(None, "inconclusive")}
    narrowed = _rows(cli("evaluate", "--preview", "--rule", rows[0]["rule"], "--format", "json"))
    assert {row["rule"] for row in narrowed} == {rows[0]["rule"]}
    assert cli("evaluate", "-q").code == 3
    ended = cli("evaluate", "--preview", "-q", "--format", "csv")
    assert (ended.code, ended.out.splitlines()) == (
        3,
        ["change,severity,rule,scope,resource,message"],
    )


def test_a_preview_of_the_past_is_refused(cli: Callable[..., Ended], configured: Path) -> None:
    ended = cli("evaluate", "--preview", "--as-of", "2026-01-01")
    assert ended.code == 2
    assert "give one of them" in ended.err


def test_check_that_read_nothing_ends_in_3(cli: Callable[..., Ended], configured: Path) -> None:
    ended = cli("check", "github-org-2fa-required", "--format", "json")
    assert ended.code == 3
    assert {row["status"] for row in _rows(ended)} == {"inconclusive"}


def test_doctor_says_once_why_a_source_cannot_be_reached(
    cli: Callable[..., Ended], configured: Path
) -> None:
    ended = cli("doctor")
    assert ended.code == 3
    assert ended.out == (
        "code: cannot connect: the secret in environment variable SOC2_PAC_TEST_NO_SUCH_TOKEN"
        " is empty or not set\n"
    )


@pytest.mark.parametrize("command", ["run", "collect", "doctor", "check"])
def test_an_unknown_source_suggests_the_nearest(
    cli: Callable[..., Ended], configured: Path, command: str
) -> None:
    names = ["github-org-2fa-required"] if command == "check" else []
    ended = cli(command, *names, "--source", "cod")
    assert (ended.code, ended.out) == (2, "")
    assert "Did you mean 'code'?" in ended.err


def test_an_unknown_kind_suggests_the_nearest(cli: Callable[..., Ended], configured: Path) -> None:
    ended = cli("collect", "--kind", "github.organisation")
    assert ended.code == 2
    assert "Did you mean 'github.organization'?" in ended.err


@pytest.mark.parametrize("command", ["check", "evaluate --rule"])
def test_a_rule_that_is_not_in_force_is_told_why(
    cli: Callable[..., Ended], configured: Path, command: str
) -> None:
    cli("collect", "-q")
    ended = cli(*command.split(), "aws-root-mfa")
    assert ended.code == 2
    assert "rule aws-root-mfa is not in force: " in ended.err


# -- the configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[store]", "[stroe]", "stroe: unknown table. Did you mean 'store'?"),
        ('provider = "github"', 'provider = "githbu"', "Did you mean 'github'?"),
        ("organization =", "organisation =", "Did you mean 'organization'?"),
        (
            "github-required-reviews",
            "github-required-review",
            "Did you mean 'github-required-reviews'?",
        ),
        ("[store]", "[store", "not valid TOML"),
    ],
)
def test_a_typo_is_told_with_file_and_key(
    cli: Callable[..., Ended], configured: Path, old: str, new: str, says: str
) -> None:
    configured.write_text(CONFIG.replace(old, new), encoding="utf-8")
    ended = cli("run")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: soc2-pac.toml: ")
    assert says in ended.err


def test_a_secret_in_plain_text_is_refused_and_not_printed(
    cli: Callable[..., Ended], configured: Path
) -> None:
    token = "ghp_" + "x" * 40
    configured.write_text(
        CONFIG.replace('{ env = "SOC2_PAC_TEST_NO_SUCH_TOKEN" }', f'"{token}"'), encoding="utf-8"
    )
    ended = cli("run")
    assert ended.code == 2
    assert "sources.code.token" in ended.err
    assert token not in ended.err


# -- two at once, again and again -----------------------------------------------------------------------


def test_a_second_run_is_refused(cli: Callable[..., Ended], configured: Path) -> None:
    url = f"sqlite:///{configured.parent / 'store.db'}"
    with open_store(url, create=True) as store, store.run("run", config=None, tool_version="1"):
        ended = cli("run")
    assert ended.code == 2
    assert ended.err.count("\n") == 1
    assert "another run" in ended.err
    assert cli("run", "-q").code == 3


@pytest.mark.parametrize("every", ["5x", "m", "", "0m", "-1m", "1.5h"])
def test_a_time_between_runs_that_is_none(
    cli: Callable[..., Ended], configured: Path, every: str
) -> None:
    ended = cli("run", "--every", every)
    assert ended.code == 2
    assert f"--every: '{every}' is no time. Write 15m, 6h or 1d" in ended.err


def test_run_every_goes_on_after_failed_rounds_and_stops_on_sigterm(configured: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "soc2_pac", "run", "--every", "1s"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=configured.parent,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        rounds = 0
        while rounds < 2:
            rounds += process.stdout.readline().startswith("Run ")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode in (0, 130), err
    assert "Traceback" not in err
    with open_store(f"sqlite:///{configured.parent / 'store.db'}") as store:
        assert store.verify().sound


# -- a document from a file -----------------------------------------------------------------------------

FINE = {"Name": "b", "GetBucketVersioning": {"Status": "Enabled"}}
OFF = {"Name": "b", "GetBucketVersioning": {"Status": "Suspended"}}


@pytest.mark.parametrize(
    ("documents", "code", "statuses"),
    [
        (FINE, 0, ["pass"]),
        (OFF, 1, ["fail"]),
        ({"Name": "b"}, 3, ["inconclusive"]),
        ([FINE, OFF, {}], 1, ["pass", "fail", "inconclusive"]),
        ([FINE, 5], 3, ["pass", "inconclusive"]),
    ],
)
def test_check_of_a_document(
    cli: Callable[..., Ended], tmp_path: Path, documents: object, code: int, statuses: list[str]
) -> None:
    (tmp_path / "d.json").write_text(json.dumps(documents), encoding="utf-8")
    ended = cli("check", "aws-s3-versioning", "--document", "d.json", "--format", "json")
    assert ended.code == code
    assert [row["status"] for row in _rows(ended)] == statuses


def test_check_of_a_document_counts_only_failures_that_are_severe_enough(
    cli: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "d.json").write_text(json.dumps(OFF), encoding="utf-8")
    options = ("check", "aws-s3-versioning", "--document", "d.json", "--fail-on")
    assert cli(*options, "medium").code == 1
    assert cli(*options, "critical").code == 0


@pytest.mark.parametrize("text", ["", "{", "[]", "\udcff"])
def test_check_of_a_file_that_holds_no_document(
    cli: Callable[..., Ended], tmp_path: Path, text: str
) -> None:
    (tmp_path / "d.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    ended = cli("check", "aws-s3-versioning", "--document", "d.json")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("Error: d.json ")
