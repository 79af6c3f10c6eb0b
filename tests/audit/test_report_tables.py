"""The further tables of reports: what changed in the tests, decisions, documents, people; words and bytes."""

from __future__ import annotations

import re
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac import config as configuration
from soc2_pac.acts import attestations as handing
from soc2_pac.acts import controls as controls_said
from soc2_pac.acts.attestations import Attestation
from soc2_pac.acts.controls import Control
from soc2_pac.audit import instant, period, readiness
from soc2_pac.audit.documents import LONGEST, between, cut
from soc2_pac.audit.measured import Options
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.canonical import canonical
from soc2_pac.decisions import Boundary, Place
from soc2_pac.errors import ConfigError
from soc2_pac.evaluate.engine import evaluate
from soc2_pac.model import CollectionStatus
from soc2_pac.report import Report, plain_values
from soc2_pac.store import Store, acts, open_store, tables

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

DAY = timedelta(days=1)
MFA = active([fake_user_mfa])
INSTALLED = {rule.id: rule for rule in (*RULES, *CHANGES)}
CONFIG = """
[audit]
cadence = "1d"
[[audit.exclude]]
scope = "fake:other"
reason = "sold"
owner = "Ann"
date = 2026-01-01
[[rules.exclude]]
rule = "fake-user-team"
reason = "no teams"
owner = "Bob"
date = 2026-01-01
"""


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def type2(store: Store, text: str, **options: Any) -> Report:
    with store.reading() as connection:
        made = period.report(
            connection, AuditPeriod.parse(text), Options(rules=INSTALLED, **options)
        )
        for table in made.tables:
            assert len(list(table.cells())) == len(table.rows), table.name
        return made


def rows(report: Report, table: str) -> list[dict[str, Any]]:
    return list(report.table(table).cells())


def configured(
    store: Store, looks: Sequence[Any], day: int, text: str, rules: Sequence[Any]
) -> None:
    """A run by a configuration, on a day."""
    import tomllib

    settings = configuration.parse(tomllib.loads(text), None)
    at = T0 + day * DAY
    with store.run("run", config=settings.identity(), tool_version=f"1.{day}") as run_id:
        for item in looks:
            store.record(run_id, item)
        with store.database.writing() as connection:
            evaluate(connection, rules, run_id=run_id, now=at, due=DUE, tool_version=f"1.{day}")


# -- what changed in the tests ----------------------------------------------------------------------


def test_a_threshold_says_how_many_verdicts_it_turned(store: Store) -> None:
    people = {
        "a": user("a"),
        "b": user("b", created="2025-12-25T00:00:00Z"),
        "c": user("c", GetMfa=False),
    }
    rules = active([fake_user_age, fake_user_mfa])
    one_run(store, [look(people)], rules=rules)
    strict = [
        type(one)(one.rule, {"max_age_days": 5}, one.severity, one.max_age)
        if one.rule is fake_user_age
        else one
        for one in rules
    ]
    one_run(store, [look(people, at=T0 + DAY)], at=T0 + DAY, rules=strict)
    one_run(store, [look(people, at=T0 + 2 * DAY)], at=T0 + 2 * DAY, rules=strict[1:])
    found = [
        row
        for row in rows(type2(store, "2026-01-01..2026-01-03"), "test-changes")
        if row["what"] != "scope appeared"
    ]
    keys = ("what", "subject", "part", "before", "after", "turned")
    assert [(row["at"][:10], *(row[key] for key in keys)) for row in found] == [
        ("2026-01-02", "rule changed", "fake-user-age", "threshold max_age_days", "30", "5", 1),
        ("2026-01-03", "rule switched off", "fake-user-age", None, found[1]["before"], None, None),
    ]  # fmt: skip


def test_configurations_scopes_and_versions_that_changed(store: Store) -> None:
    seen = look({"a": user("a")})
    configured(store, [seen], 0, "", MFA)
    configured(store, [look({"a": user("a")}, at=T0 + DAY)], 1, CONFIG, MFA)
    away = look({"z": user("z")}, at=T0 + 2 * DAY, scope=AWAY)
    configured(store, [away], 2, CONFIG, MFA)
    control = Control(wording="We do", owner="Ann", frequency="daily", criteria=("CC6.1",))
    with store.database.writing() as connection:
        acts.record(connection, controls_said.SET, "C-1", control, by=ANN, now=T0 + DAY)
    found = rows(type2(store, "2026-01-01..2026-01-03"), "test-changes")
    by_what = {(row["what"], row["part"]): row for row in found}
    exclusion = by_what["configuration changed", "exclude[0]"]
    assert (exclusion["by"], exclusion["why"]) == ("Bob", "no teams (2026-01-01)")
    assert by_what["configuration changed", "audit.cadence"]["after"] == '"1d"'
    assert by_what["scope appeared", None]["subject"] == "fake:other"
    versions = [
        (row["before"], row["after"]) for row in found if row["what"] == "tool version changed"
    ]
    assert versions == [("1.0", "1.1"), ("1.1", "1.2")]
    assert by_what["control set", None]["by"] == "Ann (not proved; user ann)"


def test_decisions_name_who_answers_and_how_much_they_touch(store: Store) -> None:
    place = Place(scope="fake:other", reason="sold", owner="Ann", date=date(2026, 1, 1))
    rules = [
        type(one)(
            one.rule,
            one.thresholds,
            one.severity,
            one.max_age,
            one.sourced,
            (),
            Boundary(exclude=(place,)),
        )
        for one in MFA
    ]
    looks = [look({"a": user("a")}), look({"z": user("z", GetMfa=False)}, scope=AWAY)]
    configured(store, looks, 0, CONFIG, rules)
    again = [
        look({"a": user("a")}, at=T0 + DAY),
        look({"z": user("z", GetMfa=False)}, at=T0 + DAY, scope=AWAY),
    ]
    configured(store, again, 1, CONFIG, rules)
    report = type2(store, "2026-01-01..2026-01-02")
    assert [
        (r["what"], r["effect"], r["where"], r["owner"], r["findings"])
        for r in rows(report, "decisions")
    ] == [
        ("fake-user-team", "switched off", "everywhere", "Bob", 0),
        ("audit", "outside of the system", "scope fake:other", "Ann", 1),
    ]
    (deviation,) = rows(report, "deviations")
    assert deviation["outside"] == "yes"
    assert "sold (Ann, 2026-01-01)" in deviation["decisions"]
    (result,) = [row for row in rows(report, "results") if row["rule"]]
    assert (result["deviations"], result["outside_deviations"], result["fail"]) == (0, 1, 0)
    assert result["outside"] == 24 * 3_600_000
    (collected, _) = rows(report, "collections")
    assert (collected["expected"], collected["complete"]) == (1, 2)


def test_a_cadence_that_is_none_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"audit\.cadence: 'daily' is no duration: write 12h, 1d or 1w"
    ):
        configuration.parse({"audit": {"cadence": "daily"}}, None)
    assert configuration.duration_of("2w") == 14 * 86_400_000


# -- documents --------------------------------------------------------------------------------------


def test_the_document_says_what_changed(store: Store) -> None:
    for number, mfa in enumerate([True, False, True]):
        at = T0 + number * DAY
        one_run(store, [look({"a": user("a", GetMfa=mfa)}, at=at)], at=at, rules=MFA)
    one_run(store, [look({"a": user("a")}, at=T0 + 3 * DAY)], at=T0 + 3 * DAY, rules=MFA)
    found = rows(type2(store, "2026-01-01..2026-01-04"), "document-changes")
    assert found == [
        {"deviation": 1, "step": "start", "path": "GetMfa", "before": "true", "after": "false"},
        {"deviation": 1, "step": "end", "path": "GetMfa", "before": "false", "after": "true"},
    ]


def test_differences_of_lists_leave_out_what_both_have() -> None:
    before = '{"rules":[{"id":1,"open":true},{"id":2}],"tags":["a","b"]}'
    after = '{"rules":[{"id":2},{"id":1,"open":false}],"tags":["b","c"]}'
    assert [tuple(one) for one in between(before, after)] == [
        ("rules[1].open", "true", "false"),
        ("tags[1]", '"a"', '"c"'),
    ]
    whole = between(before, after, whole_items=True)
    assert [one.path for one in whole] == ["rules[0]", "rules[1]", "tags[0]", "tags[1]"]
    assert [tuple(one) for one in between('["a","b"]', '["b","a"]')] == [
        ("", "(in this order)", "(in another order)")
    ]
    assert between("", "{}")[0].before == "(its text left the store)"
    assert between("1", "true")[0].after == "true"
    text = cut("x" * 1000)
    assert text is not None
    assert text.endswith("... (1,000 characters)")
    assert text.startswith("x" * LONGEST)


# -- people and events ------------------------------------------------------------------------------


def test_evidence_of_people_counts_as_of_the_end(store: Store) -> None:
    one_run(store, [look({"a": user("a")})], rules=MFA)
    control = Control(
        wording="We train",
        owner="Ann",
        frequency="yearly",
        criteria=("CC1.4",),
        attestations=("security-training",),
    )
    said = Attestation(
        control="C-1", topic="security-training", covers_from="2025-01-01", covers_to="2025-12-31",
        valid_until="2026-01-31", file_name="training.pdf",
    )  # fmt: skip
    revoked = handing.Revoked(reason="wrong file")
    with store.database.writing() as connection:
        acts.record(connection, controls_said.SET, "C-1", control, by=ANN, now=T0)
        acts.record(connection, handing.ADDED, "at-1", said, by=ANN, now=T0 + DAY)
        acts.record(connection, handing.REVOKED, "at-1", revoked, by=ANN, now=T0 + 5 * DAY)
    for number in range(1, 8):
        one_run(
            store, [look({"a": user("a")}, at=T0 + number * DAY)], at=T0 + number * DAY, rules=MFA
        )
    (then,) = rows(type2(store, "2026-01-01..2026-01-04"), "attestations")
    assert (then["counts"], then["revoked"], then["by"]) == (
        "yes",
        None,
        "Ann (not proved; user ann)",
    )
    report = type2(store, "2026-01-01..2026-01-08")
    (later,) = rows(report, "attestations")
    assert (later["counts"], later["revoked_because"]) == ("no", "wrong file")
    assert {part.id: part.kind for part in report.parts}["C-1"] == "control"
    (shown,) = rows(report, "controls")
    assert (shown["control"], shown["until"]) == ("C-1", None)


def test_no_rule_is_lost_between_controls_and_criteria(store: Store) -> None:
    control = Control(
        wording="We do",
        owner="Ann",
        frequency="daily",
        criteria=("CC6.1", "CC6.2"),
        rules=("fake-user-age",),
    )
    with store.database.writing() as connection:
        acts.record(connection, controls_said.SET, "C-1", control, by=ANN, now=T0)
    for number in range(2):
        seen = look({"a": user("a", GetMfa=False)}, at=T0 + number * DAY)
        one_run(store, [seen], at=T0 + number * DAY, rules=active([fake_user_mfa, fake_user_age]))
    report = type2(store, "2026-01-01..2026-01-02")
    shown = {(row["part"], row["rule"]) for row in rows(report, "results") if row["rule"]}
    # The control answers for CC6.1, and names no rule of it that fails: the criterion is a part all the same.
    assert shown == {
        ("C-1", "fake-user-age"),
        ("CC6.1", "fake-user-mfa"),
        ("CC6.3", "fake-user-age"),
    }


def test_a_population_is_counted_as_known_at_the_end(store: Store) -> None:
    rules = active([fake_change_approved])
    one_run(
        store,
        [changes({"x": change("x", 1), "y": change("y", 2, approved=False)}, at=T0 + 2 * DAY)],
        at=T0 + 2 * DAY,
        rules=rules,
    )
    one_run(store, [changes({"z": change("z", 4)}, at=T0 + 5 * DAY)], at=T0 + 5 * DAY, rules=rules)
    (then,) = rows(type2(store, "2026-01-01..2026-01-04"), "populations")
    (later,) = rows(type2(store, "2026-01-01..2026-01-06"), "populations")
    assert (then["events"], later["events"]) == (2, 3)
    assert (then["known_all"], then["because"]) == (
        "no",
        "its collections do not say which time they cover",
    )
    # What an event showed stays known, though nothing was collected for longer than evidence counts.
    one_run(store, [changes({}, at=T0 + 30 * DAY)], at=T0 + 30 * DAY, rules=rules)
    (result,) = [r for r in rows(type2(store, "2026-01-01..2026-01-31"), "results") if r["rule"]]
    assert result["not_known"] == 0
    assert result["gaps"] == 1


# -- all of it --------------------------------------------------------------------------------------


def _varied(store: Store) -> None:
    configured(store, [look({"a": user("a"), "b": user("b", GetMfa=False)})], 0, "", active())
    denied = look({}, at=T0 + DAY, status=CollectionStatus.DENIED, reason="no", scope=HOME)
    configured(store, [denied], 1, CONFIG, active())
    configured(store, [look({"a": user("a", GetMfa=False)}, at=T0 + 2 * DAY)], 2, CONFIG, active())


def _every(store: Store) -> list[Report]:
    options = Options(rules=INSTALLED)
    with store.reading() as connection:
        return [
            period.report(connection, AuditPeriod.parse("2026-01-01..2026-01-03"), options),
            instant.report(connection, T0 + DAY, options),
            readiness.report(connection, options),
        ]


def test_no_report_judges_for_the_auditor(store: Store) -> None:
    _varied(store)
    for report in _every(store):
        text = canonical(plain_values(report)).decode().lower()
        assert not re.search(r"\beffective|\bcomplian[ct]|\bcertif", text)
        for table in report.tables:
            for place, column in enumerate(table.columns):
                if column.shape == "auditor":
                    assert all(row[place] is None for row in table.rows)


def test_bytes_are_the_same_in_another_time_zone(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _varied(store)
    here = [report.digest for report in _every(store)]
    try:
        monkeypatch.setenv("TZ", "Pacific/Chatham")
        monkeypatch.setenv("LC_ALL", "tr_TR.UTF-8")
        time.tzset()
        assert [report.digest for report in _every(store)] == here
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_simulated_history_says_so_everywhere(store: Store) -> None:
    _varied(store)
    assert not any("imulated" in w for report in _every(store) for w in report.warnings)
    with store.database.writing() as connection:
        connection.execute(tables.meta.insert().values(key="simulated", value="demo"))
    for report in _every(store):
        assert report.warnings[0] == "Simulated history: made by the demo"


def test_rows_have_the_cells_of_their_columns(store: Store) -> None:
    _varied(store)
    for report in _every(store):
        names = [table.name for table in report.tables]
        assert len(names) == len(set(names))
        for table in report.tables:
            if table.streamed:
                continue
            for row in table.rows:
                assert len(row) == len(table.columns), table.name
                for cell, column in zip(row, table.columns, strict=True):
                    number = column.shape in ("number", "duration")
                    assert cell is None or isinstance(cell, int if number else str), (
                        table.name,
                        column.name,
                        cell,
                    )
