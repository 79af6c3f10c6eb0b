"""docs/extending.md, word for word: its files are written, its commands are run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r'^```(?:python|yaml) title="([^"]+)"\n(.*?)^```$', re.MULTILINE | re.DOTALL)
_CONSOLE = re.compile(r"^```console\n\$ (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_walk_through_works(tmp_path: Path) -> None:
    pytest.importorskip("moto")
    from soc2_demo.aws import AwsEmulator

    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    for folder in ("collectors", "rules"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__")
        )
    written = [
        name for name, _ in _BLOCK.findall(text) if name.startswith(("rules/", "collectors/"))
    ]
    assert len(written) == 4, "a rule and a kind: two files each"
    for name, content in _BLOCK.findall(text):
        if name in written:
            assert not (tmp_path / name).exists(), f"{name} is there already: not an addition"
            (tmp_path / name).write_text(content, encoding="utf-8")

    with AwsEmulator() as aws:
        aws.client("kinesis", "us-east-1").create_stream(StreamName="clicks", ShardCount=1)
        config = f'[sources.aws]\nprovider = "aws"\nregions = ["us-east-1"]\nendpoint_url = "{aws.url}"\n'
        (tmp_path / "soc2-pac.toml").write_text(config)
        environment = {
            **os.environ,
            **aws.credentials,
            # Before the installed ones: the copies with the additions.
            "PYTHONPATH": os.pathsep.join([str(tmp_path / "collectors"), str(tmp_path / "rules")]),
        }
        commands = _CONSOLE.findall(text)
        assert [command.split()[1] for command, _ in commands] == ["rules", "collect"]
        for command, output in commands:
            done = _run(command, environment, tmp_path)
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith(output), done.stdout
        listed = _run("soc2-pac evidence list --kind aws.kinesis.stream", environment, tmp_path)
        assert "clicks" in listed.stdout


def _run(command: str, environment: dict[str, str], home: Path) -> subprocess.CompletedProcess[str]:
    arguments = command.split()
    assert arguments[0] == "soc2-pac"
    return subprocess.run(
        [sys.executable, "-m", "soc2_pac", *arguments[1:]],
        cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
