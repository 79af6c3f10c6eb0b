"""What differs between two instants: a state machine over statuses, held against a plain comparison."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.decisions import Boundary, Place
from soc2_pac.model import CollectionStatus, Severity
from soc2_pac.store import differences, open_store
from soc2_pac.store.differences import At, Difference

from .helpers import AWAY, HOME, T0, active, fake_user_age, fake_user_mfa, look, one_run, user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.store import Store


DAY = timedelta(days=1)
MFA = active([fake_user_mfa])


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


def _differences(store: Store, first: int, last: int, **options: Any) -> list[Difference]:
    with store.reading() as connection:
        one, other = (differences.after_run(connection, run) for run in (first, last))
        found = list(differences.differences(connection, one, other, **options))
        counted = differences.sums(connection, one, other)
    if options:
        assert sum(counted.values()) == len(found)
    return found


def _told(found: list[Difference]) -> dict[str | None, tuple[str, str | None, str | None]]:
    return {one.resource: (one.change, one.before, one.after) for one in found}


def _run(store: Store, day: int, **mfa: bool | None) -> None:
    at = T0 + day * DAY
    users = {name: user(name, GetMfa=value) for name, value in mfa.items() if value is not None}
    one_run(store, [look(users, at=at)], at=at, rules=MFA)


def test_each_way_of_differing(store: Store) -> None:
    _run(store, 0, same=True, worse=True, fixed=False, gone=False, left=True)
    _run(store, 1, same=True, worse=False, fixed=True, new=False, came=True)
    assert _told(_differences(store, 1, 2)) == {
        "new": ("new", None, "fail"),
        "worse": ("worse", "pass", "fail"),
        "fixed": ("fixed", "fail", "pass"),
        "gone": ("no longer seen", "fail", None),
    }
    assert _told(_differences(store, 1, 2, passing=True)) == _told(_differences(store, 1, 2)) | {
        "came": ("new", None, "pass"),
        "left": ("no longer seen", "pass", None),
    }
    (worse,) = [one for one in _differences(store, 1, 2) if one.change == "worse"]
    assert (worse.before_message, worse.after_message, worse.severity) == (
        "MFA is on",
        "MFA is off",
        "high",
    )
    assert worse.before_evidence != worse.after_evidence


def test_what_cannot_be_seen_is_not_fixed(store: Store) -> None:
    _run(store, 0, bad=False, good=True)
    at = T0 + DAY
    denied = look({}, at=at, status=CollectionStatus.DENIED, reason="no")
    one_run(store, [denied], at=at, rules=MFA)
    told = _told(_differences(store, 1, 2))
    # A failure that was proven stands while nobody can look.
    assert told == {"good": ("worse", "pass", "inconclusive"), None: ("new", None, "inconclusive")}
    _run(store, 2, bad=True, good=True)
    assert _told(_differences(store, 2, 3)) == {
        "bad": ("fixed", "fail", "pass"),
        "good": ("better", "inconclusive", "pass"),
        None: ("no longer seen", "inconclusive", None),
    }
    # From the first to the last nothing happened but the fix.
    assert _told(_differences(store, 1, 3)) == {"bad": ("fixed", "fail", "pass")}
    assert _differences(store, 3, 3) == []


def test_what_is_left_out_is_not_fixed(store: Store) -> None:
    _run(store, 0, bad=False)
    place = Place(scope=str(HOME), reason="sold", owner="Ann", date=T0.date())
    outside = [replace(item, boundary=Boundary((), (place,))) for item in MFA]
    one_run(
        store, [look({"bad": user("bad", GetMfa=False)}, at=T0 + DAY)], at=T0 + DAY, rules=outside
    )
    (one,) = _differences(store, 1, 2)
    assert (one.change, one.outside) == ("left out", True)
    _run(store, 2, bad=False)
    assert [one.change for one in _differences(store, 2, 3)] == ["worse"]


def test_another_severity(store: Store) -> None:
    _run(store, 0, bad=False)
    lower = [replace(item, severity=Severity.LOW) for item in MFA]
    at = T0 + DAY
    documents = look({"bad": user("bad", GetMfa=False, team="x")}, at=at)
    one_run(store, [documents], at=at, rules=lower)
    assert [(one.change, one.severity) for one in _differences(store, 1, 2)] == [("better", "low")]


def test_states_at_instants(store: Store) -> None:
    _run(store, 0, a=True)
    _run(store, 2, a=False)
    with store.reading() as connection:
        assert differences.at_instant(connection, "2025-12-31") == At(0, None)
        assert differences.at_instant(connection, "2026-01-02").evaluation == 1
        assert differences.at_instant(connection, "2026-01-03T00:00:00.000Z").evaluation == 2
        everything = list(differences.differences(connection, At(0, None), At(2, None)))
    assert [(one.change, one.after) for one in everything] == [("new", "fail")]


def test_what_later_evaluations_say_changes_nothing_of_it(store: Store) -> None:
    _run(store, 0, a=True, b=False)
    _run(store, 1, a=False, b=True)
    before = _differences(store, 1, 2)
    _run(store, 2, a=True, b=False)
    _run(store, 3, c=False)
    assert _differences(store, 1, 2) == before


def test_it_equals_comparing_two_lists(store: Store) -> None:
    """Over a history with gaps, clocks and resources that come and go."""
    rules = active([fake_user_mfa, fake_user_age])
    states: list[dict[str, str]] = []
    for day in range(8):
        at = T0 + day * 7 * DAY
        users = {
            f"u{n}": user(f"u{n}", GetMfa=(n * 7 + day * 3) % 5 > 1)
            for n in range(12)
            if (n + day) % 4
        }
        status = CollectionStatus.FAILED if day == 3 else CollectionStatus.COMPLETE
        looks = [
            look(users, at=at),
            look({} if day == 3 else users, at=at, scope=AWAY, status=status),
        ]
        one_run(store, looks, at=at, rules=rules)
        states.append({f.fingerprint: f.status.value for f in store.findings()})
    known = ("pass", "not_applicable")
    for first in range(8):
        for last in range(first, 8):
            old, new = states[first], states[last]
            expected = {
                print_: (old.get(print_), new.get(print_))
                for print_ in {*old, *new}
                if old.get(print_) != new.get(print_)
                and not (old.get(print_, "pass") in known and new.get(print_, "pass") in known)
                and not (
                    print_ in old and print_ in new
                    and old[print_] not in (*known, "fail") and new[print_] not in (*known, "fail")
                )
            }  # fmt: skip
            found = _differences(store, first + 1, last + 1)
            assert {one.fingerprint: (one.before, one.after) for one in found} == expected
            order = [differences.CHANGES.index(one.change) for one in found]
            assert order == sorted(order)
