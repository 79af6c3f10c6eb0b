"""Check what a release would publish: ``make release-check``.

1. The version stands in the changelog, the bill of materials and the Helm chart.
2. Source distribution and wheel are built twice from the commit: the same bytes each time.
3. Their metadata and the README are accepted by twine.
4. Every extra is installed in a clean environment of each supported Python, its metadata is consistent, and the
   installed command starts and loads every plugin.
5. Installed sizes stay below their limits.

``--tag v0.2.0`` is held against the version, ``--output DIR`` keeps what was built, ``--python 3.13`` tries only that
one. A Python that is neither installed nor can be fetched is named at the end, and the exit code is 3: it was not
tried. Everything is built and installed in a temporary folder.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
TESTS_ONLY = frozenset({"dev"})
"""An extra for work on the project itself; ``make test`` installs it."""
LIMITS = {"": 60, "aws": 100, "gcp": 120}
"""Extra -> how many MB (10^6 bytes, compiled files included) it may add to an empty environment."""
FAILED, NOT_TRIED = 1, 3


class Check:
    """Runs the checks and counts what failed."""

    def __init__(self, home: Path, pythons: tuple[str, ...]) -> None:
        """``home``: an empty folder to work in."""
        self.failed: list[str] = []
        self.not_tried: list[str] = []
        self._home = home
        self._pythons = pythons
        self._project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
            "project"
        ]
        tools = home / "tools"
        venv.create(tools, with_pip=True)
        self._tools = tools / "bin"
        pip = [str(self._tools / "python"), "-m", "pip", "-qq", "--disable-pip-version-check"]
        # Built without isolation: by the build backend that is locked.
        locked = ["--require-hashes", "--requirement", str(ROOT / "requirements-build.txt")]
        subprocess.run([*pip, "install", *locked], check=True)
        subprocess.run([*pip, "install", "build", "twine", "uv"], check=True)

    def everything(self, tag: str | None, output: Path | None) -> None:
        """All checks, in the order of this module's list. What was built is kept in ``output`` where nothing failed."""
        self.version(tag)
        wheel = self.built_twice()
        self.metadata(wheel.parent)
        for python in self._pythons:
            self.installs(wheel, python)
        if output is not None and not self.failed:
            shutil.copytree(wheel.parent, output, dirs_exist_ok=True)

    def version(self, tag: str | None) -> None:
        """The version is the same everywhere."""
        number = self._project["version"]
        if tag is not None:
            self._say(tag == f"v{number}", f"the tag {tag} is that of version {number}")
        places = {
            "CHANGELOG.md": rf"^## \[{re.escape(number)}\] - \d{{4}}-\d\d-\d\d$",
            "sbom.cdx.json": rf'"version": "{re.escape(number)}"',
            "deploy/helm/Chart.yaml": rf'^appVersion: "{re.escape(number)}"$',
            "Containerfile": rf"^ARG VERSION={re.escape(number)}$",
        }
        for name, pattern in places.items():
            text = (ROOT / name).read_text(encoding="utf-8")
            found = re.search(pattern, text, re.MULTILINE) is not None
            self._say(found, f"{name} names version {number}")

    def built_twice(self) -> Path:
        """Both distributions, twice; the wheel of the first time."""
        committed = subprocess.run(
            ["git", "log", "-1", "--format=%ct"],  # noqa: S607 - whichever git there is
            check=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        # What zip and tar say of times comes from the commit.
        environment = {**os.environ, "SOURCE_DATE_EPOCH": committed.stdout.strip()}
        made = []
        for turn in ("first", "second"):
            folder = self._home / turn
            command = [str(self._tools / "python"), "-m", "build", "--no-isolation"]
            subprocess.run(
                [*command, "--outdir", str(folder), str(ROOT)],
                check=True,
                capture_output=True,
                env=environment,
            )
            made.append({path.name: _digest(path) for path in sorted(folder.iterdir())})
        self._say(made[0] == made[1], "two builds have the same bytes")
        for name, digest in made[0].items():
            _print(f"        {digest}  {name}")
        return next((self._home / "first").glob("*.whl"))

    def metadata(self, folder: Path) -> None:
        """Metadata, and the README as a package index would show it."""
        files = [str(path) for path in sorted(folder.iterdir())]
        done = subprocess.run(
            [str(self._tools / "twine"), "check", "--strict", *files],
            check=False,
            capture_output=True,
            text=True,
        )
        self._say(done.returncode == 0, "twine accepts metadata and README", done.stdout)

    def installs(self, wheel: Path, python: str) -> None:
        """Every extra with one Python."""
        empty = self._environment(python, "empty")
        if empty is None:
            self.not_tried.append(f"Python {python}")
            return
        nothing = _size(empty)
        for extra in ["", *sorted(set(self._project["optional-dependencies"]) - TESTS_ONLY)]:
            name = f"soc2-pac[{extra}]" if extra else "soc2-pac"
            environment = self._environment(python, extra or "base")
            assert environment is not None  # noqa: S101 - the same Python made one just now
            said = self._installed(environment, f"{wheel}[{extra}]" if extra else str(wheel))
            self._say(not said, f"Python {python}: {name} installs and starts", said)
            size = (_size(environment) - nothing) / 1e6
            if extra in LIMITS and not said:
                limit = LIMITS[extra]
                self._say(size <= limit, f"Python {python}: {name} takes {size:.1f} of {limit} MB")

    def _installed(self, environment: Path, what: str) -> str:
        """Install, and try; what went wrong."""
        python = str(environment / "bin" / "python")
        uv = [str(self._tools / "uv"), "pip"]
        program = str(environment / "bin" / "soc2-pac")
        outside = {"PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"], "SOC2_PAC_CACHE": ""}
        for command, variables in (
            (
                [*uv, "install", "--quiet", "--compile-bytecode", "--python", python, what],
                dict(os.environ),
            ),
            ([*uv, "check", "--quiet", "--python", python], dict(os.environ)),
            ([program, "--version"], outside),
            ([program, "plugins"], outside),
        ):
            done = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                env=variables,
                cwd=environment,
            )
            if done.returncode:
                return f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return ""

    def _environment(self, python: str, name: str) -> Path | None:
        """A new environment of a Python, which is fetched where it is missing; ``None``: it cannot be had."""
        path = self._home / f"{python}-{name}"
        command = [str(self._tools / "uv"), "venv", "--quiet", "--python", python, str(path)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        return path if done.returncode == 0 else None

    def _say(self, good: bool, what: str, more: str = "") -> None:  # noqa: FBT001 - as it was found
        _print(f"{'ok' if good else 'FAILED':<8}{what}")
        if not good:
            self.failed.append(what)
            for line in more.strip().splitlines()[-20:]:
                _print(f"        {line}")


def main() -> None:
    """Check; exit code 1 where something failed, 3 where something could not be tried."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", action="append", choices=PYTHONS, help="only this; repeatable")
    parser.add_argument("--tag", help="the tag that is to be released")
    parser.add_argument("--output", type=Path, help="keep the distributions here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        check = Check(Path(folder), tuple(given.python or PYTHONS))
        check.everything(given.tag, given.output)
    if check.not_tried:
        _print(f"Not tried here, could not be installed: {', '.join(check.not_tried)}")
    sys.exit(FAILED if check.failed else NOT_TRIED if check.not_tried else 0)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _size(path: Path) -> int:
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file() and not f.is_symlink())


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
