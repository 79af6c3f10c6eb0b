"""What evaluation says of a history: the laws, one by one, and then any history at all."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from soc2_pac.model import CollectionStatus, Severity, Verdict, passed
from soc2_pac.rules import rule
from soc2_pac.store import Store, open_store

from .helpers import (
    AWAY,
    CHANGES,
    DOORS,
    HOME,
    RULES,
    T0,
    User,
    active,
    change,
    changes,
    fake_user_age,
    fake_user_badge,
    fake_user_mfa,
    look,
    one_run,
    user,
    verdicts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = timedelta(days=1)
MFA = active([fake_user_mfa])
TEAMS = look({"t1": {"name": "core"}}, kind="fake.team")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def test_first_verdicts(store: Store) -> None:
    one_run(store, [TEAMS, look({"a": user("ann"), "b": user("bob", GetMfa=False, team="core")})])
    assert verdicts(store) == {
        ("fake-user-mfa", "fake:acme", "a"): "pass",
        ("fake-user-mfa", "fake:acme", "b"): "fail",
        ("fake-user-age", "fake:acme", "a"): "pass",
        ("fake-user-age", "fake:acme", "b"): "pass",
        ("fake-user-team", "fake:acme", "a"): "not_applicable",
        ("fake-user-team", "fake:acme", "b"): "pass",
    }


def test_unchanged_run_judges_and_writes_nothing(store: Store) -> None:
    users = look({"a": user("ann")})
    one_run(store, [users], rules=MFA)
    again = one_run(store, [users], at=T0 + DAY / 2, rules=MFA)
    assert (again.judged, again.opened, again.closed) == (0, 0, 0)


def test_an_empty_population_says_what_empty_means(store: Store) -> None:
    one_run(store, [look({})], rules=active([fake_user_mfa, fake_user_age]))
    assert verdicts(store) == {
        ("fake-user-mfa", "fake:acme", None): "fail",
        ("fake-user-age", "fake:acme", None): "not_applicable",
    }


def test_a_kind_that_was_never_collected_is_inconclusive(store: Store) -> None:
    one_run(store, [], rules=MFA)
    assert verdicts(store) == {("fake-user-mfa", "fake:?", None): "inconclusive"}
    one_run(store, [look({"a": user("ann")})], rules=MFA)
    assert verdicts(store) == {("fake-user-mfa", "fake:acme", "a"): "pass"}


@pytest.mark.parametrize(
    "status", [s for s in CollectionStatus if s is not CollectionStatus.COMPLETE]
)
def test_no_look_is_never_a_pass_and_closes_nothing(store: Store, status: CollectionStatus) -> None:
    one_run(store, [look({"a": user("ann"), "b": user("bob", GetMfa=False)})], rules=MFA)
    one_run(store, [look({}, at=T0 + DAY, status=status, reason="no")], at=T0 + DAY, rules=MFA)
    assert verdicts(store) == {
        ("fake-user-mfa", "fake:acme", None): "inconclusive",
        ("fake-user-mfa", "fake:acme", "a"): "inconclusive",
        ("fake-user-mfa", "fake:acme", "b"): "fail",
    }
    one_run(store, [look({"a": user("ann")}, at=T0 + 2 * DAY)], at=T0 + 2 * DAY, rules=MFA)
    assert verdicts(store) == {("fake-user-mfa", "fake:acme", "a"): "pass"}


def test_a_partial_look_counts_for_what_it_saw(store: Store) -> None:
    one_run(store, [look({"a": user("ann"), "b": user("bob")})], rules=MFA)
    partial = look(
        {"a": user("ann")}, at=T0 + DAY, status=CollectionStatus.PARTIAL, reason="page 2 broke"
    )
    one_run(store, [partial], at=T0 + DAY, rules=MFA)
    found = verdicts(store)
    assert found[("fake-user-mfa", "fake:acme", "a")] == "pass"
    assert found[("fake-user-mfa", "fake:acme", "b")] == "inconclusive"
    assert found[("fake-user-mfa", "fake:acme", None)] == "inconclusive"
    assert store.verify().problems == []


def test_old_evidence_is_stale_but_a_failure_stays(store: Store) -> None:
    one_run(store, [look({"a": user("ann"), "b": user("bob", GetMfa=False)})], rules=MFA)
    one_run(store, [], at=T0 + 7 * DAY, rules=MFA)
    assert verdicts(store) == {
        ("fake-user-mfa", "fake:acme", None): "stale",
        ("fake-user-mfa", "fake:acme", "a"): "stale",
        ("fake-user-mfa", "fake:acme", "b"): "fail",
    }


def test_a_gap_is_inconclusive_and_names_the_permission(store: Store) -> None:
    gap = {
        "status": "denied",
        "operation": "fake:GetMfa",
        "reason": "AccessDenied",
        "permission": "fake:GetMfa",
    }
    body = {"name": "ann", "$gaps": {"GetMfa": gap}}
    one_run(store, [look({"a": body, "b": {"name": "bob"}})], rules=MFA)
    messages = {f.resource: (f.status.value, f.message) for f in store.findings()}
    assert messages["a"][0] == "inconclusive"
    assert "fake:GetMfa" in messages["a"][1]
    assert messages["b"] == ("inconclusive", "GetMfa was not collected for this resource")


def test_the_clock_dates_the_breach_not_the_run(store: Store) -> None:
    rules = active([fake_user_age])
    one_run(store, [look({"a": user("ann")})], rules=rules)
    one_run(store, [], at=T0 + 45 * DAY, rules=active([fake_user_age], max_age_days=7))
    (finding,) = [f for f in store.findings() if f.resource == "a"]
    history = store.finding_history(finding.fingerprint)
    assert finding.failing_since == "2026-01-31T00:00:00.000Z"
    assert finding.sla_due == "2026-03-02T00:00:00.000Z"
    assert [
        (h.status.value, h.valid_from[:10], h.valid_to and h.valid_to[:10]) for h in history
    ] == [
        ("pass", "2026-01-01", "2026-01-31"),
        ("fail", "2026-01-31", None),
    ]


def test_a_changed_threshold_judges_everything_anew(store: Store) -> None:
    one_run(store, [look({"a": user("ann")})], rules=active([fake_user_age]))
    one_run(store, [], at=T0 + 3 * DAY, rules=active([fake_user_age], max_age_days=2))
    # The keyword of active() above is the age of evidence; this one is the rule's own.
    strict = [
        type(item)(item.rule, {"max_age_days": 1}, item.severity, item.max_age)
        for item in active([fake_user_age])
    ]
    one_run(store, [look({"a": user("ann")}, at=T0 + 3 * DAY)], at=T0 + 3 * DAY, rules=strict)
    (finding,) = [f for f in store.findings() if f.resource == "a"]
    assert (finding.status.value, finding.thresholds["max_age_days"]) == ("fail", 1)


def test_a_join_follows_what_it_reads(store: Store) -> None:
    users = look({"b": user("bob", team="core")})
    one_run(store, [TEAMS, users])
    assert verdicts(store)[("fake-user-team", "fake:acme", "b")] == "pass"
    one_run(store, [look({}, kind="fake.team", at=T0 + DAY)], at=T0 + DAY)
    assert verdicts(store)[("fake-user-team", "fake:acme", "b")] == "fail"
    denied = look(
        {}, kind="fake.team", at=T0 + 2 * DAY, status=CollectionStatus.DENIED, reason="no"
    )
    one_run(store, [denied], at=T0 + 2 * DAY)
    assert verdicts(store)[("fake-user-team", "fake:acme", "b")] == "inconclusive"


def test_a_join_over_a_kind_that_this_account_never_showed_is_inconclusive(store: Store) -> None:
    one_run(store, [TEAMS, look({"b": user("bob", team="core")}, scope=AWAY)])
    assert verdicts(store)[("fake-user-team", "fake:other", "b")] == "inconclusive"


def test_a_failure_keeps_its_clock_through_an_inconclusive_time(store: Store) -> None:
    failing = look({"b": user("bob", GetMfa=False)})
    one_run(store, [failing], rules=MFA)
    (first,) = store.findings()
    gapped = {"name": "bob", "created": "2026-01-01T00:00:00Z"}
    one_run(store, [look({"b": gapped}, at=T0 + DAY)], at=T0 + DAY, rules=MFA)
    (between,) = store.findings()
    assert (between.status.value, between.failing_since) == ("inconclusive", first.failing_since)
    one_run(
        store, [look({"b": user("bob", GetMfa=False)}, at=T0 + 2 * DAY)], at=T0 + 2 * DAY, rules=MFA
    )
    (again,) = store.findings()
    assert (again.failing_since, again.sla_due) == (first.failing_since, first.sla_due)


def test_a_rule_that_raises_is_an_error_and_stops_no_other(store: Store) -> None:
    @rule(criteria=["CC6.1"], severity=Severity.LOW)
    def fake_broken(person: User) -> Verdict:
        """Broken.

        Why: to see.
        Fix: mend it.
        """
        return passed(person.name[10_000])

    one_run(store, [look({"a": user("ann")})], rules=active([fake_broken, fake_user_mfa]))
    found = verdicts(store)
    assert found[("fake-broken", "fake:acme", "a")] == "error"
    assert found[("fake-user-mfa", "fake:acme", "a")] == "pass"


def test_only_what_is_gone_is_closed(store: Store) -> None:
    people = {name: user(name) for name in "abcdef"}
    one_run(store, [look(people)], rules=MFA)
    left = {name: user(name) for name in "acdf"}
    one_run(store, [look(left, at=T0 + DAY)], at=T0 + DAY, rules=MFA)
    assert {resource for _, _, resource in verdicts(store)} == set("acdf")
    assert store.verify().problems == []


def test_a_deactivated_rule_leaves_history_only(store: Store) -> None:
    one_run(store, [look({"a": user("ann")})], rules=active([fake_user_mfa, fake_user_age]))
    one_run(store, [], at=T0 + DAY, rules=MFA)
    assert {rule_id for rule_id, _, _ in verdicts(store)} == {"fake-user-mfa"}


def test_an_unreached_source_is_forgotten_once_it_is_reached(store: Store) -> None:
    unreached = look(
        {}, scope=type(HOME)("fake", "?acme"), status=CollectionStatus.FAILED, reason="down"
    )
    one_run(store, [unreached], rules=MFA)
    assert verdicts(store) == {("fake-user-mfa", "fake:?acme", None): "inconclusive"}
    one_run(store, [look({"a": user("ann")})], rules=MFA)
    assert verdicts(store) == {("fake-user-mfa", "fake:acme", "a"): "pass"}


# -- any history at all -------------------------------------------------------------------------------

_users = st.dictionaries(
    st.sampled_from("abcd"),
    st.fixed_dictionaries(
        {
            "mfa": st.sampled_from([True, False, None, "gap"]),
            "day": st.integers(0, 20),
            "team": st.sampled_from(["", "core", "ops"]),
        }
    ),
    max_size=4,
)
_statuses = st.sampled_from([*[CollectionStatus.COMPLETE] * 4, *CollectionStatus])
"""Mostly complete: what a failed look does shows only after one that was."""
_changes = st.dictionaries(
    st.sampled_from("abcd"),
    st.tuples(st.integers(1, 20), st.booleans()),
    max_size=3,
)
_step = st.fixed_dictionaries(
    {
        "days": st.integers(0, 12),
        "users": st.none() | st.tuples(_users, _statuses),
        "away": st.none() | st.tuples(_users, _statuses),
        "teams": st.none() | st.tuples(st.sets(st.sampled_from(["core", "ops"])), st.booleans()),
        "changes": st.none() | st.tuples(_changes, _statuses),
        "population": st.sampled_from([True, True, True, False]),
        "limit": st.sampled_from([10, 10, 10, 5]),
        "sourced": st.sampled_from([True, True, True, False]),
        "badges": st.none() | st.tuples(st.sets(st.sampled_from("abcd")), st.booleans()),
    }
)


def _document(name: str, values: dict[str, object]) -> dict[str, object]:
    body: dict[str, object] = {
        "name": name,
        "created": f"2026-01-{1 + int(str(values['day'])):02}T00:00:00Z",
    }
    if values["mfa"] != "gap":
        body["GetMfa"] = values["mfa"]
    if values["team"]:
        body["team"] = values["team"]
    return body


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(history=st.lists(_step, min_size=1, max_size=7))
def test_incremental_evaluation_equals_full(history: list[dict[str, Any]]) -> None:
    with (
        open_store("sqlite://", create=True) as quick,
        open_store("sqlite://", create=True) as thorough,
    ):
        now = T0
        for step in history:
            now += step["days"] * DAY
            looks = []
            for name, scope in (("users", HOME), ("away", AWAY)):
                if step[name] is not None:
                    people, status = step[name]
                    blind = status in (CollectionStatus.DENIED, CollectionStatus.FAILED)
                    documents = {
                        uid: _document(uid, values) for uid, values in people.items() if not blind
                    }
                    looks.append(
                        look(documents, at=now, scope=scope, status=status, reason="as it came")
                    )
            if step["teams"] is not None:
                teams, complete = step["teams"]
                status = CollectionStatus.COMPLETE if complete else CollectionStatus.PARTIAL
                documents = {team: {"name": team} for team in teams}
                looks.append(look(documents, at=now, kind="fake.team", status=status, reason="x"))
            if step["badges"] is not None and step["sourced"]:
                badges, complete = step["badges"]
                status = CollectionStatus.COMPLETE if complete else CollectionStatus.PARTIAL
                documents = {holder: {"holder": holder} for holder in badges}
                looks.append(
                    look(documents, at=now, kind="badges.badge", scope=DOORS, status=status)
                )
            if step["changes"] is not None:
                seen, status = step["changes"]
                documents = {uid: change(uid, day, approved=ok) for uid, (day, ok) in seen.items()}
                looked = changes(documents, at=now, status=status, reason="as it came")
                # A kind may become a population with another version of its collector, or stop being one.
                looks.append(looked if step["population"] else replace(looked, population=None))
            rules = active(
                (*RULES, *CHANGES, fake_user_badge),
                providers=["badges"] if step["sourced"] else [],
            )
            rules = [
                replace(item, thresholds={"max_age_days": step["limit"]})
                if item.rule is fake_user_age
                else item
                for item in rules
            ]
            one_run(quick, looks, at=now, rules=rules)
            one_run(thorough, looks, at=now, rules=rules, full=True)
            assert _findings(quick) == _findings(thorough)
        for opened in (quick, thorough):
            assert opened.verify().problems == []


def _findings(store: Store) -> list[tuple[object, ...]]:
    with store.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT fingerprint, status, message, digest, until, failing_since, sla_due, "
            "valid_from, valid_to FROM finding ORDER BY fingerprint, valid_from, valid_to, status, message"
        )
        return [tuple(row) for row in rows]


def test_a_sqlite_store_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "evidence.db"
    with open_store(f"sqlite:///{path}", create=True) as opened:
        one_run(opened, [look({"a": user("ann")})])
        modes = {p.name: p.stat().st_mode & 0o077 for p in tmp_path.iterdir()}
    assert "evidence.db" in modes
    assert not any(modes.values()), modes
    assert sqlite3.connect(path).execute("SELECT count(*) FROM observation").fetchone() == (1,)
