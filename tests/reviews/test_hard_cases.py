"""Effective grants: what is easily missed is listed, all of it, and nothing else."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from soc2_pac.store import Store, open_store

from .company import collect, frozen, start
from .hard_cases import BREAK_GLASS, CASES, Case, Expected, whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.audit.review_files import Row

SYSTEMS = ("github", "aws", "okta", "azure", "gcp", "erp")


@pytest.fixture(scope="module")
def rows() -> Iterator[tuple[Row, ...]]:
    with open_store("sqlite://", create=True) as store:
        yield _rows(store)


def _rows(store: Store) -> tuple[Row, ...]:
    collect(store, whole().looks())
    return frozen(store, start(store, *SYSTEMS, break_glass=BREAK_GLASS))


def _key(row: Row) -> tuple[str, str, str, str]:
    return row.system, row.login or f"group {row.group}", row.what, row.on


def test_there_are_forty_and_more() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_case_is_listed(case: Case, rows: tuple[Row, ...]) -> None:
    for expected in case.rows:
        found = [row for row in rows if _key(row) == expected[:4]]
        assert len(found) == 1, f"{expected[:4]} stands there {len(found)} times"
        assert "; ".join(found[0].paths) == expected.by or _unread(expected)
        said = {name: getattr(found[0], name) for name in expected.values}
        assert said == expected.values


def _unread(expected: Expected) -> bool:
    """Of a group that nobody knows there is a path, which says its id."""
    return expected.values.get("unread") == "nobody read who is in it"


def test_nothing_is_missing_and_nothing_is_listed_that_no_case_speaks_of(
    rows: tuple[Row, ...],
) -> None:
    expected = Counter(row[:4] for case in CASES for row in case.rows)
    assert Counter(_key(row) for row in rows) == expected
    assert len({row.id for row in rows}) == len(rows), "no two grants share an id"


def test_every_row_rests_on_collections_and_has_a_reviewer_who_does_not_own_it(
    rows: tuple[Row, ...],
) -> None:
    assert all(row.collections for row in rows)
    assert all(row.reviewer and row.reviewer != row.owner for row in rows)


def test_both_databases_list_the_same(store_url: str, rows: tuple[Row, ...]) -> None:
    with open_store(store_url) as store:
        assert _rows(store) == rows
        assert store.verify().problems == []


def test_the_order_in_which_documents_were_collected_does_not_matter(rows: tuple[Row, ...]) -> None:
    with open_store("sqlite://", create=True) as store:
        collect(store, reversed(whole().looks()))
        found = frozen(store, start(store, *SYSTEMS, break_glass=BREAK_GLASS))
    assert [row.id for row in found] == [row.id for row in rows]
    assert [row.paths for row in found] == [row.paths for row in rows]
