"""Type I and readiness: one instant as it was known then, by the rules of then and of today."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from soc2_pac.acts import controls as controls_said
from soc2_pac.acts.controls import Control
from soc2_pac.audit import instant, readiness
from soc2_pac.audit.measured import Options
from soc2_pac.canonical import canonical
from soc2_pac.errors import UsageError
from soc2_pac.evaluate.engine import judge_as_of
from soc2_pac.model import CollectionStatus, utc_text
from soc2_pac.report import Report, plain_values
from soc2_pac.store import Store, acts, open_store

from ..store.helpers import (  # noqa: TID252 - tests are no package
    ANN,
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

DAY = timedelta(days=1)
MFA = active([fake_user_mfa])
RULES = {rule.rule.id: rule.rule for rule in active((*ALL, *CHANGES))}


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        yield opened


def made(store: Store, at: datetime, now: Any = None, **options: Any) -> Report:
    with store.reading() as connection:
        report = instant.report(connection, at, Options(rules=RULES, **options), now)
        _read(report)
        return report


def _read(report: Report) -> dict[str, list[dict[str, Any]]]:
    """Every table, streamed ones too, while the store is open."""
    found = {table.name: list(table.cells()) for table in report.tables}
    for table in report.tables:
        assert len(found[table.name]) == len(table.rows)
    return found


def rows(report: Report, table: str) -> list[dict[str, Any]]:
    return list(report.table(table).cells())


def test_the_state_is_that_of_the_instant(store: Store) -> None:
    for number, mfa in enumerate([True, False, True]):
        at = T0 + number * DAY
        one_run(store, [look({"a": user("a", GetMfa=mfa)}, at=at)], at=at, rules=MFA)
    states = [made(store, T0 + n * DAY + DAY / 2).parts[0].state for n in range(3)]
    assert states == ["holds", "fails", "holds"]
    report = made(store, T0 + DAY + timedelta(hours=5))
    facts = {fact.label: fact.value for fact in report.cover}
    assert facts["Collected or judged last by then"] == utc_text(T0 + DAY)
    (failing,) = rows(report, "not-passing")
    assert (failing["resource"], failing["status"], failing["collection"]) == ("a", "fail", 2)
    assert failing["failing_since"] == utc_text(T0 + DAY)
    (result,) = [row for row in rows(report, "results") if row["rule"]]
    assert (result["pass"], result["fail"], result["resources"]) == (0, 1, 1)
    assert report.lanes[0].spans[0].status == "fails"


def test_nothing_was_known_before_the_first_collection(store: Store) -> None:
    with pytest.raises(UsageError, match=r"holds no collection\. Next: soc2-pac run"):
        made(store, T0)
    one_run(store, [look({"a": user("a")}, at=T0 + DAY)], at=T0 + DAY, rules=MFA)
    with pytest.raises(
        UsageError, match=r"first collection ended at 2026-01-02.*--as-of 2026-01-02"
    ):
        made(store, T0)


def test_what_was_not_known_says_since_when(store: Store) -> None:
    one_run(store, [look({"a": user("a")})], rules=MFA)
    denied = look({}, at=T0 + 3 * DAY, status=CollectionStatus.DENIED, reason="no")
    one_run(store, [denied], at=T0 + 3 * DAY, rules=MFA)
    one_run(store, [], at=T0 + 9 * DAY, rules=MFA)
    report = made(store, T0 + 9 * DAY)
    (gap,) = rows(report, "gaps")
    assert (gap["from"], gap["to"], gap["cause"]) == (
        "2026-01-08T00:00:00.000Z", "2026-01-10T00:00:00.000Z", "denied",
    )  # fmt: skip
    assert report.parts[0].state == "unknown"
    assert rows(made(store, T0 + 2 * DAY), "gaps") == []


def test_todays_rules_over_the_evidence_of_then(store: Store) -> None:
    one_run(store, [look({"a": user("a", GetMfa=False)})], rules=active([fake_user_age]))
    one_run(
        store,
        [look({"a": user("a")}, at=T0 + DAY)],
        at=T0 + DAY,
        rules=active([fake_user_mfa, fake_user_age]),
    )
    then = made(store, T0)
    assert then.parts[0].rules == ()
    today = active([fake_user_mfa, fake_user_age])
    report = made(store, T0, now=today)
    assert "today's rules" in report.title
    assert "today's rules" in report.warnings[0]
    with store.reading() as connection:
        judged = list(judge_as_of(connection, today, T0))
    assert {(j.rule.id, j.verdict.status.value) for j in judged} == {
        ("fake-user-mfa", "fail"), ("fake-user-age", "pass"),
    }  # fmt: skip
    assert [row["rule"] for row in rows(report, "not-passing")] == ["fake-user-mfa"]


def test_a_limited_report_counts_the_failures_that_it_leaves_out(store: Store) -> None:
    one_run(
        store, [look({"a": user("a", GetMfa=False)})], rules=active([fake_user_mfa, fake_user_age])
    )
    report = made(store, T0, criteria=("CC6.2",))
    assert rows(report, "not-passing") == []
    assert any("Failures that are left out: 1 (fake-user-mfa 1)" in w for w in report.warnings)


# -- readiness --------------------------------------------------------------------------------------


def test_readiness_says_what_to_do_most_valuable_first(store: Store) -> None:
    users = {"a": user("a", GetMfa=False), "b": user("b", GetMfa=False), "c": user("c")}
    one_run(store, [look(users)], rules=active([fake_user_mfa, fake_user_age]))
    control = Control(
        wording="We review access",
        owner="Ann",
        frequency="quarterly",
        criteria=("CC6.3",),
        attestations=("access-review",),
    )
    with store.database.writing() as connection:
        acts.record(connection, controls_said.SET, "AC-1", control, by=ANN, now=T0)
    with store.reading() as connection:
        report = readiness.report(connection, Options(rules=RULES))
    steps = rows(report, "next-steps")
    assert steps[0]["what"] == "Users have MFA: fix 2 failures"
    assert steps[0]["how"].startswith(
        "turn it on. See: soc2-pac findings list --rule fake-user-mfa"
    )
    assert steps[1]["what"] == (
        "Hand in evidence of access-review for control AC-1 (Ann): nothing was handed in"
    )
    assert {step["criteria"] for step in steps if step["sort"] == "control"} >= {"CC1.1", "CC9.2"}
    assert "CC6.3" not in {step["criteria"] for step in steps if step["sort"] == "control"}
    criteria = {row["criterion"]: row for row in rows(report, "criteria")}
    assert criteria["CC6.1"]["state"] == "fails"
    assert criteria["CC1.1"]["state"] == "people"
    assert (criteria["CC6.3"]["controls"], criteria["CC6.3"]["evidence_missing"]) == ("AC-1", 1)


def test_readiness_names_the_permission_of_what_is_not_known(store: Store) -> None:
    seen = look({}, status=CollectionStatus.DENIED, reason="refused")
    granted = type(seen)(
        **{f: getattr(seen, f) for f in seen.__dataclass_fields__} | {"permission": "users:read"}
    )
    one_run(store, [granted], rules=MFA)
    with store.reading() as connection:
        report = readiness.report(connection, Options(rules=RULES))
    step = rows(report, "next-steps")[0]
    assert (
        step["what"]
        == "Grant users:read: fake.user is not known in 1 scope, and 1 rule cannot judge it"
    )


# -- any history at all -----------------------------------------------------------------------------


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(history=histories.steps, more=histories.steps, back=st.integers(0, 400))
def test_a_report_that_is_made_later_is_the_same(
    history: list[dict[str, Any]], more: list[dict[str, Any]], back: int
) -> None:
    with open_store("sqlite://", create=True) as store:
        end = histories.record(store, history)
        at = end - back * histories.HOUR

        def bytes_of() -> bytes:
            with store.reading() as connection:
                report = instant.report(connection, at, Options(rules=RULES))
                return canonical([plain_values(report), _read(report)])

        try:
            then = bytes_of()
        except UsageError:
            return
        histories.record(store, more, start=end)
        assert bytes_of() == then
