"""How questions are read: what is accepted reads nothing but views, as a database that compiles it says."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from soc2_pac.errors import UsageError
from soc2_pac.store.sql_text import VIEWS, read

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECES = [
    "select", "select distinct", "select 1", "select *", "from", "from v_runs", "from config", "v_runs", "config",
    "(", ")", ",", "as", "x", "y", "where", "where 1 = 1", "join", "left join", "cross join", "on 1 = 1",
    "using (id)", "union", "union all", "except", "with x as (", "with recursive x(a) as (", ", y as (", "order by 1",
    "group by x", "having 1", "limit 1", "1", "'from config'", '"config"', '"v_runs"', "=", ".", "is", "not",
    "is distinct from", "is not distinct from", "distinct", "in", "exists (", "exists", "case when 1 then 2 end",
    "cast(1 as text)", "count(*)", "values (1)", "-- x\n", "/* config */", "main", "1.5", "null", "and", "between",
]  # fmt: skip


@pytest.fixture(scope="module")
def compiler() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE config (id INTEGER, x TEXT)")
    connection.execute("CREATE TABLE run (id INTEGER, x TEXT)")
    connection.execute("CREATE VIEW v_runs AS SELECT id, x FROM run")
    yield connection
    connection.close()


def _read_directly(compiler: sqlite3.Connection, text: str) -> set[str]:
    """Tables that a statement reads by no view; nothing for a statement that is none."""
    found: set[str] = set()

    def note(action: int, first: str | None, *rest: str | None) -> int:
        if action == sqlite3.SQLITE_READ and first is not None and rest[-1] not in VIEWS:
            found.add(first)
        return sqlite3.SQLITE_OK

    compiler.set_authorizer(note)
    try:
        compiler.execute(f"EXPLAIN {text}")
    except sqlite3.Error:
        return set()
    finally:
        compiler.set_authorizer(None)
    return found


@settings(max_examples=3000, deadline=None)
@example(pieces=["select *", "from", "v_runs", ",", "config"])
@example(pieces=["select", "x", ".", "is", "distinct", "from", "config", "x"])
@example(pieces=["with x as (", "select *", "from config", ")", "select *", "from", "x"])
@given(pieces=st.lists(st.sampled_from(PIECES), min_size=2, max_size=16))
def test_what_is_accepted_reads_views_alone(
    compiler: sqlite3.Connection, pieces: list[str]
) -> None:
    text = " ".join(pieces)
    try:
        read(text, sqlite=False)
    except UsageError:
        return
    assert "config" not in _read_directly(compiler, text)


def test_the_compiler_sees_what_is_read(compiler: sqlite3.Connection) -> None:
    assert _read_directly(compiler, "SELECT * FROM v_runs, config") >= {"config"}
    assert "run" not in _read_directly(compiler, "SELECT id FROM v_runs")


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=60), sqlite=st.booleans())
def test_any_text_is_read_or_refused(text: str, *, sqlite: bool) -> None:
    with contextlib.suppress(UsageError):
        assert read(f"SELECT {text}", sqlite=sqlite).tokens


def test_parameters_get_numbers_where_they_stand_in_no_text() -> None:
    question = read("SELECT ':a', :b -- :c\n, \":d\", x::text, :e, :b FROM v_runs;", sqlite=False)
    assert question.parameters == ("b", "e")
    assert question.numbered() == "SELECT ':a', $1 -- :c\n, \":d\", x::text, $2, $1 FROM v_runs"
