"""How much an installation takes, and how fast ``--help`` answers.

Builds the wheel and installs it clean. Sizes are what ``pip install`` adds to an empty environment,
compiled files included, in MB of 10^6 bytes; ``du`` counts whole blocks and says a little more.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {"": 60, "aws": 110}
"""Extra -> what it may take at most, in MB."""
HELP_TARGET = 0.25
"""Seconds."""
SHOWN = ("github", "demo", "all")


def main() -> None:
    """Measure and print a table."""
    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        wheel = _wheel(home)
        empty = _size(_environment(home / "empty"))
        print(f"{'installed':<20}{'MB':>8}{'allowed':>10}")
        for extra in (*TARGETS, *SHOWN):
            environment = _environment(home / (extra or "base"))
            _install(environment, f"{wheel}[{extra}]" if extra else str(wheel))
            allowed = TARGETS.get(extra, "")
            name = f"soc2-pac[{extra}]" if extra else "soc2-pac"
            print(f"{name:<20}{(_size(environment) - empty) / 1e6:>8.1f}{allowed:>10}")
        seconds = _help_seconds(home / "aws")
        print(f"\n{'soc2-pac --help':<20}{seconds:>8.2f}{HELP_TARGET:>10} s (median of 9)")


def _wheel(home: Path) -> Path:
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(home / "dist"), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next((home / "dist").glob("*.whl"))


def _environment(path: Path) -> Path:
    venv.create(path, with_pip=True)
    return path


def _install(environment: Path, what: str) -> None:
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "-qq", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", what], check=True)


def _size(path: Path) -> int:
    return sum(f.stat().st_size for f in path.rglob("*") if f.is_file() and not f.is_symlink())


def _help_seconds(environment: Path) -> float:
    times = []
    for _ in range(9):
        started = time.perf_counter()
        subprocess.run(
            [str(environment / "bin" / "soc2-pac"), "--help"], check=True, capture_output=True
        )
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
