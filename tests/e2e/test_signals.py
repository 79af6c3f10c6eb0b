"""The real command line as a process: stopped in mid-run, run again and again, two at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from soc2_demo.github import GithubEmulator
from soc2_demo.github_company import acme_robotics
from soc2_pac.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


HEARS_SIGINT = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("soc2_pac", run_name="__main__")
"""
"""``python -m soc2_pac``, even where these tests run in the background of a shell, which ignores SIGINT."""


@pytest.fixture
def served() -> Iterator[tuple[GithubEmulator, str]]:
    """An emulator and where it is."""
    made = GithubEmulator(acme_robotics())
    url = made.start()
    yield made, url
    made.stop()


@pytest.fixture
def emulator(served: tuple[GithubEmulator, str]) -> GithubEmulator:
    return served[0]


@pytest.fixture
def home(tmp_path: Path, served: tuple[GithubEmulator, str]) -> Path:
    (tmp_path / "soc2-pac.toml").write_text(
        '[sources.github]\nprovider = "github"\norganization = "acme-robotics"\n'
        f'base_url = "{served[1]}"\ntoken = {{ env = "A_TOKEN" }}\n'
    )
    return tmp_path


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HEARS_SIGINT, *arguments],
        cwd=home, env={**os.environ, "A_TOKEN": "ghp_" + "t" * 36}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(child: subprocess.Popen[str], seconds: float = 60) -> tuple[int, str, str]:
    out, err = child.communicate(timeout=seconds)
    return child.returncode, out, err


def wait_for(child: subprocess.Popen[str], text: str) -> None:
    assert child.stderr is not None
    for line in child.stderr:
        if text in line:
            return
    pytest.fail(f"'{text}' never came")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_leaves_a_consistent_store(
    home: Path, emulator: GithubEmulator, number: signal.Signals
) -> None:
    emulator.faults.add("/automated-security-fixes", delay=1.0)
    child = start(home, "run", "--log-format", "json")
    wait_for(child, "unit_finished")
    child.send_signal(number)
    code, _, err = finish(child)
    assert code == 130, err
    assert "The store is consistent" in err
    with open_store(f"sqlite:///{home}/soc2-pac.db") as store:
        assert store.verify().problems == []
        assert [run.status for run in store.runs()] == ["interrupted"]
    emulator.faults.clear()
    code, out, err = finish(start(home, "run"))
    assert code == 1, err
    assert "ghp_" not in out + err
    with open_store(f"sqlite:///{home}/soc2-pac.db") as store:
        assert store.verify().problems == []


def test_a_killed_run_is_resumed(home: Path, emulator: GithubEmulator) -> None:
    emulator.faults.add("/automated-security-fixes", delay=30)
    child = start(home, "run", "--log-format", "json")
    for _ in range(5):
        wait_for(child, "unit_finished")
    child.kill()
    finish(child)
    emulator.faults.clear()
    with open_store(f"sqlite:///{home}/soc2-pac.db") as store:
        kept = {(c.kind, c.scope) for c in store.collections() if c.status == "complete"}
    assert kept
    code, out, err = finish(start(home, "run", "--resume", "--log-format", "json"))
    assert code == 1, err
    assert f"Resumed run 1: {len(kept)} listings were complete there." in out
    started = [json.loads(line) for line in err.splitlines()]
    again = {(e["kind"], e["scope"]) for e in started if e["event"] == "unit_started"}
    assert again
    assert again.isdisjoint(kept)
    with open_store(f"sqlite:///{home}/soc2-pac.db") as store:
        assert store.verify().problems == []
        assert [run.status for run in store.runs()] == ["finished", "interrupted"]
    # Nothing is left to go on with now.
    _, out, _ = finish(start(home, "run", "--resume"))
    assert "Resumed" not in out


def test_rounds_go_on_after_a_failed_one_and_stop_on_sigterm(home: Path) -> None:
    child = start(home, "run", "--every", "1s", "--log-format", "json", "--quiet")
    wait_for(child, "unit_finished")
    config = (home / "soc2-pac.toml").read_text()
    (home / "soc2-pac.toml").write_text("[broken")
    wait_for(child, "run_failed")
    (home / "soc2-pac.toml").write_text(config)
    wait_for(child, "unit_finished")
    time.sleep(0.2)
    child.send_signal(signal.SIGTERM)
    code, _, _ = finish(child)
    assert code in (0, 130), "between two rounds, or within one"
    with open_store(f"sqlite:///{home}/soc2-pac.db") as store:
        assert store.verify().problems == []
        assert len(store.runs()) >= 2


def test_a_second_run_is_refused_while_one_works(home: Path, emulator: GithubEmulator) -> None:
    emulator.faults.add("/automated-security-fixes", delay=3)
    first = start(home, "run", "--log-format", "json")
    wait_for(first, "unit_started")
    code, _, err = finish(start(home, "run"))
    assert code == 2
    assert "another run is working" in err
    emulator.faults.clear()
    assert finish(first)[0] == 1


def test_events_are_one_json_line_each(home: Path) -> None:
    code, out, err = finish(start(home, "run", "--log-format", "json", "--quiet"))
    assert (code, out) == (1, "")
    events = [json.loads(line) for line in err.splitlines()]
    assert events[0]["event"] == "planned"
    assert events[-1]["event"] == "run_finished"
    finished = next(event for event in events if event["event"] == "unit_finished")
    wanted = {"at", "event", "source", "kind", "scope", "status", "reason", "count"}
    assert wanted <= finished.keys()
