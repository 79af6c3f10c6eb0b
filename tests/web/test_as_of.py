"""as_of: a page of the past is the page that was there then, on every list, thing and number."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from starlette.testclient import TestClient

from soc2_pac import config, plugins
from soc2_pac.audit import instant, past
from soc2_pac.model import Status, utc_text
from soc2_pac.store import counts, open_store, periods
from soc2_pac.store.lens import look_through
from soc2_pac.web import details
from soc2_pac.web.access import Access
from soc2_pac.web.app import build
from soc2_pac.web.lists import LISTINGS
from soc2_pac.workspace import make_workspace
from tests.store.helpers import ANN, T0
from tests.store.mutations import DAY, fill, go_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from soc2_pac.store import Store

HOST = "127.0.0.1:8765"
THEN = T0 + 2 * DAY + timedelta(hours=1)
LATER = T0 + 5 * DAY


class Stood(NamedTuple):
    """A store that went on, and what its pages said before."""

    store: Store
    client: TestClient
    lists: dict[str, Any]
    things: dict[str, Any]
    overview: Any
    metrics: str


def _client(store: Store) -> TestClient:
    work = make_workspace(config.load(None, required=False), plugins.load(), sources_needed=False)
    access = Access(store)
    found = TestClient(build(work, store, access, {HOST}), base_url=f"http://{HOST}")
    assert found.get("/login", params={"code": access.new_link()}).status_code == 200
    return found


def _one_of_each(client: TestClient, lists: dict[str, Any]) -> Iterator[str]:
    columns = {
        "findings": "fingerprint",
        "documents": "digest",
        "runs": "id",
        "criteria": "criterion",
        "rules": "rule",
    }
    for name, column in columns.items():
        for row in lists[name]:
            yield f"/{name}/{row[column]}"
    for row in lists["findings"]:
        yield f"/rules/{row['rule']}"


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def stood(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stood]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    url = (
        databases.create(tmp_path_factory.mktemp("as_of"), migrated=True)
        if request.param == "sqlite"
        else databases.create(migrated=True)
    )
    with pytest.MonkeyPatch.context() as patch, open_store(url) as store:
        now: list[datetime] = [THEN]
        patch.setattr("soc2_pac.clock.now", lambda: now[0])
        fill(store)
        client = _client(store)
        lists = {name: client.get(f"/{name}.json?limit=1000").json() for name in LISTINGS}
        things = {path: client.get(f"{path}.json").json() for path in _one_of_each(client, lists)}
        overview = client.get("/overview.json").json()
        said = client.get("/metrics").text
        now[0] = LATER
        go_on(store)
        store.add_waiver(
            rule="fake-user-mfa",
            reason="later",
            owner="ciso",
            approver="cto",
            by=ANN,
            resource="b",
        )
        yield Stood(store, client, lists, things, overview, said)
    if request.param == "postgres":
        databases.drop(url)


AS_OF = {"as_of": utc_text(THEN)}


TODAY = {"rules", "criteria", "gaps"}
"""Lists that today also say what is configured now; what they say of then has tests of its own."""


@pytest.mark.parametrize("name", sorted(LISTINGS.keys() - TODAY))
def test_every_list_is_what_it_was(stood: Stood, name: str) -> None:
    before = stood.lists[name]
    assert stood.client.get(f"/{name}.json", params={**AS_OF, "limit": 1000}).json() == before


def test_later_days_changed_what_is_compared(stood: Stood) -> None:
    changed = [
        name
        for name in LISTINGS
        if stood.client.get(f"/{name}.json?limit=1000").json() != stood.lists[name]
    ]
    assert {
        "findings",
        "documents",
        "runs",
        "collections",
        "ledger",
        "populations",
        "waivers",
    } <= set(changed)


@pytest.mark.parametrize(
    "query", ["", "status=fail", "severity=low,high&limit=2", "waived=no", "outside=yes", "scope=fake:*"],
)  # fmt: skip
def test_filters_hold_for_the_past(stood: Stood, query: str) -> None:
    asked = f"{query}&as_of={AS_OF['as_of']}"
    rows = stood.client.get(f"/findings.json?{asked}").json()
    known = [row["fingerprint"] for row in stood.lists["findings"]]
    assert [row["fingerprint"] for row in rows] == [
        f for f in known if f in {r["fingerprint"] for r in rows}
    ]
    if query in ("", "status=fail"):
        expected = [r for r in stood.lists["findings"] if not query or r["status"] == "fail"]
        assert rows == expected


@pytest.mark.parametrize("name", LISTINGS)
def test_page_json_and_csv_have_the_same_rows(stood: Stood, name: str) -> None:
    rows = stood.client.get(f"/{name}.json", params=AS_OF).json()
    text = stood.client.get(f"/{name}.csv", params=AS_OF).text
    page = stood.client.get(f"/{name}", params=AS_OF).text
    assert len(list(csv.DictReader(io.StringIO(text)))) == len(rows)
    assert f"{len(rows)} rows" in page
    assert "As the store was at 2026-01-03 01:00:00 UTC" in page


@pytest.mark.parametrize("name", LISTINGS)
def test_pages_of_the_past_follow_each_other(stood: Stood, name: str) -> None:
    whole = stood.client.get(f"/{name}.json", params={**AS_OF, "limit": 1000}).json()
    found: list[Any] = []
    path = f"/{name}.json?limit=3&as_of={AS_OF['as_of']}"
    for _ in range(400):
        answer = stood.client.get(path)
        found += answer.json()
        if "link" not in answer.headers:
            break
        path = answer.headers["link"].partition(">")[0].lstrip("<")
    assert found == whole


def test_every_thing_is_what_it_was(stood: Stood) -> None:
    checked = 0
    for path, before in stood.things.items():
        found = stood.client.get(f"{path}.json", params=AS_OF).json()
        if path.startswith("/criteria/"):
            continue  # how many rules there are today
        if path.startswith("/rules/"):
            if "error" not in before and "title" not in before:
                assert found["rule"] == before["rule"]
            continue
        assert found == before, path
        checked += 1
    assert checked > len(stood.lists["findings"]), "findings, documents and runs"


def test_the_overview_is_what_it_was(stood: Stood) -> None:
    found = stood.client.get("/overview.json", params=AS_OF).json()
    for name in ("statuses", "waived", "worst", "runs", "known_at"):
        assert found[name] == stood.overview[name], name
    assert found["gaps"] == len(
        stood.client.get("/gaps.json", params={**AS_OF, "limit": 1000}).json()
    )
    assert stood.client.get("/metrics", params=AS_OF).text == stood.metrics


def test_rules_are_those_that_judged_then(stood: Stood) -> None:
    rows = stood.client.get("/rules.json", params={**AS_OF, "limit": 1000}).json()
    assert {row["rule"] for row in rows} == {row["rule"] for row in stood.lists["findings"]}
    for row in rows:
        mine = [f for f in stood.lists["findings"] if f["rule"] == row["rule"] and not f["outside"]]
        assert {s.value: row[s.value] for s in Status} == {
            s.value: sum(f["status"] == s for f in mine) for s in Status
        }
        page = stood.client.get(f"/rules/{row['rule']}", params=AS_OF).text
        assert details.NOT_KEPT in page
    criteria = stood.client.get("/criteria.json", params={**AS_OF, "limit": 1000}).json()
    assert sum(row["rules"] for row in criteria) == sum(len(row["criteria"]) for row in rows)


def test_gaps_are_those_of_then(stood: Stood) -> None:
    """A user listing that was partial on the second day was complete on the third, and is partial later."""
    rows = stood.client.get(
        "/gaps.json", params={"as_of": utc_text(T0 + DAY + timedelta(hours=1))}
    ).json()
    assert [(row["cause"], row["kind"]) for row in rows if row["cause"] == "partial"] == [
        ("partial", "fake.user")
    ]
    rows = stood.client.get("/gaps.json", params=AS_OF).json()
    assert not [row for row in rows if row["cause"] == "partial"]
    page = stood.client.get("/gaps", params=AS_OF).text
    assert "is not recorded" in page


def test_counts_are_those_of_the_report_of_that_instant(stood: Stood) -> None:
    """The lens and the reports say the same of every instant at which something was recorded."""
    with stood.store.reading() as connection:
        ever = {
            row.as_of
            for row in periods.evaluations(connection, periods.horizon(connection, "9999"))
        }
    for at in sorted({*ever, AS_OF["as_of"], utc_text(T0 + timedelta(days=3000))}):
        with stood.store.reading(strictly=True) as connection:
            lens = past.lens(connection, at, {})
            expected: dict[tuple[str, bool], int] = {}
            adjusted = periods.adjustments(connection)
            for one in periods.statuses(connection, lens.to):
                key = one.status, bool(one.adjustment and adjusted[one.adjustment][0])
                expected[key] = expected.get(key, 0) + one.number
            judged = list(periods.held_at(connection, lens.to))
            look_through(connection, lens)
            found: dict[tuple[str, bool], int] = {}
            for said in counts.tallied(connection):
                key = said.status.value, said.outside
                found[key] = found.get(key, 0) + said.findings
            assert found == expected, at
            assert len(judged) == sum(found.values())
    with stood.store.reading() as connection:
        made = instant.report(connection, THEN)
        (results,) = [table for table in made.tables if table.name == "findings"]
        assert len(list(results.rows)) == len(stood.lists["findings"])


def test_what_came_later_is_not_there(stood: Stood) -> None:
    for name, column in (("documents", "digest"), ("runs", "id"), ("findings", "fingerprint")):
        now = stood.client.get(f"/{name}.json?limit=1000").json()
        later = {row[column] for row in now} - {row[column] for row in stood.lists[name]}
        if name == "findings":
            # One that stood before has its page then, too.
            later = {
                one
                for one in later
                if stood.store.finding_history(one)[0].valid_from > utc_text(THEN)
            }
        assert later
        for one in later:
            assert stood.client.get(f"/{name}/{one}").status_code == 200
            for form in ("", ".json"):
                assert stood.client.get(f"/{name}/{one}{form}", params=AS_OF).status_code == 404
    last = stood.client.get("/runs.json").json()[0]["id"]
    assert stood.client.get(f"/changes.json?since={last}").status_code == 200
    then = {**AS_OF, "since": last}
    assert stood.client.get("/changes.json", params=then).status_code == 400
    assert stood.client.get(f"/collections.json?run={last}").json()
    then = {**AS_OF, "run": last}
    assert stood.client.get("/collections.json", params=then).json() == []


def test_every_link_of_the_past_stays_in_it(stood: Stood) -> None:
    for path in (
        "/",
        "/findings",
        "/rules",
        f"/findings/{stood.lists['findings'][0]['fingerprint']}",
    ):
        page = stood.client.get(path, params=AS_OF).text
        links = re.findall(r'href="(/[^"#]*)"', page)
        inner = [
            one
            for one in links
            if not one.startswith("/static") and one not in (path, "/openapi.json")
        ]
        assert inner
        assert all("as_of=2026-01-03T01" in one for one in inner), [
            o for o in inner if "as_of" not in o
        ]


@pytest.mark.parametrize(
    "said", ["2025-12-31", "2026-06-01", "yesterday", "2026-01-03&as_of=2026-01-04", "9999-12-31T23:59:59-14:00",
             "%00", "'", "2026-01-03T01:00:00Z'--"],
)  # fmt: skip
def test_an_instant_that_cannot_be_shown_is_no_page_of_today(stood: Stood, said: str) -> None:
    paths = [
        "/",
        "/overview.json",
        "/metrics",
        *(f"/{n}{f}" for n in LISTINGS for f in ("", ".json", ".csv")),
    ]
    for path in [*paths, "/rules/fake-user-mfa", "/criteria/CC6.1.json"]:
        answer = stood.client.get(f"{path}?as_of={said}")
        assert answer.status_code == 400, path
        assert "as_of" in answer.text
    assert "first collection ended at" in stood.client.get("/findings.json?as_of=2025-12-31").text
    assert "has not come yet" in stood.client.get("/findings.json?as_of=2026-06-01").text
