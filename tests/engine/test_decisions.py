"""Decisions about what counts: which places they take, what they demand, and by when a failure is due."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soc2_pac import api
from soc2_pac.acts import Actor
from soc2_pac.audit import decisions
from soc2_pac.audit.decisions import decided
from soc2_pac.decisions import EVERYTHING, Boundary, Place, Variant, adjust, loosened, tags_of
from soc2_pac.due import WEEKDAYS, DueDates
from soc2_pac.errors import ConfigError
from soc2_pac.model import Scope, Severity
from soc2_pac.store import Store, acts, open_store
from soc2_pac.store.scopes import retire
from soc2_pac.text import says_something

from . import fakes

if TYPE_CHECKING:
    from collections.abc import Iterator

WHO: dict[str, Any] = {"reason": "r", "owner": "ciso", "date": date(2026, 1, 5)}
HOME = Scope("aws", "111122223333/eu-central-1")


def place(**where: str) -> Place:
    found: dict[str, Any] = {**where, **WHO}
    return Place(**found)


@pytest.mark.parametrize(
    ("where", "tags", "taken"),
    [
        ({"scope": "aws:111122223333/eu-central-1"}, {}, True),
        ({"scope": "aws:111122223333/*"}, {}, True),
        ({"scope": "aws:1111*"}, {}, True),
        ({"scope": "aws:111122223333"}, {}, False),
        ({"scope": "AWS:111122223333/*"}, {}, False),
        ({"tag": "environment=sandbox"}, {"environment": "sandbox"}, True),
        ({"tag": "Environment=Sandbox*"}, {"environment": "sandbox-2"}, True),
        ({"tag": "environment=sandbox"}, {"environment": "no-sandbox"}, False),
        ({"tag": "environment=*"}, {}, False),
        ({"scope": "aws:*", "tag": "a=b"}, {}, False),
        ({"scope": "gcp:*", "tag": "a=b"}, {"a": "b"}, False),
    ],
)
def test_a_place_takes(where: dict[str, str], tags: dict[str, str], *, taken: bool) -> None:
    assert place(**where).takes(HOME, tags) is taken


def test_an_account_and_all_in_it_is_one_place() -> None:
    assert place(scope="aws:111122223333/*").takes(Scope("aws", "111122223333"), {})


@pytest.mark.parametrize(
    "document",
    [
        '{"Tags": [{"Key": "Env", "Value": "Prod"}]}',
        '{"tags": {"env": "prod"}}',
        '{"labels": {"env": "PROD"}}',
        '{"GetBucketTagging": {"TagSet": [{"Key": "env", "Value": "prod"}]}}',
        '{"settings": {"userLabels": {"env": "prod"}}}',
        '{"tags": [{"key": "env", "value": "prod"}]}',
    ],
)
def test_tags_are_read_in_each_form(document: str) -> None:
    assert tags_of(document) == {"env": "prod"}


@pytest.mark.parametrize(
    "document",
    ["[]", "{}", '{"Tags": null}', '{"Tags": "env=prod"}', '{"node": {"labels": {"env": "prod"}}}'],
)
def test_what_is_no_tag_of_the_resource_itself_is_none(document: str) -> None:
    assert tags_of(document) == {}


def test_the_first_variant_and_the_boundary_hold() -> None:
    variants = (
        Variant(scope="gcp:*", thresholds={"n": 1}, **WHO),
        Variant(scope="aws:*", severity=Severity.LOW, thresholds={"n": 2}, **WHO),
        Variant(scope="aws:*", thresholds={"n": 3}, **WHO),
    )
    found = adjust(variants, EVERYTHING, HOME, {})
    assert found is not None
    assert (found.outside, found.severity, found.thresholds) == (False, Severity.LOW, {"n": 2})
    assert found.because == ("scope aws:*: r (ciso, 2026-01-05)",)
    beyond = adjust(variants, Boundary(exclude=(place(scope="aws:1*"),)), HOME, {})
    assert beyond is not None
    assert beyond.outside
    assert len(beyond.because) == 2
    assert adjust(variants, EVERYTHING, Scope("okta", "acme"), {}) is None


def test_what_is_switched_off_somewhere_is_judged_and_does_not_count() -> None:
    off = Variant(scope="aws:*", enabled=False, **WHO)
    found = adjust((off,), EVERYTHING, HOME, {})
    assert found is not None
    assert found.outside
    assert found.because == ("switched off there, scope aws:*: r (ciso, 2026-01-05)",)


def test_a_boundary_may_say_what_is_inside() -> None:
    inside = Boundary(include=(place(tag="system=shop"),))
    assert inside.outside(HOME, {"system": "shop"}) is None
    why = inside.outside(HOME, {})
    assert why == "outside of the system, which is tag system=shop: r (ciso, 2026-01-05)"


@pytest.mark.parametrize(
    ("name", "default", "value", "looser"),
    [
        ("max_age_days", 90, 90, False),
        ("max_age_days", 90, 60, False),
        ("max_age_days", 90, 91, True),
        ("min_length", 14, 16, False),
        ("min_length", 14, 12, True),
        ("days", 30, 20, True),
        ("enhanced", False, True, True),
        ("max_admins", True, False, True),
        ("exempt", (), ("ann",), True),
    ],
)
def test_what_may_be_looser(name: str, default: object, value: object, *, looser: bool) -> None:
    assert loosened(name, default, value) is looser


# -- the configuration demands reason, owner and date ---------------------------------------------------


def problem(table: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        api.make_workspace(fakes.config(**table), fakes.registry())
    return str(caught.value)


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            {"rules": {"fake-thing-named": {"prefix": "x"}}},
            "prefix = 'x' instead of 'thing' may be looser: add reason, owner and date",
        ),
        (
            {"rules": {"fake-thing-named": {"severity": "info"}}},
            "severity info instead of low may be looser",
        ),
        (
            {"rules": {"fake-thing-named": {"prefix": "x", "reason": "r"}}},
            "owner and date are missing: an auditor will ask why, who and when",
        ),
        (
            {"rules": {"fake-thing-named": {"where": [{"tag": "a=b", "prefix": "x"}]}}},
            "reason, owner and date are missing",
        ),
        (
            {"rules": {"fake-thing-named": {"where": [{"prefix": "x", **WHO}]}}},
            "say where: scope or tag",
        ),
        (
            {"rules": {"fake-thing-named": {"where": [{"tag": "a", **WHO}]}}},
            "tag 'a': write key=value",
        ),
        (
            {"rules": {"fake-thing-named": {"where": [{"tag": "a=b", "prefixx": "x", **WHO}]}}},
            "no threshold 'prefixx'",
        ),
        ({"audit": {"exclude": [{"scope": "fake:*"}]}}, "reason, owner and date are missing"),
        (
            {"audit": {"exclude": [{"scope": "fake:*", **WHO, "date": date(2999, 1, 1)}]}},
            "lies in the future",
        ),
        ({"audit": {"exclude": [{"scop": "fake:*", **WHO}]}}, "scop: unknown key. Did you mean"),
        (
            {"audit": {"exclude": {"scope": "fake:*", **WHO}}},
            "audit.exclude: write tables, [[audit.exclude]], with",
        ),
        (
            {"evidence": {"max_age_days": 8}},
            "max_age_days may be looser than its default: add reason",
        ),
        ({"sla": {"critical": 8, "reason": "r", "owner": "o"}}, "add date, an auditor will ask"),
        ({"sla": {"calendar": "business"}}, "calendar may be looser"),
        ({"waivers": {"max_days": 366}}, "max_days may be looser"),
        ({"reviews": {"removal_days": 8}}, "removal_days may be looser"),
        ({"sla": {"weekend": []} | {"calendar": "working"}}, "Invalid enum value 'working'"),
        ({"sla": {"weekend": list(WEEKDAYS)}}, "no day is left"),
    ],
)
def test_a_decision_without_its_facts_is_refused(table: dict[str, Any], said: str) -> None:
    assert said in problem(table)


def test_a_stricter_setting_needs_no_reason() -> None:
    stricter = fakes.config(rules={"fake-thing-named": {"severity": "critical"}})
    assert api.make_workspace(stricter, fakes.registry()).active


def test_every_decision_can_be_listed() -> None:
    chosen = fakes.config(
        rules={
            "exclude": [{"rule": "fake-thing-d*", **WHO}],
            "fake-thing-named": {
                "prefix": "x",
                **WHO,
                "where": [{"scope": "fake:*", "severity": "info", **WHO}],
            },
            "fake-thing-owned": {"enabled": False, **WHO},
        },
        audit={"exclude": [{"tag": "a=b", **WHO}]},
        sla={"critical": 9, **WHO},
    )
    found = list(decided(chosen, fakes.registry().rules))
    assert [(one.what, one.where, one.effect) for one in found] == [
        ("fake-thing-d*", "everywhere", "switched off"),
        ("fake-thing-named", "everywhere", "prefix = 'x' instead of 'thing'"),
        ("fake-thing-named", "scope fake:*", "severity info"),
        ("fake-thing-owned", "everywhere", "switched off"),
        ("audit", "tag a=b", "outside of the system"),
        ("sla", "everywhere", "critical = 9"),
    ]
    assert {(one.reason, one.owner, one.date) for one in found} == {("r", "ciso", "2026-01-05")}
    assert [[rule for rule, _ in one.rules] for one in found] == [
        ["fake-thing-detail"],
        ["fake-thing-named"],
        ["fake-thing-named"],
        ["fake-thing-owned"],
        [],
        [],
    ]


def test_what_is_not_included_is_switched_off() -> None:
    chosen = fakes.config(rules={"include": [{"rule": "fake-thing-n*", **WHO}]})
    (found,) = decided(chosen, fakes.registry().rules)
    others = sorted(set(fakes.registry().rules) - {"fake-thing-named"})
    assert found.sort == "switched off"
    assert found.effect == f"judged, and {len(others)} others are switched off"
    assert [rule for rule, _ in found.rules] == others


@pytest.mark.parametrize("reason", [" ", ".", "\u200b", "\u00a0\ufeff", "...", "\u202e-"])
def test_a_reason_that_says_nothing_is_none(reason: str) -> None:
    assert not says_something(reason)
    said = Place(scope="aws:*", reason=reason, owner="ciso", date=date(2026, 1, 5))
    assert said.lacks(date(2026, 1, 6)) == "reason is empty: an auditor will ask"


@pytest.mark.parametrize("reason", ["r", "7", "\u7406\u7531", "\u200bwhy"])
def test_a_reason_in_any_script_is_one(reason: str) -> None:
    assert says_something(reason)


# -- due dates -------------------------------------------------------------------------------------------


def due(days: int, since: str, **calendar: Any) -> str:
    return DueDates(dict.fromkeys(Severity, days), **calendar).of(Severity.HIGH, since)


def test_due_dates_in_calendar_and_business_days() -> None:
    friday = "2026-01-02T15:00:00.000Z"
    assert due(3, friday) == "2026-01-05T15:00:00.000Z"
    assert due(1, friday, business=True) == "2026-01-05T15:00:00.000Z"
    monday_off = frozenset({date(2026, 1, 5)})
    assert due(1, friday, business=True, holidays=monday_off) == "2026-01-06T15:00:00.000Z"
    saturday = "2026-01-03T09:00:00.000Z"
    assert due(1, saturday, business=True) == "2026-01-05T09:00:00.000Z"
    gulf = frozenset({4, 5})
    assert due(1, "2026-01-01T09:00:00.000Z", business=True, weekend=gulf) == (
        "2026-01-04T09:00:00.000Z"
    )


FIRST, LAST = (datetime(year, 1, 1) for year in (2026, 2028))  # noqa: DTZ001 - Hypothesis adds it


@given(
    since=st.datetimes(FIRST, LAST, timezones=st.just(UTC)),
    days=st.integers(1, 60),
)
def test_business_days_are_never_shorter_and_end_on_one(since: datetime, days: int) -> None:
    text = f"{since:%Y-%m-%dT%H:%M:%S}.000Z"
    plain, business = due(days, text), due(days, text, business=True)
    assert business >= plain
    ends = datetime.fromisoformat(business)
    assert ends.weekday() < 5
    worked = sum(
        (since + timedelta(days=n)).weekday() < 5
        for n in range(1, (ends.date() - since.date()).days + 1)
    )
    assert worked == days


# -- in a run --------------------------------------------------------------------------------------------


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://", create=True) as opened:
        yield opened


def test_what_is_outside_is_judged_and_does_not_count(store: Store) -> None:
    def run(**table: Any) -> Any:
        work = api.make_workspace(fakes.config(**table), fakes.registry())
        outcome = api.run(work, store)
        return api.exit_code(store.findings(), outcome, Severity.INFO)

    assert run() == 1
    failing = {f.fingerprint: f.sla_due for f in store.findings() if f.status == "fail"}
    assert all(failing.values())
    # All of it: that is no success, however it was decided.
    assert run(audit={"exclude": [{"scope": "fake:*", **WHO}]}) == 3
    found = store.findings(outside=True)
    assert {f.fingerprint for f in found if f.status == "fail"} == set(failing)
    assert {f.because for f in found} == {
        ("outside of the system, scope fake:*: r (ciso, 2026-01-05)",)
    }
    assert not any(f.sla_due for f in found)
    assert store.findings(outside=False) == []
    assert store.verify().sound
    # Back inside, the failure is due from now on: nobody had to fix it before.
    assert run() == 1
    again = {f.fingerprint: f.sla_due for f in store.findings() if f.status == "fail"}
    assert again.keys() == failing.keys()
    assert all(str(again[one]) > str(due) for one, due in failing.items())


def test_a_place_has_settings_of_its_own(store: Store) -> None:
    where = [{"scope": "fake:*", "prefix": "zzz", "severity": "critical", **WHO}]
    chosen = fakes.config(rules={"fake-thing-named": {"where": where}})
    api.run(api.make_workspace(chosen, fakes.registry()), store)
    found = [f for f in store.findings(rules=["fake-thing-named"]) if f.resource]
    assert {(f.status, f.severity) for f in found} == {("fail", Severity.CRITICAL)}
    assert store.verify().sound


# -- by the store alone ----------------------------------------------------------------------------------


def test_the_store_says_what_was_decided_when_and_what_it_touched(store: Store) -> None:
    def run(**table: Any) -> datetime:
        api.run(api.make_workspace(fakes.config(**table), fakes.registry()), store)
        time.sleep(0.002)
        return datetime.now(UTC)

    def asked(moment: datetime) -> dict[str, tuple[str, int | None, int]]:
        with store.reading() as connection:
            found = decisions.at(connection, moment).held
        return {
            f"{one.decided.what}, {one.decided.where}": (
                one.decided.sort,
                one.findings,
                one.not_judged,
            )
            for one in found
        }

    before = datetime.now(UTC)
    first = run()
    things = len({f.resource for f in store.findings(rules=["fake-thing-named"]) if f.resource})
    named = len(store.findings(rules=["fake-thing-named"]))
    assert things
    off = {"exclude": [{"rule": "fake-thing-detail", **WHO}]}
    here = {"scope": "fake:*", **WHO}
    loose = {"fake-thing-named": {"prefix": "x", **WHO, "where": [{"severity": "info", **here}]}}
    second = run(rules={**off, **loose}, sla={"critical": 9, **WHO})
    third = run(audit={"exclude": [{"scope": "fake:*", **WHO}]})
    whole = len(store.findings())
    last = run()
    assert asked(first) == {}
    assert asked(second) == {
        "fake-thing-detail, everywhere": ("switched off", 0, things),
        "fake-thing-named, everywhere": ("loosened", named, 0),
        "fake-thing-named, scope fake:*": ("in a place", named, 0),
        "sla, everywhere": ("limit", None, 0),
    }
    assert asked(third) == {"audit, scope fake:*": ("boundary", whole, 0)}
    assert asked(last) == {}
    with store.reading() as connection:
        early = decisions.at(connection, before)
        assert (early.held, early.gap(before) is None) == ((), False)
        assert decisions.at(connection, last).gap(last) is None
        during = decisions.during(connection, first, last)
        narrow = decisions.during(connection, second, third)
    assert [(one.decided.what, one.findings) for one in during.held] == [
        ("fake-thing-detail", 0),
        ("fake-thing-named", named),
        ("fake-thing-named", named),
        ("sla", None),
        ("audit", whole),
    ]
    # Each ended where the next run recorded others.
    assert {one.until for one in during.held[:4]} == {during.held[4].since}
    assert during.held[4].until is not None
    assert len(narrow.held) == 5
    assert store.verify().sound


def test_a_decision_that_stays_is_one_whatever_else_changes(store: Store) -> None:
    kept = {"exclude": [{"rule": "fake-thing-detail", **WHO}]}
    start = datetime.now(UTC)
    for sla in ({}, {"critical": 9, **WHO}, {}):
        api.run(api.make_workspace(fakes.config(rules=kept, sla=sla), fakes.registry()), store)
    with store.reading() as connection:
        found = decisions.during(connection, start, datetime.now(UTC)).held
        acted = acts.listed(connection, ("decisions.set",))
    assert [(one.decided.what, one.until is None) for one in found] == [
        ("fake-thing-detail", True),
        ("sla", False),
    ]
    assert len(acted) == 3
    api.run(api.make_workspace(fakes.config(rules=kept), fakes.registry()), store)
    with store.reading() as connection:
        assert len(acts.listed(connection, ("decisions.set",))) == 3, "nothing changed"


def test_a_retired_scope_is_among_the_decisions_until_it_is_collected_again(store: Store) -> None:
    work = api.make_workspace(fakes.config(), fakes.registry())
    api.run(work, store)
    with store.database.writing() as connection:
        retire(connection, "fake:acme", reason="sold", owner="ciso", by=Actor("ann", "ann"))
    moment = datetime.now(UTC) + timedelta(milliseconds=1)
    with store.reading() as connection:
        (held,) = decisions.at(connection, moment).held
    assert (held.decided.sort, held.decided.what) == ("retired", "fake:acme")
    assert (held.decided.reason, held.decided.owner, held.until) == ("sold", "ciso", None)
    time.sleep(0.002)
    api.run(work, store)
    with store.reading() as connection:
        assert decisions.at(connection, datetime.now(UTC)).held == ()
        (held,) = decisions.at(connection, moment).held
    assert held.until is not None
