"""Whatever somebody changes in the database without the signing key, ``verify`` finds it.

A sample of what ``benchmarks/mutations.py`` tries in full.
"""

from __future__ import annotations

import random
from itertools import islice
from typing import TYPE_CHECKING

import pytest

from soc2_pac.store import Store, ledger, open_store, tables
from soc2_pac.store.verify import Part
from soc2_pac.store.verify.part import in_blocks

from . import mutations
from .mutations import (
    TABLES,
    Histories,
    Mutation,
    by_whole,
    fill,
    go_on,
    reports,
    today,
    tried,
    within_a_month,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from soc2_pac.store.checkpoint import Checkpoint

EDITS = 1
"""Of each column; the benchmark tries all."""

Origin = tuple[Store, "Checkpoint"]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def origin(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Origin]:
    """A store with a history, and the checkpoint that is kept elsewhere."""
    databases = request.getfixturevalue(f"{request.param}_databases")
    url = (
        databases.create(tmp_path_factory.mktemp("origin"), migrated=True)
        if request.param == "sqlite"
        else databases.create(migrated=True)
    )
    # So few intervals to a block that changes roots of one and of several digests stand side by side.
    with pytest.MonkeyPatch.context() as patch, open_store(url) as store:
        patch.setattr(ledger, "BLOCK", 3)
        fill(store)
        kept = store.checkpoint()
        with store.reading() as connection:
            roots = [
                *connection.execute(tables.evaluation.select()).all(),
                *connection.execute(tables.collection.select()).all(),
            ]
        assert {in_blocks(row.changes_root) for row in roots} == {True, False}
        assert any(row.closed > ledger.BLOCK for row in roots)
        assert store.verify([kept]).problems == []
        yield store, kept
    if request.param == "postgres":
        databases.drop(url)


def _missed(
    store: Store,
    found: Iterator[Mutation],
    verifying: Callable[..., bool],
    count: int,
    *,
    must: bool = True,
) -> list[str]:
    """Those of the first ``count`` mutations that change something which were not found."""
    missed, done = [], 0
    for mutation in found:
        if done >= count:
            break
        caught = tried(store, mutation, verifying)
        done += caught is not None
        if caught is False:
            missed.append(mutation.name)
    # The database itself refuses some kinds of mutation on some tables, all rows twice, say.
    assert done or not must, "a mutation that changed nothing proves nothing"
    return missed


@pytest.mark.parametrize("table", TABLES)
def test_every_edit_of_every_column_is_found(origin: Origin, table: str) -> None:
    store, kept = origin
    with store.reading() as connection:
        found = list(mutations.edits(connection, table, random.Random(table)))
    columns = len({mutation.name.partition(":")[0] for mutation in found})
    assert _missed(store, iter(found), by_whole(kept), EDITS * columns) == []


@pytest.mark.parametrize("table", TABLES)
def test_every_deleted_added_and_swapped_row_is_found(origin: Origin, table: str) -> None:
    store, kept = origin
    for kind in (mutations.deletions, mutations.insertions):
        with store.reading() as connection:
            found = list(kind(connection, table))
        random.Random(table).shuffle(found)
        must = kind is mutations.deletions
        assert _missed(store, iter(found), by_whole(kept), 2, must=must) == []
    with store.reading() as connection:
        swaps = list(mutations.swaps(connection, table))
    random.Random(table).shuffle(swaps)
    assert _missed(store, iter(swaps), by_whole(kept), 2, must=False) == []


def test_what_is_covered_up_in_the_ledger_is_found(origin: Origin) -> None:
    store, kept = origin
    with store.reading() as connection:
        found = list(mutations.covered_up(connection, random.Random(1)))
    random.Random(2).shuffle(found)
    assert _missed(store, iter(found), by_whole(kept), 30) == []


def test_a_month_of_what_is_new_proves_everything(origin: Origin) -> None:
    """``--since``: what was changed before the checkpoint is found on one of thirty days."""
    store, kept = origin
    draw = random.Random(3)
    with store.reading() as connection:
        found = [
            mutation
            for table in TABLES
            for mutation in draw.sample(
                list(islice(mutations.every(connection, table, table), 400)), 1
            )
        ]
    assert _missed(store, iter(found), within_a_month(kept), len(found)) == []


def test_a_change_of_what_is_new_is_found_at_once(
    make_store_url: Callable[..., str],
) -> None:
    with open_store(make_store_url()) as store:
        fill(store)
        kept = store.checkpoint()
        with store.reading() as connection:
            old = {table: mutations.rows(connection, table) for table in TABLES}
        go_on(store)
        new = {"collection", "evaluation", "finding", "observation", "evidence", "run", "ledger"}
        draw = random.Random(4)
        with store.reading() as connection:
            for table in sorted(new):
                keys = [k.name for k in tables.metadata.tables[table].primary_key]
                known = [[row[k] for k in keys] for row in old[table]]
                added = [
                    r
                    for r in mutations.rows(connection, table)
                    if [r[k] for k in keys] not in known
                ]
                assert added, table
                row = draw.choice(added)
                column = draw.choice([c for c in row if c not in keys])
                for other in mutations.others(row[column], draw)[:2]:
                    edit = mutations._edit(table, column, row, other)
                    found = tried(store, Mutation("", edit), today(kept))
                    assert found is not False, f"{table}.{column}: {row[column]!r} -> {other!r}"


@pytest.mark.parametrize("block", [2, 10_000])
def test_an_untouched_store_is_never_refused(
    make_store_url: Callable[..., str], monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(ledger, "BLOCK", block)
    with open_store(make_store_url()) as store:
        fill(store)
        kept = store.checkpoint()
        for start in (3, 5):
            for report in reports(store, kept):
                assert report.problems == []
            go_on(store, start)
        whole, part = store.verify([kept]), store.verify((), Part(kept, 0))
        assert part.checked["ledger entries"] < whole.checked["ledger entries"]


@pytest.mark.parametrize("seed", [1, 2])
def test_no_drawn_history_is_refused(
    make_store_url: Callable[..., str], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(ledger, "BLOCK", 4)
    with open_store(make_store_url()) as store:
        history = Histories(store, seed)
        for _ in range(3):
            history.run()
        kept = store.checkpoint()
        for _ in range(3):
            history.run()
        for report in reports(store, kept):
            assert report.problems == []


def test_a_month_reads_every_row_once(origin: Origin) -> None:
    """What ``--since`` reads of what is old, over thirty days, is what there is."""
    store, kept = origin
    whole = store.verify([kept]).checked
    month = [store.verify((), Part(kept, turn)).checked for turn in range(30)]
    for name in ("observations", "findings", "resources"):
        assert sum(one[name] for one in month) == whole[name] > 0


SCHEMA = {
    "a view that hides failures": (
        "DROP VIEW v_findings",
        "CREATE VIEW v_findings AS SELECT * FROM v_finding_history WHERE status <> 'fail'",
    ),
    "a trigger": {
        "sqlite": (
            "CREATE TRIGGER t AFTER INSERT ON finding BEGIN UPDATE finding SET status = 'pass'; END",
        ),
        "postgresql": (
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER t BEFORE INSERT ON finding FOR EACH ROW EXECUTE FUNCTION f()",
        ),
    },
    "a rule": {
        "postgresql": ("CREATE RULE r AS ON INSERT TO finding DO INSTEAD NOTHING",),
    },
    "row security": {"postgresql": ("ALTER TABLE finding ENABLE ROW LEVEL SECURITY",)},
    "an index less": ("DROP INDEX observation_current",),
    "a table in place of a view": ("DROP VIEW v_runs", "CREATE TABLE v_runs (id INTEGER)"),
    "a view in place of a table": (
        "ALTER TABLE waiver_event RENAME TO waiver_event_",
        "CREATE VIEW waiver_event AS SELECT * FROM waiver_event_",
    ),
    "a table more": ("CREATE TABLE finding2 (id INTEGER)",),
    "a column more": ("ALTER TABLE finding ADD COLUMN hidden TEXT",),
    "a generated column": {
        "sqlite": ("ALTER TABLE finding ADD COLUMN g TEXT GENERATED ALWAYS AS ('x') VIRTUAL",),
        "postgresql": ("ALTER TABLE finding ADD COLUMN g TEXT GENERATED ALWAYS AS ('x') STORED",),
    },
    "a child in another schema": {
        "postgresql": (
            "CREATE SCHEMA other",
            "CREATE TABLE other.more () INHERITS (public.finding)",
        ),
    },
    "an operator that means the opposite": {
        "postgresql": (
            "CREATE OPERATOR public.= (LEFTARG = text, RIGHTARG = text, PROCEDURE = pg_catalog.textne)",
        ),
    },
    "the system's own schema last": {
        "postgresql": ("SET LOCAL search_path TO public, pg_catalog",),
    },
    "a schema that comes first": {
        "postgresql": (
            "CREATE SCHEMA other",
            "CREATE TABLE other.finding (LIKE public.finding)",
            "SET LOCAL search_path TO other, public",
        ),
    },
}


@pytest.mark.parametrize("name", SCHEMA)
def test_every_change_of_the_schema_is_found(origin: Origin, name: str) -> None:
    store, kept = origin
    steps = SCHEMA[name]
    if isinstance(steps, dict):
        dialect = store.database.engine.dialect.name
        if dialect not in steps:
            return
        steps = steps[dialect]

    def do(connection: Connection) -> int:
        for statement in steps:
            connection.exec_driver_sql(statement)
        return len(steps)

    assert tried(store, Mutation(name, do), by_whole(kept)) is True
    assert tried(store, Mutation(name, do), today(kept)) is True
