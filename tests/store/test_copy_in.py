"""What goes into PostgreSQL by COPY is what goes into SQLite row by row, whatever the texts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc2_pac.store import open_store, tables
from soc2_pac.store.database import _MANY, close_intervals, insert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.store import Store
    from tests.databases import Postgres, Sqlite

# Neither database keeps NUL or lone surrogates, and nobody hands them over.
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30
) | st.sampled_from(["\\N", "\\.", "\t", "\n", "\\", "a\tb\\n", "NULL", ""])


@pytest.fixture(scope="module")
def stores(
    sqlite_databases: Sqlite,
    postgres_databases: Postgres,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Store]]:
    urls = [
        sqlite_databases.create(tmp_path_factory.mktemp("copy"), migrated=True),
        postgres_databases.create(migrated=True),
    ]
    opened = [open_store(url) for url in urls]
    yield opened
    for store in opened:
        store.close()


@pytest.mark.postgres
@given(st.lists(TEXTS, min_size=_MANY, max_size=_MANY + 20))
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
def test_texts_arrive_as_they_are_and_known_ones_stay(
    stores: list[Store], texts: list[str]
) -> None:
    found = []
    e = tables.evidence
    for store in stores:
        with store.database.engine.connect() as connection, connection.begin() as transaction:
            rows = [
                (f"{number % 40:02}-{text}"[:64], "fake.user", text)
                for number, text in enumerate(texts)
            ]
            insert(connection, e, rows[:10], new=False)
            insert(
                connection, e, [(key, kind, f"other {text}") for key, kind, text in rows], new=False
            )
            kept = connection.execute(sa.select(e.c.digest, e.c.body)).all()
            found.append(sorted((str(row[0]), str(row[1])) for row in kept))
            transaction.rollback()
    assert found[0] == found[1]
    assert found[0]


@pytest.mark.postgres
def test_intervals_that_ended_stay_as_they_ended(stores: list[Store]) -> None:
    found = []
    for store in stores:
        with store.database.engine.connect() as connection, connection.begin() as transaction:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            columns = len(tables.observation.columns)
            rows = [
                (n, n, "d", "name", None, "2026-01-01", None, 1, None, *[None] * (columns - 9))
                for n in range(1, 101)
            ]
            insert(connection, tables.observation, rows)
            close_intervals(
                connection, tables.observation, [("2026-01-02", 2, n) for n in range(1, 60)]
            )
            close_intervals(
                connection, tables.observation, [("2026-01-03", 3, n) for n in range(50, 80)]
            )
            o = tables.observation.c
            kept = connection.execute(sa.select(o.id, o.valid_to, o.closed_by).order_by(o.id)).all()
            found.append([tuple(row) for row in kept])
            transaction.rollback()
    assert found[0] == found[1]
    assert [row[1] for row in found[0]].count("2026-01-02") == 59
    assert [row[1] for row in found[0]].count("2026-01-03") == 20
