"""Populations out of the store's history: each event once, between the right collections, or said not to be known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soc2_pac.audit import derived, history
from soc2_pac.audit import period as engine
from soc2_pac.audit.measured import Options
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.audit.reviews import Known
from soc2_pac.identity import Account, Deed, Doer, Person
from soc2_pac.model import CollectionStatus, Scope, utc_text
from soc2_pac.resources import Resource
from soc2_pac.store import Store, open_store

from ..store.helpers import changes, look  # noqa: TID252 - tests are no package

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from soc2_pac.audit.populations import Population
    from soc2_pac.identity import Identity
    from soc2_pac.records import Look

T0 = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
HR = Scope("hr", "acme")
COMPLETE, PARTIAL, DENIED = (
    CollectionStatus.COMPLETE,
    CollectionStatus.PARTIAL,
    CollectionStatus.DENIED,
)


class Login(Resource, frozen=True):
    """An account."""

    kind = "fake.login"
    lists_accounts = True
    uid: str
    admin: bool | None = False
    active: bool | None = True
    mail: str = ""
    created: datetime | None = None
    closed: datetime | None = None
    lasting: str = ""

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The account."""
        yield Account(
            f"fake:{scope.account}",
            self.uid,
            self.uid,
            "",
            (self.mail,) if self.mail else (),
            self.active,
            self.admin,
            None,
            created=self.created,
            closed_at=self.closed,
            lasting=self.lasting,
        )


class Worker(Resource, frozen=True):
    """Somebody who works here."""

    kind = "hr.worker"
    id: str
    mail: str = ""
    active: bool = True
    department: str | None = None
    manager: str | None = None
    joined: datetime | None = None
    left: datetime | None = None

    def identities(self, scope: Scope) -> Iterable[Identity]:
        """The person."""
        yield Person(
            self.id,
            self.id.title(),
            (self.mail,) if self.mail else (),
            self.active,
            self.left,
            f"hr:{scope.account}",
            joined_at=self.joined,
            manager=self.manager,
            department=self.department,
        )


class Logged(Resource, frozen=True):
    """An event of the log."""

    kind = "fake.change"
    name: str
    merged: datetime
    who: str = ""
    done: str = ""

    def deeds(self, scope: Scope) -> Iterable[Deed]:
        """What was done."""
        if self.done:
            by = Doer(self.who, "person", "7")
            yield Deed(f"fake:{scope.account}", self.name, self.done, self.merged, by, "did")  # type: ignore[arg-type]


KNOWN = Known([Login, Worker, Logged], [], timedelta(days=3))
JANUARY = AuditPeriod.parse("2026-01-01..2026-01-31")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'quick.db'}", create=True) as opened:
        yield opened


def account(uid: str, **values: Any) -> dict[str, Any]:
    return {"uid": uid, **values}


def accounts(*items: dict[str, Any], at: datetime, **options: Any) -> Look:
    return look({one["uid"]: one for one in items}, at=at, kind="fake.login", **options)


def workers(*items: dict[str, Any], at: datetime, **options: Any) -> Look:
    return look({one["id"]: one for one in items}, at=at, kind="hr.worker", scope=HR, **options)


def run(store: Store, *looks: Look) -> list[int]:
    """One run; returns the ids of its collections."""
    with store.run("run", config=None, tool_version="test") as run_id:
        return [store.record(run_id, one).collection for one in looks]


def read(store: Store, kind: str, period: AuditPeriod = JANUARY) -> Population:
    with store.reading() as connection:
        return history.population(connection, KNOWN, kind, period)


def documents(found: Population) -> list[dict[str, Any]]:
    assert found.derived is not None
    return [found.derived[event.digest] for event in found.events]


def test_an_account_that_came_and_went_stands_between_its_collections(store: Store) -> None:
    ann, bob = account("ann"), account("bob")
    first, second, third, fourth = (
        run(store, accounts(*here, at=T0 + n * DAY - HOUR))[0]
        for n, here in enumerate([(ann,), (ann, bob), (ann, bob), (ann,)])
    )
    created, removed = read(store, "accounts-created"), read(store, "accounts-removed")
    (made,), (gone,) = documents(created), documents(removed)
    assert (made["login"], made["happened_after"], made["happened_before"]) == (
        "bob", "2025-12-31T23:00:00.000Z", "2026-01-01T23:00:00.000Z",
    )  # fmt: skip
    assert (made["last_collection_without"], made["first_collection_with"]) == (first, second)
    assert made["in_period"] == "perhaps", "it may have been on the last day of December"
    assert (gone["login"], gone["happened_after"]) == ("bob", "2026-01-02T23:00:00.000Z")
    assert (gone["last_collection_without"], gone["first_collection_with"]) == (third, fourth)
    assert gone["in_period"] == "yes"
    assert created.header["perhaps"] == 1
    assert created.events[0].uid == "accounts-created:fake:acme/bob@2026-01-01T23:00:00.000Z"


def test_what_becomes_of_an_account_is_told_apart(store: Store) -> None:
    states = [
        [account("ann"), account("old", admin=True)],
        [account("ann", admin=True), account("new", admin=True), account("old", admin=True)],
        [account("ann", admin=True, active=False), account("new")],
    ]
    for number, here in enumerate(states):
        run(store, accounts(*here, at=T0 + number * DAY))
    found = {
        kind: [event.name.partition(" ")[0] for event in read(store, kind).events]
        for kind in history.KINDS
    }
    assert found == {
        "privileged-grants": ["ann", "new"],
        "privileged-removals": ["new", "old"],
        "accounts-created": ["new"],
        "accounts-disabled": ["ann"],
        "accounts-removed": ["old"],
        "joiners": [],
        "movers": [],
        "leavers": [],
    }


def test_what_was_there_first_is_no_event(store: Store) -> None:
    run(store, accounts(account("ann", admin=True), at=T0 + DAY))
    run(store, accounts(account("ann", admin=True), at=T0 + 2 * DAY))
    found = read(store, "privileged-grants")
    assert (found.events, found.header["complete"]) == ([], False)
    assert found.header["incomplete_because"] == [
        "fake.login in fake:acme is known from 2026-01-02T00:00:00.000Z on: what was before is not in it",
        "fake.login in fake:acme is known up to 2026-01-03T00:00:00.000Z",
    ]


def test_a_privilege_that_became_known_is_no_grant(store: Store) -> None:
    run(store, accounts(account("ann", admin=None), account("bob"), at=T0 - HOUR))
    run(store, accounts(account("ann", admin=None), account("bob", admin=None), at=T0 + DAY))
    run(store, accounts(account("ann", admin=True), account("bob", admin=True), at=T0 + 2 * DAY))
    found = read(store, "privileged-grants")
    (bob,) = documents(found)
    assert (bob["login"], bob["happened_after"]) == ("bob", "2025-12-31T23:00:00.000Z")
    why = "nothing shows since when these administer (1): ann in fake:acme"
    assert why in found.header["incomplete_because"]


def test_an_incomplete_collection_closes_nothing_and_is_said(store: Store) -> None:
    ann, bob = account("ann"), account("bob")
    run(store, accounts(ann, bob, at=T0 - HOUR))
    run(store, accounts(ann, at=T0 + DAY, status=PARTIAL, reason="it broke off"))
    run(store, accounts(at=T0 + 2 * DAY, status=DENIED, reason="no"))
    assert read(store, "accounts-removed").events == []
    run(store, accounts(ann, at=T0 + 3 * DAY))
    found = read(store, "accounts-removed")
    (gone,) = documents(found)
    assert gone["happened_after"] == "2025-12-31T23:00:00.000Z", "the last that showed bob"
    assert gone["gap"] == "2 collections of fake.login in fake:acme were not complete (denied: no)"
    assert (
        "fake.login in fake:acme: 2 of 4 collections were not complete, the last on 2026-01-03 (denied: no)"
        in found.header["incomplete_because"]
    )


def test_an_incomplete_collection_that_saw_it_is_the_last_that_did(store: Store) -> None:
    ann, bob = account("ann"), account("bob")
    run(store, accounts(ann, bob, at=T0 - HOUR))
    seen = run(store, accounts(bob, at=T0 + DAY, status=PARTIAL, reason="it broke off"))[0]
    run(store, accounts(at=T0 + 2 * DAY))
    gone = {one["login"]: one for one in documents(read(store, "accounts-removed"))}
    assert gone["bob"]["last_collection_without"] == seen
    assert gone["ann"]["last_collection_without"] == seen - 1


def test_a_hole_between_collections_is_said(store: Store) -> None:
    for day in (-1, 1, 9, 31):
        run(store, accounts(account("ann"), at=T0 + day * DAY))
    (reason,) = read(store, "accounts-created").header["incomplete_because"]
    assert reason == (
        "fake.login in fake:acme was not collected completely between 2026-01-10T00:00:00.000Z and "
        "2026-02-01T00:00:00.000Z"
    )


def test_a_period_that_was_collected_all_along_is_complete(store: Store) -> None:
    for day in range(-1, 33, 2):
        run(store, accounts(account("ann"), at=T0 + day * DAY))
    header = read(store, "privileged-grants").header
    assert (header["complete"], header["incomplete_because"]) == (True, [])
    assert (header["scopes_asked"], header["scopes_read"]) == (1, 1)
    (scope,) = header["scopes"]
    assert (scope["collections"], scope["requests"], scope["source"]) == (17, 17, "acme")
    assert list(header["limits"]) == list(history.LIMITS)


def test_a_document_that_cannot_be_read_takes_nobody_away(store: Store) -> None:
    run(store, accounts(account("ann", admin=True), at=T0))
    run(store, accounts({"uid": "ann", "admin": "perhaps"}, at=T0 + DAY))
    run(store, accounts(account("ann", admin=True), at=T0 + 2 * DAY))
    for kind in ("accounts-removed", "accounts-created", "privileged-removals"):
        found = read(store, kind)
        assert found.events == []
        assert "1 documents of fake.login cannot be read" in found.header["incomplete_because"]


def test_a_renamed_account_is_the_same(store: Store) -> None:
    run(store, accounts(account("arn/ann", lasting="A1", admin=True), at=T0))
    run(store, accounts(account("arn/anna", lasting="A1", admin=True), at=T0 + DAY))
    run(store, accounts(account("arn/anna", lasting="A1"), at=T0 + 2 * DAY))
    assert read(store, "accounts-created").events == read(store, "accounts-removed").events == []
    (removal,) = documents(read(store, "privileged-removals"))
    assert removal["account"] == "arn/anna"


def test_the_accounts_own_times_are_exact_within_the_bracket(store: Store) -> None:
    run(store, accounts(account("ann"), at=T0))
    late = account("bob", created="2026-01-01T07:00:00Z")
    older = account("cy", created="2020-01-01T00:00:00Z")
    closed = account("ann", active=False, closed="2026-01-01T09:00:00Z")
    run(store, accounts(late, older, closed, at=T0 + DAY))
    made = {one["login"]: one for one in documents(read(store, "accounts-created"))}
    assert made["bob"]["happened_at"] == "2026-01-01T07:00:00.000Z"
    assert made["cy"]["happened_at"] is None, "what lies before the bracket dates something else"
    (disabled,) = documents(read(store, "accounts-disabled"))
    assert disabled["happened_at"] == "2026-01-01T09:00:00.000Z"
    assert disabled["happened_at_by"] == "the account itself"


def test_the_providers_log_says_who_did_it(store: Store) -> None:
    run(store, accounts(account("bob"), at=T0 - DAY))
    events = {
        "e1": {"name": "BOB", "merged": "2026-01-01T05:00:00Z", "who": "ann", "done": "granted"},
        "e2": {"name": "bob", "merged": "2026-01-01T05:00:00Z", "who": "eve", "done": "revoked"},
        "e3": {"name": "bob", "merged": "2026-01-09T05:00:00Z", "who": "eve", "done": "granted"},
    }
    log = changes(events, at=T0 + DAY)
    run(store, accounts(account("bob", admin=True), at=T0 + DAY), log)
    (grant,) = documents(read(store, "privileged-grants"))
    assert (grant["done_by"], grant["done_by_kind"], grant["done_by_id"]) == ("ann", "person", "7")
    assert grant["happened_at"] == "2026-01-01T05:00:00.000Z"
    assert [one["event"] for one in grant["log_events"]] == ["e1"]


def test_a_log_that_does_not_cover_the_time_names_nobody_and_that_is_said(store: Store) -> None:
    run(store, accounts(account("bob"), at=T0 - DAY))
    run(store, accounts(account("bob", admin=True), at=T0 + DAY))
    (grant,) = documents(read(store, "privileged-grants"))
    assert grant["done_by_note"] == "no log of fake:acme is collected that says it"
    run(store, changes({}, at=T0 + DAY))
    (grant,) = documents(read(store, "privileged-grants"))
    assert grant["done_by"] is None
    assert grant["done_by_note"] == "fake.change was never collected completely"


# -- people -------------------------------------------------------------------------------------------------------


def test_people_join_move_and_leave(store: Store) -> None:
    ann = {"id": "ann", "mail": "ann@a.example", "department": "IT"}
    bob = {"id": "bob", "joined": "2026-01-05T00:00:00Z"}
    run(store, workers(ann, {"id": "cy"}, at=T0 - HOUR))
    moved = {**ann, "department": "Legal", "manager": "bob"}
    run(store, workers(moved, bob, {"id": "cy"}, {"id": "di"}, at=T0 + 7 * DAY))
    left = {**moved, "active": False, "left": "2026-01-10T12:00:00Z"}
    run(store, workers(left, bob, {"id": "di", "active": False}, at=T0 + 12 * DAY))
    joiners = documents(read(store, "joiners"))
    assert [(one["person"], one["happened_at"]) for one in joiners] == [
        ("bob", "2026-01-05T00:00:00.000Z"),
        ("di", None),
    ]
    (mover,) = documents(read(store, "movers"))
    assert (mover["department_before"], mover["department"]) == ("IT", "Legal")
    assert (mover["manager_before"], mover["manager"]) == (None, "bob")
    leavers = documents(read(store, "leavers"))
    assert [(one["person"], one["what"]) for one in leavers] == [
        ("ann", "left"),
        ("cy", "is no longer listed"),
        ("di", "is no longer active"),
    ]


def test_how_long_accounts_outlived_who_left(store: Store) -> None:
    mail = "ann@a.example"
    here = {"id": "ann", "mail": mail}
    gone = {**here, "active": False, "left": "2026-01-10T12:00:00Z"}
    run(store, workers(here, at=T0), accounts(
        account("a1", mail=mail), account("a2", mail=mail), account("a3", mail=mail), at=T0
    ))  # fmt: skip
    run(store, workers(gone, at=T0 + 10 * DAY), accounts(
        account("a1", mail=mail), account("a2", mail=mail), account("a3", mail=mail), at=T0 + 10 * DAY
    ))  # fmt: skip
    run(store, workers(gone, at=T0 + 11 * DAY), accounts(
        account("a1", mail=mail),
        account("a2", mail=mail, active=False, closed="2026-01-11T06:00:00Z"),
        at=T0 + 11 * DAY,
    ))  # fmt: skip
    (left,) = documents(read(store, "leavers"))
    assert (left["accounts"], left["accounts_open"]) == (3, 1)
    by_login = {
        one["login"]: (one["state"], one["hours_at_least"], one["hours_at_most"])
        for one in left["accounts_owned"]
    }
    assert by_login == {
        "a1": ("open", 36.0, None),
        "a2": ("disabled", 18.0, 18.0),
        "a3": ("removed", 12.0, 36.0),
    }
    assert (left["outlived_hours_at_least"], left["outlived_hours_at_most"]) == (36.0, None)


def test_without_people_nobody_joins_and_that_is_said(store: Store) -> None:
    run(store, accounts(account("ann"), at=T0))
    assert (
        "no collection names people: configure a roster"
        in (read(store, "joiners").header["incomplete_because"])
    )


# -- any history --------------------------------------------------------------------------------------------------

_NAMES = ("ann", "bob", "cy")
_STATES = st.sampled_from([None, (False, True), (True, True), (False, False), (True, False)])
_CHANGES = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from(_NAMES), _STATES, max_size=2),
        st.sampled_from([COMPLETE, COMPLETE, PARTIAL, DENIED]),
        st.sampled_from([set(_NAMES), {"ann", "bob"}, {"cy"}]),
    ),
    min_size=2,
    max_size=12,
)


def _worlds(steps: Iterable[tuple[Any, ...]]) -> list[tuple[dict[str, Any], Any, set[str]]]:
    """Who is there at each collection: little changes from one to the next."""
    world: dict[str, Any] = {"ann": (False, True), "bob": (True, True), "cy": None}
    found = []
    for changed, status, shown in steps:
        world = {**world, **changed}
        found.append((world, status, shown))
    return found


def _expected(steps: Sequence[tuple[Any, ...]]) -> dict[str, set[tuple[str, int, int]]]:
    """Kind -> (login, number of the last collection without, number of the first with), by brute force."""
    found: dict[str, set[tuple[str, int, int]]] = {
        kind: set() for kind in history.KINDS if kind not in ("joiners", "movers", "leavers")
    }
    for name in _NAMES:
        state: Any = "unseen"
        confirmed: int | None = None
        complete: int | None = None
        for number, (world, status, shown) in enumerate(steps):
            if status is DENIED or (status is PARTIAL and (name not in shown or not world[name])):
                continue
            new = world[name]
            before = complete if state in (None, "unseen") else confirmed
            if state != "unseen" or (new and complete is None):
                old = None if state == "unseen" else state
                if state != "unseen" and before is not None:
                    for kind in _between(old, new):
                        found[kind].add((name, before, number))
            elif new and complete is not None:
                for kind in _between(None, new):
                    found[kind].add((name, complete, number))
            if status is COMPLETE or new:
                state = new
                confirmed = number
            if status is COMPLETE:
                complete = number
    return found


def _between(old: tuple[bool, bool] | None, new: tuple[bool, bool] | None) -> Iterator[str]:
    if old is None and new is not None:
        yield "accounts-created"
    if old is not None and new is None:
        yield "accounts-removed"
    if old and new and old[1] and not new[1]:
        yield "accounts-disabled"
    was, is_ = bool(old and old[0]), bool(new and new[0])
    if was != is_:
        yield "privileged-grants" if is_ else "privileged-removals"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store to copy."""
    path = tmp_path_factory.mktemp("empty") / "store.db"
    open_store(f"sqlite:///{path}", create=True).close()
    return path


@settings(max_examples=80, deadline=None)
@given(steps=_CHANGES.map(_worlds))
def test_every_event_that_was_seen_stands_there_once_between_its_collections(
    empty: Path, steps: list[tuple[Mapping[str, Any], Any, set[str]]]
) -> None:
    path = empty.with_name("any.db")
    path.write_bytes(empty.read_bytes())
    with open_store(f"sqlite:///{path}") as store:
        ids: list[int] = []
        for number, (world, status, shown) in enumerate(steps):
            seen = [
                account(name, admin=state[0], active=state[1])
                for name, state in world.items()
                if state and status is not DENIED and (status is COMPLETE or name in shown)
            ]
            at = T0 + number * HOUR
            why = "" if status is COMPLETE else "x"
            ids += run(store, accounts(*seen, at=at, status=status, reason=why))
        expected = _expected(steps)
        for kind, events in expected.items():
            found = read(store, kind)
            brackets = [
                (
                    one["login"],
                    ids.index(one["last_collection_without"]),
                    ids.index(one["first_collection_with"]),
                )
                for one in documents(found)
            ]
            assert sorted(brackets) == sorted(events), kind
            assert len({event.uid for event in found.events}) == len(found.events)
            for event, one in zip(found.events, documents(found), strict=True):
                last = ids.index(one["last_collection_without"])
                first = ids.index(one["first_collection_with"])
                assert one["happened_after"] == utc_text(T0 + last * HOUR)
                assert one["happened_before"] == event.at == utc_text(T0 + first * HOUR)


# -- as known then ----------------------------------------------------------------------------------


def _reported(store: Store, period: AuditPeriod) -> dict[str, list[dict[str, Any]]]:
    """The rows of both tables of the report of a period."""
    options = Options(known=KNOWN)
    with store.reading() as connection:
        measured = engine.read(connection, period, options)
        return {table.name: list(table.cells()) for table in derived.tables(connection, measured)}


_logins = st.lists(
    st.builds(
        account,
        st.sampled_from(["ann", "bob", "cy"]),
        admin=st.sampled_from([True, False, None]),
        active=st.booleans(),
    ),
    unique_by=lambda one: one["uid"],
    max_size=3,
)
_STATUSES = st.sampled_from([COMPLETE, COMPLETE, COMPLETE, PARTIAL])


@given(st.lists(st.tuples(_logins, _STATUSES, _logins), min_size=3, max_size=6))
@settings(max_examples=15, deadline=None)
def test_a_report_made_later_derives_the_same(
    days: list[tuple[list[dict[str, Any]], CollectionStatus, list[dict[str, Any]]]],
) -> None:
    with open_store("sqlite://", create=True) as store:
        then = None
        for number, (logins, status, people) in enumerate(days):
            at = T0 + number * DAY
            staff = [{"id": one["uid"], "active": one["active"]} for one in people]
            deed = {"name": "ann", "merged": utc_text(at), "who": "eve", "done": "granted"}
            run(
                store,
                accounts(*logins, at=at, status=status, reason="" if status == COMPLETE else "why"),
                workers(*staff, at=at),
                changes({f"e{number}": deed}, at=at),
            )
            if number == len(days) // 2:
                period = AuditPeriod(T0, at + HOUR)
                then = _reported(store, period)
        assert then is not None
        assert _reported(store, period) == then


def test_a_report_says_who_came_and_went(store: Store) -> None:
    ann, bob = account("ann"), account("bob", admin=True)
    run(store, accounts(ann, at=T0))
    run(store, accounts(ann, bob, at=T0 + DAY))
    period = AuditPeriod.parse("2026-01-01..2026-01-02")
    found = _reported(store, period)
    rows = {row["kind"]: row for row in found["derived"]}
    assert set(rows) == set(history.KINDS)
    assert {kind: row["events"] for kind, row in rows.items() if row["events"]} == {
        "privileged-grants": 1,
        "accounts-created": 1,
    }
    made = rows["accounts-created"]
    # The period goes on when the report ends: what later collections will show is not missing yet.
    assert (made["known_all"], made["because"]) == ("yes", None)
    assert (made["sources"], made["collections"]) == (1, 2)
    (event,) = [row for row in found["events"] if row["kind"] == "accounts-created"]
    assert (event["who"], event["after"], event["before"]) == (
        "bob",
        "2026-01-01T00:00:00.000Z",
        "2026-01-02T00:00:00.000Z",
    )
    assert event["digest"] in {one.digest for one in read(store, "accounts-created", period).events}


def test_without_accounts_and_people_nothing_is_derived(store: Store) -> None:
    run(store, look({"a": {"uid": "a"}}, at=T0 + DAY, kind="fake.user"))
    assert _reported(store, JANUARY) == {"derived": [], "events": []}


def test_a_reason_that_several_scopes_share_is_said_once(store: Store) -> None:
    run(
        store,
        accounts(account("ann"), at=T0 + DAY),
        accounts(account("bo"), at=T0 + DAY, scope=Scope("fake", "b")),
        accounts(account("cy"), at=T0 + DAY, scope=Scope("fake", "c")),
    )
    found = _reported(store, AuditPeriod.parse("2026-01-01..2026-01-02"))
    (made,) = [row for row in found["derived"] if row["kind"] == "accounts-created"]
    assert made["because"] == (
        "each of 3 kinds and scopes is known from 2026-01-02T00:00:00.000Z on: what was before is not in it"
    )
