"""Random histories of the made-up kind, recorded into a store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from soc2_pac.decisions import Boundary, Place
from soc2_pac.evaluate.engine import evaluate
from soc2_pac.model import CollectionStatus
from soc2_pac.store.scopes import retire

from ..store.helpers import (  # noqa: TID252 - tests are no package
    ANN,
    AWAY,
    DUE,
    HOME,
    RULES,
    T0,
    active,
    change,
    changes,
    fake_change_approved,
    look,
    one_run,
    user,
)

if TYPE_CHECKING:
    from soc2_pac.evaluate.active import ActiveRule
    from soc2_pac.records import Look
    from soc2_pac.store import Store

HOUR = timedelta(hours=1)
parse = datetime.fromisoformat

_users = st.dictionaries(
    st.sampled_from("abc"),
    st.fixed_dictionaries(
        {"mfa": st.sampled_from([True, False, "gap"]), "day": st.integers(0, 20), "team": st.sampled_from(["", "core"])}
    ),
    max_size=3,
)  # fmt: skip
_statuses = st.sampled_from([*[CollectionStatus.COMPLETE] * 4, *CollectionStatus])
steps = st.lists(
    st.fixed_dictionaries(
        {
            "hours": st.integers(2, 250),
            "home": st.none() | st.tuples(_users, _statuses),
            "away": st.none() | st.tuples(_users, _statuses),
            "teams": st.none() | st.booleans(),
            "changes": st.none() | st.tuples(st.dictionaries(st.sampled_from("xy"), st.booleans()), _statuses),
            "rules": st.sampled_from([4, 4, 4, 1]),
            "limit": st.sampled_from([30, 30, 5]),
            "outside": st.sampled_from([False, False, False, True]),
            "retire": st.sampled_from([False] * 5 + [True]),
            "judge": st.sampled_from(["all", "all", "all", "some", "none"]),
        }
    ),
    min_size=1,
    max_size=7,
)  # fmt: skip
ahead = st.lists(st.sampled_from([0, 0, 0, 100, 400]), min_size=7, max_size=7)
"""By how many hours the clock is ahead at each step."""


def record(store: Store, history: list[dict[str, Any]], start: datetime = T0) -> datetime:
    """Record a history that begins at an instant; returns when it ended."""
    now = start
    for step in history:
        now += step["hours"] * HOUR
        _run(store, step, now + step.get("ahead", 0) * HOUR)
    return now


def _run(store: Store, step: dict[str, Any], now: datetime) -> None:
    looks = []
    for name, scope in (("home", HOME), ("away", AWAY)):
        if step[name] is not None:
            people, status = step[name]
            blind = status in (CollectionStatus.DENIED, CollectionStatus.FAILED)
            documents = {uid: _document(uid, said) for uid, said in people.items() if not blind}
            looks.append(look(documents, at=now, scope=scope, status=status, reason="as it came"))
    if step["teams"] is not None:
        teams = {"core": {"name": "core"}} if step["teams"] else {}
        looks.append(look(teams, at=now, kind="fake.team"))
    if step["changes"] is not None:
        merged, status = step["changes"]
        events = {uid: change(uid, 3, approved=approved) for uid, approved in merged.items()}
        looks.append(changes(events, at=now, status=status, reason="as it came"))
    rules = active((*RULES, fake_change_approved)[: step["rules"]], max_age_days=30)
    away = Place(scope=str(AWAY), reason="sold", owner="Ann", date=now.date())
    rules = [
        type(item)(
            item.rule,
            item.rule.settle({"max_age_days": step["limit"]})
            if item.thresholds
            else item.thresholds,
            item.severity,
            timedelta(days=7),
            item.sourced,
            (),
            Boundary(exclude=(away,)) if step["outside"] else Boundary(),
        )
        for item in rules
    ]
    judge = step.get("judge", "all")
    if judge == "all":
        one_run(store, looks, at=now, rules=rules)
    else:
        _collect(store, looks, now, rules[1:2] if judge == "some" else [])
    if step["retire"]:
        with store.database.writing() as connection:
            known = connection.exec_driver_sql(
                "SELECT COUNT(*) FROM collection c JOIN scope s ON s.id = c.scope_id WHERE s.boundary = 'other'"
            ).scalar()
            gone = connection.exec_driver_sql(
                "SELECT COUNT(*) FROM act WHERE recorded_at >= (SELECT MAX(c.finished_at) FROM collection c "
                "JOIN scope s ON s.id = c.scope_id WHERE s.boundary = 'other')"
            ).scalar()
            if known and not gone:
                retire(connection, str(AWAY), reason="sold", owner="Ann", by=ANN, now=now + HOUR)


def _collect(store: Store, looks: list[Look], now: datetime, rules: list[ActiveRule]) -> None:
    """Collect, and judge by some rules or by none."""
    with store.run("collect", config=None, tool_version="test") as run_id:
        for item in looks:
            store.record(run_id, item)
        if rules:
            with store.database.writing() as connection:
                evaluate(
                    connection,
                    rules,
                    run_id=run_id,
                    now=now,
                    due=DUE,
                    tool_version="test",
                    retire=False,
                )


def _document(name: str, said: dict[str, Any]) -> dict[str, object]:
    body = user(name, created=f"2026-01-{1 + said['day']:02}T00:00:00Z", GetMfa=said["mfa"])
    if said["mfa"] == "gap":
        del body["GetMfa"]
    if said["team"]:
        body["team"] = said["team"]
    return body
