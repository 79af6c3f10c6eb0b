"""``verify`` finds what was done to the store behind its back: edits, deletions, insertions, cut tails."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from soc2_pac.errors import IntegrityError, StoreError, UsageError
from soc2_pac.model import CollectionStatus
from soc2_pac.store import Store, checkpoint, copy, open_store, tables
from soc2_pac.store.database import Database

from .helpers import ANN, T0, active, fake_user_mfa, look, one_run, user

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAY = timedelta(days=1)


def fill(store: Store) -> None:
    """Three days with changes, a partial look, a waiver and an ended resource."""
    one_run(store, [look({"a": user("ann"), "b": user("bob", GetMfa=False), "c": user("cyd")})])
    store.add_waiver(
        rule="fake-user-mfa", reason="robot", owner="ciso", approver="cto", by=ANN, resource="b"
    )
    partial = look({"a": user("ann", team="x")}, at=T0 + DAY, status=CollectionStatus.PARTIAL)
    one_run(store, [partial], at=T0 + DAY)
    one_run(store, [look({"a": user("ann"), "b": user("bob")}, at=T0 + 2 * DAY)], at=T0 + 2 * DAY)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        fill(opened)
        yield opened


def tamper(store: Store, sql: str) -> None:
    """Change the store as somebody with a database client would, foreign keys or not."""
    if store.database.path is not None:
        with closing(sqlite3.connect(store.database.path)) as file, file:
            changed = file.execute(sql).rowcount
    else:
        with store.database.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            changed = connection.execute(text(sql)).rowcount
    assert changed, "the tampering must change something, or the test proves nothing"


def test_a_sound_store_is_sound(store: Store) -> None:
    report = store.verify([store.checkpoint()])
    assert report.problems == []
    assert report.checked["observations"] >= 5
    assert report.checked["checkpoints"] == 1


TAMPERINGS = {
    "an edited document": "UPDATE evidence SET body = replace(body, 'bob', 'eve')",
    "a deleted document": "DELETE FROM evidence WHERE body LIKE '%bob%'",
    "an edited observation": "UPDATE observation SET name = 'eve' WHERE id = 1",
    "a moved interval": "UPDATE observation SET valid_from = '2025-01-01T00:00:00.000Z' WHERE id = 2",
    "a reopened interval": "UPDATE observation SET valid_to = NULL, closed_by = NULL WHERE id = 3",
    "a deleted observation": "DELETE FROM observation WHERE id = 3",
    "an edited finding": "UPDATE finding SET status = 'pass' WHERE status = 'fail'",
    "an edited message": "UPDATE finding SET message = 'fine' WHERE id = 1",
    "a postponed due date": (
        "UPDATE finding SET sla_due = '2030-01-01T00:00:00.000Z' WHERE sla_due IS NOT NULL"
    ),
    "a deleted finding": "DELETE FROM finding WHERE id = 2",
    "an edited collection": "UPDATE collection SET status = 'complete' WHERE status = 'partial'",
    "a deleted collection": "DELETE FROM collection WHERE id = 2",
    "a smaller count": "UPDATE collection SET count = 1 WHERE id = 1",
    "a renamed resource": "UPDATE resource SET uid = 'z' WHERE uid = 'b'",
    "a renamed scope": "UPDATE scope SET boundary = 'elsewhere' WHERE boundary = 'acme'",
    "an edited evaluation": "UPDATE evaluation SET as_of = '2026-05-05T00:00:00.000Z' WHERE id = 1",
    "a deleted evaluation": "DELETE FROM evaluation WHERE id = 3",
    "an edited waiver": "UPDATE waiver_event SET owner = 'nobody'",
    "a deleted waiver": "DELETE FROM waiver_event",
    "an edited run": "UPDATE run SET command = 'other' WHERE id = 1",
    "a run that ended otherwise": "UPDATE run SET status = 'failed' WHERE id = 1",
    "an edited rule source": "UPDATE rule_source SET body = replace(body, 'fake_user_mfa', 'x')",
    "an edited rule text": "UPDATE rule_part SET body = replace(body, 'MFA is off', 'fine')",
    "a deleted part of a rule": "DELETE FROM rule_part WHERE body LIKE '%MFA is off%'",
    "an edited basis": "UPDATE basis SET body = replace(body, 'fake', 'false')",
    "a deleted basis": "DELETE FROM basis",
    "a finding without its basis": "UPDATE finding SET basis = NULL WHERE basis IS NOT NULL",
    "another version in force": "UPDATE rule_in_force SET rule_version_id = 2 WHERE rule_id = 1",
    "no version in force": "DELETE FROM rule_in_force",
    "an entry of another format": "UPDATE ledger SET format = 1 WHERE kind = 'collection'",
    "a deleted rule text": "DELETE FROM rule_source",
    "an edited rule version": "UPDATE rule_version SET severity = 'info' WHERE id = 1",
    "a renamed rule": "UPDATE rule SET name = 'other' WHERE id = 1",
    "a dropped criterion": "DELETE FROM rule_criterion WHERE criterion = 'CC6.1'",
    "a forgotten sighting": "DELETE FROM sighting",
    "an edited ledger entry": "UPDATE ledger SET recorded_at = '2027-01-01T00:00:00.000Z' WHERE seq = 3",
    "a deleted ledger entry": "DELETE FROM ledger WHERE seq = 4",
    "a cut ledger tail": "DELETE FROM ledger WHERE seq > 5",
    "an empty ledger": "DELETE FROM ledger",
    "another store's id": "UPDATE meta SET value = 'x' WHERE key = 'store_id'",
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found(store: Store, name: str) -> None:
    tamper(store, TAMPERINGS[name])
    assert not store.verify().sound


def test_an_edit_with_a_second_ledger_entry_is_found(store: Store) -> None:
    # Whoever knows the code edits a row and appends an entry for it: the chain holds, the act is there twice.
    from soc2_pac.store import ledger

    tamper(store, "UPDATE collection SET status = 'complete' WHERE status = 'partial'")
    with store.database.writing() as connection:
        ledger.record(connection, "collection", 2, "2026-01-02T00:00:00.000Z")
    problems = store.verify().problems
    assert any("records collection 2 again" in problem.what for problem in problems)


def test_swapped_ledger_entries_are_found(store: Store) -> None:
    tamper(store, "UPDATE ledger SET seq = -3 WHERE seq = 3")
    tamper(store, "UPDATE ledger SET seq = 3 WHERE seq = 4")
    tamper(store, "UPDATE ledger SET seq = 4 WHERE seq = -3")
    assert not store.verify().sound


def test_an_added_finding_is_found(store: Store) -> None:
    columns = ", ".join(c.name for c in tables.finding.columns if c.name != "id")
    tamper(
        store,
        f"INSERT INTO finding (id, {columns}) SELECT id + 1000, {columns} FROM finding WHERE id = 1",
    )
    assert not store.verify().sound


def test_a_consistently_cut_tail_shows_only_against_a_checkpoint(store: Store) -> None:
    kept = store.checkpoint()
    with store.reading() as connection:
        last = connection.exec_driver_sql("SELECT max(seq) FROM ledger").scalar()
    # The last entry is the end of the last run: take both back, as if the run were still going on.
    tamper(store, f"DELETE FROM ledger WHERE seq = {last}")
    tamper(
        store,
        "UPDATE run SET status = NULL, finished_at = NULL WHERE id = (SELECT max(id) FROM run)",
    )
    assert store.verify().sound
    report = store.verify([kept])
    assert [p.what for p in report.problems] == [
        f"the ledger was cut: it had {kept.seq} entries, now {kept.seq - 1}"
    ]


def test_a_checkpoint_of_another_history_is_told(store: Store) -> None:
    kept = store.checkpoint()
    other = checkpoint.Checkpoint("another", kept.seq, kept.head, kept.count, kept.recorded_at)
    forked = checkpoint.Checkpoint(kept.store, kept.seq, "0" * 64, kept.count, kept.recorded_at)
    assert "another store" in store.verify([other]).problems[0].what
    assert "rewritten" in store.verify([forked]).problems[0].what


def _key() -> tuple[str, str]:
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return pem, b64encode(public).decode()


def test_signed_checkpoints() -> None:
    taken = checkpoint.Checkpoint("s", 3, "h", 3, "2026-01-01T00:00:00.000Z")
    pem, public = _key()
    text = checkpoint.dump(taken, pem)
    assert checkpoint.load(text, [public]) == taken
    with pytest.raises(IntegrityError, match="another key"):
        checkpoint.load(text, [_key()[1]])
    with pytest.raises(IntegrityError, match="not signed"):
        checkpoint.load(checkpoint.dump(taken), [public])
    edited = json.dumps({**json.loads(text), "seq": 2})
    with pytest.raises(IntegrityError, match="changed"):
        checkpoint.load(edited, [public])
    for wrong in ("{}", "[]", "no", '{"format": "soc2-pac checkpoint 1"}'):
        with pytest.raises(UsageError):
            checkpoint.load(wrong)
    with pytest.raises(UsageError, match="PEM"):
        checkpoint.dump(taken, "no key")


def test_copies_are_whole_and_sound(
    store: Store, empty_store_url: str, make_store_url: Callable[..., str]
) -> None:
    target = Database(empty_store_url)
    copied = copy(store.database, target)
    target.close()
    with open_store(empty_store_url) as other:
        assert other.verify([store.checkpoint()]).problems == []
        assert _rows(other) == _rows(store)
        assert copied["finding"] == len(_rows(store)["finding"])
        # The copy goes on where the original stood.
        one_run(other, [look({"a": user("ann")}, at=T0 + 3 * DAY)], at=T0 + 3 * DAY)
        assert other.verify().sound
    taken = Database(make_store_url())
    with pytest.raises(StoreError, match="not empty"):
        copy(store.database, taken)
    taken.close()


def test_a_copy_crosses_from_sqlite_to_postgresql(
    tmp_path_factory: pytest.TempPathFactory, empty_store_url: str
) -> None:
    path = tmp_path_factory.mktemp("origin") / "s.db"
    with open_store(f"sqlite:///{path}", create=True) as origin:
        fill(origin)
        target = Database(empty_store_url)
        copy(origin.database, target)
        target.close()
        with open_store(empty_store_url) as other:
            assert _rows(other) == _rows(origin)
            assert other.verify([origin.checkpoint()]).sound


def _rows(store: Store) -> dict[str, list[tuple[object, ...]]]:
    found = {}
    with store.reading() as connection:
        for table in tables.metadata.sorted_tables:
            rows = connection.execute(table.select())
            found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def test_both_databases_answer_alike(
    tmp_path_factory: pytest.TempPathFactory, store: Store
) -> None:
    path = tmp_path_factory.mktemp("other") / "s.db"
    with open_store(f"sqlite:///{path}", create=True) as other:
        fill(other)
        mine = [(f.fingerprint, f.status, f.message, bool(f.waiver)) for f in store.findings()]
        theirs = [(f.fingerprint, f.status, f.message, bool(f.waiver)) for f in other.findings()]
        assert mine == theirs


def test_waivers_mark_and_end(store: Store) -> None:
    rules = active([fake_user_mfa])
    failing = look({"b": user("bob", GetMfa=False)}, at=T0 + 3 * DAY)
    one_run(store, [failing], at=T0 + 3 * DAY, rules=rules)
    (finding,) = [f for f in store.findings() if f.resource == "b"]
    assert (finding.status.value, bool(finding.waiver)) == ("fail", True)
    store.revoke_waiver(str(finding.waiver), reason="mended", owner="ciso", by=ANN)
    (finding,) = [f for f in store.findings() if f.resource == "b"]
    assert (finding.status.value, finding.waiver) == ("fail", None)
    assert [w.revoked_because for w in store.waivers()] == ["mended"]
    with pytest.raises(UsageError, match="revoked"):
        store.revoke_waiver(store.waivers()[0].waiver, reason="x", owner="y", by=ANN)
    with pytest.raises(UsageError, match="no waiver"):
        store.revoke_waiver("w-0", reason="x", owner="y", by=ANN)
    with pytest.raises(UsageError, match="owner"):
        store.add_waiver(rule="r", reason="x", owner=" ", approver="cto", by=ANN)
    assert store.verify().sound
