"""A preview says what the evaluation after it does, and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soc2_pac.decisions import Boundary, Place
from soc2_pac.evaluate.preview import Preview, preview
from soc2_pac.model import CollectionStatus, Severity
from soc2_pac.store import open_store
from soc2_pac.store import scopes as retiring

from .helpers import (
    ANN,
    AWAY,
    CHANGES,
    HOME,
    RULES,
    T0,
    active,
    change,
    changes,
    fake_user_age,
    fake_user_mfa,
    look,
    one_run,
    user,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.store import Store

DAY = timedelta(days=1)
ALL = (*RULES, *CHANGES)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


def _preview(
    store: Store, rules: Sequence[ActiveRule], at: datetime, *, whole: bool = True
) -> Preview:
    with store.reading() as connection:
        return preview(connection, rules, at, store.waivers(active=True), whole=whole)


def _state(store: Store) -> dict[tuple[str, str, str | None], tuple[str, str, bool]]:
    return {
        (f.rule, f.scope, f.resource): (f.status.value, f.severity.value, f.outside)
        for f in store.findings()
    }


def _would_be(
    before: dict[tuple[str, str, str | None], tuple[str, str, bool]], found: Preview
) -> dict[tuple[str, str, str | None], tuple[str, bool]]:
    """The state with the changes made; severities of what passes do not matter."""
    state = {key: (status, outside) for key, (status, _, outside) in before.items()}
    for one in found.changes:
        key = (one.rule, one.scope, one.resource)
        expected = state.get(key)
        said = None if one.before is None else (one.before.status.value, one.before.outside)
        assert said == expected, (key, one.change)
        if one.after is None:
            del state[key]
        else:
            state[key] = (one.after.status.value, one.after.outside)
    return state


def _held(
    store: Store, looks: Sequence[object], rules: Sequence[ActiveRule], at: datetime
) -> Preview:
    """Record, preview, evaluate, and hold the two against each other."""
    with store.run("collect", config=None, tool_version="test") as run_id:
        for item in looks:
            store.record(run_id, item)  # type: ignore[arg-type]
    before = _state(store)
    found = _preview(store, rules, at)
    one_run(store, [], at=at, rules=rules)
    after = {key: (status, outside) for key, (status, _, outside) in _state(store).items()}
    assert _would_be(before, found) == after
    again = _preview(store, rules, at)
    assert (again.changes, again.reworded) == ([], 0)
    return found


def test_evidence_thresholds_severities_and_rules_that_change(store: Store) -> None:
    users = {"a": user("ann"), "b": user("bob", team="none")}
    made = changes({"c": change("one", approved=False)})
    teams = look({"t1": {"name": "core"}}, kind="fake.team")
    first = _held(store, [look(users), teams, made], active(ALL), T0)
    assert {one.before for one in first.changes} == {None}
    assert dict(first.by_change())["none -> fail"] >= 2
    users = {"a": user("ann", GetMfa=False), "z": user("zoe")}
    at = T0 + DAY
    found = _held(store, [look(users, at=at)], active(ALL), at)
    assert {one.change for one in found.changes if one.rule == "fake-user-mfa"} == {
        "pass -> fail", "pass -> none", "none -> pass",
    }  # fmt: skip
    stricter = active(ALL, max_age_days=7)
    stricter = [
        replace(item, thresholds={**item.thresholds, "max_age_days": 1})
        if item.rule.id == "fake-user-age"
        else item
        for item in stricter
    ]
    found = _held(store, [], stricter, T0 + 2 * DAY)
    assert dict(found.by_change()) == {"pass -> fail": 2}
    assert found.by_rule() == [("fake-user-age", "pass -> fail", 2)]
    lower = [replace(item, severity=Severity.LOW) for item in stricter]
    found = _held(store, [], lower, T0 + 2 * DAY)
    assert "fail high -> fail low" in dict(found.by_change())
    fewer = [item for item in lower if item.rule.id != "fake-user-age"]
    found = _held(store, [], fewer, T0 + 2 * DAY)
    assert dict(found.by_change()) == {"fail -> none": 2}


def test_what_is_denied_stale_left_out_or_retired(store: Store) -> None:
    rules = active(ALL)
    teams = look({"t1": {"name": "core"}}, kind="fake.team")
    there = look({"z": user("zoe", GetMfa=False)}, scope=AWAY)
    _held(store, [look({"a": user("ann")}), teams, changes({}), there], rules, T0)
    at = T0 + DAY
    denied = look({}, at=at, status=CollectionStatus.DENIED, reason="no")
    found = _held(store, [denied], rules, at)
    assert dict(found.by_change())["pass -> inconclusive"] >= 1
    assert found.unknown
    place = Place(scope=str(AWAY), reason="sold", owner="Ann", date=T0.date())
    outside = [replace(item, boundary=Boundary((), (place,))) for item in rules]
    found = _held(store, [], outside, at)
    assert dict(found.by_change())["fail -> fail (outside)"] == 1
    # Nobody changed anything at home; that one counts.
    assert found.failing == [Severity.LOW]
    found = _held(store, [], rules, T0 + 30 * DAY)
    assert any("stale" in name for name, _ in found.by_change())
    sold = T0 + 30 * DAY + timedelta(hours=1)
    with store.database.writing() as connection:
        retiring.retire(connection, str(AWAY), reason="sold", owner="Ann", by=ANN, now=sold)
    found = _held(store, [], rules, T0 + 31 * DAY)
    assert {one.scope for one in found.changes} == {str(AWAY)}
    assert {one.after for one in found.changes} == {None}


def test_a_kind_that_was_never_collected(store: Store) -> None:
    found = _held(store, [look({"a": user("ann", team="core")})], active(ALL), T0)
    scopes = {one.scope for one in found.changes}
    assert {"fake:?", "fake:acme"} <= scopes


def test_narrowed_to_one_rule(store: Store) -> None:
    one_run(store, [look({"a": user("ann")})], rules=active(RULES))
    with store.run("collect", config=None, tool_version="test") as run_id:
        store.record(run_id, look({"a": user("ann", GetMfa=False)}, at=T0 + DAY))
    found = _preview(store, active([fake_user_mfa]), T0 + DAY, whole=False)
    assert [(one.rule, one.change) for one in found.changes] == [("fake-user-mfa", "pass -> fail")]


def test_waived_failures_do_not_count(store: Store) -> None:
    now = datetime.now(UTC)
    one_run(
        store,
        [look({"a": user("ann", GetMfa=False)}, at=now)],
        at=now,
        rules=active([fake_user_mfa]),
    )
    rules = active([fake_user_mfa])
    assert _preview(store, rules, now).failing == [Severity.HIGH]
    terms = {"reason": "r", "owner": "Ann", "approver": "Bob", "by": ANN}
    waiver = store.add_waiver(rule="fake-user-mfa", resource="a", **terms)  # type: ignore[arg-type]
    assert _preview(store, rules, now).failing == []
    store.revoke_waiver(waiver, reason="r", owner="Ann", by=ANN)
    store.add_waiver(rule="fake-user-mfa", pattern="an*", **terms)  # type: ignore[arg-type]
    assert _preview(store, rules, now).failing == []


def test_nothing_is_written(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with open_store(f"sqlite:///{path}", create=True) as store:
        one_run(store, [look({"a": user("ann")})], rules=active(RULES))
        with store.run("collect", config=None, tool_version="test") as run_id:
            store.record(run_id, look({"a": user("ann", GetMfa=False)}, at=T0 + DAY))
    before = path.read_bytes()
    path.chmod(0o400)
    with open_store(f"sqlite:///{path}") as store:
        assert _preview(store, active(ALL), T0 + DAY).changes
    assert path.read_bytes() == before


def test_no_row_is_added_and_no_lock_is_taken(store: Store) -> None:
    def rows() -> dict[str, int]:
        with store.reading() as connection:
            return {
                name: connection.execute(sa.text(f"SELECT COUNT(*) FROM {name}")).scalar() or 0
                for name in sa.inspect(connection).get_table_names()
            }

    one_run(store, [look({"a": user("ann")})], rules=active(RULES))
    before = rows()
    with store.run("evaluate", config=None, tool_version="test"), store.database.writing():
        # Another run works on the store, and is writing.
        assert _preview(store, active(ALL), T0 + DAY).changes
    after = rows()
    assert {name for name in after if after[name] != before[name]} == {"ledger", "run"}


EVENTS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcd"), st.booleans(), max_size=4),
        st.sampled_from([HOME, AWAY]),
        st.sampled_from(
            [CollectionStatus.COMPLETE, CollectionStatus.DENIED, CollectionStatus.PARTIAL]
        ),
        st.integers(0, 20),
        st.integers(1, 40),
    ),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(events=EVENTS)
def test_any_history(
    sqlite_databases: object, tmp_path: Path, events: list[tuple[object, ...]]
) -> None:
    """On SQLite alone: a new store each."""
    url = sqlite_databases.create(tmp_path, migrated=True)  # type: ignore[attr-defined]
    at = T0
    with open_store(url) as store:
        for mfa, scope, status, days, limit in events:
            at += timedelta(days=int(days))  # type: ignore[call-overload]
            whole = status is not CollectionStatus.DENIED
            users = {n: user(n, GetMfa=v) for n, v in mfa.items()} if whole else {}  # type: ignore[attr-defined]
            rules = [
                replace(item, thresholds={"max_age_days": limit})
                if item.rule.id == fake_user_age.id
                else item
                for item in active(RULES)
            ]
            seen = look(users, at=at, scope=scope, status=status, reason="r")  # type: ignore[arg-type]
            _held(store, [seen], rules, at)
