"""What a monitor reads: metrics, health, and the events of the JSON log."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.cli.health import health_of
from soc2_pac.cli.measuring import Measured
from soc2_pac.collect.events import UnitFinished
from soc2_pac.model import CollectionStatus, Scope, Severity, Status
from soc2_pac.output import metrics
from soc2_pac.store.queries import Finding, RunItem

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Ended

DOCS = Path(__file__).resolve().parents[2] / "docs" / "observability.md"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
SAMPLE = re.compile(r'([a-z0-9_]+)(?:\{((?:[a-z]+="(?:[^"\\]|\\.)*",?)+)\})? (\S+)')


def _parsed(text: str) -> dict[tuple[str, str], float]:
    """By name and labels; every sample must follow the HELP and TYPE of its name."""
    found: dict[tuple[str, str], float] = {}
    declared = ""
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            declared = line.split()[2]
            assert line.split()[3] == "gauge"
        elif not line.startswith("# HELP "):
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert match[1] == declared
            assert (match[1], match[2] or "") not in found
            found[match[1], match[2] or ""] = float(match[3])
    assert text.endswith("\n")
    return found


def _unit(status: CollectionStatus, source: str = "prod") -> UnitFinished:
    return UnitFinished(source, "k", Scope("aws", "1"), status, "", 5, 7, 1.0, 0, 2.5)


def _finding(status: Status, severity: Severity, **more: Any) -> Finding:
    values: dict[str, Any] = {
        "fingerprint": "f", "rule": "r", "title": "t", "criteria": (), "thresholds": {}, "scope": "aws:1",
        "kind": "k", "resource": "x", "resource_name": "x", "message": "m", "evidence": None,
        "since": "2026-01-01", "failing_since": None, "sla_due": None, "until": None, "waiver": None,
    }  # fmt: skip
    return Finding(**{**values, "status": status, "severity": severity, **more})


def test_metrics_say_what_the_run_did_and_found() -> None:
    counted = metrics.count_findings(
        [
            _finding(Status.FAIL, Severity.HIGH, sla_due="2026-05-01"),
            _finding(Status.FAIL, Severity.HIGH, sla_due="2026-07-01"),
            _finding(Status.FAIL, Severity.HIGH, sla_due="2026-05-01", waiver="W-1"),
            _finding(Status.FAIL, Severity.HIGH, sla_due="2026-05-01", outside=True),
            _finding(Status.INCONCLUSIVE, Severity.LOW, sla_due="2026-05-01"),
        ],
        "2026-06-01",
    )
    run = metrics.RunMeasured(
        units=[
            *(_unit(status) for status in (CollectionStatus.COMPLETE, CollectionStatus.DENIED)),
            _unit(CollectionStatus.COMPLETE, 'odd "name"\n'),
        ],
        requests=30, exit_code=1, succeeded=True, started=100.0, ended=160.5, findings=counted,
    )  # fmt: skip
    found = _parsed(metrics.text(run, "0.2.0"))
    assert {name.removeprefix("soc2_pac_") for name, _ in found} == (
        set(metrics.METRICS) - metrics.OF_THE_SERVER
    )
    assert found["soc2_pac_build_info", 'version="0.2.0"'] == 1
    assert found["soc2_pac_last_success_timestamp_seconds", ""] == 160.5
    assert found["soc2_pac_last_run_duration_seconds", ""] == 60.5
    assert found["soc2_pac_last_run_exit_code", ""] == 1
    assert found["soc2_pac_last_run_requests", ""] == 30
    assert found["soc2_pac_last_run_documents", ""] == 15
    assert found["soc2_pac_last_run_waited_seconds", ""] == 7.5
    assert found["soc2_pac_last_run_collections", 'source="prod",status="denied"'] == 1
    assert found["soc2_pac_last_run_collections", 'source="prod",status="failed"'] == 0
    assert (
        found["soc2_pac_last_run_collections", 'source="odd \\"name\\"\\n",status="complete"'] == 1
    )
    assert found["soc2_pac_findings", 'status="fail",severity="high",waived="false"'] == 2
    assert found["soc2_pac_findings", 'status="fail",severity="high",waived="true"'] == 1
    assert found["soc2_pac_findings", 'status="inconclusive",severity="low",waived="false"'] == 1
    assert found["soc2_pac_findings_overdue", 'severity="high"'] == 1
    assert found["soc2_pac_findings_overdue", 'severity="low"'] == 0


def test_a_failed_run_keeps_the_last_success_and_claims_nothing() -> None:
    before = metrics.text(metrics.RunMeasured(ended=100.0, succeeded=True, exit_code=0), "1")
    failed = metrics.RunMeasured(ended=200.0, exit_code=2, units=[_unit(CollectionStatus.COMPLETE)])
    found = _parsed(metrics.text(failed, "1", before))
    assert found["soc2_pac_last_success_timestamp_seconds", ""] == 100
    assert found["soc2_pac_last_run_timestamp_seconds", ""] == 200
    assert found["soc2_pac_last_run_requests", ""] == 7
    assert not [name for name, _ in found if name.startswith("soc2_pac_findings")]
    never = _parsed(metrics.text(failed, "1"))
    assert ("soc2_pac_last_success_timestamp_seconds", "") not in never


def test_the_file_is_replaced_whole_with_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "m.prom"
    metrics.write(path, "one\n", 0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open(encoding="utf-8") as reader:
        metrics.write(path, "two\n", 0o644)
        assert reader.read() == "one\n", "who reads the old file reads all of it"
    assert (path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777) == ("two\n", 0o644)
    with pytest.raises(UnicodeEncodeError):
        metrics.write(path, "three \ud800", 0o600)
    assert path.read_text(encoding="utf-8") == "two\n"
    assert [one.name for one in tmp_path.iterdir()] == ["m.prom"]


def test_every_metric_and_every_event_is_documented() -> None:
    text = DOCS.read_text(encoding="utf-8")
    listed = re.findall(r"^\| `(soc2_pac_\w+)` \|", text, flags=re.MULTILINE)
    assert listed == [f"soc2_pac_{name}" for name in metrics.METRICS]
    rows = dict(re.findall(r"^\| `([a-z]+_?[a-z]+)` \| (`[^|]*) \|", text, flags=re.MULTILINE))
    keys = {name: set(re.findall(r"`(\w+)`", said)) for name, said in rows.items()}
    assert keys["unit_finished"] == set(UnitFinished.__slots__)
    assert keys["run_finished"] == set(Measured(None).event())


# -- health ---------------------------------------------------------------------------------------


def _run(number: int, hours: float, status: str | None = "finished", complete: int = 3) -> RunItem:
    ended = (NOW - timedelta(hours=hours)).isoformat().replace("+00:00", "Z")
    return RunItem(
        number, "run", ended, ended if status else None, status, "1", None, 3, complete, 9
    )


@pytest.mark.parametrize(
    ("runs", "fresh", "says"),
    [
        ([], False, "nothing ran yet"),
        ([_run(1, 5)], True, "fresh: run 1 ended 5 h 0 min ago"),
        ([_run(1, 29.9)], True, "1 d 5 h ago"),
        ([_run(1, 30.1)], False, "stale: run 1"),
        ([_run(2, 1, complete=0), _run(1, 40)], False, "stale: run 1"),
        ([_run(2, 1, "failed"), _run(1, 40)], False, "run 2 failed since"),
        ([_run(2, 1, "interrupted"), _run(1, 4)], True, "run 2 interrupted since"),
        ([_run(2, 1, None), _run(1, 4)], True, "fresh: run 1"),
        ([_run(1, 1, complete=1)], True, "2 of its 3 collections are not complete"),
        ([_run(1, 1, complete=0)], False, "no run of the last"),
    ],
)
def test_health_is_that_of_the_last_run_that_collected(
    runs: list[RunItem],
    fresh: bool,  # noqa: FBT001
    says: str,
) -> None:
    found = health_of(runs, NOW, timedelta(hours=30))
    assert (found.fresh, says in found.said) == (fresh, True), found.said
    assert "\n" not in found.said
    assert found.fresh or "Next: soc2-pac run" in found.said


def test_health_can_ask_for_complete_runs() -> None:
    runs = [_run(2, 1, complete=1), _run(1, 20)]
    assert "run 2 ended" in health_of(runs, NOW, timedelta(hours=30)).said
    assert "run 1 ended" in health_of(runs, NOW, timedelta(hours=30), complete=True).said


CONFIG = """\
[audit]
cadence = "1d"
[metrics]
file = "soc2.prom"
mode = "0644"
[rules]
include = [{ rule = "github-org-*", reason = "r", owner = "o", date = 2026-01-01 }]
[sources.gh]
provider = "github"
organization = "acme"
token = { env = "SOC2_PAC_TEST_NO_SUCH_TOKEN" }
"""


def test_a_source_that_was_read_hides_no_other(cli: Callable[..., Ended], tmp_path: Path) -> None:
    roster = '[sources.hr]\nprovider = "roster"\norganization = "acme"\npeople = "people.csv"\n'
    rules = CONFIG.replace('"github-org-*"', '"*"')
    (tmp_path / "soc2-pac.toml").write_text(rules + roster, encoding="utf-8")
    (tmp_path / "people.csv").write_text(
        "id,mails,status\n1,ann@acme.example,active\n", encoding="utf-8"
    )
    assert cli("run", "-q").code in {1, 3}
    health = cli("health", "--format", "json")
    said = json.loads(health.out)
    assert (health.code, said["fresh"], said["not_read"]) == (3, False, ["gh"])
    assert said["last_success"] is not None, "the roster was read"
    assert "no complete collection of gh" in cli("health").out
    found = _parsed((tmp_path / "soc2.prom").read_text(encoding="utf-8"))
    assert ("soc2_pac_last_success_timestamp_seconds", "") not in found


def test_a_run_that_read_nothing_is_measured_and_not_healthy(
    cli: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "soc2-pac.toml").write_text(CONFIG, encoding="utf-8")
    assert cli("health").code == 2, "there is no store yet"
    ended = cli("run", "-q", "--log-format", "json")
    assert ended.code == 3
    logged = [json.loads(line) for line in ended.err.splitlines()]
    counts = Counter(one["status"] for one in logged if one["event"] == "unit_finished")
    assert logged[-1]["event"] == "run_finished"
    assert (logged[-1]["exit_code"], logged[-1]["collections"]) == (3, dict(counts))
    file = tmp_path / "soc2.prom"
    found = _parsed(file.read_text(encoding="utf-8"))
    assert file.stat().st_mode & 0o777 == 0o644
    assert (
        found["soc2_pac_last_run_collections", 'source="gh",status="failed"']
        == counts["failed"]
        > 0
    )
    assert ("soc2_pac_last_success_timestamp_seconds", "") not in found, "nothing was collected"
    assert sum(v for (name, labels), v in found.items() if 'status="inconclusive"' in labels) > 0
    health = cli("health", "--format", "json")
    assert (health.code, json.loads(health.out)["fresh"]) == (3, False)
    assert cli("health", "--max-age", "soon").code == 2


def test_a_run_that_could_not_begin_is_measured_too(
    cli: Callable[..., Ended], tmp_path: Path
) -> None:
    file = tmp_path / "m.prom"
    metrics.write(file, metrics.text(metrics.RunMeasured(ended=7.0, succeeded=True), "1"), 0o600)
    (tmp_path / "soc2-pac.toml").write_text("[run]\nworker = 1\n", encoding="utf-8")
    ended = cli("run", "--metrics", file, "--log-format", "json")
    assert ended.code == 2
    (logged,) = map(json.loads, ended.err.splitlines())
    assert (logged["event"], logged["exit_code"]) == ("run_failed", 2)
    assert "worker" in logged["error"]
    found = _parsed(file.read_text(encoding="utf-8"))
    assert found["soc2_pac_last_run_exit_code", ""] == 2
    assert found["soc2_pac_last_success_timestamp_seconds", ""] == 7
    assert "worker" in cli("run", "--metrics", file).err


@pytest.mark.parametrize("named", ["no-such-folder/m.prom", "."])
def test_a_file_that_cannot_be_is_refused_before_anything_is_asked(
    cli: Callable[..., Ended], named: str
) -> None:
    ended = cli("run", "--metrics", named)
    assert ended.code == 2
    assert "--metrics" in ended.err


def test_a_mode_that_is_none_is_refused(cli: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "soc2-pac.toml").write_text(CONFIG.replace("0644", "rw"), encoding="utf-8")
    assert "metrics.mode" in cli("run").err
