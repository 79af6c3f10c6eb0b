"""What an auditor doubts: ends that prove nothing, places that come back, verdicts that nobody gave."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from soc2_pac import clock
from soc2_pac.acts import attestations as handing
from soc2_pac.acts import controls as controls_said
from soc2_pac.acts.attestations import Attestation
from soc2_pac.acts.controls import Control
from soc2_pac.audit import instant, period
from soc2_pac.audit.measured import Options
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.canonical import canonical, digest
from soc2_pac.decisions import Boundary, Place
from soc2_pac.errors import UsageError
from soc2_pac.evaluate.engine import evaluate
from soc2_pac.model import CollectionStatus, Severity
from soc2_pac.output.reports import write
from soc2_pac.report import plain_values
from soc2_pac.store import Store, acts, archive, open_store
from soc2_pac.store.scopes import retire

from ..store.helpers import (  # noqa: TID252 - tests are no package
    ANN,
    AWAY,
    CHANGES,
    DUE,
    HOME,
    RULES,
    T0,
    active,
    change,
    changes,
    fake_change_approved,
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
    from soc2_pac.records import Look
    from soc2_pac.report import Report

DAY = timedelta(days=1)
MFA = active([fake_user_mfa])
AGE = active([fake_user_age])
INSTALLED = {rule.id: rule for rule in (*RULES, *CHANGES)}
OLD = "2025-11-20T00:00:00Z"


@pytest.fixture
def store() -> Iterator[Store]:
    with open_store("sqlite://", create=True) as opened:
        yield opened


def type2(store: Store, days: int, **options: Any) -> Report:
    with store.reading() as connection:
        asked = AuditPeriod(T0, T0 + days * DAY + timedelta(milliseconds=1))
        return period.report(connection, asked, Options(rules=INSTALLED, **options))


def type1(store: Store, at: datetime, now: Any = None, **options: Any) -> Report:
    with store.reading() as connection:
        return instant.report(connection, at, Options(rules=INSTALLED, **options), now)


def rows(report: Report, table: str) -> list[dict[str, Any]]:
    return list(report.table(table).cells())


def run(store: Store, day: float, people: dict[str, Any], rules: Sequence[ActiveRule]) -> None:
    at = T0 + day * DAY
    one_run(store, [look(people, at=at)], at=at, rules=rules)


def collect(store: Store, *looks: Look) -> None:
    """Collect, and judge nothing."""
    with store.run("collect", config=None, tool_version="test") as run_id:
        for item in looks:
            store.record(run_id, item)


def state(report: Report, part: str) -> str:
    return next(one.state for one in report.parts if one.id == part)


# -- ends that prove nothing ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "loose", "outcome", "met", "said"),
    [
        ({}, True, "no failure by the changed rule", "none", "1 ended with a change of the test"),
        ({"team": "x"}, True, "no failure after document and rule changed at once", "none", "1 ended with a change"),
        ({"created": "2026-01-01T00:00:00Z"}, False, "fixed", "yes", "1 fixed within the due date"),
    ],
)  # fmt: skip
def test_a_failure_that_the_test_ended_is_not_fixed(
    store: Store, document: dict[str, str], *, loose: bool, outcome: str, met: str, said: str
) -> None:  # fmt: skip
    body = user("a", created=OLD)
    run(store, 0, {"a": body}, AGE)
    # Another severity changes the version of a rule, and no verdict.
    rules = [replace(one, thresholds={"max_age_days": 90}) if loose else one for one in AGE]
    rules = [replace(one, severity=Severity.CRITICAL) for one in rules]
    run(store, 1, {"a": {**body, **document}}, rules)
    report = type2(store, 1)
    (found,) = rows(report, "deviations")
    assert (found["outcome"], found["met"], found["severity"]) == (outcome, met, "low")
    assert said in report.statement[0]
    (result,) = {(r["deviations"], r["in_time"]) for r in rows(report, "results") if r["rule"]}
    assert result == (1, int(outcome == "fixed"))


def test_what_was_put_outside_while_it_failed_stays_a_deviation_that_counts(store: Store) -> None:
    run(store, 0, {"a": user("a", GetMfa=False)}, MFA)
    home = Place(scope=str(HOME), reason="a test", owner="Ann", date=T0.date())
    beyond = [replace(one, boundary=Boundary(exclude=(home,))) for one in MFA]
    run(store, 1, {"a": user("a", GetMfa=False)}, beyond)
    run(store, 2, {"a": user("a")}, beyond)
    report = type2(store, 2)
    (found,) = rows(report, "deviations")
    assert (found["outside"], found["met"]) == ("at the end", "none")
    assert "a test (Ann, 2026-01-01)" in found["decisions"]
    (result,) = [row for row in rows(report, "results") if row["rule"]]
    assert (result["deviations"], result["outside_deviations"], result["in_time"]) == (1, 0, 0)
    assert state(report, "CC6.1") == "fails"


# -- places that come back --------------------------------------------------------------------------


def _away(store: Store, day: int, *, judge: bool = True, kind: str = "fake.user") -> None:
    people = {"z": user("z", GetMfa=False)} if kind == "fake.user" else {}
    seen = look(people, at=T0 + day * DAY, scope=AWAY, kind=kind)
    if judge:
        one_run(store, [seen], at=seen.finished, rules=MFA)
    else:
        collect(store, seen)


def _retire(store: Store, at: datetime) -> None:
    with store.database.writing() as connection:
        retire(connection, str(AWAY), reason="sold", owner="Ann", by=ANN, now=at)


def test_a_scope_that_was_retired_and_collected_again_hides_no_failure(store: Store) -> None:
    _away(store, 0)
    _retire(store, T0 + DAY / 2)
    _away(store, 1)
    report = type2(store, 1)
    (found,) = rows(report, "deviations")
    assert (found["outcome"], found["ended"]) == ("open", None)
    assert "1 open at the end" in report.statement[0]


def test_another_kind_shows_that_a_retired_scope_is_still_ours(store: Store) -> None:
    _away(store, 0)
    _retire(store, T0 + DAY / 2)
    for day in (1, 10):
        _away(store, day, judge=False, kind="fake.team")
    report = type2(store, 10)
    (found,) = rows(report, "deviations")
    assert found["outcome"] == "open"
    (gap,) = [gap for gap in rows(report, "gaps") if gap["kind"] == "fake.user"]
    assert (gap["from"][:10], gap["to"][:10], gap["cause"]) == (
        "2026-01-08",
        "2026-01-11",
        "no run",
    )


def test_a_scope_that_is_retired_ended_then_and_deleted_nothing(store: Store) -> None:
    _away(store, 0)
    one_run(store, [look({}, at=T0 + DAY, scope=AWAY)], at=T0 + DAY, rules=MFA)
    _away(store, 2)
    _retire(store, T0 + 2.5 * DAY)
    run(store, 4, {"a": user("a")}, MFA)
    found = rows(type2(store, 4), "deviations")
    ends = {(one["resource"], one["outcome"], one["ended"]) for one in found}
    assert ("z", "scope retired", "2026-01-03T12:00:00.000Z") in ends
    assert ("z", "resource deleted", "2026-01-02T00:00:00.000Z") in ends
    # It ended before this period, though an evaluation noted that within it.
    with store.reading() as connection:
        asked = AuditPeriod(T0 + 3 * DAY, T0 + 5 * DAY)
        assert rows(period.report(connection, asked, Options()), "deviations") == []


# -- verdicts that nobody gave ----------------------------------------------------------------------


def test_a_verdict_after_its_end_is_not_known(store: Store) -> None:
    run(store, 0, {"a": user("a")}, AGE)  # a pass until day 30
    collect(store, look({"a": user("a")}, at=T0 + 25 * DAY))
    assert type1(store, T0 + 29 * DAY).statement[0] == "1 verdict: 1 pass"
    report = type1(store, T0 + 30 * DAY)
    assert report.statement[0] == "1 verdict: 1 not known"
    assert state(report, "CC6.2") == "unknown"
    (found,) = rows(report, "not-passing")
    assert (found["status"], found["message"]) == (
        "stale",
        "out of date since 2026-01-31T00:00:00.000Z; before that: pass, created 2026-01-01, due 2026-01-31",
    )
    (result,) = {(row["pass"], row["stale"]) for row in rows(report, "results") if row["rule"]}
    assert result == (0, 1)


def test_collections_that_nothing_judged_are_not_known(store: Store) -> None:
    run(store, 0, {"a": user("a")}, MFA)
    collect(store, look({"a": user("a", GetMfa=False), "b": user("b")}, at=T0 + DAY))
    run(store, 3, {"a": user("a"), "b": user("b")}, MFA)
    then = type1(store, T0 + DAY)
    assert state(then, "CC6.1") == "unknown"
    assert (
        "The last collections of fake.user were not judged by the end, by 1 rule"
        in then.warnings[0]
    )
    part = next(one for one in then.parts if one.id == "CC6.1")
    assert part.missing == ("fake-user-mfa: what was collected last was not judged by the instant",)
    assert state(type1(store, T0 + 3 * DAY), "CC6.1") == "holds"
    today = type1(store, T0 + DAY, now=MFA)
    assert len(today.warnings) == 1
    assert today.statement[0] == "2 verdicts: 1 pass, 1 fail"
    report = type2(store, 3)
    assert "Not all that was collected was judged" in report.warnings[0]
    (result,) = [row for row in rows(report, "results") if row["rule"]]
    day = 24 * 3_600_000
    # What the collection showed of a was judged by nobody; what it showed of b, later, since b stayed so.
    assert (result["pass"], result["not_known"], result["days_known"]) == (3 * day, 2 * day, 1)
    assert state(report, "CC6.1") == "unknown"


def test_a_rule_that_is_gone_is_named_at_an_instant(store: Store) -> None:
    run(store, 0, {"a": user("a", GetMfa=False)}, [*MFA, *AGE])
    run(store, 1, {"a": user("a", GetMfa=False)}, AGE)
    report = type1(store, T0 + DAY)
    states = {row["rule"]: row["state"] for row in rows(report, "rules")}
    assert states == {"fake-user-age": "in force", "fake-user-mfa": "not in force"}
    part = next(one for one in report.parts if one.id == "CC6.1")
    assert part.missing == ("fake-user-mfa was not in force",)
    assert part.state == "unknown"


# -- people and places ------------------------------------------------------------------------------


def test_a_waiver_counts_the_failures_that_it_covers_at_an_instant(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: T0)
    run(store, 0, {"a": user("a", GetMfa=False), "b": user("b", GetMfa=False)}, MFA)
    for pattern, resource in (("*", None), (None, "a"), (None, "z")):
        store.add_waiver(
            rule="fake-user-mfa",
            reason="soon",
            owner="Ann",
            approver="Bob",
            by=ANN,
            pattern=pattern,
            resource=resource,
        )
    report = type1(store, T0)
    covered = {row["resource"]: row["deviations"] for row in rows(report, "waivers")}
    assert covered == {"*": 2, "a": 1, "z": 0}
    (result,) = [row for row in rows(report, "results") if row["rule"]]
    assert (result["fail"], result["waived"]) == (2, 2)


def test_a_report_about_no_scope_does_not_say_that_there_was_no_gap(store: Store) -> None:
    run(store, 0, {"a": user("a")}, MFA)
    run(store, 1, {"a": user("a")}, MFA)
    report = type2(store, 1, scopes=("fake:none",))
    assert report.statement[1] == "Nothing was collected in the scopes of this report"
    assert type2(store, 1).statement[1] == "No gap from the first collection on"


def test_a_limited_report_by_todays_rules_counts_what_it_leaves_out(store: Store) -> None:
    run(store, 0, {"a": user("a", GetMfa=False, created=OLD)}, [*MFA, *AGE])
    report = type1(store, T0, now=[*MFA, *AGE], criteria=("CC6.2",))
    assert "Failures that are left out: 1 (fake-user-mfa 1)" in report.warnings


def test_a_rule_that_is_switched_off_and_on_has_the_reason_of_then(store: Store) -> None:
    off = {"rule": "fake-user-mfa", "reason": "noisy", "owner": "Bob", "date": "2026-01-02"}
    for day, said in enumerate([[], [off], []]):
        at = T0 + day * DAY
        body = canonical({"exclude": said})
        with store.run("run", config=(digest(body), body.decode()), tool_version="test") as run_id:
            store.record(run_id, look({"a": user("a", GetMfa=False)}, at=at))
            with store.database.writing() as connection:
                rules = AGE if said else [*MFA, *AGE]
                evaluate(connection, rules, run_id=run_id, now=at, due=DUE, tool_version="test")
    report = type2(store, 2)
    found = [
        (row["what"], row["by"], row["why"])
        for row in rows(report, "test-changes")
        if row["subject"] == "fake-user-mfa"
    ]
    assert found == [("rule switched off", "Bob", "noisy"), ("rule added", None, None)]
    ends = [(row["outcome"], row["met"]) for row in rows(report, "deviations")]
    assert sorted(ends) == [("open", "not due"), ("rule switched off", "none")]
    (result,) = [row for row in rows(report, "results") if row["rule"] == "fake-user-mfa"]
    day_of = 24 * 3_600_000
    assert (result["fail"], result["not_known"], result["days_known"]) == (day_of, day_of, 1)
    (lane,) = [lane for lane in report.lanes if lane.subject == "fake-user-mfa"]
    assert [(span.status, span.start[:10]) for span in lane.spans] == [
        ("fails", "2026-01-01"),
        ("unknown", "2026-01-02"),
    ]


def test_a_timeline_says_unknown_where_nobody_saw_whether_it_still_failed(store: Store) -> None:
    for day in (0, 20, 21):
        run(store, day, {"a": user("a", GetMfa=False)}, MFA)
    report = type2(store, 21)
    (result,) = [row for row in rows(report, "results") if row["rule"] == "fake-user-mfa"]
    day_of = 24 * 3_600_000
    assert (result["fail"] // day_of, result["not_known"] // day_of) == (8, 13)
    for lane in report.lanes:
        if lane.subject in ("fake-user-mfa", "CC6.1"):
            assert [(span.status, span.start[:10]) for span in lane.spans] == [
                ("fails", "2026-01-01"),
                ("unknown", "2026-01-08"),
                ("fails", "2026-01-21"),
            ]


def test_two_sources_of_one_scope_are_both_named(store: Store) -> None:
    for day, source in enumerate(["old", "new"]):
        seen = look({"a": user("a")}, at=T0 + day * DAY, source=source)
        one_run(store, [seen], at=seen.finished, rules=MFA)
    report = type2(store, 1)
    (collected,) = rows(report, "collections")
    assert collected["source"] == "old, new"
    found = [(row["what"], row["subject"]) for row in rows(report, "test-changes")]
    assert found == [("source appeared", "new")]


def test_an_event_whose_text_left_the_store_is_still_counted(store: Store, tmp_path: Path) -> None:
    rules = active([fake_change_approved])
    for day, approved in enumerate([False, True]):
        seen = changes({"x": change("x", 1, approved=approved)}, at=T0 + (1 + day) * DAY)
        one_run(store, [seen], at=seen.finished, rules=rules)
    before = [rows(type2(store, days), "populations") for days in (1, 2)]
    with store.database.writing() as connection:
        archive.archive(
            connection, T0 + 30 * DAY, tmp_path / "old", reason="old", owner="Ann", by=ANN
        )
        texts = connection.exec_driver_sql("SELECT COUNT(*) FROM evidence WHERE body = ''").scalar()
    assert texts == 1
    assert [rows(type2(store, days), "populations") for days in (1, 2)] == before
    assert [row["events"] for (row,) in before] == [1, 1]


def test_a_period_at_the_end_of_time_is_refused_in_words() -> None:
    with pytest.raises(UsageError, match="Write an earlier day"):
        AuditPeriod.parse("2026-01-01..9999-12-31")


def test_a_part_without_resources_does_not_count_none_of_none(store: Store) -> None:
    denied = look({}, status=CollectionStatus.DENIED, reason="no")
    one_run(store, [denied], rules=MFA)
    run(store, 1, {}, active([fake_user_age]))
    statement = type2(store, 1).statement[0]
    assert statement.startswith("no resource was there; known on 0 of 1 day; ")


def test_a_control_with_the_id_of_a_criterion_has_its_own_timeline(store: Store) -> None:
    control = Control("We know", "Ann", "daily", ("CC6.2", "CC6.3"), ("fake-user-age",))
    with store.database.writing() as connection:
        acts.record(connection, controls_said.SET, "CC6.1", control, by=ANN, now=T0)
    for day in (0, 1):
        run(store, day, {"a": user("a", GetMfa=False)}, [*MFA, *AGE])
    report = type2(store, 1)
    lanes = {(one.kind, one.subject): one.spans[0].status for one in report.lanes}
    assert lanes["control", "CC6.1"] == "holds"
    assert lanes["criterion", "CC6.1"] == "fails"
    target = io.BytesIO()
    write(report, "html", target, table=None)
    ids = re.findall(r' id="([^"]+)"', target.getvalue().decode())
    assert len(ids) == len(set(ids))
    page = target.getvalue().decode()
    (own,) = re.findall(r'id="part-control-CC6\.1".*?</summary>', page, re.DOTALL)
    assert "holds" in own
    assert 'class="fails"' not in own


# -- as known then ----------------------------------------------------------------------------------


def _content(store: Store, end: datetime) -> bytes:
    """Type I and Type II up to an instant, streamed tables too."""
    options = Options(rules=INSTALLED)
    with store.reading() as connection:
        made = [
            period.report(connection, AuditPeriod(T0, end), options),
            instant.report(connection, end - timedelta(milliseconds=1), options),
        ]
        streamed = [list(t.rows) for report in made for t in report.tables if t.streamed]
        return canonical([*map(plain_values, made), streamed])


def test_what_people_record_later_changes_no_earlier_report(
    store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    now = T0
    monkeypatch.setattr(clock, "now", lambda: now)
    control = Control("We know", "Ann", "daily", ("CC6.1",), ("fake-user-mfa",), ("training",))
    said = Attestation("C-1", "training", "2025-01-01", "2025-12-31", "2026-12-31", "t.pdf")
    run(store, 0, {"a": user("a", GetMfa=False), "b": user("b", GetMfa=False)}, [*MFA, *AGE])
    _away(store, 1)
    now = T0 + DAY
    waiver = store.add_waiver(
        rule="fake-user-mfa", reason="soon", owner="Ann", approver="Bob", by=ANN, resource="a"
    )
    with store.database.writing() as connection:
        acts.record(connection, controls_said.SET, "C-1", control, by=ANN, now=now)
        acts.record(connection, handing.ADDED, "at-1", said, by=ANN, now=now)
    run(store, 2, {"a": user("a", GetMfa=False), "b": user("b")}, [*MFA, *AGE])
    end = T0 + 2 * DAY + timedelta(hours=1)
    then = _content(store, end)
    now = end
    store.revoke_waiver(waiver, reason="enough", owner="Ann", by=ANN)
    store.add_waiver(rule="fake-user-mfa", reason="late", owner="Ann", approver="Bob", by=ANN)
    with store.database.writing() as connection:
        other = msgspec.structs.replace(control, owner="Bob", rules=())
        acts.record(connection, controls_said.SET, "C-1", other, by=ANN, now=now)
        acts.record(connection, controls_said.SET, "C-2", control, by=ANN, now=now)
        late = msgspec.structs.replace(said, covers_from="2024-01-01")
        acts.record(connection, handing.ADDED, "at-2", late, by=ANN, now=now)
        acts.record(connection, handing.REVOKED, "at-1", handing.Revoked("no"), by=ANN, now=now)
        retire(connection, str(AWAY), reason="sold", owner="Ann", by=ANN, now=now)
    strict = [
        replace(one, thresholds={"max_age_days": 1}, severity=Severity.CRITICAL) for one in AGE
    ]
    run(store, 3, {"c": user("c")}, strict)
    assert _content(store, end) == then
    with store.database.writing() as connection:
        archive.archive(
            connection, T0 + 30 * DAY, tmp_path / "old", reason="old", owner="Ann", by=ANN
        )
    assert b"(its text left the store)" in _content(store, end)
