"""A store that an older version wrote keeps its history, and nothing is judged twice for a new format."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from soc2_pac.store import Store, checkpoint, open_store, schema
from soc2_pac.store.database import Database
from soc2_pac.store.verify import Part

from .helpers import CHANGES, RULES, T0, active, differing, look, one_run, user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.databases import Postgres

DATA = Path(__file__).parent / "data"
OLD = DATA / "schema_0002.sql"
ALL = active([*RULES, *CHANGES])


def old_store(url: str, revision: str = "0002") -> None:
    """A store of an old schema with what the version of then wrote."""
    from alembic import command

    database = Database(url)
    database.create_file()
    with database.writing() as writer:
        settings = schema._alembic_config()
        settings.attributes["connection"] = writer
        command.upgrade(settings, revision)
        rows = (DATA / f"schema_{revision}.sql").read_text(encoding="utf-8")
        # A text in a row may have several lines.
        for line in re.split(r"\n(?=INSERT INTO |-- )", rows):
            if line.startswith("INSERT"):
                # As the driver takes it: a percent sign is no placeholder.
                writer.connection.driver_connection.execute(line)  # type: ignore[union-attr]
    database.close()


def old_checkpoint(revision: str = "0002") -> checkpoint.Checkpoint:
    """Where the old store's ledger stood, taken by the old version."""
    text = (DATA / f"schema_{revision}.sql").read_text(encoding="utf-8")
    return checkpoint.load(text.splitlines()[-1].removeprefix("-- "))


@pytest.fixture
def upgraded(empty_store_url: str) -> Iterator[Store]:
    old_store(empty_store_url)
    database = Database(empty_store_url)
    assert schema.current(database) == "0002"
    assert schema.upgrade(database) == ("0002", schema.HEAD)
    database.close()
    with open_store(empty_store_url) as store:
        yield store


def test_entries_of_the_old_format_stay_verifiable(upgraded: Store) -> None:
    assert upgraded.verify([old_checkpoint()]).problems == []
    with upgraded.reading() as connection:
        assert differing(connection) == []
    assert {f.severity for f in upgraded.findings()}


def test_a_version_that_is_the_same_but_for_its_format_judges_nothing(upgraded: Store) -> None:
    # The old store was evaluated last on the third day; nothing came due since.
    before = [(f.fingerprint, f.status, f.since) for f in upgraded.findings()]
    again = one_run(upgraded, [], at=T0.replace(day=3), rules=ALL)
    assert (again.opened, again.closed) == (0, 0)
    assert [(f.fingerprint, f.status, f.since) for f in upgraded.findings()] == before
    with upgraded.reading() as connection:
        rows = connection.execute(
            text(
                "SELECT r.name, v.moved_from FROM rule_version v JOIN rule r ON r.id = v.rule_id "
                "WHERE v.moved_from IS NOT NULL ORDER BY r.name"
            )
        ).all()
    assert {name for name, _ in rows} == {item.rule.id for item in ALL}
    # Only findings about whole scopes are looked at each time.
    with upgraded.reading() as connection:
        scopes = connection.execute(
            text("SELECT count(*) FROM finding WHERE resource_id IS NULL AND closed_by IS NULL")
        ).scalar_one()
    assert again.judged == scopes
    assert upgraded.verify([old_checkpoint()]).problems == []


def test_old_and_new_entries_stand_in_one_chain(upgraded: Store) -> None:
    one_run(upgraded, [], at=T0.replace(day=4), rules=ALL, full=True)
    with upgraded.reading() as connection:
        forms = connection.execute(text("SELECT DISTINCT format FROM ledger ORDER BY format")).all()
    assert [form for (form,) in forms] == [1, 2, 3]
    assert upgraded.verify([old_checkpoint()]).problems == []


def test_findings_without_adjustments_stay_verifiable(empty_store_url: str) -> None:
    old_store(empty_store_url, "0004")
    database = Database(empty_store_url)
    assert schema.upgrade(database) == ("0004", schema.HEAD)
    database.close()
    with open_store(empty_store_url) as store:
        assert store.verify([old_checkpoint("0004")]).problems == []
        one_run(store, [], at=T0.replace(day=9), rules=ALL, full=True)
        assert store.verify([old_checkpoint("0004")]).problems == []
        with store.database.writing() as connection:
            connection.execute(
                text("INSERT INTO adjustment VALUES ('d', '{}', 1, NULL)"),
            )
            connection.execute(text("UPDATE finding SET adjustment = 'd' WHERE id = 1"))
        said = [problem.what for problem in store.verify().problems]
        assert "has an adjustment, and none was recorded then" in said


def test_an_upgraded_store_is_verified_since_a_checkpoint(upgraded: Store) -> None:
    kept = upgraded.checkpoint()
    found = {"a": user("ann"), "new": user("new")}
    one_run(
        upgraded, [look(found, at=T0 + timedelta(days=9))], at=T0 + timedelta(days=9), rules=ALL
    )
    assert upgraded.verify([old_checkpoint(), kept]).problems == []
    for turn in range(30):
        assert upgraded.verify((), Part(kept, turn)).problems == []
    with upgraded.database.writing() as connection:
        # An interval of the old format, long closed or still open.
        connection.execute(text("UPDATE observation SET name = 'eve' WHERE id = 1"))
    assert any(upgraded.verify((), Part(kept, turn)).problems for turn in range(30))


def test_the_old_rule_sources_are_in_the_old_format() -> None:
    line = next(
        line for line in OLD.read_text(encoding="utf-8").splitlines() if "INTO rule_source" in line
    )
    body = json.loads(line.partition("VALUES (")[2].split(", ", 1)[1][1:-3].replace("''", "'"))
    assert "format" not in body
    assert all(text.startswith('"""') for text in body.values())


@pytest.mark.postgres
def test_new_texts_are_packed_by_lz4_where_the_server_knows_it(
    postgres_databases: Postgres,
) -> None:
    with (
        open_store(postgres_databases.create(migrated=True)) as store,
        store.reading() as connection,
    ):
        asked = {
            "known": "SELECT COUNT(*) FROM pg_settings WHERE name = 'default_toast_compression' "
            "AND 'lz4' = ANY(enumvals)",
            "used": "SELECT COUNT(*) FROM pg_attribute WHERE attrelid = 'evidence'::regclass "
            "AND attname = 'body' AND attcompression = 'l'",
        }
        known, used = (connection.exec_driver_sql(sql).scalar() for sql in asked.values())
    assert known == used
