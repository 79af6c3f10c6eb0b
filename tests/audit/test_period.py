"""Type II: what it says of small histories, one by one, and then of any history at all."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from soc2_pac.audit import period, streams
from soc2_pac.audit.measured import Options
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.audit.spans import days, ms, text_of, without
from soc2_pac.canonical import canonical
from soc2_pac.errors import UsageError
from soc2_pac.model import CollectionStatus, utc_text
from soc2_pac.report import Report, plain_values
from soc2_pac.store import Store, open_store

from ..store.helpers import (  # noqa: TID252 - tests are no package
    CHANGES,
    T0,
    active,
    fake_user_age,
    fake_user_mfa,
    look,
    one_run,
    user,
)
from ..store.helpers import RULES as ALL  # noqa: TID252
from . import histories

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.audit.measured import Measured, OfRule

DAY = timedelta(days=1)
HOUR = 3_600_000
MFA = active([fake_user_mfa])
RULES = {rule.rule.id: rule.rule for rule in active((*ALL, *CHANGES))}


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def made(store: Store, text: str, **options: Any) -> Report:
    with store.reading() as connection:
        return period.report(connection, AuditPeriod.parse(text), Options(rules=RULES, **options))


def rows(report: Report, table: str) -> list[dict[str, Any]]:
    return list(report.table(table).cells())


def daily(store: Store, *days: dict[str, bool] | CollectionStatus | None, **options: Any) -> None:
    """A run on each day from 1 January on; ``None``: none that day; a status: nothing was read."""
    for number, said in enumerate(days):
        at = T0 + number * DAY
        if said is None:
            continue
        if isinstance(said, CollectionStatus):
            seen = look({}, at=at, status=said, reason="no")
        else:
            seen = look({uid: user(uid, GetMfa=mfa) for uid, mfa in said.items()}, at=at)
        one_run(store, [seen], at=at, rules=options.get("rules", MFA))


# -- deviations -------------------------------------------------------------------------------------


def test_a_deviation_is_bracketed_by_the_collections_that_show_it(store: Store) -> None:
    daily(store, {"a": True}, {"a": True}, {"a": False}, {"a": False}, {"a": True}, {"a": True})
    (found,) = rows(made(store, "2026-01-01..2026-01-06"), "deviations")
    assert found["rule"] == "fake-user-mfa"
    assert (found["start_cause"], found["outcome"], found["end_cause"]) == (
        "document changed", "fixed", "document changed",
    )  # fmt: skip
    assert (found["start_last_without"], found["start_first_with"]) == (2, 3)
    assert (found["end_last_with"], found["end_first_without"]) == (4, 5)
    assert (found["start_earliest"], found["start_latest"]) == (
        "2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z",
    )  # fmt: skip
    assert (found["open_min"], found["open_max"]) == (24 * HOUR, 72 * HOUR)
    assert (found["met"], found["status"]) == ("yes", "fail")
    assert found["digest_before"] == found["digest_fixed"] != found["digest"]


def test_what_could_not_be_judged_in_between_is_part_of_it(store: Store) -> None:
    daily(
        store,
        {"a": False},
        {"a": True},
        {"a": False},
        CollectionStatus.DENIED,
        {"a": False},
        {"a": True},
        {},
    )
    found = rows(made(store, "2026-01-01..2026-01-06"), "deviations")
    assert [(f["start_cause"], f["started"][:10], (f["ended"] or "")[:10]) for f in found] == [
        ("document changed", "2026-01-03", "2026-01-06"),
        ("first judged", "2026-01-01", "2026-01-02"),
    ]
    assert found[1]["start_earliest"] is None
    assert found[1]["open_max"] is None


def test_a_gap_of_one_fact_does_not_end_a_failure(store: Store) -> None:
    for number, mfa in enumerate([False, None, False, True]):
        body = user("a", GetMfa=mfa)
        if mfa is None:
            del body["GetMfa"]
        one_run(store, [look({"a": body}, at=T0 + number * DAY)], at=T0 + number * DAY, rules=MFA)
    (found,) = rows(made(store, "2026-01-01..2026-01-04"), "deviations")
    assert (found["not_judged"], found["outcome"]) == (1, "fixed")


def test_a_deleted_resource_a_new_one_and_an_open_one(store: Store) -> None:
    daily(store, {"a": False}, {"b": False}, {"b": False})
    found = {f["resource"]: f for f in rows(made(store, "2026-01-01..2026-01-03"), "deviations")}
    assert found["a"]["outcome"] == "resource deleted"
    assert (found["a"]["end_last_with"], found["a"]["end_first_without"]) == (1, 2)
    assert found["b"]["outcome"] == "open"
    assert (found["b"]["start_cause"], found["b"]["start_last_without"]) == ("first seen", 1)
    assert found["b"]["met"] == "not due"


def test_the_clock_and_a_threshold_have_exact_instants(store: Store) -> None:
    rules = active([fake_user_age])
    one_run(
        store, [look({"a": user("a"), "b": user("b", created="2026-01-20T00:00:00Z")})], rules=rules
    )
    later = T0 + 35 * DAY
    users = {"a": user("a"), "b": user("b", created="2026-01-20T00:00:00Z")}
    one_run(store, [look(users, at=later)], at=later, rules=rules)
    strict = [type(one)(one.rule, {"max_age_days": 3}, one.severity, one.max_age) for one in rules]
    one_run(store, [look(users, at=later + DAY)], at=later + DAY, rules=strict)
    one_run(store, [look(users, at=later + 2 * DAY)], at=later + 2 * DAY, rules=strict)
    found = {f["resource"]: f for f in rows(made(store, "2026-01-01..2026-02-08"), "deviations")}
    assert (found["a"]["start_cause"], found["a"]["start_latest"]) == (
        "clock",
        "2026-01-31T00:00:00.000Z",
    )
    assert found["a"]["start_earliest"] == found["a"]["start_latest"]
    assert (found["b"]["start_cause"], found["b"]["start_latest"]) == (
        "rule changed",
        utc_text(later + DAY),
    )


def test_a_rule_that_is_switched_off_ends_no_failure_by_evidence(store: Store) -> None:
    daily(store, {"a": False}, {"a": False})
    one_run(
        store,
        [look({"a": user("a", GetMfa=False)}, at=T0 + 2 * DAY)],
        at=T0 + 2 * DAY,
        rules=active([fake_user_age]),
    )
    report = made(store, "2026-01-01..2026-01-03")
    (found,) = rows(report, "deviations")
    assert (found["outcome"], found["met"]) == ("rule switched off", "none")
    states = {row["rule"]: row["state"] for row in rows(report, "rules")}
    assert states == {"fake-user-mfa": "not in force", "fake-user-age": "in force"}


def test_waived_failures_stay_and_name_who_accepted_them(store: Store) -> None:
    daily(store, {"a": False, "b": False})
    with store.database.writing() as connection:
        connection.exec_driver_sql(
            "INSERT INTO waiver_event (id, waiver, action, rule, resource, reason, owner, approver, os_user, "
            "recorded_at, expires_at) VALUES (1, 'w-1', 'add', 'fake-user-mfa', 'a', 'soon', 'Ann', 'Bob', 'ann', "
            "'2026-01-02T00:00:00.000Z', '2026-01-05T00:00:00.000Z')"
        )
    daily(store, None, None, {"a": False, "b": False}, {"a": False, "b": False})
    report = made(store, "2026-01-01..2026-01-04")
    found = {f["resource"]: f for f in rows(report, "deviations")}
    assert found["b"]["waivers"] is None
    assert (found["a"]["waivers"], found["a"]["waived_by"]) == ("w-1", "Ann")
    assert found["a"]["approved_by"] == "Bob (only claimed; recorded by user ann)"
    assert found["a"]["waived_until"] == "2026-01-05T00:00:00.000Z"
    (result,) = [r for r in rows(report, "results") if r["rule"] and r["part"] == "CC6.1"]
    assert (result["deviations"], result["waived"], result["open"]) == (2, 1, 2)


# -- gaps and days ----------------------------------------------------------------------------------


def test_a_gap_has_its_cause_and_breaks_days(store: Store) -> None:
    denied = CollectionStatus.DENIED
    daily(store, {"a": True}, *[None] * 5, denied, *[None] * 4, {"a": True}, {"a": True})
    report = made(store, "2026-01-01..2026-01-13")
    (gap,) = rows(report, "gaps")
    assert (gap["from"], gap["to"]) == ("2026-01-08T00:00:00.000Z", "2026-01-12T00:00:00.000Z")
    assert (gap["cause"], gap["reason"], gap["attempts"]) == ("denied", "no", "denied 1")
    (result,) = [r for r in rows(report, "results") if r["rule"]]
    assert (result["days_known"], result["days"]) == (7, 12)
    # From the denied run on: of the resource, and of the scope, in which there may be others.
    assert (result["resources"], result["whole_scopes"]) == (1, 1)
    assert result["not_known"] == 2 * 5 * 24 * HOUR
    assert report.parts[0].state == "unknown"


def test_the_first_day_counts_from_the_first_collection(store: Store) -> None:
    at = T0 + timedelta(hours=15)
    one_run(store, [look({"a": user("a")}, at=at)], at=at, rules=MFA)
    one_run(store, [look({"a": user("a")}, at=T0 + 3 * DAY)], at=T0 + 3 * DAY, rules=MFA)
    report = made(store, "2025-12-30..2026-01-04")
    (result,) = [r for r in rows(report, "results") if r["rule"]]
    assert (result["days_known"], result["days"]) == (3, 5)
    assert any("first collection" in warning for warning in report.warnings)
    assert result["in_scope"] == (3 * 24 - 15) * HOUR


def test_periods_of_which_nothing_is_known_are_refused(store: Store) -> None:
    with pytest.raises(UsageError, match=r"holds no collection\. Next: soc2-pac run"):
        made(store, "2026-01-01..2026-01-31")
    daily(store, {"a": True})
    with pytest.raises(UsageError, match="first collection ended at 2026-01-01"):
        made(store, "2025-01-01..2025-06-30")
    with pytest.raises(UsageError, match="recorded last before the end was at 2026-01-01"):
        made(store, "2026-03-01..2026-06-30")


def test_a_report_ends_at_the_last_collection(store: Store) -> None:
    daily(store, {"a": True}, {"a": True}, {"a": True})
    report = made(store, "2026-01-01..2026-12-31")
    assert report.subtitle == "2026-01-01T00:00:00.000Z to 2026-01-03T00:00:00.000Z"
    assert "ends at 2026-01-03T00:00:00.000Z" in report.warnings[0]


def test_one_run_is_judged_as_of_its_end(store: Store) -> None:
    """The verdicts come a moment after the collections, and nothing is late that is due after both."""
    moment = timedelta(milliseconds=2)
    one_run(store, [look({"a": user("a", GetMfa=False)})], at=T0 + moment, rules=MFA)
    report = made(store, "2026-01-01..2026-12-31")
    (deviation,) = rows(report, "deviations")
    assert (deviation["met"], deviation["due"]) == ("not due", utc_text(T0 + 30 * DAY + moment))
    (result,) = [row for row in rows(report, "results") if row["rule"]]
    assert (result["resources"], result["resources_judged"]) == (1, 1)
    assert (result["days_known"], result["days"], result["not_known"]) == (1, 1, 2)
    assert len(report.table("findings").rows) == 1


# -- parts ------------------------------------------------------------------------------------------


def test_a_limited_report_names_what_it_leaves_out(store: Store) -> None:
    daily(store, {"a": False}, {"a": False}, rules=active([fake_user_mfa, fake_user_age]))
    report = made(store, "2026-01-01..2026-01-02", criteria=("CC6.2",))
    assert {part.id for part in report.parts} == {"CC6.2"}
    warning = next(w for w in report.warnings if "Deviations" in w)
    assert "fake-user-mfa 1" in warning
    assert rows(report, "deviations") == []


# -- any history at all -----------------------------------------------------------------------------


def _by_the_hour(  # noqa: C901 - asked in one place, as plainly as it goes
    store: Store, start: datetime, end: datetime
) -> tuple[dict[str, Counter[str]], dict[str, set[str]]]:
    """By asking of every single hour what was the case.

    Returns:
        Rule -> milliseconds in each status; rule -> days of which something was not known.
    """
    with store.database.engine.connect() as connection:

        def read(text: str) -> list[tuple[Any, ...]]:
            return [tuple(row) for row in connection.exec_driver_sql(text)]

        last = read(
            "SELECT MAX(id) FROM evaluation WHERE as_of < '" + utc_text(end) + "'"
        )[0][0] or 0  # fmt: skip
        judged_at = [
            (None, None, None, row[0])
            for row in read(f"SELECT as_of FROM evaluation WHERE id <= {last}")
        ]
        collected = read(
            "SELECT c.kind, c.scope_id, c.status, c.finished_at, c.id, p.collection_id, c.reason FROM collection c "
            "LEFT JOIN population p ON p.collection_id = c.id ORDER BY c.id"
        )
        newest = max((c[4] for c in collected if c[3] < utc_text(end)), default=0)
        collected = [c for c in collected if c[4] <= newest]
        seen = read(
            "SELECT r.id, r.kind, r.scope_id, o.valid_from, CASE WHEN o.closed_by <= "
            f"{newest} THEN o.valid_to END, o.digest FROM observation o JOIN resource r ON r.id = o.resource_id "
            f"WHERE o.opened_by <= {newest}"
        )
        findings = read(
            "SELECT u.name, f.scope_id, f.resource_id, f.status, f.valid_from, CASE WHEN f.closed_by <= "
            f"{last} THEN f.valid_to END, COALESCE(a.outside, 0), f.digest, f.until FROM finding f "
            "JOIN rule u ON u.id = f.rule_id "
            f"LEFT JOIN adjustment a ON a.digest = f.adjustment WHERE f.opened_by <= {last}"
        )
        retired = [
            row[0]
            for row in read(f"SELECT recorded_at FROM act WHERE recorded_at < '{utc_text(end)}'")
        ]
        away = read("SELECT id FROM scope WHERE boundary = 'other'")
    kinds = {f"fake-user-{name}": "fake.user" for name in ("mfa", "age", "team")}
    kinds["fake-change-approved"] = "fake.change"
    events = {(c[0], c[1]) for c in collected if c[5] is not None}
    found: dict[str, Counter[str]] = {rule: Counter() for rule in {f[0] for f in findings}}
    dark: dict[str, set[str]] = {rule: set() for rule in found}
    at = start
    until = min(end, max(histories.parse(c[3]) for c in [*collected, *judged_at]))
    while at < until:
        text = utc_text(at)

        def there(kind: str, scope: int, text: str = text) -> bool:
            own = [c for c in collected if (c[0], c[1]) == (kind, scope)]
            if not own:
                return True
            if own[0][3] > text:
                return False
            if away and scope == away[0][0]:
                gone = [one for one in retired if one <= text]
                if gone and not any(gone[-1] < c[3] <= text for c in collected if c[1] == scope):
                    return False
            return True

        def known(kind: str, scope: int, text: str = text) -> bool:
            since = utc_text(histories.parse(text) - 7 * DAY)
            return any(
                since < c[3] <= text and c[2] == "complete"
                for c in collected
                if (c[0], c[1]) == (kind, scope)
            )

        for rule, own in found.items():
            kind = kinds[rule]
            for number, its_kind, scope, first, last_seen, digest in seen:
                present = first <= text and (last_seen is None or last_seen > text)
                if its_kind != kind or not present or not there(kind, scope):
                    continue
                rows_ = [
                    f for f in findings
                    if f[0] == rule and f[2] == number and f[4] <= text and (f[5] is None or f[5] > text)
                ]  # fmt: skip
                assert len(rows_) <= 1
                rows_ = [
                    f for f in rows_ if f[6] or (f[7] == digest and not (f[8] and f[8] <= text))
                ]
                sort = _sort(rows_, known=known(kind, scope) or (kind, scope) in events)
                own[sort] += HOUR
                if sort == "not_known":
                    dark[rule].add(text[:10])
            for f in findings:
                held = f[4] <= text and (f[5] is None or f[5] > text)
                if f[0] == rule and f[2] is None and held and there(kind, f[1]):
                    sort = _sort([f], known=known(kind, f[1]))
                    own[sort] += HOUR
                    if sort == "not_known":
                        dark[rule].add(text[:10])
            for scope in {c[1] for c in collected if c[0] == kind}:
                if there(kind, scope) and not known(kind, scope):
                    dark[rule].add(text[:10])
        at += histories.HOUR
    return found, dark


def _sort(found: list[tuple[Any, ...]], *, known: bool) -> str:
    if not found:
        return "not_known"
    if found[0][6]:
        return "outside"
    settled = found[0][3] in ("pass", "fail", "not_applicable")
    return found[0][3] if settled and known else "not_known"


def _known_days(measured: Measured, rule: OfRule) -> set[str]:
    """The days on which all is said to be known, and on all of which the rule was in force."""
    found = set()
    for place, (first, last) in enumerate(days(measured.start, measured.end)):
        whole = without([(first, last)], rule.judged) == ()
        if rule.known >> place & 1 and whole:
            found.add(text_of(first)[:10])
    return found


_quick = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


@_quick
@given(history=histories.steps, first=st.integers(0, 20), length=st.integers(1, 30))
def test_time_in_status_is_exact(history: list[dict[str, Any]], first: int, length: int) -> None:
    with open_store("sqlite://", create=True) as store:
        histories.record(store, history)
        start = T0 + first * DAY
        asked = AuditPeriod(start, start + length * DAY)
        with store.reading() as connection:
            try:
                measured = period.read(connection, asked, Options(rules=RULES))
            except UsageError:
                return
            findings = list(streams.findings(connection, measured).cells())
            assert len(findings) == len(streams.findings(connection, measured).rows)
        expected, dark = _by_the_hour(store, asked.start, asked.end)
        for name, rule in measured.rules.items():
            assert _known_days(measured, rule).isdisjoint(dark[name])
            times = rule.times
            got = {
                "pass": times.passed,
                "fail": times.failed,
                "not_applicable": times.not_applicable,
                "not_known": times.not_known,
                "outside": times.outside,
            }
            assert +Counter(got) == +expected[name], name
            assert min(got.values()) >= 0
            own = [row for row in findings if row["rule"] == name]
            # What was there and never judged has no finding: it is in the sums, as not known.
            for status in ("pass", "fail", "not_applicable"):
                assert sum(int(row[status] or 0) for row in own) == got[status]
            assert all(
                row["in_scope"]
                == sum(int(row[s] or 0) for s in ("pass", "fail", "not_applicable", "not_known"))
                for row in own
            )


@_quick
@given(history=histories.steps, ahead=histories.ahead, length=st.integers(1, 60))
def test_no_time_is_counted_twice_where_a_clock_was_ahead(
    history: list[dict[str, Any]], ahead: list[int], length: int
) -> None:
    with open_store("sqlite://", create=True) as store:
        steps = [
            {**step, "ahead": hours, "retire": False}
            for step, hours in zip(history, ahead, strict=False)
        ]
        histories.record(store, steps)
        asked = AuditPeriod(T0, T0 + length * DAY)
        with store.reading() as connection:
            try:
                measured = period.read(connection, asked, Options(rules=RULES))
            except UsageError:
                return
        whole = measured.end - measured.start
        for rule in measured.rules.values():
            times = rule.times
            parts = (
                times.passed,
                times.failed,
                times.not_applicable,
                times.not_known,
                times.outside,
            )
            assert min(parts) >= 0
            assert sum(parts) <= whole * (times.resources + times.scopes)


@_quick
@given(history=histories.steps, more=histories.steps)
def test_a_report_that_is_made_later_is_the_same(
    history: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    with open_store("sqlite://", create=True) as store:
        end = histories.record(store, history)
        asked = AuditPeriod(T0, end + timedelta(hours=1))

        def bytes_of() -> bytes:
            with store.reading() as connection:
                made = period.report(connection, asked, Options(rules=RULES))
                streamed = [list(t.rows) for t in made.tables if t.streamed]
            return canonical([plain_values(made), streamed])

        if not any(step[name] for step in history for name in ("home", "away", "changes")):
            return
        try:
            then = bytes_of()
        except UsageError:
            return
        histories.record(store, more, start=end + timedelta(hours=1))
        assert bytes_of() == then


def test_sums_are_equal_on_both_databases(store: Store) -> None:
    complete = CollectionStatus.COMPLETE
    ann, bob = {"mfa": False, "day": 1, "team": ""}, {"mfa": True, "day": 3, "team": "core"}
    said = [
        {"hours": 30, "home": ({"a": ann}, complete)},
        {"hours": 50, "home": ({"b": bob}, complete), "teams": True},
        {"hours": 200, "away": ({"c": ann}, CollectionStatus.PARTIAL), "outside": True},
        {"hours": 20, "home": ({}, complete), "retire": True},
        {"hours": 20, "home": ({"a": {**ann, "mfa": True}}, complete)},
    ]
    usual = {
        "home": None,
        "away": None,
        "teams": None,
        "changes": None,
        "rules": 4,
        "limit": 30,
        "outside": False,
    }
    histories.record(store, [{**usual, "retire": False, **step} for step in said])
    asked = AuditPeriod(T0, T0 + 13 * DAY)
    with store.reading() as connection:
        measured = period.read(connection, asked, Options(rules=RULES))
    expected, _ = _by_the_hour(store, asked.start, asked.end)
    for name, rule in measured.rules.items():
        assert rule.times.failed == expected[name]["fail"]
        assert rule.times.in_scope == sum(expected[name].values()) - expected[name]["outside"]
    assert measured.rules["fake-user-mfa"].seen == 3
    assert ms(utc_text(T0)) == measured.start
