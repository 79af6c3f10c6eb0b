"""The wheel, installed in a clean environment outside of the checkout, does the whole job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from soc2_pac import plugins
from soc2_pac.cases import case_file

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]


class Installed:
    """An environment with soc2-pac in it, and an empty folder to work in."""

    def __init__(self, environment: Path, folder: Path) -> None:
        self.environment = environment
        self.folder = folder

    def run(self, *command: str, code: int = 0) -> str:
        """Run a command of the environment; its output. Fails on another exit code."""
        done = subprocess.run(
            [str(self.environment / "bin" / command[0]), *command[1:]],
            cwd=self.folder,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def _environment() -> dict[str, str]:
    # Neither the checkout nor the measuring of coverage may leak into the clean environment.
    leaks = ("PYTHONPATH", "VIRTUAL_ENV", "COVERAGE_")
    return {name: value for name, value in os.environ.items() if not name.startswith(leaks)}


@pytest.fixture(scope="module")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that was built from it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        env=_environment(),
    )
    return folder


@pytest.fixture(scope="module")
def wheel(distributions: Path) -> Path:
    return next(distributions.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    environment = tmp_path_factory.mktemp("clean") / "venv"
    venv.create(environment, with_pip=True)
    there = Installed(environment, tmp_path_factory.mktemp("elsewhere"))
    there.run(
        "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "--requirement",
        str(ROOT / "requirements-demo.txt"),
    )
    there.run("python", "-m", "pip", "install", "--quiet", "--no-deps", str(wheel))
    # What the lock holds is what the ranges ask for.
    there.run("python", "-m", "pip", "check")
    return there


def test_the_wheel_holds_every_file_that_the_code_reads(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "migrations"
    migrations = {
        f"soc2_pac/_migrations/{path.relative_to(source)}" for path in source.rglob("*.py")
    }
    assert {"soc2_pac/_migrations/env.py"} < migrations
    assert migrations <= names
    assert {"soc2_pac/py.typed", "soc2_collectors/py.typed", "soc2_rules/py.typed"} <= names
    rules = plugins.load().rules.values()
    cases = {str(case_file(rule).relative_to(ROOT / "rules")) for rule in rules}
    assert cases
    assert cases <= names


def test_the_wheel_carries_its_bill_of_materials(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        name = next(name for name in opened.namelist() if name.endswith("sboms/sbom.cdx.json"))
        bill = json.loads(opened.read(name))
    assert bill["bomFormat"] == "CycloneDX"
    assert bill["metadata"]["component"]["version"] == version("soc2-pac")
    assert {"boto3", "SQLAlchemy", "azure-identity"} <= {c["name"] for c in bill["components"]}


def test_the_wheel_adds_only_our_packages(wheel: Path) -> None:
    roots = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {root for root in roots if not root.endswith(".dist-info")} == {
        "soc2_pac",
        "soc2_collectors",
        "soc2_rules",
        "soc2_demo",
    }


def test_it_is_imported_from_the_environment(installed: Installed) -> None:
    script = "import soc2_pac, soc2_rules; print(soc2_pac.__file__, soc2_rules.__file__)"
    where = installed.run("python", "-c", script)
    assert where.count(str(installed.environment)) == 2


def test_help_and_version(installed: Installed) -> None:
    assert "Exit codes" in installed.run("soc2-pac", "--help")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] in installed.run("soc2-pac", "--version")


def test_it_lists_the_same_rules_as_the_checkout(installed: Installed) -> None:
    listed = installed.run("soc2-pac", "rules", "list", "--format", "json")
    rules = plugins.load().rules
    assert len(rules) >= 1
    assert [rule for rule in rules if f'"{rule}"' not in listed] == []


def test_every_plugin_loads(installed: Installed) -> None:
    script = """
from soc2_pac import plugins
registry = plugins.load()
assert not registry.broken, registry.broken
print(*registry.providers)
"""
    assert set(installed.run("python", "-c", script).split()) == set(plugins.load().providers)


def test_db_upgrade_finds_the_migrations(installed: Installed) -> None:
    url = "sqlite:///fresh.db"
    assert "schema none" in installed.run("soc2-pac", "db", "upgrade", "--store", url)
    assert "already" in installed.run("soc2-pac", "db", "upgrade", "--store", url)
    installed.run("soc2-pac", "verify", "--store", url)


def test_demo_runs_and_leaves_a_sound_store(installed: Installed) -> None:
    said = installed.run("soc2-pac", "demo")
    assert "CC6.1" in said
    installed.run("soc2-pac", "verify", "--config", ".demo/soc2-pac.toml")
    failures = installed.run(
        "soc2-pac",
        "findings",
        "list",
        "--config",
        ".demo/soc2-pac.toml",
        "--status",
        "fail",
        "--format",
        "json",
    )
    assert '"fail"' in failures
