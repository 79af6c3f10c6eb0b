"""Secrets that are planted in the answers of every provider are found nowhere, and recordings tell nobody's names."""

from __future__ import annotations

import io
import json
import logging
import tempfile
from typing import TYPE_CHECKING

import pytest

from soc2_demo import runner
from soc2_pac import api
from soc2_pac.cli import main
from soc2_pac.collect import fetch
from soc2_pac.collect.logs import WITHHELD

from . import company
from .planting import Planter

if TYPE_CHECKING:
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


pytestmark = pytest.mark.timeout(600)


class Told:
    """What was seen from outside."""

    def __init__(
        self, directory: Path, planter: Planter, outputs: str, logged: str, in_store: dict[str, str]
    ) -> None:
        self.in_store = in_store
        self.directory = directory
        self.planter = planter
        self.outputs = outputs
        self.logged = logged


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The company with plants in all that it says, and every command run over it."""
    directory = tmp_path_factory.mktemp("planted")
    temporary = directory / "tmp"
    temporary.mkdir()
    planter = Planter()
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    level, factory = root.level, logging.getLogRecordFactory()
    with pytest.MonkeyPatch.context() as patch, runner._company() as (aws, urls):
        config, environment = company.written(directory, aws, urls)
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
                found = _among(directory, planter)
            _command("doctor", *where, "--record", str(directory / "recording"))
            _command("findings", "list", *where, "--format", "json")
            _command("findings", "list", *where, "--format", "csv")
            _command("evidence", "list", *where, "--format", "json")
            _command("check", "github-webhooks-secure", "okta-*", *where)
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


def _among(directory: Path, planter: Planter) -> dict[str, str]:
    """Plant -> the file that holds it."""
    found: dict[str, str] = {}
    for path in directory.rglob("*"):
        if path.is_file():
            found |= _in(path.read_bytes(), planter, path.name)
    return found


def _in(content: bytes, planter: Planter, name: str) -> dict[str, str]:
    text = content.decode("utf-8", "replace")
    spelt = text.replace("\\/", "/")
    return {
        f"{where} ({core[:12]}...)": name
        for core, where in planter.planted.items()
        if core in spelt
    }


def test_no_planted_secret_is_in_any_file(told: Told) -> None:
    assert told.in_store == {}, "while the store was open, with its write-ahead log"
    assert _among(told.directory, told.planter) == {}


def test_no_planted_secret_is_told(told: Told) -> None:
    assert _in(told.outputs.encode(), told.planter, "output") == {}


def test_no_planted_secret_is_logged(told: Told) -> None:
    assert WITHHELD in told.logged, "libraries did log"
    assert _in(told.logged.encode(), told.planter, "log") == {}


def test_enough_was_planted_and_came_in(told: Told) -> None:
    assert len(told.planter.planted) >= 150
    places = {where.rpartition(":")[0] or where for where in told.planter.planted.values()}
    assert len(places) >= 50
    kept = b"".join(p.read_bytes() for p in told.directory.glob("*.db"))
    assert kept.count(b"[redacted") >= 150, "what was found stays visible"
    assert "[redacted" in told.outputs
    names = {p.name for p in told.directory.iterdir()}
    assert {"copy.db", "recording", runner.DATABASE} <= names
