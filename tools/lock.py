"""Lock what the image, CI, the demo and the tests install by version and hash; write the bill of materials.

- ``requirements-demo.txt``, ``requirements-dev.txt``: every package with its hashes, for each platform, the build
  backend included. The ranges that users get stand in ``pyproject.toml``.
- ``requirements-all.txt``: what ``soc2-pac[all]`` brings, for the container image and the GitHub Action.
- ``requirements-build.txt``: what builds the wheel.
- ``sbom.cdx.json``: CycloneDX, what ``soc2-pac[all]`` brings. The wheel carries it (PEP 770).

All tools run in a throw-away environment.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("demo", "dev")
PYTHON = "3.11"
"""The oldest that is supported: newer ones get what it gets."""
_EDITABLE = "editables"
"""What hatchling asks for when it installs a checkout."""


def main() -> None:
    """Resolve, note, write."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    backend = "\n".join([*project["build-system"]["requires"], _EDITABLE])
    with tempfile.TemporaryDirectory() as directory:
        tools = _environment(Path(directory) / "tools", "uv", "cyclonedx-bom")
        for extra in EXTRAS:
            text = _compiled(tools, extra, backend)
            path = ROOT / f"requirements-{extra}.txt"
            path.write_text(text, encoding="utf-8")
            _say(f"{path.name}: {text.count('==')} packages")
        backend = "\n".join(project["build-system"]["requires"])
        (ROOT / "requirements-build.txt").write_text(_compiled(tools, "", backend), "utf-8")
        users = Path(directory) / "users"
        locked = ROOT / "requirements-all.txt"
        locked.write_text(_compiled(tools, "all", ""), encoding="utf-8")
        _environment(users, "--require-hashes", "--requirement", str(locked))
        bill = _bill(tools, users, project["project"]["version"])
        (ROOT / "sbom.cdx.json").write_text(bill, encoding="utf-8")
        _say(f"sbom.cdx.json: {bill.count('bom-ref')} components")


def _environment(path: Path, *install: str) -> Path:
    """A new environment with packages in it; the folder of its programs."""
    venv.create(path, with_pip=True)
    pip = [str(path / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-qq"]
    subprocess.run([*pip, "install", *install], check=True)
    return path / "bin"


def _compiled(tools: Path, extra: str, more: str) -> str:
    command = [
        str(tools / "uv"), "pip", "compile", "--quiet", "--universal", "--generate-hashes",
        "--python-version", PYTHON, "--custom-compile-command", "make lock",
        *(["--extra", extra, "pyproject.toml"] if extra else []), *(["-"] if more else []),
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, input=more)
    return done.stdout


def _bill(tools: Path, users: Path, version: str) -> str:
    command = [
        str(tools / "cyclonedx-py"), "environment", "--output-reproducible", "--of", "JSON",
        str(users / "bin" / "python"),
    ]  # fmt: skip
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    bill: dict[str, Any] = json.loads(done.stdout)
    installers = ("pip", "setuptools")
    bill["components"] = [c for c in bill["components"] if c["name"] not in installers]
    for component in bill["components"]:
        # Where it was fetched from is a matter of whoever installs.
        component.pop("externalReferences", None)
        component.pop("properties", None)
    bill["dependencies"] = [
        one for one in bill["dependencies"] if not one["ref"].startswith(installers)
    ]
    bill["metadata"] = {
        "component": {
            "bom-ref": "soc2-pac", "type": "application", "name": "soc2-pac", "version": version,
            "licenses": [{"license": {"id": "Apache-2.0"}}],
        }
    }  # fmt: skip
    return json.dumps(bill, indent=1, sort_keys=True) + "\n"


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
