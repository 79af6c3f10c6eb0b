"""Lists: the same rows and order as the views, page by page, and counts that stay exact."""

from __future__ import annotations

import itertools
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from soc2_pac.model import Severity, Status
from soc2_pac.output.summary import render
from soc2_pac.store import counts, finding_list, open_store, queries, tables
from soc2_pac.store.queries import EvidencePosition, Position

from .helpers import ANN
from .mutations import Histories, fill, go_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from soc2_pac.store import Store


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """A history with waivers, adjustments, populations, denied scopes and findings of whole scopes."""
    databases = request.getfixturevalue(f"{request.param}_databases")
    url = (
        databases.create(tmp_path_factory.mktemp("lists"), migrated=True)
        if request.param == "sqlite"
        else databases.create(migrated=True)
    )
    with open_store(url) as opened:
        fill(opened)
        go_on(opened)
        with opened.reading() as connection:
            failing = queries.findings(connection, statuses=[Status.FAIL])
            rules = sorted({finding.rule for finding in failing})
        common: dict[str, Any] = {"reason": "r", "owner": "o", "approver": "p", "by": ANN}
        opened.add_waiver(rule=rules[0], resource="b", **common)
        for rule in rules[1:]:
            opened.add_waiver(rule=rule, pattern="*b*", **common)
        opened.add_waiver(rule="no-such-rule", **common)
        yield opened
    if request.param == "postgres":
        databases.drop(url)


def _as_the_view_has_it(store: Store, *, by_rule: bool = False) -> list[tuple[Any, ...]]:
    severity = " ".join(f"WHEN '{s}' THEN {n}" for n, s in enumerate(reversed(Severity)))
    listed = ("fail", "error", "inconclusive", "stale", "pass", "not_applicable")
    status = " ".join(f"WHEN '{s}' THEN {n}" for n, s in enumerate(listed))
    worst = f"CASE status {status} END, CASE severity {severity} END"
    order = f"rule, {worst}" if by_rule else f"{worst}, rule"
    with store.reading() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT fingerprint, rule, severity, scope, kind, resource, resource_name, status, message, evidence, "
                "since, failing_since, sla_due, until, waiver, basis, outside, adjustment "
                f"FROM v_findings ORDER BY {order}, scope, resource"
            )
        )
        return [tuple(row) for row in rows]


def _plain(finding: queries.Finding) -> tuple[Any, ...]:
    f = finding
    return (
        f.fingerprint, f.rule, f.severity.value, f.scope, f.kind, f.resource, f.resource_name, f.status.value,
        f.message, f.evidence, f.since, f.failing_since, f.sla_due, f.until, f.waiver, f.basis, int(f.outside),
        f.adjustment,
    )  # fmt: skip


_FILTERS: dict[str, tuple[dict[str, Any], Callable[[queries.Finding], bool]]] = {
    "nothing": ({}, lambda _: True),
    "a rule": ({"rules": ["fake-user-mfa"]}, lambda f: f.rule == "fake-user-mfa"),
    "no rule": ({"rules": ["none"]}, lambda _: False),
    "a criterion": ({"criteria": ["CC6.1"]}, lambda f: "CC6.1" in f.criteria),
    "a series": ({"criteria": ["CC8"]}, lambda f: any(c.startswith("CC8.") for c in f.criteria)),
    "a status": ({"statuses": [Status.FAIL]}, lambda f: f.status is Status.FAIL),
    "statuses": (
        {"statuses": [Status.INCONCLUSIVE, Status.PASS]},
        lambda f: f.status in (Status.INCONCLUSIVE, Status.PASS),
    ),
    "a severity": ({"severities": [Severity.LOW]}, lambda f: f.severity is Severity.LOW),
    "a scope": ({"scope": "fake:acme"}, lambda f: f.scope == "fake:acme"),
    "scopes": ({"scope": "fake:a*"}, lambda f: f.scope.startswith("fake:a")),
    "a provider": ({"provider": "fake"}, lambda f: f.scope.startswith("fake:")),
    "a kind": ({"kind": "fake.user"}, lambda f: f.kind == "fake.user"),
    "a resource": ({"resource": "b"}, lambda f: "b" in (f.resource, f.resource_name)),
    "a name": ({"resource": "bob"}, lambda f: "bob" in (f.resource, f.resource_name)),
    "waived": ({"waived": True}, lambda f: f.waiver is not None),
    "not waived": ({"waived": False}, lambda f: f.waiver is None),
    "outside": ({"outside": True}, lambda f: f.outside),
    "inside": ({"outside": False}, lambda f: not f.outside),
    "several": (
        {"outside": False, "statuses": [Status.FAIL], "waived": False, "scope": "fake:*"},
        lambda f: not f.outside and f.status is Status.FAIL and f.waiver is None,
    ),
}


@pytest.mark.parametrize("together", [2000, 0])
def test_a_list_is_the_view_in_order(
    store: Store, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    # 0: every scope is read in the order of its resources' own key.
    monkeypatch.setattr(finding_list, "_SORTED", together)
    whole = [_plain(finding) for finding in store.findings()]
    assert whole == _as_the_view_has_it(store)
    assert [_plain(f) for f in store.findings(by_rule=True)] == _as_the_view_has_it(
        store, by_rule=True
    )
    assert any(row[5] is None for row in whole), "no finding is of a whole scope"
    assert [_plain(finding) for finding in store.stream_findings()] == whole


@pytest.mark.parametrize("name", _FILTERS)
def test_filters_narrow_and_pages_follow_each_other(
    store: Store, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    filters, takes = _FILTERS[name]
    wanted = [finding for finding in store.findings() if takes(finding)]
    assert bool(wanted) == (name != "no rule")
    for together in (2000, 0):
        monkeypatch.setattr(finding_list, "_SORTED", together)
        assert store.findings(**filters) == wanted
        for size in (1, 3):
            assert list(_paged(store, size, filters)) == wanted
    by_rule = store.findings(by_rule=True, **filters)
    assert list(_paged(store, 2, {**filters, "by_rule": True})) == by_rule


def _paged(store: Store, size: int, filters: dict[str, Any]) -> Iterator[queries.Finding]:
    after = None
    while page := store.findings(after=after, limit=size, **filters):
        assert len(page) <= size
        yield from page
        after = Position.of(page[-1])


def test_a_page_goes_on_where_its_last_finding_is_gone(store: Store) -> None:
    whole = store.findings()
    place = Position.of(whole[3])._replace(resource=f"{whole[3].resource or ''}0", rule="aaa")
    behind = store.findings(after=place)
    assert behind == [f for f in whole if f in behind]
    assert 0 < len(behind) < len(whole)


def test_a_fingerprint_is_found_by_its_start(store: Store) -> None:
    whole = store.findings()
    for finding in whole:
        assert store.findings(fingerprint=finding.fingerprint) == [finding]
        start = finding.fingerprint[:2]
        same = [f for f in whole if f.fingerprint.startswith(start)]
        assert store.findings(fingerprint=start) == same
    assert store.findings(fingerprint="%") == []


def test_documents_are_those_of_the_view_page_by_page(store: Store) -> None:
    columns = ", ".join(queries.EvidenceItem.__dataclass_fields__)
    order = "ORDER BY scope, kind, resource, opened_by_collection"
    with store.reading() as connection:
        read = connection.execute(sa.text(f"SELECT {columns} FROM v_evidence {order}"))
        whole = [tuple(row) for row in read]
    instant = whole[0][5]
    for filters, takes in (
        ({"history": True}, lambda _: True),
        ({}, lambda row: row[9] is None),
        ({"at": instant}, lambda row: row[5] <= instant and (row[6] is None or row[6] > instant)),
        ({"kind": "fake.user"}, lambda row: row[9] is None and row[1] == "fake.user"),
        ({"scope": "fake:a*"}, lambda row: row[9] is None and row[0].startswith("fake:a")),
        ({"resource": "b", "history": True}, lambda row: "b" in (row[2], row[3])),
        ({"resource": "bob"}, lambda row: row[9] is None and "bob" in (row[2], row[3])),
    ):
        wanted = [row for row in whole if takes(row)]
        assert wanted
        with store.reading() as connection:
            found = list(queries.evidence(connection, **filters))
            assert [astuple(item) for item in found] == wanted
            paged, after = [], None
            while True:
                page = list(queries.evidence(connection, **filters, after=after, limit=2))
                if not page:
                    break
                paged += page
                after = EvidencePosition.of(page[-1])
        assert paged == found


# -- counts -------------------------------------------------------------------------------------------


def _kept(store: Store) -> set[tuple[Any, ...]]:
    with store.reading() as connection:
        return {tuple(row) for row in connection.execute(sa.select(tables.finding_count))}


def _counted(store: Store) -> set[tuple[Any, ...]]:
    with store.reading() as connection:
        return {tuple(row) for row in counts.of_open_findings(connection)}


@pytest.mark.parametrize("seed", [3, 4])
def test_counts_stay_exact_whatever_happens(make_store_url: Callable[..., str], seed: int) -> None:
    with open_store(make_store_url()) as store:
        history = Histories(store, seed)
        seen = set()
        for _ in range(6):
            history.run()
            assert _kept(store) == _counted(store)
            seen.add(frozenset(_kept(store)))
        assert len(seen) > 1


def test_an_evaluation_that_fails_leaves_the_counts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _kept(store)
    monkeypatch.setattr(counts, "change", _broken)
    with pytest.raises(RuntimeError, match="broken"):
        go_on(store, 7, 1)
    assert _kept(store) == before == _counted(store)


def _broken(*_: object) -> None:
    message = "broken"
    raise RuntimeError(message)


def test_the_counts_of_rules_are_those_of_the_findings(store: Store) -> None:
    expected: dict[str, tuple[dict[Status, int], int]] = {}
    for finding in store.findings(outside=False):
        numbers, waived = expected.setdefault(finding.rule, ({}, 0))
        numbers[finding.status] = numbers.get(finding.status, 0) + 1
        expected[finding.rule] = (numbers, waived + bool(finding.waiver))
    with store.reading() as connection:
        assert queries.rule_counts(connection) == expected
    assert sum(waived for _, waived in expected.values())


def test_the_summary_from_the_counts_is_that_of_all_findings(store: Store) -> None:
    from soc2_pac.cli.summary import known, tell

    told = [tell(finding, {}) for finding in store.findings()]
    with store.reading() as connection:
        tallied = known(connection, {})
    assert tallied.worst
    assert render(tallied, ruled=["CC6.1"], commands=()) == render(
        told, ruled=["CC6.1"], commands=()
    )


def test_the_exit_code_needs_two_findings(store: Store) -> None:
    from soc2_pac import api

    for least, rules in itertools.product(
        Severity, ([], *([rule] for rule in {f.rule for f in store.findings()}))
    ):
        every = store.findings(rules=rules)
        few = list(api.deciding(store, least, rules))
        assert len(few) <= 2
        assert api.exit_code(few, None, least) == api.exit_code(every, None, least)
