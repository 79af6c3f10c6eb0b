"""What could not be seen: from when until when, why, and what hangs on it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac.audit.gaps import Gap, Reads, gaps
from soc2_pac.errors import UsageError
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.store import open_store
from soc2_pac.store import scopes as retiring
from soc2_pac.store.gaps import run_started

from ..store.helpers import (  # noqa: TID252 - tests are no package
    ANN,
    AWAY,
    HOME,
    RULES,
    T0,
    active,
    look,
    one_run,
    user,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from soc2_pac.store import Store

DAY = timedelta(days=1)
DENIED, FAILED = CollectionStatus.DENIED, CollectionStatus.FAILED
WEEK = timedelta(days=7)
READS = Reads(
    {rule.id: rule.kind for rule in RULES},
    {"fake.user": tuple(rule.id for rule in RULES), "fake.team": ("fake-user-team",)},
    {"fake.user": WEEK, "fake.team": WEEK},
    WEEK,
)
TEAMS = look({"t1": {"name": "core"}}, kind="fake.team")


def day(number: float) -> str:
    """Midnight of a day of January 2026."""
    moment = T0 + (number - 1) * DAY
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


def _run(store: Store, number: int, *looks: tuple[str, Scope, CollectionStatus, str]) -> None:
    at = T0 + (number - 1) * DAY
    documents: dict[str, dict[str, dict[str, object]]] = {
        "fake.user": {"a": user("ann", team="core")},
        "fake.team": {"t1": {"name": "core"}},
    }
    found = [
        look(
            documents[kind] if status is CollectionStatus.COMPLETE else {},
            kind=kind, scope=scope, status=status, reason=reason, at=at,
        )
        for kind, scope, status, reason in looks
    ]  # fmt: skip
    one_run(store, found, at=at, rules=active())


def _gaps(store: Store, now: datetime, since: datetime | None = None) -> list[Gap]:
    with store.reading() as connection:
        return gaps(connection, READS, now, since)


def _plain(found: list[Gap]) -> list[tuple[str, str, str, str | None, str | None]]:
    return [(gap.cause, gap.kind, gap.scope, gap.since, gap.until) for gap in found]


COMPLETE = CollectionStatus.COMPLETE
USERS, KINDS = ("fake.user", HOME), ("fake.team", HOME)


def test_nothing_is_missing(store: Store) -> None:
    _run(store, 1, (*KINDS, COMPLETE, ""), (*USERS, COMPLETE, ""))
    assert _gaps(store, T0 + DAY, T0 - DAY) == []


def test_what_was_never_tried(store: Store) -> None:
    _run(store, 1, (*USERS, COMPLETE, ""))
    (gap,) = _gaps(store, T0)
    assert (gap.cause, gap.kind, gap.scope, gap.since) == (
        "never collected",
        "fake.team",
        "fake:?",
        None,
    )
    assert gap.length(T0) is None
    # It joins teams, and could not say anything of Ann.
    assert (gap.rules, gap.findings) == (1, 1)


def test_a_denial_begins_with_the_first_attempt_and_says_what_hangs_on_it(store: Store) -> None:
    _run(store, 1, (*KINDS, COMPLETE, ""), (*USERS, COMPLETE, ""))
    _run(store, 2, (*KINDS, COMPLETE, ""), (*USERS, FAILED, "no answer"))
    _run(store, 3, (*KINDS, COMPLETE, ""), (*USERS, DENIED, "no right"))
    (gap,) = _gaps(store, T0 + 4 * DAY)
    assert _plain([gap]) == [("denied", "fake.user", "fake:acme", day(2), None)]
    assert (gap.reason, gap.last_complete, gap.attempts) == ("no right", day(1), 2)
    # Three rules judge Ann, and each says of the scope that it was not seen.
    assert (gap.rules, gap.findings) == (3, 6)
    assert gap.length(T0 + 4 * DAY) == 3 * DAY


def test_a_joined_kind_that_is_denied_counts_what_rests_on_it(store: Store) -> None:
    _run(store, 1, (*KINDS, COMPLETE, ""), (*USERS, COMPLETE, ""))
    _run(store, 2, (*KINDS, DENIED, "no"), (*USERS, COMPLETE, ""))
    (gap,) = _gaps(store, T0 + DAY)
    assert (gap.kind, gap.rules, gap.findings) == ("fake.team", 1, 1)


def test_a_gap_that_is_closed_by_now(store: Store) -> None:
    _run(store, 1, (*KINDS, COMPLETE, ""), (*USERS, COMPLETE, ""))
    _run(store, 2, (*KINDS, COMPLETE, ""), (*USERS, DENIED, "no"))
    _run(store, 5, (*KINDS, COMPLETE, ""), (*USERS, COMPLETE, ""))
    now = T0 + 5 * DAY
    assert _gaps(store, now) == []
    (gap,) = _gaps(store, now, T0)
    assert _plain([gap]) == [("denied", "fake.user", "fake:acme", day(2), day(5))]
    assert gap.length(now) == 3 * DAY
    # It ended before that.
    assert _gaps(store, now, T0 + 4 * DAY) == []


def test_no_run_for_too_long(store: Store) -> None:
    _run(store, 1, (*KINDS, COMPLETE, ""), (*USERS, COMPLETE, ""))
    assert _gaps(store, T0 + WEEK - DAY) == []
    found = _gaps(store, T0 + 10 * DAY)
    assert _plain(found) == [
        ("no run", "fake.team", "fake:acme", day(8), None),
        ("no run", "fake.user", "fake:acme", day(8), None),
    ]
    _run(store, 12, (*KINDS, COMPLETE, ""), (*USERS, COMPLETE, ""))
    assert _gaps(store, T0 + 11 * DAY) == []
    assert [gap.until for gap in _gaps(store, T0 + 11 * DAY, T0)] == [day(12), day(12)]


def test_what_the_provider_does_not_offer_is_no_gap(store: Store) -> None:
    skipped = CollectionStatus.SKIPPED
    _run(store, 1, (*KINDS, skipped, "not offered here: no teams"), (*USERS, COMPLETE, ""))
    assert _gaps(store, T0 + DAY, T0) == []
    _run(store, 2, (*KINDS, skipped, "region off"), (*USERS, COMPLETE, ""))
    assert [gap.reason for gap in _gaps(store, T0 + DAY)] == ["region off"]


def test_a_source_that_could_not_be_reached_is_forgotten_once_it_was(store: Store) -> None:
    nowhere = Scope("fake", "?home")
    _run(store, 1, ("fake.user", nowhere, FAILED, "no answer"), (*KINDS, COMPLETE, ""))
    (gap,) = _gaps(store, T0 + DAY)
    assert (gap.cause, gap.scope, gap.since, gap.findings) == ("failed", "fake:?home", None, 3)
    _run(store, 3, (*USERS, COMPLETE, ""), (*KINDS, COMPLETE, ""))
    assert _gaps(store, T0 + 3 * DAY) == []
    assert [one.until for one in _gaps(store, T0 + 3 * DAY, T0)] == [day(3)]


def test_what_is_retired_is_no_gap(store: Store) -> None:
    away = ("fake.user", AWAY)
    _run(store, 1, (*KINDS, COMPLETE, ""), (*USERS, COMPLETE, ""), (*away, COMPLETE, ""))
    _run(store, 2, (*KINDS, COMPLETE, ""), (*USERS, COMPLETE, ""), (*away, DENIED, "gone"))
    now = T0 + 2 * DAY
    assert [gap.scope for gap in _gaps(store, now)] == [str(AWAY)]
    with store.database.writing() as connection:
        retiring.retire(connection, str(AWAY), reason="sold", owner="Ann", by=ANN, now=now)
    assert _gaps(store, now + DAY) == []
    (gap,) = _gaps(store, now + DAY, T0)
    assert (gap.scope, gap.until) == (str(AWAY), day(3))


def test_facts_of_single_resources(store: Store) -> None:
    gap = {
        "status": "denied",
        "operation": "fake:GetMfa",
        "reason": "no right",
        "permission": "mfa:Read",
    }
    users: dict[str, dict[str, object]] = {
        "a": user("ann"),
        "b": {"name": "bob", "created": day(1), "$gaps": {"GetMfa": gap}},
    }
    found = look(users)
    one_run(store, [TEAMS, found], rules=active())
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE collection SET gaps = 1 WHERE kind = 'fake.user'")
    (one,) = _gaps(store, T0 + DAY)
    assert (one.cause, one.permission, one.resources) == ("details", "mfa:Read", frozenset({"b"}))
    assert one.reason == "fake:GetMfa denied for 1 of 2 resources: no right"
    assert (one.rules, one.findings) == (1, 1)


def test_a_run_names_an_instant(store: Store) -> None:
    _run(store, 1, (*USERS, COMPLETE, ""))
    with store.reading() as connection:
        assert run_started(connection, 1) == store.runs()[0].started_at
        with pytest.raises(UsageError, match="there is no run 7: the last is 1"):
            run_started(connection, 7)
