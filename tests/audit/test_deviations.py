"""Deviations of any history: each failure is in one, and what it says of collections can be looked up."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from soc2_pac.acts.scopes import RETIRED, Retired
from soc2_pac.audit import period
from soc2_pac.audit.measured import Options
from soc2_pac.audit.populations import AuditPeriod
from soc2_pac.errors import UsageError
from soc2_pac.model import utc_text
from soc2_pac.store import Store, acts, open_store

from ..store.helpers import CHANGES, RULES, T0  # noqa: TID252 - tests are no package
from . import histories

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

    from soc2_pac.report import Report

INSTALLED = {rule.id: rule for rule in (*RULES, *CHANGES)}
DAY = timedelta(days=1)
Key = tuple[str, str, str | None]
"""Rule, scope and resource of a finding."""


class Verdict(NamedTuple):
    status: str
    since: str
    until: str | None
    outside: bool


class Failing(NamedTuple):
    """Verdicts one after another that begin with a failure, without a pass between."""

    since: str
    until: str | None
    verdicts: list[Verdict]


class Recorded:
    """What a store held at the end of a period, asked for without the engine."""

    def __init__(self, connection: Connection, asked: AuditPeriod) -> None:
        self._connection = connection
        at = utc_text(asked.end - timedelta(milliseconds=1))
        (last,) = self._read(f"SELECT MAX(id) FROM evaluation WHERE as_of <= '{at}'")
        (newest,) = self._read(f"SELECT MAX(id) FROM collection WHERE finished_at <= '{at}'")
        self.findings: dict[Key, list[Verdict]] = defaultdict(list)
        for row in self._read(
            "SELECT r.name, s.provider || ':' || s.boundary, x.uid, f.status, f.valid_from, CASE WHEN f.closed_by <= "
            f"{last[0] or 0} THEN f.valid_to END, COALESCE(a.outside, 0) FROM finding f "
            "JOIN rule r ON r.id = f.rule_id JOIN scope s ON s.id = f.scope_id "
            "LEFT JOIN resource x ON x.id = f.resource_id LEFT JOIN adjustment a ON a.digest = f.adjustment "
            f"WHERE f.opened_by <= {last[0] or 0} ORDER BY f.id"
        ):
            self.findings[row[0], row[1], row[2]].append(
                Verdict(row[3], row[4], row[5], bool(row[6]))
            )
        self._documents = self._read(
            "SELECT x.kind, s.provider || ':' || s.boundary, x.uid, o.digest, o.opened_by, "
            f"CASE WHEN o.closed_by <= {newest[0]} THEN o.closed_by END FROM observation o "
            "JOIN resource x ON x.id = o.resource_id JOIN scope s ON s.id = x.scope_id"
        )
        self._complete = self._read(
            "SELECT c.id, c.kind, s.provider || ':' || s.boundary FROM collection c JOIN scope s ON s.id = c.scope_id "
            "WHERE c.status = 'complete'"
        )
        self._collected = self._read(
            "SELECT s.provider || ':' || s.boundary, c.finished_at FROM collection c JOIN scope s ON s.id = c.scope_id"
        )
        self._retired = [
            (act.recorded_at, act.said(Retired).scopes)
            for act in acts.listed(connection, (RETIRED,))
        ]

    def _read(self, text: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self._connection.exec_driver_sql(text)]

    def failing(self, start: str, end: str) -> Iterator[tuple[Key, Failing]]:
        for key, verdicts in self.findings.items():
            for one in _stretches(v for v in verdicts if v.until is None or v.since < v.until):
                if one.since < end and (one.until is None or one.until > start):
                    yield key, one

    def retired(self, scope: str, since: str, by: str) -> str | None:
        """When a scope was retired after an instant and, by another, was not collected again."""
        found = [at for at, scopes in self._retired if scope in scopes and since <= at <= by]
        again = [
            at for one, at in self._collected if one == scope and found and found[-1] < at <= by
        ]
        return None if again else min(found, default=None)

    def document(self, row: dict[str, Any], collection: int) -> str | None:
        """The digest of a resource's document as of a collection; ``None``: there was none."""
        about = row["kind"], row["scope"], row["resource"]
        found = [
            digest
            for *its, digest, opened, closed in self._documents
            if tuple(its) == about
            and opened <= collection
            and (closed is None or closed > collection)
        ]
        assert len(found) <= 1
        return found[0] if found else None

    def complete_between(self, row: dict[str, Any], first: int, last: int) -> list[int]:
        return [
            number
            for number, *its in self._complete
            if first < number < last and its == [row["kind"], row["scope"]]
        ]


def _stretches(verdicts: Iterable[Verdict]) -> Iterator[Failing]:
    here: list[Verdict] = []
    for one in verdicts:
        ends = one.status in ("pass", "not_applicable")
        if here and (ends or here[-1].until != one.since):
            yield Failing(here[0].since, here[-1].until, here)
            here = []
        if here or one.status == "fail":
            here.append(one)
    if here:
        yield Failing(here[0].since, here[-1].until, here)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
@given(history=histories.steps, first=st.integers(0, 20), length=st.integers(1, 30))
def test_every_failure_is_in_one_deviation(
    history: list[dict[str, Any]], first: int, length: int
) -> None:
    with open_store("sqlite://", create=True) as store:
        histories.record(store, history)
        asked = AuditPeriod(T0 + first * DAY, T0 + (first + length) * DAY)
        made = _made(store, asked)
        if made is None:
            return
        report, recorded = made
        rows = list(report.table("deviations").cells())
        _are_those_recorded(rows, recorded, utc_text(asked.start), utc_text(asked.end), report.end)
        for row in rows:
            if row["resource"] is not None:
                _is_bracketed(row, recorded)
        _are_counted(rows, report)


def _made(store: Store, asked: AuditPeriod) -> tuple[Report, Recorded] | None:
    with store.reading() as connection:
        try:
            report = period.report(connection, asked, Options(rules=INSTALLED))
        except UsageError:
            return None
        return report, Recorded(connection, asked)


def _are_those_recorded(
    rows: list[dict[str, Any]], recorded: Recorded, start: str, end: str, report_end: str
) -> None:
    shown = {(row["rule"], row["scope"], row["resource"], row["started"]): row for row in rows}
    assert len(shown) == len(rows)
    for key, one in recorded.failing(start, end):
        # Its scope may have ended before an evaluation noted that.
        retired = recorded.retired(key[1], one.verdicts[-1].since, one.until or report_end)
        ended = min(filter(None, (one.until, retired)), default=None)
        row = shown.pop((*key, one.since), None)
        if row is None:
            assert retired is not None
            assert retired <= start
            continue
        assert row["ended"] == ended
        assert (row["outcome"] == "open") == (ended is None)
        if retired is not None:
            assert row["outcome"] == "scope retired"
        within = [v for v in one.verdicts if v.since < end and (v.until is None or v.until > start)]
        assert (row["outside"] == "yes") == all(v.outside for v in within)
    assert shown == {}


def _is_bracketed(row: dict[str, Any], recorded: Recorded) -> None:
    for step, earlier, later in (
        ("start", "start_last_without", "start_first_with"),
        ("end", "end_last_with", "end_first_without"),
    ):
        before, after, cause = row[earlier], row[later], row[f"{step}_cause"]
        assert (row[f"{step}_earliest"] or "") <= (row[f"{step}_latest"] or "")
        if cause in ("document changed", "document and rule changed", "first seen"):
            shown = row["digest" if step == "start" else "digest_fixed"]
            assert recorded.document(row, after) == shown
            if before is not None:
                assert recorded.document(row, before) != shown
                assert recorded.complete_between(row, before, after) == []
        if cause == "resource deleted":
            assert recorded.document(row, before) is not None
            assert recorded.document(row, after) is None


def _are_counted(rows: list[dict[str, Any]], report: Report) -> None:
    """What results and statement say is what the table lists."""
    by_rule = itertools.groupby(sorted(rows, key=_rule), key=_rule)
    own = {rule: list(found) for rule, found in by_rule}
    counted: Counter[str] = Counter()
    for result in report.table("results").cells():
        rule = str(result["rule"])
        counting = [row for row in own.get(rule, ()) if row["outside"] != "yes"]
        if result["rule"] is None:
            continue
        assert result["deviations"] == len(counting)
        assert result["outside_deviations"] == len(own.get(rule, ())) - len(counting)
        assert result["open"] == sum(row["outcome"] == "open" for row in counting)
        assert result["in_time"] == sum(row["met"] == "yes" for row in counting)
        assert result["late"] == sum(row["met"] == "no" for row in counting)
        assert result["fail"] == 0 or own[rule]
        counted[rule] = len(counting)
    total = counted.total()
    assert f"; {total} deviation{'' if total == 1 else 's'}" in report.statement[0]


def _rule(row: dict[str, Any]) -> str:
    return str(row["rule"])
