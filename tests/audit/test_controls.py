"""Controls in the store: what was in force when, and what evidence there is for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from soc2_pac import config, plugins
from soc2_pac.acts import Actor
from soc2_pac.acts import attestations as handing
from soc2_pac.acts.attestations import Attestation, Revoked
from soc2_pac.acts.controls import Control, in_force
from soc2_pac.audit.controls import Change, State, changes, record, states, versions
from soc2_pac.audit.questions import WORKED, Known
from soc2_pac.errors import UsageError
from soc2_pac.model import CollectionStatus, Status
from soc2_pac.resources import Resource
from soc2_pac.store import Store, acts, open_store

from ..store.helpers import (  # noqa: TID252 - tests are no package
    T0,
    look,
    one_run,
    user,
)
from ..store.helpers import changes as merged  # noqa: TID252

if TYPE_CHECKING:
    from collections.abc import Iterator

ANN = Actor("ann", "ann")
DAY = timedelta(days=1)
REVIEW = Control(
    wording="Access is reviewed.",
    owner="Ann",
    frequency="quarterly",
    criteria=("CC6.2",),
    rules=("fake-user-*",),
    attestations=("access-review",),
)
PEOPLE = msgspec.structs.replace(REVIEW, rules=())
RULES = ("fake-user-mfa", "fake-user-age", "fake-user-team")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url) as opened:
        yield opened


def put(store: Store, now: datetime = T0, **declared: Control) -> list[Change]:
    with store.database.writing() as connection:
        return record(connection, declared, by=ANN, now=now)


def attest(store: Store, name: str = "att-1", **said: Any) -> None:
    body = Attestation(
        **{
            "control": "A",
            "topic": "access-review",
            "covers_from": "2026-01-01",
            "covers_to": "2026-03-31",
            "valid_until": "2026-12-31",
            "file_name": "review.pdf",
            **said,
        }
    )
    with store.database.writing() as connection:
        acts.record(connection, handing.ADDED, name, body, by=ANN, now=T0)


def state(store: Store, now: datetime = T0, off: dict[str, str] | None = None) -> State:
    with store.reading() as connection:
        (found,) = states(connection, RULES, off or {}, now, "A")
    return found


# -- what is in force ---------------------------------------------------------------------------------


def test_only_what_differs_is_recorded(store: Store) -> None:
    assert put(store, A=REVIEW, B=PEOPLE) == [Change("A", "added"), Change("B", "added")]
    assert put(store, A=REVIEW, B=PEOPLE) == []
    other = msgspec.structs.replace(REVIEW, owner="Bob", frequency="yearly")
    assert put(store, A=other) == [
        Change("A", "changed", ("owner", "frequency")),
        Change("B", "retired"),
    ]
    assert put(store, A=other) == []
    assert put(store, A=other, B=PEOPLE) == [Change("B", "added")]
    with store.reading() as connection:
        assert changes(connection, {}) == [Change("A", "retired"), Change("B", "retired")]
        assert len(acts.listed(connection)) == 5
    assert store.verify().problems == []


def test_each_version_has_its_time(store: Store) -> None:
    put(store, T0, A=REVIEW)
    put(store, T0 + DAY, A=PEOPLE)
    put(store, T0 + 2 * DAY)
    put(store, T0 + 4 * DAY, A=REVIEW)
    with store.reading() as connection:
        found = acts.listed(connection)
    held = [(v.since[:10], v.until and v.until[:10], v.control) for v in versions(found, "A")]
    assert held == [
        ("2026-01-01", "2026-01-02", REVIEW),
        ("2026-01-02", "2026-01-03", PEOPLE),
        ("2026-01-05", None, REVIEW),
    ]
    assert str(versions(found, "A")[0].act.by) == "ann (not proved; user ann)"
    at = {
        day: {name: control for name, (_, control) in in_force(found, f"2026-01-0{day}T12").items()}
        for day in range(1, 6)
    }
    assert at == {1: {"A": REVIEW}, 2: {"A": PEOPLE}, 3: {}, 4: {}, 5: {"A": REVIEW}}


# -- evidence -----------------------------------------------------------------------------------------


def test_a_control_without_any_evidence_lacks_it(store: Store) -> None:
    put(store, A=REVIEW)
    found = state(store)
    assert found.state == "missing"
    assert found.missing == (
        "none of its rules was judged yet",
        "access-review: nothing was handed in",
    )
    assert found.due is None


def test_a_control_that_names_nothing_lacks_evidence(store: Store) -> None:
    put(store, A=msgspec.structs.replace(PEOPLE, attestations=()))
    assert state(store).missing == ("it names no rule, no evidence of people and no population",)


def test_rules_that_are_not_judged_are_no_evidence(store: Store) -> None:
    put(store, A=msgspec.structs.replace(REVIEW, attestations=()))
    off = dict.fromkeys(RULES, "no fake source")
    assert state(store, off=off).missing == ("none of its 3 rules is judged: no fake source",)


def test_rules_speak_by_their_findings(store: Store) -> None:
    put(store, A=msgspec.structs.replace(REVIEW, attestations=()))
    users = {"a": user("ann"), "b": user("bob", GetMfa=False)}
    one_run(store, [look({"t1": {"name": "core"}}, kind="fake.team"), look(users)])
    found = state(store)
    counts = {one.rule: {str(k): n for k, n in one.counts.items()} for one in found.rules}
    assert counts["fake-user-mfa"] == {"pass": 1, "fail": 1}
    assert (found.state, found.failures, found.missing) == ("failing", 1, ())
    store.add_waiver(
        rule="fake-user-mfa",
        reason="known",
        owner="ann",
        approver="cto",
        by=ANN,
        expires_at=datetime.now(UTC) + DAY,
    )
    found = state(store)
    assert (found.state, found.failures) == ("current", 0)
    assert [one.waived for one in found.rules if one.rule == "fake-user-mfa"] == [1]
    assert [one.counts[Status.FAIL] for one in found.rules if one.rule == "fake-user-mfa"] == [1]


def test_what_is_inconclusive_is_missing(store: Store) -> None:
    put(store, A=msgspec.structs.replace(REVIEW, attestations=(), rules=("fake-user-mfa",)))
    one_run(store, [look({}, status=CollectionStatus.DENIED, reason="no")])
    assert state(store).missing == ("1 findings are inconclusive",)


def test_evidence_of_people_counts_until_its_time_is_over(store: Store) -> None:
    put(store, A=PEOPLE)
    attest(store)
    # Quarterly: 92 days and 30 of grace after the last day that it covers.
    over = datetime(2026, 8, 1, tzinfo=UTC)
    assert state(store, over - timedelta(seconds=1)).missing == ()
    assert state(store, over).missing == (
        "access-review: what was handed in held until 2026-07-31",
    )
    assert state(store).due == over
    attest(store, "att-2", covers_to="2026-03-31", valid_until="2026-02-28")
    assert state(store).due == over, "the one that counts longest"


def test_evidence_says_itself_how_long_it_counts(store: Store) -> None:
    put(store, A=msgspec.structs.replace(PEOPLE, frequency="as needed"))
    attest(store, valid_until="2026-04-30")
    assert state(store).due == datetime(2026, 5, 1, tzinfo=UTC)


def test_evidence_for_another_control_or_topic_is_none_for_this(store: Store) -> None:
    put(store, A=PEOPLE)
    attest(store, control="B")
    attest(store, "att-2", topic="restore-test")
    assert state(store).missing == ("access-review: nothing was handed in",)


def test_revoked_evidence_is_none(store: Store) -> None:
    put(store, A=PEOPLE)
    attest(store)
    with store.database.writing() as connection:
        acts.record(connection, handing.REVOKED, "att-1", Revoked(reason="wrong file"), by=ANN)
    assert state(store).missing == ("access-review: what was handed in is revoked",)


def test_populations_are_whole_or_missing(store: Store) -> None:
    put(store, A=msgspec.structs.replace(PEOPLE, attestations=(), populations=("fake.change",)))
    assert state(store).missing == ("fake.change: was not collected yet",)
    events = {"1": {"name": "a", "merged": "2026-01-01T00:00:00Z"}}
    one_run(store, [merged(events)])
    assert state(store).missing == ()
    assert [p.events for p in state(store).populations] == [1]
    broken = replace(merged({}), status=CollectionStatus.PARTIAL, reason="broke off")
    one_run(store, [broken], at=T0 + DAY)
    assert state(store).missing == ("fake.change: fake:acme is partial: broke off",)


class Account(Resource, frozen=True):
    kind = "fake.user"
    lists_accounts = True


class Person(Resource, frozen=True):
    kind = "fake.team"
    names_people = True


def test_what_the_history_shows_is_missing_where_what_it_is_derived_from_is(store: Store) -> None:
    named = ("accounts-removed", "leavers")
    put(store, A=msgspec.structs.replace(PEOPLE, attestations=(), populations=named))

    def missing() -> tuple[str, ...]:
        with store.reading() as connection:
            (found,) = states(connection, RULES, {}, T0, kinds=lambda: (Account, Person))
        return found.missing

    nothing = "nothing was collected that it is derived from"
    assert missing() == (f"accounts-removed: {nothing}", f"leavers: {nothing}")
    one_run(store, [look({"ann": user("ann")})])
    assert missing() == ("leavers: nothing was collected that names people: a roster",)
    one_run(store, [look({}, kind="fake.team")], at=T0 + DAY)
    assert missing() == ()
    broken = replace(look({}), status=CollectionStatus.DENIED, reason="no permission")
    one_run(store, [broken], at=T0 + 2 * DAY)
    why = "fake.user in fake:acme is denied: no permission"
    assert missing() == (f"accounts-removed: {why}", f"leavers: {why}")


def test_an_unknown_control_is_named(store: Store) -> None:
    with (
        store.reading() as connection,
        pytest.raises(UsageError, match=r"knows no controls yet\. Next: soc2-pac controls record"),
    ):
        states(connection, RULES, {}, T0, "A")
    with store.database.writing() as connection:
        record(connection, {"AC-03": REVIEW}, by=ANN)
    with (
        store.reading() as connection,
        pytest.raises(UsageError, match=r"no control 'AC-3'\. Did you mean 'AC-03'"),
    ):
        states(connection, RULES, {}, T0, "AC-3")


def test_the_saved_question_about_failures_by_control(store: Store) -> None:
    put(store, A=REVIEW, B=msgspec.structs.replace(REVIEW, owner="Bob", rules=("fake-user-age",)))
    one_run(store, [look({"a": user("ann", GetMfa=False)})])
    registry = plugins.load()
    settings = config.parse({}, None)
    with store.reading() as connection:
        known = Known(connection, settings, registry, {}, T0)
        rows = list(WORKED["failures-by-control"].answer(known))
    assert [
        (row["owner"], row["control"], row["failures"], row["failing_rules"]) for row in rows
    ] == [
        ("Ann", "A", 1, ["fake-user-mfa"]),
        ("Bob", "B", 0, []),
    ]
