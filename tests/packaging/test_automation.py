"""The GitHub Action, the run of CI, the systemd units and the pre-commit hooks."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import yaml

from soc2_pac.cli import root as command_line

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "deploy" / "ci" / "run.sh"
SYSTEMD = ROOT / "deploy" / "systemd"
DEPLOY = ROOT / "docs" / "deploy.md"
WORKFLOWS = ROOT / ".github" / "workflows"


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _parses(words: list[str]) -> click.Context:
    """The context of a command line of soc2-pac. Raises click's UsageError for what it does not take."""
    context = command_line.make_context("soc2-pac", list(words), resilient_parsing=False)
    while isinstance(context.command, click.Group):
        name, command, rest = context.command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert command is not None
        context = command.make_context(name, rest, parent=context)
    return context


# -- the action -----------------------------------------------------------------------------------


def _steps() -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = _yaml(ROOT / "action.yml")["runs"]["steps"]
    return steps


def _uses() -> Iterator[tuple[str, str]]:
    """(file, action) of every use in the action, in workflows and in the examples of the docs."""
    for path in (ROOT / "action.yml", DEPLOY, *WORKFLOWS.glob("*.yml")):
        for used in re.findall(r"uses: (\S+.*)", path.read_text(encoding="utf-8")):
            yield path.name, used


def test_every_action_is_pinned_by_commit_and_says_which_version_that_is() -> None:
    used = list(_uses())
    assert len(used) > 2
    own = "OWNER/soc2-pac@COMMIT"
    for file, action in used:
        pinned = re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+)*", action)
        assert pinned or action.startswith(own), f"{file}: {action}"


def test_no_input_reaches_a_shell_as_text() -> None:
    for step in _steps():
        assert "${{" not in step.get("run", ""), "hand it over in env"
        assert not step.get("run") or step["shell"] == "bash"


def test_the_action_takes_no_key() -> None:
    action = _yaml(ROOT / "action.yml")
    assert not [n for n in action["inputs"] if re.search("key|token|secret|password", n)]
    assert "secrets." not in (ROOT / "action.yml").read_text(encoding="utf-8")


def test_what_is_installed_is_locked_by_hash() -> None:
    (install,) = (step["run"] for step in _steps() if "pip" in step.get("run", ""))
    for line in install.splitlines():
        if " install " in line or " wheel " in line:
            assert "--require-hashes" in line or "--no-deps" in line, line
    for name in re.findall(r"requirements-\w+\.txt", install):
        text = (ROOT / name).read_text(encoding="utf-8")
        entries = [e for e in re.split(r"\n(?=[a-z0-9])", text) if "==" in e]
        assert entries
        assert [e for e in entries if "--hash=sha256:" not in e] == [], name
        assert "moto" not in text, "nothing of the demo"


# -- the project's own workflows --------------------------------------------------------------------


def test_workflows_begin_without_any_right_and_hand_none_to_what_is_built() -> None:
    found = {path.name: _yaml(path) for path in WORKFLOWS.glob("*.yml")}
    assert set(found) == {"ci.yml", "release.yml"}
    for workflow in found.values():
        assert workflow["permissions"] == {}
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] <= 60
    jobs = found["release.yml"]["jobs"]
    assert jobs["build"]["permissions"] == {"contents": "read"}, (
        "whatever runs there publishes nothing"
    )
    assert jobs["publish"]["environment"] == "release"
    assert jobs["publish"]["needs"] == "build"
    assert not [step for step in jobs["publish"]["steps"] if "run" in step]
    assert "secrets." not in (WORKFLOWS / "release.yml").read_text(encoding="utf-8")


def test_a_release_is_checked_by_options_that_exist() -> None:
    (step,) = (
        step
        for step in _yaml(WORKFLOWS / "release.yml")["jobs"]["build"]["steps"]
        if "release_check" in step.get("run", "")
    )
    script = (ROOT / "tools" / "release_check.py").read_text(encoding="utf-8")
    options = re.findall(r"--\w+", step["run"])
    assert options
    assert [option for option in options if f'"{option}"' not in script] == []


# -- the run of CI --------------------------------------------------------------------------------

PROGRAM = """\
#!/bin/bash
echo "$*" >> "$CALLS"
case "$1 $2" in
    "run "*) echo '{"event": "planned"}' >&2
             end="\\"event\\": \\"run_finished\\", \\"run\\": $RUN, \\"exit_code\\": $CODE"
             [ -z "$RUN" ] || echo "{\\"at\\": \\"x\\", $end}" >&2
             echo 'criterion summary, a ``` in a name'; exit "$CODE" ;;
    "findings diff") echo "1 new"; exit "$NEW" ;;
    "findings list") echo "{}" ;;
    "gaps "*) echo "denied  aws.s3.bucket"; exit "${GAPS:-0}" ;;
esac
"""


def _ci(
    tmp_path: Path, run: str, code: int, new: int = 0, **more: str
) -> tuple[int, str, str, list[str]]:
    """Exit code, the job's summary, its output, and what was called."""
    program = tmp_path / "soc2-pac"
    program.write_text(PROGRAM, encoding="utf-8")
    program.chmod(0o755)
    files = {n: tmp_path / n for n in ("CALLS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "SARIF")}
    environment = {
        "PATH": os.environ["PATH"], "SOC2_PAC": str(program), "RUN": run, "CODE": str(code), "NEW": str(new),
        **{name: str(path) for name, path in files.items()}, **more,
    }  # fmt: skip
    done = subprocess.run(
        ["bash", str(RUN)], env=environment, capture_output=True, text=True, check=False
    )
    read = {n: p.read_text(encoding="utf-8") if p.exists() else "" for n, p in files.items()}
    calls = read["CALLS"].splitlines()
    return done.returncode, read["GITHUB_STEP_SUMMARY"], read["GITHUB_OUTPUT"], calls


@pytest.mark.parametrize(
    ("run", "code", "new", "more", "ends"),
    [
        ("5", 0, 0, {}, 0),
        ("5", 1, 0, {}, 0),  # failures, and none is new
        ("5", 1, 1, {}, 1),
        ("5", 1, 0, {"GATE": "all"}, 1),
        ("5", 1, 1, {"GATE": "none"}, 0),
        ("5", 3, 0, {}, 3),
        ("5", 3, 0, {"INCOMPLETE": "false"}, 0),
        ("5", 1, 0, {"GAPS": "3"}, 3),  # old failures do not hide what was not seen
        ("5", 1, 0, {"GAPS": "3", "INCOMPLETE": "false"}, 0),
        ("5", 1, 1, {"GAPS": "3"}, 1),
        ("5", 0, 0, {"GAPS": "4"}, 4),
        ("5", 3, 1, {}, 1),
        ("1", 1, 0, {}, 1),  # of a first run every failure is new
        ("1", 0, 0, {}, 0),
        ("5", 4, 0, {}, 4),
        ("5", 0, 2, {}, 2),
        ("", 2, 0, {}, 2),
        ("", 0, 0, {}, 2),  # it says that it ran, and nothing shows that
        ("5", 0, 0, {"GATE": "nwe"}, 2),
    ],
)
def test_the_job_fails_where_it_should(
    tmp_path: Path, run: str, code: int, new: int, more: dict[str, str], ends: int
) -> None:
    assert _ci(tmp_path, run, code, new, **more)[0] == ends


def test_a_run_leaves_a_summary_outputs_and_sarif(tmp_path: Path) -> None:
    _, summary, output, calls = _ci(tmp_path, "5", 1, 1)
    assert "## soc2-pac: run 5, exit code 1" in summary
    assert "criterion summary, a (fence) in a name" in summary
    assert summary.count("```") == 4
    assert "1 new" in summary
    assert output.splitlines() == ["exit-code=1", "run=5"]
    assert (tmp_path / "SARIF").read_text(encoding="utf-8") == "{}\n"
    assert "findings diff --since 4 --fail-on high" in calls


def test_the_run_calls_commands_that_exist(tmp_path: Path) -> None:
    calls = _ci(tmp_path, "5", 0)[3]
    assert len(calls) == 4
    for call in calls:
        _parses(shlex.split(call))


def test_a_failed_run_is_in_the_summary(tmp_path: Path) -> None:
    assert "did not come to its end (exit code 2)" in _ci(tmp_path, "", 2)[1]


# -- systemd --------------------------------------------------------------------------------------


def _unit(name: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (SYSTEMD / name).read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def test_the_service_runs_a_command_that_exists_and_may_write_its_state_only() -> None:
    unit = _unit("soc2-pac.service")
    program, *words = shlex.split(unit["ExecStart"][0])
    assert Path(program).name == "soc2-pac"
    context = _parses(words)
    assert context.params["metrics_file"].startswith("/var/lib/soc2-pac/")
    assert unit["ProtectSystem"] == ["strict"]
    assert unit["StateDirectory"] == ["soc2-pac"]
    assert "ReadWritePaths" not in unit
    for name in ("DynamicUser", "NoNewPrivileges", "PrivateDevices", "PrivateTmp", "ProtectHome"):
        assert unit[name] == ["yes"]
    assert unit["CapabilityBoundingSet"] == [""]
    assert unit["SuccessExitStatus"] == ["1"]


def test_the_timer_makes_up_for_missed_runs() -> None:
    unit = _unit("soc2-pac.timer")
    assert unit["Persistent"] == ["true"]
    assert unit["OnCalendar"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_takes_the_units_and_finds_them_confined(tmp_path: Path) -> None:
    for path in SYSTEMD.iterdir():
        text = path.read_text(encoding="utf-8").replace("/opt/soc2-pac/bin/soc2-pac", "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(
        ["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=20", units[0]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-400:]


# -- pre-commit -----------------------------------------------------------------------------------


def test_the_hook_runs_a_command_that_exists_on_rule_files() -> None:
    (hook,) = _yaml(ROOT / ".pre-commit-hooks.yaml")
    program, *words = shlex.split(hook["entry"])
    assert program == "soc2-pac"
    assert hook["language"] == "python"
    _parses(words)
    taken = re.compile(hook["files"])
    left = re.compile(hook["exclude"])
    for name in ("rules/soc2_rules/aws/s3.py", "rules/soc2_rules/aws/s3.cases.yaml"):
        assert taken.search(name)
        assert not left.search(name)
    assert not taken.search("soc2_pac/model.py")
    assert left.search("rules/soc2_rules/__init__.py")
