"""``auditors``: let in, listed, answered and shown out at the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac.acts import Actor
from soc2_pac.store import messages, open_store
from soc2_pac.web.access import Access

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .conftest import Ended

UNTIL = str((datetime.now(UTC) + timedelta(days=20)).date())
GIVEN = ("Eve", "--period", "2026-01-01..2026-06-30", "--criteria", "CC7.1,CC6", "--until", UNTIL)


def test_an_auditor_from_the_command_line(cli: Callable[..., Ended], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    assert cli("db", "upgrade", "--store", url).code == 0
    assert cli("auditors", "--store", url) == (0, "", "No auditors.\n")
    made = cli("auditors", "add", *GIVEN, "--by", "Ann", "--store", url)
    assert made.code == 0
    token = made.out.strip()
    who = token.split("_")[1]
    assert who.startswith("aud-")
    assert (
        f"{who} recorded: Eve reads CC6, CC7.1 of 2026-01-01..2026-06-30 until {UNTIL}" in made.err
    )
    assert token not in made.err
    with open_store(url) as store:
        session = Access(store).bearer(token)
        assert session is not None
        assert session.role == "auditor"
        assert session.bounds == (
            "2026-01-01T00:00:00.000Z",
            "2026-06-30T23:59:59.999Z",
            ("CC6", "CC7.1"),
        )
        with store.database.writing() as connection:
            messages.ask(connection, "request", who, "Why?", by=Actor("Eve", "", "token"))
            messages.opened(connection, who, "/findings", "status=fail")
    (row,) = json.loads(cli("auditors", "list", "--format", "json", "--store", url).out)
    assert (row["token"], row["state"], row["criteria"]) == (who, "active", ["CC6", "CC7.1"])
    (row,) = json.loads(cli("auditors", "requests", "--format", "json", "--store", url).out)
    assert (row["number"], row["state"], row["said"]) == (1, "open", "Why?")
    assert cli("auditors", "answer", "2", "x", "--store", url).code == 2
    assert cli("auditors", "answer", "1", " ", "--store", url).code == 2
    said = cli("auditors", "answer", "1", "Because.", "--by", "Ann", "--store", url)
    assert said == (0, "Answer to 1 recorded.\n", "")
    (row,) = json.loads(cli("auditors", "requests", "--format", "json", "--store", url).out)
    assert (row["state"], row["answer"]) == ("answered", "Because.")
    assert row["answered_by"].startswith("Ann (not proved")
    (row,) = json.loads(cli("auditors", "opened", "--format", "json", "--store", url).out)
    assert (row["auditor"], row["path"], row["query"]) == (who, "/findings", "status=fail")
    assert cli("auditors", "opened", "--auditor", "aud-0", "--store", url).out == ""
    assert cli("auditors", "revoke", who, "--reason", "done", "--store", url).code == 0
    with open_store(url) as store:
        assert Access(store).bearer(token) is None
    assert cli("verify", "--store", url).code == 0


@pytest.mark.parametrize(
    ("option", "value"),
    [("--period", "2026"), ("--period", "2026-06-30..2026-01-01"), ("--criteria", "CC66"), ("--criteria", ","),
     ("--until", "2020-01-01"), ("--until", "2099-01-01"), ("--until", "soon")],
)  # fmt: skip
def test_what_is_no_access(
    cli: Callable[..., Ended], tmp_path: Path, option: str, value: str
) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    assert cli("db", "upgrade", "--store", url).code == 0
    given = list(GIVEN)
    given[given.index(option) + 1] = value
    ended = cli("auditors", "add", *given, "--store", url)
    assert ended.code == 2
    assert option in ended.err
    assert cli("auditors", "--store", url).err == "No auditors.\n"
