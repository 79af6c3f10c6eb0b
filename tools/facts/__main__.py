"""Write tests/facts: what the providers' own specifications say of the objects that views read.

``make facts`` runs this. The newest specification packages go into a throw-away environment, and the
extractors of this folder run in it. A field or value that is new there and that nobody decided on fails the
tests: that is how we learn that a provider changed.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from npm import FOLDER

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PROVIDERS = tuple(sorted(path.stem.removeprefix("of_") for path in HERE.glob("of_*.py")))


def main() -> None:
    """Install, extract, write."""
    parser = argparse.ArgumentParser(description="Write tests/facts from the specifications.")
    parser.add_argument("providers", nargs="*", help=f"of {', '.join(PROVIDERS)}; all by default")
    parser.add_argument("--here", action="store_true", help="use this environment; install nothing")
    given = parser.parse_args()
    chosen = given.providers or PROVIDERS
    if given.here:
        for provider in chosen:
            _extract(Path(sys.executable), provider)
        return
    with tempfile.TemporaryDirectory() as directory:
        venv.create(directory, with_pip=True)
        python = Path(directory) / "bin" / "python"
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "-qq", "install"]
        subprocess.run([*pip, f"{ROOT}[all]"], check=True)
        for provider in chosen:
            packages = _packages(provider)
            if packages:
                subprocess.run([*pip, *packages], check=True)
            _from_npm(Path(directory), _packages(provider, "NPM"))
            _extract(python, provider)


def _packages(provider: str, name: str = "NEEDS") -> list[str]:
    """What an extractor needs beside the project, a constant of it. It cannot be imported here."""
    tree = ast.parse((HERE / f"of_{provider}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return list(ast.literal_eval(node.value))
    return []


def _from_npm(directory: Path, packages: list[str]) -> None:
    """Install what comes through npm beside the environment."""
    os.environ[FOLDER] = str(directory)
    if packages:
        npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(directory)]
        subprocess.run([*npm, *packages], check=True)


def _extract(python: Path, provider: str) -> None:
    subprocess.run([str(python), str(HERE / f"of_{provider}.py")], check=True)


if __name__ == "__main__":
    main()
