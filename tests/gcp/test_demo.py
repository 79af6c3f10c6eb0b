"""The real command over the emulated company: what was planted is found, and no rule breaks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from soc2_demo.gcp import GcpEmulator
from soc2_demo.gcp_company import acme_robotics
from soc2_demo.gcp_estate import PLANTED as ESTATE
from soc2_demo.gcp_words import ORGANIZATION
from soc2_demo.gcp_workloads import PLANTED as WORKLOADS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
PLANTED = (*ESTATE, *WORKLOADS)


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder: Path = tmp_path_factory.mktemp("company")
    with GcpEmulator(acme_robotics()) as url:
        (folder / "soc2-pac.toml").write_text(
            f'[sources.cloud]\nprovider = "gcp"\norganization = "{ORGANIZATION}"\nendpoint = "{url}"\n'
        )
        run = _command(folder, "run")
        assert run.returncode in {1, 3}, run.stdout + run.stderr
    listed = _command(folder, "findings", "list", "--format", "json")
    found: list[dict[str, Any]] = json.loads(listed.stdout)
    return found


def _command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "soc2_pac", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_was_planted_is_found(findings: list[dict[str, Any]]) -> None:
    failed = [
        (one["rule"], f"{one['resource']} {one['resource_name']}")
        for one in findings
        if one["status"] == "fail"
    ]
    missed = [
        f"{fault.rule} {fault.resource}"
        for fault in PLANTED
        if not any(rule == fault.rule and fault.resource in name for rule, name in failed)
    ]
    assert missed == []


def test_no_rule_breaks_on_the_company(findings: list[dict[str, Any]]) -> None:
    assert [one for one in findings if one["status"] == "error"] == []
