"""Populations of a period as an auditor takes them: whole or not, and what shows it, the same bytes."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from soc2_pac.audit.populations import AuditPeriod, population
from soc2_pac.canonical import canonical, digest
from soc2_pac.errors import UsageError
from soc2_pac.merkle import collection_root
from soc2_pac.model import CollectionStatus, Scope
from soc2_pac.store import Store, open_store

from ..cli.conftest import cli as cli  # noqa: PLC0414, TID252 - the fixture itself
from ..store.helpers import (  # noqa: TID252 - tests are no package
    AWAY,
    HOME,
    T0,
    active,
    change,
    changes,
    fake_change_approved,
    fake_change_reviewed,
    one_run,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from soc2_pac.records import Look

    from ..cli.conftest import Ended  # noqa: TID252

DAY = timedelta(days=1)
RULES = active([fake_change_approved, fake_change_reviewed])
JANUARY = AuditPeriod.parse("2026-01-01..2026-01-10")
EVENTS = {
    "1": change("=cmd|' /C calc'!A0", 2),
    "2": change("b", 3, approved=False),
    "3": change("c", 20),
    "4": {**change("d", 4), "author": {"login": "@ann", "deep": {"er": 1}}, "labels": ["x"]},
}


def said(events: dict[str, Any], start: str, end: str, **options: Any) -> Look:
    """A look that says which time it covers."""
    found = changes(events, **options)
    assert found.population is not None
    parameters = json.dumps({"query": "all", "from": start, "to": end})
    return replace(found, population=replace(found.population, parameters=parameters))


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    with open_store(store_url, create=True) as opened:
        whole = said(EVENTS, "2025-12-01T00:00:00.000Z", "2026-01-20T00:00:00.000Z")
        one_run(opened, [whole], at=T0 + 20 * DAY, rules=RULES)
        yield opened


def read(store: Store, period: AuditPeriod = JANUARY) -> dict[str, Any]:
    with store.reading() as connection:
        return population(connection, "fake.change", period).header


def test_events_of_the_period_and_what_shows_that_they_are_all(store: Store) -> None:
    with store.reading() as connection:
        found = population(connection, "fake.change", JANUARY)
        rows = list(found.rows(connection))
    assert [row["uid"] for row in rows] == ["1", "2", "4"]
    assert rows[1]["fake-change-approved"] == "fail"
    assert rows[1]["fake-change-approved: message"] == "not approved"
    assert rows[2]["document.author.login"] == "@ann"
    header = found.header
    pairs = [(uid, digest(canonical(EVENTS[uid]))) for uid in ("1", "2", "4")]
    assert (header["count"], header["digest"]) == (3, collection_root(pairs))
    assert (header["complete"], header["scopes_asked"], header["scopes_read"]) == (True, 1, 1)
    (scope,) = header["scopes"]
    assert (scope["query"], scope["pages"], scope["total"], scope["count"]) == ("all", 1, 4, 4)


def test_a_failed_look_after_the_period_takes_nothing_from_it(store: Store) -> None:
    failed = changes({}, at=T0 + 21 * DAY, status=CollectionStatus.FAILED, reason="down")
    one_run(store, [failed], at=T0 + 21 * DAY, rules=RULES)
    assert read(store)["complete"]


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        ("2025-11-01..2026-01-10", "it is read from 2025-12-01T00:00:00.000Z on"),
        ("2026-01-01..2026-01-31", "it is read up to 2026-01-20T00:00:00.000Z"),
    ],
)
def test_time_that_nobody_read_is_told(store: Store, period: str, reason: str) -> None:
    header = read(store, AuditPeriod.parse(period))
    assert not header["complete"]
    assert header["incomplete_because"] == [f"fake:acme: {reason}"]


def test_a_provider_that_counts_more_than_is_known_is_told(store: Store) -> None:
    more = said({}, "2025-12-01T00:00:00.000Z", "2026-01-21T00:00:00.000Z", at=T0 + 21 * DAY)
    assert more.population is not None
    parameters = {**json.loads(more.population.parameters), "whole_total": 5}
    told = replace(more.population, parameters=json.dumps(parameters))
    one_run(store, [replace(more, population=told)], at=T0 + 21 * DAY, rules=RULES)
    assert read(store)["incomplete_because"] == [
        "fake:acme: the provider counts 5 events in all, and 4 were read"
    ]


def test_a_hole_between_looks_is_told(store: Store) -> None:
    later = said({}, "2026-01-25T00:00:00.000Z", "2026-02-10T00:00:00.000Z", at=T0 + 40 * DAY)
    one_run(store, [later], at=T0 + 40 * DAY, rules=RULES)
    header = read(store, AuditPeriod.parse("2026-01-05..2026-02-05"))
    assert header["incomplete_because"] == [
        "fake:acme: it is read from 2026-01-25T00:00:00.000Z on"
    ]


def test_scopes_that_were_never_read_count(store: Store) -> None:
    lost = changes({}, scope=AWAY, status=CollectionStatus.DENIED, reason="no")
    unreached = changes(
        {}, scope=Scope("fake", "?third"), status=CollectionStatus.FAILED, reason="gone"
    )
    one_run(store, [lost, replace(unreached, source="third")], at=T0 + 21 * DAY, rules=RULES)
    header = read(store)
    assert (header["scopes_asked"], header["scopes_read"]) == (3, 1)
    assert [reason.split(" (")[0] for reason in header["incomplete_because"]] == [
        "fake:?third: it was never read completely",
        "fake:other: it was never read completely",
    ]


def test_an_event_without_its_instant_is_not_hidden(store: Store) -> None:
    odd = said({"9": {"name": "odd"}}, "2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z")
    one_run(store, [odd], at=T0 + 21 * DAY, rules=RULES)
    header = read(store)
    assert header["undated"] == 1
    assert "1 documents do not say" in header["incomplete_because"][0]


def test_the_same_store_gives_the_same_bytes_on_both_databases(
    store: Store, cli: Callable[..., Ended]
) -> None:
    url = store.database.url.render_as_string(hide_password=False)
    ask = ("population", "export", "fake.change", "--period", "2026-01-01..2026-01-10")
    first, second = (cli(*ask, "--format", "json", "--store", url) for _ in range(2))
    assert (first.code, first.out) == (0, second.out)
    found = json.loads(first.out)
    assert [event["uid"] for event in found["events"]] == ["1", "2", "4"]
    assert found["events"][0]["document"] == EVENTS["1"]
    assert found["events"][1]["verdicts"]["fake-change-approved"]["status"] == "fail"
    assert found["population"]["count"] == 3


def test_a_csv_cannot_make_a_spreadsheet_compute(
    store: Store, cli: Callable[..., Ended], tmp_path: Path
) -> None:
    url = store.database.url.render_as_string(hide_password=False)
    file = tmp_path / "changes.csv"
    ask = ("population", "export", "fake.change", "--period", "2026-01-01..2026-01-10")
    ended = cli(*ask, "--output", file, "--store", url)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err.startswith("3 events of fake.change, digest ")
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    assert rows[0]["document.name"] == "'=cmd|' /C calc'!A0"
    assert rows[2]["document.author.login"] == "'@ann"
    for row in rows:
        assert not any(str(cell).startswith(("=", "+", "-", "@")) for cell in row.values())
    meta = json.loads((tmp_path / "changes.csv.meta.json").read_text(encoding="utf-8"))
    assert (meta["count"], meta["complete"]) == (3, True)
    assert not (file.stat().st_mode & 0o077)


def test_listing(store: Store, cli: Callable[..., Ended]) -> None:
    url = store.database.url.render_as_string(hide_password=False)
    (row,) = json.loads(cli("population", "--format", "json", "--store", url).out)
    assert (row["kind"], row["scope"], row["count"], row["pages"]) == (
        "fake.change",
        str(HOME),
        4,
        1,
    )
    ended = cli(
        "population", "list", "fake.change", "--period", "2026-01-01..2026-02-28", "--store", url
    )
    assert ended.code == 3, "February was not read"
    lines = ended.out.splitlines()
    assert lines[0].startswith("4 events of fake.change")
    assert lines[4].startswith("incomplete: fake:acme: it is read up to")
    assert "fake-change-approved" in ended.out


def test_what_cannot_be_asked(store: Store, cli: Callable[..., Ended]) -> None:
    url = store.database.url.render_as_string(hide_password=False)
    for period in ("2026", "2026-02-01..2026-01-01", "a..b"):
        with pytest.raises(UsageError, match="--period"):
            AuditPeriod.parse(period)
    ended = cli(
        "population", "export", "fake.chance", "--period", "2026-01-01..2026-01-02", "--store", url
    )
    assert (ended.code, "fake.change" in ended.err) == (2, True)
    assert cli("population", "list", "fake.change", "--store", url).code == 2
