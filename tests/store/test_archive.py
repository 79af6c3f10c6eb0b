"""Texts of documents leave the store and nothing else changes: what was said stays said, and proved."""

from __future__ import annotations

import json
import stat
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from soc2_pac.acts.bodies import Removed
from soc2_pac.errors import UsageError
from soc2_pac.evaluate.engine import judge_as_of
from soc2_pac.store import archive, open_store

from .helpers import ANN, T0, active, look, one_run, user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from soc2_pac.acts import Act
    from soc2_pac.store import Store

DAY = timedelta(days=1)
WHY: dict[str, Any] = {"reason": "kept two years", "owner": "dpo"}


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        one_run(opened, [look({"a": user("ann"), "b": user("bob"), "c": user("cyd")})])
        later = T0 + DAY
        changed = {"a": user("ann", team="core"), "b": user("bob")}
        one_run(opened, [look(changed, at=later)], at=later)
        yield opened


def put_away(store: Store, path: Path, days: float = 2) -> Act | None:
    with store.database.writing() as connection:
        return archive.archive(connection, T0 + days * DAY, path, **WHY, by=ANN)


def erased(store: Store, resource: str) -> Act:
    with store.database.writing() as connection:
        return archive.erase(connection, resource, **WHY, by=ANN)


def bodies(store: Store) -> dict[str, bool]:
    """(resource, since) -> whether its text is there."""
    return {
        f"{e.resource} {e.valid_from[:10]}": bool((store.body(e.digest) or ("", ""))[1])
        for e in store.evidence(history=True)
    }


def test_old_texts_leave_and_the_rest_stays(store: Store, tmp_path: Path) -> None:
    kept = store.checkpoint()
    findings = store.findings()
    act = put_away(store, tmp_path / "old.jsonl")
    assert act is not None
    assert act.said(Removed).count == 2
    assert bodies(store) == {
        "a 2026-01-01": False,
        "a 2026-01-02": True,
        "b 2026-01-01": True,
        "c 2026-01-01": False,
    }
    assert store.findings() == findings
    report = store.verify([kept])
    assert report.problems == []
    assert report.checked["evidence archived or erased (digests only)"] == 2


def test_the_archive_can_be_read_back(store: Store, tmp_path: Path) -> None:
    old = next(e for e in store.evidence(history=True) if e.resource == "c")
    before = store.body(old.digest)
    path = tmp_path / "old.jsonl"
    put_away(store, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert before is not None
    assert archive.read_back(path, old.digest) == before[1]
    with store.reading() as connection:
        gone = archive.gone(connection, old.digest)
    assert gone is not None
    assert gone.location == str(path)
    path.write_text(path.read_text().replace("cyd", "eve"))
    with pytest.raises(UsageError, match="was changed"):
        archive.read_back(path, old.digest)


def test_what_was_judged_then_is_no_longer_known(store: Store, tmp_path: Path) -> None:
    put_away(store, tmp_path / "old.jsonl")
    with store.reading() as connection:
        judged = list(judge_as_of(connection, active(), T0 + DAY / 2))
    found = {j.verdict.status.value for j in judged if j.uid == "c"}
    assert found == {"inconclusive"}
    assert "archived or erased" in next(j.verdict.message for j in judged if j.uid == "c")
    assert {j.verdict.status.value for j in judged if j.uid == "b"} >= {"pass"}


def test_a_text_that_is_seen_again_is_back(store: Store, tmp_path: Path) -> None:
    put_away(store, tmp_path / "old.jsonl")
    back = T0 + 3 * DAY
    one_run(store, [look({"a": user("ann"), "c": user("cyd")}, at=back)], at=back)
    assert bodies(store)["c 2026-01-04"]
    assert "inconclusive" not in {f.status.value for f in store.findings()}
    assert store.verify().problems == []


def test_archiving_twice(store: Store, tmp_path: Path) -> None:
    assert put_away(store, tmp_path / "1.jsonl") is not None
    assert put_away(store, tmp_path / "2.jsonl") is None
    assert not (tmp_path / "2.jsonl").exists()
    with pytest.raises(UsageError, match="is there already"):
        put_away(store, tmp_path / "1.jsonl")
    assert list(tmp_path.glob(".*")) == []


def test_erasing_what_is_gone(store: Store) -> None:
    kept = store.checkpoint()
    act = erased(store, "c")
    assert act.said(Removed).resource == "c"
    assert not bodies(store)["c 2026-01-01"]
    assert store.verify([kept]).problems == []
    with pytest.raises(UsageError, match="no text of c is left"):
        erased(store, "c")


@pytest.mark.parametrize(
    ("resource", "said"), [("a", "is still there"), ("zed", "has no resource")]
)
def test_what_cannot_be_erased(store: Store, resource: str, said: str) -> None:
    before = store.checkpoint().count
    with pytest.raises(UsageError, match=said):
        erased(store, resource)
    assert store.checkpoint().count == before


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM removal",
        "UPDATE evidence SET body = '' WHERE digest NOT IN (SELECT digest FROM removal)",
        """INSERT INTO removal SELECT digest, act_id FROM (SELECT digest FROM evidence WHERE body <> '') e
        CROSS JOIN (SELECT max(id) AS act_id FROM act) a""",
        "UPDATE evidence SET body = '{}' WHERE body = ''",
    ],
)
def test_nobody_can_remove_more(store: Store, tmp_path: Path, sql: str) -> None:
    put_away(store, tmp_path / "old.jsonl")
    with store.database.writing() as connection:
        assert connection.execute(text(sql)).rowcount
    assert store.verify().problems


def test_the_file_says_what_it_is(store: Store, tmp_path: Path) -> None:
    put_away(store, tmp_path / "old.jsonl")
    head, *lines = map(json.loads, (tmp_path / "old.jsonl").read_text().splitlines())
    assert head["format"] == archive.FORMAT
    assert head["store"] == store.checkpoint().store
    assert {line["kind"] for line in lines} == {"fake.user"}
