"""Specification packages that come through npm: where they are, once ``python tools/facts`` installed them."""

from __future__ import annotations

import json
import os
from pathlib import Path

FOLDER = "SOC2_PAC_FACTS_NPM"
"""The environment variable that names the folder with ``node_modules``."""


def folder(package: str) -> Path:
    """Where a package stands. Raises KeyError when nothing was installed."""
    return Path(os.environ[FOLDER]) / "node_modules" / package


def version_of(package: str) -> str:
    """Its version."""
    text = (folder(package) / "package.json").read_text(encoding="utf-8")
    version: str = json.loads(text)["version"]
    return version
