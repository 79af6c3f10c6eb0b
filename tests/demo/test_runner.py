"""The demo runner: its configuration, its child's environment, and what it makes of exit codes."""

from __future__ import annotations

import io
import multiprocessing
import os
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo import history, runner, worker
from soc2_pac import clock
from soc2_pac.acts import Actor
from soc2_pac.errors import Soc2PacError, UsageError
from soc2_pac.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIADEMO", "AWS_SECRET_ACCESS_KEY": "opens-nothing"}
_END = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """URLs instead of emulators, and a process that does nothing; gives what that was told to do."""
    aws = SimpleNamespace(url="http://127.0.0.1:1", credentials=_CREDENTIALS)
    done: list[object] = []

    @contextmanager
    def up(_end: datetime) -> Any:
        names = ("github", "okta", "azure", "gcp")
        past = SimpleNamespace(aws=aws, turn_to=done.append)
        yield past, {name: f"http://127.0.0.1:{number}" for number, name in enumerate(names, 2)}

    def do(_self: object, order: object) -> int:
        done.append(order)
        if isinstance(order, worker.Prepare):
            (order.folder / "controls.toml").write_text("")
        return 1 if isinstance(order, worker.Order) else 0

    monkeypatch.setattr(runner, "_emulators", up)
    monkeypatch.setattr(runner._Worker, "do", do)
    monkeypatch.setattr(runner._Worker, "__enter__", lambda self: self)
    monkeypatch.setattr(runner._Worker, "__exit__", lambda *_: None)
    return done


def test_it_goes_through_the_history_and_then_writes_the_report(
    tmp_path: Path, company: list[object]
) -> None:
    out = io.StringIO()
    assert runner.run_demo(tmp_path / "new", out=out) == 1
    prepare, *steps, report = company
    assert isinstance(prepare, worker.Prepare)
    assert prepare.credentials == _CREDENTIALS
    assert steps[::2] == [run.days for run in history.RUNS]
    assert [step.run for step in steps[1::2]] == list(history.RUNS)  # type: ignore[attr-defined]
    assert isinstance(report, worker.Report)
    config = tmp_path / "new" / "soc2-pac.toml"
    said = out.getvalue()
    assert f"soc2-pac findings list --config {config} --status fail" in said
    assert f"soc2-pac verify --config {config}" in said
    assert said.strip().splitlines()[-1].endswith(str(tmp_path / "new" / "type2.html"))


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (lambda _: os.kill(os.getpid(), 9), "by SIGKILL"),
        (lambda _: os._exit(2), "with exit code 2"),
    ],
)
def test_a_process_that_ends_is_loud(ends: Callable[[object], object], told: str) -> None:
    context = multiprocessing.get_context("fork")
    working = runner._Worker({})
    working._connection, theirs = context.Pipe()

    def serve() -> None:
        ends(theirs.recv())

    working._process = context.Process(target=serve)  # type: ignore[assignment]
    working._theirs = theirs
    with working, pytest.raises(Soc2PacError, match=told):
        working.do("something")


def test_what_fails_in_the_process_is_loud(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    order = worker.Order(tmp_path, tmp_path / "none.toml", "sqlite://", _END, history.RUNS[0])
    with (
        runner._Worker(dict(os.environ)) as working,
        pytest.raises(Soc2PacError, match="the demo's run failed"),
    ):
        working.do(order)
    assert "Traceback" in capfd.readouterr().err


def test_a_code_that_no_run_over_a_company_ends_with_is_loud(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    working = runner._Worker({})
    answering = SimpleNamespace(send=lambda _: None, recv=lambda: 4)
    monkeypatch.setattr(working, "_connection", answering)
    with pytest.raises(Soc2PacError, match="with exit code 4"):
        working.do("something")


def test_the_process_gets_none_of_the_persons_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    names = (
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AZURE_CLIENT_SECRET",
        "GITHUB_TOKEN",
        "OKTA_TOKEN",
        "SOC2_PAC_CONFIG",
    )
    for name in names:
        monkeypatch.setenv(name, "mine")
    given = runner._environment(_CREDENTIALS)
    assert "mine" not in given.values()
    assert given["AWS_ACCESS_KEY_ID"] == "AKIADEMO"
    assert given["AWS_CONFIG_FILE"] == os.devnull
    assert {"ACME_GITHUB_TOKEN", "ACME_OKTA_TOKEN", "ACME_AZURE_TOKEN"} <= set(given)
    with runner._alone():
        assert not set(names) & set(os.environ)
    assert os.environ["AWS_PROFILE"] == "mine"


@pytest.mark.usefixtures("company")
def test_the_configuration_names_secrets_and_holds_none(tmp_path: Path) -> None:
    runner.run_demo(tmp_path, out=io.StringIO())
    text = (tmp_path / "soc2-pac.toml").read_text()
    document = tomllib.loads(text)
    sources = document["sources"]
    assert sources["aws-acme"]["endpoint_url"] == "http://127.0.0.1:1"
    assert sources["aws-acme"]["regions"] == ["eu-central-1", "us-east-1"]
    assert sources["github-acme"]["base_url"] == "http://127.0.0.1:2"
    assert sources["github-acme"]["token"] == {"env": "ACME_GITHUB_TOKEN"}
    assert sources["okta-acme"]["org_url"] == "http://127.0.0.1:3"
    assert sources["okta-acme"]["organization"] == "acme-robotics.okta.com", (
        "ports change, orgs do not"
    )
    assert sources["okta-acme"]["token"] == {"env": "ACME_OKTA_TOKEN"}
    assert sources["azure-acme"]["arm_endpoint"] == "http://127.0.0.1:4"
    assert sources["azure-acme"]["graph_endpoint"] == "http://127.0.0.1:4"
    assert sources["azure-acme"]["loopback_token"] == {"env": "ACME_AZURE_TOKEN"}
    assert "opens-nothing" not in text
    assert document["audit"]["cadence"] == "1w"
    assert "exclude" not in document["rules"]


@pytest.mark.usefixtures("company")
def test_a_store_of_a_demo_is_made_anew_and_any_other_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "soc2-pac.db"
    url = f"sqlite:///{path}"
    before = _END - timedelta(days=1)
    with clock.simulated(before), open_store(url, create=True) as store:
        store.add_waiver(
            rule="r", reason="r", owner="o", approver="a", by=Actor("Ann", "ann"), expires_at=_END
        )
    runner.run_demo(tmp_path, out=io.StringIO())
    assert not path.exists()
    open_store(url, create=True).close()
    with pytest.raises(UsageError, match="holds evidence that this demo did not make"):
        runner.run_demo(tmp_path, out=io.StringIO())
    assert path.exists()
    path.write_text("mine")
    with pytest.raises(Soc2PacError):
        runner.run_demo(tmp_path, out=io.StringIO())
    assert path.read_text() == "mine"


@pytest.mark.usefixtures("company")
def test_somebodys_own_configuration_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "soc2-pac.toml"
    mine.write_text("[sources.prod]\n")
    with pytest.raises(UsageError, match="not written by the demo"):
        runner.run_demo(tmp_path, out=io.StringIO())
    assert mine.read_text() == "[sources.prod]\n"
    mine.unlink()
    runner.run_demo(tmp_path, out=io.StringIO())
    runner.run_demo(tmp_path, out=io.StringIO())  # its own from before is written anew


@pytest.mark.usefixtures("company")
def test_keep_waits_and_tells_how_to_use_the_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[bool] = []
    monkeypatch.setattr(runner, "_wait", lambda: waited.append(True))
    out = io.StringIO()
    runner.run_demo(tmp_path, keep=True, out=out)
    assert waited
    assert "AWS_ACCESS_KEY_ID=AKIADEMO" in out.getvalue()
    assert "until Ctrl-C" in out.getvalue()


def test_importing_the_runner_imports_no_emulator() -> None:
    script = (
        "import sys, soc2_demo.runner; "
        "sys.exit(any(m in sys.modules for m in ('moto', 'boto3', 'flask')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
