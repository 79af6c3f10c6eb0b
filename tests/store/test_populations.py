"""Populations: looks add events and end none, and the store can prove what it held at each of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac.canonical import canonical, digest
from soc2_pac.errors import IntegrityError
from soc2_pac.merkle import collection_root
from soc2_pac.model import CollectionStatus
from soc2_pac.store import Store, copy, open_store
from soc2_pac.store.database import Database

from .helpers import (
    AWAY,
    CHANGES,
    HOME,
    T0,
    active,
    change,
    changes,
    fake_change_approved,
    fake_change_reviewed,
    look,
    one_run,
    user,
    verdicts,
)
from .test_integrity import tamper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAY = timedelta(days=1)
APPROVED = active([fake_change_approved])
FAILED = CollectionStatus.FAILED
PARTIAL = CollectionStatus.PARTIAL


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def test_a_later_look_ends_no_event(store: Store) -> None:
    one_run(store, [changes({"1": change("a"), "2": change("b")})], rules=APPROVED)
    one_run(store, [changes({"3": change("c")}, at=T0 + DAY)], at=T0 + DAY, rules=APPROVED)
    one_run(store, [changes({}, at=T0 + 2 * DAY)], at=T0 + 2 * DAY, rules=APPROVED)
    assert {e.resource for e in store.evidence(kind="fake.change")} == {"1", "2", "3"}
    assert [c.count for c in store.collections()] == [2, 3, 3]
    assert store.verify().problems == []


def test_the_root_of_a_complete_look_is_over_the_whole_population(store: Store) -> None:
    first = {"1": change("a"), "2": change("b", approved=False)}
    one_run(store, [changes(first)], rules=APPROVED)
    late = {"2": change("b")}
    one_run(store, [changes(late, at=T0 + DAY)], at=T0 + DAY, rules=APPROVED)
    whole = {**first, **late}
    pairs = [(uid, digest(canonical(body))) for uid, body in whole.items()]
    assert store.collections()[-1].root == collection_root(pairs)
    rows = _rows(store, "SELECT read, added, total FROM v_populations ORDER BY collection")
    assert rows == [(2, 2, 2), (1, 0, 1)]
    assert verdicts(store)[("fake-change-approved", "fake:acme", "2")] == "pass"
    assert store.verify().problems == []


def test_a_look_is_still_held_against_the_root_of_who_collected(store: Store) -> None:
    wrong = changes({"1": change("a")})
    object.__setattr__(wrong, "root", "0" * 64)
    with store.run("run", config=None, tool_version="t") as run_id, pytest.raises(IntegrityError):
        store.record(run_id, wrong)
    assert store.evidence() == []


def test_a_look_that_breaks_off_keeps_the_cursor_unless_it_says_how_far_it_was(
    store: Store,
) -> None:
    one_run(store, [changes({"1": change("a")}, cursor='"one"')], rules=APPROVED)
    broken = changes({"2": change("b")}, at=T0 + DAY, status=PARTIAL, reason="x")
    one_run(store, [broken, changes({}, scope=AWAY)], at=T0 + DAY, rules=APPROVED)
    assert store.cursors() == {("acme", "fake.change", HOME, "1"): '"one"'}
    assert store.collections(latest=True)[0].count == 1
    assert store.verify().problems == []
    further = changes({"3": change("c")}, at=T0 + DAY, status=PARTIAL, cursor='"two"')
    one_run(store, [further], at=T0 + DAY, rules=APPROVED)
    assert store.cursors() == {("acme", "fake.change", HOME, "1"): '"two"'}
    one_run(store, [changes({}, at=T0 + 2 * DAY, cursor='"three"')], rules=APPROVED)
    assert store.cursors() == {("acme", "fake.change", HOME, "1"): '"three"'}
    one_run(store, [changes({}, at=T0 + 2 * DAY)], rules=APPROVED)
    assert store.cursors() == {}


def test_a_failed_look_leaves_verdicts_on_events_as_they_are(store: Store) -> None:
    events = {"1": change("a"), "2": change("b", approved=False)}
    one_run(store, [changes(events)], rules=APPROVED)
    before = verdicts(store)
    failed = changes({}, at=T0 + DAY, status=FAILED, reason="down")
    one_run(store, [failed], at=T0 + DAY, rules=APPROVED)
    after = verdicts(store)
    assert after.pop(("fake-change-approved", "fake:acme", None)) == "inconclusive"
    assert after == before
    (scope,) = [f for f in store.findings() if f.resource is None]
    assert scope.message == (
        "the population is not known to be complete: the last look was failed: down"
    )


def test_an_old_population_is_stale_and_its_events_are_not(store: Store) -> None:
    one_run(store, [changes({"1": change("a")})], rules=APPROVED)
    again = one_run(store, [], at=T0 + 9 * DAY, rules=APPROVED)
    assert verdicts(store) == {
        ("fake-change-approved", "fake:acme", None): "stale",
        ("fake-change-approved", "fake:acme", "1"): "pass",
    }
    assert again.judged == 1, "events are not judged again because a look is old"


def test_the_clock_goes_on_under_a_failed_look(store: Store) -> None:
    rules = active([fake_change_reviewed])
    one_run(store, [changes({"1": change("a", 1, approved=False)})], rules=rules)
    failed = changes({}, at=T0 + 6 * DAY, status=FAILED, reason="down")
    one_run(store, [failed], at=T0 + 6 * DAY, rules=rules)
    (finding,) = [f for f in store.findings() if f.resource == "1"]
    assert (finding.status.value, finding.since) == ("fail", "2026-01-06T00:00:00.000Z")


def test_a_join_demands_the_whole_population(store: Store) -> None:
    rules = active(CHANGES)
    people = look({"a": user("ann")})
    one_run(store, [people, changes({"1": change("ann")})], rules=rules)
    assert verdicts(store)[("fake-user-changes", "fake:acme", "a")] == "pass"
    broken = changes({}, at=T0 + DAY, status=PARTIAL, reason="x")
    one_run(store, [broken], at=T0 + DAY, rules=rules)
    assert verdicts(store)[("fake-user-changes", "fake:acme", "a")] == "inconclusive"


def test_an_empty_population_says_what_empty_means(store: Store) -> None:
    one_run(store, [changes({})], rules=APPROVED)
    assert verdicts(store) == {("fake-change-approved", "fake:acme", None): "not_applicable"}


def test_a_kind_that_becomes_a_population_keeps_what_it_had(store: Store) -> None:
    ordinary = look({"1": change("a"), "2": change("b")}, kind="fake.change")
    one_run(store, [ordinary], rules=APPROVED)
    one_run(store, [changes({"2": change("b")}, at=T0 + DAY)], at=T0 + DAY, rules=APPROVED)
    assert {e.resource for e in store.evidence(kind="fake.change")} == {"1", "2"}
    assert store.verify().problems == []


TAMPERINGS = {
    "an edited cursor": "UPDATE population SET cursor = 'x' WHERE collection_id = 1",
    "edited parameters": "UPDATE population SET parameters = '{}'",
    "another total": "UPDATE population SET total = 7 WHERE collection_id = 1",
    "a deleted population": "DELETE FROM population WHERE collection_id = 2",
    "a removed event": "DELETE FROM observation WHERE id = 1",
    "an edited event": "UPDATE observation SET digest = (SELECT digest FROM observation WHERE id = 2)",
    "a closed event": (
        "UPDATE observation SET valid_to = '2026-01-02T00:00:00.000Z', closed_by = 2 WHERE id = 1"
    ),
    "a smaller count": "UPDATE collection SET count = 1 WHERE id = 2",
    "another root": "UPDATE collection SET root = 'x' WHERE id = 2",
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_with_a_population_is_found(store: Store, name: str) -> None:
    one_run(store, [changes({"1": change("a"), "2": change("b")}, cursor='"one"')], rules=APPROVED)
    one_run(store, [changes({"3": change("c")}, at=T0 + DAY)], at=T0 + DAY, rules=APPROVED)
    assert store.verify().sound
    tamper(store, TAMPERINGS[name])
    assert not store.verify().sound


def test_an_added_population_row_is_found(store: Store) -> None:
    one_run(store, [look({"a": user("ann")})])
    tamper(store, "INSERT INTO population VALUES (1, 'at', NULL, '{}', 1, 1, 1, 'x')")
    assert not store.verify().sound


def test_a_copy_takes_populations_along(
    store: Store, empty_store_url: str, make_store_url: Callable[..., str]
) -> None:
    del make_store_url
    one_run(store, [changes({"1": change("a")}, cursor='"one"')], rules=APPROVED)
    target = Database(empty_store_url)
    assert copy(store.database, target)["population"] == 1
    target.close()
    with open_store(empty_store_url) as other:
        assert other.cursors() == store.cursors()
        one_run(other, [changes({"2": change("b")}, at=T0 + DAY)], at=T0 + DAY, rules=APPROVED)
        assert other.verify([store.checkpoint()]).problems == []


def _rows(store: Store, sql: str) -> list[tuple[object, ...]]:
    with store.reading() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]
