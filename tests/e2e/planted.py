"""The company with plants in all that it says, and every command run over it: what of them came out?"""

from __future__ import annotations

import io
import json
import logging
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from soc2_demo import runner
from soc2_pac import api
from soc2_pac.cli import main
from soc2_pac.collect import fetch

from . import company
from .planting import Planter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_REFUSED = {
    # provider -> a path that is refused, and the answer around the message
    "github": (r"/actions/permissions", '{"message": %s}'),
    "okta": (r"/api/v1/zones", '{"errorCode": "E0000006", "errorSummary": %s}'),
    "azure": (
        r"identitySecurityDefaults|directoryRoles|conditionalAccess",
        '{"error": {"code": "Forbidden", "message": %s}}',
    ),
    "gcp": (
        r"essentialcontacts|accessApproval|/contacts",
        '{"error": {"code": 403, "status": "PERMISSION_DENIED", "message": %s}}',
    ),
}
CHECKED = ("github-webhooks-secure", "okta-*")
"""Rules that are judged live."""


@dataclass(frozen=True)
class Told:
    """What was seen from outside."""

    directory: Path
    planter: Planter
    outputs: str
    logged: str
    while_open: dict[str, str]
    """What was in files while the store was open, with its write-ahead log: plant -> file."""

    def in_files(self) -> dict[str, str]:
        """Plant -> a file that holds it: stores, recordings, temporary files."""
        return among(self.directory, self.planter)

    def in_outputs(self) -> dict[str, str]:
        """Plant -> output."""
        return within(self.outputs.encode(), self.planter, "output")

    def in_logs(self) -> dict[str, str]:
        """Plant -> log."""
        return within(self.logged.encode(), self.planter, "log")


def carried_out(directory: Path, include: Sequence[str] = ()) -> Told:
    """Run every command over the company.

    Args:
        directory: empty; everything that is written is written there.
        include: globs of the rules in force; none are all.
    """
    temporary = directory / "tmp"
    temporary.mkdir()
    planter = Planter()
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level, factory = root.level, logging.getLogRecordFactory()
    with pytest.MonkeyPatch.context() as patch, runner._company() as (aws, urls):
        config, environment = company.written(directory, aws, urls)
        if include:
            with config.open("a", encoding="utf-8") as file:
                for pattern in include:
                    file.write(
                        f"\n[[rules.include]]\nrule = {json.dumps(pattern)}\nreason = 'a test'\n"
                        "owner = 'nobody'\ndate = 2026-01-01\n"
                    )
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setattr(tempfile, "tempdir", str(temporary))
        planter.install(patch)
        _refuse(planter)
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        fetch.forget_connections()
        out = io.StringIO()
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", out)
        try:
            work = api.workspace(str(config))
            where = ("--config", str(config))
            with work.open_store(create=True):
                _command("run", *where)
                # The write-ahead log is there as long as somebody has the store open.
                found = among(directory, planter)
            _command("doctor", *where, "--record", str(directory / "recording"))
            _command("findings", "list", *where, "--format", "json")
            _command("findings", "list", *where, "--format", "csv")
            _command("evidence", "list", *where, "--format", "json")
            _command("check", *CHECKED, *where)
            _command("people", "list", *where)
            _command("population", "list", *where)
            _command("verify", *where)
            _command("db", "copy", work.config.store_url, f"sqlite:///{directory / 'copy.db'}")
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
            logging.setLogRecordFactory(factory)
            fetch.forget_connections()
            patch.undo()
    return Told(directory, planter, out.getvalue(), log.getvalue(), found)


def _refuse(planter: Planter) -> None:
    for server in company.servers():
        name = type(server).__name__.removesuffix("Emulator").lower()
        path, around = _REFUSED[name]
        server.faults.add(path, status=403, body=around % json.dumps(planter.refusal(name)))


def _command(*arguments: str) -> None:
    with pytest.raises(SystemExit) as ending:
        main(list(arguments))
    assert ending.value.code in (0, 1, 3), arguments


def among(directory: Path, planter: Planter) -> dict[str, str]:
    """Plant -> the file that holds it."""
    found: dict[str, str] = {}
    for path in directory.rglob("*"):
        if path.is_file():
            found |= within(path.read_bytes(), planter, path.name)
    return found


def within(content: bytes, planter: Planter, name: str) -> dict[str, str]:
    text = content.decode("utf-8", "replace")
    spelt = text.replace("\\/", "/")
    return {
        f"{where} ({core[:12]}...)": name
        for core, where in planter.planted.items()
        if core in spelt
    }
