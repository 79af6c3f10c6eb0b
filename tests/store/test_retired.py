"""A scope that is no longer ours ends with a reason: its findings close, its history stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_pac.acts.scopes import Retired
from soc2_pac.errors import UsageError
from soc2_pac.evaluate.engine import judge_as_of
from soc2_pac.model import CollectionStatus
from soc2_pac.store import open_store, scopes

from .helpers import ANN, AWAY, DOORS, HOME, T0, active, fake_user_badge, look, one_run, user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.store import Store

DAY = timedelta(days=1)
LATER = T0 + DAY


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        found = {"a": user("ann"), "b": user("bob", GetMfa=False)}
        away = {"x": user("xeno", GetMfa=False)}
        teams = look({"t": {"name": "core"}}, kind="fake.team", scope=AWAY, source="sold")
        one_run(opened, [look(found), look(away, scope=AWAY, source="sold"), teams])
        yield opened


def retire(store: Store, named: str, at: datetime = LATER, reason: str = "sold") -> tuple[str, ...]:
    with store.database.writing() as connection:
        act = scopes.retire(connection, named, reason=reason, owner="ciso", by=ANN, now=at)
        return act.said(Retired).scopes


def seen(store: Store) -> set[str]:
    return {f.scope for f in store.findings()}


def test_findings_close_and_nothing_becomes_stale(store: Store) -> None:
    assert retire(store, "fake:other") == ("fake:other",)
    one_run(store, [], at=LATER + timedelta(seconds=1))
    assert seen(store) == {"fake:acme"}
    # Long after: the scope that is ours is stale by now, the other is not spoken of.
    one_run(store, [], at=T0 + 60 * DAY)
    assert seen(store) == {"fake:acme"}
    assert store.verify().problems == []
    assert [e.resource for e in store.evidence(scope="fake:other", kind="fake.user")] == ["x"]


def test_a_scope_that_was_retired_in_the_instant_of_an_evaluation_is_noticed(store: Store) -> None:
    one_run(store, [], at=LATER)
    retire(store, "fake:other", LATER)
    one_run(store, [], at=LATER + timedelta(seconds=1))
    assert seen(store) == {"fake:acme"}


def test_what_was_judged_before_stays_known(store: Store) -> None:
    retire(store, "sold")
    one_run(store, [], at=LATER + DAY)
    with store.reading() as connection:
        before = {j.scope for j in judge_as_of(connection, active(), T0 + timedelta(hours=1))}
        after = {j.scope for j in judge_as_of(connection, active(), LATER + DAY)}
    assert before == {HOME, AWAY}
    assert after == {HOME}


def test_rules_that_join_forget_what_was_there(store: Store) -> None:
    rules = active([fake_user_badge], providers=("badges",))
    badges = look({"1": {"holder": "ann"}}, kind="badges.badge", scope=DOORS, source="doors")
    one_run(store, [badges], rules=rules)
    assert {f.resource: f.status.value for f in store.findings()}["a"] == "pass"
    retire(store, "doors")
    one_run(store, [], at=LATER + DAY, rules=rules)
    assert {f.resource: f.status.value for f in store.findings()}["a"] == "inconclusive"


def test_a_later_collection_makes_it_ours_again(store: Store) -> None:
    retire(store, "fake:other")
    back = LATER + DAY
    one_run(store, [], at=back)
    assert seen(store) == {"fake:acme"}
    one_run(store, [look({"x": user("xeno")}, scope=AWAY, at=back)], at=back + DAY)
    assert seen(store) == {"fake:acme", "fake:other"}
    assert retire(store, "fake:other", back + 2 * DAY) == ("fake:other",)


def test_a_retired_scope_is_not_remembered(store: Store) -> None:
    assert AWAY in store.remembered_scopes()["sold", "fake.user"]
    retire(store, "fake:other")
    assert ("sold", "fake.user") not in store.remembered_scopes()


def test_an_account_and_all_in_it_are_named_together(store: Store) -> None:
    one_run(store, [look({}, scope=HOME), look({}, scope=type(HOME)("fake", "acme/eu"))])
    assert retire(store, "fake:acme/*") == ("fake:acme", "fake:acme/eu")


@pytest.mark.parametrize(
    ("named", "reason", "said"),
    [
        ("fake:othr", "sold", "has no source or scope 'fake:othr'. Did you mean 'fake:other'?"),
        ("fake:other", " ", "needs a reason"),
        ("fake:oth", "sold", "has no source or scope"),
        ("*", "sold", "has no source or scope"),
    ],
)
def test_bad_input_records_nothing(store: Store, named: str, reason: str, said: str) -> None:
    before = store.checkpoint().count
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        retire(store, named, reason=reason)
    assert store.checkpoint().count == before


def test_what_a_configured_source_still_reads_is_not_retired(store: Store) -> None:
    def named(source: str) -> None:
        with store.database.writing() as connection:
            scopes.retire(
                connection,
                "fake:other",
                reason="r",
                owner="o",
                by=ANN,
                configured=[source],
                now=LATER,
            )

    with pytest.raises(UsageError, match="read fake:other completely the last time"):
        named("sold")
    # What its source no longer reads has ended, though the source goes on: a closed account.
    closed = [
        look(
            {},
            scope=AWAY,
            source="sold",
            kind=kind,
            status=CollectionStatus.SKIPPED,
            reason="closed",
        )
        for kind in ("fake.user", "fake.team")
    ]
    one_run(store, closed)
    named("sold")


def test_a_kind_that_was_retired_everywhere_says_so(store: Store) -> None:
    retire(store, "acme")
    retire(store, "sold", LATER + timedelta(seconds=1))
    one_run(store, [], at=LATER + DAY)
    assert {f.message for f in store.findings(rules=["fake-user-mfa"])} == {
        "fake.user: every scope in which it was collected was retired"
    }


def test_it_is_retired_once(store: Store) -> None:
    retire(store, "fake:other")
    with pytest.raises(UsageError, match="is retired already"):
        retire(store, "sold", LATER + DAY)


def test_the_list_names_what_is_retired(store: Store) -> None:
    retire(store, "fake:other")
    with store.reading() as connection:
        rows = {row["scope"]: row for row in scopes.listed(connection)}
    assert rows["fake:acme"]["retired_at"] is None
    assert rows["fake:other"]["reason"] == "sold (ciso)"
    assert rows["fake:other"]["kinds"] == 2
