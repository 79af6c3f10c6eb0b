"""The demo runner: its configuration, its child's environment, and what it makes of exit codes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo import runner
from soc2_pac.errors import Soc2PacError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIADEMO", "AWS_SECRET_ACCESS_KEY": "opens-nothing"}


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> None:
    """URLs instead of emulators."""
    aws = SimpleNamespace(url="http://127.0.0.1:1", credentials=_CREDENTIALS)

    @contextmanager
    def up() -> Any:
        names = ("github", "okta", "azure", "gcp")
        yield aws, {name: f"http://127.0.0.1:{number}" for number, name in enumerate(names, 2)}

    monkeypatch.setattr(runner, "_company", up)


def _child(monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(
        runner, "_command", lambda config: [sys.executable, "-c", script, str(config)]
    )


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize("code", [0, 1, 3])
def test_findings_and_gaps_are_expected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    _child(monkeypatch, f"raise SystemExit({code})")
    out = io.StringIO()
    assert runner.run_demo(tmp_path / "new", out=out) == code
    config = tmp_path / "new" / "soc2-pac.toml"
    assert f"soc2-pac findings list --config {config} --status fail" in out.getvalue()
    assert f"soc2-pac verify --config {config}" in out.getvalue()


@pytest.mark.usefixtures("company")
@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("raise SystemExit(2)", "with exit code 2"),
        ("raise SystemExit(4)", "with exit code 4"),
        ("import os; os.kill(os.getpid(), 9)", "by SIGKILL"),
    ],
)
def test_anything_else_is_loud(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str
) -> None:
    _child(monkeypatch, script)
    with pytest.raises(Soc2PacError, match=told):
        runner.run_demo(tmp_path, out=io.StringIO())


@pytest.mark.usefixtures("company")
def test_the_child_gets_dummy_credentials_and_none_of_the_persons_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AZURE_CLIENT_SECRET",
        "GITHUB_TOKEN",
        "OKTA_TOKEN",
        "SOC2_PAC_CONFIG",
    ):
        monkeypatch.setenv(name, "mine")
    dump = "import json, os, sys; json.dump(dict(os.environ), open(sys.argv[1] + '.env', 'w'))"
    _child(monkeypatch, dump)
    runner.run_demo(tmp_path, out=io.StringIO())
    seen = (tmp_path / "soc2-pac.toml.env").read_text()
    assert '"mine"' not in seen
    assert '"AWS_ACCESS_KEY_ID": "AKIADEMO"' in seen
    assert '"ACME_GITHUB_TOKEN"' in seen
    assert '"ACME_OKTA_TOKEN"' in seen
    assert f'"AWS_CONFIG_FILE": "{os.devnull}"' in seen


@pytest.mark.usefixtures("company")
def test_the_configuration_names_secrets_and_holds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _child(monkeypatch, "")
    runner.run_demo(tmp_path, out=io.StringIO())
    text = (tmp_path / "soc2-pac.toml").read_text()
    sources = tomllib.loads(text)["sources"]
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


@pytest.mark.usefixtures("company")
def test_somebodys_own_configuration_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _child(monkeypatch, "")
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
    _child(monkeypatch, "")
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
