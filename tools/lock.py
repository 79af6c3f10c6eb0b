"""Write constraints.txt: the newest versions that the ranges in pyproject.toml allow.

CI and the demo install these. All goes into a throw-away environment, whose content is noted.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = """\
# The versions that CI, make demo and make test install. Written by make lock; the ranges that
# users get stand in pyproject.toml.
"""


def main() -> None:
    """Install, note, write."""
    with tempfile.TemporaryDirectory() as directory:
        venv.create(directory, with_pip=True)
        python = Path(directory) / "bin" / "python"
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "-qq"]
        subprocess.run([*pip, "install", f"{ROOT}[dev]"], check=True)
        listed = subprocess.run(
            [*pip, "freeze", "--exclude", "soc2-pac"], check=True, capture_output=True, text=True
        )
    lines = [line for line in listed.stdout.splitlines() if "==" in line]
    (ROOT / "constraints.txt").write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    sys.stdout.write(f"constraints.txt: {len(lines)} packages\n")


if __name__ == "__main__":
    main()
