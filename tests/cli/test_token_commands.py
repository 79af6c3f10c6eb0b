"""``tokens``: made, listed and taken back at the command line."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac.store import open_store
from soc2_pac.web.access import Access

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended


def test_a_token_from_the_command_line(cli: Callable[..., Ended], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    assert cli("db", "upgrade", "--store", url).code == 0
    assert cli("tokens", "--store", url) == (0, "", "No tokens.\n")
    until = (datetime.now(UTC) + timedelta(days=20)).date()
    given = ("--name", "Prometheus", "--role", "viewer", "--until", until, "--store", url)
    made = cli("tokens", "create", *given, "--by", "Ann")
    assert made.code == 0
    token = made.out.strip()
    token_id = token.split("_")[1]
    assert f"{token_id} recorded: Prometheus, viewer, until {until}" in made.err
    assert token not in made.err
    with open_store(url) as store:
        assert Access(store).bearer(token) is not None
    (row,) = json.loads(cli("tokens", "list", "--format", "json", "--store", url).out)
    assert (row["token"], row["state"], row["role"]) == (token_id, "active", "viewer")
    assert row["created_by"].startswith("Ann (not proved")
    assert cli("tokens", "revoke", token_id, "--reason", " ", "--store", url).code == 2
    near = cli("tokens", "revoke", f"{token_id}0", "--reason", "x", "--store", url)
    assert near.code == 2
    assert f"Did you mean '{token_id}'" in near.err
    assert cli("tokens", "revoke", token_id, "--reason", "moved", "--store", url).code == 0
    (row,) = json.loads(cli("tokens", "--format", "json", "--store", url).out)
    assert (row["state"], row["reason"]) == ("revoked", "moved")
    with open_store(url) as store:
        assert Access(store).bearer(token) is None
    rows = sqlite3.connect(tmp_path / "store.db").execute("SELECT body FROM act").fetchall()
    assert token.split("_", 2)[2] not in str(rows)


@pytest.mark.parametrize("role", ["admin", "auditor", ""])
def test_there_are_no_other_roles(cli: Callable[..., Ended], role: str) -> None:
    given = ("--name", "x", "--role", role, "--until", "2026-12-31")
    assert cli("tokens", "create", *given).code == 2
