"""The pages: who sees them, that the page, its JSON and its CSV say the same, and that nothing is written or run."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from starlette.routing import Mount
from starlette.testclient import TestClient

from soc2_pac import config, plugins
from soc2_pac.audit import populations
from soc2_pac.errors import StoreError
from soc2_pac.model import Status, utc_time
from soc2_pac.store import differences, ledger, open_store, queries
from soc2_pac.web import details, openapi
from soc2_pac.web.access import Access
from soc2_pac.web.app import COOKIE, build
from soc2_pac.web.lists import LISTINGS
from soc2_pac.web.render import cells
from soc2_pac.workspace import make_workspace
from tests.store.mutations import fill, go_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette

    from soc2_pac.store import Store

HOST = "127.0.0.1:8765"
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    databases = request.getfixturevalue(f"{request.param}_databases")
    url = (
        databases.create(tmp_path_factory.mktemp("web"), migrated=True)
        if request.param == "sqlite"
        else databases.create(migrated=True)
    )
    with open_store(url) as opened:
        fill(opened)
        go_on(opened)
        yield opened
    if request.param == "postgres":
        databases.drop(url)


@pytest.fixture
def access(store: Store) -> Access:
    return Access(store)


@pytest.fixture
def served(store: Store, access: Access) -> Starlette:
    work = make_workspace(config.load(None, required=False), plugins.load(), sources_needed=False)
    return build(work, store, access, {HOST})


@pytest.fixture
def stranger(served: Starlette) -> TestClient:
    return TestClient(served, base_url=f"http://{HOST}", follow_redirects=False)


@pytest.fixture
def client(served: Starlette, access: Access) -> TestClient:
    found = TestClient(served, base_url=f"http://{HOST}")
    assert found.get("/login", params={"code": access.new_link()}).url.path == "/"
    return found


# -- who may see what -------------------------------------------------------------------------------

EVERY = [
    "/", "/overview.json", "/openapi.json", "/metrics",
    *(f"/{name}{form}" for name in LISTINGS for form in ("", ".json", ".csv")),
    *(f"/{name}/x{form}" for name in details.KINDS for form in ("", ".json")),
    "/nothing/of/that",
]  # fmt: skip


@pytest.mark.parametrize("path", EVERY)
def test_nobody_sees_anything_without_a_login(stranger: TestClient, path: str) -> None:
    for headers in ({}, {"cookie": f"{COOKIE}=made-up"}, {"cookie": "="}, {"x-remote-user": "ann"}):
        answer = stranger.get(path, headers=headers)
        assert answer.status_code == 401
        assert "fake" not in answer.text
        page = stranger.get(path, headers={**headers, "accept": "text/html"})
        assert (page.status_code, page.headers["location"]) == (303, "/login")
        for said in (answer, page):
            assert said.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_link_works_once(stranger: TestClient, access: Access) -> None:
    code = access.new_link()
    assert stranger.get("/login", params={"code": code[:-1]}).status_code == 401
    assert stranger.get("/login", params={"code": code}).status_code == 303
    assert stranger.get("/", headers={"accept": "text/html"}).status_code == 200
    other = TestClient(stranger.app, base_url=f"http://{HOST}", follow_redirects=False)
    again = other.get("/login", params={"code": code})
    assert again.status_code == 401
    assert "does not work any more" in again.text


def test_a_new_link_ends_the_one_before(stranger: TestClient, access: Access) -> None:
    first = access.new_link()
    access.new_link()
    assert stranger.get("/login", params={"code": first}).status_code == 401


def test_links_and_sessions_end(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    code = access.new_link()
    now = 601.0
    assert access.redeem(code) is None
    token = access.redeem(access.new_link())
    assert access.session(token) is not None
    now += 12 * 3600 + 1
    assert access.session(token) is None


def test_signing_out_ends_the_session_on_the_server(client: TestClient) -> None:
    token = client.cookies[COOKIE]
    left = client.post("/logout", headers={"sec-fetch-site": "same-origin"})
    assert left.url.path == "/login"
    answer = client.get("/findings.json", headers={"cookie": f"{COOKIE}={token}"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {},
    ],
)
def test_other_pages_cannot_act(client: TestClient, headers: dict[str, str]) -> None:
    assert client.post("/logout", headers=headers).status_code == 403
    assert client.get("/").status_code == 200, "still signed in"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "evil.example:8765", ""])
def test_a_name_that_was_made_to_lead_here_is_refused(client: TestClient, host: str) -> None:
    for path in ("/", "/login", "/health", "/static/page.css"):
        assert client.get(path, headers={"host": host}).status_code == 421


def test_the_cookie_is_for_this_server_alone(stranger: TestClient, access: Access) -> None:
    said = stranger.get("/login", params={"code": access.new_link()}).headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/"} <= {part.strip() for part in said.split(";")}
    assert "domain" not in said


def test_health_says_nothing_of_the_store(stranger: TestClient) -> None:
    assert stranger.get("/health").text == "ok\n"


# -- lists ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTINGS)
def test_page_json_and_csv_have_the_same_rows(client: TestClient, name: str) -> None:
    for query in ("", "?limit=2"):
        page = client.get(f"/{name}{query}")
        rows = client.get(f"/{name}.json{query}").json()
        text = client.get(f"/{name}.csv{query}").text
        assert page.status_code == 200
        assert page.text.count("<tr>") - (1 if rows else 0) == len(rows)
        assert f"{len(rows)} rows" in page.text
        found = list(csv.DictReader(io.StringIO(text)))
        assert len(found) == len(rows)
        assert not found or tuple(found[0]) == LISTINGS[name].columns


@pytest.mark.parametrize("name", LISTINGS)
def test_pages_follow_each_other_and_have_every_row_once(client: TestClient, name: str) -> None:
    whole = client.get(f"/{name}.json?limit=1000").json()
    found: list[Any] = []
    path = f"/{name}.json?limit=3"
    for _ in range(400):
        answer = client.get(path)
        found += answer.json()
        if "link" not in answer.headers:
            break
        path = answer.headers["link"].partition(">")[0].lstrip("<")
    assert found == whole


def test_findings_are_those_of_the_store(client: TestClient, store: Store) -> None:
    rows = client.get("/findings.json?limit=1000").json()
    assert [row["fingerprint"] for row in rows] == [f.fingerprint for f in store.findings()]
    failing = client.get("/findings.json?status=fail&limit=1000").json()
    expected = store.findings(statuses=[Status.FAIL])
    assert expected
    assert [row["fingerprint"] for row in failing] == [f.fingerprint for f in expected]
    both = client.get("/findings.json?status=fail,pass&limit=1000").json()
    assert len(both) == len(store.findings(statuses=[Status.FAIL, Status.PASS]))


@pytest.mark.parametrize(
    "query",
    [
        "statuss=fail", "status=failed", "severity=worst", "criterion=CC66", "rule=no-such", "provider=awss",
        "kind=fake.users", "scope=fake:nowhere", "waived=maybe", "limit=0", "limit=5000", "limit=x", "after=x",
        "after=WzFd", "status=fail&status=x",
    ],
)  # fmt: skip
def test_a_typing_error_is_no_empty_list(client: TestClient, query: str) -> None:
    for form in ("", ".json", ".csv"):
        answer = client.get(f"/findings{form}?{query}")
        assert answer.status_code == 400
        assert "[]" not in answer.text


def test_numbers_of_the_overview_are_those_of_the_lists(client: TestClient) -> None:
    said = client.get("/overview.json").json()
    for status, number in said["statuses"].items():
        query = {"status": status, "outside": "no", "limit": "1000"}
        assert len(client.get("/findings.json", params=query).json()) == number
    assert said["gaps"] == len(client.get("/gaps.json").json())
    assert said["statuses"]["fail"]


def test_pages_say_where_nobody_judged_anew_for_too_long(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.reading() as connection:
        judged = queries.last_instant(connection)
    assert judged is not None
    days = config.load(None, required=False).evidence.max_age_days
    said = f"Last judged on {judged[:10]}, more than {days} days earlier"
    for passed, outdated in ((days * DAY - SECOND, False), (days * DAY, True)):
        at = utc_time(judged) + passed
        monkeypatch.setattr("soc2_pac.clock.now", lambda at=at: at)
        assert bool(client.get("/overview.json").json()["outdated"]) is outdated
        for path in ("/", "/findings", "/findings?status=pass"):
            assert (said in client.get(path).text) is outdated, path


def test_changes_are_those_between_two_evaluations(client: TestClient, store: Store) -> None:
    with store.reading() as connection:
        last = differences.at_instant(connection, "9999")
        before = differences.before(connection, last)
        expected = [asdict(one) for one in differences.differences(connection, before, last)]
        every = list(differences.differences(connection, differences.At(0, None), last))
        later = list(
            differences.differences(connection, differences.after_run(connection, 1), last)
        )
    assert expected
    rows = client.get("/changes.json").json()
    assert [{name: row[name] for name in expected[0]} for row in rows] == expected
    assert f"From {before.as_of} to {last.as_of}." in client.get("/changes").text
    since = client.get("/changes.json?since=2020-01-01&limit=1000").json()
    assert [row["fingerprint"] for row in since] == [one.fingerprint for one in every]
    assert {one.change for one in every} >= {"new"}
    for change in differences.CHANGES:
        some = client.get("/changes.json", params={"since": "1", "change": change}).json()
        assert [row["fingerprint"] for row in some] == [
            one.fingerprint for one in later if one.change == change
        ]
        high = {"since": "1", "severity": "high,low"}
        some = client.get("/changes.json", params=high).json()
        assert [row["fingerprint"] for row in some] == [
            one.fingerprint for one in later if one.severity in ("high", "low")
        ]
    assert client.get("/changes.json?since=1&until=1").json() == []


@pytest.mark.parametrize(
    "query", ["since=2026-03-01&until=2020-01-01", "since=2&until=1", "since=99", "since=x", "change=worst",
              "severity=worst"],
)  # fmt: skip
def test_changes_that_cannot_be_told(client: TestClient, query: str) -> None:
    assert client.get(f"/changes.json?{query}").status_code == 400


def test_more_changes_than_the_server_can_hold_are_no_empty_list(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.reading() as connection:
        first, last = differences.At(0, None), differences.at_instant(connection, "9999")
        size = differences.size(connection, first, last)
        assert size >= len(list(differences.differences(connection, first, last, passing=True)))
        assert differences.size(connection, last, last) == 0
    monkeypatch.setattr("soc2_pac.web.lists.MOST_CHANGES", size)
    assert client.get("/changes.json?since=2020-01-01").json()
    monkeypatch.setattr("soc2_pac.web.lists.MOST_CHANGES", size - 1)
    for form in ("", ".json", ".csv"):
        answer = client.get(f"/changes{form}?since=2020-01-01")
        assert answer.status_code == 400
        assert "soc2-pac findings diff --since" in answer.text


def test_what_is_gone_has_a_page_with_its_history(client: TestClient, store: Store) -> None:
    open_now = {finding.fingerprint for finding in store.findings()}
    with store.reading() as connection:
        ever = set(connection.exec_driver_sql("SELECT fingerprint FROM finding").scalars())
    assert ever - open_now
    for fingerprint in ever - open_now:
        row = {"fingerprint": fingerprint, "resource_name": "x", "after": None}
        said = client.get(f"/findings/{fingerprint}.json").json()
        history = store.finding_history(fingerprint)
        assert said["closed"] == history[-1].valid_to
        assert len(said["history"]) == len(history)
        page = client.get(f"/findings/{fingerprint}").text
        assert "Closed finding" in page
        assert page.count("<rect") == len(history)
        assert "Accept this failure" not in page
        (cell,) = cells("resource_name", row)
        assert cell.href == f"/findings/{fingerprint}"


def test_the_ledger_is_that_of_the_store(client: TestClient, store: Store) -> None:
    rows = client.get("/ledger.json?limit=1000").json()
    with store.reading() as connection:
        head = ledger.head(connection)
    assert (rows[0]["seq"], rows[0]["hash"]) == (head.seq, head.hash)
    assert [row["seq"] for row in rows] == list(range(head.seq, 0, -1))
    text = client.get("/ledger?limit=1000").text
    runs = [row["ref"] for row in rows if row["entry"] == "run.ended"]
    assert runs
    assert all(f'href="/runs/{run}"' in text for run in runs)


def test_populations_are_those_of_the_store(client: TestClient, store: Store) -> None:
    rows = client.get("/populations.json").json()
    with store.reading() as connection:
        expected = populations.summaries(connection)
    assert expected
    assert [(r["kind"], r["scope"], r["count"]) for r in rows if r["status"] != "derived"] == [
        (row["kind"], row["scope"], row["count"]) for row in expected
    ]


ODD_PLACES = [
    [], [1], ["x"], [None], [-1], [2**63], [10**30], [1.5], [True], [[1]], {"seq": 1}, "x", 1, ["\0"],
    ["a", "b", "c", "d", "e"], ["a", "b", "c", "d", None], ["a", "b", "c", "d", "\0"], ["a", "b", "c", 10**30],
    ["a", "b", "\0", 1], ["a", "b", "c", "d"], ["a", "b", "c", -1], [1, 2, 3, 4], [1, 2, 3, 4, 5],
]  # fmt: skip


@pytest.mark.parametrize("name", LISTINGS)
def test_a_place_that_somebody_made_up_breaks_nothing(client: TestClient, name: str) -> None:
    for place in ODD_PLACES:
        text = base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
        answer = client.get(f"/{name}.json", params={"after": text})
        assert answer.status_code in (200, 400), place


@pytest.mark.parametrize(
    "value", ["\0", "a\0b", "\ud800", "9" * 40, "-1", "%", "_", "'", "*" * 400, "٣", "20260101",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-W01-1", "999999999"],
)  # fmt: skip
def test_no_value_of_a_filter_breaks_a_list(client: TestClient, value: str) -> None:
    said = quote(value, errors="surrogatepass")
    for listing in LISTINGS.values():
        for name in (*(one.name for one in listing.filters), "after", "limit"):
            answer = client.get(f"/{listing.name}.json?{name}={said}")
            assert answer.status_code in (200, 400), (listing.name, name)
    for kind in details.KINDS:
        assert client.get(f"/{kind}/{said}.json").status_code == 404, kind


def test_evidence_of_an_instant(client: TestClient, store: Store) -> None:
    first = store.evidence(history=True)[0]
    rows = client.get("/documents.json", params={"at": first.valid_from, "limit": "1000"}).json()
    expected = store.evidence(at=first.valid_from)
    assert [row["digest"] for row in rows] == [item.digest for item in expected]
    assert client.get("/documents.json?at=yesterday").status_code == 400


# -- one thing --------------------------------------------------------------------------------------


def test_from_a_criterion_to_the_document_in_three_clicks(client: TestClient) -> None:
    page = client.get("/criteria").text
    to_findings = re.findall(r'href="(/findings\?criterion=[A-Z0-9.]+&amp;status=fail)"', page)[0]
    page = client.get(to_findings.replace("&amp;", "&")).text
    finding = re.findall(r'href="(/findings/[0-9a-f]{20})"', page)[0]
    page = client.get(finding).text
    document = re.findall(r'href="(/documents/[0-9a-f]{64})"', page)[0]
    answer = client.get(f"{document}.json").json()
    assert answer["digest"] == document.rpartition("/")[2]
    assert answer["body"]


def test_a_finding_shows_its_history_its_document_and_its_waiver(
    client: TestClient, store: Store
) -> None:
    for finding in store.findings():
        page = client.get(f"/findings/{finding.fingerprint}")
        assert page.status_code == 200
        assert page.text.count("<rect") == len(store.finding_history(finding.fingerprint))
        value = client.get(f"/findings/{finding.fingerprint}.json").json()
        assert value["message"] == finding.message
        assert len(value["history"]) == len(store.finding_history(finding.fingerprint))
        if finding.waiver:
            assert "Accepted by a waiver" in page.text


@pytest.mark.parametrize(
    "path",
    ["/findings/0000000000", "/findings/00", "/rules/none", "/criteria/CC99", "/controls/X-1", "/documents/abc",
     "/runs/99999", "/runs/x", "/gaps/1", "/nothing", "/findings.xml", "/documents/..%2F..%2Fetc%2Fpasswd"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_every_link_of_every_page_leads_somewhere(client: TestClient) -> None:
    seen: set[str] = set()
    waiting = ["/"]
    while waiting and len(seen) < 250:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = client.get(path)
        assert answer.status_code == 200, path
        if "text/html" in answer.headers["content-type"]:
            links = re.findall(r'href="(/[^"#]*)"', answer.text)
            waiting += [link.replace("&amp;", "&") for link in links]
    assert len(seen) > 60


# -- what evidence cannot do --------------------------------------------------------------------------

ODD = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}=1+1"


def test_what_a_provider_wrote_is_text(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    original = queries.findings

    def odd(*args: Any, **named: Any) -> Iterator[Any]:
        from dataclasses import replace

        for finding in original(*args, **named):
            yield replace(
                finding, message=ODD, resource_name=ODD, resource=ODD, scope="fake:" + ODD
            )

    monkeypatch.setattr(queries, "findings", odd)
    fingerprint = client.get("/findings.json").json()[0]["fingerprint"]
    for path in ("/findings", f"/findings/{fingerprint}"):
        text = client.get(path).text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "7*7" in text
        assert "{{" in text
    cells = next(iter(csv.DictReader(io.StringIO(client.get("/findings.csv").text))))
    assert cells["message"] == ODD


def test_nothing_can_be_written_while_pages_read(store: Store) -> None:
    with pytest.raises(StoreError), store.reading(strictly=True) as connection:
        connection.exec_driver_sql("DELETE FROM run")
    with store.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM run WHERE id = -1")


def test_only_signing_in_and_out_and_forms_are_no_questions(served: Starlette) -> None:
    methods = [
        (route.path, route.methods)  # type: ignore[attr-defined]
        for route in served.routes
        if not isinstance(route, Mount)
    ]
    acting = {path for path, how in methods if not how <= {"GET", "HEAD"}}
    assert acting == {
        "/login", "/logout", "/requests", "/requests/{number}/answer", "/findings/{fingerprint}/waive",
        "/waivers/{waiver}/revoke", "/controls/{control}/attest", "/reviews/{review}/decide",
    }  # fmt: skip


EXAMPLES = {"period": "2026-01-01..2026-06-30"}
"""Of parameters that a page cannot do without."""


def test_the_description_is_that_of_the_addresses(client: TestClient) -> None:
    said = client.get("/openapi.json").json()
    assert said == json.loads(json.dumps(openapi.description(LISTINGS)))
    for path, item in said["paths"].items():
        names = [one["name"] for one in item["get"]["parameters"] if one["in"] == "query"]
        required = {one["name"] for one in item["get"]["parameters"] if one.get("required")} - {
            "one"
        }
        needed = {name: EXAMPLES[name] for name in required}
        answer = client.get(path.replace("{one}", "x"), params=needed)
        assert answer.status_code == (404 if "{one}" in path else 200), path
        if path.endswith((".json", ".csv")) and names:
            wrong = client.get(path, params={"no_such": "1"}).text
            for name in names:
                assert name in wrong
