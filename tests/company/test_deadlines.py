"""What is open, by the day on which it is due: from findings of the store to a verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from soc2_collectors.company.client import FAILURES, CompanyConnection
from soc2_collectors.company.deadlines import deadlines
from soc2_collectors.company.settings import CompanySettings
from soc2_pac.collect.fetch import Limits, Meter
from soc2_pac.decisions import Boundary, Place
from soc2_pac.errors import CallRefused
from soc2_pac.model import CollectionStatus
from soc2_pac.store import Store, open_store, queries
from soc2_pac.testing import judge_document
from soc2_rules.company.deadlines import company_failures_fixed_in_time

from ..store.helpers import ANN, T0, active, look, one_run, user  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = timedelta(days=1)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        users = {"a": user("ann", GetMfa=False), "b": user("bob", GetMfa=False), "c": user("cyd")}
        one_run(opened, [look(users), look({"t": {"name": "core"}}, kind="fake.team")])
        later = {**users, "c": user("cyd", GetMfa=False)}
        one_run(opened, [look(later, at=T0 + 2 * DAY)], at=T0 + 2 * DAY)
        yield opened


def held(store: Store, leave_out: tuple[str, ...] = ()) -> list[tuple[str, str, int]]:
    with store.reading() as connection:
        found = queries.open_failures(connection, leave_out)
    return [(one.severity, one.day, one.count) for one in found]


def test_failures_stand_by_severity_and_day(store: Store) -> None:
    assert held(store) == [("high", "2026-01-31", 2), ("high", "2026-02-02", 1)]
    assert held(store, ("fake",)) == [], "the company's own findings are not among them"


def test_what_is_waived_or_outside_is_not_among_them(store: Store) -> None:
    until = datetime.now(UTC) + DAY
    store.add_waiver(
        rule="fake-user-mfa", reason="r", owner="o", approver="a", by=ANN, resource="c", expires_at=until
    )  # fmt: skip
    assert held(store) == [("high", "2026-01-31", 2)]
    place = Place(scope="fake:*", reason="r", owner="o", date=T0.date())
    rules = active()
    rules = [replace(one, boundary=Boundary(exclude=(place,))) for one in active()]
    one_run(store, [], at=T0 + 3 * DAY, rules=rules)
    assert held(store) == []


def test_a_failure_that_nobody_can_see_any_more_stays_open(store: Store) -> None:
    denied = look({}, at=T0 + 3 * DAY, status=CollectionStatus.DENIED, reason="no")
    one_run(store, [denied], at=T0 + 3 * DAY)
    one_run(store, [], at=T0 + 20 * DAY)
    assert "pass" not in {f.status.value for f in store.findings(rules=["fake-user-mfa"])}
    assert held(store) == [("high", "2026-01-31", 2), ("high", "2026-02-02", 1)]


def test_before_the_first_evaluation_nothing_passes() -> None:
    connection = CompanyConnection(CompanySettings().knowing(()))
    client = connection.client(connection.scope, Meter(Limits()), frozenset([FAILURES]))
    for document in deadlines.documents(client):
        verdict = judge_document(company_failures_fixed_in_time, dict(document.body), now=T0)
        assert verdict.status == "not_applicable"


def test_from_the_store_to_a_verdict(store: Store) -> None:
    with store.reading() as connection:
        known = CompanySettings().knowing((), queries.open_failures(connection, ()))
    connection_to = CompanyConnection(known)
    client = connection_to.client(connection_to.scope, Meter(Limits()), frozenset([FAILURES]))
    documents = {document.uid: dict(document.body) for document in deadlines.documents(client)}
    assert set(documents) == {"critical", "high", "medium", "low", "info"}
    said = {
        now: judge_document(company_failures_fixed_in_time, documents["high"], now=now).message
        for now in (T0 + 5 * DAY, T0 + 31 * DAY)
    }
    assert list(said.values()) == [
        "3 open failures of severity high, the first is due 2026-01-31",
        "2 of 3 open failures of severity high are past the due date, the first since 2026-01-31",
    ]
    none = judge_document(company_failures_fixed_in_time, documents["low"], now=T0)
    assert none.message == "no failure of severity low is open"


def test_the_call_is_declared() -> None:
    connection = CompanyConnection(CompanySettings().knowing(()))
    client = connection.client(connection.scope, Meter(Limits()), frozenset())
    with pytest.raises(CallRefused):
        client.failures(FAILURES)
